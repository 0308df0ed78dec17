//! Moments in words.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// "2026-11-30 14:03:00.120 UTC" of UTC in µs since 1970.
pub(crate) fn utc(us: i64) -> String {
    parts(us).map_or_else(String::new, |(date, clock, ms)| format!("{date} {clock}.{ms:03} UTC"))
}

/// "2026-11-30T14:03:00.12Z" of UTC in µs since 1970; UNIX seconds where no calendar has it.
pub fn rfc3339(us: i64) -> String {
    let date = OffsetDateTime::from_unix_timestamp_nanos(i128::from(us / 1000) * 1_000_000);
    let text = date.ok().and_then(|date| date.format(&Rfc3339).ok());
    text.unwrap_or_else(|| format!("{:.3}", us as f64 / 1e6))
}

/// "2026-11-30 14-03-00", for names of files.
pub(crate) fn for_file(us: i64) -> String {
    parts(us)
        .map_or_else(String::new, |(date, clock, _)| format!("{date} {}", clock.replace(':', "-")))
}

fn parts(us: i64) -> Option<(String, String, i64)> {
    let at = OffsetDateTime::from_unix_timestamp(us.div_euclid(1_000_000)).ok()?;
    let (hour, minute, second) = at.time().as_hms();
    let date = format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day());
    Some((date, format!("{hour:02}:{minute:02}:{second:02}"), us.rem_euclid(1_000_000) / 1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_people_write_them() {
        let us = 1_796_047_380_120_456;
        assert_eq!(utc(us), "2026-11-30 14:03:00.120 UTC");
        assert_eq!(rfc3339(us), "2026-11-30T14:03:00.12Z");
        assert_eq!(for_file(us), "2026-11-30 14-03-00");
        assert_eq!(utc(i64::MAX), "");
    }
}
