//! Goes through recorded tracks.

use razz_base::{CLOCK_RATE, CameraId, MediaTime};
use razz_store::archive::{Archive, Moment, ReadError};
use razz_store::tracks::Recorded;

/// So much is in memory at a time: an hour of five people takes 9 MB.
const PIECE_90K: i64 = 3600 * CLOCK_RATE;

/// Hands over the track frames of a camera from `from` up to, not including, `until`, piece by piece in the order of
/// their times, until `take` answers false.
pub(crate) fn walk(
    archive: &Archive,
    camera: CameraId,
    from: MediaTime,
    until: MediaTime,
    mut take: impl FnMut(&[Recorded]) -> bool,
) -> Result<(), ReadError> {
    let mut at = from;
    while at < until {
        let end = at.plus_90k(PIECE_90K).min(until);
        let frames = archive.tracks(camera, Moment::Media(at), Moment::Media(end))?;
        // One before and one after come along.
        let first = frames.partition_point(|one| one.frame.key.time < at);
        let behind = frames.partition_point(|one| one.frame.key.time < end);
        if first < behind && !take(&frames[first..behind]) {
            return Ok(());
        }
        at = match frames.get(behind) {
            // Nights and weeks without anything are passed over.
            Some(next) => next.frame.key.time.min(until),
            None => return Ok(()),
        };
    }
    Ok(())
}

/// The newest recorded frame of a camera.
pub(crate) fn newest(archive: &Archive, camera: CameraId) -> Result<Option<MediaTime>, ReadError> {
    before(archive, camera, MediaTime::from_90k(i64::MAX - 1))
}

/// The last recorded frame before a time.
pub(crate) fn before(
    archive: &Archive,
    camera: CameraId,
    time: MediaTime,
) -> Result<Option<MediaTime>, ReadError> {
    // The frame before what is asked for comes along.
    let at = Moment::Media(time);
    let frames = archive.tracks(camera, at, at)?;
    Ok(frames.iter().rev().map(|one| one.frame.key.time).find(|found| *found < time))
}

/// The first recorded frame of a camera.
pub(crate) fn first(archive: &Archive, camera: CameraId) -> Result<Option<MediaTime>, ReadError> {
    let begin = Moment::Media(MediaTime::from_90k(i64::MIN));
    let frames = archive.tracks(camera, begin, begin)?;
    Ok(frames.first().map(|one| one.frame.key.time))
}
