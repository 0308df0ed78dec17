//! What exports show: the page that plays footage without a server, and tracks as this API has them.

use razz_export::Presentation;
use razz_store::tracks::Recorded;

use crate::http::offline_page;
use crate::wire::RecordedTracks;

/// For exports.
pub fn presentation() -> Presentation {
    Presentation { page: offline_page, tracks }
}

fn tracks(frames: &[Recorded]) -> String {
    // Types of ours are always JSON.
    serde_json::to_string(&RecordedTracks::new(frames).frames).unwrap_or_else(|_| "[]".to_owned())
}
