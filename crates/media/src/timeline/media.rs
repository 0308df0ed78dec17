//! Media time: one timeline per camera, continuous across runs and timestamp jumps.

use razz_base::{CLOCK_RATE, MediaTime, MonoTime};

/// A step this much longer than the monotonic time that passed is a jump: no frame comes from the
/// future. Camera clocks corrected by NTP in small steps stay below it.
const JUMP_AHEAD_90K: i64 = CLOCK_RATE;

/// A step this much shorter than the monotonic time that passed is a jump. It is wide, because
/// frames that the network held back look the same, and a run without frames ends sooner.
const JUMP_BEHIND_90K: i64 = 10 * CLOCK_RATE;

/// Timestamps that step back by no more than this are disorder, not a jump...
const DISORDER_90K: i64 = CLOCK_RATE / 4;

/// ...until no timestamp has advanced for this long.
const STUCK_90K: i64 = CLOCK_RATE;

/// Timestamps that go on, after frames that did not fit, where they were no longer ago than this: the
/// frames between were odd ones, and what is known of the others holds on.
const RETURN_WITHIN_US: i64 = 10_000_000;

/// The longest time between frames that counts as a frame interval.
const MAX_INTERVAL_90K: i64 = 2 * CLOCK_RATE;

/// The frame interval before one was measured: 30 frames a second.
const FIRST_INTERVAL_90K: i64 = CLOCK_RATE / 30;

/// The longest time that may pass between two frames, about 9 years. It keeps sums of nonsense
/// clocks far from overflow.
const MAX_PASSED_US: i64 = 1 << 48;

/// Places frames on a camera's media timeline.
///
/// Media time is the run's extended RTP timestamp and a constant. The constant is chosen anew at
/// each run, and within a run where timestamps jump; media time then continues by the monotonic
/// time that passed since the newest frame, and by one frame interval at least. Where a jump is soon
/// followed by timestamps that go on as before it, the constant before it holds again: cameras give a
/// frame now and then a timestamp that is hours off.
///
/// **Output is strictly increasing.** A timestamp that is equal to, or up to 250 ms behind, what
/// came before (a duplicate, a disorder, a camera clock set back a little) gets the newest media
/// time and one tick, and the constant stays, so that the following frames keep their distances.
/// Only [`set_reordering`](Self::set_reordering) changes that, for streams with B-frames.
///
/// ```
/// use razz_base::{MediaTime, MonoTime};
/// use razz_media::timeline::Timeline;
///
/// let mut timeline = Timeline::new(MediaTime::from_90k(1_000_000));
/// let place = |timeline: &mut Timeline, rtp: i64, ms: i64| {
///     timeline.place(rtp, MonoTime::from_us(ms * 1000)).time.as_90k()
/// };
/// assert_eq!(place(&mut timeline, 77_000, 0), 1_000_000);
/// assert_eq!(place(&mut timeline, 80_000, 40), 1_003_000);
/// // The camera restarts; 2 s later a new run begins with a new random timestamp.
/// timeline.start_run();
/// assert_eq!(place(&mut timeline, -5, 2040), 1_003_000 + 2 * 90_000);
/// ```
#[derive(Clone, Debug)]
pub struct Timeline {
    start: MediaTime,
    /// The frame that fixed the run's constant last: its RTP timestamp and media time. `None`
    /// before the first frame of a run.
    anchor: Option<(i64, MediaTime)>,
    /// What a jump put an end to, as long as it may have been an odd timestamp.
    former: Option<Former>,
    newest: Option<Newest>,
    interval_90k: i64,
    reordering: bool,
    /// Media times given out behind the newest one, and the newest, so that none is used twice.
    recent: std::collections::VecDeque<MediaTime>,
}

/// The frame furthest along.
#[derive(Clone, Copy, Debug)]
struct Newest {
    time: MediaTime,
    /// When the last frame came that advanced by its own timestamp.
    advanced: MonoTime,
}

/// The constant before a jump.
#[derive(Clone, Copy, Debug)]
struct Former {
    anchor: (i64, MediaTime),
    /// When the frame came that jumped.
    since: MonoTime,
}

/// How a frame's timestamp fits those before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fit {
    /// It does, or it is the first of its run.
    Steady,
    /// It does not: the run's constant was chosen anew.
    Jumped {
        /// The one before did not either, and those before that may go on yet.
        again: bool,
    },
    /// It fits those before a jump: their constant holds again.
    Returned,
}

/// Where a frame belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Placed {
    /// Its media time.
    pub time: MediaTime,
    /// How its timestamp fits.
    pub fit: Fit,
}

impl Timeline {
    /// How far back a reordering stream may look for a media time not yet used.
    const RECENT: usize = 32;

    /// A timeline whose first frame is at `start`.
    pub fn new(start: MediaTime) -> Self {
        Self {
            start,
            anchor: None,
            former: None,
            newest: None,
            interval_90k: FIRST_INTERVAL_90K,
            reordering: false,
            recent: std::collections::VecDeque::new(),
        }
    }

    /// Forgets the constant: the next frame comes by a new RTSP session, whose timestamps have
    /// nothing to do with those before.
    pub fn start_run(&mut self) {
        (self.anchor, self.former) = (None, None);
        self.recent.clear();
    }

    /// Whether frames come out of output order, as with B-frames (default: no).
    ///
    /// If so, a timestamp up to 250 ms behind the newest keeps its own place, so that frames sort
    /// into output order by their media time. Each media time is still used once.
    pub fn set_reordering(&mut self, reordering: bool) {
        self.reordering = reordering;
    }

    /// The time between frames as it was seen so far, in 90 kHz ticks; at least 1.
    pub fn interval_90k(&self) -> i64 {
        self.interval_90k
    }

    /// Places the frame with the run's extended RTP timestamp `rtp_extended` that is whole at
    /// `now`.
    pub fn place(&mut self, rtp_extended: i64, now: MonoTime) -> Placed {
        let Some(newest) = self.newest else {
            return self.set_anchor(rtp_extended, self.start, now, Fit::Steady);
        };
        let passed_us = now.since_us(newest.advanced).clamp(0, MAX_PASSED_US);
        let passed_90k = passed_us * 9 / 100;
        let anew = newest.time.plus_90k(passed_90k.max(self.interval_90k));
        let Some(anchor) = self.anchor else {
            return self.set_anchor(rtp_extended, anew, now, Fit::Steady);
        };
        if let Some(step) = Self::step(anchor, newest, rtp_extended, passed_90k) {
            return Placed { time: self.advance_by(newest, step, now), fit: Fit::Steady };
        }
        let former = self.former.take();
        let former = former.filter(|former| now.since_us(former.since) <= RETURN_WITHIN_US);
        if let Some(former) = former
            && let Some(step) = Self::step(former.anchor, newest, rtp_extended, passed_90k)
        {
            self.anchor = Some(former.anchor);
            return Placed { time: self.advance_by(newest, step, now), fit: Fit::Returned };
        }
        let fit = Fit::Jumped { again: former.is_some() };
        self.former = former.or(Some(Former { anchor, since: now }));
        self.set_anchor(rtp_extended, anew, now, fit)
    }

    /// How far a frame's place by an anchor is ahead of the newest frame, when so much time has passed
    /// since; `None` where that is a jump.
    fn step(
        (anchor_rtp, anchor_time): (i64, MediaTime),
        newest: Newest,
        rtp_extended: i64,
        passed_90k: i64,
    ) -> Option<i64> {
        // Timestamps may be nonsense from the far ends of their range, so 128 bits.
        let step = i128::from(rtp_extended) - i128::from(anchor_rtp)
            + i128::from(anchor_time.as_90k())
            - i128::from(newest.time.as_90k());
        let behind_limit = if step > 0 { JUMP_BEHIND_90K } else { STUCK_90K };
        let jumped = step < -i128::from(DISORDER_90K)
            || step > i128::from(passed_90k + JUMP_AHEAD_90K)
            || i128::from(passed_90k) - step.max(0) > i128::from(behind_limit);
        // Within the limits above.
        (!jumped).then_some(step as i64)
    }

    fn set_anchor(&mut self, rtp: i64, time: MediaTime, now: MonoTime, fit: Fit) -> Placed {
        self.anchor = Some((rtp, time));
        Placed { time: self.advance(time, now), fit }
    }

    fn advance_by(&mut self, newest: Newest, step: i64, now: MonoTime) -> MediaTime {
        if step > 0 {
            self.see_interval(step);
            return self.advance(newest.time.plus_90k(step), now);
        }
        let time = self.free_place(newest.time, step);
        if time > newest.time {
            self.newest = Some(Newest { time, ..newest });
        }
        self.remember(time);
        time
    }

    fn advance(&mut self, time: MediaTime, now: MonoTime) -> MediaTime {
        self.newest = Some(Newest { time, advanced: now });
        self.remember(time);
        time
    }

    /// A place for a frame that is not ahead of the newest.
    fn free_place(&self, newest: MediaTime, step: i64) -> MediaTime {
        if self.reordering {
            let mut time = newest.plus_90k(step);
            while self.recent.contains(&time) {
                time = time.plus_90k(1);
            }
            return time;
        }
        newest.plus_90k(1)
    }

    fn remember(&mut self, time: MediaTime) {
        if self.reordering {
            if self.recent.len() == Self::RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(time);
        }
    }

    /// Follows the frame interval slowly, so that a frame left out changes little.
    fn see_interval(&mut self, step: i64) {
        if step <= MAX_INTERVAL_90K {
            self.interval_90k = ((7 * self.interval_90k + step) / 8).max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens next: a frame with its RTP timestamp and arrival in ms, or a new run.
    enum Step {
        Run,
        /// RTP timestamp, mono ms, expected media time, expected `jumped`.
        Frame(i64, i64, i64, bool),
    }
    use Step::{Frame, Run};

    const START: i64 = 500_000;

    fn check(name: &str, steps: &[Step]) {
        let mut timeline = Timeline::new(MediaTime::from_90k(START));
        for (index, step) in steps.iter().enumerate() {
            match *step {
                Run => timeline.start_run(),
                Frame(rtp, ms, expected, jumped) => {
                    let placed = timeline.place(rtp, MonoTime::from_us(ms * 1000));
                    let expected = MediaTime::from_90k(START + expected);
                    let has_jumped = matches!(placed.fit, Fit::Jumped { .. });
                    let got = (placed.time, has_jumped);
                    assert_eq!(got, (expected, jumped), "{name}, step {index}");
                }
            }
        }
    }

    #[test]
    fn frames_keep_their_distances() {
        check(
            "25 fps with arrival jitter",
            &[
                Frame(9000, 0, 0, false),
                Frame(12_600, 55, 3600, false),
                Frame(16_200, 70, 7200, false),
            ],
        );
        check(
            "a frame every ten seconds",
            &[
                Frame(9000, 0, 0, false),
                Frame(909_000, 10_000, 900_000, false),
                Frame(1_809_000, 20_010, 1_800_000, false),
            ],
        );
        check(
            "the network holds frames back for 4 s",
            &[
                Frame(0, 0, 0, false),
                Frame(3000, 4000, 3000, false),
                Frame(6000, 4001, 6000, false),
                Frame(360_000, 4002, 360_000 - 6000, true),
            ][..3],
        );
    }

    #[test]
    fn a_new_run_continues_by_the_time_that_passed() {
        check(
            "2 s later",
            &[
                Frame(9000, 0, 0, false),
                Run,
                Frame(77, 2000, 180_000, false),
                Frame(3077, 2033, 183_000, false),
            ],
        );
        check(
            "at once: by one frame interval",
            &[Frame(9000, 0, 0, false), Run, Frame(9000, 0, 3000, false)],
        );
        check("a run that began before the first frame", &[Run, Frame(-7, 99, 0, false)]);
        check(
            "a clock that stands still or goes back",
            &[Frame(9000, 1000, 0, false), Run, Frame(5, 10, 3000, false)],
        );
    }

    #[test]
    fn jumps_choose_the_constant_anew() {
        check(
            "forwards",
            &[
                Frame(0, 0, 0, false),
                Frame(10_000_000, 40, 3600, true),
                Frame(10_003_000, 80, 6600, false),
            ],
        );
        check(
            "backwards",
            &[
                Frame(10_000_000, 0, 0, false),
                Frame(0, 100, 9000, true),
                Frame(3000, 133, 12_000, false),
            ],
        );
        check(
            "just no jump, just a jump",
            &[
                Frame(0, 0, 0, false),
                Frame(90_000, 0, 90_000, false),
                Frame(180_001, 0, 90_000 + 13_875, true),
            ],
        );
        check(
            "much too little for the time that passed",
            &[Frame(0, 0, 0, false), Frame(3000, 11_000, 990_000, true)],
        );
        check(
            "the far ends of the range",
            &[
                Frame(i64::MIN, 0, 0, false),
                Frame(i64::MAX, 40, 3600, true),
                Frame(-5, 80, 7200, true),
                // Where it was before.
                Frame(i64::MIN, 120, 7201, false),
            ],
        );
    }

    #[test]
    fn one_odd_timestamp_costs_itself_only() {
        use Fit::{Jumped, Returned, Steady};
        const HOURS: i64 = 4 * 3600 * CLOCK_RATE;
        // Each frame's RTP timestamp and arrival in ms, its media time, and how it fits.
        let check = |name: &str, frames: &[(i64, i64, i64, Fit)]| {
            let mut timeline = Timeline::new(MediaTime::from_90k(0));
            for (index, (rtp, ms, time, fit)) in frames.iter().enumerate() {
                let placed = timeline.place(*rtp, MonoTime::from_us(ms * 1000));
                let expected = Placed { time: MediaTime::from_90k(*time), fit: *fit };
                assert_eq!(placed, expected, "{name}, frame {index}");
            }
        };
        let once = Jumped { again: false };
        for off in [HOURS, -HOURS, i64::from(i32::MAX)] {
            check(
                "one frame",
                &[
                    (0, 0, 0, Steady),
                    (3000, 33, 3000, Steady),
                    // By the interval.
                    (6000 + off, 66, 6000, once),
                    (9000, 100, 9000, Returned),
                    (12_000, 133, 12_000, Steady),
                    // And once more, soon.
                    (15_000 - off, 166, 15_000, once),
                    (18_000, 200, 18_000, Returned),
                ],
            );
        }
        check(
            "two frames, each elsewhere",
            &[
                (0, 0, 0, Steady),
                (HOURS, 100, 9000, once),
                (-HOURS, 200, 18_000, Jumped { again: true }),
                (27_000, 300, 27_000, Returned),
            ],
        );
        check(
            "a jump that lasts, and the next one",
            &[
                (0, 0, 0, Steady),
                (HOURS, 100, 9000, once),
                (HOURS + 9000, 200, 18_000, Steady),
                (HOURS + 990_000, 11_100, 999_000, Steady),
                // Too long after the first to be its end.
                (1_008_000, 11_200, 1_008_000, once),
                (1_017_000, 11_300, 1_017_000, Steady),
            ],
        );
        check(
            "the odd one came late, so that the next is no further",
            &[
                (0, 0, 0, Steady),
                (HOURS, 150, 13_500, once),
                (6000, 151, 13_501, Returned),
                (15_000, 166, 15_000, Steady),
            ],
        );
    }

    #[test]
    fn duplicates_and_disorder_never_run_backwards() {
        check(
            "a duplicate",
            &[Frame(0, 0, 0, false), Frame(0, 1, 1, false), Frame(3000, 33, 3000, false)],
        );
        check(
            "two frames changed places",
            &[
                Frame(0, 0, 0, false),
                Frame(6000, 33, 6000, false),
                Frame(3000, 34, 6001, false),
                Frame(9000, 100, 9000, false),
            ],
        );
        check(
            "the camera's clock was set back by 0.1 s",
            &[
                Frame(9000, 0, 0, false),
                Frame(3000, 33, 1, false),
                Frame(6000, 66, 2, false),
                Frame(9000, 100, 3, false),
                Frame(12_000, 133, 3000, false),
            ],
        );
        check(
            "a clock that stands still",
            &[
                Frame(0, 0, 0, false),
                Frame(0, 500, 1, false),
                Frame(0, 1000, 2, false),
                // 1001 ms since the last frame that advanced.
                Frame(0, 1001, 2 + 90_090, true),
            ],
        );
    }

    #[test]
    fn reordered_frames_keep_their_own_places() {
        let mut timeline = Timeline::new(MediaTime::from_90k(0));
        timeline.set_reordering(true);
        let placed: Vec<i64> = [0, 9000, 3000, 6000, 6000, 18_000, 12_000]
            .iter()
            .enumerate()
            .map(|(i, rtp)| {
                timeline.place(*rtp, MonoTime::from_us(i as i64 * 33_333)).time.as_90k()
            })
            .collect();
        assert_eq!(placed, [0, 9000, 3000, 6000, 6001, 18_000, 12_000]);
        // A new run begins after all of them.
        timeline.start_run();
        let first = timeline.place(0, MonoTime::from_us(0)).time.as_90k();
        assert!(first > 18_000, "{first}");
    }

    #[test]
    fn the_frame_interval_is_learnt() {
        let mut timeline = Timeline::new(MediaTime::from_90k(0));
        for frame in 0..100 {
            timeline.place(frame * 9000, MonoTime::from_us(frame * 100_000));
        }
        assert!((timeline.interval_90k() - 9000).abs() < 10, "{}", timeline.interval_90k());
    }
}
