//! The tracks of any frame of a recording: those of detected frames as they are, and between two of them on the line
//! from the one to the other, as players of recordings show them.

use razz_base::{CLOCK_RATE, CameraId, MediaTime, Rect, Size, TrackId, TrackSource};
use razz_store::archive::{Archive, Moment, ReadError};
use razz_store::tracks::Recorded;

/// Tracks are read for so long at a time, in ticks.
const SPAN_90K: i64 = 60 * CLOCK_RATE;
/// Detections further apart are not joined: the object may have been anywhere.
const JOINED_90K: i64 = 2 * CLOCK_RATE;

/// A track on a frame.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct FrameBox {
    pub(crate) track: TrackId,
    /// In pixels of `size`.
    pub(crate) bbox: Rect,
    pub(crate) size: Size,
    pub(crate) class: String,
    pub(crate) confidence: f64,
    pub(crate) source: TrackSource,
}

/// Finds them, of one camera, for frames in the order of time.
#[derive(Debug)]
pub(crate) struct Boxes {
    camera: CameraId,
    frames: Vec<Recorded>,
    /// What was read goes from here to there.
    from: MediaTime,
    until: MediaTime,
}

impl Boxes {
    pub(crate) fn new(camera: CameraId) -> Self {
        let never = MediaTime::from_90k(i64::MIN);
        Self { camera, frames: Vec::new(), from: never, until: never }
    }

    /// Those of the frame at `time`.
    pub(crate) fn at(
        &mut self,
        archive: &Archive,
        time: MediaTime,
    ) -> Result<Vec<FrameBox>, ReadError> {
        self.read(archive, time, time.plus_90k(1))?;
        Ok(at(&self.frames, time))
    }

    /// All that was seen within so many ticks of `time`, each as often as it was detected.
    pub(crate) fn about(
        &mut self,
        archive: &Archive,
        time: MediaTime,
        within_90k: i64,
    ) -> Result<Vec<FrameBox>, ReadError> {
        let (from, until) = (time.plus_90k(-within_90k), time.plus_90k(within_90k));
        self.read(archive, from, until)?;
        let first = self.frames.partition_point(|one| one.frame.key.time < from);
        let inside = self.frames[first..].iter().take_while(|one| one.frame.key.time <= until);
        let mut found = at(&self.frames, time);
        found.extend(inside.flat_map(all_of));
        Ok(found)
    }

    fn read(
        &mut self,
        archive: &Archive,
        from: MediaTime,
        until: MediaTime,
    ) -> Result<(), ReadError> {
        if self.from <= from && until <= self.until {
            return Ok(());
        }
        let (from, until) = (from.plus_90k(-JOINED_90K), until.plus_90k(SPAN_90K));
        self.frames = archive.tracks(self.camera, Moment::Media(from), Moment::Media(until))?;
        (self.from, self.until) = (from, until);
        Ok(())
    }
}

fn at(frames: &[Recorded], time: MediaTime) -> Vec<FrameBox> {
    let next = frames.partition_point(|one| one.frame.key.time < time);
    let Some(after) = frames.get(next) else { return Vec::new() };
    if after.frame.key.time == time {
        return all_of(after).collect();
    }
    let Some(before) = next.checked_sub(1).map(|n| &frames[n]) else { return Vec::new() };
    let apart = after.frame.key.time.since_90k(before.frame.key.time);
    if apart > JOINED_90K || before.frame.size != after.frame.size {
        return Vec::new();
    }
    let share = time.since_90k(before.frame.key.time) as f64 / apart as f64;
    let line = |a: f64, b: f64| a + (b - a) * share;
    let then = |id| after.frame.tracks.iter().find(|track| track.id == id);
    let both = all_of(before).filter_map(|mut shown| {
        let (a, b) = (shown.bbox, then(shown.track)?.bbox);
        shown.bbox = Rect {
            left: line(a.left, b.left),
            top: line(a.top, b.top),
            right: line(a.right, b.right),
            bottom: line(a.bottom, b.bottom),
        };
        Some(shown)
    });
    both.collect()
}

fn all_of(recorded: &Recorded) -> impl Iterator<Item = FrameBox> {
    recorded.frame.tracks.iter().map(|track| FrameBox {
        track: track.id,
        bbox: track.bbox,
        size: recorded.frame.size,
        class: recorded.class(track).to_owned(),
        confidence: track.confidence,
        source: track.source,
    })
}

#[cfg(test)]
mod tests {
    use razz_base::{
        ClassId, ClassNames, FrameKey, Track, TrackFrame, TrackState, WallQuality, WallTime,
    };

    use super::*;

    fn frame(ms: i64, tracks: &[(u64, f64)]) -> Recorded {
        let time = MediaTime::from_90k(ms * 90);
        let track = |(id, left): &(u64, f64)| Track {
            id: TrackId(*id),
            bbox: Rect { left: *left, top: 0.0, right: left + 10.0, bottom: 20.0 },
            class: ClassId(0),
            confidence: 0.9,
            source: TrackSource::ByteTrack,
            state: TrackState::Matched,
            age_us: 0,
            velocity: [0.0; 4],
        };
        let frame = TrackFrame {
            key: FrameKey { camera: CameraId::new(1).unwrap(), time },
            wall: WallTime { us: ms * 1000, quality: WallQuality::Arrival },
            size: Size::new(640, 360),
            detected: true,
            tracks: tracks.iter().map(track).collect(),
        };
        Recorded { frame, classes: ClassNames::coco() }
    }

    #[test]
    fn boxes_are_those_of_the_frame_or_on_the_line_between_two() {
        let frames = [
            frame(0, &[(1, 100.0), (2, 50.0)]),
            frame(200, &[(1, 120.0), (3, 7.0)]),
            frame(5000, &[(1, 400.0)]),
        ];
        for (ms, expected) in [
            (-10, &[][..]),
            (0, &[(1, 100.0), (2, 50.0)]),
            (100, &[(1, 110.0)]),
            (150, &[(1, 115.0)]),
            (200, &[(1, 120.0), (3, 7.0)]),
            // Nobody knows where it was in five seconds.
            (2000, &[]),
            (5000, &[(1, 400.0)]),
            (5001, &[]),
        ] {
            let found = at(&frames, MediaTime::from_90k(ms * 90));
            let found: Vec<(u64, f64)> =
                found.iter().map(|one| (one.track.0, one.bbox.left)).collect();
            assert_eq!(found, expected, "{ms} ms");
        }
    }
}
