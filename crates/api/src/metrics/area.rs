//! What is counted at lines and zones.

use prometheus::proto::{Metric, MetricType};
use razz_analytics::Direction;
use razz_hub::facts::Facts;

use super::family::{counter, gauge};

/// What a metric of areas is read from.
pub(super) struct ReadArea {
    pub(super) kind: MetricType,
    /// For the reference.
    #[cfg_attr(not(test), expect(dead_code, reason = "the reference is written by a test"))]
    pub(super) labels: &'static str,
    pub(super) read: fn(&Facts) -> Vec<Metric>,
}

/// Every metric of areas: name, meaning, value.
pub(super) const PER_AREA: &[(&str, &str, ReadArea)] = &[
    (
        "razz_line_crossings_total",
        "Crossings of a line as they were seen; what was corrected later is counted apart.",
        ReadArea {
            kind: MetricType::COUNTER,
            labels: "`camera`, `line`, `direction`, `class`",
            read: crossings,
        },
    ),
    (
        "razz_zone_visits_total",
        "Visits of a zone that began.",
        ReadArea { kind: MetricType::COUNTER, labels: "`camera`, `zone`, `class`", read: visits },
    ),
    (
        "razz_zone_objects",
        "How many are in a zone now.",
        ReadArea { kind: MetricType::GAUGE, labels: "`camera`, `zone`, `class`", read: objects },
    ),
    (
        "razz_fact_corrections_total",
        "Crossings and visits told once more: ends of visits, joined tracks, classes that turned out otherwise.",
        ReadArea { kind: MetricType::COUNTER, labels: "", read: corrections },
    ),
    (
        "razz_areas_moved_ratio",
        "How far a camera was moved since its areas were drawn, in shares of the picture's width; absent where it was not.",
        ReadArea { kind: MetricType::GAUGE, labels: "`camera`", read: moved },
    ),
];

fn crossings(facts: &Facts) -> Vec<Metric> {
    let (totals, _) = facts.totals();
    let each = totals.iter().filter_map(|(total, count)| {
        let direction = match total.direction? {
            Direction::In => "in",
            Direction::Out => "out",
        };
        let camera = total.camera.to_string();
        let labels = [
            ("camera", camera.as_str()),
            ("line", &total.area),
            ("direction", direction),
            ("class", &total.class),
        ];
        Some(counter(&labels, *count as f64))
    });
    each.collect()
}

fn visits(facts: &Facts) -> Vec<Metric> {
    let (totals, _) = facts.totals();
    let each =
        totals.iter().filter(|(total, _)| total.direction.is_none()).map(|(total, count)| {
            let camera = total.camera.to_string();
            let labels =
                [("camera", camera.as_str()), ("zone", &total.area), ("class", &total.class)];
            counter(&labels, *count as f64)
        });
    each.collect()
}

fn objects(facts: &Facts) -> Vec<Metric> {
    let now = facts.now();
    let zones = now.iter().filter(|now| now.is_zone);
    let each = zones.flat_map(|now| {
        let camera = now.camera.to_string();
        now.inside.iter().map(move |(class, count)| {
            let labels = [("camera", camera.as_str()), ("zone", &now.area), ("class", class)];
            gauge(&labels, f64::from(*count))
        })
    });
    each.collect()
}

fn corrections(facts: &Facts) -> Vec<Metric> {
    vec![counter(&[], facts.totals().1 as f64)]
}

fn moved(facts: &Facts) -> Vec<Metric> {
    let moved = facts.moved().into_iter();
    moved.map(|(camera, moved)| gauge(&[("camera", &camera.to_string())], moved.by)).collect()
}
