//! Cameras that cost what they cost, second by second.

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec, DetectRate, FrameKey, MediaTime, MonoTime, RunId, Size,
    StreamFormat, WallQuality, WallTime,
};

use super::*;

#[derive(Clone, Copy)]
struct Kind {
    gop: i64,
    wanted: f64,
    priority: f64,
    picture_us: f64,
}

/// 720p30 as openh264 decodes it on the machine of the benchmarks.
const USUAL: Kind = Kind { gop: 60, wanted: 5.0, priority: 1.0, picture_us: 4300.0 };
const DETECTION_US: f64 = 20_000.0;

fn id(n: usize) -> CameraId {
    CameraId::new(n as u32 + 1).unwrap()
}

/// A budget of two cores that is told what its cameras do with what they are allowed.
struct Machine {
    budget: Budget,
    kinds: Vec<Kind>,
    format: std::sync::Arc<StreamFormat>,
    frame: i64,
    /// Detections that each camera is about to have.
    due: Vec<f64>,
    /// Of five pictures that are due, on so many nothing has moved.
    still: u64,
    answers: Vec<u64>,
}

impl Machine {
    fn new(kinds: &[Kind]) -> Self {
        let mut machine = Self {
            budget: Budget::new(2.0, 2.0, MonoTime::from_us(0)),
            kinds: Vec::new(),
            format: StreamFormat::new(Codec::H264, Size::new(1280, 720)),
            frame: 0,
            due: Vec::new(),
            still: 0,
            answers: Vec::new(),
        };
        kinds.iter().for_each(|kind| machine.join(*kind));
        machine
    }

    fn join(&mut self, kind: Kind) {
        let wanted = DetectRate::PerSecond(kind.wanted);
        self.budget.join(id(self.kinds.len()), wanted, kind.priority);
        self.kinds.push(kind);
        self.due.push(0.0);
        self.answers.push(0);
    }

    fn seconds(&mut self, seconds: i64) {
        for _ in 0..30 * seconds {
            self.frame += 1;
            let now = MonoTime::from_us(self.frame * 33_333);
            for (n, kind) in self.kinds.iter().enumerate() {
                let idr = (self.frame + 7 * n as i64) % kind.gop == 0;
                let au = AccessUnit {
                    key: FrameKey { camera: id(n), time: MediaTime::from_90k(self.frame * 3000) },
                    run: RunId(0),
                    format: std::sync::Arc::clone(&self.format),
                    data: Bytes::new(),
                    idr,
                    lost_packets: 0,
                    wall: WallTime { us: 0, quality: WallQuality::Arrival },
                    received: now,
                };
                self.budget.arrived(&au, 0, now);
                self.budget.decoded(id(n), idr, kind.picture_us);
                // It gets what it is allowed.
                self.due[n] += self.budget.allowance(id(n)).rate.min(kind.wanted) / 30.0;
                if self.due[n] >= 1.0 {
                    self.due[n] -= 1.0;
                    self.answers[n] += 1;
                    if self.answers[n] % 5 < self.still {
                        self.budget.unchanged(id(n));
                    } else {
                        self.budget.looked(id(n));
                    }
                }
            }
            if self.frame % 6 == 0 {
                self.budget.detected(8, 8.0 * DETECTION_US);
            }
            if self.budget.is_due(now) {
                self.budget.plan(now);
            }
        }
    }

    fn rates(&self) -> Vec<f64> {
        let rate = |n| self.budget.allowance(id(n)).rate;
        (0..self.kinds.len()).map(rate).collect()
    }
}

fn cameras(count: usize, gop: i64) -> Vec<Kind> {
    vec![Kind { gop, ..USUAL }; count]
}

#[test]
fn everybody_gets_all_that_fits_and_the_same_share_of_what_does_not() {
    // 8 cameras of 4.3 ms x 30 + 20 ms x 5 fill two cores.
    for (count, gop, least, most) in [
        (8, 30, f64::INFINITY, f64::INFINITY),
        (9, 30, 4.8, 5.0), // nothing is decoded after the last detection of a second
        (12, 30, 3.0, 3.4),
        (12, 60, 2.3, 2.8),
        (16, 30, 1.9, 2.6),
        (16, 60, 1.8, 2.5),
        (16, 300, 1.7, 2.5),
        (24, 60, 1.4, 1.9),
        (24, 300, 1.4, 1.9),
        (40, 30, 1.0, 1.9),
        (40, 300, 1.0, 1.2),
    ] {
        let mut machine = Machine::new(&cameras(count, gop));
        machine.seconds(40);
        for rate in machine.rates() {
            assert!((least..=most).contains(&rate), "{count} cameras, GOP {gop}: {rate}");
        }
    }
}

#[test]
fn where_nothing_moves_only_what_the_detector_looks_at_counts() {
    let mut machine = Machine::new(&cameras(11, 60));
    machine.still = 4;
    machine.seconds(60);
    // 11 x (0.129 + 0.2 x 5 x 0.02) cores.
    assert!(machine.rates().iter().all(|rate| rate.is_infinite()), "{:?}", machine.rates());
    machine.still = 0;
    machine.seconds(10);
    assert!(machine.rates().iter().all(|rate| *rate < 3.5), "{:?}", machine.rates());
}

#[test]
fn who_dozes_counts_with_its_key_frames_and_who_wakes_is_shared_with_at_once() {
    let mut machine = Machine::new(&cameras(11, 60));
    machine.still = 4;
    machine.seconds(20);
    let now = |machine: &Machine| MonoTime::from_us(machine.frame * 33_333);
    let awake = machine.budget.cameras_that_fit(now(&machine)).unwrap();
    (0..11).for_each(|n| machine.budget.dozes(id(n), true));
    machine.seconds(5);
    // 1.9 / (0.0043 / 2 + 0.2 x 5 x 0.02) cores.
    let dozing = machine.budget.cameras_that_fit(now(&machine)).unwrap();
    assert!((10.0..14.0).contains(&awake) && (75.0..95.0).contains(&dozing), "{awake}, {dozing}");
    // What decoding all of its pictures would take is said all the same.
    let cores = machine.budget.decode_cores(id(0), now(&machine)).unwrap();
    assert!((cores - 0.129).abs() < 0.002, "{cores}");

    (11..40).for_each(|_| machine.join(USUAL));
    (0..40).for_each(|n| machine.budget.dozes(id(n), true));
    machine.seconds(10);
    assert!(machine.rates().iter().all(|rate| rate.is_infinite()), "{:?}", machine.rates());
    // Thirty wake in the same moment: with the very next picture all of them get their share.
    (0..30).for_each(|n| machine.budget.dozes(id(n), false));
    assert!(machine.budget.is_due(now(&machine)));
    machine.budget.plan(now(&machine));
    let rates = machine.rates();
    assert!(rates[..30].iter().all(|rate| *rate < 2.5), "{rates:?}");
    assert!(rates.iter().all(|rate| *rate >= 1.0), "{rates:?}");
}

#[test]
fn it_says_how_many_cameras_fit() {
    for (count, kind, decode_cores, fit) in [
        // 1.9 cores for 30 pictures of 4.3 ms and 5 detections of 20 ms.
        (4, USUAL, 0.129, 8.3),
        (16, USUAL, 0.129, 8.3),
        (4, Kind { picture_us: 1900.0, ..USUAL }, 0.057, 12.1),
        // Here the detector is what ends first.
        (2, Kind { picture_us: 100.0, wanted: 30.0, ..USUAL }, 0.003, 3.15),
    ] {
        let mut machine = Machine::new(&vec![kind; count]);
        assert_eq!(machine.budget.cameras_that_fit(MonoTime::from_us(0)), None);
        machine.seconds(10);
        let now = MonoTime::from_us(machine.frame * 33_333);
        let found = machine.budget.cameras_that_fit(now).unwrap();
        assert!((found - fit).abs() < 0.1, "{count} cameras: {found} instead of {fit}");
        let found = machine.budget.decode_cores(id(0), now).unwrap();
        assert!((found - decode_cores).abs() < 0.001, "{found} instead of {decode_cores}");
        assert_eq!(machine.budget.decode_cores(id(99), now), None);
    }
}

#[test]
fn of_pictures_that_stand_alone_those_that_are_looked_at_count() {
    // 5 pictures of 3 ms and 5 detections of 20 ms: 1.9 cores for 16.5 cameras.
    for (count, least, most) in [(4, f64::INFINITY, f64::INFINITY), (33, 2.2, 2.6)] {
        let kind = Kind { gop: 1, picture_us: 3000.0, ..USUAL };
        let mut machine = Machine::new(&vec![kind; count]);
        machine.format = StreamFormat::new(Codec::Mjpeg, Size::new(1280, 720));
        machine.seconds(40);
        let now = MonoTime::from_us(machine.frame * 33_333);
        let fit = machine.budget.cameras_that_fit(now).unwrap();
        assert!((fit - 16.5).abs() < 0.2, "{count} cameras: {fit}");
        let cores = machine.budget.decode_cores(id(0), now).unwrap();
        assert!((cores - 0.015).abs() < 0.001, "{cores}");
        for rate in machine.rates() {
            assert!((least..=most).contains(&rate), "{count} cameras: {rate}");
        }
    }
}

#[test]
fn one_detection_a_second_is_kept_until_key_frames_alone_do_not_fit() {
    for (count, gop, least) in [
        (70, 30, 0.99),
        (100, 30, 0.7),
        // One for each key frame, 24.3 ms in ten seconds.
        (200, 300, 0.1),
        (700, 300, 0.1),
        (1000, 300, 0.07),
    ] {
        let mut machine = Machine::new(&cameras(count, gop));
        machine.seconds(25);
        let rates = machine.rates();
        assert!(rates.iter().all(|rate| *rate >= least), "{count} of GOP {gop}: {}", rates[0]);
        let most = rates.iter().copied().fold(0.0, f64::max);
        assert!(most < 1.2 * rates.iter().copied().fold(most, f64::min), "{rates:?}");
    }
}

#[test]
fn what_falls_short_is_shared_by_priority() {
    let mut kinds = cameras(16, 30);
    kinds[0].priority = 2.0;
    kinds[1].priority = 0.75;
    kinds[2].wanted = 10.0;
    // Who costs more gets as much.
    kinds[3].picture_us = 9000.0;
    let mut machine = Machine::new(&kinds);
    machine.seconds(30);
    let rates = machine.rates();
    for (n, times) in [(0, 2.0), (1, 0.75), (2, 2.0), (3, 1.0), (4, 1.0)] {
        let expected = times * rates[15];
        assert!((rates[n] - expected).abs() < 0.07 * expected, "{n}: {rates:?}");
    }
    // While there is enough for everybody nobody is asked for a priority.
    let mut machine = Machine::new(&kinds[..6]);
    machine.seconds(30);
    assert!(machine.rates().iter().all(|rate| rate.is_infinite()), "{:?}", machine.rates());
}

#[test]
fn a_camera_that_joins_or_goes_changes_the_plan_at_once() {
    let mut machine = Machine::new(&cameras(9, 30));
    machine.seconds(20);
    for _ in 0..9 {
        machine.join(USUAL);
    }
    machine.seconds(1);
    assert!(machine.rates().iter().all(|rate| *rate < 2.5), "{:?}", machine.rates());
    for n in 6..18 {
        machine.budget.leave(id(n));
    }
    machine.kinds.truncate(6);
    machine.seconds(1);
    assert!(machine.rates().iter().all(|rate| rate.is_infinite()), "{:?}", machine.rates());
}

#[test]
fn at_the_edge_the_plan_stays_as_it_is() {
    // Costs that go up and down a little around what fits.
    for count in [8, 9, 13, 20] {
        let mut machine = Machine::new(&cameras(count, 60));
        machine.seconds(20);
        let (mut changes, mut before) = (0, machine.budget.plan);
        let (mut low, mut high) = (f64::INFINITY, 0.0f64);
        for second in 0..120 {
            for kind in &mut machine.kinds {
                kind.picture_us = [4200.0, 4400.0][second % 2];
            }
            machine.seconds(1);
            let plan = machine.budget.plan;
            let share = plan.map_or(1.0, |plan| plan.share);
            (low, high) = (low.min(share), high.max(share));
            changes += u32::from(plan != before);
            before = plan;
        }
        assert!(changes <= 6, "{count} cameras: {changes} changes in two minutes");
        assert!(high < 1.1 * low, "{count} cameras: {low} to {high}");
    }
}

#[test]
fn what_the_machine_does_not_give_is_not_planned_for() {
    // Only three quarters of what was planned come about, and the rest comes late.
    let mut budget = Budget::new(2.0, 2.0, MonoTime::from_us(0));
    let (mut low, mut high) = (f64::INFINITY, 0.0f64);
    for second in 1..=300 {
        let now = MonoTime::from_us(second * 1_000_000);
        let there = 1.4;
        let late = budget.limit > there;
        for n in 0..100 {
            budget.offered(late && n % 4 == 0);
        }
        budget.detected(50, 1e6 * budget.limit.min(there));
        budget.plan(now);
        if second > 60 {
            low = low.min(budget.limit);
            high = high.max(budget.limit);
        }
    }
    assert!(low > 1.2 && high < 1.55, "between {low} and {high} cores");
    // The machine is free again.
    for second in 301..=500 {
        (0..100).for_each(|_| budget.offered(false));
        budget.plan(MonoTime::from_us(second * 1_000_000));
    }
    assert!(budget.limit > 1.85, "{}", budget.limit);
}

#[test]
fn a_camera_without_idrs_to_go_on_at_is_decoded_whole() {
    let mut kinds = cameras(16, 30);
    kinds[0].gop = i64::MAX;
    let mut machine = Machine::new(&kinds);
    machine.seconds(20);
    assert_eq!(machine.budget.allowance(id(0)).decode, None);
    assert!(machine.budget.allowance(id(1)).decode.is_some());
    let rates = machine.rates();
    assert!((rates[0] - rates[1]).abs() < 0.07 * rates[1], "{rates:?}");
}
