//! Carries RTSP through HTTP (Apple's "Tunnelling RTSP and RTP through HTTP"): one connection with a
//! GET, over which the camera's bytes come as they are, and one with a POST, over which ours go in
//! Base64. For networks that let nothing but HTTP pass.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf as _, Bytes, BytesMut};

use crate::authentication::{Attempts, Authenticator, Verdict};
use crate::client::Settings;
use crate::message::{Message, StartLine};

/// The longest answer to GET that is waited for, in bytes.
const MAX_HEAD: usize = 16 << 10;
/// What a POST may carry, in bytes: it has to name a length, and servers end it there.
const POST_BYTES: usize = 32767;

/// What is wrong with the camera's answer to GET.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TunnelError {
    /// It is no HTTP, or has no end.
    #[error("the camera does not speak HTTP on this port")]
    NotHttp,
    /// It refuses.
    #[error("the camera refuses RTSP over HTTP: {0}")]
    Refused(String),
    /// It wants to know who we are, and what we say is wrong, or nothing.
    #[error("the camera refuses the user name or password for RTSP over HTTP")]
    Unauthorized {
        /// Whether we said who we are.
        had_credentials: bool,
    },
}

/// What the camera says to GET.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TunnelAnswer {
    /// Its answer is not whole.
    Incomplete,
    /// What follows is RTSP.
    Open,
    /// It wants to know who we are: GET goes out once more, over a new connection.
    Again,
}

/// The two halves of a tunnel.
#[derive(Debug)]
pub struct Tunnel {
    path: String,
    host: String,
    cookie: String,
    user_agent: String,
    authenticator: Authenticator,
    tried: Attempts,
    /// What the POST at hand can still carry.
    room: usize,
}

impl Tunnel {
    /// Through `host` (with its port, as HTTP's header has it) to `path` (with its query), for a session
    /// of these settings, whose seed names the tunnel.
    pub fn new(host: &str, path: &str, settings: &Settings) -> Self {
        let Settings { credentials, user_agent, seed, .. } = settings;
        let path = if path.is_empty() { "/" } else { path }.to_owned();
        // As long as QuickTime's own, since some cameras count.
        let cookie = format!("{seed:016x}{:06x}", seed.rotate_left(24) as u32 & 0xFF_FFFF);
        Self {
            path,
            host: host.to_owned(),
            cookie,
            user_agent: user_agent.clone(),
            authenticator: Authenticator::new(credentials.clone(), None, !seed),
            tried: Attempts::default(),
            room: 0,
        }
    }

    /// What goes out first over the connection that the camera answers on.
    pub fn get(&mut self) -> Bytes {
        self.head("GET", "Accept: application/x-rtsp-tunnelled\r\n")
    }

    /// What goes out first over the connection that we speak on, before any message.
    pub fn post(&mut self) -> Bytes {
        self.room = POST_BYTES;
        let headers = format!(
            "Content-Type: application/x-rtsp-tunnelled\r\nContent-Length: {POST_BYTES}\r\n\
             Expires: Sun, 9 Jan 1972 00:00:00 GMT\r\n"
        );
        self.head("POST", &headers)
    }

    fn head(&mut self, method: &str, headers: &str) -> Bytes {
        let proof = self.authenticator.authorization(method, &self.path, &mut self.tried);
        let proof = proof.map(|proof| format!("Authorization: {proof}\r\n")).unwrap_or_default();
        let Self { path, host, cookie, user_agent, .. } = self;
        format!(
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: {user_agent}\r\n\
             x-sessioncookie: {cookie}\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
             {headers}{proof}\r\n"
        )
        .into()
    }

    /// Takes the answer to GET out of what came in. What is left is RTSP.
    ///
    /// # Errors
    /// When the answer is none that opens a tunnel.
    pub fn answer(&mut self, received: &mut BytesMut) -> Result<TunnelAnswer, TunnelError> {
        let begin = &received[..received.len().min(5)];
        if !b"HTTP/".starts_with(begin) || received.len() > MAX_HEAD {
            return Err(TunnelError::NotHttp);
        }
        let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(TunnelAnswer::Incomplete);
        };
        let message = Message::parse(&received[..end]).ok_or(TunnelError::NotHttp)?;
        received.advance(end + 4);
        let StartLine::Answer { status, reason } = &message.start else {
            return Err(TunnelError::NotHttp);
        };
        match status {
            200..300 => Ok(TunnelAnswer::Open),
            401 => match self.authenticator.handle_refusal(&message, &mut self.tried) {
                Verdict::Again { .. } => Ok(TunnelAnswer::Again),
                Verdict::Refused => {
                    let had_credentials = self.authenticator.has_credentials();
                    Err(TunnelError::Unauthorized { had_credentials })
                }
            },
            _ => Err(TunnelError::Refused(format!("{status} {reason}"))),
        }
    }

    /// A message as it goes out over the POST; `None` where that is full and another has to be begun.
    /// Each is encoded by itself, so that the camera has it whole without the next one.
    pub fn encode(&mut self, message: &[u8]) -> Option<Bytes> {
        let encoded = STANDARD.encode(message);
        self.room = self.room.checked_sub(encoded.len())?;
        Some(encoded.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Credentials;

    fn tunnel(credentials: Option<Credentials>) -> Tunnel {
        let seed = 0x0123_4567_89AB_CDEF;
        let settings = Settings { credentials, seed, ..Settings::new("rtsp://h:8080/s?x=1") };
        Tunnel::new("h:8080", "/s?x=1", &settings)
    }

    fn text(bytes: &Bytes) -> String {
        String::from_utf8_lossy(bytes).into_owned()
    }

    #[test]
    fn both_halves_carry_the_same_name() {
        let mut tunnel = tunnel(None);
        let (get, post) = (text(&tunnel.get()), text(&tunnel.post()));
        assert!(get.starts_with("GET /s?x=1 HTTP/1.0\r\nHost: h:8080\r\n"), "{get}");
        assert!(post.starts_with("POST /s?x=1 HTTP/1.0\r\n"), "{post}");
        let cookie = |text: &str| text.split("x-sessioncookie: ").nth(1).unwrap()[..22].to_owned();
        assert_eq!(cookie(&get), cookie(&post));
        assert_eq!(&tunnel.encode(b"PLAY").unwrap()[..], b"UExBWQ==");
    }

    #[test]
    fn a_post_carries_what_it_said() {
        let mut tunnel = tunnel(None);
        assert_eq!(tunnel.encode(b"x"), None, "there is no POST yet");
        tunnel.post();
        let mut carried = 0;
        while let Some(encoded) = tunnel.encode(&[b'x'; 300]) {
            carried += encoded.len();
        }
        assert_eq!(carried, POST_BYTES / 400 * 400);
        tunnel.post();
        assert!(tunnel.encode(&[b'x'; 300]).is_some());
    }

    #[test]
    fn the_answer_to_get_opens_the_tunnel_or_says_why_not() {
        for (bytes, expected, rest) in [
            (&b"HTTP/1.0 200 OK\r\nA: b\r\n\r\nRTSP"[..], Ok(TunnelAnswer::Open), &b"RTSP"[..]),
            (
                b"HTTP/1.0 200 OK\r\nA: b\r\n",
                Ok(TunnelAnswer::Incomplete),
                b"HTTP/1.0 200 OK\r\nA: b\r\n",
            ),
            (b"HT", Ok(TunnelAnswer::Incomplete), b"HT"),
            (b"", Ok(TunnelAnswer::Incomplete), b""),
            (
                b"HTTP/1.1 404 Not Found\r\n\r\n",
                Err(TunnelError::Refused("404 Not Found".into())),
                b"",
            ),
            (
                b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"c\"\r\n\r\n",
                Err(TunnelError::Unauthorized { had_credentials: false }),
                b"",
            ),
            (b"RTSP/1.0 400 Bad", Err(TunnelError::NotHttp), b"RTSP/1.0 400 Bad"),
            (b"HTTP/1.1 2x0\r\n\r\n", Err(TunnelError::NotHttp), b"HTTP/1.1 2x0\r\n\r\n"),
        ] {
            let mut received = BytesMut::from(bytes);
            assert_eq!(tunnel(None).answer(&mut received), expected);
            assert_eq!(&received[..], rest);
        }
    }

    #[test]
    fn it_says_who_we_are_when_asked() {
        let credentials = Credentials { username: "anna".into(), password: "secret".into() };
        let mut tunnel = tunnel(Some(credentials));
        assert!(!text(&tunnel.get()).contains("Authorization"));
        let refusal =
            b"HTTP/1.0 401 No\r\nWWW-Authenticate: Digest realm=\"c\", nonce=\"n\"\r\n\r\n";
        let mut received = BytesMut::from(&refusal[..]);
        assert_eq!(tunnel.answer(&mut received), Ok(TunnelAnswer::Again));
        for head in [tunnel.get(), tunnel.post()] {
            let head = text(&head);
            assert!(head.contains("\r\nAuthorization: Digest username=\"anna\""), "{head}");
            assert!(head.contains("uri=\"/s?x=1\""), "{head}");
        }
        let mut received = BytesMut::from(&refusal[..]);
        let refused = Err(TunnelError::Unauthorized { had_credentials: true });
        assert_eq!(tunnel.answer(&mut received), refused);
    }
}
