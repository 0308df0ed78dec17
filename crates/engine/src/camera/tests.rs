//! The machine against a driver of a few lines: a detector that takes a given time.

use std::collections::BTreeSet;

use razz_base::{ClassId, DetectRate, Track, TrackId, TrackSource, TrackState, WallQuality};

use super::*;
use crate::budget::GopShare;

/// Publishes the last detections as they came, so that a test sees which update a frame knows.
#[derive(Default)]
struct Echo {
    at: Option<MediaTime>,
    last: Vec<Detection>,
    ask: bool,
    resumed: usize,
}

impl Tracker for Echo {
    fn update(&mut self, at: MediaTime, detections: &[Detection]) -> Update {
        self.at = Some(at);
        self.last = detections.to_vec();
        if self.ask && !detections.is_empty() {
            return Update::NeedEmbeddings(vec![0]);
        }
        Update::Done
    }

    fn resume(&mut self, embeddings: &[Option<Embedding>]) {
        self.resumed += embeddings.len();
    }

    fn counts(&self) -> razz_track::Counts {
        razz_track::Counts::default()
    }

    fn peek_into(&self, at: MediaTime, out: &mut Vec<Track>) {
        let matched = self.at == Some(at);
        out.extend(self.last.iter().enumerate().map(|(i, d)| Track {
            id: TrackId(i as u64 + 1),
            bbox: d.bbox,
            class: d.class,
            confidence: d.score,
            source: TrackSource::ByteTrack,
            state: if matched { TrackState::Matched } else { TrackState::Predicted },
            age_us: at.since_us(self.at.unwrap_or(at)),
            velocity: [0.0; 4],
        }));
    }
}

const FRAME_90K: i64 = 3000;
const FRAME_US: i64 = 33_333;

fn frame(n: i64) -> Frame {
    Frame {
        time: MediaTime::from_90k(n * FRAME_90K),
        wall: WallTime { us: n * FRAME_US, quality: WallQuality::Arrival },
        received: MonoTime::from_us(n * FRAME_US),
        size: Size::new(1280, 720),
    }
}

fn detection() -> Detection {
    Detection { bbox: Rect::new(1.0, 2.0, 30.0, 40.0), class: ClassId(0), score: 0.9 }
}

/// What came out, told by frame number.
#[derive(Debug, PartialEq)]
struct Out {
    frame: i64,
    detected: bool,
    audience: Audience,
}

/// Runs `frames` frames of 30 fps past a detector that takes `detect_us`; decoding takes no time.
fn run(settings: Settings, frames: i64, detect_us: i64) -> (Vec<Out>, Vec<i64>) {
    let mut camera = Camera::new(CameraId::new(1).unwrap(), settings, Box::new(Echo::default()));
    let (mut published, mut offered) = (Vec::new(), Vec::new());
    let mut slot: Option<MediaTime> = None;
    let mut busy: Option<(MediaTime, MonoTime)> = None;
    let mut now = MonoTime::from_us(0);
    let mut next_frame = 0;
    while next_frame < frames {
        let arrival = frame(next_frame).received;
        let done = busy.map(|(_, at)| at);
        let next = [Some(arrival), done, camera.poll_timeout().map(|t| t.max(now))]
            .into_iter()
            .flatten()
            .min()
            .unwrap();
        now = next;
        let input_frame = frame(next_frame);
        if done == Some(now) {
            let (time, _) = busy.take().unwrap();
            camera.handle(Input::Detections { time, detections: &[detection()] }, now);
        } else if arrival == now {
            camera.handle(
                Input::AccessUnit {
                    frame: input_frame,
                    idr: next_frame % 60 == 0,
                    reorders: false,
                    queued: 0,
                    idr_waits: false,
                },
                now,
            );
            next_frame += 1;
        } else {
            camera.handle(Input::Timeout, now);
        }
        loop {
            match camera.poll() {
                Some(Output::Decode { .. }) => {
                    camera.handle(Input::Decoded { frame: input_frame, changed: None }, now);
                }
                Some(Output::Offer { time, .. }) => {
                    offered.push(time.as_90k() / FRAME_90K);
                    let replaced = slot.replace(time).is_some();
                    camera.handle(Input::Offered { time, replaced }, now);
                }
                Some(Output::Freshen { time, waiting }) => {
                    let done = slot == Some(waiting);
                    if done {
                        slot = Some(time);
                    }
                    camera.handle(Input::Freshened { time, done }, now);
                }
                Some(Output::Publish { frame, audience, .. }) => published.push(Out {
                    frame: frame.key.time.as_90k() / FRAME_90K,
                    detected: frame.detected,
                    audience,
                }),
                Some(
                    Output::Skip
                    | Output::Rest
                    | Output::Hold
                    | Output::DecodeHeld { .. }
                    | Output::Leave
                    | Output::Missed
                    | Output::Unchanged
                    | Output::Embed { .. },
                ) => {}
                None => break,
            }
            if busy.is_none()
                && let Some(time) = slot.take()
            {
                busy = Some((time, now.plus_us(detect_us)));
                camera.handle(Input::DetectionStarted { time }, now);
            }
        }
    }
    (published, offered)
}

fn per_frame(published: &[Out]) -> Vec<i64> {
    let all = published.iter().filter(|out| out.audience != Audience::PerDetection);
    all.map(|out| out.frame).collect()
}

#[test]
fn every_frame_goes_out_once_and_in_order_whatever_the_detector_takes() {
    for detect_us in [1_000, 40_000, 140_000, 160_000, 900_000] {
        let (published, _) = run(Settings::default(), 300, detect_us);
        let frames = per_frame(&published);
        let expected: Vec<i64> = (0..frames.len() as i64).collect();
        assert_eq!(frames, expected, "detector of {detect_us} us");
        assert!(frames.len() > 290, "{} frames with a detector of {detect_us} us", frames.len());
    }
}

#[test]
fn the_rate_is_kept_on_the_media_timeline() {
    for (rate, step) in [(6.0, 5), (5.0, 6), (30.0, 1), (10.0, 3), (15.0, 2), (100.0, 1)] {
        let settings = Settings { rate: DetectRate::PerSecond(rate), ..Settings::default() };
        let (_, offered) = run(settings, 120, 1_000);
        let expected: Vec<i64> = (0..120).step_by(step).collect();
        assert_eq!(offered, expected, "{rate} per second");
    }
    // A rate that does not divide the frame rate is kept in the mean.
    let settings = Settings { rate: DetectRate::PerSecond(7.0), ..Settings::default() };
    let (_, offered) = run(settings, 300, 1_000);
    assert!((69..=71).contains(&offered.len()), "{}", offered.len());
}

#[test]
fn a_fast_detector_makes_detected_frames_matches_for_everyone() {
    let (published, offered) = run(Settings::default(), 100, 40_000);
    for out in &published {
        assert_eq!(out.detected, offered.contains(&out.frame), "{out:?}");
        assert_eq!(out.detected, out.audience == Audience::All, "{out:?}");
    }
}

#[test]
fn a_late_result_corrects_only_later_frames() {
    // Just too late for those who follow every frame: they had the prediction, the others get the
    // result.
    let (published, offered) = run(Settings::default(), 100, 160_000);
    for frame in &offered[1..4] {
        let told: Vec<_> = published.iter().filter(|out| out.frame == *frame).collect();
        let [first, second] = told[..] else { panic!("{told:?}") };
        assert!(!first.detected && first.audience == Audience::EveryFrame, "{told:?}");
        assert!(second.detected && second.audience == Audience::PerDetection, "{told:?}");
    }
}

#[test]
fn nobody_hears_of_a_frame_twice_or_of_an_older_one_later() {
    for detect_us in [1_000, 140_000, 160_000, 250_000, 400_000, 900_000] {
        let (published, _) = run(Settings::default(), 300, detect_us);
        for silent in [Audience::EveryFrame, Audience::PerDetection] {
            let heard: Vec<i64> = published
                .iter()
                .filter(|out| out.audience != silent)
                .map(|out| out.frame)
                .collect();
            assert!(heard.is_sorted_by(|a, b| a < b), "{detect_us} us, not {silent:?}: {heard:?}");
        }
    }
}

#[test]
fn those_who_want_detections_hear_at_their_rate_while_the_detector_is_slow() {
    let (published, _) = run(Settings::default(), 300, 900_000);
    let heard = published.iter().filter(|out| out.audience != Audience::EveryFrame).count();
    assert!(heard >= 40, "{heard} messages in 10 s");
}

#[test]
fn with_detection_off_nothing_is_decoded_or_published() {
    let settings = Settings { rate: DetectRate::Off, ..Settings::default() };
    let (published, offered) = run(settings, 60, 1_000);
    assert_eq!((published.len(), offered.len()), (0, 0));
}

#[test]
fn the_newest_picture_wins_the_slot() {
    let settings = Settings { rate: DetectRate::Max, ..Settings::default() };
    let mut camera = Camera::new(CameraId::new(1).unwrap(), settings, Box::new(Echo::default()));
    let mut offers = Vec::new();
    for n in 0..3 {
        let frame = frame(n);
        let input =
            Input::AccessUnit { frame, idr: n == 0, reorders: false, queued: 0, idr_waits: false };
        camera.handle(input, frame.received);
        camera.handle(Input::Decoded { frame, changed: None }, frame.received);
        while let Some(output) = camera.poll() {
            if let Output::Offer { time } = output {
                offers.push(time.as_90k());
                camera.handle(Input::Offered { time, replaced: n > 0 }, frame.received);
            }
        }
    }
    assert_eq!(offers, [0, 3000, 6000]);
    // Of those that gave way nothing is expected any more.
    let newest = Input::Detections { time: frame(2).time, detections: &[detection()] };
    camera.handle(newest, frame(3).received);
    let all: Vec<Output> = std::iter::from_fn(|| camera.poll()).collect();
    let [Output::Publish { frame: published, .. }] = &all[..] else { panic!("{all:?}") };
    assert!(published.detected && published.key.time == frame(2).time, "{published:?}");
}

/// Hands in frame `n`, decoded at once; answers what is to be done with its picture.
fn hand_in(camera: &mut Camera, n: i64) -> Vec<Output> {
    let frame = frame(n);
    let input =
        Input::AccessUnit { frame, idr: n == 0, reorders: false, queued: 0, idr_waits: false };
    camera.handle(input, frame.received);
    let mut outputs = Vec::new();
    while let Some(output) = camera.poll() {
        match output {
            Output::Decode { want: true } => {
                camera.handle(Input::Decoded { frame, changed: None }, frame.received);
            }
            Output::Offer { .. } | Output::Freshen { .. } => outputs.push(output),
            _ => {}
        }
    }
    outputs
}

#[test]
fn a_picture_that_waits_gives_way_to_newer_ones_without_a_detection_lost() {
    let time = |n: i64| frame(n).time;
    let mut camera =
        Camera::new(CameraId::new(1).unwrap(), Settings::default(), Box::new(Echo::default()));
    let offer = |n| vec![Output::Offer { time: time(n) }];
    let offered = |camera: &mut Camera, n, replaced| {
        camera.handle(Input::Offered { time: time(n), replaced }, frame(n).received);
    };
    let freshened = |camera: &mut Camera, n, done| {
        camera.handle(Input::Freshened { time: time(n), done }, frame(n).received);
    };
    let freshen = |n, waiting| vec![Output::Freshen { time: time(n), waiting: time(waiting) }];
    // Six a second of thirty: every fifth is due.
    assert_eq!(hand_in(&mut camera, 0), offer(0));
    offered(&mut camera, 0, false);
    assert_eq!(hand_in(&mut camera, 1), freshen(1, 0));
    freshened(&mut camera, 1, true);
    // The detector takes it while the next is being decoded: that is not in the slot.
    assert_eq!(hand_in(&mut camera, 2), freshen(2, 1));
    freshened(&mut camera, 2, false);
    camera.handle(Input::DetectionStarted { time: time(1) }, frame(2).received);
    assert_eq!(hand_in(&mut camera, 3), []);
    assert_eq!(hand_in(&mut camera, 4), []);
    assert_eq!(hand_in(&mut camera, 5), offer(5));
    offered(&mut camera, 5, false);
    let seen = |camera: &mut Camera, n: i64, at: i64| {
        let input = Input::Detections { time: time(n), detections: &[detection()] };
        camera.handle(input, frame(at).received);
        let publishes = std::iter::from_fn(|| camera.poll());
        let detected = publishes.filter_map(|output| match output {
            Output::Publish { frame, .. } if frame.detected => Some(frame.key.time),
            _ => None,
        });
        detected.collect::<Vec<_>>()
    };
    assert_eq!(seen(&mut camera, 1, 5), [time(1)]);
    // The next one that is due comes while the detector takes the one that waits: both count.
    assert_eq!(hand_in(&mut camera, 6), freshen(6, 5));
    freshened(&mut camera, 6, true);
    assert_eq!(hand_in(&mut camera, 7), freshen(7, 6));
    freshened(&mut camera, 7, true);
    assert_eq!(hand_in(&mut camera, 8), freshen(8, 7));
    freshened(&mut camera, 8, true);
    assert_eq!(hand_in(&mut camera, 9), freshen(9, 8));
    freshened(&mut camera, 9, true);
    assert_eq!(hand_in(&mut camera, 10), offer(10));
    // It was taken while this one was decoded, and its result may even come before that is said.
    offered(&mut camera, 10, false);
    assert_eq!(seen(&mut camera, 9, 10), [time(9)]);
    camera.handle(Input::DetectionStarted { time: time(10) }, frame(10).received);
    assert_eq!(seen(&mut camera, 10, 11), [time(10)]);
}

#[test]
fn of_pictures_that_stand_alone_only_those_that_are_due_are_decoded() {
    let settings = Settings { rate: DetectRate::PerSecond(5.0), ..Settings::default() };
    // What is allowed, and how many of ten seconds' pictures are decoded.
    let gop_us = FRAME_US;
    let few = Allowance { rate: 2.0, decode: Some(GopShare { window: 0.4, gop_us }) };
    for (alone, allowance, expected) in [
        (true, Allowance::UNLIMITED, 49..=51),
        (true, few, 19..=22),
        (false, Allowance::UNLIMITED, 300..=300),
    ] {
        let mut camera =
            Camera::new(CameraId::new(1).unwrap(), settings, Box::new(Echo::default()));
        let (mut decoded, mut published) = (0, 0);
        camera.handle(Input::StandAlone(alone), frame(0).received);
        camera.handle(Input::Allowed(allowance), frame(0).received);
        for n in 0..300 {
            let next = frame(n);
            let (idr, reorders, queued, idr_waits) = (true, false, 0, false);
            let input = Input::AccessUnit { frame: next, idr, reorders, queued, idr_waits };
            camera.handle(input, next.received);
            while let Some(output) = camera.poll() {
                match output {
                    Output::Decode { want } => {
                        decoded += 1;
                        assert!(want || !alone, "{n}");
                        let changed = Some(1.0);
                        camera.handle(Input::Decoded { frame: next, changed }, next.received);
                    }
                    Output::Offer { time } => {
                        camera.handle(Input::Offered { time, replaced: false }, next.received);
                    }
                    Output::Publish { .. } => published += 1,
                    _ => {}
                }
            }
            if n % 6 == 3 {
                let time = frame(n - 3).time;
                camera.handle(Input::DetectionStarted { time }, next.received);
                let detections = &[detection()];
                camera.handle(Input::Detections { time, detections }, next.received);
            }
        }
        assert!(expected.contains(&decoded), "{alone} {allowance:?}: {decoded}");
        assert!(published > 250, "each frame has tracks: {published}");
    }
}

#[test]
fn a_decoder_that_falls_behind_skips_to_the_next_idr() {
    let mut camera = Camera::new(
        CameraId::new(1).unwrap(),
        Settings { decode_queue: 10, ..Settings::default() },
        Box::new(Echo::default()),
    );
    let mut decoded = Vec::new();
    for (n, idr, queued) in
        [(0, true, 0), (1, false, 11), (2, false, 9), (3, true, 8), (4, false, 7)]
    {
        let input =
            Input::AccessUnit { frame: frame(n), idr, reorders: false, queued, idr_waits: false };
        camera.handle(input, frame(n).received);
        while let Some(output) = camera.poll() {
            match output {
                Output::Decode { .. } => decoded.push((n, true)),
                Output::Skip => decoded.push((n, false)),
                _ => {}
            }
        }
    }
    assert_eq!(decoded, [(0, true), (1, false), (2, false), (3, true), (4, true)]);
}

/// What becomes of a camera with 30 frames a second, an IDR every `gop` of them and six detections a
/// second wanted, whose decoder takes `decode_ms` for each: over a minute, how many pictures a second
/// were offered, how many that were due were missed, and how old the oldest was, in seconds.
fn overloaded(decode_ms: i64, gop: i64) -> (f64, f64, f64) {
    let mut camera =
        Camera::new(CameraId::new(1).unwrap(), Settings::default(), Box::new(Echo::default()));
    let (mut now, mut offers, mut missed, mut oldest_us) = (frame(0).received, 0, 0, 0);
    for n in 0..1800 {
        let next = frame(n);
        now = now.max(next.received);
        let newest = (n..).take_while(|n| frame(*n).received <= now).last().unwrap();
        let input = Input::AccessUnit {
            frame: next,
            idr: n % gop == 0,
            reorders: false,
            queued: usize::try_from(newest - n).unwrap(),
            idr_waits: newest / gop > n / gop,
        };
        camera.handle(input, now);
        while let Some(output) = camera.poll() {
            match output {
                Output::Decode { want } => {
                    now = now.plus_us(1000 * decode_ms);
                    if want {
                        camera.handle(Input::Decoded { frame: next, changed: None }, now);
                    }
                }
                Output::Offer { time } => {
                    camera.handle(Input::Offered { time, replaced: false }, now);
                    offers += 1;
                    oldest_us = oldest_us.max(now.since_us(next.received));
                    camera.handle(Input::DetectionStarted { time }, now);
                    camera.handle(Input::Detections { time, detections: &[detection()] }, now);
                }
                Output::Missed => missed += 1,
                _ => {}
            }
        }
    }
    (f64::from(offers) / 60.0, f64::from(missed) / 60.0, oldest_us as f64 / 1e6)
}

#[test]
fn a_decoder_that_never_catches_up_still_has_pictures_for_the_detector() {
    // (decode_ms, gop, least offered of six a second, oldest in seconds)
    for (decode_ms, gop, least, oldest) in [
        (10, 60, 5.9, 0.05),
        (33, 60, 5.9, 0.1),
        // Three quarters, half, a third of what comes.
        (44, 60, 4.0, 0.7),
        (67, 60, 2.3, 1.2),
        (100, 60, 1.4, 1.3),
        (44, 300, 4.2, 2.7),
        (100, 30, 0.9, 0.3),
    ] {
        let (offered, missed, age) = overloaded(decode_ms, gop);
        let name = format!(
            "{decode_ms} ms, GOP {gop}: {offered:.2} offered, {missed:.2} missed, {age:.2} s old"
        );
        assert!(offered >= least && age <= oldest, "{name}");
        assert!((5.8..6.2).contains(&(offered + missed)), "{name}: each is one or the other");
    }
}

#[test]
fn without_a_detector_nothing_is_decoded_and_with_one_it_goes_on_at_an_idr() {
    let mut camera =
        Camera::new(CameraId::new(1).unwrap(), Settings::default(), Box::new(Echo::default()));
    let mut decoded = Vec::new();
    for n in 0..12 {
        if n == 4 || n == 7 {
            camera.handle(Input::Detector { there: n == 7 }, frame(n).received);
        }
        let (frame, idr) = (frame(n), n % 5 == 0);
        let input = Input::AccessUnit { frame, idr, reorders: false, queued: 0, idr_waits: false };
        camera.handle(input, frame.received);
        while let Some(output) = camera.poll() {
            match output {
                Output::Decode { .. } => {
                    decoded.push(n);
                    camera.handle(Input::Decoded { frame, changed: None }, frame.received);
                }
                Output::Publish { frame, .. } => {
                    assert!(!(4..7).contains(&(frame.key.time.as_90k() / FRAME_90K)))
                }
                _ => {}
            }
        }
    }
    assert_eq!(decoded, [0, 1, 2, 3, 10, 11]);
}

#[test]
fn after_a_decode_error_the_decoder_waits_for_an_idr() {
    let mut camera =
        Camera::new(CameraId::new(1).unwrap(), Settings::default(), Box::new(Echo::default()));
    let mut decoded = Vec::new();
    for (n, idr, fails) in
        [(0, false, false), (1, true, true), (2, false, false), (3, true, false), (4, false, false)]
    {
        let input = Input::AccessUnit {
            frame: frame(n),
            idr,
            reorders: false,
            queued: 0,
            idr_waits: false,
        };
        camera.handle(input, frame(n).received);
        while let Some(output) = camera.poll() {
            if matches!(output, Output::Decode { .. }) {
                decoded.push(n);
                if fails {
                    camera.handle(Input::DecodeFailed, frame(n).received);
                }
            }
        }
    }
    assert_eq!(decoded, [1, 3, 4]);
}

#[test]
fn embeddings_are_asked_for_and_the_frame_waits_for_them() {
    let echo = Echo { ask: true, ..Echo::default() };
    let mut camera = Camera::new(CameraId::new(1).unwrap(), Settings::default(), Box::new(echo));
    let (first, now) = (frame(0), frame(0).received);
    let drain = |camera: &mut Camera| std::iter::from_fn(|| camera.poll()).collect::<Vec<_>>();
    camera.handle(
        Input::AccessUnit { frame: first, idr: true, reorders: false, queued: 0, idr_waits: false },
        now,
    );
    camera.handle(Input::Decoded { frame: first, changed: None }, now);
    assert!(drain(&mut camera).contains(&Output::Offer { time: first.time }));
    camera.handle(Input::Offered { time: first.time, replaced: false }, now);
    camera.handle(Input::DetectionStarted { time: first.time }, now);
    camera.handle(Input::Detections { time: first.time, detections: &[detection()] }, now);
    let boxes = vec![detection().bbox];
    assert_eq!(drain(&mut camera), [Output::Embed { time: first.time, boxes }]);
    camera.handle(Input::Embeddings(&[None]), now);
    let out = drain(&mut camera);
    let [Output::Publish { frame, audience: Audience::All, .. }] = &out[..] else {
        panic!("{out:?}");
    };
    assert!(frame.detected);
    assert_eq!(frame.tracks[0].state, TrackState::Matched);
}

#[test]
fn with_reordering_frames_are_published_in_output_order() {
    let mut camera =
        Camera::new(CameraId::new(1).unwrap(), Settings::default(), Box::new(Echo::default()));
    let mut published = Vec::new();
    // Decode order I0 P3 B1 B2 P6 B4 B5; the decoder puts out 0 1 2 3 4 5.
    for (n, (coded, shown)) in [
        (0, None),
        (3, Some(0)),
        (1, Some(1)),
        (2, Some(2)),
        (6, Some(3)),
        (4, Some(4)),
        (5, Some(5)),
    ]
    .into_iter()
    .enumerate()
    {
        let now = MonoTime::from_us(n as i64 * FRAME_US);
        let input = Input::AccessUnit {
            frame: frame(coded),
            idr: coded == 0,
            reorders: true,
            queued: 0,
            idr_waits: false,
        };
        camera.handle(input, now);
        if let Some(shown) = shown {
            camera.handle(Input::Decoded { frame: frame(shown), changed: None }, now);
        }
        while let Some(output) = camera.poll() {
            match output {
                Output::Offer { time } => {
                    camera.handle(Input::Offered { time, replaced: false }, now);
                    camera.handle(Input::DetectionStarted { time }, now);
                    camera.handle(Input::Detections { time, detections: &[] }, now);
                }
                Output::Publish { frame, .. } => {
                    published.push(frame.key.time.as_90k() / FRAME_90K);
                }
                _ => {}
            }
        }
    }
    assert_eq!(published, [0, 1, 2, 3, 4, 5]);
}

/// Runs `frames` frames of 30 fps past an instant detector, with `changed` of each picture, and
/// answers the frames that the detector saw and those that were answered without it.
fn run_idle(frames: i64, changed: impl Fn(i64) -> f64) -> (Vec<i64>, Vec<i64>, Vec<Out>) {
    let mut camera =
        Camera::new(CameraId::new(1).unwrap(), Settings::default(), Box::new(Echo::default()));
    let (mut looked, mut unchanged, mut published) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..frames {
        let (frame, now) = (frame(n), frame(n).received);
        camera.handle(
            Input::AccessUnit { frame, idr: n == 0, reorders: false, queued: 0, idr_waits: false },
            now,
        );
        camera.handle(Input::Decoded { frame, changed: Some(changed(n)) }, now);
        while let Some(output) = camera.poll() {
            match output {
                Output::Offer { time } => {
                    camera.handle(Input::Offered { time, replaced: false }, now);
                    looked.push(n);
                    camera.handle(Input::DetectionStarted { time }, now);
                    camera.handle(Input::Detections { time, detections: &[detection()] }, now);
                }
                Output::Unchanged => unchanged.push(n),
                Output::Publish { frame, audience, .. } => published.push(Out {
                    frame: frame.key.time.as_90k() / FRAME_90K,
                    detected: frame.detected,
                    audience,
                }),
                _ => {}
            }
        }
    }
    (looked, unchanged, published)
}

#[test]
fn while_nothing_moves_the_detector_looks_once_a_second() {
    let (looked, unchanged, published) = run_idle(600, |_| 0.0);
    // Six a second until it has been still for two seconds, then one.
    assert_eq!(looked.iter().filter(|n| **n < 60).count(), 12, "{looked:?}");
    let idle = looked.iter().filter(|n| **n >= 90).count();
    assert!((16..=19).contains(&idle), "{looked:?}");
    // Every picture that was due is answered, and those who hear of detections hear at their rate.
    let due: BTreeSet<i64> = looked.iter().chain(&unchanged).copied().collect();
    assert_eq!(due, (0..600).step_by(5).collect());
    let heard = published.iter().filter(|out| out.audience == Audience::All);
    assert_eq!(heard.map(|out| out.frame).collect::<Vec<_>>(), due.into_iter().collect::<Vec<_>>());
    assert!(published.iter().all(|out| out.detected == looked.contains(&out.frame)));
    assert_eq!(per_frame(&published), (0..600).collect::<Vec<_>>());
}

#[test]
fn what_moves_wakes_the_detector_at_the_next_picture_that_is_due() {
    for moved in [300, 301, 304, 317] {
        let (looked, _, _) = run_idle(400, |n| if n >= moved { 0.05 } else { 0.0 });
        let awake = looked.iter().find(|n| **n >= moved).unwrap();
        assert!(awake - moved < 5, "moved at {moved}, looked at {awake}");
        let after = looked.iter().filter(|n| **n >= moved).count();
        assert!(after as i64 >= (400 - moved) / 5, "{looked:?}");
    }
}
