//! Reads and writes RTSP messages (RFC 2326 sections 4 to 7), forgiving where no meaning is lost.

use bytes::Bytes;

/// The first line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum StartLine {
    /// `RTSP/1.0 200 OK`.
    Answer { status: u16, reason: String },
    /// `OPTIONS * RTSP/1.0`.
    Request { method: String, uri: String },
}

/// A message from the camera.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Message {
    pub(crate) start: StartLine,
    headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Message {
    /// Reads start line and headers, everything up to the empty line; `None` when the first line is
    /// none of RTSP's. A header line that cannot be read is passed over.
    pub(crate) fn parse(head: &[u8]) -> Option<Self> {
        // Names of cameras stand in headers in any encoding; what RTSP needs is ASCII.
        let text = String::from_utf8_lossy(head);
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        let start = start_line(lines.next()?)?;
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in lines {
            // A line that begins with a blank continues the one before (RFC 2068 section 4.2).
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = headers.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                headers.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        Some(Self { start, headers, body: Bytes::new() })
    }

    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// All values of a header, in order.
    pub(crate) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Bytes of the body, as announced; 0 where nothing is.
    pub(crate) fn content_length(&self) -> usize {
        let value = self.header("Content-Length").and_then(|value| value.parse().ok());
        value.unwrap_or(0)
    }

    pub(crate) fn cseq(&self) -> Option<u32> {
        self.header("CSeq")?.split_whitespace().next()?.parse().ok()
    }
}

fn start_line(line: &str) -> Option<StartLine> {
    let mut words = line.split_whitespace();
    let first = words.next()?;
    if is_version(first) {
        let status = words.next()?.parse().ok().filter(|status| (100..1000).contains(status))?;
        let reason = words.collect::<Vec<_>>().join(" ");
        return Some(StartLine::Answer { status, reason });
    }
    let uri = words.next()?;
    let method = first.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    (method && words.next().is_some_and(is_version))
        .then(|| StartLine::Request { method: first.to_owned(), uri: uri.to_owned() })
}

/// Some cameras answer with HTTP's name, most often when they refuse.
fn is_version(word: &str) -> bool {
    word.starts_with("RTSP/") || word.starts_with("HTTP/")
}

/// Writes a message of ours.
pub(crate) struct Writer(String);

impl Writer {
    /// Blanks and control characters of an address are percent-encoded: it may be the camera's own, and
    /// is one word.
    pub(crate) fn request(method: &str, uri: &str, cseq: u32) -> Self {
        let mut line = format!("{method} ");
        for character in uri.chars() {
            match character {
                c if c.is_ascii_control() || c == ' ' => {
                    line.push_str(&format!("%{:02X}", c as u32))
                }
                c => line.push(c),
            }
        }
        Self(format!("{line} RTSP/1.0\r\nCSeq: {cseq}\r\n"))
    }

    pub(crate) fn answer(status: u16, reason: &str) -> Self {
        Self(format!("RTSP/1.0 {status} {reason}\r\n"))
    }

    /// Control characters are left out: the value may be the camera's own, and is one line.
    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.0.extend([name, ": "]);
        self.0.extend(value.chars().filter(|character| !character.is_control()));
        self.0.push_str("\r\n");
        self
    }

    pub(crate) fn finish(mut self) -> Bytes {
        self.0.push_str("\r\n");
        self.0.into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_lines() {
        let answer =
            |status, reason: &str| Some(StartLine::Answer { status, reason: reason.to_owned() });
        let request = |method: &str, uri: &str| {
            Some(StartLine::Request { method: method.to_owned(), uri: uri.to_owned() })
        };
        for (line, expected) in [
            ("RTSP/1.0 200 OK", answer(200, "OK")),
            ("RTSP/1.0 454 Session Not Found", answer(454, "Session Not Found")),
            ("RTSP/1.0 200", answer(200, "")),
            ("RTSP/2.0  200  OK ", answer(200, "OK")),
            ("HTTP/1.1 401 Unauthorized", answer(401, "Unauthorized")),
            ("OPTIONS * RTSP/1.0", request("OPTIONS", "*")),
            ("GET_PARAMETER rtsp://h/s RTSP/1.0", request("GET_PARAMETER", "rtsp://h/s")),
            ("RTSP/1.0 20x OK", None),
            ("RTSP/1.0 7 OK", None),
            ("RTSP/1.0", None),
            ("OPTIONS *", None),
            ("options * RTSP/1.0", None),
            ("", None),
        ] {
            assert_eq!(start_line(line), expected, "{line}");
        }
    }

    #[test]
    fn odd_headers_cost_no_other() {
        let head = b"RTSP/1.0 200 OK\r\ncseq : 7 \nX-Empty:\r\nno header at all\r\nServer: caf\xe9\r\n\
                     X-Long: a,\r\n  b\r\nContent-length: 12\r\nWWW-Authenticate: Basic realm=\"a\"\r\n\
                     www-authenticate: Digest realm=\"b\"";
        let message = Message::parse(head).unwrap();
        assert_eq!(message.cseq(), Some(7));
        assert_eq!(message.header("X-Empty"), Some(""));
        assert_eq!(message.header("x-long"), Some("a, b"));
        assert_eq!(message.content_length(), 12);
        assert_eq!(message.headers("WWW-Authenticate").count(), 2);
        assert_eq!(message.header("Session"), None);
    }

    #[test]
    fn messages_of_ours() {
        let bytes = Writer::request("SETUP", "rtsp://h/s", 3).header("Session", "1").finish();
        assert_eq!(&bytes[..], b"SETUP rtsp://h/s RTSP/1.0\r\nCSeq: 3\r\nSession: 1\r\n\r\n");
        let bytes =
            Writer::request("PLAY", "rtsp://h/a b\r\nX: y", 3).header("Session", "1\r\nX: y");
        let expected =
            b"PLAY rtsp://h/a%20b%0D%0AX:%20y RTSP/1.0\r\nCSeq: 3\r\nSession: 1X: y\r\n\r\n";
        assert_eq!(&bytes.finish()[..], expected);
        let bytes = Writer::answer(501, "Not Implemented").finish();
        assert_eq!(&bytes[..], b"RTSP/1.0 501 Not Implemented\r\n\r\n");
    }
}
