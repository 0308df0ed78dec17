//! One client's RTSP connection: requests in, answers and pictures out (RFC 2326).

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use rtsp_types::headers::{
    ALLOW, AUTHORIZATION, CONTENT_BASE, CONTENT_TYPE, CSEQ, PUBLIC, RANGE, RTP_INFO, SERVER,
    SESSION, TRANSPORT, WWW_AUTHENTICATE,
};
use rtsp_types::{
    Message, Method, ParseError, Request, Response, ResponseBuilder, StatusCode, Version,
};

use super::authentication::Gate;
use super::description::{CONTROL, session_description};
use super::player::{Player, Transport, WRITE_TIMEOUT};
use super::{Mount, Shared};
use crate::dice::Dice;

/// Requests larger than this are refused.
const MAX_REQUEST: usize = 16 << 10;
/// Longest time without a look at what else there is to do.
const MAX_WAIT: Duration = Duration::from_millis(50);
/// How long DESCRIBE waits for a footage's first picture.
const FIRST_PICTURE: Duration = Duration::from_secs(5);

const METHODS: &str =
    "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, SET_PARAMETER, TEARDOWN";

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
}

struct Session {
    id: String,
    mount: usize,
    player: Player,
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
                    if let Message::Request(request) = message {
                        self.handle(&request)?;
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
            match session.player.transport {
                // As long as the connection takes what it is sent, somebody is there.
                Transport::Interleaved { .. } => {}
                Transport::Udp { .. } => {
                    if session.player.heard_rtcp() {
                        self.last_heard = now;
                    }
                    let silent = now.saturating_duration_since(self.last_heard);
                    if silent > self.shared.options.session_timeout {
                        return Err(End::Closed);
                    }
                }
            }
        }
        Ok(())
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
        let answer = Response::builder(Version::V1_0, status).empty();
        let mut bytes = Vec::new();
        if answer.write(&mut bytes).is_ok() {
            self.stream.write_all(&bytes)?;
        }
        Err(End::Closed)
    }

    fn handle(&mut self, request: &Request<Vec<u8>>) -> Result<(), End> {
        let path = request.request_uri().map_or("*", |uri| uri.path()).to_owned();
        let mount = self.shared.find(&path);
        if let Some((_, mount)) = mount
            && mount.faults.now().refuse
        {
            return Err(End::Closed);
        }
        let method = request.method();
        let authorization = request.header(&AUTHORIZATION).map(|value| value.as_str());
        let answer = if *method == Method::Options {
            self.ok(request).header(PUBLIC, METHODS).build(Vec::new())
        } else if !self.gate.admits(method.into(), &path, authorization) {
            self.answer(request, StatusCode::Unauthorized)
                .header(WWW_AUTHENTICATE, self.gate.challenge())
                .build(Vec::new())
        } else if let Some((index, mount)) = mount {
            match method {
                Method::Describe => self.describe(request, mount),
                Method::Setup => self.setup(request, index, mount),
                Method::Play | Method::Pause => self.play(request, mount),
                Method::GetParameter | Method::SetParameter => self.keep_alive(request),
                Method::Teardown => self.teardown(request),
                _ => self
                    .answer(request, StatusCode::MethodNotAllowed)
                    .header(ALLOW, METHODS)
                    .build(Vec::new()),
            }
        } else if matches!(method, Method::GetParameter | Method::SetParameter) && path == "*" {
            self.keep_alive(request)
        } else {
            self.plain(request, StatusCode::NotFound)
        };
        let mut bytes = Vec::new();
        answer.write(&mut bytes).map_err(|_| End::Failed)?;
        self.stream.write_all(&bytes)?;
        Ok(())
    }

    fn answer(&self, request: &Request<Vec<u8>>, status: StatusCode) -> ResponseBuilder {
        let mut builder = Response::builder(Version::V1_0, status).header(SERVER, "razz-scene");
        if let Some(cseq) = request.header(&CSEQ) {
            builder = builder.header(CSEQ, cseq.as_str());
        }
        builder
    }

    /// 200, with the session where there is one.
    fn ok(&self, request: &Request<Vec<u8>>) -> ResponseBuilder {
        let builder = self.answer(request, StatusCode::Ok);
        match &self.session {
            Some(session) => builder.header(SESSION, self.session_header(&session.id)),
            None => builder,
        }
    }

    fn plain(&self, request: &Request<Vec<u8>>, status: StatusCode) -> Response<Vec<u8>> {
        self.answer(request, status).build(Vec::new())
    }

    fn session_header(&self, id: &str) -> String {
        format!("{id};timeout={}", self.shared.options.session_timeout.as_secs())
    }

    /// Whether the request names the session of this connection.
    fn names_session(&self, request: &Request<Vec<u8>>) -> bool {
        let named = request.header(&SESSION).map(|value| value.as_str());
        let named = named.map(|value| value.split(';').next().unwrap_or("").trim());
        self.session.as_ref().is_some_and(|session| named == Some(&session.id))
    }

    fn base(&self, mount: &Mount) -> String {
        format!("rtsp://{}/{}", SocketAddr::new(self.local, self.shared.port), mount.path)
    }

    fn describe(&self, request: &Request<Vec<u8>>, mount: &Mount) -> Response<Vec<u8>> {
        mount.footage.wait(1, FIRST_PICTURE);
        let claim = mount.faults.now().description;
        let session = self.shared.port.into();
        match session_description(&mount.footage, claim, self.local, session) {
            Some(sdp) => self
                .ok(request)
                .header(CONTENT_TYPE, "application/sdp")
                .header(CONTENT_BASE, format!("{}/", self.base(mount)))
                .build(sdp.into_bytes()),
            None => self.plain(request, StatusCode::ServiceUnavailable),
        }
    }

    fn setup(
        &mut self,
        request: &Request<Vec<u8>>,
        index: usize,
        mount: &Mount,
    ) -> Response<Vec<u8>> {
        if self.session.as_ref().is_some_and(|session| session.player.due().is_some()) {
            return self.plain(request, StatusCode::MethodNotValidInThisState);
        }
        let offers = request.header(&TRANSPORT).map_or("", |value| value.as_str());
        let Some((transport, mut chosen)) =
            offers.split(',').find_map(|offer| self.transport(offer))
        else {
            return self.plain(request, StatusCode::UnsupportedTransport);
        };
        let player = Player::new(
            transport,
            mount.footage.clone(),
            mount.alternative.clone(),
            mount.faults.clone(),
            Dice::new(self.dice.next(), 8),
            Instant::now(),
        );
        chosen.push_str(&format!(";ssrc={:08X};mode=\"PLAY\"", player.ssrc));
        let id = format!("{:08X}", self.dice.next() as u32);
        self.session = Some(Session { id, mount: index, player });
        self.ok(request).header(TRANSPORT, chosen).build(Vec::new())
    }

    /// Opens the transport of one offer (RFC 2326 section 12.39) and says how it is called. The
    /// packets go to the address that asked and nowhere else, whatever `destination` says.
    fn transport(&mut self, offer: &str) -> Option<(Transport, String)> {
        let mut parts = offer.trim().split(';');
        let protocol = parts.next()?.trim().to_ascii_uppercase();
        let parameters: Vec<&str> = parts.map(str::trim).collect();
        if parameters.iter().any(|name| name.eq_ignore_ascii_case("multicast")) {
            return None;
        }
        let pair = |name: &str| {
            let (_, value) = parameters
                .iter()
                .filter_map(|parameter| parameter.split_once('='))
                .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
            let (first, second) = match value.split_once('-') {
                Some((first, second)) => (first.trim().parse().ok()?, second.trim().parse().ok()?),
                None => {
                    let first: u16 = value.trim().parse().ok()?;
                    (first, first.checked_add(1)?)
                }
            };
            Some((first, second))
        };
        match protocol.as_str() {
            "RTP/AVP/TCP" => {
                let (rtp, rtcp) = pair("interleaved").unwrap_or((0, 1));
                let (rtp, rtcp) = (u8::try_from(rtp).ok()?, u8::try_from(rtcp).ok()?);
                let named = format!("RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}");
                Some((Transport::Interleaved { rtp, rtcp }, named))
            }
            "RTP/AVP" | "RTP/AVP/UDP" => {
                let (rtp_port, rtcp_port): (u16, u16) = pair("client_port")?;
                let (rtp, rtcp) = socket_pair(self.local).ok()?;
                rtp.connect((self.peer.ip(), rtp_port)).ok()?;
                rtcp.connect((self.peer.ip(), rtcp_port)).ok()?;
                rtcp.set_nonblocking(true).ok()?;
                let (a, b) = (rtp.local_addr().ok()?.port(), rtcp.local_addr().ok()?.port());
                let named = format!(
                    "RTP/AVP;unicast;client_port={rtp_port}-{rtcp_port};server_port={a}-{b}"
                );
                Some((Transport::Udp { rtp, rtcp }, named))
            }
            _ => None,
        }
    }

    fn play(&mut self, request: &Request<Vec<u8>>, mount: &Mount) -> Response<Vec<u8>> {
        if self.session.is_none() {
            return self.plain(request, StatusCode::MethodNotValidInThisState);
        }
        if !self.names_session(request) {
            return self.plain(request, StatusCode::SessionNotFound);
        }
        let base = self.base(mount);
        let Some(session) = &mut self.session else {
            return self.plain(request, StatusCode::SessionNotFound);
        };
        if *request.method() == Method::Pause {
            session.player.pause();
            return self.ok(request).build(Vec::new());
        }
        // Fixes the clock that RTP-Info promises; the first picture follows this answer.
        let index = self.shared.position(Instant::now(), session.mount);
        session.player.play(Instant::now(), index);
        let info = format!(
            "url={base}/{CONTROL};seq={};rtptime={}",
            session.player.sequence,
            session.player.next_timestamp()
        );
        self.ok(request).header(RANGE, "npt=now-").header(RTP_INFO, info).build(Vec::new())
    }

    fn keep_alive(&self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        if request.header(&SESSION).is_some() && !self.names_session(request) {
            return self.plain(request, StatusCode::SessionNotFound);
        }
        self.ok(request).build(Vec::new())
    }

    fn teardown(&mut self, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        if !self.names_session(request) {
            return self.plain(request, StatusCode::SessionNotFound);
        }
        self.session = None;
        self.ok(request).build(Vec::new())
    }
}

/// Two sockets with neighbouring ports, the first even (RFC 3550 section 11).
fn socket_pair(local: IpAddr) -> io::Result<(UdpSocket, UdpSocket)> {
    for _ in 0..64 {
        let rtp = UdpSocket::bind((local, 0))?;
        let port = rtp.local_addr()?.port();
        if port % 2 == 0
            && let Ok(rtcp) = UdpSocket::bind((local, port + 1))
        {
            return Ok((rtp, rtcp));
        }
    }
    Err(io::Error::other("no two neighbouring UDP ports are free"))
}
