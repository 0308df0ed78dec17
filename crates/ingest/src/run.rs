//! One run: an RTSP session from DESCRIBE to its end, and the access units it brings.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraState, Codec, FrameKey, MonoTime, RunId, Size, StreamKind, Transport, ntp,
};
use razz_config::Source;
use razz_media::rtp::receive::{self, Received, Receiver};
use razz_media::timeline::{Fit, Timeline, WallClock};
use razz_rtsp::{
    Challenge, Credentials, Description, Event as Session, Format, KeepAlive, PacketKind, Settings,
};
use tracing::{debug, info};

use super::address::{self, Unusable};
use super::connection::{DialError, Dialer};
use super::dialogue::{Dialogue, Incoming};
use super::ended::Ended;
use super::known::{Audio, Known};
use super::pictures::Pictures;
use super::{Event, Intake, STALLED_AFTER};

/// So often a camera may refer to another address (RFC 7231 section 6.4 speaks of five).
const MAX_REDIRECTS: usize = 5;
/// How often what a camera does wrong is told.
const COUNTS_EVERY_US: i64 = 1_000_000;

const H264_B_FRAMES: &str = "Set the camera's H.264 profile to Baseline, or its B-frame count (\"GOP \
                             structure\") to 0";
const H265_B_FRAMES: &str = "Set the camera's B-frame count (\"GOP structure\") to 0, or its video codec \
                             to H.264 without B-frames";
/// What to do about a camera that sends MJPEG.
const MJPEG: &str = "Set the camera's video codec to H.264 without B-frames, or give razz the address of \
                     its H.264 stream";
const INTERLACED: &str = "Set the camera to progressive (\"scan mode\", \"deinterlacing\")";
const SAMPLES: &str = "Set the camera to 8 bits and 4:2:0 (profile Baseline, Main or High)";
const H265_ADVICE: &str = "It sends H.265, which only some browsers play over WebRTC. For the others razz \
                           encodes its pictures anew while they watch; set the camera to H.264 to save that.";
const NO_KEY_FRAMES: &str = "It sends no key frames (IDR), only intra refresh. Set its I-frame interval \
                             (\"GOP\") to 1 or 2 s and turn intra refresh off: viewers and detection start \
                             where the picture has been refreshed, and some browsers not at all.";

/// What to do about a camera that sends `what`.
fn cure(what: &str, codec: Codec) -> &'static str {
    match (what, codec) {
        (_, Codec::Mjpeg) => MJPEG,
        ("B-frames", Codec::H264) => H264_B_FRAMES,
        ("B-frames", Codec::H265) => H265_B_FRAMES,
        ("interlaced pictures", _) => INTERLACED,
        _ => SAMPLES,
    }
}

/// How a run went.
pub(super) struct Outcome {
    pub(super) ended: Ended,
    /// Access units that it brought.
    pub(super) frames: u64,
}

/// One run.
pub(super) struct Run<'a> {
    intake: &'a Intake,
    id: RunId,
    known: &'a mut Known,
    wall: WallClock,
    pictures: Pictures,
    frames: u64,
    told: BTreeMap<&'static str, u64>,
    counts_due: MonoTime,
    /// Of the session at hand.
    audio: Audio,
    /// The codec that packets turn out to have, where the camera says another one.
    claims: Option<Codec>,
}

impl<'a> Run<'a> {
    /// With what runs before this one have found out.
    pub(super) fn new(intake: &'a Intake, id: RunId, known: &'a mut Known) -> Self {
        let now = intake.clock.mono();
        Self {
            intake,
            id,
            known,
            wall: WallClock::new(),
            pictures: Pictures::new(Codec::H264),
            frames: 0,
            told: BTreeMap::new(),
            counts_due: now,
            audio: Audio::Absent,
            claims: None,
        }
    }

    /// Dials, and passes access units on until the run ends.
    pub(super) async fn follow(mut self, timeline: &mut Option<Timeline>) -> Outcome {
        let first = self.known.take_next();
        let mut source = first.unwrap_or_else(|| self.intake.source.clone());
        let mut redirects = 0;
        loop {
            let (mut ended, blamed) = self.session(&source, timeline).await;
            blamed.into_iter().for_each(|kind| self.known.avoid(kind));
            if self.frames == 0 {
                self.known.handle_no_picture(&ended, self.audio);
            }
            if let Ended::Redirected { to } = &ended {
                redirects += 1;
                match source.redirected(to) {
                    Err(error) => {
                        let to = razz_config::redact::text(to).into_owned();
                        ended = Ended::Refused(format!("the camera refers to {to}: {error}"));
                    }
                    // What it sent was a run; what it sends there is the next.
                    Ok(there) if self.frames > 0 => self.known.go_on_at(there),
                    Ok(_) if redirects > MAX_REDIRECTS => {
                        ended = Ended::Refused(format!(
                            "the camera refers from one address to the next, {redirects} times"
                        ));
                    }
                    Ok(there) => {
                        info!("the camera refers to {there}");
                        source = there;
                        continue;
                    }
                }
            }
            return Outcome { ended, frames: self.frames };
        }
    }

    /// One session, and a keep-alive that is to blame for its end.
    async fn session(
        &mut self,
        source: &Source,
        timeline: &mut Option<Timeline>,
    ) -> (Ended, Option<KeepAlive>) {
        let mut dialogue = match self.dial(source, None).await {
            Ok(dialogue) => dialogue,
            Err(ended) => return (ended, None),
        };
        let mut opened = self.open(source, &mut dialogue).await;
        if let (Err(Ended::Refused(_)), Some(challenge)) = (&opened, dialogue.hung_up_on()) {
            // It asked for a proof and closed the connection: it takes it over a new one.
            dialogue = match self.dial(source, Some(challenge)).await {
                Ok(dialogue) => dialogue,
                Err(ended) => return (ended, None),
            };
            opened = self.open(source, &mut dialogue).await;
        }
        let ended = match opened {
            Ok(receiver) => self.read(&mut dialogue, receiver, timeline).await,
            Err(ended) => ended,
        };
        let suspect = dialogue.client().suspected_keep_alive(self.intake.clock.mono());
        let broke = matches!(ended, Ended::Closed | Ended::Lost(_)) && self.frames > 0;
        (ended, suspect.filter(|_| broke))
    }

    /// Connects to the first of the camera's addresses that takes the connection.
    async fn dial(&self, source: &Source, challenge: Option<Challenge>) -> Result<Dialogue, Ended> {
        let addresses = address::of(source).await.map_err(|error| match error {
            Unusable::Forbidden(_) => Ended::Forbidden(error.to_string()),
            Unusable::Unknown(..) | Unusable::Zone(_) => Ended::Unreachable(error.to_string()),
        })?;
        let credentials = source.credentials.as_ref().map(|credentials| Credentials {
            username: credentials.username.clone(),
            password: credentials.password.reveal().to_owned(),
        });
        let settings = Settings {
            credentials,
            seed: rand::random(),
            challenge,
            ..Settings::new(source.url.as_str())
        };
        let settings = self.known.apply(settings);
        let mut failure = String::new();
        for address in addresses {
            let certificates = Arc::clone(&self.intake.certificates);
            let dialer = Dialer { source: source.clone(), address, certificates };
            match dialer.connect(&settings).await {
                Ok(connection) => {
                    let recorder = self.intake.recorder.clone();
                    return Ok(Dialogue::new(connection, settings, recorder, self.intake.clock));
                }
                // Another of its addresses may answer.
                Err(DialError::Unreachable(why)) => failure = why,
                Err(error) => return Err(error.into()),
            }
        }
        Err(Ended::Unreachable(failure))
    }

    /// From the first request to PLAY.
    async fn open(&mut self, source: &Source, dialogue: &mut Dialogue) -> Result<Receiver, Ended> {
        // Each session counts for itself.
        self.told.clear();
        self.audio = Audio::Absent;
        let opened = self.open_on(source, dialogue).await;
        self.known.handle_opening(dialogue.client().next_begins_with_options());
        opened
    }

    async fn open_on(
        &mut self,
        source: &Source,
        dialogue: &mut Dialogue,
    ) -> Result<Receiver, Ended> {
        let mut receiver = None;
        let mut refused = false;
        // The audio that is to be set up once the video is.
        let mut audio = None;
        loop {
            // The client gives up by itself when an answer does not come.
            let deadline = self.intake.clock.mono().plus_us(i64::from(u32::MAX));
            let event = match dialogue.next(deadline).await {
                Incoming::Event(event) => event,
                Incoming::Packet(kind, data) => {
                    // Media may be here before the answer to PLAY is.
                    if let Some(receiver) = &mut receiver {
                        self.handle_packet(receiver, kind, data);
                    }
                    continue;
                }
                Incoming::Time => continue,
                Incoming::Closed => {
                    return Err(Ended::Refused("the camera closed the connection".to_owned()));
                }
                Incoming::Broken(why) => return Err(Ended::Refused(why)),
            };
            match event {
                Session::Described(description) => {
                    let (media, format, codec) = self.choose(&description)?;
                    self.pictures = Pictures::new(codec);
                    let size = description.media[media].picture_size;
                    let size = size.map(|(width, height)| Size::new(width, height));
                    let made = receiver.insert(receiver_of(format, codec, size));
                    if self.known.distrusts_markers() {
                        made.distrust_markers();
                    }
                    audio = description.media.iter().position(|media| media.kind == "audio");
                    if audio.is_some() {
                        self.audio = Audio::Offered;
                    }
                    audio = audio.filter(|_| self.known.set_up_audio());
                    self.set_up(dialogue, media, source.transport).await?;
                }
                // The video may come without it.
                Session::TransportRefused { media } if dialogue.is_audio(media) => {
                    dialogue.play();
                }
                // What is encrypted or carried by HTTP comes that way or not at all.
                Session::TransportRefused { .. }
                    if source.is_tls() || source.transport == Transport::Http =>
                {
                    let why = "the camera does not send its video over the RTSP connection, which is the \
                               only way with rtsps:// and with transport = \"http\"";
                    return Err(Ended::Refused(why.to_owned()));
                }
                Session::TransportRefused { media } if !refused => {
                    refused = true;
                    let other = match source.transport {
                        Transport::Tcp | Transport::Http => Transport::Udp,
                        Transport::Udp => Transport::Tcp,
                    };
                    info!(
                        ?other,
                        "the camera does not send as it was asked to; it is asked for another way"
                    );
                    self.set_up(dialogue, media, other).await?;
                }
                Session::TransportRefused { .. } => {
                    let why = "the camera sends neither over the RTSP connection nor over UDP";
                    return Err(Ended::Refused(why.to_owned()));
                }
                Session::SetUp { media, transport } => {
                    dialogue.handle_set_up(media, transport).await;
                    match audio.take() {
                        Some(audio) => {
                            info!(
                                "nothing came before; the camera's audio is set up too, and dropped"
                            );
                            self.audio = Audio::SetUp;
                            let set_up = dialogue.set_up_audio(audio).await;
                            set_up.map_err(no_ports)?;
                        }
                        None => dialogue.play(),
                    }
                }
                Session::Playing => {
                    let without =
                        || Ended::Refused("the camera plays what it never described".into());
                    return receiver.ok_or_else(without);
                }
                Session::Announced(_) => {}
                Session::Ended(end) => return Err(end.into()),
            }
        }
    }

    async fn set_up(
        &self,
        dialogue: &mut Dialogue,
        media: usize,
        transport: Transport,
    ) -> Result<(), Ended> {
        match transport {
            Transport::Tcp | Transport::Http => {
                dialogue.set_up_tcp(media);
                Ok(())
            }
            Transport::Udp => dialogue.set_up_udp(media).await.map_err(no_ports),
        }
    }

    /// Of several videos, the one that most browsers play.
    fn choose<'d>(
        &self,
        description: &'d Description,
    ) -> Result<(usize, &'d Format, Codec), Ended> {
        let videos = || {
            let media = description.media.iter().enumerate();
            media
                .filter(|(_, media)| media.kind == "video" && !media.is_srtp)
                .flat_map(|(index, media)| media.formats.iter().map(move |format| (index, format)))
        };
        let codecs = [
            ("h264", Codec::H264),
            ("h265", Codec::H265),
            ("hevc", Codec::H265),
            ("jpeg", Codec::Mjpeg),
        ];
        let taken = codecs.into_iter().find_map(|(name, codec)| {
            let (index, format) = videos().find(|(_, format)| format.encoding == name)?;
            Some((index, format, codec))
        });
        taken.ok_or_else(|| {
            let is_srtp =
                description.media.iter().any(|media| media.kind == "video" && media.is_srtp);
            if is_srtp && videos().next().is_none() {
                return Ended::Encrypted;
            }
            let codecs: Vec<String> = videos().map(|(_, format)| codec_name(format)).collect();
            self.intake.reporter.send(Event::Refused { codec: codecs.first().cloned() });
            Ended::Unsupported { codecs }
        })
    }

    /// Until the session ends: its packets become access units, and what is odd is told.
    async fn read(
        &mut self,
        dialogue: &mut Dialogue,
        mut receiver: Receiver,
        timeline: &mut Option<Timeline>,
    ) -> Ended {
        let ended = self.read_on(dialogue, &mut receiver, timeline).await;
        // What was received before the end is passed on too.
        receiver.handle_timeout(self.intake.clock.mono().plus_us(i64::from(i32::MAX)));
        self.take(&mut receiver, timeline);
        self.tell_counts(dialogue, &receiver);
        if self.frames > 0 {
            self.known.handle_markers(receiver.distrusts_markers());
        }
        ended
    }

    async fn read_on(
        &mut self,
        dialogue: &mut Dialogue,
        receiver: &mut Receiver,
        timeline: &mut Option<Timeline>,
    ) -> Ended {
        let clock = self.intake.clock;
        let mut stalled = clock.mono().plus_us(STALLED_AFTER.as_micros() as i64);
        let (mut frames, mut packets) = (self.frames, 0u64);
        loop {
            self.take(receiver, timeline);
            if frames != self.frames {
                (frames, packets) = (self.frames, 0);
                stalled = clock.mono().plus_us(STALLED_AFTER.as_micros() as i64);
            }
            let deadline = receiver.deadline().map_or(stalled, |due| due.min(stalled));
            let incoming = dialogue.next(deadline).await;
            let now = clock.mono();
            match incoming {
                Incoming::Packet(kind, data) => {
                    // Reports go on where no media do.
                    packets += u64::from(kind == PacketKind::Rtp);
                    self.handle_packet(receiver, kind, data);
                }
                Incoming::Closed => return Ended::Closed,
                Incoming::Broken(why) => return Ended::Lost(why),
                Incoming::Event(Session::Ended(end)) => return end.into(),
                Incoming::Event(_) | Incoming::Time => {}
            }
            if receiver.deadline().is_some_and(|due| due <= now) {
                receiver.handle_timeout(now);
            }
            if now >= stalled {
                return match packets {
                    0 => Ended::Stalled,
                    _ => Ended::Unreadable(in_words(oddities(dialogue, receiver))),
                };
            }
            if now >= self.counts_due {
                self.counts_due = now.plus_us(COUNTS_EVERY_US);
                self.tell_counts(dialogue, receiver);
            }
        }
    }

    fn handle_packet(&mut self, receiver: &mut Receiver, kind: PacketKind, data: Bytes) {
        let now = self.intake.clock.mono();
        match kind {
            PacketKind::Rtp => receiver.handle_rtp(now, data),
            PacketKind::Rtcp => receiver.handle_rtcp(now, &data),
        }
    }

    /// Takes what the receiver has made of the packets.
    fn take(&mut self, receiver: &mut Receiver, timeline: &mut Option<Timeline>) {
        while let Some(received) = receiver.poll() {
            match received {
                Received::Unit { rtp_extended, data, lost_packets, received } => {
                    self.handle_unit(rtp_extended, data, lost_packets, received, timeline);
                }
                Received::SenderReport { rtp_extended, ntp } => {
                    let now_us = self.intake.clock.wall_us();
                    self.wall.sender_report(rtp_extended, ntp::to_unix_us(ntp), now_us);
                    self.intake.reporter.send(Event::SenderReport);
                }
                Received::NewSource => {
                    info!("the camera begins a new RTP stream (SSRC); media time goes on");
                    timeline.iter_mut().for_each(Timeline::start_run);
                    self.wall = WallClock::new();
                }
                Received::OtherCodec(codec) => {
                    let claimed = self.pictures.codec();
                    info!("the camera says {}, and sends {}", claimed.name(), codec.name());
                    self.claims = Some(claimed);
                    self.pictures = Pictures::new(codec);
                }
            }
        }
    }

    fn handle_unit(
        &mut self,
        rtp: i64,
        data: Bytes,
        lost_packets: u32,
        received: MonoTime,
        timeline: &mut Option<Timeline>,
    ) {
        let arrival_us = self.intake.clock.wall_us();
        let key = self.pictures.read(&data, received);
        let Some(format) = self.pictures.format() else {
            debug!("access unit before the first SPS");
            return;
        };
        let times = &self.intake.times;
        let timeline = timeline.get_or_insert_with(|| Timeline::new(times.start()));
        timeline.set_reordering(self.pictures.may_reorder());
        let placed = timeline.place(rtp, received);
        self.wall.handle_fit(placed.fit);
        match placed.fit {
            Fit::Steady => {}
            Fit::Jumped { .. } => {
                info!(to = %placed.time, "the camera's timestamps jumped; media time goes on");
            }
            Fit::Returned => debug!(to = %placed.time, "the timestamps before the jump go on"),
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
            lost_packets,
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
        let codec = self.pictures.codec();
        // Nobody is shown a sub-stream: how browsers like it is no matter.
        let is_sub = self.intake.context.kind() == StreamKind::Sub;
        let decodable = self.intake.decodable;
        let format = self.pictures.format();
        let not_decoded = format.and_then(|format| format.not_decoded(decodable));
        let not_shown = format.and_then(|format| format.not_shown());
        // Of the rest browsers are handed what is not encoded anew, and see how they get on.
        let is_refused = self.pictures.reorders() || codec == Codec::Mjpeg;
        let (state, error, mut advice) = match not_shown {
            _ if is_sub => (CameraState::Online, None, Vec::new()),
            Some(what) if not_decoded.is_none() => {
                let advice = format!(
                    "It sends {what}, which browsers cannot show over WebRTC: razz encodes its pictures \
                     anew while somebody watches. {} to save that.",
                    cure(what, codec)
                );
                (CameraState::Online, None, vec![advice])
            }
            Some(what) if is_refused => {
                let error = format!("{source}: sends {what}, which WebRTC cannot show");
                let advice = format!("{}: WebRTC cannot show {what}.", cure(what, codec));
                (CameraState::Unsupported, Some(error), vec![advice])
            }
            _ if codec == Codec::H265 => (CameraState::Online, None, vec![H265_ADVICE.to_owned()]),
            _ => (CameraState::Online, None, Vec::new()),
        };
        if let Some(what) = not_decoded {
            advice.push(format!(
                "It sends {what}, which razz does not decode by itself: nothing is detected, while browsers \
                 show it if they can. {}, or install FFmpeg's libavcodec (on Debian and Ubuntu \
                 `apt install libavcodec-extra`) and restart razz.",
                cure(what, codec)
            ));
        }
        if self.pictures.lacks_idr() {
            advice.push(NO_KEY_FRAMES.to_owned());
        }
        if let Some(claimed) = self.claims {
            advice.push(format!(
                "It says that it sends {}, but sends {}. razz goes by what comes; a restart of the camera, \
                 or setting its codec once more, makes it say so.",
                claimed.name(),
                codec.name()
            ));
        }
        self.intake.reporter.update(state, error, advice);
    }

    /// Tells what the camera did wrong since it was told last.
    fn tell_counts(&mut self, dialogue: &Dialogue, receiver: &Receiver) {
        let mut news = Vec::new();
        for (name, count) in oddities(dialogue, receiver) {
            let told = std::mem::replace(self.told.entry(name).or_default(), count);
            if count > told {
                news.push((name, count - told));
            }
        }
        if !news.is_empty() {
            self.intake.reporter.send(Event::Oddities(news));
        }
    }
}

/// What was odd about a session and its packets: each kind and how often.
fn oddities(dialogue: &Dialogue, receiver: &Receiver) -> impl Iterator<Item = (&'static str, u64)> {
    let of_session = dialogue.client().counts().iter().map(|(kind, count)| (kind.name(), count));
    of_session.chain(receiver.counts().iter().map(|(kind, count)| (kind.name(), count)))
}

/// The same for who has to find out why there is no picture.
fn in_words(oddities: impl Iterator<Item = (&'static str, u64)>) -> String {
    let words: Vec<String> = oddities.map(|(name, count)| format!("{name} {count}")).collect();
    if words.is_empty() { "no start of a picture among them".to_owned() } else { words.join(", ") }
}

fn no_ports(error: std::io::Error) -> Ended {
    Ended::Refused(format!("no UDP ports for it: {error}"))
}

fn receiver_of(format: &Format, codec: Codec, picture_size: Option<Size>) -> Receiver {
    Receiver::new(receive::Settings {
        codec,
        payload_type: format.payload_type,
        clock_rate: format.clock_rate,
        parameter_sets: format.parameter_sets(),
        picture_size,
    })
}

fn codec_name(format: &Format) -> String {
    match format.encoding.as_str() {
        "mp4v-es" => "MPEG-4".to_owned(),
        "" => format!("an unnamed encoding (payload type {})", format.payload_type),
        other => other.to_uppercase(),
    }
}
