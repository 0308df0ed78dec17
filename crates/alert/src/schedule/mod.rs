//! When a rule watches: windows of the week by the clock on the wall.

mod text;

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use text::ScheduleError;

/// Most windows of a schedule. More than anybody writes; a look at the schedule takes as many steps.
pub const MAX_WINDOWS: usize = 64;

const MINUTES_OF_DAY: u16 = 24 * 60;
const MINUTE_US: i64 = 60_000_000;
const WEEK_US: i64 = 7 * MINUTES_OF_DAY as i64 * MINUTE_US;

/// For so long ahead a change is looked for. Every schedule that is not always open changes twice a week;
/// the hour that a change to summer time leaves out may make it miss one.
const LOOK_AHEAD_US: i64 = 5 * WEEK_US;

/// The windows of the week in which a rule watches. Without any it always does.
///
/// It is read from text, and written back in one spelling:
///
/// ```
/// use razz_alert::Schedule;
///
/// let schedule: Schedule = "mon-friday 8:00-18:00; Sa".parse()?;
/// assert_eq!(schedule.to_string(), "Mo-Fr 08:00-18:00; Sa");
/// # Ok::<(), razz_alert::ScheduleError>(())
/// ```
///
/// As in OpenStreetMap's opening hours a comma goes on with the same days where only times follow, and
/// gathers days until times come (`Mo,We 08:00-12:00, 14:00-18:00`); a semicolon begins anew. Days alone
/// are whole days, times alone are of every day. A window over midnight belongs to the day on which it
/// begins.
///
/// Windows go by the clock on the wall: on the day of a change to or from summer time a window has an hour
/// less or more, an hour that comes twice is in its window twice, and one that is left out is not there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Schedule {
    windows: Vec<Window>,
}

/// The same hours on some days of the week.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Window {
    days: Days,
    /// Minutes since midnight, below a day.
    from: u16,
    /// 1 to a day; at most `from` where the window goes over midnight.
    to: u16,
}

/// Days of the week, a bit each from Monday.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Days(u8);

impl Days {
    const ALL: Self = Self(0x7f);

    fn has(self, day: u16) -> bool {
        self.0 >> (day % 7) & 1 == 1
    }
}

impl Window {
    fn has(self, day: u16, minute: u16) -> bool {
        let today = self.days.has(day) && minute >= self.from;
        match self.from < self.to {
            true => today && minute < self.to,
            false => today || self.days.has(day + 6) && minute < self.to,
        }
    }

    /// Where it begins and ends, in minutes of the week.
    fn edges(self) -> impl Iterator<Item = u16> {
        let over_midnight = if self.from < self.to { 0 } else { MINUTES_OF_DAY };
        (0..7).filter(move |&day| self.days.has(day)).flat_map(move |day| {
            let midnight = day * MINUTES_OF_DAY;
            [midnight + self.from, (midnight + self.to + over_midnight) % (7 * MINUTES_OF_DAY)]
        })
    }
}

impl Schedule {
    /// Of windows that fit: all of the week together is always.
    fn new(windows: Vec<Window>) -> Self {
        let has = |day, minute| windows.iter().any(|window| window.has(day, minute));
        // A time that no window has would begin at the end of one.
        let mut edges = windows.iter().flat_map(|window| window.edges());
        let always = edges.all(|edge| has(edge / MINUTES_OF_DAY, edge % MINUTES_OF_DAY));
        if always { Self::default() } else { Self { windows } }
    }

    /// Whether it has no bounds.
    pub fn is_always(&self) -> bool {
        self.windows.is_empty()
    }

    /// Whether the rule watches at this time. A time that no calendar has is outside.
    pub fn contains(&self, wall_us: i64, zone: &TimeZone) -> bool {
        self.is_always()
            || of_week(wall_us, zone).is_some_and(|us| {
                let minute = (us / MINUTE_US) as u16;
                let (day, minute) = (minute / MINUTES_OF_DAY, minute % MINUTES_OF_DAY);
                self.windows.iter().any(|window| window.has(day, minute))
            })
    }

    /// The next time after this at which a window begins or ends; `None` where it always watches.
    pub fn next_change(&self, wall_us: i64, zone: &TimeZone) -> Option<i64> {
        if self.is_always() {
            return None;
        }
        let inside = self.contains(wall_us, zone);
        let mut at = wall_us;
        while at <= wall_us.saturating_add(LOOK_AHEAD_US) {
            at = self.next_edge(at, zone)?;
            if self.contains(at, zone) != inside {
                return Some(at);
            }
        }
        None
    }

    /// The next time at which the answer may change: an edge of a window, if the wall's clock runs on
    /// until then, or else where that clock is put forward or back.
    fn next_edge(&self, wall_us: i64, zone: &TimeZone) -> Option<i64> {
        let here = of_week(wall_us, zone)?;
        let ahead = |edge: u16| match (i64::from(edge) * MINUTE_US - here).rem_euclid(WEEK_US) {
            0 => WEEK_US,
            ahead => ahead,
        };
        let edges = self.windows.iter().flat_map(|window| window.edges());
        let edge = wall_us.saturating_add(edges.map(ahead).min()?);
        let now = Timestamp::from_microsecond(wall_us).ok()?;
        let put = zone.following(now).map(|put| put.timestamp().as_microsecond());
        Some(put.filter(|&put| put > wall_us).take(1).fold(edge, i64::min))
    }
}

/// How far into the week the wall's clock is, in µs.
fn of_week(wall_us: i64, zone: &TimeZone) -> Option<i64> {
    let civil = zone.to_datetime(Timestamp::from_microsecond(wall_us).ok()?);
    let days = i64::from(civil.weekday().to_monday_zero_offset());
    let minutes = (days * 24 + i64::from(civil.hour())) * 60 + i64::from(civil.minute());
    let below = i64::from(civil.second()) * 1_000_000 + i64::from(civil.subsec_nanosecond()) / 1000;
    Some(minutes * MINUTE_US + below)
}

#[cfg(test)]
mod tests {
    use jiff::civil::DateTime;

    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    /// The first time with this clock on the wall.
    fn at(text: &str) -> i64 {
        let civil: DateTime = text.parse().unwrap();
        berlin().to_ambiguous_timestamp(civil).compatible().unwrap().as_microsecond()
    }

    fn schedule(text: &str) -> Schedule {
        text.parse().unwrap()
    }

    #[test]
    fn windows_of_the_week() {
        // 2026-11-30 is a Monday.
        for (text, inside, outside) in [
            ("Mo-Fr 08:00-18:00", "2026-11-30 08:00", "2026-11-30 07:59:59.999"),
            ("Mo-Fr 08:00-18:00", "2026-12-04 17:59:59.999", "2026-12-04 18:00"),
            ("Mo-Fr 08:00-18:00", "2026-12-01 12:00", "2026-12-05 12:00"),
            ("Sa-Su", "2026-12-06 23:59", "2026-12-07 00:00"),
            ("Fr-Mo", "2026-12-07 23:59", "2026-12-08 00:00"),
            ("22:00-06:00", "2026-12-01 05:59", "2026-12-01 06:00"),
            ("Su 22:00-06:00", "2026-12-07 05:59", "2026-12-06 05:59"),
            ("Fr 22:00-06:00", "2026-12-05 02:00", "2026-12-04 02:00"),
            ("20:00-24:00", "2026-12-04 23:59", "2026-12-05 00:00"),
        ] {
            let schedule = schedule(text);
            assert!(schedule.contains(at(inside), &berlin()), "{text}: {inside}");
            assert!(!schedule.contains(at(outside), &berlin()), "{text}: {outside}");
        }
    }

    #[test]
    fn changes_of_the_week() {
        for (text, from, change) in [
            ("Mo-Fr 08:00-18:00", "2026-11-30 07:00", "2026-11-30 08:00"),
            ("Mo-Fr 08:00-18:00", "2026-11-30 08:00", "2026-11-30 18:00"),
            ("Mo-Fr 08:00-18:00", "2026-12-04 18:00", "2026-12-07 08:00"),
            // Windows that touch are one.
            ("Mo 08:00-12:00, 12:00-14:00", "2026-11-30 09:00", "2026-11-30 14:00"),
            ("Mo; Tu 00:00-01:00", "2026-11-30 09:00", "2026-12-01 01:00"),
            ("22:00-06:00", "2026-11-30 23:00", "2026-12-01 06:00"),
            // The last Sunday of March has 23 hours, that of October 25.
            ("Su 02:00-03:00", "2027-03-27 12:00", "2027-04-04 02:00"),
            ("Su 01:00-02:30", "2027-03-28 01:30", "2027-03-28 03:00"),
            ("Su 02:30-04:00", "2027-03-28 01:30", "2027-03-28 03:00"),
        ] {
            let change = Some(at(change));
            assert_eq!(schedule(text).next_change(at(from), &berlin()), change, "{text}: {from}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_in_its_window_twice() {
        let first = at("2026-10-25 02:00");
        let hour = 3_600_000_000;
        let changes = |text: &str| {
            let mut changes = Vec::new();
            let mut now = first - hour;
            for _ in 0..4 {
                now = schedule(text).next_change(now, &berlin()).unwrap();
                changes.push((now - first) / (hour / 4));
            }
            changes
        };
        assert_eq!(changes("Su 02:00-03:00")[..2], [0, 8], "both hours, in one piece");
        assert_eq!(changes("Su 02:15-02:45"), [1, 3, 5, 7], "once in each");
        assert_eq!(
            changes("Su 00:00-02:30"),
            [2, 4, 6, 4 * (24 * 7 - 1)],
            "again after the clock is put back"
        );
    }

    #[test]
    fn always_and_never_have_no_edges() {
        for text in ["", "  ", "Mo-Su", "00:00-24:00", "08:00-20:00; 20:00-08:00", "Mo-Fr, Sa; Su"]
        {
            let schedule = schedule(text);
            assert!(schedule.is_always(), "{text}");
            assert!(schedule.contains(i64::MAX, &berlin()));
            assert_eq!(schedule.next_change(0, &berlin()), None);
        }
        let some = schedule("Mo");
        for wall_us in [i64::MIN, i64::MAX] {
            assert!(!some.contains(wall_us, &berlin()));
            assert_eq!(some.next_change(wall_us, &berlin()), None);
        }
    }
}
