//! Spans of media time, such as those of visits or of locks: whether something lies in any of them.

use razz_base::MediaTime;

/// Spans that do not touch one another, oldest first, each from a time on until before another.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Times(Vec<[MediaTime; 2]>);

impl Times {
    /// Of spans in any order; those that overlap become one.
    pub fn of(spans: impl IntoIterator<Item = [MediaTime; 2]>) -> Self {
        let mut spans: Vec<_> = spans.into_iter().filter(|[from, until]| from < until).collect();
        spans.sort_unstable();
        let mut merged: Vec<[MediaTime; 2]> = Vec::new();
        for [from, until] in spans {
            match merged.last_mut() {
                Some(last) if from <= last[1] => last[1] = last[1].max(until),
                _ => merged.push([from, until]),
            }
        }
        Self(merged)
    }

    /// Whether something of it lies from `from` on until before `until`.
    pub fn overlap(&self, from: MediaTime, until: MediaTime) -> bool {
        let after = self.0.partition_point(|span| span[1] <= from);
        self.0.get(after).is_some_and(|span| span[0] < until)
    }

    /// All of them, as JSON in ticks, for a query.
    pub(super) fn to_json(&self) -> String {
        let each =
            |[from, until]: &[MediaTime; 2]| format!("[{},{}]", from.as_90k(), until.as_90k());
        format!("[{}]", self.0.iter().map(each).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_overlap_are_one_and_ends_do_not_count() {
        let at = MediaTime::from_90k;
        let spans = [[500, 510], [100, 150], [140, 400], [400, 401], [7, 7], [90, 80], [120, 130]];
        let times = Times::of(spans.map(|span| span.map(at)));
        assert_eq!(times.to_json(), "[[100,401],[500,510]]");
        for (from, until, expected) in [
            (0, 100, false),
            (0, 101, true),
            (200, 300, true),
            (401, 500, false),
            (400, 401, true),
            (401, 501, true),
            (509, 900, true),
            (510, 900, false),
        ] {
            assert_eq!(times.overlap(at(from), at(until)), expected, "{from} to {until}");
        }
        assert!(!Times::default().overlap(at(i64::MIN), at(i64::MAX)));
    }
}
