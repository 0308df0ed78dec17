//! What the cameras show.

use std::path::Path;
use std::time::Duration;

use razz_base::{Codec, Size};
use razz_scene::{Cache, EncodedFrame, Footage, Progress, Street};

use crate::clip::Clip;
use crate::progress;
use crate::terminal::Failure;

/// A loop, and how large its pictures are.
pub(super) struct Film {
    pub(super) footage: Footage,
    pub(super) size: Size,
}

/// Painting a street takes a minute or two on a busy machine.
const PAINTED_WITHIN: Duration = Duration::from_secs(600);

/// When the street stands still: there are people in it.
const STILL_MOMENT: u64 = 200;

/// A clip, over and over.
///
/// # Errors
/// When it cannot be read, or is such as no camera sends.
pub(super) fn of_clip(path: &Path) -> Result<Film, Failure> {
    let mut clip = Clip::open(path)?;
    let refused = |name: &str, why: &str| {
        Err(Failure::Refused(format!("{name}: {why}; choose another clip")))
    };
    let Some(rate) = clip.frame_rate() else {
        return refused(clip.name(), "a single picture is no clip");
    };
    if clip.codec() != Codec::H264 {
        return refused(clip.name(), "it is H.265, and the cameras of the bench send H.264");
    }
    let (mut frames, mut before) = (Vec::new(), i64::MIN);
    for index in 0..clip.len() {
        let unit = clip
            .access_unit(index)
            .map_err(|error| Failure::Failed(format!("{}: {error}", clip.name())))?;
        let time = unit.key.time.as_90k();
        if time <= before {
            return refused(
                clip.name(),
                "it has B-frames, which a camera on the web must not send",
            );
        }
        before = time;
        frames.push(EncodedFrame { annex_b: unit.data.to_vec(), idr: unit.idr, reorder: 0 });
    }
    if !frames.first().is_some_and(|frame| frame.idr) {
        return refused(clip.name(), "it does not begin with an IDR");
    }
    let fps = (rate.round() as u32).max(1);
    Ok(Film { footage: Footage::from_frames(frames, fps), size: clip.size() })
}

/// The demo's first street with nothing that moves.
///
/// # Errors
/// When it cannot be encoded.
pub(super) fn of_still_street() -> Result<Film, Failure> {
    let footage = Footage::still_street(1, STILL_MOMENT)
        .map_err(|error| Failure::Failed(format!("the demo's street: {error}")))?;
    Ok(Film { footage, size: Street::SIZE })
}

/// The demo's first street.
///
/// # Errors
/// When the system gives no thread for it, or it cannot be encoded.
pub(super) fn of_street() -> Result<Film, Failure> {
    let failed = |why: String| Failure::Failed(format!("the demo's street: {why}"));
    let mut painting: Option<progress::Progress> = None;
    let footage = Footage::street(1, Cache::find(), move |progress| {
        if let Progress::Encoded(done, all) = progress {
            let line = || progress::Progress::new("painting", "pictures", all as u64);
            painting.get_or_insert_with(line).step(done as u64);
        }
    });
    let footage = footage.map_err(|error| failed(error.to_string()))?;
    if footage.wait(footage.total(), PAINTED_WITHIN) < footage.total() {
        return Err(failed("it could not be encoded".to_owned()));
    }
    Ok(Film { footage, size: Street::SIZE })
}
