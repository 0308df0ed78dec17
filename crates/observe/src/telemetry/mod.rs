//! Traces for an OpenTelemetry collector: what a frame's time goes into on its way from the camera to
//! its tracks, HTTP requests, and viewer sessions.
//!
//! Off unless `[telemetry]` names a collector, and then nothing here is asked for anything. Spans wait
//! in a bounded queue and are sent by a thread of their own: a collector that is slow or gone loses
//! spans, and delays nothing.

mod export;
mod frame;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _,
    TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider, SpanExporter,
};
use razz_base::{CameraId, MonoTime};
use tracing::{debug, info};

pub use self::frame::Journeys;
use crate::clock::Clock;
use razz_config as config;

/// Spans that may wait to be sent; more are dropped.
const QUEUE: usize = 2048;
/// How often they are sent.
const SEND_EVERY: Duration = Duration::from_secs(2);
/// How long the last ones may take when the server stops.
const LAST_SPANS: Duration = Duration::from_millis(400);

/// The attribute that names the camera, by its number.
const CAMERA: &str = "razz.camera.id";
/// The attribute that names the RTSP session, from 1.
const RUN: &str = "razz.run";

/// The way to the collector. Cloning shares it.
#[derive(Clone, Default)]
pub struct Telemetry(Option<Arc<Inner>>);

struct Inner {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    clock: Clock,
    /// How many of the detected frames are traced, 0 to 1.
    frames: f64,
    /// How many of the requests are traced, 0 to 1.
    requests: f64,
}

/// Starts the thread that sends, if a collector is named.
///
/// # Errors
/// When the sender cannot be set up; a collector that is not there is no error.
pub fn start(settings: Option<&config::Telemetry>, clock: Clock) -> Result<Telemetry, String> {
    let Some(settings) = settings else { return Ok(Telemetry::default()) };
    let telemetry = with(export::to(&settings.collector)?, settings, clock);
    info!(
        "traces of {} of the frames and {} of the requests go to {}",
        settings.frames, settings.requests, settings.collector
    );
    Ok(telemetry)
}

fn with(
    exporter: impl SpanExporter + 'static,
    settings: &config::Telemetry,
    clock: Clock,
) -> Telemetry {
    let resource = Resource::builder()
        .with_service_name(settings.service.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(QUEUE)
        .with_max_export_batch_size(QUEUE / 4)
        .with_scheduled_delay(SEND_EVERY)
        .build();
    let sender = BatchSpanProcessor::builder(exporter);
    let provider = SdkTracerProvider::builder()
        .with_resource(resource)
        // What is traced is chosen here, before a span is made.
        .with_sampler(Sampler::AlwaysOn)
        .with_span_processor(sender.with_batch_config(batches).build())
        .build();
    let tracer = provider.tracer("razz");
    let (frames, requests) = (settings.frames, settings.requests);
    Telemetry(Some(Arc::new(Inner { provider, tracer, clock, frames, requests })))
}

impl Telemetry {
    /// Whether there is a collector.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// What notes the frames of one camera; `None`: nobody wants them.
    pub fn journeys(&self) -> Option<Journeys> {
        let inner = self.0.as_ref().filter(|inner| inner.frames > 0.0)?;
        Some(Journeys::new(Arc::clone(inner), rand::random()))
    }

    /// A request begins. `None`: it is not traced.
    pub fn request(&self) -> Option<Request> {
        let inner = self.0.as_ref()?;
        let chosen = rand::random::<f64>() < inner.requests;
        chosen.then(|| Request { inner: Arc::clone(inner), begun: inner.clock.mono() })
    }

    /// A viewer session is over that was opened at `opened`.
    pub fn session(&self, camera: CameraId, run: u32, opened: MonoTime, asked: ViewerRequests) {
        let Some(inner) = &self.0 else { return };
        let attributes = vec![
            KeyValue::new(CAMERA, i64::from(camera.as_u32())),
            KeyValue::new(RUN, i64::from(run)),
            KeyValue::new("razz.viewer.nacks", asked.nacks as i64),
            KeyValue::new("razz.viewer.plis", asked.plis as i64),
            KeyValue::new("razz.viewer.replays", asked.replays as i64),
            KeyValue::new("razz.viewer.waits", asked.waits as i64),
        ];
        let now = inner.now();
        let span = inner.builder("viewer session", now.wall(opened), attributes);
        inner.end(span.with_kind(SpanKind::Server), &Context::new(), now.wall(now.mono));
    }

    /// Sends what waits, and ends; within half a second.
    pub async fn stop(&self) {
        let Some(inner) = self.0.clone() else { return };
        let stopped = move || inner.provider.shutdown_with_timeout(LAST_SPANS);
        if let Ok(Err(error)) = tokio::task::spawn_blocking(stopped).await {
            debug!("the last spans: {error}");
        }
    }
}

/// What a viewer asked for in its session.
#[derive(Clone, Copy)]
pub struct ViewerRequests {
    /// Packets again: generic NACKs.
    pub nacks: u64,
    /// Picture loss indications.
    pub plis: u64,
    /// GOPs replayed, the first included.
    pub replays: u64,
    /// Times that it had to wait for the next IDR.
    pub waits: u64,
}

/// A request that is traced, while it is answered.
pub struct Request {
    inner: Arc<Inner>,
    begun: MonoTime,
}

impl Request {
    /// It is answered. `route` is the pattern that matched it, never the path itself, which may hold
    /// a session's id.
    pub fn end(
        self,
        method: &'static str,
        route: Option<&str>,
        camera: Option<CameraId>,
        status: u16,
    ) {
        let mut attributes = vec![
            KeyValue::new("http.request.method", method),
            KeyValue::new("http.response.status_code", i64::from(status)),
        ];
        attributes.extend(route.map(|route| KeyValue::new("http.route", route.to_owned())));
        let camera = camera.map(|camera| KeyValue::new(CAMERA, i64::from(camera.as_u32())));
        attributes.extend(camera);
        let name = route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"));
        let inner = &self.inner;
        let now = inner.now();
        let span = inner.builder(name, now.wall(self.begun), attributes);
        let span = span.with_kind(SpanKind::Server);
        let mut span = inner.tracer.build_with_context(span, &Context::new());
        if status >= 500 {
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(now.wall(now.mono));
    }
}

impl Inner {
    fn builder(
        &self,
        name: impl Into<std::borrow::Cow<'static, str>>,
        begun: SystemTime,
        attributes: Vec<KeyValue>,
    ) -> SpanBuilder {
        self.tracer.span_builder(name).with_start_time(begun).with_attributes(attributes)
    }

    /// Ends a span under `parent`; answers what its children name it by.
    fn end(&self, span: SpanBuilder, parent: &Context, ended: SystemTime) -> SpanContext {
        let mut span = self.tracer.build_with_context(span, parent);
        span.end_with_timestamp(ended);
        span.span_context().clone()
    }

    fn under(parent: SpanContext) -> Context {
        Context::new().with_remote_span_context(parent)
    }

    fn now(&self) -> Now {
        Now { mono: self.clock.mono(), wall_us: self.clock.wall_us() }
    }
}

/// Both clocks, read once for a whole trace: read for each span anew they come a few microseconds
/// apart, and a frame's first part would now and then begin before the frame.
#[derive(Clone, Copy)]
struct Now {
    mono: MonoTime,
    wall_us: i64,
}

impl Now {
    /// The wall time of a moment that was a moment ago.
    fn wall(self, at: MonoTime) -> SystemTime {
        let us = self.wall_us - self.mono.since_us(at);
        UNIX_EPOCH + Duration::from_micros(u64::try_from(us).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
