//! What an analysis is told from outside.

use std::sync::Arc;

use razz_base::{DetectFrom, DetectRate};
use razz_config as config;
use razz_observe::telemetry::Telemetry;
use razz_vision::Decoders;

use crate::pictures::Pictures;
use crate::pool::Pool;

/// How a camera's pictures are looked at.
#[derive(Clone)]
pub struct AnalysisSettings {
    /// How often to detect.
    pub rate: DetectRate,
    /// Which of the camera's streams is detected on.
    pub from: DetectFrom,
    /// What the camera weighs while capacity is short.
    pub priority: f64,
    /// Where nothing is detected.
    pub masks: Vec<config::Area>,
    /// What makes tracks of detections.
    pub tracker: config::Tracker,
    /// Whether to detect less often while nothing moves.
    pub idle: bool,
    /// What decodes.
    pub decoders: Decoders,
    /// Detects.
    pub pool: Arc<Pool>,
    /// Traces frames.
    pub telemetry: Telemetry,
    /// The newest pictures are kept here.
    pub pictures: Arc<Pictures>,
}
