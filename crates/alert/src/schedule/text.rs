//! Schedules as people write them, and back.

use std::fmt;
use std::str::FromStr;

use super::{Days, MAX_WINDOWS, MINUTES_OF_DAY, Schedule, Window};

/// Longest text of a schedule, in bytes: 64 windows of the longest kind are shorter.
const MAX_TEXT: usize = 4_000;

/// As schedules name the days, from Monday.
const SHORT: [&str; 7] = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
const LONG: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Why a text is no schedule.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScheduleError {
    /// A word that is not a day.
    #[error(
        "\"{part}\" in the schedule: \"{word}\" is no day; write Mo, Tu, We, Th, Fr, Sa, Su or a range \
         as Mo-Fr"
    )]
    Day {
        /// The window it stands in.
        part: String,
        /// The word.
        word: String,
    },
    /// Something that is not a time of day.
    #[error("\"{part}\" in the schedule: \"{word}\" is no time of day; write hours as 08:00-18:00")]
    Time {
        /// The window it stands in.
        part: String,
        /// What stands there.
        word: String,
    },
    /// Times with more behind them.
    #[error("\"{part}\" in the schedule: put a comma or semicolon before \"{word}\"")]
    Unseparated {
        /// The window it stands in.
        part: String,
        /// What stands behind the times.
        word: String,
    },
    /// A window that ends when it begins.
    #[error(
        "\"{part}\" in the schedule ends when it begins; leave the hours out where whole days are meant"
    )]
    Empty {
        /// The window.
        part: String,
    },
    /// Nothing between two commas or semicolons.
    #[error("the schedule has a comma or semicolon too many; write \"Mo-Fr 08:00-18:00, Sa\"")]
    Separator,
    /// More than can be meant.
    #[error(
        "the schedule has more than {MAX_WINDOWS} windows; write days with the same hours as one"
    )]
    TooLong,
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        if text.len() > MAX_TEXT {
            return Err(ScheduleError::TooLong);
        }
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut windows = Vec::new();
        for group in text.split(';') {
            read_group(group, &mut windows)?;
        }
        match windows.len() <= MAX_WINDOWS {
            true => Ok(Self::new(windows)),
            false => Err(ScheduleError::TooLong),
        }
    }
}

/// What stands between two semicolons.
fn read_group(group: &str, windows: &mut Vec<Window>) -> Result<(), ScheduleError> {
    // Days that wait for their times, and those of the last times.
    let (mut waiting, mut last) = (0, None);
    for part in group.split(',') {
        let part = part.trim();
        let (days, times) = read_part(part)?;
        waiting |= days.unwrap_or(0);
        if let Some((from, to)) = times {
            let days = if waiting != 0 { waiting } else { last.unwrap_or(Days::ALL.0) };
            (waiting, last) = (0, Some(days));
            windows.push(Window { days: Days(days), from, to });
        }
    }
    if waiting != 0 {
        windows.push(Window { days: Days(waiting), from: 0, to: MINUTES_OF_DAY });
    }
    Ok(())
}

type DaysAndTimes = (Option<u8>, Option<(u16, u16)>);

/// `Mo-Fr 08:00-18:00`, or one of the two.
fn read_part(part: &str) -> Result<DaysAndTimes, ScheduleError> {
    // A range may have spaces, and the dash that typesetters use.
    let ranges = part.replace(['–', '—', '−'], "-");
    let ranges = ranges.split('-').map(str::trim).collect::<Vec<_>>().join("-");
    let (mut days, mut times) = (None, None);
    for word in ranges.split_whitespace() {
        if times.is_some() {
            let (part, word) = (part.to_owned(), word.to_owned());
            return Err(ScheduleError::Unseparated { part, word });
        }
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            times = Some(read_times(part, word)?);
        } else {
            days = Some(days.unwrap_or(0) | read_days(part, word)?);
        }
    }
    if days.is_none() && times.is_none() {
        return Err(ScheduleError::Separator);
    }
    Ok((days, times))
}

fn read_days(part: &str, word: &str) -> Result<u8, ScheduleError> {
    let day = |name: &str| {
        let lower = name.to_ascii_lowercase();
        let is = |long: &str| lower == *long || lower == long[..2] || lower == long[..3];
        LONG.iter().position(|long| is(long)).ok_or_else(|| ScheduleError::Day {
            part: part.to_owned(),
            word: if name.is_empty() { word } else { name }.to_owned(),
        })
    };
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let (first, last) = (day(first)?, day(last)?);
    // Over the end of the week, as in Fr-Mo.
    let length = (last + 7 - first) % 7;
    Ok((first..=first + length).fold(0, |days, day| days | 1 << (day % 7)))
}

fn read_times(part: &str, word: &str) -> Result<(u16, u16), ScheduleError> {
    let wrong = |word: &str| ScheduleError::Time { part: part.to_owned(), word: word.to_owned() };
    let (from, to) = word.split_once('-').ok_or_else(|| wrong(word))?;
    let minutes = |text: &str| {
        let digits = |text: &str, most: usize| {
            let fits = (1..=most).contains(&text.len());
            (fits && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
        };
        let (hours, minutes): (_, &str) = text.split_once(':')?;
        let (hours, minutes): (u16, u16) =
            (digits(hours, 2)?, digits(minutes, 2).filter(|_| minutes.len() == 2)?);
        let sum = hours * 60 + minutes;
        (minutes < 60 && sum <= MINUTES_OF_DAY).then_some(sum)
    };
    let begin = minutes(from).filter(|&from| from < MINUTES_OF_DAY).ok_or_else(|| wrong(from))?;
    let end = minutes(to).ok_or_else(|| wrong(to))?;
    if begin == end {
        return Err(ScheduleError::Empty { part: part.to_owned() });
    }
    Ok((begin, if end == 0 { MINUTES_OF_DAY } else { end }))
}

impl Window {
    fn whole_days(self) -> bool {
        (self.from, self.to) == (0, MINUTES_OF_DAY)
    }
}

impl fmt::Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut day, mut comma) = (0, "");
        while day < 7 {
            let length = (day..7).take_while(|&day| self.has(day)).count() as u16;
            if length > 0 {
                f.write_str(comma)?;
                f.write_str(SHORT[usize::from(day)])?;
                comma = ",";
            }
            if length > 1 {
                write!(f, "-{}", SHORT[usize::from(day + length - 1)])?;
            }
            day += length.max(1);
        }
        Ok(())
    }
}

impl fmt::Display for Schedule {
    /// In the one spelling that reads back as the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = |window: &Window| window.days != Days::ALL && !window.whole_days();
        for (index, window) in self.windows.iter().enumerate() {
            if let Some(before) = index.checked_sub(1).and_then(|before| self.windows.get(before)) {
                // A comma would go on with the days before.
                f.write_str(if full(before) && full(window) { ", " } else { "; " })?;
            }
            if window.days != Days::ALL {
                write!(f, "{}", window.days)?;
            }
            if full(window) {
                f.write_str(" ")?;
            }
            if !window.whole_days() {
                let (from, to) = (window.from, window.to);
                write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_spelling_for_each() {
        for (written, canonical) in [
            ("Mo-Fr 08:00-18:00, Sa 10:00-14:00", "Mo-Fr 08:00-18:00, Sa 10:00-14:00"),
            ("mo-FRI 8:00 – 18:00;saturday 10:00-14:00", "Mo-Fr 08:00-18:00, Sa 10:00-14:00"),
            ("Monday - Friday  08:00 - 18:00", "Mo-Fr 08:00-18:00"),
            ("Mo,We,Fr 08:00-18:00", "Mo,We,Fr 08:00-18:00"),
            ("Mo We 08:00-18:00", "Mo,We 08:00-18:00"),
            ("Mo-Fr 08:00-12:00, 14:00-18:00", "Mo-Fr 08:00-12:00, Mo-Fr 14:00-18:00"),
            ("Mo-Fr 08:00-12:00; 14:00-18:00", "Mo-Fr 08:00-12:00; 14:00-18:00"),
            ("Fr-Mo 22:00-06:00", "Mo,Fr-Su 22:00-06:00"),
            ("Su-Mo", "Mo,Su"),
            ("sat, sun", "Sa-Su"),
            ("Sa 00:00-24:00; Mo 10:00-00:00", "Sa; Mo 10:00-24:00"),
            ("Thu 09:00-10:00, Sa", "Th 09:00-10:00; Sa"),
            ("22:00-06:00", "22:00-06:00"),
            ("Mo-Su 22:00-06:00", "22:00-06:00"),
            ("Mo-Su", ""),
            ("", ""),
        ] {
            let schedule: Schedule = written.parse().unwrap();
            assert_eq!(schedule.to_string(), canonical, "{written}");
            assert_eq!(canonical.parse(), Ok(schedule), "{canonical}");
        }
    }

    #[test]
    fn errors_name_the_part_and_the_word() {
        for (written, words) in [
            ("Mo-Fr 08:00-18:00, Xx 10:00-14:00", ["\"Xx 10:00-14:00\"", "\"Xx\" is no day"]),
            ("Mo-", ["\"Mo-\"", "\"Mo-\" is no day"]),
            ("Mo-Tu-We", ["\"Mo-Tu-We\"", "\"Tu-We\" is no day"]),
            ("Mo 8-18", ["\"Mo 8-18\"", "\"8\" is no time of day"]),
            ("Mo 08:00", ["\"Mo 08:00\"", "\"08:00\" is no time of day"]),
            ("Mo 08:00-25:00", ["\"Mo 08:00-25:00\"", "\"25:00\" is no time of day"]),
            ("Mo 24:00-08:00", ["\"Mo 24:00-08:00\"", "\"24:00\" is no time of day"]),
            ("08:60-09:00", ["\"08:60-09:00\"", "\"08:60\" is no time of day"]),
            ("08:5-09:00", ["\"08:5-09:00\"", "\"08:5\" is no time of day"]),
            ("8am-5pm", ["\"8am-5pm\"", "\"8am\" is no time of day"]),
            ("Mo 09:00-09:00", ["\"Mo 09:00-09:00\"", "ends when it begins"]),
            ("Mo 08:00-09:00 10:00-11:00", ["put a comma", "\"10:00-11:00\""]),
            ("Mo 08:00-09:00 Tu", ["put a comma", "\"Tu\""]),
            ("Mo,,Tu", ["too many", "comma"]),
            ("Mo;", ["too many", "semicolon"]),
        ] {
            let error = written.parse::<Schedule>().unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{written}: {error}");
        }
        for text in ["Mo 08:00-09:00;".repeat(64) + "Tu", "Mo ".repeat(5000)] {
            assert_eq!(text.parse::<Schedule>(), Err(ScheduleError::TooLong));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What is written reads back as the same, whatever was read.
        #[test]
        fn text_and_back(windows in prop::collection::vec((1_u8..128, 0_u16..1440, 1_u16..=1440), 1..9)) {
            let window = |(days, from, to)| Window { days: Days(days), from, to };
            let windows = windows.into_iter().filter(|(_, from, to)| from != to).map(window);
            let schedule = Schedule::new(windows.collect());
            prop_assert_eq!(schedule.to_string().parse(), Ok(schedule));
        }

        /// No text makes it panic, and what it takes it takes again.
        #[test]
        fn any_text(text in "([MoTuFrSa0-9:,; –-]{0,24}|.{0,24})") {
            if let Ok(schedule) = text.parse::<Schedule>() {
                prop_assert_eq!(schedule.to_string().parse(), Ok(schedule));
            }
        }
    }
}
