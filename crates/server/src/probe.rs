//! A look at a camera before it is added: what it sends, a picture, and what to change on it.

use std::sync::Arc;
use std::time::Duration;

use razz_base::CameraId;

use crate::camera::{Analysis, Camera, Pool, UnitSink};
use crate::ingest;
use crate::wire;
use razz_config::{self as config, Source};
use razz_observe::clock::Clock;
use razz_observe::telemetry::Telemetry;

/// How long a camera is looked at. A GOP of ten seconds is seen twice.
pub(crate) const LOOK: Duration = Duration::from_secs(22);

/// What is enough of a camera that behaves: two GOPs, and so many seconds for its rates.
const ENOUGH: Duration = Duration::from_secs(3);

const PICTURE_QUALITY: u8 = 80;

/// Looks at the camera at `source` for at most `longest`; it is touched by nothing else here.
pub(crate) async fn look(source: Source, longest: Duration, clock: Clock) -> wire::CameraProbe {
    let settings = config::Camera {
        // Of no camera: nobody counts so far.
        id: CameraId::new(u32::MAX).expect("it is not 0"),
        name: "Look".to_owned(),
        source,
        detect_fps: razz_base::DetectRate::Off,
    };
    let tracker = config::Tracker {
        kind: config::TrackerKind::ByteTrack,
        embedder: config::EmbedderChoice::Builtin,
        publish_lost_ms: 0,
    };
    let pool = Pool::start(String::new(), None, 1, clock);
    let telemetry = Telemetry::default();
    let analysis = Analysis { tracker, idle: false, pool, telemetry };
    let camera = Camera::start(settings, 1 << 25, analysis, UnitSink::nowhere(), clock);
    let begun = clock.mono();
    let enough = async {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let elapsed_us = clock.mono().since_us(begun);
            // Of B-frames GOPs are not counted.
            let whole = camera.status().gop_frames.is_some() || camera.status().b_frames;
            let told = camera.status().sender_reports > 0 || elapsed_us > 7_000_000;
            if elapsed_us > ENOUGH.as_micros() as i64 && whole && told {
                return;
            }
        }
    };
    let problem = ingest::try_once(&camera, clock, async {
        let _ = tokio::time::timeout(longest, enough).await;
    })
    .await;
    let decoded = Arc::clone(&camera);
    let picture = tokio::task::spawn_blocking(move || {
        razz_vision::encode_jpeg(&decoded.decode_ring()?, PICTURE_QUALITY).ok()
    });
    let picture = picture.await.ok().flatten();
    camera.stop();
    probe(&camera, clock, problem, picture)
}

fn probe(
    camera: &Camera,
    clock: Clock,
    problem: Option<(String, Vec<String>)>,
    picture: Option<Vec<u8>>,
) -> wire::CameraProbe {
    let now = clock.mono();
    let mut status = camera.status();
    let seen = status.received.total() > 0;
    let (error, mut advice) = match problem {
        // Over before it was looked at long enough, but pictures came: that is how cameras end.
        Some((error, advice)) => (Some(error), advice),
        None if !seen => (Some(format!("{}: no picture came", camera.source)), Vec::new()),
        None => (status.last_error.clone(), status.advice.clone()),
    };
    let fps = status.received.per_second(now);
    if seen && !status.b_frames {
        let judged = Judged {
            gop_seconds: status.gop_frames.map(|frames| f64::from(frames) / fps.max(1.0)),
            sender_reports: status.sender_reports > 0,
            lost_packets: status.lost_packets,
            udp: camera.source.transport == config::Transport::Udp,
            fps,
        };
        advice.extend(judged.advice());
    }
    wire::CameraProbe {
        ok: error.is_none(),
        error,
        url: camera.source.to_string(),
        codec: status.codec.clone(),
        profile: status.profile.clone(),
        size: status.size.map(|size| [size.width, size.height]),
        fps: seen.then_some(fps),
        gop_frames: status.gop_frames,
        b_frames: seen.then_some(status.b_frames),
        sender_reports: seen.then_some(status.sender_reports > 0),
        bitrate_kbps: seen.then(|| (status.bitrate(now) / 1e3).round() as u32),
        lost_packets: status.lost_packets,
        advice,
        picture,
    }
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
