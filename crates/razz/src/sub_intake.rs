//! The second RTSP session of a camera whose sub-stream is detected on: dialled while it is wanted, with a
//! watchdog, pauses and numbers of its own. Nothing of it touches the main stream.

use std::pin::Pin;
use std::sync::Arc;

use razz_base::{CameraState, Decodable, MediaTime, MonoTime};
use razz_config as config;
use razz_hub::{Camera, SubStream};
use razz_ingest::{Certificates, Event, Intake, MediaTimes, Sink};
use razz_observe::clock::Clock;
use tokio::sync::watch;
use tracing::info;

use crate::state::CameraMarks;

/// The intake of a camera's sub-stream, until it is dropped.
pub(crate) struct SubIntake {
    _stop: watch::Sender<()>,
}

impl SubIntake {
    /// Of the sub-stream that the settings name, if they do.
    pub(crate) fn start(
        settings: &config::Camera,
        camera: &Camera,
        marks: &Arc<CameraMarks>,
        decodable: Decodable,
        clock: Clock,
    ) -> Option<Self> {
        let source = settings.sub.clone()?;
        let (stream, certificates) = (Arc::clone(&camera.sub), Arc::clone(marks));
        *stream.health() = Default::default();
        let (stop, gone) = watch::channel(());
        tokio::spawn(async move {
            let mut wanted = stream.wanted();
            loop {
                // An error cannot be: the sender lives as long as `stream`.
                let begins = async { wanted.wait_for(|wanted| *wanted).await.is_ok() };
                tokio::select! {
                    true = begins => {}
                    () = closed(gone.clone()) => return,
                    else => return,
                }
                info!(
                    camera = stream.context.camera().as_u32(),
                    run = stream.context.run(),
                    stream = "sub",
                    "the sub-stream is wanted"
                );
                let intake = Intake::new(
                    source.clone(),
                    stream.context.clone(),
                    Arc::new(SubSink { stream: Arc::clone(&stream), clock }),
                    Arc::new(OwnTimes(clock)),
                    Arc::clone(&certificates) as Arc<dyn Certificates>,
                    decodable,
                    clock,
                );
                let (mut wanted, gone) = (stream.wanted(), gone.clone());
                let enough = async move {
                    tokio::select! {
                        _ = wanted.wait_for(|wanted| !*wanted) => {}
                        () = closed(gone) => {}
                    }
                };
                intake.supervise(enough).await;
                rest(&stream);
            }
        });
        Some(Self { _stop: stop })
    }
}

/// Waits until the other end is dropped.
async fn closed(mut gone: watch::Receiver<()>) {
    while gone.changed().await.is_ok() {}
}

/// Nothing comes of it any more, and nobody minds.
fn rest(stream: &SubStream) {
    let mut health = stream.health();
    (health.state, health.error, health.format) = (CameraState::Connecting, None, None);
    health.advice.clear();
}

/// Publishes what the intake of a sub-stream brings.
struct SubSink {
    stream: Arc<SubStream>,
    clock: Clock,
}

impl Sink for SubSink {
    fn handle(&self, event: Event) {
        let mut health = self.stream.health();
        match event {
            Event::Unit(au) => {
                health.received.count(self.clock.mono());
                health.bytes += au.data.len() as u64;
                health.lost_packets += u64::from(au.lost_packets);
                health.format = Some(Arc::clone(&au.format));
                drop(health);
                self.stream.stream.publish(au);
            }
            Event::RunBegun => health.runs += 1,
            Event::RunEnded => {
                drop(health);
                self.stream.stream.end_run();
            }
            Event::SenderReport => health.sender_reports += 1,
            Event::Oddities(news) => {
                for (kind, count) in news {
                    *health.oddities.entry(kind).or_default() += count;
                }
            }
            Event::Refused { .. } => health.format = None,
            Event::State { state, error, advice, .. } => {
                health.state = state;
                if error.is_some() || state == CameraState::Online {
                    health.error = error;
                }
                health.advice = advice;
            }
            Event::Restarted => {}
        }
    }
}

/// A sub-stream's media time names nothing that anybody is told of.
struct OwnTimes(Clock);

impl MediaTimes for OwnTimes {
    fn start(&self) -> MediaTime {
        MediaTime::from_wall_us(self.0.wall_us())
    }

    fn issue(&self, _: MediaTime, _: MonoTime) -> bool {
        true
    }

    fn reserved(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}
