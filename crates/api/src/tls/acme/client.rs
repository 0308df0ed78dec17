//! HTTP to the authority, by the client that webhooks use as well.

use std::fs;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use ureq::http::{Method, Request};
use ureq::tls::{Certificate, RootCerts};
use ureq::{Agent, http};

use razz_observe::http_client;

/// How long the authority may take for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The most of an answer that is read: certificates are some kilobytes.
const MAX_ANSWER: u64 = 1 << 20;

/// Cloning shares the connections.
#[derive(Clone, Debug)]
pub(super) struct Client {
    agent: Agent,
}

impl Client {
    /// Trusts what the PEM file `authority` signed and nothing else; without one, what browsers trust.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no certificate.
    pub(super) fn new(authority: Option<&Path>) -> Result<Self, String> {
        let mut config = http_client::client().max_redirects(0).timeout_global(Some(ANSWER_WITHIN));
        if let Some(path) = authority {
            let pem = fs::read(path).map_err(|error| {
                format!("TLS: {} cannot be read ({error}); see `directory_ca`", path.display())
            })?;
            let roots: Vec<_> = CertificateDer::pem_slice_iter(&pem)
                .flatten()
                .map(|one| Certificate::from_der(&one).to_owned())
                .collect();
            if roots.is_empty() {
                return Err(format!("TLS: {} holds no PEM certificate", path.display()));
            }
            config = config.tls_config(http_client::tls(RootCerts::Specific(Arc::new(roots))));
        }
        Ok(Self { agent: config.build().new_agent() })
    }

    fn ask(&self, request: Request<Vec<u8>>) -> Result<BytesResponse, ureq::Error> {
        let response = if matches!(*request.method(), Method::GET | Method::HEAD) {
            self.agent.run(request.map(|_| ()))?
        } else {
            self.agent.run(request)?
        };
        let (parts, mut body) = response.into_parts();
        let body = body.with_config().limit(MAX_ANSWER).read_to_vec()?;
        Ok(BytesResponse { parts, body: Box::new(Bytes::from(body)) })
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>>;

impl HttpClient for Client {
    fn request(&self, request: http::Request<BodyWrapper<Bytes>>) -> Answer {
        let client = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let Ok(body) = body.collect().await;
            let request = Request::from_parts(parts, body.to_bytes().to_vec());
            let asked = tokio::task::spawn_blocking(move || client.ask(request));
            let answered = asked.await.map_err(|error| Error::Other(error.into()))?;
            answered.map_err(|error| Error::Other(error.into()))
        })
    }
}
