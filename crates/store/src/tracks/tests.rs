//! Made-up tracks, for the tests of all parts.

use std::sync::Arc;

use proptest::prelude::*;
use razz_base::{
    CameraId, ClassId, FrameKey, MediaTime, Rect, Size, TrackId, TrackSource, TrackState,
    WallQuality, WallTime,
};

use super::block::{decode, encode};
use super::*;

/// 2026-11-30 14:03 UTC, in µs.
pub(crate) const BEGIN_US: i64 = 1_796_047_380_000_000;

pub(crate) fn camera() -> CameraId {
    CameraId::new(1).unwrap()
}

/// A frame `us` after the beginning.
pub(crate) fn frame(us: i64, tracks: Vec<Track>) -> Recorded {
    let wall = WallTime { us: BEGIN_US + us, quality: WallQuality::Arrival };
    Recorded {
        frame: TrackFrame {
            key: FrameKey { camera: camera(), time: MediaTime::from_wall_us(BEGIN_US + us) },
            wall,
            size: Size::new(1280, 720),
            detected: true,
            tracks: tracks.into(),
        },
        classes: ClassNames::coco(),
    }
}

/// A matched person of 40 by 100 pixels.
pub(crate) fn track(id: u64, left: f64, top: f64) -> Track {
    Track {
        id: TrackId(id),
        bbox: Rect::new(left, top, left + 40.0, top + 100.0),
        class: ClassId(0),
        confidence: 0.75,
        source: TrackSource::ByteTrack,
        state: TrackState::Matched,
        age_us: 0,
        velocity: [0.0; 4],
    }
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// From 0 to 1.
    pub(crate) fn roll(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Normally distributed, nearly.
    pub(crate) fn noise(&mut self) -> f64 {
        (0..12).map(|_| self.roll()).sum::<f64>() - 6.0
    }
}

/// `walkers` people who walk to and fro for so many seconds, as a detector finds them `rate` times a second.
pub(crate) fn street(walkers: u64, rate: i64, seconds: i64) -> Vec<Recorded> {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let mut people: Vec<[f64; 6]> = (0..walkers)
        .map(|_| {
            let height = 60.0 + 200.0 * dice.roll();
            let speed = (dice.roll() - 0.5) * height;
            [dice.roll() * 1280.0, 100.0 + dice.roll() * 600.0, speed, 0.0, height, dice.roll()]
        })
        .collect();
    let mut frames = Vec::new();
    for n in 0..seconds * rate {
        let mut tracks = Vec::new();
        for (id, [x, y, vx, vy, height, confidence]) in (1..).zip(&mut people) {
            *vx += dice.noise() * *height * 0.05;
            *vy = *vy * 0.9 + dice.noise() * 2.0;
            *x += *vx / rate as f64;
            *y += *vy / rate as f64;
            if *x < 0.0 || *x > 1280.0 {
                *vx = -*vx;
            }
            // Missed now and then, and predicted then.
            let matched = dice.roll() > 0.05;
            let edge = |at: f64, dice: &mut Dice| at + dice.noise() * 0.012 * *height;
            let (left, right) = (*x - *height * 0.2, *x + *height * 0.2);
            let (top, bottom) = (*y - *height, *y);
            let mut track = track(id, 0.0, 0.0);
            track.bbox = Rect::new(
                edge(left, &mut dice),
                edge(top, &mut dice),
                edge(right, &mut dice),
                edge(bottom, &mut dice),
            )
            .clipped(Size::new(1280, 720));
            track.confidence = (0.4 + 0.5 * *confidence + dice.noise() * 0.03).clamp(0.0, 1.0);
            if !matched {
                (track.state, track.age_us) = (TrackState::Predicted, 1_000_000 / rate);
            }
            tracks.push(track);
        }
        frames.push(frame(n * 1_000_000 / rate, tracks));
    }
    frames
}

/// What a block gives back of a frame, but for velocities.
fn assert_same(got: &Recorded, put: &Recorded) {
    let mut wanted: Vec<&Track> = put.frame.tracks.iter().collect();
    wanted.sort_by_key(|track| track.id);
    wanted.dedup_by_key(|track| track.id);
    assert_eq!(got.frame.tracks.len(), wanted.len());
    for (track, wanted) in got.frame.tracks.iter().zip(wanted) {
        for (got, put) in track.bbox.to_array().iter().zip(wanted.bbox.to_array()) {
            assert!((got - put).abs() <= 0.125, "{track:?} {wanted:?}");
        }
        assert!((track.confidence - wanted.confidence).abs() <= 1.0 / 256.0);
        assert_eq!(got.class(track), put.class(wanted));
        assert_eq!(
            (track.id, track.source, track.state, track.age_us),
            (wanted.id, wanted.source, wanted.state, wanted.age_us)
        );
    }
    let but_tracks = |of: &Recorded| TrackFrame { tracks: Arc::from([]), ..of.frame.clone() };
    assert_eq!(but_tracks(got), but_tracks(put));
}

fn tracks() -> impl Strategy<Value = Vec<Track>> {
    let track = (
        (0..12u64, 0..90u16, any::<bool>(), any::<bool>()),
        (-500.0..5000.0f64, -500.0..3000.0f64, -5.0..900.0f64, -5.0..900.0f64),
        (0.0..=1.0f64, any::<i64>()),
    );
    let track = track.prop_map(
        |((id, class, deep, matched), (left, top, width, height), (confidence, age))| Track {
            id: TrackId::new(id % 3 * 1_796_047_380, id),
            bbox: Rect::new(left, top, left + width, top + height),
            class: ClassId(class),
            confidence,
            source: if deep { TrackSource::DeepSort } else { TrackSource::ByteTrack },
            state: if matched { TrackState::Matched } else { TrackState::Predicted },
            age_us: if matched { 0 } else { age },
            velocity: [0.0; 4],
        },
    );
    prop::collection::vec(track, 0..9)
}

pub(crate) fn any_frames() -> impl Strategy<Value = Vec<Recorded>> {
    let one = (1..2_000_000i64, any::<(i64, bool, bool)>(), 0..3u32, tracks());
    let frames = prop::collection::vec(one, 1..30);
    frames.prop_map(|steps| {
        let mut ticks = BEGIN_US / 100 * 9;
        let mut frames = Vec::new();
        for (step, (jitter, by_reports, detected), size, tracks) in steps {
            ticks += step;
            let mut recorded = frame(0, tracks);
            recorded.frame.key.time = MediaTime::from_90k(ticks);
            recorded.frame.wall.us = jitter;
            if by_reports {
                recorded.frame.wall.quality = WallQuality::SenderReport;
            }
            recorded.frame.size = Size::new(640 << size, u32::MAX >> (size * 15));
            recorded.frame.detected = detected;
            frames.push(recorded);
        }
        frames
    })
}

#[test]
fn a_street_comes_back_with_its_velocities() {
    let put = street(8, 5, 10);
    let (header, block) = encode(&put).unwrap();
    assert_eq!(Header::parse(&block), Ok(header.clone()));
    assert_eq!((header.frames, header.boxes, header.block_bytes()), (50, 400, block.len()));
    assert_eq!((header.from, header.until), (put[0].frame.key.time, put[49].frame.key.time));
    assert_eq!(header.wall_us, BEGIN_US);
    assert_eq!(header.classes, ["person"]);
    let got = decode(&block, camera()).unwrap();
    got.iter().zip(&put).for_each(|(got, put)| assert_same(got, put));
    let boxes = |n: usize| got[n].frame.tracks[3].bbox.left;
    for (n, before, after, seconds) in [(20, 19, 21, 0.4), (0, 0, 1, 0.2), (49, 48, 49, 0.2)] {
        let velocity = got[n].frame.tracks[3].velocity[0];
        let wanted = (boxes(after) - boxes(before)) / seconds;
        assert!((velocity - wanted).abs() < 1e-6, "{n}: {velocity} {wanted}");
    }
}

#[test]
fn what_cannot_be_a_block_is_said() {
    assert_eq!(encode(&[]), Err(BlockError::Empty));
    let two = [frame(10_000, vec![]), frame(10_000, vec![])];
    assert_eq!(encode(&two), Err(BlockError::NotInOrder(two[0].frame.key.time)));
    let many: Vec<Recorded> = (0..5000).map(|n| frame(n * 1000, vec![])).collect();
    assert_eq!(encode(&many), Err(BlockError::TooMuch { frames: 5000, boxes: 0 }));
    let (_, block) = encode(&many[..4096]).unwrap();
    assert_eq!(decode(&block, camera()).unwrap().len(), 4096);
    let newer = [b"rzt\x03", &block[4..]].concat();
    assert_eq!(decode(&newer, camera()), Err(BlockError::Version(3)));
    assert_eq!(decode(b"RIFF", camera()), Err(BlockError::Damaged("it does not begin as one")));
}

#[test]
fn classes_are_kept_by_their_names() {
    let named = |names: &[String]| ClassNames::new(names.iter().cloned());
    // Two models, which number the same names otherwise.
    let mut first = frame(0, vec![track(1, 0.0, 0.0)]);
    first.classes = named(&["car".into(), "person".into()]);
    let mut second = frame(200_000, vec![track(1, 0.0, 0.0), track(2, 9.0, 9.0)]);
    second.classes = named(&["person".into(), "car".into()]);
    let got = decode(&encode(&[first, second]).unwrap().1, camera()).unwrap();
    let names: Vec<&str> = got
        .iter()
        .flat_map(|recorded| recorded.frame.tracks.iter().map(|track| recorded.class(track)))
        .collect();
    assert_eq!(names, ["car", "person", "person"]);
    // More of them than have room, and longer ones.
    let long = "ä".repeat(300);
    let many: Vec<String> = (0..400).map(|n| format!("{n}{long}")).collect();
    let mut all = frame(0, Vec::new());
    all.classes = named(&many);
    let of = |n: u16| Track { class: ClassId(n), ..track(u64::from(n), 0.0, 0.0) };
    all.frame.tracks = (0..400).map(of).collect();
    let got = decode(&encode(&[all]).unwrap().1, camera()).unwrap();
    let name = |n: usize| got[0].class(&got[0].frame.tracks[n]);
    assert_eq!((name(7), name(399)), (&*format!("7{}", "ä".repeat(49)), "unknown"));
}

#[test]
fn no_damage_is_taken_for_tracks() {
    let (_, block) = encode(&street(3, 5, 4)).unwrap();
    let whole = decode(&block, camera()).unwrap();
    for at in 0..block.len() {
        assert!(decode(&block[..at], camera()).is_err(), "cut at {at}");
        for bit in 0..8 {
            let mut damaged = block.clone();
            damaged[at] ^= 1 << bit;
            assert!(decode(&damaged, camera()).is_err(), "byte {at}");
        }
    }
    // What stands behind it is another's.
    assert_eq!(decode(&[&block[..], b"more"].concat(), camera()).unwrap(), whole);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_frames_come_back(put in any_frames()) {
        let (header, block) = encode(&put).unwrap();
        prop_assert_eq!(Header::parse(&block), Ok(header));
        let got = decode(&block, camera()).unwrap();
        prop_assert_eq!(got.len(), put.len());
        got.iter().zip(&put).for_each(|(got, put)| assert_same(got, put));
        // What was read and is written again is the same block.
        prop_assert_eq!(&encode(&got).unwrap().1, &block);
    }

    #[test]
    fn any_damage_is_an_error_or_nothing(
        put in any_frames(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 0..6),
    ) {
        let (_, block) = encode(&put).unwrap();
        let whole = decode(&block, camera()).unwrap();
        let mut damaged = block.clone();
        for (place, value, kind) in edits {
            let at = place.index(damaged.len() + 1);
            match kind {
                0 if at < damaged.len() => damaged[at] = value,
                1 => damaged.insert(at, value),
                _ => damaged.truncate(at),
            }
        }
        match decode(&damaged, camera()) {
            Ok(got) => prop_assert_eq!(got, whole),
            Err(_) => prop_assert!(!damaged.starts_with(&block)),
        }
    }
}

/// As razz wrote them in November 2026: with 256 steps of confidence.
#[test]
fn blocks_of_the_version_before_are_read() {
    let written =
        [frame(0, vec![track(1, 10.0, 20.0)]), frame(200_000, vec![track(1, 12.0, 20.0)])];
    let (_, block) = encode(&written).unwrap();
    let mut older = [b"rzt\x01", &block[4..]].concat();
    // The checksum of the header, behind its length in bytes.
    let end = usize::from(u16::from_be_bytes([older[4], older[5]])) - 4;
    let checksum = crc32fast::hash(&older[..end]);
    older[end..end + 4].copy_from_slice(&checksum.to_be_bytes());
    let confidence = |block: &[u8]| decode(block, camera()).unwrap()[1].frame.tracks[0].confidence;
    // The same number of steps is half as much there.
    assert_eq!(confidence(&older), confidence(&block) / 2.0);
}

#[test]
fn a_frame_as_it_is_stored_is_the_one_that_comes_back() {
    for frames in street(9, 5, 30).chunks(37) {
        let (_, bytes) = encode(frames).unwrap();
        let back = decode(&bytes, camera()).unwrap();
        assert_eq!(back.len(), frames.len());
        for (back, live) in back.iter().zip(frames) {
            let expected = as_stored(&live.frame);
            // A block has no velocities, and names of its own.
            let plain = |track: &Track, recorded: &Recorded| {
                let class = recorded.class(track).to_owned();
                (Track { velocity: [0.0; 4], class: Default::default(), ..track.clone() }, class)
            };
            let each = |tracks: &[Track], recorded: &Recorded| -> Vec<_> {
                tracks.iter().map(|track| plain(track, recorded)).collect()
            };
            assert_eq!(each(&back.frame.tracks, back), each(&expected.tracks, live));
            let outer = |frame: &TrackFrame| (frame.key, frame.wall, frame.size, frame.detected);
            assert_eq!(outer(&back.frame), outer(&expected));
        }
    }
}
