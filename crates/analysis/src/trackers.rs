//! The tracker and the embedder that the settings ask for.

use razz_config as config;
use razz_vision::Embedder;
use tracing::{info, warn};

/// `wanted` is the camera's detections per second: between two of them no box may vanish.
/// `same_within` is the embedder's.
pub(crate) fn build_tracker(
    settings: &config::Tracker,
    wanted: f64,
    same_within: f64,
) -> Box<dyn razz_track::Tracker> {
    let kind = match settings.kind {
        config::TrackerKind::Hybrid => razz_track::Kind::Hybrid,
        config::TrackerKind::ByteTrack => razz_track::Kind::ByteTrack,
        config::TrackerKind::DeepSort => razz_track::Kind::DeepSort,
    };
    let between_us = if wanted > 0.0 { (1.5e6 / wanted) as i64 } else { 0 };
    let publish_lost_us =
        i64::try_from(settings.publish_lost_ms * 1000).unwrap_or(i64::MAX).max(between_us);
    let usual = razz_track::Reid::default();
    let reid = razz_track::Reid {
        max_distance: same_within,
        widest_distance: same_within + usual.widest_distance - usual.max_distance,
        ..usual
    };
    razz_track::build(
        kind,
        &razz_track::Settings { publish_lost_us, reid, ..razz_track::Settings::default() },
    )
}

/// The configured embedder; the built-in one when that cannot be loaded, and the log says why.
pub(crate) fn build_embedder(settings: &config::Tracker) -> Box<dyn Embedder> {
    if let config::EmbedderChoice::File(path) = &settings.embedder {
        match razz_vision::OnnxEmbedder::load(path, razz_vision::EngineChoice::Auto, 1) {
            Ok(embedder) => {
                info!(path = %path.display(), "embedder is ready");
                return Box::new(embedder);
            }
            Err(error) => warn!("{error}; the built-in descriptor takes its place"),
        }
    }
    razz_vision::builtin_embedder()
}
