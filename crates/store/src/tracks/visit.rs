//! Who visited: one visit for each life of a track, and how many tracks there were in each minute. Pure: frames in,
//! visits and counts out.

use std::collections::BTreeMap;

use razz_base::{CLOCK_RATE, CameraId, MediaTime, Rect, Size, TrackId, TrackState};

use super::Recorded;
use super::cells::Cells;

/// A track that a frame lacks is over when it was not seen for so long.
const GONE_90K: i64 = 3 * CLOCK_RATE;
/// Nothing outlasts such a hole, whatever comes behind it.
const HOLE_90K: i64 = 10 * CLOCK_RATE;
/// What was matched less often is taken for the detector's error.
const LEAST_MATCHED: u32 = 2;
const MINUTE_US: i64 = 60_000_000;
const MINUTES_AN_HOUR: i64 = 60;

/// A frame's time, by the camera and by the wall.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Moment {
    /// Its name.
    pub time: MediaTime,
    /// When it was taken, in UTC µs since 1970.
    pub wall_us: i64,
}

/// The life of a track, from the first frame that it was matched on to the last.
#[derive(Clone, PartialEq, Debug)]
pub struct Visit {
    /// Where it was.
    pub camera: CameraId,
    /// Its id. A track that is found again after it was over has another visit under the same.
    pub track: TrackId,
    /// The class that it was taken for most, each time weighed by the confidence.
    pub class: String,
    /// The first frame that it was matched on.
    pub from: Moment,
    /// The last one.
    pub until: Moment,
    /// The one that shows it best, by confidence times area.
    pub best: Moment,
    /// Where it is on that, in pixels.
    pub bbox: Rect,
    /// The size of that frame.
    pub size: Size,
    /// The highest confidence that it had.
    pub confidence: f64,
    /// Where its foot points were.
    pub cells: Cells,
    /// How many frames it was matched on.
    pub matched: u32,
}

/// How many tracks of a class there were in a minute. Each of these can be added up over restarts: tracks of another
/// process are other tracks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MinuteCount {
    /// The beginning of the minute, in UNIX seconds.
    pub at: i64,
    /// What they are.
    pub class: String,
    /// Different tracks that were seen.
    pub tracks: u32,
    /// Those of them that were not seen in a minute before.
    pub began: u32,
    /// Those of them that were not seen before in the hour.
    pub new_in_hour: u32,
}

/// What comes of frames.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Seen {
    /// Visits that are over.
    pub visits: Vec<Visit>,
    /// Minutes that are over.
    pub minutes: Vec<MinuteCount>,
}

impl Seen {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.visits.is_empty() && self.minutes.is_empty()
    }
}

/// The visitors of one camera.
#[derive(Debug)]
pub struct Visitors {
    camera: CameraId,
    lives: BTreeMap<TrackId, Life>,
    /// By minute since 1970 and class.
    minutes: BTreeMap<(i64, String), MinuteCount>,
}

impl Visitors {
    /// Nobody yet.
    pub fn new(camera: CameraId) -> Self {
        Self { camera, lives: BTreeMap::new(), minutes: BTreeMap::new() }
    }

    /// Takes a frame; the next is later.
    pub fn take(&mut self, recorded: &Recorded, seen: &mut Seen) {
        let frame = &recorded.frame;
        let moment = Moment { time: frame.key.time, wall_us: frame.wall.us };
        self.end(seen, |life| moment.time.since_90k(life.seen) > HOLE_90K);
        let minute = moment.wall_us.div_euclid(MINUTE_US);
        while let Some(entry) = self.minutes.first_entry().filter(|entry| entry.key().0 < minute) {
            seen.minutes.push(entry.remove());
        }
        for track in frame.tracks.iter() {
            if track.state == TrackState::Predicted {
                if let Some(life) = self.lives.get_mut(&track.id) {
                    life.seen = moment.time;
                }
                continue;
            }
            let life = self.lives.entry(track.id).or_insert_with(|| Life::new(moment));
            life.matched(moment, &track.bbox, track.confidence, frame.size, recorded.class(track));
            if life.frames >= LEAST_MATCHED && life.minute != Some(minute) {
                count(&mut self.minutes, minute, life);
            }
        }
        self.end(seen, |life| moment.time.since_90k(life.seen) > GONE_90K);
    }

    /// Nothing more comes for now: everybody is gone.
    pub fn finish(&mut self, seen: &mut Seen) {
        self.end(seen, |_| true);
        seen.minutes.extend(std::mem::take(&mut self.minutes).into_values());
    }

    fn end(&mut self, seen: &mut Seen, is_over: impl Fn(&Life) -> bool) {
        let camera = self.camera;
        self.lives.retain(|id, life| {
            let over = is_over(life);
            if over && life.frames >= LEAST_MATCHED {
                seen.visits.push(life.visit(camera, *id));
            }
            !over
        });
    }
}

/// Counts a track in a minute that it was not counted in yet.
fn count(minutes: &mut BTreeMap<(i64, String), MinuteCount>, minute: i64, life: &mut Life) {
    let class = life.class().to_owned();
    let count = minutes.entry((minute, class)).or_insert_with_key(|(_, class)| MinuteCount {
        at: minute.saturating_mul(60),
        class: class.clone(),
        tracks: 0,
        began: 0,
        new_in_hour: 0,
    });
    let hour = |minute: i64| minute.div_euclid(MINUTES_AN_HOUR);
    count.tracks += 1;
    count.began += u32::from(life.minute.is_none());
    count.new_in_hour += u32::from(life.minute.map(hour) != Some(hour(minute)));
    life.minute = Some(minute);
}

#[derive(Debug)]
struct Life {
    from: Moment,
    until: Moment,
    /// Matched or predicted.
    seen: MediaTime,
    best: Moment,
    /// Of the best: confidence times the share of the picture.
    worth: f64,
    bbox: Rect,
    size: Size,
    confidence: f64,
    cells: Cells,
    frames: u32,
    /// What it was taken for, and the sum of the confidences.
    classes: Vec<(String, f64)>,
    /// The last minute that it was counted in.
    minute: Option<i64>,
}

impl Life {
    fn new(from: Moment) -> Self {
        Self {
            from,
            until: from,
            seen: from.time,
            best: from,
            worth: -1.0,
            bbox: Rect::default(),
            size: Size::default(),
            confidence: 0.0,
            cells: Cells::default(),
            frames: 0,
            classes: Vec::new(),
            minute: None,
        }
    }

    fn matched(&mut self, at: Moment, bbox: &Rect, confidence: f64, size: Size, class: &str) {
        (self.until, self.seen) = (at, at.time);
        self.frames = self.frames.saturating_add(1);
        self.confidence = self.confidence.max(confidence);
        self.cells.add(bbox, size);
        let picture = f64::from(size.width.max(1)) * f64::from(size.height.max(1));
        let worth = confidence * bbox.clipped(size).area() / picture;
        if worth > self.worth {
            (self.best, self.worth, self.bbox, self.size) = (at, worth, *bbox, size);
        }
        match self.classes.iter_mut().find(|(name, _)| name == class) {
            Some((_, sum)) => *sum += confidence,
            None => self.classes.push((class.to_owned(), confidence)),
        }
    }

    fn class(&self) -> &str {
        let most = self.classes.iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
        most.map_or("", |(name, _)| name)
    }

    fn visit(&self, camera: CameraId, track: TrackId) -> Visit {
        Visit {
            camera,
            track,
            class: self.class().to_owned(),
            from: self.from,
            until: self.until,
            best: self.best,
            bbox: self.bbox,
            size: self.size,
            confidence: self.confidence,
            cells: self.cells,
            matched: self.frames,
        }
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{ClassId, Track};

    use super::*;
    use crate::tracks::tests::{BEGIN_US, camera, frame, track};

    /// What comes of frames at these seconds, each with these tracks.
    fn seen(frames: impl IntoIterator<Item = (f64, Vec<Track>)>) -> Seen {
        let (mut visitors, mut seen) = (Visitors::new(camera()), Seen::default());
        for (second, tracks) in frames {
            visitors.take(&frame((second * 1e6) as i64, tracks), &mut seen);
        }
        visitors.finish(&mut seen);
        seen
    }

    /// First and last second, and frames matched on.
    fn spans(seen: &Seen) -> Vec<(u64, i64, i64, u32)> {
        let second = |at: Moment| (at.wall_us - BEGIN_US) / 1_000_000;
        let span =
            |visit: &Visit| (visit.track.0, second(visit.from), second(visit.until), visit.matched);
        seen.visits.iter().map(span).collect()
    }

    fn predicted(id: u64) -> Track {
        Track { state: TrackState::Predicted, ..track(id, 0.0, 0.0) }
    }

    #[test]
    fn a_visit_is_from_the_first_match_to_the_last() {
        let person = |id| track(id, 0.0, 0.0);
        for (what, frames, expected) in [
            ("once is an error", vec![(0.0, vec![person(1)]), (1.0, vec![])], vec![]),
            ("twice", vec![(0.0, vec![person(1)]), (1.0, vec![person(1)])], vec![(1, 0, 1, 2)]),
            (
                "predicted before and behind",
                vec![
                    (0.0, vec![predicted(1)]),
                    (1.0, vec![person(1)]),
                    (2.0, vec![person(1)]),
                    (3.0, vec![predicted(1)]),
                ],
                vec![(1, 1, 2, 2)],
            ),
            (
                "predicted in between, for longer than it may lack",
                (0..9)
                    .map(|n| (f64::from(n), vec![if n % 5 < 2 { person(1) } else { predicted(1) }]))
                    .collect(),
                vec![(1, 0, 6, 4)],
            ),
            (
                "not seen for 3 s and found again",
                (0..9)
                    .map(|n| (f64::from(n), if n % 6 < 2 { vec![person(1)] } else { vec![] }))
                    .collect(),
                vec![(1, 0, 1, 2), (1, 6, 7, 2)],
            ),
            (
                "detected each 5 s",
                (0..4).map(|n| (f64::from(n * 5), vec![person(1)])).collect(),
                vec![(1, 0, 15, 4)],
            ),
            (
                "a hole",
                vec![
                    (0.0, vec![person(1)]),
                    (1.0, vec![person(1)]),
                    (20.0, vec![person(1)]),
                    (21.0, vec![person(1), person(2)]),
                    (22.0, vec![person(2)]),
                ],
                vec![(1, 0, 1, 2), (1, 20, 21, 2), (2, 21, 22, 2)],
            ),
        ] {
            assert_eq!(spans(&seen(frames)), expected, "{what}");
        }
    }

    #[test]
    fn a_visit_has_its_best_frame_and_its_class() {
        let of = |class, confidence, left: f64, width: f64| Track {
            class: ClassId(class),
            confidence,
            bbox: Rect::new(left, 100.0, left + width, 300.0),
            ..track(7, 0.0, 0.0)
        };
        let seen = seen([
            (0.0, vec![of(0, 0.5, 0.0, 40.0)]),
            (0.2, vec![of(2, 0.9, 200.0, 30.0)]),
            (0.4, vec![of(0, 0.6, 400.0, 50.0)]),
            // Larger, but out of the picture.
            (0.6, vec![of(0, 0.6, 1270.0, 500.0)]),
        ]);
        let [visit] = &seen.visits[..] else { panic!("{seen:?}") };
        assert_eq!((&*visit.class, visit.confidence, visit.matched), ("person", 0.9, 4));
        assert_eq!((visit.best.wall_us, visit.size), (BEGIN_US + 400_000, Size::new(1280, 720)));
        assert_eq!(visit.bbox, Rect::new(400.0, 100.0, 450.0, 300.0));
        assert_eq!(visit.best.time, MediaTime::from_wall_us(BEGIN_US + 400_000));
        assert_eq!(visit.cells.count(), 4);
    }

    #[test]
    fn each_track_is_counted_once_a_minute_and_once_an_hour() {
        // It is 14:03. Track 1 stays for two hours, track 2 for five seconds in minute 1; track 3 is an error.
        let mut frames = Vec::new();
        for second in 0..7200 {
            let mut tracks = vec![track(1, 0.0, 0.0)];
            if (70..75).contains(&second) {
                tracks.push(track(2, 0.0, 0.0));
            }
            if second == 80 {
                tracks.push(track(3, 0.0, 0.0));
            }
            frames.push((f64::from(second), tracks));
        }
        let seen = seen(frames);
        let counts: Vec<(u32, u32, u32)> = seen
            .minutes
            .iter()
            .map(|count| (count.tracks, count.began, count.new_in_hour))
            .collect();
        assert_eq!(counts.len(), 120);
        for (minute, count) in counts.iter().enumerate() {
            let expected = match minute {
                0 => (1, 1, 1),
                1 => (2, 1, 1),
                // 15:00 and 16:00.
                57 | 117 => (1, 0, 1),
                _ => (1, 0, 0),
            };
            assert_eq!(*count, expected, "minute {minute}");
        }
        assert_eq!(seen.minutes[1].at, BEGIN_US / 1_000_000 + 60);
        assert!(seen.minutes.iter().all(|count| count.class == "person"));
    }
}
