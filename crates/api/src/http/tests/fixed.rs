//! Settings that nobody changes.

use std::sync::{Arc, Mutex};

use razz_alert::Draft;
use razz_analysis::Pool;
use razz_base::CameraId;
use razz_config::{
    self as config, AreaEdit, CameraEdit, CameraNetworks, Channel, Config, DetectorEdit,
};
use razz_hub::Camera;

use crate::control::{ChangeError, Control};

/// The settings of a server without a config file: nothing can be changed.
pub(super) struct FixedSettings {
    pub(super) config: Config,
    pub(super) pool: Arc<Pool>,
    /// Ad-hoc cameras that were to be connected to.
    pub(super) dialled: Arc<Mutex<Vec<String>>>,
}

impl Control for FixedSettings {
    fn pool(&self) -> Arc<Pool> {
        Arc::clone(&self.pool)
    }

    fn wanted_cameras(&self) -> Vec<CameraId> {
        self.config.cameras.iter().map(|camera| camera.id).collect()
    }

    fn reach(&self) -> CameraNetworks {
        self.config.access.cameras.clone()
    }

    fn cameras_at(&self, source: &config::Source) -> Vec<CameraId> {
        let here = self.config.cameras.iter().filter(|camera| camera.source.is_at(&source.url));
        here.map(|camera| camera.id).collect()
    }

    fn start_adhoc(&self, source: config::Source) -> Option<Arc<Camera>> {
        self.dialled.lock().unwrap().push(source.to_string());
        None
    }

    fn add_camera(&self, _camera: &CameraEdit) -> Result<u32, ChangeError> {
        Err(ChangeError::NoFile)
    }

    fn change_camera(&self, _id: u32, _camera: &CameraEdit) -> Result<(), ChangeError> {
        Err(ChangeError::NoFile)
    }

    fn remove_camera(&self, _id: u32) -> Result<(), ChangeError> {
        Err(ChangeError::NoFile)
    }

    fn source_of(
        &self,
        _camera: &CameraEdit,
        _stream: razz_base::DetectFrom,
    ) -> Result<config::Source, ChangeError> {
        Err(ChangeError::NoFile)
    }

    fn detector(&self) -> config::Detector {
        self.config.detector.clone()
    }

    fn detector_with(&self, _model: &str) -> Result<config::Detector, ChangeError> {
        Err(ChangeError::NoFile)
    }

    fn change_detector(&self, _edit: &DetectorEdit) -> Result<(), ChangeError> {
        Err(ChangeError::NoFile)
    }

    fn set_areas(&self, _camera: CameraId, _areas: &[AreaEdit]) -> Result<(), ChangeError> {
        Err(ChangeError::NoFile)
    }

    fn masks(&self) -> Vec<config::Area> {
        Vec::new()
    }

    fn set_rules(&self, _rules: &[Draft]) -> Result<(), ChangeError> {
        Err(ChangeError::NoFile)
    }

    fn channels(&self) -> Vec<Channel> {
        Vec::new()
    }

    fn has_file(&self) -> bool {
        false
    }
}
