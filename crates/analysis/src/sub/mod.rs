//! Detection on a camera's sub-stream: its access units with their places on the main stream's timeline,
//! in the order in which both streams' frames were taken.
//!
//! ```text
//! main stream ─► see_main ─┬─► StreamMapping ◄── Comparison (key frames, now and then)
//! sub-stream ──► see_sub ──┘        │
//!                                   ▼ next: placed, once the main stream has come so far
//! ```

mod choice;
mod compare;

use std::collections::VecDeque;
use std::sync::Arc;

use razz_base::{AccessUnit, MediaTime, MonoTime, RunId};
use razz_hub::{SubDetection, SubStream};
use razz_media::timeline::{MappedBy, MappingQuality, StreamMapping};
use razz_vision::{Decoders, Plane};
use tracing::{info, warn};

use self::choice::Choice;
use self::compare::Comparison;

/// A picture of the sub-stream waits for so long at most until the main stream has come to where it was
/// taken.
const LONGEST_WAIT_US: i64 = 300_000;
/// And no more than so many wait.
const MOST_WAITING: usize = 64;
/// Frames of either stream that are remembered by their times.
const REMEMBERED: usize = 128;
/// What the mapping is good for is told this often.
const TELL_EVERY_US: i64 = 1_000_000;

/// What a camera's thread knows of both of its streams.
pub(crate) struct Sub {
    stream: Arc<SubStream>,
    choice: Choice,
    mapping: StreamMapping,
    comparison: Comparison,
    main_run: Option<RunId>,
    sub_run: Option<RunId>,
    /// Times of the newest frames of the main stream.
    main: VecDeque<MediaTime>,
    waiting: VecDeque<Waiting>,
    /// The newest access units that were given to be decoded: their places, and the sub-stream's own times.
    given: VecDeque<(MediaTime, MediaTime)>,
    told: Option<(MonoTime, Option<MappedBy>)>,
}

/// An access unit of the sub-stream, until the main stream has come so far.
struct Waiting {
    own: MediaTime,
    placed: Placed,
    since: MonoTime,
}

/// An access unit of the sub-stream, with its place on the main stream's timeline.
pub(crate) struct Placed {
    /// Its key has that place.
    pub(crate) au: AccessUnit,
    /// Others before it were dropped.
    pub(crate) after_gap: bool,
}

impl Sub {
    pub(crate) fn new(stream: Arc<SubStream>, decoders: Decoders) -> Self {
        Self {
            stream,
            choice: Choice::new(),
            mapping: StreamMapping::default(),
            comparison: Comparison::new(decoders),
            main_run: None,
            sub_run: None,
            main: VecDeque::new(),
            waiting: VecDeque::new(),
            given: VecDeque::new(),
            told: None,
        }
    }

    /// Whether the sub-stream is what is detected on now.
    pub(crate) fn is_used(&self) -> bool {
        self.choice.is_sub()
    }

    /// A frame of the main stream is here.
    pub(crate) fn see_main(&mut self, au: &AccessUnit, now: MonoTime) {
        if self.main_run.replace(au.run) != Some(au.run) {
            self.mapping.start_main_run();
            self.comparison.begin_anew();
        }
        self.choice.main_frame(now);
        self.mapping.main_frame(au.key.time, au.wall, au.received);
        if self.main.len() == REMEMBERED {
            self.main.pop_front();
        }
        self.main.push_back(au.key.time);
        if self.is_used() {
            self.comparison.see_main(au, now);
        }
    }

    /// An access unit of the sub-stream is here that can be decoded. Answers whether it is what is detected
    /// on from here on, and was not before.
    pub(crate) fn see_sub(&mut self, au: &AccessUnit, after_gap: bool, now: MonoTime) -> bool {
        if self.sub_run.replace(au.run) != Some(au.run) {
            self.mapping.start_sub_run();
            self.comparison.begin_anew();
        }
        self.mapping.sub_frame(au.key.time, au.wall, au.received);
        if let Some(offset_us) = self.mapping.offset_us()
            && let Some(found_us) = self.comparison.outcome(offset_us, now)
        {
            self.mapping.compared(found_us, now);
        }
        let taken_up = self.choice.sub_frame(au.idr, now);
        if taken_up {
            info!("the sub-stream is back: detection goes on with it");
        }
        if self.is_used()
            && let Some(time) = self.mapping.place(au.key.time, au.format.reorders)
        {
            let mut placed = Placed { au: au.clone(), after_gap };
            placed.au.key.time = time;
            self.waiting.push_back(Waiting { own: au.key.time, placed, since: now });
        }
        self.tell(now);
        taken_up
    }

    /// Time passed. Answers whether the main stream is what is detected on from here on, and was not before.
    pub(crate) fn handle_timeout(&mut self, wanted: bool, now: MonoTime) -> bool {
        self.stream.want(wanted && self.choice.main_is_here(now));
        if !wanted {
            self.choice.rest(now);
        }
        let given_up = wanted && self.choice.gives_up(now);
        if given_up {
            warn!("nothing comes of the sub-stream: detection goes on with the main stream");
            self.waiting.clear();
        }
        self.tell(now);
        given_up
    }

    /// The next access unit to be decoded, once the main stream has come to where it was taken, and how many
    /// more could be as well.
    pub(crate) fn next(&mut self, now: MonoTime) -> Option<(Placed, usize)> {
        let newest = self.main.back().copied();
        let early_us = self.mapping.main_interval_us() / 2;
        let is_due = |one: &Waiting| {
            newest.is_some_and(|newest| one.placed.au.key.time.since_us(newest) <= early_us)
                || now.since_us(one.since) >= LONGEST_WAIT_US
        };
        if self.waiting.len() <= MOST_WAITING && !self.waiting.front().is_some_and(is_due) {
            return None;
        }
        let next = self.waiting.pop_front()?;
        if self.given.len() == REMEMBERED {
            self.given.pop_front();
        }
        if !next.placed.au.format.reorders {
            self.given.push_back((next.placed.au.key.time, next.own));
        }
        let behind = self.waiting.iter().take_while(|one| is_due(one)).count();
        Some((next.placed, behind))
    }

    /// The picture of an access unit that [`Self::next`] gave, by its luma.
    pub(crate) fn see_picture(&mut self, place: MediaTime, luma: Plane<'_>, now: MonoTime) {
        if let Some((_, own)) = self.given.iter().rev().find(|(given, _)| *given == place) {
            self.comparison.see_sub(*own, luma, now);
        }
    }

    /// The frame of the main stream that a picture of this place is nearest to.
    pub(crate) fn nearest(&self, time: MediaTime) -> MediaTime {
        let nearest = self.main.iter().min_by_key(|main| main.since_90k(time).abs());
        nearest.copied().unwrap_or(time)
    }

    /// How near the frames of the main stream tracks are, in ms.
    pub(crate) fn near_ms(&self, now: MonoTime) -> Option<f64> {
        self.mapping.quality(now).map(|quality| quality.error_us as f64 / 1e3)
    }

    /// Says in the status how the sub-stream is used, and in the log when that changes.
    fn tell(&mut self, now: MonoTime) {
        let quality = self.is_used().then(|| self.mapping.quality(now)).flatten();
        let by = quality.map(|quality| quality.by);
        let known = self.told.filter(|(at, told)| *told == by && now.since_us(*at) < TELL_EVERY_US);
        if known.is_some() {
            return;
        }
        let changed = self.told.replace((now, by)).is_none_or(|(_, told)| told != by);
        let said = quality.map(|MappingQuality { by, error_us }| (name(by), error_us as f64 / 1e3));
        if let Some(MappingQuality { by, error_us }) = quality.filter(|_| changed) {
            let ms = error_us / 1000;
            info!("pictures of the sub-stream are placed by {}, ± {ms} ms", words(by));
        }
        self.stream.set_detection(SubDetection { used: self.is_used(), mapping: said });
    }
}

/// What a mapping goes by, as the API calls it.
fn name(by: MappedBy) -> &'static str {
    match by {
        MappedBy::Pictures => "pictures",
        MappedBy::SenderReports => "sender_reports",
        MappedBy::Arrival => "arrival",
    }
}

/// The same in the log.
fn words(by: MappedBy) -> &'static str {
    match by {
        MappedBy::Pictures => "what they show",
        MappedBy::SenderReports => "the camera's sender reports",
        MappedBy::Arrival => "when they arrive",
    }
}
