//! Which of a camera's encodings a viewer is sent: the best one that its path carries.
//!
//! When the path closes, the lowest encoding that moves is sent at once, since whatever is sent in
//! excess fills the queue in front of the narrow place and is waited for. After a second it is known
//! what fits. Upwards it goes in steps, each announced by padding: an estimate does not grow beyond one
//! and a half times what is sent. A step that turns out to be too large is not tried again for a while,
//! each time for twice as long.

use razz_base::{MonoTime, Rung, StreamKind};

/// An encoding that there is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Step {
    /// Which.
    pub kind: StreamKind,
    /// Bits that it takes in a second.
    pub bits_per_second: u64,
}

/// What the path looks like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Path {
    /// Bits a second that fit through it, as far as is known.
    pub(crate) estimate: u64,
    /// How long the oldest of what waits to be sent has waited, in µs.
    pub(crate) waiting_us: i64,
    /// Whether what was chosen is sent already, rather than waited for.
    pub(crate) is_sent: bool,
    /// Whether packets queue or are lost on it: an estimate that is too low without that is what is left
    /// of a burst that it carried.
    pub(crate) is_strained: bool,
    /// Whether both: what is lost is lost since its queue is full.
    pub(crate) overflows: bool,
}

/// The path is closing when something has waited for so long, or when it carries less than this share of
/// what is sent: a burst that queues for a moment lets the estimate fall to 85 of 100 of what arrives
/// (draft-ietf-rmcat-gcc-02 section 5.5), whatever more the path would carry.
const WAITED_TOO_LONG_US: i64 = 250_000;
const CLOSING: f64 = 0.7;
/// Or when it is strained and carries somewhat less than what is sent for so long: while more is looked
/// for, estimates dip.
const SHORT: f64 = 0.92;
const SHORT_FOR_US: i64 = 600_000;
/// So long after a fall it is known what fits.
const SETTLES_US: i64 = 1_000_000;
/// What is chosen after a fall fits with so much to spare.
const SPARE_AFTER_FALL: f64 = 1.1;
/// What is chosen later does, and for so long; the camera's stream, whose bits nobody holds, with more.
const SPARE: f64 = 1.16;
const SPARE_OF_CAMERA: f64 = 1.02;
const FITS_FOR_US: i64 = 300_000;
/// Packets have headers, and key pictures are large: so much more than its bits does an encoding take.
const OVERHEAD: f64 = 1.08;
/// Even the lowest encoding that moves does not fit when the estimate is below this share of it for so
/// long.
const HOPELESS: f64 = 0.6;
const HOPELESS_FOR_US: i64 = 2_500_000;
/// Who falls so soon after a climb has failed.
const FAILS_WITHIN_US: i64 = 8_000_000;
const HOLD_US: i64 = 4_000_000;
const LONGEST_HOLD_US: i64 = 32_000_000;
/// With so many times what a step takes the path is another one than it was.
const OTHER_PATH: f64 = 1.6;
/// The estimate is led so far above the next step.
const LEAD: f64 = 1.4;
/// When packets queue nothing is looked for for so long, and each time for twice as long, until looking does no
/// harm for so long.
const REST_US: i64 = 700_000;
const LONGEST_REST_US: i64 = 2_800_000;
const NO_HARM_US: i64 = 1_000_000;

/// Bits a second that are sent at least, padded if need be, and that are looked for.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Target {
    pub(crate) minimum: u64,
    pub(crate) desired: u64,
}

/// A viewer's place among the encodings of a camera.
#[derive(Debug)]
pub(crate) struct Ladder {
    /// From the most bits to the fewest.
    steps: Vec<Step>,
    at: usize,
    /// When it came here.
    since: MonoTime,
    /// It fell, and nothing was chosen since.
    fell: bool,
    /// When it climbed last, as long as that may turn out to be too much.
    climbed: Option<MonoTime>,
    /// A better step has fitted since then.
    fits: Option<(usize, MonoTime)>,
    /// What is sent has not fitted since then.
    short: Option<MonoTime>,
    /// Nothing is looked for until then.
    rest_until: MonoTime,
    rest_us: i64,
    /// The lowest that moves has not fitted since then.
    hopeless: Option<MonoTime>,
    /// The step that was climbed to and failed is not climbed to until then, nor is a better one.
    failed: usize,
    hold_until: MonoTime,
    hold_us: i64,
}

impl Ladder {
    /// Of a camera whose encodings are not known yet.
    pub(crate) fn new(now: MonoTime) -> Self {
        Self {
            steps: vec![Step { kind: StreamKind::Main, bits_per_second: 0 }],
            at: 0,
            since: now,
            fell: false,
            climbed: None,
            fits: None,
            short: None,
            rest_until: now,
            rest_us: REST_US,
            hopeless: None,
            failed: 0,
            hold_until: now,
            hold_us: HOLD_US,
        }
    }

    /// What is sent.
    pub(crate) fn kind(&self) -> StreamKind {
        self.steps[self.at].kind
    }

    /// Bits that it takes in a second.
    pub(crate) fn bits_per_second(&self) -> u64 {
        self.steps[self.at].bits_per_second
    }

    /// Whether there is nothing better for this viewer.
    pub(crate) fn is_best(&self) -> bool {
        self.at == 0
    }

    /// Whether there is anything to choose from.
    pub(crate) fn has_choice(&self) -> bool {
        self.steps.len() > 1
    }

    /// What there is, from the most bits to the fewest.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it fell, and what fits is not known yet.
    pub(crate) fn fell(&self) -> bool {
        self.fell
    }

    /// The encodings that there are for this viewer, from the most bits to the fewest; what is sent has to
    /// be none of them any more. With none nothing changes.
    pub(crate) fn set_steps(&mut self, now: MonoTime, steps: Vec<Step>) {
        if steps.is_empty() {
            return;
        }
        let kind = self.kind();
        let was = self.steps[self.at].bits_per_second;
        // The best may be wanted at once: it is known only when it is sent whether the path carries it.
        let was_best = self.at == 0;
        self.at = steps.iter().position(|step| step.kind == kind).unwrap_or_else(|| {
            self.since = now;
            self.fits = None;
            let no_more = steps.iter().position(|step| step.bits_per_second <= was);
            if was_best { 0 } else { no_more.unwrap_or(steps.len() - 1) }
        });
        self.steps = steps;
    }

    /// The lowest encoding that moves.
    fn lowest(&self) -> usize {
        let moves = |step: &Step| step.kind != StreamKind::Rendition(Rung::Stills);
        self.steps.iter().rposition(moves).unwrap_or(self.steps.len() - 1)
    }

    fn spare(&self, step: usize) -> f64 {
        if self.steps[step].kind == StreamKind::Main { SPARE_OF_CAMERA } else { SPARE }
    }

    fn takes(&self, step: usize) -> f64 {
        self.steps[step].bits_per_second as f64 * OVERHEAD
    }

    /// What is to be sent from now on, if it is something else. Wants to be asked ten times a second.
    pub(crate) fn decide(&mut self, now: MonoTime, path: Path) -> Option<StreamKind> {
        let estimate = path.estimate as f64;
        if !path.is_sent {
            // What the path carries of it is known once it is sent: estimates follow what is.
            self.since = now;
            self.climbed = self.climbed.map(|_| now);
            if path.waiting_us <= WAITED_TOO_LONG_US {
                return None;
            }
        }
        let is_short = path.overflows || path.is_strained && estimate < SHORT * self.takes(self.at);
        let short_us = lasts(&mut self.short, is_short, now);
        let settled = now.since_us(self.since) >= SETTLES_US;
        let closing = (settled && path.is_strained && estimate < CLOSING * self.takes(self.at))
            || short_us >= if settled { SHORT_FOR_US } else { SETTLES_US }
            || path.waiting_us > WAITED_TOO_LONG_US;
        self.look(now, path.is_strained);
        let lowest = self.lowest();
        if closing && self.at < lowest {
            return Some(self.fall(now, lowest));
        }
        if self.at == lowest && lowest + 1 < self.steps.len() {
            let hopeless = estimate < HOPELESS * self.takes(lowest)
                || path.waiting_us > 2 * WAITED_TOO_LONG_US;
            if lasts(&mut self.hopeless, hopeless, now) >= HOPELESS_FOR_US {
                return Some(self.fall(now, lowest + 1));
            }
        }
        if self.climbed.is_some_and(|climbed| now.since_us(climbed) > FAILS_WITHIN_US) {
            self.climbed = None;
            self.hold_us = HOLD_US;
        }
        self.climb(now, estimate)
    }

    /// Whether what was sent, and what was sent to look for more, was too much.
    fn look(&mut self, now: MonoTime, is_strained: bool) {
        let queues = is_strained && self.at > 0 && now.since_us(self.since) >= SETTLES_US;
        if queues && now >= self.rest_until {
            self.rest_until = now.plus_us(self.rest_us);
            self.rest_us = (2 * self.rest_us).min(LONGEST_REST_US);
        } else if now.since_us(self.rest_until) >= NO_HARM_US {
            self.rest_us = REST_US;
        }
    }

    fn fall(&mut self, now: MonoTime, to: usize) -> StreamKind {
        if self.climbed.take().is_some() {
            self.failed = self.at;
            self.hold_until = now.plus_us(self.hold_us);
            self.hold_us = (2 * self.hold_us).min(LONGEST_HOLD_US);
        }
        (self.at, self.since, self.fell) = (to, now, true);
        (self.fits, self.hopeless, self.short) = (None, None, None);
        self.kind()
    }

    fn climb(&mut self, now: MonoTime, estimate: f64) -> Option<StreamKind> {
        let here_us = now.since_us(self.since);
        let best = (0..self.at).find(|step| {
            let spare = if self.fell { SPARE_AFTER_FALL } else { self.spare(*step) };
            // A path that is so much wider is another one than that which failed.
            let is_held = now < self.hold_until && *step <= self.failed;
            let spare = if is_held { OTHER_PATH } else { spare };
            estimate >= spare * self.takes(*step)
        });
        let Some(best) = best else {
            self.fits = None;
            // Nothing better fits: what is sent is what was chosen.
            self.fell &= here_us < SETTLES_US;
            return None;
        };
        let since = match self.fits {
            // A step that is better still fits too: then the other one has fitted as well.
            Some((fits, since)) if best <= fits => since,
            _ => now,
        };
        let step = self.fits.map_or(best, |(fits, _)| fits.max(best));
        self.fits = Some((step, since));
        let fits = now.since_us(since) >= FITS_FOR_US;
        let chosen = if self.fell { here_us >= SETTLES_US } else { fits };
        if !chosen {
            return None;
        }
        self.climbed = Some(now);
        (self.at, self.since, self.fell) = (step, now, false);
        self.fits = None;
        Some(self.kind())
    }

    /// What is looked for on the path.
    pub(crate) fn target(&self, now: MonoTime, is_sent: bool) -> Target {
        let look = |rate: f64| Target { minimum: 0, desired: rate as u64 };
        if !is_sent {
            // The path is kept open for it.
            return look(LEAD * self.takes(self.at));
        }
        if self.at == 0 || now < self.rest_until {
            return Target::default();
        }
        if now < self.hold_until {
            // The path may have become another one meanwhile.
            return look(LEAD * OTHER_PATH * self.takes(self.at - 1));
        }
        match self.fits {
            // It is shown that the path carries it before it is sent, and the one after it is looked for.
            Some((step, _)) => Target {
                minimum: ((self.spare(step) + 0.1) * self.takes(step)) as u64,
                desired: (LEAD * self.takes(step.saturating_sub(1))) as u64,
            },
            None => look(LEAD * self.takes(self.at - 1)),
        }
    }
}

/// How long something `holds` without a break, in µs; `since` is when that began.
fn lasts(since: &mut Option<MonoTime>, holds: bool, now: MonoTime) -> i64 {
    *since = holds.then(|| since.unwrap_or(now));
    since.map_or(0, |since| now.since_us(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    const P540: StreamKind = StreamKind::Rendition(Rung::P540);
    const P360: StreamKind = StreamKind::Rendition(Rung::P360);
    const P180: StreamKind = StreamKind::Rendition(Rung::P180);
    const STILLS: StreamKind = StreamKind::Rendition(Rung::Stills);

    fn steps() -> Vec<Step> {
        let step = |kind, bits_per_second| Step { kind, bits_per_second };
        vec![
            step(StreamKind::Main, 2_500_000),
            step(P540, 1_000_000),
            step(P360, 500_000),
            step(P180, 150_000),
            step(STILLS, 40_000),
        ]
    }

    /// Runs through estimates in kbit/s, each for so many seconds, and answers what was chosen when.
    fn run(ladder: &mut Ladder, estimates: &[(u64, f64)]) -> Vec<(f64, StreamKind)> {
        let mut chosen = Vec::new();
        let mut tick = 0;
        for (kbps, seconds) in estimates {
            for _ in 0..(seconds * 10.0) as i64 {
                tick += 1;
                let path = Path {
                    estimate: kbps * 1000,
                    waiting_us: 0,
                    is_sent: true,
                    is_strained: true,
                    overflows: false,
                };
                let kind = ladder.decide(MonoTime::from_us(tick * 100_000), path);
                chosen.extend(kind.map(|kind| (tick as f64 / 10.0, kind)));
            }
        }
        chosen
    }

    #[test]
    fn it_falls_at_once_and_climbs_to_what_fits() {
        for (estimates, expected) in [
            (&[(4000, 5.0)][..], &[][..]),
            // Falls, and after a second it is known that 540 lines fit.
            (&[(4000, 2.0), (1400, 4.0)], &[(2.1, P180), (3.1, P540)]),
            (&[(4000, 2.0), (700, 4.0)], &[(2.1, P180), (3.1, P360)]),
            (&[(4000, 2.0), (300, 4.0)], &[(2.1, P180)]),
            // Nothing that moves fits.
            (&[(4000, 2.0), (80, 5.0)], &[(2.1, P180), (4.7, STILLS)]),
            // A dip is none, a little less for long is one.
            (&[(4000, 2.0), (2300, 0.4), (4000, 2.0)], &[]),
            (&[(4000, 2.0), (2300, 2.0)], &[(2.7, P180), (3.7, P540)]),
            // Back by way of what fits.
            (&[(4000, 2.0), (300, 4.0), (4000, 2.0)], &[(2.1, P180), (6.4, StreamKind::Main)]),
        ] {
            let start = MonoTime::from_us(0);
            let mut ladder = Ladder::new(start);
            ladder.set_steps(start, steps());
            assert_eq!(run(&mut ladder, estimates), expected, "{estimates:?}");
        }
    }

    #[test]
    fn a_climb_that_fails_is_not_tried_again_soon() {
        let start = MonoTime::from_us(0);
        let mut ladder = Ladder::new(start);
        ladder.set_steps(start, steps());
        // The estimate promises 540 lines, and breaks down each time that they are sent.
        let mut climbs = Vec::new();
        for tick in 1..600 {
            let breaks = ladder.kind() == P540 || tick < 5;
            let estimate = if breaks { 100_000 } else { 1_500_000 };
            let path = Path {
                estimate,
                waiting_us: 0,
                is_sent: true,
                is_strained: true,
                overflows: false,
            };
            let now = MonoTime::from_us(tick * 100_000);
            if ladder.decide(now, path) == Some(P540) {
                climbs.push(tick / 10);
            }
        }
        let pauses: Vec<i64> = climbs.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(climbs.len() >= 3 && climbs.len() <= 8, "{climbs:?}");
        assert!(pauses.last() > pauses.first(), "{climbs:?}");
    }

    #[test]
    fn what_waits_too_long_is_a_path_that_closes() {
        let start = MonoTime::from_us(0);
        let mut ladder = Ladder::new(start);
        ladder.set_steps(start, steps());
        for (waiting_us, is_sent, expected) in [(200_000, true, None), (260_000, true, Some(P180))]
        {
            let is_strained = true;
            let path =
                Path { estimate: 4_000_000, waiting_us, is_sent, is_strained, overflows: false };
            assert_eq!(ladder.decide(start.plus_us(2_000_000), path), expected, "{waiting_us}");
        }
        // The camera ends: of what is left the next one down is chosen.
        let left: Vec<Step> = steps().into_iter().filter(|step| step.kind != P180).collect();
        ladder.set_steps(start, left);
        assert_eq!(ladder.kind(), STILLS);
        ladder.set_steps(start, Vec::new());
        assert_eq!(ladder.kind(), STILLS, "nothing is known: nothing changes");
    }
}
