//! A look at a camera before it is added: what it sends, a picture, and what to change on it.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use razz_base::{AccessUnit, CameraId, Decodable, MediaTime, MonoTime, StreamFormat, StreamId};
use razz_config::{self as config, Fingerprint, Source};
use razz_hub::health::{Health, Snapshot};
use razz_hub::{RunContext, Stream, lock};
use razz_observe::clock::Clock;

use crate::report::Recorder;
use crate::{Certificates, Event, Intake, MediaTimes, Sink};

/// How long a camera is looked at. A GOP of ten seconds is seen twice.
pub const LOOK: Duration = Duration::from_secs(22);

/// What is enough of a camera that behaves: two GOPs, and so many seconds for its rates.
const ENOUGH: Duration = Duration::from_secs(3);

/// The GOP that is kept to show a picture of, in bytes.
const RING_BYTES: usize = 1 << 25;

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// What went wrong, without credentials, if anything did.
    pub error: Option<String>,
    /// What to change on the camera or in its settings.
    pub advice: Vec<String>,
    /// What the video is; `None` where none came.
    pub format: Option<Arc<StreamFormat>>,
    /// The camera's numbers.
    pub health: Snapshot,
    /// The access units of the newest GOP, for a picture; empty where it is not whole.
    pub gop: Vec<AccessUnit>,
    /// The certificate that a camera reached over TLS shows.
    pub certificate: Option<Fingerprint>,
}

/// Counts what comes, and keeps the newest GOP.
struct Look {
    stream: Stream,
    health: Health,
    clock: Clock,
    last: Mutex<(Option<String>, Vec<String>)>,
}

impl Sink for Look {
    fn handle(&self, event: Event) {
        match event {
            Event::Unit(au) => {
                let now = self.clock.mono();
                {
                    let mut ingest = self.health.ingest();
                    ingest.received.count(now);
                    ingest.count_bytes(now, au.data.len());
                    ingest.lost_packets += u64::from(au.lost_packets);
                    ingest.format = Some(Arc::clone(&au.format));
                }
                self.stream.publish(au);
                self.health.ingest().gop_frames = self.stream.gop_frames();
            }
            Event::SenderReport => self.health.ingest().sender_reports += 1,
            Event::Oddities(news) => self.health.ingest().count_oddities(news),
            Event::Refused { codec } => self.health.ingest().refused_codec = codec,
            Event::State { error, advice, .. } => *lock(&self.last) = (error, advice),
            Event::RunBegun | Event::RunEnded | Event::Restarted => {}
        }
    }
}

/// The certificate that a camera shows while it is looked at. None is known before.
#[derive(Default)]
pub(crate) struct Shown(Mutex<Option<Fingerprint>>);

impl Certificates for Shown {
    fn pinned(&self, _host: &str) -> Option<Fingerprint> {
        None
    }

    fn pin(&self, _host: &str, certificate: Fingerprint) {
        *lock(&self.0) = Some(certificate);
    }
}

/// Media times of a look, which nobody sees: they begin at 0.
pub(crate) struct FromZero;

impl MediaTimes for FromZero {
    fn start(&self) -> MediaTime {
        MediaTime::from_90k(0)
    }

    fn issue(&self, _time: MediaTime, _now: MonoTime) -> bool {
        true
    }

    fn reserved(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

/// Looks at the camera at `source` for at most `longest`. A recorder writes down what is said.
pub async fn look(
    source: Source,
    longest: Duration,
    recorder: Option<Arc<Recorder>>,
    decodable: Decodable,
    clock: Clock,
) -> Found {
    // It is no camera of ours, so nobody sees this number.
    let id = CameraId::new(u32::MAX).expect("it is not 0");
    let look = Arc::new(Look {
        stream: Stream::new(StreamId::main(id), RING_BYTES),
        health: Health::new(clock.wall_us()),
        clock,
        last: Mutex::default(),
    });
    let sink = Arc::clone(&look) as Arc<dyn Sink>;
    let times = Arc::new(FromZero);
    let shown = Arc::new(Shown::default());
    let certificates = Arc::clone(&shown) as Arc<dyn Certificates>;
    let context = RunContext::new(id);
    let mut intake =
        Intake::new(source.clone(), context, sink, times, certificates, decodable, clock);
    Arc::get_mut(&mut intake).expect("nobody else has it yet").recorder = recorder;
    let begun = clock.mono();
    let enough = async {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let elapsed_us = clock.mono().since_us(begun);
            let ingest = look.health.ingest();
            // With B-frames it cannot be shown anyway.
            let reorders = ingest.format.as_ref().is_some_and(|format| format.reorders);
            let whole = ingest.gop_frames.is_some() || reorders;
            let reported = ingest.sender_reports > 0 || elapsed_us > 7_000_000;
            if elapsed_us > ENOUGH.as_micros() as i64 && whole && reported {
                return;
            }
        }
    };
    let problem = intake
        .try_once(async {
            let _ = tokio::time::timeout(longest, enough).await;
        })
        .await;
    let certificate = *lock(&shown.0);
    Found { certificate, ..found(&source, &look, problem) }
}

fn found(source: &Source, look: &Look, problem: Option<(String, Vec<String>)>) -> Found {
    let health = look.health.snapshot(look.clock.mono());
    let seen = health.received.total > 0;
    let (error, mut advice) = match problem {
        // Over before it was looked at long enough, but pictures came: that is how cameras end.
        Some((error, advice)) => (Some(error), advice),
        None if !seen => (Some(format!("{source}: no picture came")), Vec::new()),
        None => lock(&look.last).clone(),
    };
    if seen && !health.reorders() {
        let fps = health.received.per_second;
        let judged = Judged {
            gop_seconds: health.gop_frames.map(|frames| f64::from(frames) / fps.max(1.0)),
            sender_reports: health.sender_reports > 0,
            lost_packets: health.lost_packets,
            udp: source.transport == config::Transport::Udp,
            fps,
        };
        advice.extend(judged.advice());
    }
    let gop = look.stream.replay().unwrap_or_default();
    let gop = gop.into_iter().map(|unit| unit.au.clone()).collect();
    Found { error, advice, format: health.format.clone(), health, gop, certificate: None }
}

/// What a camera that sends pictures is judged by.
struct Judged {
    gop_seconds: Option<f64>,
    sender_reports: bool,
    lost_packets: u64,
    udp: bool,
    fps: f64,
}

impl Judged {
    fn advice(&self) -> Vec<String> {
        let mut advice = Vec::new();
        match self.gop_seconds {
            Some(seconds) if seconds > 4.5 => advice.push(format!(
                "An IDR comes every {seconds:.0} s. Set the camera's I-frame interval (\"GOP\") to 1 \
                 or 2 s: after packets are lost, viewers and detection wait for the next one."
            )),
            Some(_) => {}
            None => advice.push(
                "No second IDR came. Set the camera's I-frame interval (\"GOP\") to 1 or 2 s: new \
                 viewers start at an IDR."
                    .to_owned(),
            ),
        }
        if !self.sender_reports {
            advice.push(
                "The camera sends no RTCP sender reports. razz goes by the time of arrival; turn on \
                 NTP on the camera for its own time."
                    .to_owned(),
            );
        }
        if self.lost_packets > 0 {
            advice.push(match self.udp {
                true => format!(
                    "{} packets were lost. Set transport = \"tcp\" for this camera.",
                    self.lost_packets
                ),
                false => format!(
                    "{} packets were lost over TCP: the camera drops them before sending. Lower its \
                     bitrate or frame rate.",
                    self.lost_packets
                ),
            });
        }
        if self.fps > 0.0 && self.fps < 8.0 {
            advice.push(format!(
                "Only {:.1} frames a second. Raise the camera's frame rate to 15 or more for smooth \
                 video.",
                self.fps
            ));
        }
        advice
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_what_to_change() {
        let good = || Judged {
            gop_seconds: Some(2.0),
            sender_reports: true,
            lost_packets: 0,
            udp: false,
            fps: 25.0,
        };
        for (judged, says) in [
            (good(), &[][..]),
            (Judged { gop_seconds: Some(10.0), ..good() }, &["every 10 s"]),
            (Judged { gop_seconds: None, ..good() }, &["No second IDR"]),
            (Judged { sender_reports: false, ..good() }, &["sender reports"]),
            (Judged { lost_packets: 7, udp: true, ..good() }, &["transport = \"tcp\""]),
            (Judged { lost_packets: 7, ..good() }, &["Lower its bitrate"]),
            (Judged { fps: 5.0, sender_reports: false, ..good() }, &["sender", "5.0 frames"]),
        ] {
            let advice = judged.advice();
            assert_eq!(advice.len(), says.len(), "{advice:?}");
            for (one, says) in advice.iter().zip(says) {
                assert!(one.contains(says), "{one}");
            }
        }
    }
}
