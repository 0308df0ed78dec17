//! Names of files: the UTC time at which their first picture was taken.

use std::fmt;

/// Days of 400 years of the Gregorian calendar, which then begins anew.
const ERA_DAYS: i64 = 146_097;
/// From 1 March of year 0 to 1 January 1970, in days.
const TO_1970: i64 = 719_468;
const DAY_MS: i64 = 86_400_000;

/// A file's name: when its first picture was taken, in UTC ms since 1970.
///
/// ```
/// use razz_store::name::FileName;
///
/// let name = FileName::at_us(1_796_047_380_120_999);
/// assert_eq!(name.day(), "2026-11-30");
/// assert_eq!(name.to_string(), "2026-11-30/14-03-00.120Z.mp4");
/// assert_eq!(FileName::parse("2026-11-30", "14-03-00.120Z.mp4"), Some(name));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileName(i64);

impl FileName {
    /// Of a picture taken at this time, in UTC µs since 1970.
    pub const fn at_us(us: i64) -> Self {
        Self(us.div_euclid(1000))
    }

    /// That time, in UTC ms since 1970.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// One millisecond later: where the name is taken.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The folder of its day.
    pub fn day(self) -> String {
        let (year, month, day) = civil(self.0.div_euclid(DAY_MS));
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// The name within that folder.
    pub fn file(self) -> String {
        let ms = self.0.rem_euclid(DAY_MS);
        let (hours, minutes) = (ms / 3_600_000, ms / 60_000 % 60);
        format!("{hours:02}-{minutes:02}-{:02}.{:03}Z.mp4", ms / 1000 % 60, ms % 1000)
    }

    /// The beginning of the day that is called so; `None` where the calendar has none.
    pub(crate) fn midnight(day: &str) -> Option<Self> {
        let [year, month, date] = numbers(day, '-')?;
        let midnight = Self(days(year, month, date) * DAY_MS);
        (midnight.day() == day).then_some(midnight)
    }

    /// Reads the names of a folder and of a file in it; `None` where they are none of ours.
    pub fn parse(day: &str, file: &str) -> Option<Self> {
        let midnight = Self::midnight(day)?;
        let (clock, ms) = file.strip_suffix("Z.mp4")?.split_once('.')?;
        let [hours, minutes, seconds] = numbers(clock, '-')?;
        let ms: i64 = ms.parse().ok()?;
        let name = Self(midnight.0 + hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + ms);
        // Other spellings of the same time are none of ours.
        (name.day() == day && name.file() == file).then_some(name)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.day(), self.file())
    }
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let mut numbers = text.split(between).map(|number| number.parse::<u32>().ok().map(i64::from));
    let three = [numbers.next()??, numbers.next()??, numbers.next()??];
    numbers.next().is_none().then_some(three)
}

/// Year, month and day of a day since 1970, by the Gregorian calendar, whose years begin in March here so that the
/// odd day is the last (Hinnant, "chrono-compatible low-level date algorithms", 2013).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + TO_1970;
    let (era, day_of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + later, month, day)
}

/// The other way.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let from_march = (month + 9) % 12;
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * ERA_DAYS + day_of_era - TO_1970
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_sort_as_time_goes_and_are_read_again() {
        for (ms, name) in [
            (0, "1970-01-01/00-00-00.000Z.mp4"),
            (951_782_399_999, "2000-02-28/23-59-59.999Z.mp4"),
            (951_782_400_000, "2000-02-29/00-00-00.000Z.mp4"),
            (1_709_251_199_001, "2024-02-29/23-59-59.001Z.mp4"),
            (1_792_888_200_000, "2026-10-25/00-30-00.000Z.mp4"),
            (4_107_542_400_000, "2100-03-01/00-00-00.000Z.mp4"),
        ] {
            let is = FileName::at_us(ms * 1000 + 7);
            assert_eq!((is.to_string().as_str(), is.as_ms()), (name, ms));
            let (day, file) = name.split_once('/').unwrap();
            assert_eq!(FileName::parse(day, file), Some(is));
        }
        for (day, file) in [
            ("2026-02-30", "00-00-00.000Z.mp4"),
            ("2026-2-03", "00-00-00.000Z.mp4"),
            ("2026-02-03-04", "00-00-00.000Z.mp4"),
            ("2026-02-03", "24-00-00.000Z.mp4"),
            ("2026-02-03", "00-00-00.1Z.mp4"),
            ("2026-02-03", "00-00-00Z.mp4"),
            ("2026-02-03", "00-00-00.000.mp4"),
            ("lost+found", "x.mp4"),
        ] {
            assert_eq!(FileName::parse(day, file), None, "{day}/{file}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_time_has_one_name(ms in 0..253_402_300_799_999i64) {
            let name = FileName::at_us(ms * 1000);
            prop_assert_eq!(FileName::parse(&name.day(), &name.file()), Some(name));
            prop_assert!(name.to_string() < name.next().to_string());
        }
    }
}
