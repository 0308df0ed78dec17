//! What is recorded: sizes and times as people write them.

use super::Resolver;
use crate::document::At;
use crate::resolved::{Disk, Record};
use crate::written::{self, DAYS, DISKS};

/// Longest pre-roll and post-roll, in seconds: the first is kept in memory.
const PRE: f64 = 60.0;
const POST: f64 = 600.0;

impl Resolver<'_, '_> {
    /// The outer `None` says that a problem was noted, the inner one that nothing is recorded.
    pub(super) fn record(&mut self, written: &written::Record) -> Option<Option<Record>> {
        let max_bytes = self.bytes("max_bytes", &written.max_bytes);
        let keep_free = self.bytes("keep_free", &written.keep_free);
        let keep_days = self.days("keep_days", &written.keep_days);
        let visits_days = self.days("visits_days", &written.visits_days);
        let tracks_days = self.days("tracks_days", &written.tracks_days);
        let kinds = [Disk::Auto, Disk::Ssd, Disk::Hdd];
        let [a, b, c] = DISKS;
        let exports_days = self.days("exports_days", &written.exports_days);
        let disk = self.word("disk", &written.disk, &[(a, kinds[0]), (b, kinds[1]), (c, kinds[2])]);
        let (max_bytes, keep_free) = (max_bytes?, keep_free?.unwrap_or(0));
        let (keep_days, visits_days) = (keep_days?, visits_days?);
        let (tracks_days, exports_days, disk) = (tracks_days?, exports_days?, disk?);
        let path = written.path.value.trim();
        if path.is_empty() {
            return Some(None);
        }
        let path = self.path(path);
        let record = Record {
            path,
            max_bytes,
            keep_free,
            keep_days,
            visits_days,
            tracks_days,
            exports_days,
            disk,
        };
        Some(Some(record))
    }

    fn days(&mut self, key: &str, written: &At<i64>) -> Option<Option<u32>> {
        let days = self.whole(key, written, DAYS.0, DAYS.1)?;
        Some(u32::try_from(days).ok().filter(|days| *days > 0))
    }

    /// The outer `None` says that a problem was noted, the inner one that nothing stands there.
    fn bytes(&mut self, key: &str, written: &At<String>) -> Option<Option<u64>> {
        let text = written.value.trim();
        if text.is_empty() {
            return Some(None);
        }
        let bytes = bytes(text);
        if bytes.is_none() {
            let message =
                format!("`{key}` expects a number of bytes, such as \"200GB\" or \"1.5TB\"");
            self.problems.add(written.at, message);
        }
        bytes.map(Some)
    }

    /// Before and after a visit, in µs.
    pub(super) fn around(&mut self, pre: &At<String>, post: &At<String>) -> Option<[i64; 2]> {
        let mut each = |key: &str, written: &At<String>, most: f64| {
            let seconds = seconds(written.value.trim()).filter(|seconds| *seconds <= most);
            if seconds.is_none() {
                let message =
                    format!("`{key}` expects a time of at most {most} seconds, such as \"5s\"");
                self.problems.add(written.at, message);
            }
            seconds.map(|seconds| (seconds * 1e6) as i64)
        };
        let (pre, post) = (each("pre", pre, PRE), each("post", post, POST));
        Some([pre?, post?])
    }
}

/// `200GB`, `1.5 TiB`: by thousands, with an i by 1024.
fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let unit = unit.strip_suffix('B')?;
    let (letter, step) = match unit.strip_suffix('i') {
        Some(letter) => (letter, 1024.0_f64),
        None => (unit, 1000.0),
    };
    let power = match letter {
        "" if unit.is_empty() => 0,
        "k" | "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        _ => return None,
    };
    let bytes = number * step.powi(power);
    (bytes < 9e18).then_some(bytes as u64)
}

/// `5s`, `1.5 min`, in seconds.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let (number, unit) = split(text)?;
    let each = match unit {
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Some(number * each)
}

/// A number that is not below nothing, and what stands behind it.
fn split(text: &str) -> Option<(f64, &str)> {
    let digits = |c: char| c.is_ascii_digit() || c == '.';
    let end = text.find(|c| !digits(c))?;
    let number: f64 = text[..end].parse().ok()?;
    number.is_finite().then(|| (number, text[end..].trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_read_as_people_write_them() {
        for (text, expected) in [
            ("200GB", Some(200_000_000_000)),
            ("1.5 TB", Some(1_500_000_000_000)),
            ("10GiB", Some(10 << 30)),
            ("4096B", Some(4096)),
            ("0B", Some(0)),
            ("12kB", Some(12_000)),
            ("12", None),
            ("GB", None),
            ("-1GB", None),
            ("1.2.3GB", None),
            ("1iB", None),
            ("1gb", None),
            ("99999999999TB", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
        for (text, expected) in [
            ("5s", Some(5.0)),
            ("0s", Some(0.0)),
            ("1.5 min", Some(90.0)),
            ("1h", Some(3600.0)),
            ("5", None),
            ("s", None),
            ("5 d", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
