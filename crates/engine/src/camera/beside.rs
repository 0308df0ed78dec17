//! Detection on another stream than the one that tracks are published on: the frames of the one that
//! viewers see, and how boxes get from the pictures of the other to them.

use std::collections::VecDeque;

use razz_base::{DetectRate, MediaTime, Rect, Size, Track, TrackState};

use super::{Camera, Frame};

/// Frames that are remembered to be named by a detection: more than one can come late by.
const REMEMBERED: usize = 128;

/// The frames that viewers see, where another stream of their camera is detected on.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// The newest frames, in media-time order.
    frames: VecDeque<Frame>,
    /// When the newest access unit of the other stream was taken.
    newest: Option<MediaTime>,
    /// The picture detected on last: when it was taken, and its size.
    picture: Option<(MediaTime, Size)>,
}

/// A frame does not wait for a picture of the other stream when none came for so long, in ticks.
const AWAY_90K: i64 = 45_000;

impl Beside {
    /// A frame that viewers see.
    pub(super) fn see_frame(&mut self, frame: Frame) {
        if self.frames.back().is_some_and(|last| frame.time <= last.time) {
            return;
        }
        if self.frames.len() == REMEMBERED {
            self.frames.pop_front();
        }
        self.frames.push_back(frame);
    }

    /// An access unit of the other stream is here.
    pub(super) fn see_access_unit(&mut self, time: MediaTime) {
        self.newest = self.newest.max(Some(time));
    }

    /// Whether a picture may be on its way to which the frame of `time` is the nearest.
    pub(super) fn may_come(&self, time: MediaTime) -> bool {
        let half_90k = self.half_interval_90k();
        let ahead = self.newest.map(|newest| time.since_90k(newest));
        ahead.is_some_and(|ahead| ahead > half_90k && ahead < AWAY_90K)
    }

    /// A picture of the other stream was detected on.
    pub(super) fn see_picture(&mut self, picture: Frame) {
        self.picture = Some((picture.time, picture.size));
    }

    /// The frame nearest to `time`, which is the one that a detection of that time belongs to.
    pub(super) fn nearest(&self, time: MediaTime) -> Option<Frame> {
        let after = self.frames.partition_point(|frame| frame.time < time);
        let neighbours = [after.checked_sub(1), Some(after)].into_iter().flatten();
        let frames = neighbours.filter_map(|at| self.frames.get(at));
        frames.min_by_key(|frame| frame.time.since_90k(time).abs()).copied()
    }

    /// Half the time between two frames: a detection this much after a frame may be nearest to it.
    pub(super) fn half_interval_90k(&self) -> i64 {
        let mut newest = self.frames.iter().rev();
        let (Some(last), Some(before)) = (newest.next(), newest.next()) else { return 0 };
        (last.time.since_90k(before.time) / 2).min(4500)
    }

    /// Takes tracks from the pixels of the picture detected on to those of `frame`, whose shape may be
    /// another.
    pub(super) fn carry_over(&self, tracks: &mut [Track], frame: Frame) {
        let Some((time, size)) = self.picture else { return };
        let nearest = self.nearest(time).is_some_and(|nearest| nearest.time == frame.time);
        let since_us = frame.time.since_us(time);
        for track in tracks {
            track.bbox = track.bbox.scaled(size, frame.size);
            let [left, top, right, bottom] = track.velocity;
            let velocity = Rect::new(left, top, right, bottom).scaled(size, frame.size);
            track.velocity = velocity.to_array();
            // As near as can be: it was matched on this frame, as far as is known.
            if nearest && track.age_us <= since_us.max(0) {
                (track.state, track.age_us) = (TrackState::Matched, 0);
            }
        }
    }
}

impl Camera {
    /// A frame that viewers see, while another stream is decoded.
    pub(super) fn handle_passing(&mut self, frame: Frame) {
        if self.settings.rate == DetectRate::Off || !self.detector {
            return;
        }
        if let Some(beside) = &mut self.beside {
            beside.see_frame(frame);
            self.await_turn(frame);
        }
    }

    /// Whether a picture of the other stream is due to which the frame of `time` is the nearest, and which
    /// comes later than the frame itself.
    pub(super) fn awaits_picture(&self, time: MediaTime) -> bool {
        self.beside.as_ref().is_some_and(|beside| {
            beside.may_come(time) && self.is_due(time.plus_90k(beside.half_interval_90k()))
        })
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{
        CameraId, ClassId, Detection, MonoTime, TrackFrame, TrackId, TrackSource, WallQuality,
        WallTime,
    };

    use super::super::{Audience, Input, Output, Settings};
    use super::*;

    fn frame(ms: i64) -> Frame {
        Frame {
            time: MediaTime::from_90k(ms * 90),
            wall: WallTime { us: ms * 1000, quality: WallQuality::Arrival },
            received: MonoTime::from_us(ms * 1000),
            size: Size::new(1280, 720),
        }
    }

    fn track(age_us: i64) -> Track {
        Track {
            id: TrackId(1),
            bbox: Rect::new(10.0, 20.0, 30.0, 60.0),
            class: ClassId(0),
            confidence: 0.9,
            source: TrackSource::ByteTrack,
            state: TrackState::Predicted,
            age_us,
            velocity: [1.0, 2.0, 3.0, 4.0],
        }
    }

    #[test]
    fn a_detection_belongs_to_the_nearest_frame() {
        let mut beside = Beside::default();
        assert!(beside.nearest(MediaTime::from_90k(0)).is_none());
        for n in 0..200 {
            beside.see_frame(frame(n * 40));
        }
        // Out of order, and again.
        beside.see_frame(frame(7000));
        beside.see_frame(frame(7960));
        for (ms, nearest) in
            [(7960, 7960), (7941, 7960), (7939, 7920), (9000, 7960), (0, 2880), (7930, 7920)]
        {
            let found = beside.nearest(MediaTime::from_90k(ms * 90)).map(|frame| frame.time);
            assert_eq!(found, Some(MediaTime::from_90k(nearest * 90)), "{ms}");
        }
        assert_eq!(beside.half_interval_90k(), 1800);
    }

    #[test]
    fn a_picture_may_come_while_the_other_stream_is_behind() {
        let mut beside = Beside::default();
        (0..5).for_each(|n| beside.see_frame(frame(n * 40)));
        let at = |ms: i64| MediaTime::from_90k(ms * 90);
        assert!(!beside.may_come(at(160)), "none ever came");
        beside.see_access_unit(at(100));
        for (ms, may) in
            [(160, true), (121, true), (119, false), (80, false), (599, true), (600, false)]
        {
            assert_eq!(beside.may_come(at(ms)), may, "{ms}");
        }
    }

    #[test]
    fn boxes_are_taken_to_the_frames_pixels_each_way_by_itself() {
        for (size, bbox, velocity) in [
            ((1280, 720), [10.0, 20.0, 30.0, 60.0], [1.0, 2.0, 3.0, 4.0]),
            ((640, 360), [20.0, 40.0, 60.0, 120.0], [2.0, 4.0, 6.0, 8.0]),
            // 16:9 squeezed to 4:3.
            ((640, 480), [20.0, 30.0, 60.0, 90.0], [2.0, 3.0, 6.0, 6.0]),
        ] {
            let mut beside = Beside::default();
            beside.see_frame(frame(0));
            beside.see_picture(Frame { size: Size::new(size.0, size.1), ..frame(0) });
            let mut tracks = [track(0)];
            beside.carry_over(&mut tracks, frame(0));
            assert_eq!(tracks[0].bbox.to_array(), bbox, "{size:?}");
            assert_eq!(tracks[0].velocity, velocity, "{size:?}");
        }
    }

    #[test]
    fn the_nearest_frame_is_the_matched_one() {
        let mut beside = Beside::default();
        (0..5).for_each(|n| beside.see_frame(frame(n * 40)));
        beside.see_picture(Frame { size: Size::new(640, 360), ..frame(70) });
        for (ms, age_us, state) in [
            (80, 10_000, TrackState::Matched),
            (120, 50_000, TrackState::Predicted),
            // Not seen on that picture.
            (80, 210_000, TrackState::Predicted),
        ] {
            let mut tracks = [track(age_us)];
            beside.carry_over(&mut tracks, frame(ms));
            assert_eq!(tracks[0].state, state, "{ms} {age_us}");
        }
    }

    /// Main frames at 25 a second, a sub-stream of 640x360 at 12.5 whose pictures are taken 7 ms later, and
    /// a detector that takes `detect_ms` for an object that moves 100 pixels of the picture a second.
    fn publish(detect_ms: i64, late_ms: i64) -> Vec<(TrackFrame, Audience)> {
        let settings = Settings { beside: true, idle: None, ..Settings::default() };
        let tracker =
            razz_track::build(razz_track::Kind::ByteTrack, &razz_track::Settings::default());
        let mut camera = Camera::new(CameraId::new(1).unwrap(), settings, tracker);
        let mut published = Vec::new();
        let mut busy: Option<(MediaTime, i64)> = None;
        let mut picture = None;
        for ms in 0..4000 {
            let now = MonoTime::from_us(ms * 1000);
            let mut inputs = Vec::new();
            let taken = ms - late_ms;
            if taken >= 0 && taken % 80 == 7 {
                let frame = Frame { size: Size::new(640, 360), ..frame(taken) };
                picture = Some(frame);
                let (idr, reorders, queued, idr_waits) = (taken == 7, false, 0, false);
                inputs.push(Input::AccessUnit { frame, idr, reorders, queued, idr_waits });
            }
            if ms % 40 == 0 {
                inputs.push(Input::Passing { frame: frame(ms) });
            }
            let left = 20.0
                + busy.map_or(0.0, |(time, _)| time.since_secs(MediaTime::from_90k(0)) * 100.0);
            let detections = [Detection {
                bbox: Rect::new(left, 50.0, left + 40.0, 150.0),
                class: ClassId(0),
                score: 0.9,
            }];
            if let Some((time, _)) = busy.take_if(|(_, until)| *until <= ms) {
                inputs.push(Input::Detections { time, detections: &detections });
            }
            inputs.push(Input::Timeout);
            for input in inputs {
                camera.handle(input, now);
                while let Some(output) = camera.poll() {
                    match output {
                        Output::Decode { .. } => {
                            let frame = picture.expect("an access unit is in hand");
                            camera.handle(Input::Decoded { frame, changed: None }, now);
                        }
                        Output::Offer { time } => {
                            camera.handle(Input::Offered { time, replaced: false }, now);
                            camera.handle(Input::DetectionStarted { time }, now);
                            busy = Some((time, ms + detect_ms));
                        }
                        Output::Publish { frame, audience, .. } => {
                            published.push((frame, audience))
                        }
                        _ => {}
                    }
                }
            }
        }
        published
    }

    #[test]
    fn tracks_go_out_on_the_frames_that_viewers_see() {
        for (detect_ms, late_ms) in [(5, 0), (40, 0), (40, 60), (120, 0)] {
            let published = publish(detect_ms, late_ms);
            let name = format!("{detect_ms} ms, {late_ms} ms late");
            let of = |audience: Audience| {
                let heard = published
                    .iter()
                    .filter(move |(_, to)| matches!(to, Audience::All) || *to == audience);
                heard.map(|(frame, _)| frame).collect::<Vec<_>>()
            };
            // Each once and in order.
            let times: Vec<i64> =
                of(Audience::EveryFrame).iter().map(|frame| frame.key.time.as_90k() / 90).collect();
            let expected: Vec<i64> = (0..times.len() as i64).map(|n| n * 40).collect();
            assert_eq!(times, expected, "{name}");
            assert!(times.len() >= 95, "{name}: {}", times.len());
            let detected: Vec<_> =
                of(Audience::PerDetection).into_iter().filter(|frame| frame.detected).collect();
            assert!(detected.len() >= 20, "{name}: {}", detected.len());
            assert!(detected.windows(2).all(|pair| pair[0].key.time < pair[1].key.time), "{name}");
            for frame in &published[published.len() / 2..] {
                let frame = &frame.0;
                assert_eq!(frame.key.time.as_90k() % 3600, 0, "{name}: a frame of the main stream");
                assert_eq!(frame.size, Size::new(1280, 720), "{name}");
                let [track] = &frame.tracks[..] else { panic!("{name}: {:?}", frame.tracks) };
                let expected =
                    2.0 * (20.0 + 100.0 * frame.key.time.since_secs(MediaTime::from_90k(0)));
                // No further off than it moves in the 7 ms that are left when no later frame is known.
                assert!((track.bbox.left - expected).abs() < 3.0, "{name}: {track:?} {expected}");
                assert!((track.bbox.top - 100.0).abs() < 1.0, "{name}: {track:?}");
                assert_eq!(frame.detected, track.state == TrackState::Matched, "{name}");
            }
        }
    }
}
