//! Where a camera's intake meets the hub: what ingest tells becomes units of a stream and numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use razz_base::CameraState;
use razz_hub::Camera;
use razz_ingest::{Event, Sink};
use razz_observe::clock::Clock;

/// Publishes what one intake brings, until it is closed.
pub(crate) struct CameraSink {
    camera: Arc<Camera>,
    clock: Clock,
    /// Another intake has taken over.
    closed: AtomicBool,
}

impl CameraSink {
    /// Of a camera's stream and numbers.
    pub(crate) fn new(camera: Arc<Camera>, clock: Clock) -> Arc<Self> {
        Arc::new(Self { camera, clock, closed: AtomicBool::new(false) })
    }

    /// What comes from now on is passed over.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }
}

impl Sink for CameraSink {
    fn handle(&self, event: Event) {
        if self.closed.load(Ordering::Acquire) {
            return;
        }
        let (stream, health) = (&self.camera.stream, &self.camera.health);
        match event {
            Event::Unit(au) => {
                let (now, bytes, lost) = (self.clock.mono(), au.data.len(), au.lost_packets);
                let format = Arc::clone(&au.format);
                stream.publish(au);
                let gop_frames = stream.gop_frames();
                let mut ingest = health.ingest();
                ingest.received.count(now);
                ingest.count_bytes(now, bytes);
                ingest.lost_packets += u64::from(lost);
                ingest.format = Some(format);
                ingest.gop_frames = gop_frames;
                ingest.refused_codec = None;
            }
            Event::RunBegun => health.ingest().runs += 1,
            Event::RunEnded => stream.end_run(),
            Event::SenderReport => health.ingest().sender_reports += 1,
            Event::Oddities(news) => health.ingest().count_oddities(news),
            Event::Refused { codec } => {
                let mut ingest = health.ingest();
                ingest.refused_codec = codec;
                ingest.format = None;
            }
            Event::State { state, changed, error, advice } => {
                let mut ingest = health.ingest();
                if changed || state != ingest.state {
                    ingest.since_us = self.clock.wall_us();
                }
                ingest.state = state;
                if error.is_some() {
                    ingest.last_error = error;
                }
                ingest.advice = advice;
            }
            Event::Restarted => health.count_restart(),
        }
    }
}

/// The camera has another address: what was known of the one before is forgotten.
pub(crate) fn begin_anew(camera: &Camera, clock: Clock) {
    camera.stream.end_run();
    let mut ingest = camera.health.ingest();
    ingest.state = CameraState::Connecting;
    ingest.since_us = clock.wall_us();
    ingest.last_error = None;
    ingest.advice = Vec::new();
    ingest.format = None;
    ingest.refused_codec = None;
    ingest.gop_frames = None;
    ingest.oddities.clear();
}
