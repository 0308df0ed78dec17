//! A session whose path does not carry the camera's stream is sent a smaller encoding of it.
//!
//! What goes out keeps its media time whatever it is, so boxes stay with their frames. An encoding of ours
//! begins at an IDR that is made for it, and nothing else is sent from the moment that it is asked for: the
//! next picture is the first of it. The camera's own begins at one of its IDRs, and until then what was
//! sent before goes on.

use razz_base::{MediaTime, MonoTime, StreamKind};
use tracing::debug;

use super::Session;
use crate::choice::Why;
use crate::ladder::{Ladder, Path, Step, Target};
use crate::pace::{BURST_BYTES, Pacer};
use crate::rtp::estimate::FIRST_BITS;
use crate::settings::{Outlet, Request, Route};
use crate::short;

/// As late as no session lasts.
const NEVER: MonoTime = MonoTime::from_us(i64::MAX / 2);
/// How often the path is judged, and no more seldom than twice as often.
const DECIDE_EVERY_US: i64 = 100_000;
/// A round trip that is so much longer than the shortest was: packets queue.
const QUEUES_US: i64 = 80_000;
/// Padding goes out every so often.
const PAD_EVERY_US: i64 = 20_000;
/// Packets that are sent at once to look for more fill a path that carries as much as is looked for for so long.
const TRAIN_US: f64 = 30_000.0;
/// No more is looked for than so many times what is known, since what is sent has to queue.
const STRIDE: f64 = 3.0;
/// It is looked for so often, and sooner where so much more was found.
const LOOK_EVERY_US: i64 = 600_000;
const LOOK_ON_US: i64 = 150_000;
const FOUND: f64 = 1.4;
/// The fewest bytes that tell anything.
const LEAST_TRAIN: usize = 3_600;
const MOST_TRAIN: usize = 60_000;
/// The fewest bytes of padding that are worth a packet.
const LEAST_PADDING: f64 = 600.0;
/// A path that carries less than this much more than what is sent is not filled in bursts.
const NARROW: f64 = 2.0;
/// One that was too narrow once is taken for wide again when it carries so many times what is sent.
const WIDE: f64 = 3.0;
/// A path is filled at this share of what it carries, and at this times what is sent at least: what is sent has
/// to go out until something smaller is chosen.
const PACE: (f64, f64) = (0.97, 1.1);
/// The same where that is known by losses or by the peer's word alone, on a narrow path. The camera's key pictures
/// are large, and late when they are spread out.
const PACE_VAGUE: (f64, f64) = (0.9, 1.3);
const PACE_CAMERA_VAGUE: (f64, f64) = (1.5, 2.5);
/// On one that is not narrow so much of what it carries may go out at once, in seconds.
const BURST_S: f64 = 0.05;
/// An IDR that was asked for and has not come after so long is asked for again.
const ASK_AGAIN_US: i64 = 1_000_000;
/// By the peer's loss reports alone: above the first share what was sent is too much, below the other
/// there may be room for more (draft-ietf-rmcat-gcc-02 section 6).
const MUCH_LOSS: f64 = 0.1;
const LITTLE_LOSS: f64 = 0.02;
const GROWS: f64 = 1.08;

/// Where a session is among the encodings of its camera.
pub(super) struct Adaptation {
    ladder: Ladder,
    /// Why the best that it may be sent is not the camera's own.
    why: Option<Why>,
    /// What is sent: another than what is wanted until that has its IDR.
    sending: StreamKind,
    /// What is looked for.
    target: Target,
    padding: Padding,
    /// When the path was judged last.
    judged: MonoTime,
    /// What says how much the path carries.
    source: Source,
    estimate: u64,
    /// Share of packets lost, by the peer's newest report.
    loss: Option<f32>,
    round_trip: RoundTrip,
    /// What was sent was too much for the path once.
    is_tight: bool,
    /// When the IDR was asked for that is waited for.
    asked: MonoTime,
    switches: u64,
}

/// What is sent to find out what the path carries.
struct Padding {
    /// When more was looked for last, and what was known then, in bits a second.
    looked: MonoTime,
    known: f64,
    /// Bytes that are short of what is to be sent at least, as of then.
    owed: f64,
    at: MonoTime,
}

/// What says how much a path carries, from the least to the most that can be told by it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Source {
    /// Nothing yet.
    None,
    /// The losses in receiver reports (RFC 3550 section 6.4.2).
    Reports,
    /// The peer's own estimate (draft-alvestrand-rmcat-remb).
    Remb,
    /// When each packet arrived (draft-holmer-rmcat-transport-wide-cc-extensions).
    Twcc,
}

/// How long packets and their reports are under way.
#[derive(Default)]
struct RoundTrip {
    /// The least of the minute before this one, and of this one so far.
    least: [Option<i64>; 2],
    minute: i64,
}

impl RoundTrip {
    /// Whether the newest is so much longer than the least that packets queue.
    fn is_strained(&mut self, now: MonoTime, newest: Option<i64>) -> bool {
        let Some(newest) = newest else { return false };
        let minute = now.as_us() / 60_000_000;
        if self.minute != minute {
            self.minute = minute;
            self.least = [self.least[1], None];
        }
        let [before, this] = &mut self.least;
        let least = *this.insert(this.map_or(newest, |least| least.min(newest)));
        newest > before.map_or(least, |before| before.min(least)) + QUEUES_US
    }
}

impl Adaptation {
    pub(super) fn new(now: MonoTime) -> Self {
        Self {
            ladder: Ladder::new(now),
            why: None,
            sending: StreamKind::Main,
            target: Target::default(),
            padding: Padding { looked: now, known: 0.0, owed: 0.0, at: now },
            judged: now,
            source: Source::None,
            estimate: FIRST_BITS as u64,
            loss: None,
            round_trip: RoundTrip::default(),
            is_tight: false,
            asked: now,
            switches: 0,
        }
    }
}

impl Session {
    /// What of the camera's encodings there is for this viewer ([`steps`](crate::steps)), and why the best
    /// of them is not the camera's own.
    pub fn set_steps(&mut self, now: MonoTime, steps: Vec<Step>, why: Option<Why>) {
        self.adapt.why = why;
        if steps == self.adapt.ladder.steps() {
            return;
        }
        let before = self.wants();
        self.adapt.ladder.set_steps(now, steps);
        let kind = self.wants();
        if kind == before {
            return;
        }
        if self.connected {
            self.change_to(now, kind);
        } else {
            self.adapt.sending = kind;
        }
    }

    /// The encoding that the session wants the units of. Whoever drives it hands it those, and those of
    /// the one that it wanted before until [`Self::sending`] says that it has changed over.
    pub fn wants(&self) -> StreamKind {
        self.adapt.ladder.kind()
    }

    /// The encoding that is sent.
    pub fn sending(&self) -> StreamKind {
        self.adapt.sending
    }

    /// Why that is not the camera's own; `None` where it is.
    pub fn why(&self) -> Option<Why> {
        match self.adapt.sending {
            StreamKind::Main => None,
            _ if self.adapt.ladder.is_best() => self.adapt.why.or(Some(Why::Path)),
            _ => Some(Why::Path),
        }
    }

    /// What there is for this viewer, from the most bits to the fewest.
    pub fn steps(&self) -> &[Step] {
        self.adapt.ladder.steps()
    }

    /// Bits a second that the path carries by the peer's reports; `None` where they do not tell.
    pub fn estimate(&self) -> Option<u64> {
        Some(self.adapt.estimate).filter(|_| self.adapt.source != Source::None)
    }

    /// The share of packets, 0 to 1, that were lost by the peer's newest report.
    pub fn loss(&self) -> Option<f32> {
        self.adapt.loss
    }

    /// How often another encoding was sent than before.
    pub fn switches(&self) -> u64 {
        self.adapt.switches
    }

    pub(super) fn sends(&self, kind: StreamKind) -> bool {
        self.sending() == kind && self.wants() == kind
    }

    /// The encoding of ours that is sent or waited for.
    pub(super) fn rendition(&self) -> Option<StreamKind> {
        Some(self.sending()).filter(|kind| *kind != StreamKind::Main)
    }

    /// Whether a path that does not carry what is sent is answered with something smaller.
    fn can_give_way(&self) -> bool {
        self.adapts && self.adapt.ladder.has_choice()
    }

    /// The peer connection is up: how it begins.
    pub(super) fn begin_adapting(&mut self, now: MonoTime) {
        match self.rendition() {
            None => self.request = Some(Request::Replay),
            Some(kind) => self.ask_for(now, kind),
        }
    }

    /// An IDR of `kind` is needed.
    pub(super) fn ask_for(&mut self, now: MonoTime, kind: StreamKind) {
        self.adapt.asked = now;
        self.request = Some(Request::KeyFrame { kind, after: self.newest });
    }

    /// Whether a unit of this encoding is taken. The camera's own stream changes over at its IDR.
    pub(super) fn admits(&mut self, kind: StreamKind, sound_idr: bool, time: MediaTime) -> bool {
        let adapt = &mut self.adapt;
        if kind == adapt.sending {
            return true;
        }
        let begins = sound_idr && self.newest.is_none_or(|newest| time > newest);
        if kind != adapt.ladder.kind() || !begins {
            return false;
        }
        adapt.sending = kind;
        adapt.switches += 1;
        debug!(session = %short(self.id), "viewer is sent {kind:?}");
        true
    }

    /// How long the path takes to carry so many bytes besides what comes meanwhile, in µs, where that is
    /// known.
    pub(super) fn takes_us(&self, bytes: usize) -> Option<i64> {
        let known = self.adapts && self.adapt.source == Source::Twcc;
        let besides = self.adapt.estimate.saturating_sub(self.adapt.ladder.bits_per_second());
        known.then(|| (bytes as f64 * 8e6 / besides.max(1) as f64) as i64)
    }

    /// The peer says what it can receive.
    pub(super) fn handle_remb(&mut self, bits: u64) {
        let adapt = &mut self.adapt;
        if adapt.source <= Source::Remb {
            (adapt.source, adapt.estimate) = (Source::Remb, bits);
        }
    }

    /// The peer's report on the last second says that this share of packets was lost.
    pub(super) fn handle_report(&mut self, now: MonoTime, loss: f32) {
        let gives_way = self.can_give_way();
        if gives_way && self.adapt.source > Source::Reports {
            return;
        }
        self.adapt.loss = Some(loss);
        if !gives_way {
            // There is nothing smaller: the camera's stream is thinned to key frames.
            return self.handle_loss(now, loss);
        }
        let adapt = &mut self.adapt;
        adapt.source = Source::Reports;
        let (loss, sent) = (f64::from(loss), adapt.ladder.bits_per_second() as f64);
        let most = 2.0 * adapt.ladder.steps()[0].bits_per_second.max(1) as f64;
        let estimate = adapt.estimate as f64;
        let estimate = if loss > MUCH_LOSS {
            estimate.min(sent) * (1.0 - loss / 2.0)
        } else if loss < LITTLE_LOSS {
            (estimate.max(sent) * GROWS).min(most)
        } else {
            estimate
        };
        adapt.estimate = estimate as u64;
    }

    /// When the path wants to be judged at the latest.
    pub(super) fn judge_deadline(&self) -> MonoTime {
        let judges = self.adapts && self.adapt.ladder.has_choice();
        if judges { self.adapt.judged.plus_us(2 * DECIDE_EVERY_US) } else { NEVER }
    }

    /// When padding is due.
    pub(super) fn pad_deadline(&self) -> MonoTime {
        let adapt = &self.adapt;
        let pads = adapt.target.minimum > 0 && adapt.source == Source::Twcc;
        if pads { adapt.padding.at.plus_us(PAD_EVERY_US) } else { NEVER }
    }

    /// Ten times a second: what is sent, and how fast.
    pub(super) fn adapt(&mut self, now: MonoTime) {
        let due = now.since_us(self.adapt.judged) >= DECIDE_EVERY_US;
        let Some(sender) = self.sender.as_mut().filter(|_| self.adapts && due) else { return };
        let adapt = &mut self.adapt;
        adapt.judged = now;
        sender.handle_timeout(now);
        let (queues, loses) = match sender.estimator().filter(|estimator| estimator.is_known()) {
            Some(known) => {
                adapt.source = Source::Twcc;
                adapt.estimate = known.bits_per_second();
                adapt.loss = Some(known.loss() as f32);
                (known.queues(), known.loses_much())
            }
            None => (adapt.round_trip.is_strained(now, sender.round_trip_us()), false),
        };
        let is_strained = queues || loses || adapt.source == Source::Reports;
        let before = adapt.ladder.kind();
        // A fall waits for an IDR too, but what was there before is not sent any more.
        let is_sent = adapt.sending == before;
        let replays =
            self.replaying.is_some_and(|newest| self.sent.is_some_and(|sent| sent <= newest));
        let waiting_us = if replays { 0 } else { self.queue.waiting_us(now) };
        // What is over soon is no fault of the path either: a key frame is large, and the next ones are behind it.
        let soon_us = (self.queue.bytes() as f64 / 2.0 * 8e6 / adapt.estimate.max(1) as f64) as i64;
        let waiting_us =
            if adapt.source == Source::Twcc { waiting_us.min(soon_us) } else { waiting_us };
        let path = Path {
            estimate: adapt.estimate,
            waiting_us,
            is_sent,
            is_strained,
            overflows: queues && loses,
        };
        let judged = self.connected && adapt.source != Source::None;
        let wanted = if judged { adapt.ladder.decide(now, path) } else { None };
        let target = adapt.ladder.target(now, is_sent);
        adapt.target = if queues || loses { Target::default() } else { target };
        pace(&mut self.pacer, adapt, self.replay_bytes_per_ms);
        let fell = adapt.ladder.fell();
        let late = now.since_us(adapt.asked) >= ASK_AGAIN_US;
        if let Some(kind) = wanted {
            debug!(session = %short(self.id), "viewer's path: {before:?} gives way to {kind:?}");
            if fell {
                // What has waited is late, and what was lost is not worth its bytes.
                self.queue.clear();
                self.newest = self.sent;
                if let Some(sender) = &mut self.sender {
                    sender.forget();
                }
            }
            self.change_to(now, kind);
        } else if let Some(kind) = self.rendition().filter(|_| self.needs_idr && late) {
            self.ask_for(now, kind);
        }
    }

    /// Sends what is nothing new: to find out whether the path carries more, and to see that it carries what
    /// fits for as long as that has to.
    pub(super) fn pad(&mut self, now: MonoTime, route: Route, outlet: &mut dyn Outlet) {
        let (adapt, Some(sender)) = (&mut self.adapt, &mut self.sender) else { return };
        if adapt.source != Source::Twcc {
            return;
        }
        let (known, target, padding) = (adapt.estimate as f64, adapt.target, &mut adapt.padding);
        let since = now.since_us(padding.looked);
        let found = known > FOUND * padding.known && since >= LOOK_ON_US;
        if known < target.desired as f64 && (found || since >= LOOK_EVERY_US) {
            let wanted = (target.desired as f64).min(STRIDE * known);
            let bytes = (wanted * TRAIN_US / 8e6) as usize;
            (padding.looked, padding.known) = (now, known);
            let sent = sender.pad(now, route, bytes.clamp(LEAST_TRAIN, MOST_TRAIN), outlet);
            padding.owed -= sent as f64;
        }
        let passed = now.since_us(padding.at);
        if passed < PAD_EVERY_US {
            return;
        }
        padding.at = now;
        let least = (target.minimum as f64).min(known);
        let sent = sender.take_sent() as f64;
        let most = least * PAD_EVERY_US as f64 / 2e6;
        padding.owed = (padding.owed + least * passed as f64 / 8e6 - sent).clamp(-most, most);
        if padding.owed >= LEAST_PADDING && self.queue.is_empty() {
            padding.owed -= sender.pad(now, route, padding.owed as usize, outlet) as f64;
        }
    }

    /// Sends `kind` from now on, or from the camera's next IDR.
    fn change_to(&mut self, now: MonoTime, kind: StreamKind) {
        if kind == StreamKind::Main || kind == self.adapt.sending {
            return;
        }
        self.adapt.sending = kind;
        self.adapt.switches += 1;
        self.needs_idr = true;
        self.ask_for(now, kind);
    }
}

/// On a narrow path the queue is ours, where it can be emptied.
fn pace(pacer: &mut Pacer, adapt: &mut Adaptation, replay_bytes_per_ms: i64) {
    let (sends, estimate) = (adapt.ladder.bits_per_second() as f64, adapt.estimate as f64);
    adapt.is_tight |= adapt.ladder.fell();
    adapt.is_tight &= estimate < WIDE * adapt.ladder.steps()[0].bits_per_second.max(1) as f64;
    let is_camera = adapt.sending == StreamKind::Main;
    let is_narrow = adapt.is_tight || (!is_camera && estimate < NARROW * sends);
    let (rate, burst) = match adapt.source {
        // What queues, queues here.
        Source::Twcc => {
            let at_once = if is_narrow { 0.0 } else { BURST_S * estimate / 8.0 };
            ((PACE.0 * estimate).max(PACE.1 * sends), at_once as i64)
        }
        // Estimates are vague, and what is sent has to go out all the same until something smaller is chosen.
        _ if is_narrow => {
            let (share, least) = if is_camera { PACE_CAMERA_VAGUE } else { PACE_VAGUE };
            ((share * estimate).max(least * sends), 0)
        }
        _ => (f64::INFINITY, BURST_BYTES),
    };
    let most = replay_bytes_per_ms as u64 * 8000;
    pacer.set_rate((rate as u64).min(most), burst);
}
