//! The HTTP of WHEP: one request a connection, over plain TCP.

use std::net::SocketAddr;
use std::time::Duration;

use ureq::Agent;
use ureq::http::Request;
use url::Url;

use razz_observe::http_client;

/// A server that does not answer in this time does not answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// Answers are a few kilobytes.
const MAX_ANSWER: u64 = 1 << 18;

/// Where viewers join.
#[derive(Debug)]
pub(super) struct Target {
    url: Url,
    /// Of the server.
    pub(super) address: SocketAddr,
    agent: Agent,
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
        // A new connection for each request, as each viewer is a browser of its own.
        let agent = http_client::client()
            .max_idle_connections(0)
            .max_redirects(0)
            .timeout_global(Some(ANSWER_WITHIN))
            .build()
            .new_agent();
        Ok(Self { url, address, agent })
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
        let request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header("content-type", "application/sdp")
            .body(body.to_owned())
            .map_err(|error| error.to_string())?;
        let agent = self.agent.clone();
        tokio::task::spawn_blocking(move || exchange(&agent, request))
            .await
            .map_err(|error| error.to_string())?
            .map_err(|error| format!("{}: {error}", self.address))
    }
}

fn exchange(agent: &Agent, request: Request<String>) -> Result<Answer, ureq::Error> {
    // WHEP ends a session by a DELETE without a body (RFC 9725 section 4.2 has the same for WHIP).
    let mut response = match request.body().is_empty() {
        true => agent.run(request.map(drop))?,
        false => agent.run(request)?,
    };
    let location = response.headers().get("location").and_then(|value| value.to_str().ok());
    Ok(Answer {
        status: response.status().as_u16(),
        location: location.map(str::to_owned),
        body: response.body_mut().with_config().limit(MAX_ANSWER).read_to_string()?,
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// What a client makes of a server that reads one request and says `answer`.
    async fn told(answer: &'static str) -> Result<Answer, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"v=offer") {
                assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0, "cut short");
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8(request).unwrap()
        });
        let target = Target::parse(&format!("http://{address}/whep/1?a=b")).unwrap();
        let told = target.post("v=offer").await;
        let request = server.await.unwrap().to_ascii_lowercase();
        assert!(request.starts_with("post /whep/1?a=b http/1.1\r\n"), "{request}");
        assert!(request.contains("content-type: application/sdp\r\n"), "{request}");
        told
    }

    #[tokio::test]
    async fn answers_are_read_whole_or_in_chunks() {
        let whole =
            "HTTP/1.1 201 Created\r\nlocation: /whep/1/abc\r\nContent-Length: 4\r\n\r\nv=0\n";
        let chunked = "HTTP/1.1 201 Created\r\nLocation:/x\r\nTransfer-Encoding: chunked\r\n\r\n\
                       2;a=b\r\nv=\r\n2\r\n0\n\r\n0\r\n\r\n";
        for (text, location) in [(whole, "/whep/1/abc"), (chunked, "/x")] {
            let answer = told(text).await.unwrap();
            assert_eq!((answer.status, &answer.body[..]), (201, "v=0\n"));
            assert_eq!(answer.location.as_deref(), Some(location));
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_is_said() {
        let refused = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nfull";
        assert_eq!(told(refused).await.unwrap_err(), "HTTP 503: full");
        let short = "HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nv";
        for text in ["garbage\r\n\r\n", short, ""] {
            let error = told(text).await.unwrap_err();
            assert!(error.starts_with("127.0.0.1:"), "{text:?}: {error}");
        }
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
