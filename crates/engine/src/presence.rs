//! Who is there: from the published tracks of one camera to visits that begin and end.
//!
//! A tracker's ids come and go with every flicker of the detector. What a person wants to be told of
//! is a visit: somebody came, somebody left.
//!
//! - A visit **starts** on the frame on which its track has been matched on [`PresenceSettings::matches`] frames
//!   and for [`PresenceSettings::after_us`] of media time since the first of them. What is gone before is never
//!   told of.
//! - It **ends** when its track has not been matched for [`PresenceSettings::gone_us`]: on the first frame that
//!   is so much later than the last match, or with [`Presence::end_all`]. Its end is dated to the last
//!   match.
//! - A track that is known again after its visit ended begins another visit, with the same track id.
//! - Predicted boxes count for nothing; the class is the one of the frame on which the visit started.

use std::collections::BTreeMap;

use razz_base::{ClassId, MediaTime, Rect, Size, TrackFrame, TrackId, TrackState, WallTime};

/// When a track counts as come, and when as gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PresenceSettings {
    /// Frames on which it was matched before it is told of. More: fewer false alarms, told later.
    pub matches: u32,
    /// For how long, in µs, as well.
    pub after_us: i64,
    /// Not matched for so long, in µs, it is gone. More: fewer visits cut in two, told later.
    pub gone_us: i64,
}

impl Default for PresenceSettings {
    fn default() -> Self {
        Self { matches: 3, after_us: 500_000, gone_us: 2_000_000 }
    }
}

impl PresenceSettings {
    /// For a camera that is detected on `per_second` times a second: nobody is gone because nobody
    /// looked three times.
    pub fn at_rate(per_second: f64) -> Self {
        let usual = Self::default();
        let three_looks_us = if per_second > 0.0 { (3e6 / per_second) as i64 } else { 0 };
        Self { gone_us: usual.gone_us.max(three_looks_us), ..usual }
    }
}

/// A track while it is there.
#[derive(Clone, PartialEq, Debug)]
pub struct Visit {
    /// Whose it is.
    pub track: TrackId,
    /// What it is.
    pub class: ClassId,
    /// When it was matched first.
    pub first: WallTime,
    /// The same on the camera's timeline.
    pub first_time: MediaTime,
    /// When it was matched last.
    pub last: WallTime,
    /// The same on the camera's timeline: the frame that `bbox` belongs to.
    pub last_time: MediaTime,
    /// Where it was matched last, in pixels of `size`.
    pub bbox: Rect,
    /// The size that the box refers to.
    pub size: Size,
    /// The best score so far, 0 to 1.
    pub confidence: f64,
}

/// What is to be told.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// Somebody came.
    Started(Visit),
    /// Somebody left.
    Ended(Visit),
}

/// The visits of one camera.
#[derive(Clone, Debug, Default)]
pub struct Presence {
    settings: PresenceSettings,
    lives: BTreeMap<TrackId, Life>,
    newest: Option<MediaTime>,
}

#[derive(Clone, Debug)]
struct Life {
    visit: Visit,
    matches: u32,
    started: bool,
}

impl Presence {
    /// Nobody is there yet.
    pub fn new(settings: PresenceSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Takes the tracks of a frame; answers what changed, in the order of the ids. Frames come in
    /// media-time order; one that does not is passed over.
    pub fn handle(&mut self, frame: &TrackFrame) -> Vec<Change> {
        if self.newest.is_some_and(|newest| frame.key.time <= newest) {
            return Vec::new();
        }
        self.newest = Some(frame.key.time);
        let settings = self.settings;
        let gone = |life: &Life| frame.key.time.since_us(life.visit.last_time) > settings.gone_us;
        // First who is gone: a track that comes back in this very frame begins anew.
        let mut changes = self.take(gone);
        for track in frame.tracks.iter().filter(|track| track.state == TrackState::Matched) {
            let life = self.lives.entry(track.id).or_insert_with(|| Life {
                visit: Visit {
                    track: track.id,
                    class: track.class,
                    first: frame.wall,
                    first_time: frame.key.time,
                    last: frame.wall,
                    last_time: frame.key.time,
                    bbox: track.bbox,
                    size: frame.size,
                    confidence: track.confidence,
                },
                matches: 0,
                started: false,
            });
            life.matches = life.matches.saturating_add(1);
            let visit = &mut life.visit;
            (visit.last, visit.last_time) = (frame.wall, frame.key.time);
            (visit.bbox, visit.size) = (track.bbox, frame.size);
            visit.confidence = visit.confidence.max(track.confidence);
            let lasted_us = visit.last_time.since_us(visit.first_time);
            if !life.started && life.matches >= settings.matches && lasted_us >= settings.after_us {
                life.started = true;
                life.visit.class = track.class;
                changes.push(Change::Started(life.visit.clone()));
            }
        }
        changes
    }

    /// No frame comes any more: everybody is gone.
    pub fn end_all(&mut self) -> Vec<Change> {
        self.take(|_| true)
    }

    /// How many are there, by class; classes of which nobody is there are not named.
    pub fn counts(&self) -> BTreeMap<ClassId, usize> {
        let mut counts = BTreeMap::new();
        for life in self.lives.values().filter(|life| life.started) {
            *counts.entry(life.visit.class).or_default() += 1;
        }
        counts
    }

    fn take(&mut self, gone: impl Fn(&Life) -> bool) -> Vec<Change> {
        let mut ended = Vec::new();
        self.lives.retain(|_, life| {
            let gone = gone(life);
            if gone && life.started {
                ended.push(Change::Ended(life.visit.clone()));
            }
            !gone
        });
        ended
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{CameraId, FrameKey, Track, TrackSource, WallQuality};

    use super::*;

    const TICK_MS: i64 = 100;

    /// A frame at `at` tenths of a second: upper-case letters are matched tracks, lower-case ones
    /// predicted; A is 1. Odd ids are of class 0, even ones of class 2.
    fn frame(at: i64, tracks: &str) -> TrackFrame {
        let track = |letter: char| {
            let id = u64::from(letter.to_ascii_uppercase() as u32 - 'A' as u32) + 1;
            Track {
                id: TrackId(id),
                bbox: Rect::new(at as f64, 0.0, at as f64 + 10.0, 20.0),
                class: ClassId(if id % 2 == 1 { 0 } else { 2 }),
                confidence: 0.5 + 0.01 * at as f64,
                source: TrackSource::ByteTrack,
                state: match letter.is_ascii_uppercase() {
                    true => TrackState::Matched,
                    false => TrackState::Predicted,
                },
                age_us: 0,
                velocity: [0.0; 4],
            }
        };
        TrackFrame {
            key: FrameKey {
                camera: CameraId::new(1).unwrap(),
                time: MediaTime::from_90k(at * TICK_MS * 90),
            },
            wall: WallTime { us: at * TICK_MS * 1000, quality: WallQuality::Arrival },
            size: Size::new(640, 360),
            detected: true,
            tracks: tracks.chars().map(track).collect(),
        }
    }

    /// What `changes` say, as `+A` and `-A`, the latter with the tenth of the last match.
    fn told(changes: &[Change]) -> String {
        let letter = |visit: &Visit| char::from(b'A' + visit.track.0 as u8 - 1);
        let one = |change: &Change| match change {
            Change::Started(visit) => format!("+{}", letter(visit)),
            Change::Ended(visit) => {
                format!("-{}@{}", letter(visit), visit.last.us / TICK_MS / 1000)
            }
        };
        changes.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn visits_begin_and_end() {
        // Frames as (tenth of a second, tracks), then all that is told as (tenth, what).
        type Row = (&'static str, &'static [(i64, &'static str)], &'static [(i64, &'static str)]);
        let rows: &[Row] = &[
            ("half a second is enough", &[(0, "A"), (2, "A"), (5, "A")], &[(5, "+A")]),
            ("less is not", &[(0, "A"), (2, "A"), (4, "A"), (40, "")], &[]),
            ("two looks are not", &[(0, "A"), (9, "A"), (60, "")], &[]),
            ("three are, however far apart", &[(0, "A"), (10, "A"), (20, "A")], &[(20, "+A")]),
            ("a flicker is not told of", &[(0, "A"), (2, ""), (30, "B"), (32, "B")], &[]),
            ("predictions do not count", &[(0, "A"), (3, "a"), (6, "a"), (9, "A")], &[]),
            (
                "gone after two seconds, dated to the last match",
                &[(0, "A"), (3, "A"), (6, "A"), (8, "a"), (26, ""), (27, "")],
                &[(6, "+A"), (27, "-A@6")],
            ),
            (
                "hidden for less goes on",
                &[(0, "A"), (3, "A"), (6, "A"), (26, "A"), (28, "A")],
                &[(6, "+A")],
            ),
            (
                "known again later: another visit of the same id",
                &[(0, "A"), (3, "A"), (6, "A"), (40, "A"), (43, "A"), (46, "A")],
                &[(6, "+A"), (40, "-A@6"), (46, "+A")],
            ),
            (
                "each for itself",
                &[(0, "AB"), (3, "AB"), (6, "AB"), (20, "B"), (30, "B")],
                &[(6, "+A +B"), (30, "-A@6")],
            ),
            (
                "what does not come in order is passed over",
                &[(0, "A"), (5, "A"), (3, "A"), (5, "A"), (6, "A")],
                &[(6, "+A")],
            ),
        ];
        for (name, frames, expected) in rows {
            let mut presence = Presence::new(PresenceSettings::default());
            let mut got = Vec::new();
            for (at, tracks) in *frames {
                let changes = presence.handle(&frame(*at, tracks));
                if !changes.is_empty() {
                    got.push((*at, told(&changes)));
                }
            }
            let expected: Vec<_> =
                expected.iter().map(|(at, what)| (*at, (*what).to_owned())).collect();
            assert_eq!(got, expected, "{name}");
        }
    }

    #[test]
    fn counts_are_of_those_that_were_told_of() {
        let mut presence = Presence::default();
        for at in [0, 3, 6] {
            presence.handle(&frame(at, "ABC"));
        }
        presence.handle(&frame(7, "ABCD"));
        let counts: Vec<_> = presence.counts().into_iter().collect();
        assert_eq!(counts, [(ClassId(0), 2), (ClassId(2), 1)]);
        assert_eq!(told(&presence.end_all()), "-A@7 -B@7 -C@7");
        assert!(presence.counts().is_empty() && presence.end_all().is_empty());
    }

    #[test]
    fn a_visit_tells_when_where_and_how_sure() {
        let mut presence = Presence::default();
        let mut changes = Vec::new();
        for at in [0, 3, 6] {
            changes = presence.handle(&frame(at, "A"));
        }
        let [Change::Started(visit)] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!((visit.first.us, visit.last.us), (0, 600_000));
        assert_eq!(visit.last_time, MediaTime::from_90k(54_000));
        assert_eq!(visit.bbox, Rect::new(6.0, 0.0, 16.0, 20.0));
        assert!((visit.confidence - 0.56).abs() < 1e-9);
    }

    #[test]
    fn nobody_is_gone_before_three_looks() {
        for (rate, gone_s) in [(0.0, 2), (30.0, 2), (6.0, 2), (1.5, 2), (1.0, 3), (0.1, 30)] {
            assert_eq!(PresenceSettings::at_rate(rate).gone_us, gone_s * 1_000_000, "{rate}");
        }
    }
}
