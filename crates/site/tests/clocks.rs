//! Ten kinds of faults that cameras' clocks have, from a seed: the bound that is stated holds.

#![allow(clippy::print_stdout, reason = "a table for who runs it with --nocapture")]

mod dice;

use dice::Dice;
use razz_site::clock::{CameraClock, FrameTime, Latency, Meeting, PairOffset, Slip, TimeSource};

const DAY_US: i64 = 1_700_000_000_000_000;
const FPS: i64 = 10;
const MINUTES: i64 = 60;

/// A camera, its clock and the way to us.
#[derive(Clone, Copy)]
struct Fault {
    name: &'static str,
    /// RTP time runs so many times as fast as real time.
    rtp_rate: f64,
    /// The camera's clock is ahead by so many µs.
    ahead_us: i64,
    /// It is set by so many µs (forwards, then backwards, …) every so many seconds.
    steps: (i64, i64),
    /// Seconds between sender reports; 0 for none.
    reports_s: i64,
    /// The first comes so many seconds late.
    first_report_s: i64,
    /// The time that a report pairs is of up to so many µs before its RTP time.
    stale_us: i64,
    /// One report in so many is off by 317.8 ms; 0 for none.
    odd_report: u64,
    /// From the light to the earliest arrival, in µs.
    latency_us: i64,
    /// Usual jitter.
    jitter_us: f64,
    /// Seconds between stalls of the network, and their length in µs.
    stalls: (i64, i64),
    /// The relay hands on frames in bursts of so many.
    burst: i64,
    /// Timestamps begin anew every so many seconds, told as such.
    jumps_s: i64,
}

const PLAIN: Fault = Fault {
    name: "a good camera",
    rtp_rate: 1.0,
    ahead_us: 3_000,
    steps: (0, 0),
    reports_s: 5,
    first_report_s: 2,
    stale_us: 0,
    odd_report: 0,
    latency_us: 90_000,
    jitter_us: 8_000.0,
    stalls: (0, 0),
    burst: 1,
    jumps_s: 0,
};

const FAULTS: [Fault; 12] = [
    PLAIN,
    Fault { name: "no reports", reports_s: 0, latency_us: 150_000, ..PLAIN },
    Fault { name: "late and rare reports", reports_s: 55, first_report_s: 200, ..PLAIN },
    Fault { name: "stale reports", stale_us: 700_000, ..PLAIN },
    Fault { name: "odd reports", odd_report: 7, ..PLAIN },
    Fault { name: "a clock that is set", steps: (2_000_000, 430), ahead_us: 900_000, ..PLAIN },
    Fault { name: "a clock that was never set", ahead_us: -DAY_US + 5_000_000, ..PLAIN },
    Fault { name: "timestamps 500 ppm fast", rtp_rate: 1.0005, ..PLAIN },
    Fault { name: "timestamps 500 ppm slow, no reports", rtp_rate: 0.9995, reports_s: 0, ..PLAIN },
    Fault { name: "25 frames said, 21 sent", rtp_rate: 0.83, ..PLAIN },
    Fault { name: "a relay without reports", reports_s: 0, burst: 5, jitter_us: 15_000.0, ..PLAIN },
    Fault { name: "stalls and new timestamps", stalls: (70, 3_000_000), jumps_s: 900, ..PLAIN },
];

/// Minutes in which all frames are within their bound, all minutes, and the median bound in µs.
fn simulate(fault: &Fault, seed: u64) -> (i64, i64, i64) {
    let mut dice = Dice::new(seed);
    let mut clock = CameraClock::new(Latency::default());
    let (mut held, mut bounds) = (0, Vec::new());
    let mut rtp_start = 1_000_000;
    let mut last_arrival_us = 0;
    for minute in 0..MINUTES {
        let mut holds = true;
        for n in 0..60 * FPS {
            let frame = minute * 60 * FPS + n;
            let since_us = frame * 1_000_000 / FPS;
            let taken_us = DAY_US + since_us;
            let second = since_us / 1_000_000;
            if fault.jumps_s > 0 && n == 0 && minute > 0 && second % fault.jumps_s == 0 {
                rtp_start += 4_000_000_000;
                clock.handle_jump();
            }
            let rtp = rtp_start + (since_us as f64 * 0.09 * fault.rtp_rate) as i64;
            let jitter_us = dice.exponential(fault.jitter_us / 2.0).min(10.0 * fault.jitter_us);
            let mut arrival_us = taken_us + fault.latency_us + jitter_us as i64;
            // A burst arrives with its last frame.
            arrival_us += (fault.burst - 1 - frame.rem_euclid(fault.burst)) * 1_000_000 / FPS;
            if fault.stalls.0 > 0 && second > 20 {
                let into_us = since_us % (fault.stalls.0 * 1_000_000);
                arrival_us += (fault.stalls.1 - into_us).max(0);
            }
            arrival_us = arrival_us.max(last_arrival_us);
            last_arrival_us = arrival_us;
            if fault.reports_s > 0
                && since_us % 1_000_000 == 0
                && second >= fault.first_report_s
                && (second - fault.first_report_s) % fault.reports_s == 0
            {
                let mut shows_us = taken_us + fault.ahead_us;
                if fault.steps.1 > 0 && second / fault.steps.1 % 2 == 1 {
                    shows_us -= fault.steps.0;
                }
                shows_us -= dice.below(fault.stale_us.unsigned_abs() + 1) as i64;
                if fault.odd_report > 0 && dice.below(fault.odd_report) == 0 {
                    shows_us += 317_800;
                }
                clock.handle_report(rtp, shows_us);
            }
            let FrameTime { at, .. } = clock.handle_frame(rtp, arrival_us);
            holds &= (at.us - taken_us).abs() <= at.bound_us;
            bounds.push(at.bound_us);
        }
        held += i64::from(holds);
    }
    bounds.sort_unstable();
    (held, MINUTES, bounds[bounds.len() / 2])
}

#[test]
fn the_stated_bound_holds_in_99_of_100_minutes() {
    let (mut held, mut all) = (0, 0);
    let mut table = String::new();
    for fault in &FAULTS {
        let (mut own, mut of) = (0, 0);
        for seed in 1..=4 {
            let (h, n, median_us) = simulate(fault, seed);
            own += h;
            of += n;
            // A bound that holds because it says nothing is none.
            let most_us = if fault.burst > 1 { 700_000 } else { 130_000 };
            assert!(median_us < most_us, "{}: {median_us}", fault.name);
            if seed == 1 {
                table += &format!("{:<38} {:>4} ms", fault.name, median_us / 1000);
            }
        }
        table += &format!("  {own}/{of}\n");
        assert!(own * 100 >= of * 97, "{}: {own} of {of}\n{table}", fault.name);
        held += own;
        all += of;
    }
    println!("{table}{held}/{all}");
    assert!(held * 100 >= all * 99, "{held} of {all}\n{table}");
}

#[test]
fn a_source_is_what_a_time_stands_on() {
    for (reports_s, latency, source) in [
        (0, Latency::default(), TimeSource::Arrival),
        (5, Latency::default(), TimeSource::Reports),
        (5, Latency { us: 80_000, bound_us: 10_000, source: TimeSource::Card }, TimeSource::Card),
    ] {
        let mut clock = CameraClock::new(latency);
        let mut last = None;
        for n in 0..60 * FPS {
            let taken_us = DAY_US + n * 1_000_000 / FPS;
            if reports_s > 0 && n % (reports_s * FPS) == 0 {
                clock.handle_report(n * 90_000 / FPS, taken_us + 1_500_000);
            }
            last = Some(clock.handle_frame(n * 90_000 / FPS, taken_us + 80_000));
        }
        let last = last.unwrap();
        assert_eq!(last.source, source);
        assert!(last.at.bound_us <= latency.bound_us + 6_000, "{last:?}");
        // The camera's own clock is 1.5 s ahead: told, not believed.
        let ahead = clock.camera_ahead_us().map(|us| (us - 1_500_000).abs() < 30_000);
        assert_eq!(ahead, (reports_s > 0).then_some(true));
    }
}

#[test]
fn nonsense_does_not_overflow() {
    let values = [i64::MIN / 4, -1, 0, 1, DAY_US, i64::MAX / 4];
    let mut clock = CameraClock::default();
    for a in values {
        for b in values {
            clock.handle_report(a, b);
            clock.handle_frame(b, a);
            clock.handle_frame(a, b);
        }
    }
}

/// Walkers whom two cameras see, the second's times ahead by what `ahead_us` says; feet err alike for a second.
struct Walk {
    dice: Dice,
    at: [f64; 2],
    velocity: [f64; 2],
    errors: [[f64; 2]; 2],
    now_us: i64,
}

impl Walk {
    fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed),
            at: [0.0; 2],
            velocity: [1.0, 0.0],
            errors: [[0.0; 2]; 2],
            now_us: DAY_US,
        }
    }

    fn step(&mut self, ahead_us: f64) -> Meeting {
        const STEP_S: f64 = 0.1;
        self.now_us += 100_000;
        // Turns every few seconds, and stays within ten metres.
        if self.dice.unit() < 0.03 || self.at[0].hypot(self.at[1]) > 10.0 {
            let angle = self.dice.unit() * std::f64::consts::TAU;
            let speed = 0.8 + 0.8 * self.dice.unit();
            self.velocity = [speed * angle.cos(), speed * angle.sin()];
            if self.at[0] * self.velocity[0] + self.at[1] * self.velocity[1] > 0.0
                && self.at[0].hypot(self.at[1]) > 9.0
            {
                self.velocity = self.velocity.map(|v| -v);
            }
        }
        for axis in 0..2 {
            self.at[axis] += self.velocity[axis] * STEP_S;
            for camera in 0..2 {
                let error = &mut self.errors[camera][axis];
                *error = 0.905 * *error + 0.426 * 0.15 * self.dice.normal();
            }
        }
        let behind_s = ahead_us / 1e6;
        let see = |camera: usize, behind_s: f64| -> [f64; 2] {
            [0, 1].map(|axis| {
                self.at[axis] - self.velocity[axis] * behind_s + self.errors[camera][axis]
            })
        };
        let (a, mut b) = (see(0, 0.0), see(1, behind_s));
        // The planes disagree by 20 cm and 2 cm a metre.
        b = [b[0] + 0.2 + 0.02 * b[1], b[1] - 0.1 + 0.01 * b[0]];
        let velocity = self.velocity.map(|v| v + 0.1 * self.dice.normal());
        Meeting { at_us: self.now_us, a, b, velocity, variance: 2.0 * 0.15 * 0.15 }
    }
}

#[test]
fn two_cameras_are_within_60_ms_after_five_minutes() {
    for ahead_us in [-800_000.0, -200_000.0, 0.0, 130_000.0, 500_000.0] {
        for seed in 1..=5 {
            let (mut walk, mut pair) = (Walk::new(seed), PairOffset::default());
            for _ in 0..5 * 60 * 10 {
                let meeting = walk.step(ahead_us);
                pair.handle_meeting(&meeting);
            }
            let found = pair.estimate().unwrap();
            let error_us = (found.ahead_us - ahead_us).abs();
            assert!(error_us <= 60_000.0, "{ahead_us} seed {seed}: {found:?}");
            assert!(error_us < 4.0 * found.sd_us, "{ahead_us} seed {seed}: {found:?}");
        }
    }
}

/// Two people walk about at once: one alone leaves 32 ms of doubt after a minute, which is too much for 150 ms.
struct Pair {
    walks: [Walk; 2],
    offset: PairOffset,
}

impl Pair {
    fn new(seed: u64) -> Self {
        Self { walks: [Walk::new(seed), Walk::new(seed + 1000)], offset: PairOffset::default() }
    }

    fn step(&mut self, ahead_us: f64) -> Option<Slip> {
        let [a, b] = &mut self.walks;
        let meetings = [a.step(ahead_us), b.step(ahead_us)];
        meetings.iter().filter_map(|meeting| self.offset.handle_meeting(meeting)).next()
    }
}

#[test]
fn a_slip_is_noticed_within_a_minute_and_none_in_a_day_without() {
    for seed in 1..=20 {
        let mut pair = Pair::new(seed);
        for _ in 0..5 * 60 * 10 {
            assert_eq!(pair.step(40_000.0), None, "seed {seed}");
        }
        let slip = (0..600).find_map(|_| pair.step(190_000.0));
        let slip = slip.unwrap_or_else(|| panic!("seed {seed}: no slip in 60 s"));
        assert!((slip.by_us - 150_000.0).abs() < 80_000.0, "seed {seed}: {slip:?}");
    }
    let mut pair = Pair::new(77);
    for _ in 0..24 * 3600 * 10 {
        assert_eq!(pair.step(-60_000.0), None);
    }
}
