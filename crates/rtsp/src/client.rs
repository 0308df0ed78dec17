//! The machine of one session: DESCRIBE, SETUP, PLAY, then packets for as long as they come. Where a
//! server wants OPTIONS first, it gets that.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use razz_base::MonoTime;

use crate::address;
use crate::authentication::{Attempts, Authenticator, Challenge, Credentials, Verdict};
use crate::counts::{Counts, Oddity};
use crate::description::Description;
use crate::framing::{Frame, Framing};
use crate::headers::{self, Transport};
use crate::keep_alive::{KeepAlive, Schedule};
use crate::message::{Message, StartLine, Writer};
use crate::opening::Opening;
use crate::set_up_media::{Owner, PacketKind, SetUpMedia, Use};

/// How long a camera may take to answer DESCRIBE, SETUP or PLAY, in µs.
pub const ANSWER_WITHIN_US: i64 = 10_000_000;
/// Time between two receiver reports, which some servers take for the sign of life (RFC 3550 section
/// 6.2).
const REPORT_EVERY_US: i64 = 5_000_000;

/// What a session is begun with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The camera's address, without user name and password.
    pub url: String,
    /// What to log in with.
    pub credentials: Option<Credentials>,
    /// How we call ourselves.
    pub user_agent: String,
    /// Makes our nonces and our SSRC; nobody should be able to guess it.
    pub seed: u64,
    /// Keep-alives that are not to be used: after them this camera ended a run, or for want of another. The
    /// rest are tried in turn, whatever `Public` names.
    pub avoid: Vec<KeepAlive>,
    /// What a connection before this one was asked for, where the camera closed it then.
    pub challenge: Option<Challenge>,
    /// OPTIONS goes before DESCRIBE: a session before this one came no further without it.
    pub begin_with_options: bool,
}

impl Settings {
    /// For the camera at `url`, without credentials.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            credentials: None,
            user_agent: concat!("razz/", env!("CARGO_PKG_VERSION")).to_owned(),
            seed: 0,
            avoid: Vec::new(),
            challenge: None,
            begin_with_options: false,
        }
    }
}

/// A packet that came over the RTSP connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packet {
    /// Which of the description's media it belongs to.
    pub media: usize,
    /// What it is.
    pub kind: PacketKind,
    /// Its bytes, from the RTP or RTCP header on.
    pub data: Bytes,
}

/// Why a session is over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// The camera wants a user name and password; they are missing, or wrong.
    Unauthorized {
        /// They are wrong.
        had_credentials: bool,
    },
    /// It is elsewhere.
    Redirected {
        /// The new address.
        to: String,
    },
    /// The camera answered a request with an error.
    Refused {
        /// The request's method.
        method: &'static str,
        /// As in HTTP.
        status: u16,
        /// The camera's words.
        reason: String,
    },
    /// What came was not what was asked for.
    Nonsense(String),
    /// No answer in time.
    NoAnswer {
        /// To which request.
        method: &'static str,
    },
    /// The camera ended the session with a request.
    TornDown,
}

/// What happened in a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// The camera said what it has; [`Client::set_up`] is next.
    Described(Description),
    /// A medium is ready; the next one may be set up, or all be played.
    SetUp {
        /// Which one.
        media: usize,
        /// How it travels, as the camera says.
        transport: Transport,
    },
    /// The camera does not send this medium the way that was asked for; it can be set up another way.
    TransportRefused {
        /// Which one.
        media: usize,
    },
    /// PLAY was answered.
    Playing,
    /// The camera describes anew what it sends (RFC 2326 section 10.3).
    Announced(Description),
    /// The session is over; nothing else follows.
    Ended(End),
}

/// What comes out of the machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Output {
    /// To be sent over the RTSP connection.
    Send(Bytes),
    /// To be sent as a datagram to the camera's RTCP port of this medium.
    SendRtcp {
        /// Which medium.
        media: usize,
        /// A receiver report.
        data: Bytes,
    },
    /// It came over the RTSP connection.
    Packet(Packet),
    /// Something happened.
    Event(Event),
}

/// A request of the handshake, or a keep-alive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Purpose {
    Options,
    Describe,
    SetUp { media: usize, asked: Transport, for_use: Use },
    Play { with_range: bool },
    KeepAlive(KeepAlive),
}

impl Purpose {
    fn method(self) -> &'static str {
        match self {
            Self::Options => "OPTIONS",
            Self::Describe => "DESCRIBE",
            Self::SetUp { .. } => "SETUP",
            Self::Play { .. } => "PLAY",
            Self::KeepAlive(kind) => kind.method(),
        }
    }
}

/// The request that waits for its answer. There is never more than one: cameras mix up several.
#[derive(Debug)]
struct Pending {
    purpose: Purpose,
    cseq: u32,
    tried: Attempts,
    /// When it is given up; never for a keep-alive, since media that flows proves life as well.
    deadline: Option<MonoTime>,
}

/// An RTSP session as a machine; see the crate's documentation.
#[derive(Debug)]
pub struct Client {
    url: String,
    user_agent: String,
    framing: Framing,
    outputs: VecDeque<Output>,
    counts: Counts,
    authenticator: Authenticator,
    cseq: u32,
    pending: Option<Pending>,
    /// An answer had its request's number, so this camera can do it.
    echoes_cseq: bool,
    opening: Opening,
    base: String,
    description: Description,
    session: Option<String>,
    media: SetUpMedia,
    keep_alive: Schedule,
    report_due: Option<MonoTime>,
    own_ssrc: u32,
    ended: bool,
}

impl Client {
    /// Begins with DESCRIBE, or with OPTIONS where the settings say so.
    pub fn new(now: MonoTime, settings: Settings) -> Self {
        let Settings { url, credentials, user_agent, seed, avoid, challenge, begin_with_options } =
            settings;
        let mut client = Self {
            base: url.clone(),
            url,
            user_agent,
            framing: Framing::default(),
            outputs: VecDeque::new(),
            counts: Counts::default(),
            authenticator: Authenticator::new(credentials, challenge, seed),
            cseq: 0,
            pending: None,
            echoes_cseq: false,
            opening: Opening::new(begin_with_options),
            description: Description::default(),
            session: None,
            media: SetUpMedia::default(),
            keep_alive: Schedule::new(&avoid),
            report_due: None,
            own_ssrc: (seed >> 16) as u32,
            ended: false,
        };
        let first = if begin_with_options { Purpose::Options } else { Purpose::Describe };
        client.request(now, first, Attempts::default());
        client
    }

    /// Where bytes of the connection are appended, before [`Self::handle_input`].
    pub fn input(&mut self) -> &mut BytesMut {
        &mut self.framing.buffer
    }

    /// Takes what was appended to [`Self::input`].
    pub fn handle_input(&mut self, now: MonoTime) {
        while !self.ended {
            let Some(frame) = self.framing.next() else { break };
            match frame {
                Frame::Packet { channel, data } => self.handle_packet(channel, data),
                Frame::Message(message) => match message.start.clone() {
                    StartLine::Answer { status, reason } => {
                        self.handle_answer(now, status, reason, &message);
                    }
                    StartLine::Request { method, .. } => {
                        self.handle_request(&method, &message);
                    }
                },
            }
        }
        self.counts.add_many(Oddity::SkippedBytes, self.framing.take_skipped());
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: MonoTime) {
        if self.ended {
            return;
        }
        if let Some(pending) = &self.pending
            && pending.deadline.is_some_and(|deadline| deadline <= now)
        {
            let method = pending.purpose.method();
            return self.end(End::NoAnswer { method });
        }
        if self.keep_alive.due().is_some_and(|due| due <= now) {
            if let Some(Pending { purpose: Purpose::KeepAlive(_), .. }) = self.pending {
                self.counts.add(Oddity::KeepAliveUnanswered);
                self.keep_alive.handle_failure(now, false);
            }
            let kind = self.keep_alive.next(now);
            self.request(now, Purpose::KeepAlive(kind), Attempts::default());
        }
        if self.report_due.is_some_and(|due| due <= now) {
            self.report_due = Some(now.plus_us(REPORT_EVERY_US));
            self.send_reports();
        }
    }

    /// When [`Self::handle_timeout`] is due next.
    pub fn deadline(&self) -> Option<MonoTime> {
        if self.ended {
            return None;
        }
        let answer = self.pending.as_ref().and_then(|pending| pending.deadline);
        [answer, self.keep_alive.due(), self.report_due].into_iter().flatten().min()
    }

    /// What is to be sent or was found out next.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Asks for a medium of the description; [`Event::SetUp`] answers.
    pub fn set_up(&mut self, now: MonoTime, media: usize, transport: Transport) {
        let for_use = Use::Wanted;
        self.request(now, Purpose::SetUp { media, asked: transport, for_use }, Attempts::default());
    }

    /// Asks for a medium whose packets are dropped and counted, for cameras that send the others only
    /// then; [`Event::SetUp`] answers. Call it after [`Self::set_up`] was answered.
    pub fn set_up_to_drop(&mut self, now: MonoTime, media: usize, transport: Transport) {
        let for_use = Use::Dropped;
        self.request(now, Purpose::SetUp { media, asked: transport, for_use }, Attempts::default());
    }

    /// A packet of a medium that is dropped came as a datagram.
    pub fn handle_dropped(&mut self, kind: PacketKind) {
        self.counts.add_many(Oddity::AudioDropped, u64::from(kind == PacketKind::Rtp));
    }

    /// Asks for all that was set up to be sent; [`Event::Playing`] answers. Packets may come before.
    pub fn play(&mut self, now: MonoTime) {
        self.request(now, Purpose::Play { with_range: true }, Attempts::default());
    }

    /// The request that ends the session, for the connection that is about to be closed; `None` when
    /// there is no session.
    pub fn tear_down(&mut self) -> Option<Bytes> {
        self.session.as_ref()?;
        self.ended = true;
        self.cseq += 1;
        let uri = self.session_address();
        Some(self.write("TEARDOWN", &uri, self.cseq, &mut Attempts::default(), &[]))
    }

    /// What the camera did that RTSP does not allow.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// What the camera asked for, for [`Settings::challenge`] where it closed the connection then.
    pub fn challenge(&self) -> Option<Challenge> {
        self.authenticator.challenge()
    }

    /// Whether the next session had better begin with OPTIONS, as far as this one shows; for
    /// [`Settings::begin_with_options`].
    pub fn next_begins_with_options(&self) -> bool {
        self.opening.next_begins_with_options(self.challenge().is_some())
    }

    /// The keep-alive that may be why the camera has just ended the session; for [`Settings::avoid`].
    pub fn suspected_keep_alive(&self, now: MonoTime) -> Option<KeepAlive> {
        self.keep_alive.suspect(now)
    }

    // Requests of ours -----------------------------------------------------------------------------

    fn request(&mut self, now: MonoTime, purpose: Purpose, mut tried: Attempts) {
        if self.ended {
            return;
        }
        let (uri, extra) = match purpose {
            Purpose::Options => (self.url.clone(), Vec::new()),
            Purpose::Describe => (self.url.clone(), vec![("Accept", "application/sdp".to_owned())]),
            Purpose::SetUp { media, asked, .. } => {
                let of_media = self.description.media.get(media);
                let control = of_media.map_or("", |media| &media.control);
                let uri = address::control(&self.control_base(), control);
                (uri, vec![("Transport", asked.to_string())])
            }
            Purpose::Play { with_range } => {
                let range = with_range.then(|| ("Range", "npt=0.000-".to_owned()));
                (self.session_address(), range.into_iter().collect())
            }
            Purpose::KeepAlive(_) => (self.session_address(), Vec::new()),
        };
        self.cseq += 1;
        let cseq = self.cseq;
        let bytes = self.write(purpose.method(), &uri, cseq, &mut tried, &extra);
        self.outputs.push_back(Output::Send(bytes));
        let given_up = !matches!(purpose, Purpose::KeepAlive(_));
        let deadline = given_up.then(|| now.plus_us(ANSWER_WITHIN_US));
        self.pending = Some(Pending { purpose, cseq, tried, deadline });
    }

    fn write(
        &mut self,
        method: &str,
        uri: &str,
        cseq: u32,
        tried: &mut Attempts,
        extra: &[(&str, String)],
    ) -> Bytes {
        let mut writer = Writer::request(method, uri, cseq).header("User-Agent", &self.user_agent);
        if let Some(value) = self.authenticator.authorization(method, uri, tried) {
            writer = writer.header("Authorization", &value);
        }
        if let Some(session) = &self.session {
            writer = writer.header("Session", session);
        }
        for (name, value) in extra {
            writer = writer.header(name, value);
        }
        writer.finish()
    }

    /// What the addresses of media are relative to.
    fn control_base(&self) -> String {
        let control = &self.description.control;
        // An absolute one names the session; media are relative to the base all the same in what
        // cameras write, and in both readings where the two agree.
        if control.contains("://") { control.clone() } else { self.base.clone() }
    }

    /// What the whole session is played, kept alive and torn down at.
    fn session_address(&self) -> String {
        address::control(&self.base, &self.description.control)
    }

    // What the camera says -------------------------------------------------------------------------

    fn handle_answer(&mut self, now: MonoTime, status: u16, reason: String, answer: &Message) {
        let Some(pending) = &self.pending else {
            return self.counts.add(Oddity::UnaskedAnswer);
        };
        if answer.cseq() == Some(pending.cseq) {
            self.echoes_cseq = true;
        } else {
            let handshake = !matches!(pending.purpose, Purpose::KeepAlive(_));
            if handshake && self.echoes_cseq && answer.cseq().is_some_and(|n| n < pending.cseq) {
                // It counts well, so this is a second answer to what was answered already.
                return self.counts.add(Oddity::UnaskedAnswer);
            }
            self.counts.add(Oddity::WrongCseq);
        }
        if (100..200).contains(&status) {
            return;
        }
        let Some(Pending { purpose, mut tried, .. }) = self.pending.take() else { return };
        self.opening.handle_answer();
        if status == 401 {
            return self.handle_refusal(now, purpose, &mut tried, answer);
        }
        self.authenticator.handle_answer(answer);
        if let Some((id, timeout)) = headers::session(answer)
            && !matches!(purpose, Purpose::Options | Purpose::Describe)
        {
            self.session = Some(id);
            if timeout.is_some() {
                self.keep_alive.set_timeout(timeout);
            }
        }
        match (purpose, status) {
            (Purpose::KeepAlive(_), 200..300) => self.keep_alive.handle_answer(answer),
            (Purpose::KeepAlive(_), _) => {
                self.counts.add(Oddity::KeepAliveRefused);
                self.keep_alive.handle_failure(now, true);
            }
            // Whatever it says to OPTIONS, DESCRIBE is what counts.
            (Purpose::Options, _) => self.request(now, Purpose::Describe, Attempts::default()),
            (Purpose::Describe, 200..300) => self.handle_description(answer),
            (Purpose::Describe, 300..400) => match answer.header("Location") {
                Some(to) if !to.is_empty() => {
                    self.end(End::Redirected { to: address::redirect(&self.url, to) });
                }
                _ => self.end(End::Refused { method: "DESCRIBE", status, reason }),
            },
            (Purpose::Describe, status) if self.opening.asks_options_after(status) => {
                self.request(now, Purpose::Options, Attempts::default());
            }
            (Purpose::SetUp { media, asked, for_use }, 200..300) => {
                self.handle_set_up(media, asked, for_use, answer);
            }
            (Purpose::SetUp { media, .. }, 461) => {
                self.event(Event::TransportRefused { media });
            }
            (Purpose::Play { .. }, 200..300) => {
                self.keep_alive.start(now);
                self.report_due = Some(now.plus_us(REPORT_EVERY_US));
                self.event(Event::Playing);
            }
            // A live camera may not know ranges (RFC 2326 section 11.3.8 and others).
            (Purpose::Play { with_range: true }, 400 | 451 | 456 | 457 | 501) => {
                self.request(now, Purpose::Play { with_range: false }, Attempts::default());
            }
            (purpose, status) => {
                self.end(End::Refused { method: purpose.method(), status, reason });
            }
        }
    }

    fn handle_refusal(
        &mut self,
        now: MonoTime,
        purpose: Purpose,
        tried: &mut Attempts,
        answer: &Message,
    ) {
        match (self.authenticator.handle_refusal(answer, tried), purpose) {
            (Verdict::Again { renewed }, _) => {
                self.counts.add_many(Oddity::NonceRenewed, u64::from(renewed));
                self.request(now, purpose, std::mem::take(tried));
            }
            (Verdict::Refused, Purpose::KeepAlive(_)) => {
                self.counts.add(Oddity::KeepAliveRefused);
                self.keep_alive.handle_failure(now, true);
            }
            (Verdict::Refused, _) => {
                let had_credentials = self.authenticator.has_credentials();
                self.end(End::Unauthorized { had_credentials });
            }
        }
    }

    fn handle_description(&mut self, answer: &Message) {
        match Description::parse(&answer.body) {
            Err(error) => self.end(End::Nonsense(error.to_string())),
            Ok(description) => {
                self.counts.add_many(Oddity::OddDescription, u64::from(description.odd));
                let bases = ["Content-Base", "Content-Location"];
                let base = bases.iter().find_map(|name| answer.header(name));
                // Some put in a path alone, which says nothing new.
                if let Some(base) = base.filter(|base| base.contains("://")) {
                    self.base = base.to_owned();
                }
                self.description = description.clone();
                let after_options = self.opening.handle_description();
                self.counts.add_many(Oddity::OptionsFirst, u64::from(after_options));
                self.event(Event::Described(description));
            }
        }
    }

    fn handle_set_up(&mut self, media: usize, asked: Transport, for_use: Use, answer: &Message) {
        let said = answer.header("Transport").and_then(|value| headers::transport(value, asked));
        let same_kind = said.is_some_and(|said| {
            matches!(said, Transport::Interleaved { .. })
                == matches!(asked, Transport::Interleaved { .. })
        });
        self.counts.add_many(Oddity::OddTransport, u64::from(!same_kind));
        let transport = said.unwrap_or(asked);
        self.media.insert(media, transport, for_use);
        self.event(Event::SetUp { media, transport });
    }

    fn handle_request(&mut self, method: &str, request: &Message) {
        let (status, reason) = match method {
            "OPTIONS" | "GET_PARAMETER" | "SET_PARAMETER" | "ANNOUNCE" | "REDIRECT"
            | "TEARDOWN" | "PLAY_NOTIFY" => (200, "OK"),
            _ => {
                self.counts.add(Oddity::UnknownRequest);
                (501, "Not Implemented")
            }
        };
        let mut answer = Writer::answer(status, reason);
        if let Some(cseq) = request.header("CSeq") {
            answer = answer.header("CSeq", cseq);
        }
        if let Some(session) = &self.session {
            answer = answer.header("Session", session);
        }
        if method == "OPTIONS" {
            let known = "OPTIONS, GET_PARAMETER, SET_PARAMETER, ANNOUNCE, REDIRECT, TEARDOWN";
            answer = answer.header("Public", known);
        }
        self.outputs.push_back(Output::Send(answer.finish()));
        match method {
            "ANNOUNCE" => {
                if let Ok(description) = Description::parse(&request.body) {
                    self.event(Event::Announced(description));
                }
            }
            "REDIRECT" => {
                // Without an address the session is to be begun anew where it is.
                let to = request.header("Location").unwrap_or(&self.url);
                self.end(End::Redirected { to: address::redirect(&self.url, to) });
            }
            "TEARDOWN" => self.end(End::TornDown),
            _ => {}
        }
    }

    // Packets --------------------------------------------------------------------------------------

    fn handle_packet(&mut self, channel: u8, data: Bytes) {
        let Owner::Medium { index: media, kind, for_use, agreed } =
            self.media.owner(channel, &data)
        else {
            return self.counts.add(Oddity::OtherChannel);
        };
        self.counts.add_many(Oddity::OtherChannel, u64::from(!agreed));
        match for_use {
            Use::Wanted => self.outputs.push_back(Output::Packet(Packet { media, kind, data })),
            Use::Dropped => self.handle_dropped(kind),
        }
    }

    fn send_reports(&mut self) {
        for (media, transport, data) in self.media.reports(self.own_ssrc) {
            self.outputs.push_back(match transport {
                Transport::Udp { .. } => Output::SendRtcp { media, data },
                Transport::Interleaved { rtcp, .. } => {
                    let mut framed = vec![b'$', rtcp];
                    framed.extend_from_slice(&(data.len() as u16).to_be_bytes());
                    framed.extend_from_slice(&data);
                    Output::Send(framed.into())
                }
            });
        }
    }

    fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    fn end(&mut self, end: End) {
        self.ended = true;
        self.pending = None;
        if !matches!(end, End::NoAnswer { .. }) {
            self.opening.handle_end();
        }
        self.event(Event::Ended(end));
    }
}

#[cfg(test)]
mod tests;
