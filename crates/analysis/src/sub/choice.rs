//! Which of a camera's two streams is detected on, where the smaller one is wanted.

use razz_base::MonoTime;

/// The sub-stream is given up for the main stream when nothing has come of it for so long.
const GIVEN_UP_AFTER_US: i64 = 5_000_000;
/// It is taken up again once it has come for so long...
const TAKEN_UP_AFTER_US: i64 = 3_000_000;
/// ...without a pause longer than this.
const LONGEST_PAUSE_US: i64 = 1_000_000;
/// Without a frame of the main stream for so long there is nothing to publish tracks on.
const MAIN_GONE_AFTER_US: i64 = 10_000_000;

/// Which stream is detected on, and since when frames come.
#[derive(Debug)]
pub(super) struct Choice {
    from_sub: bool,
    /// Since when the sub-stream is waited for: the last frame of it, or when its wait began.
    waits_since: Option<MonoTime>,
    /// Since when it comes without a pause, and its last frame.
    comes: Option<(MonoTime, MonoTime)>,
    main_at: Option<MonoTime>,
}

impl Choice {
    /// The sub-stream is tried first.
    pub(super) fn new() -> Self {
        Self { from_sub: true, waits_since: None, comes: None, main_at: None }
    }

    /// Whether the sub-stream is what is detected on.
    pub(super) fn is_sub(&self) -> bool {
        self.from_sub
    }

    /// A frame of the main stream is here.
    pub(super) fn main_frame(&mut self, now: MonoTime) {
        if !self.main_is_here(now) {
            // The sub-stream is dialled from now on.
            self.waits_since = Some(now);
        }
        self.main_at = Some(now);
    }

    /// A frame of the sub-stream is here that can be decoded. Answers whether that changes what is
    /// detected on; decoding can begin with this very frame, where `idr` says so.
    pub(super) fn sub_frame(&mut self, idr: bool, now: MonoTime) -> bool {
        let without_pause = self.comes.filter(|(_, last)| now.since_us(*last) <= LONGEST_PAUSE_US);
        let since = without_pause.map_or(now, |(since, _)| since);
        self.comes = Some((since, now));
        self.waits_since = Some(now);
        let steady = now.since_us(since) >= TAKEN_UP_AFTER_US;
        let taken_up = !self.from_sub && idr && steady;
        self.from_sub |= taken_up;
        taken_up
    }

    /// Nobody wants the sub-stream, so that nothing can have been missed of it.
    pub(super) fn rest(&mut self, now: MonoTime) {
        self.waits_since = Some(now);
    }

    /// Whether the sub-stream is given up at `now`.
    pub(super) fn gives_up(&mut self, now: MonoTime) -> bool {
        let waited = |since: MonoTime| now.since_us(since) >= GIVEN_UP_AFTER_US;
        let given_up =
            self.from_sub && self.main_is_here(now) && self.waits_since.is_some_and(waited);
        self.from_sub &= !given_up;
        given_up
    }

    /// Whether frames come of the main stream.
    pub(super) fn main_is_here(&self, now: MonoTime) -> bool {
        self.main_at.is_some_and(|at| now.since_us(at) < MAIN_GONE_AFTER_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes through `seconds` at 10 frames a second; the sub-stream comes in the spans `here`, with an IDR
    /// each second. Answers when the choice changed, in tenths of a second, and to what.
    fn changes(seconds: i64, main: &[(i64, i64)], here: &[(i64, i64)]) -> Vec<(i64, bool)> {
        let mut choice = Choice::new();
        let mut changes = Vec::new();
        let within = |spans: &[(i64, i64)], tenth: i64| {
            spans.iter().any(|(from, to)| (from * 10..to * 10).contains(&tenth))
        };
        for tenth in 0..seconds * 10 {
            let now = MonoTime::from_us(tenth * 100_000);
            if within(main, tenth) {
                choice.main_frame(now);
            }
            let taken_up = within(here, tenth) && choice.sub_frame(tenth % 10 == 0, now);
            if taken_up || choice.gives_up(now) {
                changes.push((tenth, choice.is_sub()));
            }
        }
        changes
    }

    #[test]
    fn the_main_stream_stands_in_for_a_sub_stream_that_does_not_come() {
        let always = &[(0, 60)][..];
        for (name, main, here, expected) in [
            ("both come", always, always, &[][..]),
            ("it never comes", always, &[][..], &[(50, false)][..]),
            ("it is late", always, &[(3, 60)], &[]),
            ("it is very late", always, &[(8, 60)], &[(50, false), (110, true)]),
            ("it pauses", always, &[(0, 10), (14, 60)], &[]),
            ("it goes and comes back", always, &[(0, 10), (20, 60)], &[(149, false), (230, true)]),
            (
                "it comes and goes",
                always,
                &[(0, 10), (20, 22), (25, 27), (40, 42)],
                &[(149, false)],
            ),
            ("the main stream is not there either", &[(0, 3)], &[(0, 3)], &[(79, false)]),
            ("the main stream comes later", &[(20, 60)], &[(22, 60)], &[]),
        ] {
            assert_eq!(changes(60, main, here), expected, "{name}");
        }
    }
}
