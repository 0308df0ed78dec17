//! One client's RTSP connection: requests in, answers and pictures out (RFC 2326).

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use rtsp_types::headers::{AUTHORIZATION, CSEQ, SESSION, TRANSPORT};
use rtsp_types::{Message, Method, ParseError, Request, Response, StatusCode};

use super::asking::{Asking, Step};
use super::audio::Audio;
use super::authentication::{Admission, Gate};
use super::description::{AUDIO_CONTROL, CONTROL, TOKEN, session_description};
use super::dialogue::Answer;
use super::keep_alive;
use super::player::{Player, WRITE_TIMEOUT};
use super::quirk::{Quirk, Quirks};
use super::transport::Transport;
use super::{Mount, Shared};
use crate::dice::Dice;

/// Requests larger than this are refused.
const MAX_REQUEST: usize = 16 << 10;
/// Longest time without a look at what else there is to do.
const MAX_WAIT: Duration = Duration::from_millis(50);
/// How long DESCRIBE waits for a footage's first picture.
const FIRST_PICTURE: Duration = Duration::from_secs(5);

/// The nonce of [`Quirk::ClosesAfterChallenge`], which has to be good on the next connection.
const LASTING_NONCE: &str = "5d41402abc4b2a76b9719d911017c592";

/// Why a connection ends.
enum End {
    /// The client went, or asked to; or a fault demands it.
    Closed,
    /// The socket failed, or the client was too slow.
    Failed,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Failed
    }
}

struct Connection<'a> {
    shared: &'a Shared,
    stream: TcpStream,
    local: IpAddr,
    peer: SocketAddr,
    gate: Gate,
    dice: Dice,
    received: Vec<u8>,
    session: Option<Session>,
    last_heard: Instant,
    /// OPTIONS came.
    asked_options: bool,
    /// SETUP, or the keep-alive at hand, has had its 401.
    refused_setup: bool,
    refused_keep_alive: bool,
}

struct Session {
    id: String,
    /// The id that it had before.
    former_id: Option<String>,
    mount: usize,
    player: Player,
    /// When something came that keeps it alive.
    last_alive: Instant,
    asking: Asking,
}

/// Serves a connection until it ends.
pub(crate) fn serve(shared: &Shared, stream: TcpStream, mut dice: Dice) {
    let (Ok(local), Ok(peer)) = (stream.local_addr(), stream.peer_addr()) else { return };
    let nonce = format!("{:016x}{:016x}", dice.next(), dice.next());
    let options = &shared.options;
    let gate = Gate::new(options.credentials.clone(), options.authentication, nonce);
    let ready = stream
        .set_nonblocking(false)
        .and_then(|()| stream.set_nodelay(true))
        .and_then(|()| stream.set_write_timeout(Some(WRITE_TIMEOUT)));
    if ready.is_err() {
        return;
    }
    let mut connection = Connection {
        shared,
        stream,
        local: local.ip(),
        peer,
        gate,
        dice,
        received: Vec::new(),
        session: None,
        last_heard: Instant::now(),
        asked_options: false,
        refused_setup: false,
        refused_keep_alive: false,
    };
    // However it ends, dropping the connection closes its sockets.
    let (Ok(()) | Err(End::Closed | End::Failed)) = connection.run();
}

impl Connection<'_> {
    fn run(&mut self) -> Result<(), End> {
        while !self.shared.is_stopped() {
            let due = self.session.as_ref().and_then(|session| session.player.due());
            let now = Instant::now();
            let wait = due.map_or(MAX_WAIT, |due| due.saturating_duration_since(now));
            if !wait.is_zero() {
                self.read(wait.min(MAX_WAIT))?;
                while let Some(message) = self.next_message()? {
                    match message {
                        Message::Request(request) => self.handle(&request)?,
                        Message::Response(response) => self.handle_response(&response),
                        Message::Data(_) => {}
                    }
                }
            }
            let now = Instant::now();
            let Some(session) = &mut self.session else {
                if now.saturating_duration_since(self.last_heard)
                    > self.shared.options.session_timeout
                {
                    return Err(End::Closed);
                }
                continue;
            };
            if session.player.must_close() {
                return Err(End::Closed);
            }
            session.player.handle_due(now, &mut self.stream)?;
            if session.player.transport.heard_rtcp() {
                self.last_heard = now;
            }
            let quirks = self.shared.mounts[session.mount].faults.now().quirks;
            let alive = if keep_alive::is_needed(quirks) {
                session.last_alive
            } else if session.player.transport.is_udp() {
                self.last_heard
            } else {
                // As long as the connection takes what it is sent, somebody is there.
                now
            };
            let timeout = keep_alive::timeout(quirks, self.shared.options.session_timeout);
            if now.saturating_duration_since(alive) > timeout {
                return Err(End::Closed);
            }
            self.ask(now, quirks)?;
        }
        Ok(())
    }

    /// Sends the client a request, where the quirks say so; ends where it did not answer the last.
    fn ask(&mut self, now: Instant, quirks: Quirks) -> Result<(), End> {
        let Some(session) = self.session.as_mut().filter(|session| session.player.is_playing())
        else {
            return Ok(());
        };
        let (request, cseq) = match session.asking.poll(now, quirks) {
            Step::Wait => return Ok(()),
            Step::Close => return Err(End::Closed),
            Step::Ask(request, cseq) => (request, cseq),
        };
        let mount = &self.shared.mounts[session.mount];
        if quirks.has(Quirk::AsksRedirect) && !mount.faults.redirects_now() {
            // Who came back is not sent away again.
            session.asking.handle_answer(now, Some(cseq), true);
            return Ok(());
        }
        let id = session.id.clone();
        let sdp = self.sdp(mount).unwrap_or_default();
        self.stream.write_all(&request.to_bytes(cseq, &id, &self.base(mount), &sdp))?;
        Ok(())
    }

    /// An answer of the client to what [`Self::ask`] asked.
    fn handle_response(&mut self, response: &Response<Vec<u8>>) {
        let Some(session) = &mut self.session else { return };
        let cseq = response.header(&CSEQ).and_then(|value| value.as_str().trim().parse().ok());
        let is_ok = response.status() == StatusCode::Ok;
        session.asking.handle_answer(Instant::now(), cseq, is_ok);
    }

    fn read(&mut self, wait: Duration) -> Result<(), End> {
        self.stream.set_read_timeout(Some(wait.max(Duration::from_millis(1))))?;
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => Err(End::Closed),
            Ok(count) => {
                self.received.extend_from_slice(&buffer[..count]);
                self.last_heard = Instant::now();
                Ok(())
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock
                | io::ErrorKind::TimedOut
                | io::ErrorKind::Interrupted => Ok(()),
                _ => Err(End::Failed),
            },
        }
    }

    /// The next whole message; what the client sends on interleaved channels is its RTCP, which
    /// shows that it lives and is not looked into.
    fn next_message(&mut self) -> Result<Option<Message<Vec<u8>>>, End> {
        loop {
            // Empty lines between messages are allowed.
            let blank = self.received.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            self.received.drain(..blank);
            if self.received.first() == Some(&b'$') {
                let Some(&[_, _, high, low]) = self.received.first_chunk() else { return Ok(None) };
                let length = 4 + usize::from(u16::from_be_bytes([high, low]));
                if self.received.len() < length {
                    return Ok(None);
                }
                self.received.drain(..length);
                continue;
            }
            if self.received.is_empty() {
                return Ok(None);
            }
            return match Message::parse(&self.received) {
                Ok((message, length)) => {
                    self.received.drain(..length);
                    Ok(Some(message))
                }
                Err(ParseError::Incomplete(_)) if self.received.len() <= MAX_REQUEST => Ok(None),
                Err(ParseError::Incomplete(_)) => {
                    self.refuse(StatusCode::RequestMessageBodyTooLarge)
                }
                Err(_) => self.refuse(StatusCode::BadRequest),
            };
        }
    }

    /// Answers what cannot be understood, and closes.
    fn refuse<T>(&mut self, status: StatusCode) -> Result<T, End> {
        self.stream.write_all(&Answer::new(status).to_bytes(Quirks::NONE))?;
        Err(End::Closed)
    }

    fn handle(&mut self, request: &Request<Vec<u8>>) -> Result<(), End> {
        let path = request.request_uri().map_or("*", |uri| uri.path()).to_owned();
        let mount = self.shared.find(&path);
        let concerned = mount.map(|(_, mount)| mount).or(self.session_mount());
        let quirks = concerned.map_or(Quirks::NONE, |mount| mount.faults.now().quirks);
        let method = request.method();
        if let Some((_, mount)) = mount
            && mount.faults.now().refuse
        {
            if *method == Method::Describe {
                mount.faults.count_dial();
            }
            return Err(End::Closed);
        }
        let keep_alive = keep_alive::is_one(method)
            && self.session.as_ref().is_some_and(|s| s.player.is_playing());
        if keep_alive && quirks.has(Quirk::KeepAliveUnanswered) {
            return Ok(());
        }
        if keep_alive
            && *method != Method::Options
            && quirks.has(Quirk::KeepAliveGetParameterCloses)
        {
            return Err(End::Closed);
        }
        self.asked_options |= *method == Method::Options;
        let options_missing = *method == Method::Describe && !self.asked_options;
        if options_missing && quirks.has(Quirk::OptionsFirstSilent) {
            return Err(End::Closed);
        }
        let mut answer = self.respond(request, &path, mount, quirks, keep_alive);
        if keep_alive && quirks.has(Quirk::KeepAliveOtherCseq) {
            answer = Answer::new(answer.status).header("CSeq", "99999");
        }
        answer.spoil(quirks);
        let is_play = *method == Method::Play && answer.status == StatusCode::Ok;
        if is_play
            && quirks.has(Quirk::MediaBeforePlayAnswer)
            && let Some(session) = &mut self.session
        {
            session.player.handle_due(Instant::now(), &mut self.stream)?;
        }
        let bytes = answer.to_bytes(quirks);
        if is_play && quirks.has(Quirk::PlayAnswerInTwo) {
            self.write_in_pieces(&bytes, bytes.len() / 2, Duration::from_millis(30))?;
        } else if is_play && quirks.has(Quirk::PlayAnswerByteByByte) {
            self.write_in_pieces(&bytes, 1, Duration::from_micros(200))?;
        } else {
            self.stream.write_all(&bytes)?;
        }
        let has_proof = request.header(&AUTHORIZATION).is_some();
        if answer.status == StatusCode::Unauthorized
            && !has_proof
            && quirks.has(Quirk::ClosesAfterChallenge)
            || options_missing && quirks.has(Quirk::OptionsFirstThenCloses)
        {
            return Err(End::Closed);
        }
        Ok(())
    }

    /// Each piece is a segment of its own: the connection does not wait for more.
    fn write_in_pieces(&mut self, bytes: &[u8], size: usize, pause: Duration) -> Result<(), End> {
        for piece in bytes.chunks(size.max(1)) {
            self.stream.write_all(piece)?;
            std::thread::sleep(pause);
        }
        Ok(())
    }

    fn respond(
        &mut self,
        request: &Request<Vec<u8>>,
        path: &str,
        mount: Option<(usize, &Mount)>,
        quirks: Quirks,
        keep_alive: bool,
    ) -> Answer {
        let method = request.method();
        if *method == Method::Describe
            && let Some((index, mount)) = mount
            && let Some(answer) = self.redirect(request, index, mount, quirks)
        {
            mount.faults.count_dial();
            return answer;
        }
        let refuses_keep_alive = [Quirk::KeepAliveNewNonce, Quirk::KeepAliveRefused];
        if *method != Method::Options || keep_alive && quirks.has_any(&refuses_keep_alive) {
            let admission = self.admit(request, path, quirks, keep_alive);
            if admission != Admission::Granted {
                let stale = admission == Admission::Stale && !quirks.has(Quirk::NonceOnceSilent);
                let answer = self.answer(request, StatusCode::Unauthorized);
                let challenges = self.gate.challenges(quirks, stale).into_iter();
                return challenges
                    .fold(answer, |answer, value| answer.header("WWW-Authenticate", value));
            }
        }
        let known = *method == Method::Options || mount.is_some() || path == "*";
        let answer = if keep_alive::is_one(method) && known {
            self.keep_alive(request, quirks)
        } else if let Some((index, mount)) = mount {
            match method {
                Method::Describe
                    if !self.asked_options
                        && quirks
                            .has_any(&[Quirk::OptionsFirst, Quirk::OptionsFirstThenCloses]) =>
                {
                    self.answer(request, StatusCode::MethodNotValidInThisState)
                }
                Method::Describe => {
                    mount.faults.count_dial();
                    self.describe(request, mount)
                }
                Method::Setup => self.setup(request, index, mount, quirks),
                Method::Play | Method::Pause => self.play(request, mount, quirks),
                Method::Teardown => self.teardown(request),
                _ => self
                    .answer(request, StatusCode::MethodNotAllowed)
                    .header("Allow", keep_alive::methods(quirks)),
            }
        } else {
            self.answer(request, StatusCode::NotFound)
        };
        if quirks.has(Quirk::NextNonce) && self.gate.is_guarded() {
            return answer
                .header("Authentication-Info", format!("nextnonce=\"{}\"", self.gate.nonce()));
        }
        answer
    }

    /// Whether the request has the right proof, and what that does to the nonce.
    fn admit(
        &mut self,
        request: &Request<Vec<u8>>,
        path: &str,
        quirks: Quirks,
        keep_alive: bool,
    ) -> Admission {
        let has = |quirk| quirks.has(quirk);
        if has(Quirk::ClosesAfterChallenge) && self.gate.nonce() != LASTING_NONCE {
            self.gate.renew(LASTING_NONCE.to_owned());
        }
        let method = request.method();
        let authorization = request.header(&AUTHORIZATION).map(|value| value.as_str());
        let admission = self.gate.admits(quirks, method.into(), path, authorization);
        if !self.gate.is_guarded() {
            return admission;
        }
        let new_nonce = format!("{:016x}{:016x}", self.dice.next(), self.dice.next());
        if admission != Admission::Granted {
            self.refused_keep_alive |= keep_alive;
            return admission;
        }
        if *method == Method::Setup && has(Quirk::NonceAtSetup) && !self.refused_setup {
            self.refused_setup = true;
            self.gate.renew(new_nonce);
            return Admission::Refused;
        }
        let again = has(Quirk::KeepAliveNewNonce) && !self.refused_keep_alive;
        if keep_alive && (again || has(Quirk::KeepAliveRefused)) {
            self.refused_keep_alive = true;
            self.gate.renew(new_nonce);
            return Admission::Refused;
        }
        if keep_alive {
            self.refused_keep_alive = false;
        }
        if quirks.has_any(&[Quirk::NonceOnceStale, Quirk::NonceOnceSilent, Quirk::NextNonce]) {
            self.gate.renew(new_nonce);
        }
        Admission::Granted
    }

    /// An answer that names another address (RFC 2326 section 11.3), with the quirks that do so.
    fn redirect(
        &self,
        request: &Request<Vec<u8>>,
        index: usize,
        mount: &Mount,
        quirks: Quirks,
    ) -> Option<Answer> {
        let other = self.shared.other(index);
        let (status, location) = if quirks.has(Quirk::Redirect301) {
            (StatusCode::MovedPermanently, self.base(other))
        } else if quirks.has(Quirk::Redirect302Relative) {
            (StatusCode::Found, format!("/{}", other.path))
        } else if quirks.has(Quirk::RedirectLoop) {
            (StatusCode::Found, self.base(mount))
        } else {
            return None;
        };
        Some(self.answer(request, status).header("Location", location))
    }

    fn session_mount(&self) -> Option<&Mount> {
        self.session.as_ref().map(|session| &self.shared.mounts[session.mount])
    }

    fn answer(&self, request: &Request<Vec<u8>>, status: StatusCode) -> Answer {
        let answer = Answer::new(status);
        match request.header(&CSEQ) {
            Some(cseq) => answer.header("CSeq", cseq.as_str()),
            None => answer,
        }
        .header("Server", "razz-scene")
    }

    /// 200, with the session where there is one.
    fn ok(&self, request: &Request<Vec<u8>>) -> Answer {
        let answer = self.answer(request, StatusCode::Ok);
        match &self.session {
            Some(session) => {
                let seconds = self.shared.options.session_timeout.as_secs();
                answer.header("Session", format!("{};timeout={seconds}", session.id))
            }
            None => answer,
        }
    }

    /// Whether the request names the session of this connection.
    fn names_session(&self, request: &Request<Vec<u8>>) -> bool {
        let named = request.header(&SESSION).map(|value| value.as_str());
        let named = named.map(|value| value.split(';').next().unwrap_or("").trim());
        self.session.as_ref().is_some_and(|session| {
            named == Some(&session.id) || named.is_some() && named == session.former_id.as_deref()
        })
    }

    fn base(&self, mount: &Mount) -> String {
        format!("rtsp://{}/{}", SocketAddr::new(self.local, self.shared.port), mount.path)
    }

    fn sdp(&self, mount: &Mount) -> Option<String> {
        let faults = mount.faults.now();
        let (claim, quirks) = (faults.description, faults.quirks);
        let (base, session) = (self.base(mount), self.shared.port.into());
        session_description(&mount.footage, claim, quirks, self.local, &base, session)
    }

    fn describe(&self, request: &Request<Vec<u8>>, mount: &Mount) -> Answer {
        mount.footage.wait(1, FIRST_PICTURE);
        match self.sdp(mount) {
            Some(sdp) => self
                .ok(request)
                .header("Content-Type", "application/sdp")
                .header("Content-Base", format!("{}/", self.base(mount)))
                .body(sdp),
            None => self.answer(request, StatusCode::ServiceUnavailable),
        }
    }

    fn setup(
        &mut self,
        request: &Request<Vec<u8>>,
        index: usize,
        mount: &Mount,
        quirks: Quirks,
    ) -> Answer {
        if self.session.as_ref().is_some_and(|session| session.player.is_playing()) {
            return self.answer(request, StatusCode::MethodNotValidInThisState);
        }
        if request.request_uri().is_some_and(|uri| uri.path().ends_with(AUDIO_CONTROL)) {
            return self.setup_audio(request);
        }
        let query = request.request_uri().and_then(|uri| uri.query()).unwrap_or("");
        if quirks.has(Quirk::ControlWithQuery) && !query.contains(TOKEN) {
            return self.answer(request, StatusCode::NotFound);
        }
        let offers = request.header(&TRANSPORT).map_or("", |value| value.as_str());
        let (local, peer) = (self.local, self.peer.ip());
        let mut offers = offers.split(',');
        let Some((transport, mut chosen)) =
            offers.find_map(|offer| Transport::open(offer, local, peer, quirks))
        else {
            return self.answer(request, StatusCode::UnsupportedTransport);
        };
        let now = Instant::now();
        let player = Player::new(
            transport,
            mount.footage.clone(),
            mount.alternative.clone(),
            mount.faults.clone(),
            Dice::new(self.dice.next(), 8),
            now,
        );
        chosen.push_str(&format!(";ssrc={:08X};mode=\"PLAY\"", player.stage.ssrc));
        let id = format!("{:08X}", self.dice.next() as u32);
        let asking = Asking::new(now);
        let session =
            Session { id, former_id: None, mount: index, player, last_alive: now, asking };
        self.session = Some(session);
        self.ok(request).header("Transport", chosen)
    }

    /// Of the session that the video was set up in.
    fn setup_audio(&mut self, request: &Request<Vec<u8>>) -> Answer {
        let offer = request.header(&TRANSPORT).map_or("", |value| value.as_str());
        let opened = Transport::open(offer, self.local, self.peer.ip(), Quirks::NONE);
        let names_session = self.names_session(request);
        match (opened, &mut self.session) {
            (_, None) => self.answer(request, StatusCode::MethodNotValidInThisState),
            _ if !names_session => self.answer(request, StatusCode::SessionNotFound),
            (None, _) => self.answer(request, StatusCode::UnsupportedTransport),
            (Some((transport, chosen)), Some(session)) => {
                session.player.audio = Some(Audio::new(transport, Dice::new(self.dice.next(), 10)));
                self.ok(request).header("Transport", chosen)
            }
        }
    }

    fn play(&mut self, request: &Request<Vec<u8>>, mount: &Mount, quirks: Quirks) -> Answer {
        if self.session.is_none() {
            return self.answer(request, StatusCode::MethodNotValidInThisState);
        }
        if !self.names_session(request) {
            return self.answer(request, StatusCode::SessionNotFound);
        }
        let base = self.base(mount);
        let new_id = format!("{:08X}", self.dice.next() as u32);
        let Some(session) = &mut self.session else {
            return self.answer(request, StatusCode::SessionNotFound);
        };
        if *request.method() == Method::Pause {
            session.player.pause();
            return self.ok(request);
        }
        let now = Instant::now();
        if !session.player.is_playing() {
            session.last_alive = now;
            session.asking = Asking::new(now);
        }
        if quirks.has(Quirk::SessionIdChanges) && session.former_id.is_none() {
            session.former_id = Some(std::mem::replace(&mut session.id, new_id));
        }
        // Fixes the clock that RTP-Info promises; the first picture follows this answer.
        let index = self.shared.position(now, session.mount);
        session.player.play(now, index);
        let info = format!(
            "url={base}/{CONTROL};seq={};rtptime={}",
            session.player.stage.sequence,
            session.player.next_timestamp()
        );
        self.ok(request).header("Range", "npt=now-").header("RTP-Info", info)
    }

    /// OPTIONS, GET_PARAMETER and SET_PARAMETER.
    fn keep_alive(&mut self, request: &Request<Vec<u8>>, quirks: Quirks) -> Answer {
        let method = request.method();
        let named = request.header(&SESSION).is_some();
        if *method != Method::Options && named && !self.names_session(request) {
            return self.answer(request, StatusCode::SessionNotFound);
        }
        if !keep_alive::is_known(quirks, method) {
            return self.answer(request, StatusCode::NotImplemented);
        }
        let keeps = keep_alive::keeps(quirks, method);
        if let Some(session) = self.session.as_mut().filter(|_| keeps) {
            session.last_alive = Instant::now();
        }
        let answer = self.ok(request);
        if *method == Method::Options {
            return answer.header("Public", keep_alive::methods(quirks));
        }
        answer
    }

    fn teardown(&mut self, request: &Request<Vec<u8>>) -> Answer {
        if !self.names_session(request) {
            return self.answer(request, StatusCode::SessionNotFound);
        }
        self.session = None;
        self.ok(request)
    }
}
