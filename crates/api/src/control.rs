//! What clients may change of the running server, as whoever runs it carries it out.

use std::sync::Arc;

use razz_alert::Draft;
use razz_analysis::Pool;
use razz_base::{CameraId, DetectFrom};
use razz_config::{
    self as config, AreaEdit, CameraEdit, CameraNetworks, Channel, DetectorEdit, WriteError,
};
use razz_hub::Camera;

/// The settings in force, and the ways to change them.
pub trait Control: Send + Sync {
    /// The detector.
    fn pool(&self) -> Arc<Pool>;

    /// The cameras that the settings in force name.
    fn wanted_cameras(&self) -> Vec<CameraId>;

    /// Where cameras may be that are not in the file.
    fn reach(&self) -> CameraNetworks;

    /// The cameras at this address, in the file or not, however it is written (`Source::is_at`); those
    /// first that have it written like this.
    fn cameras_at(&self, source: &config::Source) -> Vec<CameraId>;

    /// Starts a camera that is not in the file, until nobody watches it; `None` where there are too
    /// many of them.
    fn start_adhoc(&self, source: config::Source) -> Option<Arc<Camera>>;

    /// Writes a new camera into the file and starts it; answers its number.
    ///
    /// # Errors
    /// When there is no file, or it cannot be changed so; nothing is changed then.
    fn add_camera(&self, camera: &CameraEdit) -> Result<u32, ChangeError>;

    /// Changes a camera in the file and as it runs.
    ///
    /// # Errors
    /// As [`Self::add_camera`].
    fn change_camera(&self, id: u32, camera: &CameraEdit) -> Result<(), ChangeError>;

    /// Takes a camera out of the file and stops it.
    ///
    /// # Errors
    /// As [`Self::add_camera`].
    fn remove_camera(&self, id: u32) -> Result<(), ChangeError>;

    /// Makes the areas of a camera these, in the file and as they are counted at.
    ///
    /// # Errors
    /// As [`Self::add_camera`].
    fn set_areas(&self, camera: CameraId, areas: &[AreaEdit]) -> Result<(), ChangeError>;

    /// The masks of every camera, as they are in force.
    fn masks(&self) -> Vec<config::Area>;

    /// Makes the rules these, in the file and as they are looked at.
    ///
    /// # Errors
    /// As [`Self::add_camera`].
    fn set_rules(&self, rules: &[Draft]) -> Result<(), ChangeError>;

    /// Where alerts can go, as it is set.
    fn channels(&self) -> Vec<Channel>;

    /// Where a stream of a camera would be found after a change, which is not made.
    ///
    /// # Errors
    /// As [`Self::add_camera`].
    fn source_of(
        &self,
        camera: &CameraEdit,
        stream: DetectFrom,
    ) -> Result<config::Source, ChangeError>;

    /// The detector's settings.
    fn detector(&self) -> config::Detector;

    /// The detector's settings with another model, which is not put to work.
    ///
    /// # Errors
    /// When there is no such model, or it is a path: those are set in the file itself.
    fn detector_with(&self, model: &str) -> Result<config::Detector, ChangeError>;

    /// Changes the detector in the file and as it runs: the model is loaded anew, and until it is
    /// ready pictures have no detections.
    ///
    /// # Errors
    /// As [`Self::add_camera`], and when the model is not one that [`Self::detector_with`] takes.
    fn change_detector(&self, edit: &DetectorEdit) -> Result<(), ChangeError>;

    /// Whether there is a file to write changes into.
    fn has_file(&self) -> bool;
}

/// Why the settings cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Nothing to write to.
    #[error(
        "this server runs without a config file, so its settings are fixed; start it with `razz serve --config razz.toml`"
    )]
    NoFile,
    /// The file.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The model; what is wrong with it.
    #[error("{0}")]
    Model(String),
}
