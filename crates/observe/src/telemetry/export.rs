//! Sends spans: OTLP over HTTP with protobuf, by the HTTP client that webhooks use as well.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{
    Protocol, RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use tracing::{info, warn};
use ureq::Agent;

use crate::http_client::client;
use razz_config::Collector;

/// How long the collector may take for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// The most of an answer that is read; they are a few bytes.
const MAX_ANSWER: u64 = 64 << 10;

/// What sends spans to `collector`.
///
/// # Errors
/// When the standard variables (`OTEL_EXPORTER_OTLP_HEADERS` and so on) ask for what is not there.
pub(super) fn to(collector: &Collector) -> Result<SpanExporter, String> {
    SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(collector.url.reveal())
        .with_timeout(ANSWER_WITHIN)
        // Newer spans are worth more than those that could not be sent.
        .with_retry_policy(RetryPolicy::disabled())
        .with_http_client(Client::new(collector))
        .build()
        .map_err(|error| {
            let error = error.to_string();
            format!(
                "[telemetry]: {}; check the variables OTEL_*",
                razz_config::redact::text(&error)
            )
        })
}

/// Posts, and says once when it stops to work and when it works again.
#[derive(Debug)]
struct Client {
    agent: Agent,
    /// Shown; without credentials.
    name: String,
    authorization: Option<String>,
    failing: AtomicBool,
}

impl Client {
    fn new(collector: &Collector) -> Self {
        let agent =
            client().max_redirects(0).timeout_global(Some(ANSWER_WITHIN)).build().new_agent();
        // RFC 7617.
        let authorization = collector.credentials.as_ref().map(|credentials| {
            format!("Basic {}", STANDARD.encode(credentials.reveal().as_bytes()))
        });
        Self { agent, name: collector.to_string(), authorization, failing: AtomicBool::new(false) }
    }

    fn post(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        if let Some(authorization) = &self.authorization
            && let Ok(value) = authorization.parse()
        {
            request.headers_mut().insert("authorization", value);
        }
        // The error's own words may hold the address, and the address a password.
        let response =
            self.agent.run(request.map(|body| body.to_vec())).map_err(|error| match error {
                ureq::Error::Timeout(_) => "no answer in time".to_owned(),
                ureq::Error::Io(error) => error.kind().to_string(),
                ureq::Error::HostNotFound => "host not found".to_owned(),
                _ => "no connection, or no answer that is HTTP".to_owned(),
            })?;
        let status = response.status();
        let mut body = response.into_body();
        let body = body.with_config().limit(MAX_ANSWER).read_to_vec();
        let body = body.map_err(|_| "its answer broke off, or is too long".to_owned())?;
        if !status.is_success() {
            return Err(format!("status {}", status.as_u16()));
        }
        Ok(Response::new(Bytes::from(body)))
    }
}

#[async_trait]
impl HttpClient for Client {
    /// Blocks, on the thread that does nothing else than send.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let outcome = self.post(request);
        let failed_before = self.failing.swap(outcome.is_err(), Ordering::Relaxed);
        match &outcome {
            Ok(_) if failed_before => info!("traces reach {} again", self.name),
            Err(why) if !failed_before => {
                warn!("traces do not reach {}: {why}; they are dropped until they do", self.name);
            }
            _ => {}
        }
        outcome.map_err(HttpError::from)
    }
}
