//! Carries RTSP through HTTP (Apple's "Tunnelling RTSP and RTP through HTTP"): one connection with a
//! GET, over which the camera's bytes come as they are, and one with a POST, over which ours go in
//! Base64. For networks that let nothing but HTTP pass.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Buf as _, Bytes, BytesMut};

/// The longest answer to GET that is waited for, in bytes.
const MAX_HEAD: usize = 16 << 10;

/// What is wrong with the camera's answer to GET.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TunnelError {
    /// It is no HTTP, or has no end.
    #[error("the camera does not speak HTTP on this port")]
    NotHttp,
    /// It refuses.
    #[error("the camera refuses RTSP over HTTP: {0}")]
    Refused(String),
}

/// The two halves of a tunnel.
#[derive(Clone, Debug)]
pub struct Tunnel {
    path: String,
    host: String,
    cookie: String,
    user_agent: String,
}

impl Tunnel {
    /// Through `host` (with its port, as HTTP's header has it) to `path` (with its query). `seed` names
    /// the tunnel; nobody else should be able to guess it.
    pub fn new(host: &str, path: &str, user_agent: &str, seed: u64) -> Self {
        let path = if path.is_empty() { "/" } else { path }.to_owned();
        let cookie = format!("{seed:016x}{:06x}", seed.rotate_left(24) as u32 & 0xFF_FFFF);
        Self { path, host: host.to_owned(), cookie, user_agent: user_agent.to_owned() }
    }

    /// What goes out first over the connection that the camera answers on.
    pub fn get(&self) -> Bytes {
        self.head("GET", "Accept: application/x-rtsp-tunnelled\r\n")
    }

    /// What goes out first over the connection that we speak on, before any message.
    pub fn post(&self) -> Bytes {
        // The length says nothing: it has to be there, and is larger than what will be sent.
        let headers = "Content-Type: application/x-rtsp-tunnelled\r\nContent-Length: 32767\r\n\
                       Expires: Sun, 9 Jan 1972 00:00:00 GMT\r\n";
        self.head("POST", headers)
    }

    fn head(&self, method: &str, headers: &str) -> Bytes {
        let Self { path, host, cookie, user_agent } = self;
        format!(
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nUser-Agent: {user_agent}\r\n\
             x-sessioncookie: {cookie}\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n{headers}\r\n"
        )
        .into()
    }

    /// Takes the answer to GET out of what came in; `None` while it is not whole. What is left is RTSP.
    ///
    /// # Errors
    /// When the answer is none that opens a tunnel.
    pub fn open(received: &mut BytesMut) -> Result<Option<()>, TunnelError> {
        let begin = &received[..received.len().min(5)];
        if !b"HTTP/".starts_with(begin) || received.len() > MAX_HEAD {
            return Err(TunnelError::NotHttp);
        }
        let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(None);
        };
        let head = String::from_utf8_lossy(&received[..end]).into_owned();
        received.advance(end + 4);
        let first = head.lines().next().unwrap_or_default();
        let status = first.split_whitespace().nth(1).unwrap_or_default();
        if status.starts_with('2') {
            Ok(Some(()))
        } else {
            Err(TunnelError::Refused(first.split_once(' ').map_or(first, |(_, rest)| rest).into()))
        }
    }

    /// A message as it goes out over the POST. Each is encoded by itself, so that the camera has it
    /// whole without the next one.
    pub fn encode(message: &[u8]) -> Bytes {
        STANDARD.encode(message).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_carry_the_same_name() {
        let tunnel = Tunnel::new("h:8080", "/s?x=1", "razz", 0x0123_4567_89AB_CDEF);
        let (get, post) = (tunnel.get(), tunnel.post());
        let (get, post) = (String::from_utf8_lossy(&get), String::from_utf8_lossy(&post));
        assert!(get.starts_with("GET /s?x=1 HTTP/1.0\r\nHost: h:8080\r\n"), "{get}");
        assert!(post.starts_with("POST /s?x=1 HTTP/1.0\r\n"), "{post}");
        let cookie = |text: &str| text.split("x-sessioncookie: ").nth(1).unwrap()[..22].to_owned();
        assert_eq!(cookie(&get), cookie(&post));
        assert_eq!(&Tunnel::encode(b"PLAY")[..], b"UExBWQ==");
    }

    #[test]
    fn the_answer_to_get_opens_the_tunnel_or_says_why_not() {
        for (bytes, expected, rest) in [
            (&b"HTTP/1.0 200 OK\r\nA: b\r\n\r\nRTSP"[..], Ok(Some(())), &b"RTSP"[..]),
            (b"HTTP/1.0 200 OK\r\nA: b\r\n", Ok(None), b"HTTP/1.0 200 OK\r\nA: b\r\n"),
            (b"HT", Ok(None), b"HT"),
            (b"", Ok(None), b""),
            (
                b"HTTP/1.1 404 Not Found\r\n\r\n",
                Err(TunnelError::Refused("404 Not Found".into())),
                b"",
            ),
            (b"RTSP/1.0 400 Bad", Err(TunnelError::NotHttp), b"RTSP/1.0 400 Bad"),
        ] {
            let mut received = BytesMut::from(bytes);
            assert_eq!(Tunnel::open(&mut received), expected);
            assert_eq!(&received[..], rest);
        }
    }
}
