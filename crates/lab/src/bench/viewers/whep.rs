//! The HTTP of WHEP, as little as it takes: one request a connection, over plain TCP.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

/// A server that does not answer in this time does not answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// Answers are a few kilobytes.
const MAX_ANSWER: usize = 1 << 18;

/// Where viewers join.
#[derive(Debug)]
pub(super) struct Target {
    url: Url,
    /// Of the server.
    pub(super) address: SocketAddr,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) body: String,
}

impl Target {
    /// From a URL; its host is looked up here, once.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        if url.scheme() != "http" {
            return Err("only http:// is spoken here; put TLS aside for the measurement".to_owned());
        }
        let address = url
            .socket_addrs(|| None)
            .map_err(|error| error.to_string())?
            .into_iter()
            .next()
            .ok_or("the host has no address")?;
        Ok(Self { url, address })
    }

    /// Offers, and gets the answer.
    pub(super) async fn post(&self, offer: &str) -> Result<Answer, String> {
        let answer = self.request("POST", &self.url, offer).await?;
        if answer.status != 201 && answer.status != 200 {
            let detail: String = answer.body.chars().take(200).collect();
            return Err(format!("HTTP {}: {detail}", answer.status));
        }
        Ok(answer)
    }

    /// Ends the session that `location` names.
    pub(super) async fn delete(&self, location: &str) -> Result<(), String> {
        let url = self.session(location).map_err(|error| error.to_string())?;
        self.request("DELETE", &url, "").await.map(drop)
    }

    /// The address of a session; what let in, such as `?token=…`, lets out as well.
    fn session(&self, location: &str) -> Result<Url, url::ParseError> {
        let mut url = self.url.join(location)?;
        if url.query().is_none() {
            url.set_query(self.url.query());
        }
        Ok(url)
    }

    async fn request(&self, method: &str, url: &Url, body: &str) -> Result<Answer, String> {
        let exchange = async {
            let mut stream = TcpStream::connect(self.address).await?;
            let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
            let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
            let request = format!(
                "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/sdp\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(request.as_bytes()).await?;
            let mut bytes = Vec::new();
            stream.take(MAX_ANSWER as u64).read_to_end(&mut bytes).await?;
            Ok::<_, std::io::Error>(bytes)
        };
        let bytes = tokio::time::timeout(ANSWER_WITHIN, exchange)
            .await
            .map_err(|_| "the server does not answer".to_owned())?
            .map_err(|error| format!("{}: {error}", self.address))?;
        parse(&bytes).ok_or_else(|| "the server's answer is no HTTP".to_owned())
    }
}

/// Status line, headers, body, which may come in chunks (RFC 9112 section 7.1).
fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
    let header = |name: &str| {
        let mut found = headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.trim())
    };
    let body = &bytes[end + 4..];
    let chunked = header("transfer-encoding").is_some_and(|coding| coding.contains("chunked"));
    let body = if chunked { unchunked(body)? } else { body.to_vec() };
    Some(Answer {
        status,
        location: header("location").map(str::to_owned),
        body: String::from_utf8(body).ok()?,
    })
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let whole =
            "HTTP/1.1 201 Created\r\nlocation: /whep/1/abc\r\nContent-Length: 4\r\n\r\nv=0\n";
        let chunked = "HTTP/1.1 201 Created\r\nLocation:/x\r\nTransfer-Encoding: chunked\r\n\r\n\
                       2;a=b\r\nv=\r\n2\r\n0\n\r\n0\r\n\r\n";
        for (text, location) in [(whole, "/whep/1/abc"), (chunked, "/x")] {
            let answer = parse(text.as_bytes()).unwrap();
            assert_eq!((answer.status, &answer.body[..]), (201, "v=0\n"));
            assert_eq!(answer.location.as_deref(), Some(location));
        }
        for cut in 0..chunked.len() - 8 {
            let _ = parse(&chunked.as_bytes()[..cut]);
        }
        assert!(parse(b"garbage").is_none());
    }

    #[test]
    fn targets_are_plain_http() {
        assert!(Target::parse("https://127.0.0.1/whep/1").is_err());
        assert!(Target::parse("whep/1").is_err());
        let target = Target::parse("http://127.0.0.1:8003/whep/1?a=b").unwrap();
        assert_eq!(target.address, SocketAddr::from(([127, 0, 0, 1], 8003)));
        for (location, session) in [("/whep/1/x", "/whep/1/x?a=b"), ("/s?c=d", "/s?c=d")] {
            let session = format!("http://127.0.0.1:8003{session}");
            assert_eq!(target.session(location).unwrap().as_str(), session);
        }
    }
}
