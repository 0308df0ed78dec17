//! Numbers as Prometheus' families, metrics and buckets.

use prometheus::proto::{Bucket, LabelPair, Metric, MetricFamily, MetricType};
use razz_hub::health::Histogram;

/// `None` where there is nothing to show of it.
pub(super) fn family(
    name: &str,
    help: &str,
    kind: MetricType,
    metrics: Vec<Metric>,
) -> Option<MetricFamily> {
    if metrics.is_empty() {
        return None;
    }
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    Some(family)
}

fn labelled(labels: &[(&str, &str)]) -> Metric {
    let pairs = labels.iter().map(|(name, value)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    });
    let mut pairs: Vec<LabelPair> = pairs.collect();
    pairs.sort_by(|a, b| a.name().cmp(b.name()));
    Metric::from_label(pairs)
}

/// What only grows.
pub(super) fn counter(labels: &[(&str, &str)], value: f64) -> Metric {
    let mut counter = prometheus::proto::Counter::default();
    counter.set_value(value);
    let mut metric = labelled(labels);
    metric.set_counter(counter);
    metric
}

/// What goes up and down.
pub(super) fn gauge(labels: &[(&str, &str)], value: f64) -> Metric {
    let mut gauge = prometheus::proto::Gauge::default();
    gauge.set_value(value);
    let mut metric = labelled(labels);
    metric.set_gauge(gauge);
    metric
}

/// How many samples fell into which bucket.
pub(super) fn histogram(labels: &[(&str, &str)], samples: &Histogram) -> Metric {
    let mut cumulative = 0;
    let buckets = samples.bounds.iter().zip(&samples.counts).map(|(bound, count)| {
        cumulative += count;
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(*bound);
        bucket.set_cumulative_count(cumulative);
        bucket
    });
    let mut histogram = prometheus::proto::Histogram::default();
    histogram.set_bucket(buckets.collect());
    histogram.set_sample_count(samples.count());
    histogram.set_sample_sum(samples.sum);
    let mut metric = labelled(labels);
    metric.set_histogram(histogram);
    metric
}

#[cfg(test)]
mod tests {
    use super::super::INFERENCE;
    use super::*;

    #[test]
    fn buckets_hold_what_they_say() {
        let mut samples = Histogram::doubling(1e-3, 12);
        for seconds in [0.0005, 0.02, 0.02, 9.0] {
            samples.add(seconds);
        }
        let metrics = vec![histogram(&[("engine", "rten")], &samples)];
        let family = family(INFERENCE, "Time.", MetricType::HISTOGRAM, metrics).unwrap();
        let text = prometheus::TextEncoder::new().encode_to_string(&[family]).unwrap();
        for line in [
            "# TYPE razz_inference_seconds histogram",
            "razz_inference_seconds_bucket{engine=\"rten\",le=\"0.001\"} 1",
            "razz_inference_seconds_bucket{engine=\"rten\",le=\"0.032\"} 3",
            "razz_inference_seconds_bucket{engine=\"rten\",le=\"+Inf\"} 4",
            "razz_inference_seconds_count{engine=\"rten\"} 4",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
