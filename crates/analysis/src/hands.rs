//! A camera's hands in the server: a decoder, the detector's pool, an embedder, and the hub.

use std::sync::{Arc, OnceLock};

use razz_base::{
    AccessUnit, ClassNames, Decodable, Detection, Embedding, FrameKey, MediaTime, MonoTime, Rect,
    RunId, Size, TrackFrame,
};
use razz_engine::{Allowance, Audience, Counted, Decoded, Frame, Hands, Idling};
use razz_hub::health::Idle;
use razz_hub::tracks::Frames;
use razz_hub::{Health, Published, RunContext, Tracks};
use razz_observe::clock::Clock;
use razz_observe::cpu_usage::Stage;
use razz_observe::telemetry::Journeys;
use razz_vision::{CameraMotion, Decoder, Embedder, Glance, MotionEstimator, Picture, Plane};
use tracing::debug;
use tracing::span::EnteredSpan;

use crate::inbox::Reply;
use crate::masks::Masks;
use crate::pictures::Pictures;
use crate::pool::Pool;
use crate::sub::Sub;
use crate::track_ids::{Given, TrackIds};

/// What a camera's thread works with.
pub(crate) struct ServerHands {
    pub(crate) context: RunContext,
    pub(crate) tracks: Arc<Tracks>,
    pub(crate) health: Arc<Health>,
    pub(crate) pictures: Arc<Pictures>,
    pub(crate) pool: Arc<Pool>,
    /// Where the detector's results go.
    pub(crate) reply: Reply,
    pub(crate) decoder: Decoder,
    /// What it can do; what it cannot is never given to it.
    pub(crate) decodable: Decodable,
    pub(crate) embedder: Box<dyn Embedder>,
    /// Detections per second.
    pub(crate) wanted: f64,
    /// What the camera weighs at the detector: detections per second, by its priority.
    pub(crate) weight: f64,
    /// How the camera moves, for a tracker that has use for it.
    pub(crate) motion: Option<MotionEstimator>,
    /// How the picture whose detections came last looked, while the machine wants to know whether
    /// anything has moved since.
    pub(crate) seen: Option<Glance>,
    pub(crate) glance: Glance,
    /// The boxes published last, in the pixels of what is decoded: what may move by itself.
    pub(crate) objects: Vec<Rect>,
    /// The size of what is decoded.
    pub(crate) decoded_size: Option<Size>,
    /// The camera's two streams, where the smaller one is to be detected on.
    pub(crate) sub: Option<Sub>,
    /// What is noted of the frames under way, where somebody wants it.
    pub(crate) journeys: Option<Journeys>,
    /// What classes are called before there is a model: never seen, for there are no tracks then.
    pub(crate) unknown: ClassNames,
    /// Where nothing is detected.
    pub(crate) masks: Masks,
    /// The run of the access unit that is being decoded.
    pub(crate) run: RunId,
    /// The span of the camera's run, in which everything here is logged.
    pub(crate) entered: Option<EnteredSpan>,
    pub(crate) track_ids: Arc<dyn TrackIds>,
    /// Whether the track ids published last were the camera's to give.
    pub(crate) given: Given,
    pub(crate) clock: Clock,
}

impl ServerHands {
    /// What this thread did since `begun` was for `stage`.
    pub(crate) fn spent(&self, stage: Stage, begun: u64) {
        self.pool.stage_times().add(stage, self.clock.thread_cpu_nanos() - begun);
    }

    /// The detector is done with a picture.
    pub(crate) fn looked(&mut self, picture: &Picture, looked: (MonoTime, MonoTime)) {
        if let Some(journeys) = &mut self.journeys {
            journeys.looked(picture.key.time, looked, self.clock.mono());
        }
        if let Some(seen) = &mut self.seen {
            seen.take(picture);
        }
        let mut picture = picture.clone();
        if let Some(sub) = self.used_sub() {
            // People ask for it by the frame that its tracks go out with.
            picture.key.time = sub.nearest(picture.key.time);
        }
        self.pictures.keep_detected(picture);
    }

    /// Leaves out what was found in a mask.
    pub(crate) fn mask(&mut self, picture: &Picture, detections: &mut Vec<Detection>) {
        let names = self.pool.names().unwrap_or(&self.unknown);
        self.masks.apply(detections, Self::frame(picture).size, names);
    }

    /// The streams, while the sub-stream is what is detected on.
    fn used_sub(&mut self) -> Option<&mut Sub> {
        self.sub.as_mut().filter(|sub| sub.is_used())
    }

    /// What the detector found in the picture of `key` is in the tracks.
    pub(crate) fn tracked(&mut self, key: FrameKey) {
        if let Some(journeys) = &mut self.journeys {
            journeys.tracked(key, || self.clock.mono());
        }
    }
}

/// Which frame a picture shows.
pub(crate) fn frame_of(picture: &Picture) -> Frame {
    let Picture { key, wall, received, size, .. } = *picture;
    Frame { time: key.time, wall, received, size }
}

impl Hands for ServerHands {
    type Picture = Picture;

    fn frame(picture: &Picture) -> Frame {
        frame_of(picture)
    }

    fn now(&self) -> MonoTime {
        self.clock.mono()
    }

    fn begin_run(&mut self, run: RunId) {
        self.run = run;
        // The old one is left before the new one is entered.
        self.entered = None;
        self.entered = Some(self.context.span().entered());
    }

    fn reset_decoder(&mut self) {
        self.decoder.reset();
    }

    fn begins_at(&mut self, au: &AccessUnit) -> bool {
        self.decoder.begins_at(au)
    }

    fn decode(&mut self, au: &AccessUnit, want: bool) -> Option<Decoded<Picture>> {
        if let Some(journeys) = &mut self.journeys {
            journeys.taken(au.received, self.clock.mono());
        }
        let mut moved: Option<CameraMotion> = None;
        self.decoded_size = Some(au.size());
        let (clock, begun) = (self.clock, self.clock.thread_cpu_nanos());
        let mut looked = 0;
        let mut look = |luma: Plane<'_>| {
            let begun = clock.thread_cpu_nanos();
            if let Some(sub) = &mut self.sub {
                sub.see_picture(au.key.time, luma, clock.mono());
            }
            moved = self.motion.as_mut().map(|motion| motion.look(luma, &self.objects));
            looked = clock.thread_cpu_nanos() - begun;
        };
        let decoded = self.decoder.decode_and_look(au, want, &mut look);
        self.pool.stage_times().add(Stage::Motion, looked);
        self.spent(Stage::Decode, begun + looked);
        let picture = match decoded {
            Ok(picture) => picture,
            Err(error) => {
                debug!(frame = %au.key, "not decoded: {error}");
                return None;
            }
        };
        let now = self.clock.mono();
        self.pool.decoded(au, self.clock.thread_cpu_nanos() - begun);
        {
            let mut analysis = self.health.analysis();
            analysis.decoded.count(now);
            let name = self.decoder.name();
            if analysis.decoder.as_deref() != name {
                analysis.decoder = name.map(str::to_owned);
            }
        }
        // What cannot be told counts as standing still.
        let step = moved.map(|moved| moved.affine().unwrap_or_default());
        let mut changed = None;
        if let Some(picture) = &picture {
            if let Some(journeys) = &mut self.journeys {
                journeys.decoded(picture.key.time, au.run, now);
            }
            if let Some(seen) = &self.seen {
                self.glance.take(picture);
                changed = seen.changed(&self.glance);
            }
            // A snapshot is of the main stream, which is decoded for it when one is asked for.
            if self.used_sub().is_none() {
                self.pictures.keep_decoded(picture.clone());
            }
        }
        Some(Decoded { picture, step, changed })
    }

    fn allowance(&mut self, au: &AccessUnit, queued: usize) -> Allowance {
        let allowance = self.pool.allowance(au, queued);
        if au.idr {
            let load = self.pool.load(au.key.camera, self.wanted);
            self.health.analysis().load = load;
        }
        allowance
    }

    fn has_detector(&self) -> bool {
        self.pool.has_detector()
    }

    fn offer(&mut self, picture: Picture) -> bool {
        if let Some(journeys) = &mut self.journeys {
            journeys.offered(picture.key.time, || self.clock.mono());
        }
        self.pool.offer(picture, self.weight, &self.reply)
    }

    fn freshen(&mut self, waiting: MediaTime, picture: Picture) -> bool {
        let time = picture.key.time;
        let done = self.pool.freshen(waiting, picture);
        if let (true, Some(journeys)) = (done, &mut self.journeys) {
            journeys.freshened(waiting, time, || self.clock.mono());
        }
        done
    }

    fn embed(&mut self, picture: &Picture, boxes: &[Rect]) -> Vec<Option<Embedding>> {
        let begun = self.clock.thread_cpu_nanos();
        let vectors = self.embedder.embed(picture, boxes);
        self.spent(Stage::Embed, begun);
        vectors
    }

    fn publish(&mut self, frame: TrackFrame, received: MonoTime, audience: Audience) {
        let now = self.clock.mono();
        if let Some(highest) = frame.tracks.iter().map(|track| track.id).max() {
            let given = self.track_ids.give(highest);
            if given != Given::Yes {
                self.given = given;
            }
            if given == Given::Refused {
                return;
            }
        }
        self.objects.clear();
        let near_ms = self.used_sub().and_then(|sub| sub.near_ms(now));
        let decoded = self.decoded_size.filter(|_| near_ms.is_some()).unwrap_or(frame.size);
        let boxes = frame.tracks.iter().map(|track| track.bbox.scaled(frame.size, decoded));
        self.objects.extend(boxes);
        let (fps, frame_count) = {
            let mut analysis = self.health.analysis();
            if frame.detected {
                analysis.tracks.add(now.since_us(received) as f64);
            }
            (analysis.detected.per_second(now), analysis.detected.total())
        };
        let traced = frame.detected.then_some((frame.key, frame.tracks.len()));
        let published = Arc::new(Published {
            frame,
            received,
            fps,
            frame_count,
            near_ms,
            names: self.pool.names().cloned().unwrap_or_else(|| self.unknown.clone()),
            encoded: OnceLock::new(),
        });
        if audience != Audience::EveryFrame {
            self.tracks.publish(&published, Frames::Detected);
        }
        if audience != Audience::PerDetection {
            self.tracks.publish(&published, Frames::Every);
        }
        if let (Some(journeys), Some((key, tracks))) = (&mut self.journeys, traced) {
            journeys.published(key, tracks, now, || self.clock.mono());
        }
    }

    fn count(&mut self, counted: Counted) {
        if counted == Counted::Unchanged {
            self.pool.unchanged(self.context.camera());
        }
        let now = self.clock.mono();
        let mut analysis = self.health.analysis();
        match counted {
            Counted::Detected => analysis.detected.count(now),
            Counted::Unchanged => analysis.unchanged.count(now),
            Counted::Skipped => analysis.skipped.count(now),
        }
    }

    fn may_catch_up(&mut self) -> bool {
        self.pool.may_catch_up(self.context.camera())
    }

    fn caught_up(&mut self) {
        self.pool.caught_up(self.context.camera());
    }

    fn idles(&mut self, idling: Option<Idling>) {
        self.pool.dozes(self.context.camera(), idling == Some(Idling::KeyFrames));
        self.health.analysis().idle = idling.map(|idling| match idling {
            Idling::AllFrames => Idle::AllFrames,
            Idling::KeyFrames => Idle::KeyFrames,
        });
    }
}
