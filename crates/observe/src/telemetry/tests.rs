//! What a camera's thread and the HTTP layers note, as a collector would get it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use opentelemetry::Value;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::SpanData;
use razz_base::{FrameKey, MediaTime, RunId};

use super::*;
use razz_config::Collector;
use razz_config::redact::Secret;

/// Keeps what it is given.
#[derive(Clone, Default, Debug)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(batch);
        Ok(())
    }
}

fn kept(frames: f64, requests: f64) -> (Telemetry, Kept) {
    let collector = Collector {
        url: Secret::new("http://127.0.0.1:4318/v1/traces"),
        credentials: None,
        origin: String::new(),
    };
    let settings = config::Telemetry { collector, frames, requests, service: "test".to_owned() };
    let kept = Kept::default();
    (with(kept.clone(), &settings, Clock::start()), kept)
}

/// Everything noted so far.
fn spans(telemetry: &Telemetry, kept: &Kept) -> Vec<SpanData> {
    telemetry.0.as_ref().unwrap().provider.force_flush().unwrap();
    kept.0.lock().unwrap().clone()
}

fn value(span: &SpanData, key: &str) -> Option<Value> {
    span.attributes.iter().find(|pair| pair.key.as_str() == key).map(|pair| pair.value.clone())
}

fn at(ms: i64) -> MonoTime {
    MonoTime::from_us(ms * 1000)
}

fn key(time: MediaTime) -> FrameKey {
    FrameKey { camera: CameraId::new(3).unwrap(), time }
}

/// A frame's way through a camera, begun at `ms`.
fn walk(journeys: &mut Journeys, time: MediaTime, ms: i64) {
    journeys.taken(at(ms), at(ms + 1));
    journeys.decoded(time, RunId(2), at(ms + 5));
    journeys.offered(time, || at(ms + 6));
    journeys.looked(time, (at(ms + 10), at(ms + 30)), at(ms + 31));
    journeys.published(key(time), 0, at(ms + 33), || at(ms + 34));
    journeys.tracked(key(time), || at(ms + 35));
}

#[test]
fn a_frame_is_a_tree_of_spans_without_gaps() {
    let (telemetry, kept) = kept(1.0, 0.0);
    let time = MediaTime::from_90k((7 << 32) + 2_839_113_041);
    walk(&mut telemetry.journeys().unwrap(), time, 100);
    let spans = spans(&telemetry, &kept);
    let root = spans.iter().find(|span| span.name == "frame").unwrap();
    for (name, parent, from, to) in [
        ("ingest", "frame", 0, 1),
        ("decode", "frame", 1, 5),
        ("detect", "frame", 6, 31),
        ("infer", "detect", 10, 30),
        ("track", "frame", 31, 33),
        ("publish", "frame", 33, 34),
    ] {
        let span = spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{name}"));
        let parent = spans.iter().find(|span| span.name == parent).unwrap();
        assert_eq!(span.parent_span_id, parent.span_context.span_id(), "{name}");
        assert_eq!(span.span_context.trace_id(), root.span_context.trace_id(), "{name}");
        for (ms, is) in [(from, span.start_time), (to, span.end_time)] {
            let since = is.duration_since(root.start_time).unwrap();
            assert_eq!(since.as_micros(), ms * 1000, "{name}");
        }
        assert_eq!(value(span, "razz.camera.id"), Some(Value::I64(3)), "{name}");
        assert_eq!(value(span, "razz.run"), Some(Value::I64(2)), "{name}");
        assert_eq!(value(span, "razz.rtp_timestamp"), Some(Value::I64(2_839_113_041)), "{name}");
    }
    assert_eq!(spans.len(), 7);
}

#[test]
fn a_frame_whose_detections_come_late_is_told_of_as_such() {
    let (telemetry, kept) = kept(1.0, 0.0);
    let mut journeys = telemetry.journeys().unwrap();
    let time = MediaTime::from_90k(3000);
    journeys.taken(at(0), at(1));
    journeys.decoded(time, RunId(1), at(5));
    journeys.offered(time, || at(6));
    journeys.looked(time, (at(200), at(300)), at(301));
    journeys.tracked(key(time), || at(303));
    let spans = spans(&telemetry, &kept);
    let names: BTreeSet<_> = spans.iter().map(|span| span.name.to_string()).collect();
    let expected = ["decode", "detect", "frame", "infer", "ingest", "track"];
    assert_eq!(names, expected.map(str::to_owned).into());
    let root = spans.iter().find(|span| span.name == "frame").unwrap();
    assert_eq!(value(root, "razz.late"), Some(Value::Bool(true)));
}

#[test]
fn as_many_are_traced_as_were_asked_for() {
    for (share, frames, least, most) in [(1.0, 50, 50, 50), (0.1, 200, 19, 21), (0.01, 300, 2, 4)] {
        let (telemetry, kept) = kept(share, 0.0);
        let mut journeys = telemetry.journeys().unwrap();
        (0..frames).for_each(|n| walk(&mut journeys, MediaTime::from_90k(n * 3000), n * 40));
        let traced = spans(&telemetry, &kept).iter().filter(|span| span.name == "frame").count();
        assert!((least..=most).contains(&traced), "{traced} of {frames} at {share}");
    }
    assert!(kept(0.0, 1.0).0.journeys().is_none(), "nothing is noted for nothing");
    assert!(Telemetry::default().journeys().is_none());
}

#[test]
fn pictures_that_give_way_are_forgotten() {
    let (telemetry, kept) = kept(1.0, 0.0);
    let mut journeys = telemetry.journeys().unwrap();
    let time = |n| MediaTime::from_90k(n * 3000);
    for n in 0..1000 {
        journeys.taken(at(n), at(n));
        journeys.decoded(time(n), RunId(1), at(n));
        journeys.offered(time(n), || at(n));
    }
    journeys.tracked(key(time(3)), || at(2000));
    journeys.tracked(key(time(999)), || at(2000));
    journeys.tracked(key(time(998)), || at(2000));
    let frames = spans(&telemetry, &kept);
    assert_eq!(frames.iter().filter(|span| span.name == "frame").count(), 1);
}

#[test]
fn requests_and_sessions_are_named_by_their_pattern() {
    let (telemetry, kept) = kept(0.0, 1.0);
    let camera = CameraId::new(3);
    telemetry.request().unwrap().end("POST", Some("/whep/{camera}"), camera, 201);
    telemetry.request().unwrap().end("GET", None, None, 500);
    let asked = ViewerRequests { nacks: 1, plis: 2, replays: 3, waits: 4 };
    telemetry.session(CameraId::new(3).unwrap(), 5, at(0), asked);
    let spans = spans(&telemetry, &kept);
    let names: Vec<_> = spans.iter().map(|span| span.name.to_string()).collect();
    assert_eq!(names, ["POST /whep/{camera}", "GET", "viewer session"]);
    assert_eq!(value(&spans[0], "razz.camera.id"), Some(Value::I64(3)));
    assert_eq!(value(&spans[0], "http.response.status_code"), Some(Value::I64(201)));
    assert_eq!(spans[0].status, Status::Unset);
    assert!(matches!(spans[1].status, Status::Error { .. }));
    assert_eq!(value(&spans[2], "razz.viewer.plis"), Some(Value::I64(2)));
    assert!(self::kept(1.0, 0.0).0.request().is_none());
}
