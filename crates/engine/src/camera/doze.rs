//! While nothing moves only key frames are decoded: when a camera begins to doze, what wakes it, and
//! whether the sizes of its pictures can be relied on for that.
//!
//! The access units since the last key frame are kept. What wakes a camera is a picture whose size
//! stands out ([`Sizes`]), a key frame on which something has changed, or detections that are news. Then
//! those kept are decoded up to the present, so that the picture that stood out is looked at, and
//! decoding goes on with every picture.
//!
//! Some encoders spend the same on every picture, whatever it shows. Where a key frame shows what no size
//! had told of, the sizes of this camera tell nothing: it is decoded in full for a while, and longer each
//! time that proves true again.

use std::collections::VecDeque;

use razz_base::MediaTime;
use razz_media::{Contents, PictureKind};

use super::Frame;
use super::sizes::Sizes;

/// A camera whose GOPs are longer is decoded in full: it would take too long to catch up with one, and
/// what the sizes do not tell is seen at the next key frame only.
const LONGEST_GOP_US: i64 = 5_000_000;
/// Of what is kept of a GOP: five seconds of 60 pictures a second, at 13 Mbit/s.
const MOST_HELD: usize = 300;
const MOST_HELD_BYTES: usize = 8 << 20;
/// After a key frame that shows something new, movement that only now begins grows the next pictures.
/// Where none of so long stands out either, sizes tell nothing.
const SUSPECT_US: i64 = 500_000;
/// A camera whose sizes tell nothing is decoded in full for so long, twice as long each time.
const BLIND_US: i64 = 600_000_000;
const LONGEST_BLIND_US: i64 = 16 * BLIND_US;
/// Catching up with a picture for so long after the next key frame came is not worth it: that one is as
/// good.
const CATCH_UP_US: i64 = 500_000;

/// An access unit that is kept, as the machine knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) frame: Frame,
    bytes: usize,
    /// Whether others lean on it.
    pub(super) referenced: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum State {
    /// Every picture is decoded.
    #[default]
    Awake,
    /// Only key frames are.
    Asleep,
    /// What was kept is being decoded.
    CatchingUp,
}

/// A GOP so far.
#[derive(Clone, Copy, Debug, Default)]
struct Gop {
    begun: MediaTime,
    units: usize,
    bytes: usize,
}

/// Whether a camera dozes.
#[derive(Debug)]
pub(super) struct Doze {
    state: State,
    sizes: Sizes,
    gop: Option<Gop>,
    /// The newest access unit.
    newest: Option<MediaTime>,
    /// Where the GOP before began, if this one could have been kept.
    fits_since: Option<MediaTime>,
    /// What was kept since the last picture that was decoded.
    held: VecDeque<Held>,
    held_bytes: usize,
    /// The picture to look at once it is decoded, since it stood out or is the newest of those kept.
    wanted: Option<MediaTime>,
    /// When it was woken last.
    woken: Option<MediaTime>,
    /// A key frame that woke it, although no size had told of anything.
    suspect: Option<MediaTime>,
    /// Until then its sizes are not relied on.
    blind_until: Option<MediaTime>,
    blind_us: i64,
    /// Of the access unit at hand.
    stands_out: bool,
    size: usize,
    contents: Contents,
}

impl Default for Doze {
    fn default() -> Self {
        Self {
            state: State::Awake,
            sizes: Sizes::default(),
            gop: None,
            newest: None,
            fits_since: None,
            held: VecDeque::new(),
            held_bytes: 0,
            wanted: None,
            woken: None,
            suspect: None,
            blind_until: None,
            blind_us: BLIND_US,
            stands_out: false,
            size: 0,
            contents: Contents::default(),
        }
    }
}

impl Doze {
    pub(super) fn is_awake(&self) -> bool {
        self.state == State::Awake
    }

    pub(super) fn is_asleep(&self) -> bool {
        self.state == State::Asleep
    }

    pub(super) fn is_catching_up(&self) -> bool {
        self.state == State::CatchingUp
    }

    /// Whether the picture of `time` is the one to look at.
    pub(super) fn wants(&self, time: MediaTime) -> bool {
        self.wanted == Some(time)
    }

    /// Whether the picture to look at is still to come.
    pub(super) fn is_wanting(&self) -> bool {
        self.wanted.is_some()
    }

    /// Whether the picture of `time` is the one to look at; another time it is not.
    pub(super) fn takes_wanted(&mut self, time: MediaTime) -> bool {
        self.wanted.take_if(|wanted| *wanted == time).is_some()
    }

    /// The newest access unit.
    pub(super) fn newest(&self) -> Option<MediaTime> {
        self.newest
    }

    /// Whether others lean on the access unit at hand.
    pub(super) fn is_referenced(&self) -> bool {
        self.contents.referenced
    }

    /// Of the access unit that comes next.
    pub(super) fn is_next(&mut self, contents: Contents, bytes: usize) {
        (self.contents, self.size) = (contents, bytes);
    }

    /// Whether the size of the access unit at hand stands out.
    pub(super) fn stands_out(&self) -> bool {
        self.stands_out
    }

    /// The access unit of `time` is here.
    pub(super) fn arrived(&mut self, time: MediaTime, idr: bool) {
        self.newest = Some(time);
        self.stands_out = false;
        if idr {
            let fits = |gop: &Gop| {
                let long = time.since_us(gop.begun) > LONGEST_GOP_US;
                !long && gop.units < MOST_HELD && gop.bytes < MOST_HELD_BYTES
            };
            self.fits_since = self.gop.filter(fits).map(|gop| gop.begun);
            self.gop = Some(Gop { begun: time, ..Gop::default() });
            return;
        }
        if let Some(gop) = &mut self.gop {
            gop.units += 1;
            gop.bytes += self.size;
        }
        let Contents { kind: PictureKind::Predicted, bytes, .. } = self.contents else { return };
        let asked = self.state == State::Asleep || self.suspect.is_some();
        self.stands_out = asked && self.sizes.stands_out(bytes);
        self.sizes.add(time, bytes);
        if self.stands_out {
            // They do tell something.
            self.suspect = None;
        }
    }

    /// Whether it may doze from the key frame of `time` on, with nothing having moved since `moved` and
    /// `after_us` long.
    pub(super) fn may_begin(
        &mut self,
        time: MediaTime,
        moved: Option<MediaTime>,
        after_us: i64,
    ) -> bool {
        self.settle_suspicion(time);
        // A whole GOP in which nothing moved tells what is usual, with all that comes with each.
        let whole = self.fits_since.is_some_and(|begun| moved.is_none_or(|moved| begun >= moved));
        let rested = self.woken.is_none_or(|woken| time.since_us(woken) >= after_us);
        let blind = self.suspect.is_some() || self.blind_until.is_some_and(|until| time < until);
        if !whole || !rested || blind || self.state != State::Awake {
            return false;
        }
        if let Some(moved) = moved {
            self.sizes.moved(moved);
        }
        self.sizes.knows()
    }

    fn settle_suspicion(&mut self, time: MediaTime) {
        let settled = |suspect: &mut MediaTime| time.since_us(*suspect) > SUSPECT_US;
        if self.suspect.take_if(settled).is_some() {
            self.blind_until = Some(time.plus_90k(self.blind_us / 100 * 9));
            self.blind_us = (2 * self.blind_us).min(LONGEST_BLIND_US);
        }
    }

    pub(super) fn begin(&mut self) {
        self.state = State::Asleep;
        self.drop_held();
    }

    /// Keeps the access unit at hand. `false`: more than that is too much.
    pub(super) fn hold(&mut self, frame: Frame) -> bool {
        let (bytes, referenced) = (self.size, self.contents.referenced);
        self.held_bytes += bytes;
        self.held.push_back(Held { frame, bytes, referenced });
        let long = self
            .held
            .front()
            .is_some_and(|oldest| frame.time.since_us(oldest.frame.time) > LONGEST_GOP_US);
        !long && self.held.len() < MOST_HELD && self.held_bytes < MOST_HELD_BYTES
    }

    pub(super) fn drop_held(&mut self) {
        self.held.clear();
        self.held_bytes = 0;
    }

    /// It wakes at `time`. What is kept is caught up with, if anything is.
    pub(super) fn wake(&mut self, time: MediaTime, newest: Option<MediaTime>) {
        self.woken = Some(time);
        self.wanted = newest;
        self.state = if self.held.is_empty() { State::Awake } else { State::CatchingUp };
    }

    /// It was woken by the key frame of `time`, on which something has changed.
    pub(super) fn suspect(&mut self, time: MediaTime) {
        self.suspect = Some(time);
    }

    /// The picture that stood out shows that something moved.
    pub(super) fn was_right(&mut self) {
        self.blind_us = BLIND_US;
    }

    /// The next of those kept.
    pub(super) fn next_held(&mut self) -> Option<Held> {
        let next = self.held.pop_front();
        self.held_bytes -= next.as_ref().map_or(0, |held| held.bytes);
        if self.held.is_empty() && self.state == State::CatchingUp {
            self.state = State::Awake;
        }
        next
    }

    /// The oldest and the newest of those kept.
    pub(super) fn held_ends(&self) -> Option<(Frame, Frame)> {
        Some((self.held.front()?.frame, self.held.back()?.frame))
    }

    /// Whether it goes on at the key frame of `time` rather than to catch up with what lies before it.
    pub(super) fn leaves(&self, time: MediaTime) -> bool {
        self.wanted.is_none_or(|wanted| time.since_us(wanted) > CATCH_UP_US)
    }

    /// Decoding goes on at the key frame of `time`, whose picture is looked at instead of one that it
    /// was woken for.
    pub(super) fn go_on_at(&mut self, time: MediaTime) {
        let wanted = self.wanted.map(|_| time);
        self.give_up();
        self.wanted = wanted;
    }

    /// What is kept is of no use: decoding goes on at an IDR.
    pub(super) fn give_up(&mut self) {
        self.drop_held();
        self.wanted = None;
        self.state = State::Awake;
    }

    /// The next picture is of another life. Whether its sizes tell something is the camera's own.
    pub(super) fn forget(&mut self) {
        let (blind_until, blind_us) = (self.blind_until, self.blind_us);
        *self = Self { blind_until, blind_us, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{MonoTime, Size, WallQuality, WallTime};

    use super::*;

    const SECOND: i64 = 90_000;

    fn at(ticks: i64) -> MediaTime {
        MediaTime::from_90k(ticks)
    }

    fn frame(ticks: i64) -> Frame {
        Frame {
            time: at(ticks),
            wall: WallTime { us: 0, quality: WallQuality::Arrival },
            received: MonoTime::from_us(0),
            size: Size::new(1280, 720),
        }
    }

    fn predicted(bytes: usize) -> Contents {
        Contents { kind: PictureKind::Predicted, bytes, referenced: true }
    }

    /// A second of pictures from `second` on, a key frame first; answers whether one stood out.
    fn second(doze: &mut Doze, second: i64, bytes: impl Fn(i64) -> usize) -> bool {
        let mut stood_out = false;
        for n in 0..30 {
            let time = at(second * SECOND + 3000 * n);
            doze.is_next(predicted(bytes(n)), bytes(n));
            doze.arrived(time, n == 0);
            stood_out |= doze.stands_out();
        }
        stood_out
    }

    fn may_begin(doze: &mut Doze, second: i64, moved: Option<i64>) -> bool {
        doze.may_begin(at(second * SECOND), moved.map(|moved| at(moved * SECOND)), 2_000_000)
    }

    #[test]
    fn it_begins_after_a_whole_gop_in_which_nothing_moved() {
        let mut doze = Doze::default();
        let began: Vec<bool> = (0..6)
            .map(|n| {
                doze.arrived(at(n * SECOND), true);
                let began = may_begin(&mut doze, n, (n < 4).then_some(1));
                for picture in 1..30 {
                    doze.is_next(predicted(500), 500);
                    doze.arrived(at(n * SECOND + 3000 * picture), false);
                }
                began
            })
            .collect();
        // The GOP of second 1 is the first without movement: known at second 2.
        assert_eq!(began, [false, false, true, true, true, true]);
        doze.wake(at(6 * SECOND), None);
        for (n, may) in [(7, false), (8, true)] {
            doze.arrived(at(n * SECOND), true);
            assert_eq!(may_begin(&mut doze, n, None), may, "{n} s");
        }
    }

    #[test]
    fn what_is_too_long_or_too_large_is_not_kept() {
        for (gap, bytes, fits) in
            [(1, 500, true), (5, 500, true), (6, 500, false), (1, 300_000, false)]
        {
            let mut doze = Doze::default();
            for n in 0..4 {
                second(&mut doze, gap * n, |_| bytes);
            }
            doze.arrived(at(4 * gap * SECOND), true);
            assert_eq!(may_begin(&mut doze, 4 * gap, None), fits, "{gap} s, {bytes} bytes");
        }
        let mut doze = Doze::default();
        doze.is_next(predicted(1 << 20), 1 << 20);
        let held = (0..9).take_while(|n| doze.hold(frame(3000 * n))).count();
        assert_eq!(held, 7);
        doze.drop_held();
        doze.is_next(predicted(10), 10);
        let held = (0..400).take_while(|n| doze.hold(frame(3000 * n))).count();
        assert_eq!(held, 151, "five seconds");
    }

    #[test]
    fn sizes_that_tell_nothing_are_not_relied_on_for_longer_each_time() {
        let mut doze = Doze::default();
        let mut n = 0;
        let mut trials = Vec::new();
        for _ in 0..7 {
            // Until it dozes again.
            let from = n;
            loop {
                second(&mut doze, n, |_| 500);
                n += 1;
                if may_begin(&mut doze, n, None) {
                    break;
                }
                assert!(n - from < 20_000);
            }
            trials.push((n - from) / 60);
            doze.begin();
            // A key frame shows something new, and no picture after it is larger than usual.
            doze.suspect(at(n * SECOND));
            doze.wake(at(n * SECOND), None);
        }
        assert_eq!(trials, [0, 10, 20, 40, 80, 160, 160], "in minutes");
        second(&mut doze, n, |_| 500);
        assert!(!may_begin(&mut doze, n + 1, None));
        // What is known of a camera stays with it.
        doze.forget();
        (1..5).for_each(|later| _ = second(&mut doze, n + later, |_| 500));
        assert!(!may_begin(&mut doze, n + 5, None));
    }

    #[test]
    fn sizes_that_grow_after_the_key_frame_tell_something_after_all() {
        for (grows, relied_on) in [(true, true), (false, false)] {
            let mut doze = Doze::default();
            (0..4).for_each(|n| assert!(!second(&mut doze, n, |_| 500)));
            assert!(may_begin(&mut doze, 4, None));
            doze.begin();
            doze.suspect(at(4 * SECOND));
            doze.wake(at(4 * SECOND), None);
            let size = |n| if grows && n > 5 { 3000 } else { 500 };
            assert_eq!(second(&mut doze, 4, size), grows);
            (5..9).for_each(|n| _ = second(&mut doze, n, |_| 500));
            assert_eq!(may_begin(&mut doze, 9, Some(5)), relied_on);
        }
    }
}
