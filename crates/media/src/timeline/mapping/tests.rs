//! A camera with two streams, and what the mapping makes of their times.

use super::*;

/// How one of the camera's streams is.
#[derive(Clone, Copy)]
struct Sent {
    fps: i64,
    /// Media time at the moment 0.
    begins_us: i64,
    /// How fast its timestamps go, against the camera's clock.
    drift_ppm: i64,
    /// What its sender reports are off by; `None`: it sends none.
    reports_off_us: Option<i64>,
    /// From when a picture is taken until it is here.
    takes_us: i64,
    /// On top of that, by turns.
    jitter_us: i64,
}

const MAIN: Sent = Sent {
    fps: 30,
    begins_us: 7_000_000_000,
    drift_ppm: 0,
    reports_off_us: Some(0),
    takes_us: 80_000,
    jitter_us: 15_000,
};
const SUB: Sent = Sent { fps: 15, begins_us: 55_000, takes_us: 50_000, ..MAIN };

/// The wall clock at the moment 0.
const DAY_US: i64 = 1_700_000_000_000_000;

impl Sent {
    fn media(&self, taken_us: i64) -> MediaTime {
        let us = self.begins_us + taken_us + taken_us * self.drift_ppm / 1_000_000;
        MediaTime::from_90k(us * 9 / 100)
    }

    /// Frame `n` as it comes in.
    fn frame(&self, n: i64) -> (i64, MediaTime, WallTime, MonoTime) {
        let taken_us = n * 1_000_000 / self.fps;
        let arrived_us = taken_us + self.takes_us + (n * 7 % 5) * self.jitter_us / 5;
        let wall = match self.reports_off_us {
            Some(off_us) => {
                WallTime { us: DAY_US + taken_us + off_us, quality: WallQuality::SenderReport }
            }
            None => WallTime { us: DAY_US + arrived_us, quality: WallQuality::Arrival },
        };
        (taken_us, self.media(taken_us), wall, MonoTime::from_us(arrived_us))
    }
}

/// Runs both for so long, and compares pictures every ten seconds where `compare` says what comparing
/// is off by. Answers how far off the mapping is at the end, and how good it says that it is.
fn run(main: Sent, sub: Sent, seconds: i64, compare: Option<&[i64]>) -> (i64, MappingQuality) {
    let mut mapping = StreamMapping::default();
    let (mut next_main, mut compared) = (0, 0);
    let mut off_us = i64::MAX;
    let mut now = MonoTime::from_us(0);
    for n in 0..seconds * sub.fps {
        let (taken_us, time, wall, received) = sub.frame(n);
        while main.frame(next_main).3 <= received {
            let (_, time, wall, received) = main.frame(next_main);
            mapping.main_frame(time, wall, received);
            next_main += 1;
        }
        mapping.sub_frame(time, wall, received);
        let truth = us(main.media(taken_us));
        if let Some(errors) = compare
            && n % (10 * sub.fps) == 5 * sub.fps
        {
            mapping.compared(truth - us(time) + errors[compared % errors.len()], received);
            compared += 1;
        }
        if let Some(place) = mapping.place(time, false) {
            off_us = us(place) - truth;
        }
        now = received;
    }
    (off_us, mapping.quality(now).expect("frames of both have come"))
}

#[test]
fn the_mapping_is_as_good_as_it_says() {
    let none = |sent| Sent { reports_off_us: None, ..sent };
    let off = |sent, us| Sent { reports_off_us: Some(us), ..sent };
    let good: &[i64] = &[0];
    /// What it is called; the streams; what comparing pictures is off by; by what the mapping goes in the
    /// end, and how far it may be off at most, in ms.
    type Row<'a> = (&'a str, Sent, Sent, Option<&'a [i64]>, MappedBy, i64);
    use MappedBy::{Arrival, Pictures, SenderReports};
    let rows: [Row<'_>; 16] = [
        ("reports of both", MAIN, SUB, None, SenderReports, 2),
        ("both at 30 a second", MAIN, Sent { fps: 30, ..SUB }, None, SenderReports, 2),
        ("a slow main stream", Sent { fps: 5, ..MAIN }, SUB, None, SenderReports, 2),
        ("no reports", none(MAIN), none(SUB), None, Arrival, 60),
        ("reports of the main stream alone", MAIN, none(SUB), None, Arrival, 60),
        ("reports of the sub-stream alone", none(MAIN), SUB, None, Arrival, 60),
        ("reports that are seconds off", off(MAIN, -3_000_000), SUB, None, Arrival, 60),
        ("both off by as much", off(MAIN, 9_000_000), off(SUB, 9_000_000), None, SenderReports, 2),
        ("reports a little off", MAIN, off(SUB, 90_000), None, SenderReports, 95),
        ("reports a little off, and pictures", MAIN, off(SUB, 90_000), Some(good), Pictures, 8),
        ("no reports, and pictures", none(MAIN), none(SUB), Some(good), Pictures, 8),
        ("reports seconds off, and pictures", off(MAIN, 1_500_000), SUB, Some(good), Pictures, 8),
        (
            "pictures that are told apart to a part of a frame",
            none(MAIN),
            none(SUB),
            Some(&[-12_000, 15_000, 4_000]),
            Pictures,
            20,
        ),
        ("one comparison in three is wrong", MAIN, SUB, Some(&[0, 0, 700_000]), Pictures, 8),
        (
            "a main clock that drifts, no reports",
            Sent { drift_ppm: 80, ..none(MAIN) },
            none(SUB),
            Some(good),
            Pictures,
            30,
        ),
        (
            "a sub-stream's clock that drifts, with reports",
            MAIN,
            Sent { drift_ppm: -300, ..SUB },
            None,
            SenderReports,
            2,
        ),
    ];
    for (name, main, sub, compare, by, limit_ms) in rows {
        for seconds in [30, 600] {
            let (off_us, quality) = run(main, sub, seconds, compare);
            assert_eq!(quality.by, by, "{name}, {seconds} s");
            assert!(off_us.abs() <= limit_ms * 1000, "{name}, {seconds} s: {off_us} µs");
            assert!(off_us.abs() <= quality.error_us, "{name}: {off_us} of {quality:?}");
            assert!(quality.error_us <= ARRIVAL_ERROR_US, "{name}: {quality:?}");
        }
    }
}

#[test]
fn a_single_comparison_changes_nothing() {
    let (off_us, quality) = run(MAIN, SUB, 14, Some(&[400_000]));
    assert_eq!(quality.by, MappedBy::SenderReports);
    assert!(off_us.abs() < 2000, "{off_us}");
    // And two that agree are believed against those before.
    let (off_us, quality) = run(MAIN, SUB, 58, Some(&[0, 0, 0, 0, 90_000, 90_000]));
    assert_eq!(quality.by, MappedBy::Pictures);
    assert!((off_us - 90_000).abs() < 10_000, "{off_us}");
}

#[test]
fn nothing_is_placed_before_both_have_come_nor_backwards() {
    let wall = |us| WallTime { us: DAY_US + us, quality: WallQuality::Arrival };
    let mut mapping = StreamMapping::default();
    let (zero, at) = (MediaTime::from_90k(0), MonoTime::from_us);
    assert_eq!((mapping.place(zero, false), mapping.quality(at(0))), (None, None));
    mapping.sub_frame(zero, wall(0), at(0));
    assert_eq!(mapping.place(zero, false), None);
    mapping.main_frame(MediaTime::from_90k(90_000), wall(10_000), at(10_000));
    mapping.sub_frame(MediaTime::from_90k(3000), wall(33_333), at(33_333));
    let first = mapping.place(MediaTime::from_90k(3000), false).unwrap();
    // The pictures say that all of it is 1.2 s earlier.
    let offset_us = mapping.offset_us().unwrap() - 1_200_000;
    mapping.compared(offset_us, at(40_000));
    mapping.compared(offset_us, at(50_000));
    mapping.sub_frame(MediaTime::from_90k(6000), wall(66_667), at(66_667));
    assert_eq!(mapping.place(MediaTime::from_90k(6000), false), Some(first.plus_90k(1)));
    // Reordered ones are where they are.
    let place = mapping.place(MediaTime::from_90k(6000), true).unwrap();
    assert!(first.since_us(place) > 1_100_000, "{first} {place}");
    // Another session has other timestamps, of which nothing is known yet.
    mapping.start_sub_run();
    assert_eq!(mapping.place(MediaTime::from_90k(9000), false), None);
}

#[test]
fn nonsense_does_not_overflow() {
    let values = [i64::MIN, -1, 0, i64::MAX];
    let mut mapping = StreamMapping::default();
    for a in values {
        for b in values {
            for quality in [WallQuality::SenderReport, WallQuality::Arrival] {
                let wall = WallTime { us: b, quality };
                mapping.main_frame(MediaTime::from_90k(a), wall, MonoTime::from_us(b));
                mapping.sub_frame(MediaTime::from_90k(b), wall, MonoTime::from_us(a));
                mapping.compared(a, MonoTime::from_us(b));
                mapping.place(MediaTime::from_90k(a), false);
                mapping.quality(MonoTime::from_us(b));
            }
        }
    }
}
