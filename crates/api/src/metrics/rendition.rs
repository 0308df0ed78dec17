//! What is counted of the encodings that razz makes of cameras' pictures.

use prometheus::proto::MetricType;
use razz_hub::renditions::RenditionSnapshot;

/// What a metric of one encoding that razz makes is read from.
pub(super) enum ReadRendition {
    /// Grows for as long as the camera is not changed.
    Counter(fn(&RenditionSnapshot) -> f64),
    /// Goes up and down.
    Gauge(fn(&RenditionSnapshot) -> f64),
}

/// A metric of one encoding: name, meaning, value.
pub(super) type PerRendition = (&'static str, &'static str, ReadRendition);

/// Every metric that carries the labels `camera` and `rendition`: of those that were ever made.
pub(super) const PER_RENDITION: &[PerRendition] = &[
    (
        "razz_rendition_viewers",
        "Viewers that are sent this encoding of the camera's pictures, or wait for it.",
        ReadRendition::Gauge(|rung| rung.viewers as f64),
    ),
    (
        "razz_rendition_pictures_total",
        "Pictures encoded.",
        ReadRendition::Counter(|rung| rung.pictures as f64),
    ),
    (
        "razz_rendition_key_pictures_total",
        "Of these, key pictures: for viewers who join, or have lost some.",
        ReadRendition::Counter(|rung| rung.idrs as f64),
    ),
    (
        "razz_rendition_bytes_total",
        "Bytes of them.",
        ReadRendition::Counter(|rung| rung.bytes as f64),
    ),
    (
        "razz_rendition_cpu_seconds_total",
        "CPU time of scaling and encoding.",
        ReadRendition::Counter(|rung| rung.cpu_seconds),
    ),
    (
        "razz_rendition_memory_bytes",
        "Memory of its encoder, about, by the size of its pictures.",
        ReadRendition::Gauge(|rung| rung.memory_bytes as f64),
    ),
];

impl ReadRendition {
    pub(super) fn kind(&self) -> MetricType {
        match self {
            Self::Counter(_) => MetricType::COUNTER,
            Self::Gauge(_) => MetricType::GAUGE,
        }
    }
}
