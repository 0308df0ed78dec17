//! One run: an RTSP session from DESCRIBE to its end, and the access units it brings.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use razz_base::{AccessUnit, Codec, FrameKey, RunId};
use razz_media::timeline::{Timeline, WallClock};
use retina::client::{
    Credentials, Demuxed, Described, PlayOptions, Session, SessionOptions, SetupOptions,
};
use retina::client::{TcpTransportOptions, Transport, UdpTransportOptions};
use retina::codec::{CodecItem, FrameFormat, VideoFrame};
use tokio::time::timeout;
use tracing::{debug, info};

use super::address::{self, Unusable};
use super::pictures::Pictures;
use super::{Event, Intake};
use razz_base::CameraState;
use razz_config::{self as config, Source};

/// How long a camera may take to answer one request.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Without an access unit for so long the run is given up.
const STALLED_AFTER: Duration = Duration::from_secs(5);

const H264_B_FRAMES: &str = "Set the camera's H.264 profile to Baseline, or its B-frame count (\"GOP \
                             structure\") to 0: WebRTC cannot show B-frames.";
const H265_B_FRAMES: &str = "Set the camera's B-frame count (\"GOP structure\") to 0, or its video codec \
                             to H.264 without B-frames: WebRTC cannot show B-frames.";
const H265_ADVICE: &str = "It sends H.265. Set the camera to H.264, or use a browser that plays H.265 over \
                           WebRTC; no detection for H.265, since razz decodes H.264 only.";

/// Why a run ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// No connection, or no answer to the first request.
    Unreachable(String),
    /// The camera is where razz does not connect to.
    Forbidden(String),
    /// 401 or 403.
    Unauthorized { had_credentials: bool },
    /// No media of a kind that razz can take.
    Unsupported { codecs: Vec<String> },
    /// The camera answered with an error, or something that is not RTSP.
    Refused(String),
    /// Connected, but nothing came.
    Stalled,
    /// The session broke off, or its packets made no sense any more.
    Lost(String),
    /// The camera ended the session.
    Closed,
}

impl Ended {
    /// The state the camera is in now, what to tell, and what to change on the camera.
    pub(super) fn describe(&self, source: &Source) -> (CameraState, String, Vec<String>) {
        let url = source; // shows itself without credentials
        match self {
            Self::Unreachable(why) => (
                CameraState::Offline,
                format!("{url}: cannot be reached: {why}"),
                vec![
                    "Check the camera's power and network, and the host and port of its URL."
                        .into(),
                ],
            ),
            Self::Forbidden(why) => (
                CameraState::Offline,
                format!("{url}: {why}"),
                vec![
                    "Give the camera's own address. If it really is there, add its network to \
                     `camera_networks` in [access]."
                        .into(),
                ],
            ),
            Self::Unauthorized { had_credentials: true } => (
                CameraState::Offline,
                format!("{url}: the camera refuses the user name or password"),
                vec!["Correct `username` and `password` of this camera, or its URL's.".into()],
            ),
            Self::Unauthorized { had_credentials: false } => (
                CameraState::Offline,
                format!("{url}: the camera asks for a user name and password"),
                vec![
                    "Give this camera `username` and `password`, or put them into its URL.".into(),
                ],
            ),
            Self::Unsupported { codecs } if codecs.is_empty() => (
                CameraState::Unsupported,
                format!("{url}: offers no video"),
                vec!["Check the path of the URL; turn video on in the camera's settings.".into()],
            ),
            Self::Unsupported { codecs } => (
                CameraState::Unsupported,
                format!("{url}: sends {}, which browsers cannot be given", codecs.join(" and ")),
                vec![
                    "Set the camera's video codec (\"encoding\", \"video compression\") to H.264."
                        .into(),
                ],
            ),
            Self::Refused(why) => (
                CameraState::Offline,
                format!("{url}: {why}"),
                vec!["Check the path of the URL; `ffprobe` shows what the camera answers.".into()],
            ),
            Self::Stalled => (
                CameraState::Stalled,
                format!("{url}: nothing for {} seconds", STALLED_AFTER.as_secs()),
                Vec::new(),
            ),
            Self::Lost(why) => (CameraState::Connecting, format!("{url}: {why}"), Vec::new()),
            Self::Closed => (
                CameraState::Connecting,
                format!("{url}: the camera ended the session"),
                Vec::new(),
            ),
        }
    }
}

/// How a run went.
pub(super) struct Outcome {
    pub(super) ended: Ended,
    /// Access units that it brought.
    pub(super) frames: u64,
}

/// Awaits what the RTSP libraries do. They assert here and there that a camera makes sense, and one
/// that does not is no reason to panic.
async fn catching<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.map_err(|_| "what it sends makes no sense as RTSP".to_owned())
}

/// One run.
pub(super) struct Run<'a> {
    intake: &'a Intake,
    id: RunId,
    wall: WallClock,
    pictures: Pictures,
    frames: u64,
    /// Packets lost before the access unit to come.
    lost: u32,
}

impl<'a> Run<'a> {
    pub(super) fn new(intake: &'a Intake, id: RunId) -> Self {
        Self {
            intake,
            id,
            wall: WallClock::new(),
            pictures: Pictures::new(Codec::H264),
            frames: 0,
            lost: 0,
        }
    }

    /// Dials, and passes access units on until the run ends.
    pub(super) async fn follow(mut self, timeline: &mut Option<Timeline>) -> Outcome {
        let ended = match catching(self.open()).await {
            Ok(Ok(session)) => self.read(session, timeline).await,
            Ok(Err(ended)) => ended,
            Err(why) => Ended::Refused(why),
        };
        Outcome { ended, frames: self.frames }
    }

    async fn open(&mut self) -> Result<Demuxed, Ended> {
        let source = &self.intake.source;
        let credentials = source.credentials.as_ref().map(|c| Credentials {
            username: c.username.clone(),
            password: c.password.reveal().to_owned(),
        });
        let had_credentials = credentials.is_some();
        let refused = |error: retina::Error| match error.status_code() {
            Some(401 | 403) => Ended::Unauthorized { had_credentials },
            _ => Ended::Refused(first_line(&error)),
        };

        let options = || {
            SessionOptions::default()
                .creds(credentials.clone())
                .user_agent(concat!("razz/", env!("CARGO_PKG_VERSION")).to_owned())
        };
        let mut session = match timeout(ANSWER_WITHIN, describe(source, options)).await {
            Err(_) => {
                let why = format!("no answer within {} seconds", ANSWER_WITHIN.as_secs());
                return Err(Ended::Unreachable(why));
            }
            Ok(Err(DescribeError::Unusable(error @ Unusable::Forbidden(_)))) => {
                return Err(Ended::Forbidden(error.to_string()));
            }
            Ok(Err(DescribeError::Unusable(error))) => {
                return Err(Ended::Unreachable(error.to_string()));
            }
            Ok(Err(DescribeError::Rtsp(error))) if cannot_connect(&error) => {
                return Err(Ended::Unreachable(first_line(&error)));
            }
            Ok(Err(DescribeError::Rtsp(error))) => return Err(refused(error)),
            Ok(Ok(session)) => session,
        };

        let videos = || session.streams().iter().filter(|media| media.media() == "video");
        // Of two, the one that every browser plays and that is searched for objects.
        let taken =
            [("h264", Codec::H264), ("h265", Codec::H265)].into_iter().find_map(|(name, codec)| {
                let is_it = |media: &retina::client::Stream| {
                    media.media() == "video" && media.encoding_name() == name
                };
                session.streams().iter().position(is_it).map(|index| (index, codec))
            });
        let Some((index, codec)) = taken else {
            let codecs: Vec<String> =
                videos().map(|media| codec_name(media.encoding_name())).collect();
            let codec = codecs.first().cloned();
            self.intake.reporter.send(Event::Refused { codec });
            return Err(Ended::Unsupported { codecs });
        };
        self.pictures = Pictures::new(codec);
        let transport = match source.transport {
            config::Transport::Tcp => Transport::Tcp(TcpTransportOptions::default()),
            config::Transport::Udp => Transport::Udp(UdpTransportOptions::default()),
        };
        let options =
            SetupOptions::default().transport(transport).frame_format(FrameFormat::SIMPLE);
        let play = async {
            session.setup(index, options).await?;
            session.play(PlayOptions::default()).await?.demuxed()
        };
        match timeout(ANSWER_WITHIN, play).await {
            Err(_) => Err(Ended::Refused("the camera did not answer SETUP or PLAY".to_owned())),
            Ok(answer) => answer.map_err(refused),
        }
    }

    async fn read(&mut self, mut session: Demuxed, timeline: &mut Option<Timeline>) -> Ended {
        let mut deadline = self.intake.clock.mono().plus_us(STALLED_AFTER.as_micros() as i64);
        let mut frames = self.frames;
        loop {
            if frames != self.frames {
                frames = self.frames;
                deadline = self.intake.clock.mono().plus_us(STALLED_AFTER.as_micros() as i64);
            }
            let next = timeout(self.intake.clock.mono().until(deadline), session.next());
            let next = match catching(next).await {
                Ok(next) => next,
                Err(why) => return Ended::Lost(why),
            };
            match next {
                Err(_) => return Ended::Stalled,
                Ok(None) => return Ended::Closed,
                Ok(Some(Err(error))) => return Ended::Lost(first_line(&error)),
                Ok(Some(Ok(CodecItem::VideoFrame(frame)))) => self.handle_frame(frame, timeline),
                Ok(Some(Ok(CodecItem::Rtcp(packets)))) => self.handle_rtcp(&packets),
                Ok(Some(Ok(_))) => {}
            }
        }
    }

    fn handle_frame(&mut self, frame: VideoFrame, timeline: &mut Option<Timeline>) {
        let received = self.intake.clock.mono();
        let arrival_us = self.intake.clock.wall_us();
        let rtp = frame.timestamp().timestamp();
        self.lost = self.lost.saturating_add(u32::from(frame.loss()));
        let data = Bytes::from(frame.into_data());
        let key = self.pictures.read(&data);
        let Some(format) = self.pictures.format() else {
            debug!("access unit before the first SPS");
            return;
        };
        let times = &self.intake.times;
        let timeline = timeline.get_or_insert_with(|| Timeline::new(times.start()));
        timeline.set_reordering(self.pictures.may_reorder());
        let placed = timeline.place(rtp, received);
        if placed.jumped {
            // What sender reports said of the timestamps before the jump holds no more.
            self.wall = WallClock::new();
            info!(to = %placed.time, "the camera's timestamps jumped; media time goes on");
        }
        if !times.issue(placed.time, received) {
            // Another intake has this camera's number, and might give a frame the same time.
            return;
        }
        let au = AccessUnit {
            key: FrameKey { camera: self.intake.context.camera(), time: placed.time },
            run: self.id,
            format: Arc::clone(format),
            data,
            idr: key,
            lost_packets: std::mem::take(&mut self.lost),
            wall: self.wall.frame(rtp, arrival_us),
            received,
        };
        if self.frames == 0 {
            self.intake.reporter.send(Event::RunBegun);
        }
        self.intake.reporter.send(Event::Unit(au));
        self.frames += 1;
        self.report_state();
    }

    fn report_state(&self) {
        let source = &self.intake.source;
        let (state, error, advice) = match (self.pictures.reorders(), self.pictures.codec()) {
            (true, codec) => {
                let error = format!("{source}: sends B-frames, which WebRTC cannot show");
                let advice = match codec {
                    Codec::H264 => H264_B_FRAMES,
                    Codec::H265 => H265_B_FRAMES,
                };
                (CameraState::Unsupported, Some(error), vec![advice.to_owned()])
            }
            (false, Codec::H264) => (CameraState::Online, None, Vec::new()),
            (false, Codec::H265) => (CameraState::Online, None, vec![H265_ADVICE.to_owned()]),
        };
        if self.intake.reporter.known() != state {
            self.intake.reporter.state(state, error, advice);
        }
    }

    fn handle_rtcp(&mut self, packets: &retina::rtcp::ReceivedCompoundPacket) {
        let Some(rtp) = packets.rtp_timestamp() else { return };
        for packet in packets.pkts() {
            if let Ok(Some(report)) = packet.as_sender_report() {
                let ntp_us = unix_us(report.ntp_timestamp());
                self.wall.sender_report(rtp.timestamp(), ntp_us, self.intake.clock.wall_us());
                self.intake.reporter.send(Event::SenderReport);
            }
        }
    }
}

/// NTP time (RFC 3550 section 4: seconds since 1900, and 2^-32 of them) as UTC µs since 1970.
fn unix_us(ntp: retina::NtpTimestamp) -> i64 {
    let since_1970 = ntp.0.wrapping_sub(retina::UNIX_EPOCH.0);
    let seconds = (since_1970 >> 32) as i64;
    let fraction = ((since_1970 & 0xffff_ffff) * 1_000_000) >> 32;
    seconds * 1_000_000 + fraction as i64
}

fn codec_name(encoding: &str) -> String {
    match encoding {
        "jpeg" => "MJPEG".to_owned(),
        "mp4v-es" => "MPEG-4".to_owned(),
        other => other.to_uppercase(),
    }
}

/// Why there is no session.
enum DescribeError {
    Unusable(Unusable),
    Rtsp(retina::Error),
}

/// Connects to the first of the camera's addresses that takes the connection, and asks what it has.
/// The request names that address instead of the host name, since the library would look the name up
/// once more.
async fn describe(
    source: &Source,
    options: impl Fn() -> SessionOptions,
) -> Result<Session<Described>, DescribeError> {
    let addresses = address::of(source).await.map_err(DescribeError::Unusable)?;
    let mut addresses = addresses.into_iter().peekable();
    loop {
        let here = addresses.next().expect("there is at least one, and the last one returns");
        match Session::describe(address::at(&source.url, here), options()).await {
            Ok(session) => return Ok(session),
            Err(error) if addresses.peek().is_some() && cannot_connect(&error) => {}
            Err(error) => return Err(DescribeError::Rtsp(error)),
        }
    }
}

fn cannot_connect(error: &retina::Error) -> bool {
    first_line(error).starts_with("Unable to connect")
}

/// The library's errors go on with the connection's addresses and hex dumps.
fn first_line(error: &retina::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
