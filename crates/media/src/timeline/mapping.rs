//! From the media time of a camera's sub-stream to that of its main stream.
//!
//! A camera's two streams come by RTSP sessions of their own, with RTP timestamps that have nothing to
//! do with each other. What both share is the moment at which a picture was taken. It is known by the
//! streams' wall times where both have sender reports, else by when their packets arrive, and the
//! pictures themselves correct either.

use std::collections::VecDeque;

use razz_base::{MediaTime, MonoTime, WallQuality, WallTime};

/// Sender reports of the two streams that put a picture further than this from where its arrival does
/// are not believed: no camera takes that much longer to encode one of its streams.
const MAX_REPORT_DIFFERENCE_US: i64 = 400_000;

/// By arrival alone the mapping is off by the difference of what the two encoders and the network take.
const ARRIVAL_ERROR_US: i64 = 250_000;

/// The offset goes to where it belongs at once where that is further away than this, else step by step.
const STEP_US: i64 = 150_000;

/// Share of the way that the offset goes at each frame of the sub-stream.
const SLEW: i64 = 16;

/// What the streams' clocks say may move by this much before what pictures said of it is forgotten.
const MAX_BASE_JUMP_US: i64 = 500_000;

/// The smallest delay is looked for among the frames of this long, and twice as long at most.
const DELAY_WINDOW_US: i64 = 10_000_000;

/// Comparisons of pictures that are remembered.
const COMPARISONS: usize = 3;

/// Comparisons agree that are no further apart than this, or than a frame of the sub-stream lasts.
const MIN_AGREEMENT_US: i64 = 40_000;

/// What comes on top of how far comparisons are apart.
const COMPARISON_ERROR_US: i64 = 5_000;

/// How much the mapping is off for each second since pictures were compared, where only arrival says how
/// the clocks drift.
const DRIFT_PPM: i64 = 100;

/// The longest interval between two frames that counts as one.
const MAX_INTERVAL_US: i64 = 2_000_000;

/// Of two frames a second or more no interval is known yet.
const FIRST_INTERVAL_US: i64 = 66_667;

/// What the mapping goes by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MappedBy {
    /// Pictures of both streams were compared.
    Pictures,
    /// The wall times of both streams' sender reports.
    SenderReports,
    /// When packets arrive.
    Arrival,
}

/// How good the mapping is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MappingQuality {
    /// What it goes by.
    pub by: MappedBy,
    /// How far it may be off.
    pub error_us: i64,
}

/// Takes times of a camera's sub-stream to its main stream.
///
/// ```
/// use razz_base::{MediaTime, MonoTime, WallQuality, WallTime};
/// use razz_media::timeline::StreamMapping;
///
/// let mut mapping = StreamMapping::default();
/// let wall = |us| WallTime { us, quality: WallQuality::SenderReport };
/// // Both were taken at the same moment by the camera's clock, and the second came 20 ms later.
/// mapping.main_frame(MediaTime::from_90k(900_000), wall(5_000_000), MonoTime::from_us(60_000));
/// mapping.sub_frame(MediaTime::from_90k(0), wall(5_000_000), MonoTime::from_us(80_000));
/// assert_eq!(mapping.place(MediaTime::from_90k(0), false), Some(MediaTime::from_90k(900_000)));
/// ```
#[derive(Clone, Debug, Default)]
pub struct StreamMapping {
    main: StreamClock,
    sub: StreamClock,
    /// What the clocks said last.
    base: Option<Base>,
    /// What comparisons of pictures found beyond what the clocks said then, newest last.
    found_us: VecDeque<i64>,
    correction: Option<Correction>,
    /// In force: main time minus sub time.
    offset_us: Option<i64>,
    /// The time given last.
    placed: Option<MediaTime>,
}

/// What is known of one stream's clock.
#[derive(Clone, Debug, Default)]
struct StreamClock {
    /// Wall time minus media time, by sender reports.
    reported_us: Option<i64>,
    delay: LeastDelay,
    interval_us: Option<i64>,
    last: Option<MediaTime>,
}

/// The smallest arrival time minus media time of recent frames: one may come late but never early.
#[derive(Clone, Copy, Debug, Default)]
struct LeastDelay {
    now: Option<(i64, MonoTime)>,
    before: Option<i64>,
}

/// Main time minus sub time, by the streams' clocks.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Base {
    offset_us: i64,
    by: MappedBy,
    error_us: i64,
}

#[derive(Clone, Copy, Debug)]
struct Correction {
    /// Beyond what the clocks say.
    beyond_us: i64,
    spread_us: i64,
    at: MonoTime,
}

/// Microseconds of a media time.
fn us(time: MediaTime) -> i64 {
    time.since_us(MediaTime::from_90k(0))
}

/// Nonsense is kept so far from the ends of the range that a few of it can be added up.
fn bounded(us: i64) -> i64 {
    us.clamp(-(1 << 56), 1 << 56)
}

/// Whether two times are within `limit_us` of each other.
fn close(a_us: i64, b_us: i64, limit_us: i64) -> bool {
    a_us.abs_diff(b_us) <= limit_us as u64
}

impl StreamMapping {
    /// The main stream comes by a new RTSP session.
    pub fn start_main_run(&mut self) {
        self.main = StreamClock::default();
        self.forget();
    }

    /// The sub-stream comes by a new RTSP session.
    pub fn start_sub_run(&mut self) {
        self.sub = StreamClock::default();
        self.forget();
    }

    fn forget(&mut self) {
        (self.base, self.correction, self.offset_us) = (None, None, None);
        self.found_us.clear();
    }

    /// A frame of the main stream is here.
    pub fn main_frame(&mut self, time: MediaTime, wall: WallTime, received: MonoTime) {
        self.main.frame(time, wall, received);
    }

    /// A frame of the sub-stream is here. Moves the mapping on by what is known by now.
    pub fn sub_frame(&mut self, time: MediaTime, wall: WallTime, received: MonoTime) {
        self.sub.frame(time, wall, received);
        let Some(base) = self.base_now() else { return };
        if let Some(before) = self.base.replace(base) {
            let moved_us = base.offset_us.saturating_sub(before.offset_us);
            if before.by != base.by {
                // Who else says it changes nothing of what the pictures showed.
                self.found_us.iter_mut().for_each(|found| *found -= moved_us);
                self.correction.iter_mut().for_each(|known| known.beyond_us -= moved_us);
            } else if moved_us.abs() > MAX_BASE_JUMP_US {
                self.correction = None;
                self.found_us.clear();
            }
        }
        let beyond_us = self.correction.map_or(0, |known| known.beyond_us);
        let target_us = base.offset_us.saturating_add(beyond_us);
        let offset_us = self.offset_us.get_or_insert(target_us);
        let way_us = target_us.saturating_sub(*offset_us);
        *offset_us += if way_us.abs() > STEP_US { way_us } else { way_us / SLEW };
    }

    /// By comparing pictures, frames of the sub-stream are at `offset_us` plus their own time on the main
    /// stream. Two comparisons have to agree before that counts.
    pub fn compared(&mut self, offset_us: i64, now: MonoTime) {
        let Some(base) = self.base else { return };
        let found_us = bounded(offset_us.saturating_sub(base.offset_us));
        if self.found_us.len() == COMPARISONS {
            self.found_us.pop_front();
        }
        self.found_us.push_back(found_us);
        let limit_us = self.sub.interval_us().max(MIN_AGREEMENT_US);
        let alike = || self.found_us.iter().filter(|other| close(**other, found_us, limit_us));
        let count = alike().count() as i64;
        if count >= 2 {
            let (least, most) = alike().fold((found_us, found_us), |(least, most), other| {
                (least.min(*other), most.max(*other))
            });
            let beyond_us = alike().sum::<i64>() / count;
            self.correction = Some(Correction { beyond_us, spread_us: most - least, at: now });
        }
    }

    /// Main time minus sub time, as it is in force; `None` before a frame of each has come.
    pub fn offset_us(&self) -> Option<i64> {
        self.offset_us
    }

    /// Where a frame of the sub-stream is on the main stream's timeline. Where frames are not reordered,
    /// none is put before the one placed last: those that would be follow it closely.
    pub fn place(&mut self, time: MediaTime, reorders: bool) -> Option<MediaTime> {
        let place = MediaTime::from_90k(time.as_90k().saturating_add(self.offset_us? * 9 / 100));
        let after_last = self.placed.filter(|_| !reorders).map(|last| last.plus_90k(1));
        let place = after_last.map_or(place, |least| place.max(least));
        self.placed = Some(place);
        Some(place)
    }

    /// How good the mapping is at `now`; `None` while there is none.
    pub fn quality(&self, now: MonoTime) -> Option<MappingQuality> {
        let base = self.base?;
        let Some(known) = self.correction else {
            return Some(MappingQuality { by: base.by, error_us: base.error_us });
        };
        let drift_us = match base.by {
            MappedBy::Arrival => now.since_us(known.at).max(0) / (1_000_000 / DRIFT_PPM),
            MappedBy::SenderReports | MappedBy::Pictures => 0,
        };
        // A frame of the sub-stream is told from the next one by pictures, and a quarter of the way
        // between them.
        let own_us = known.spread_us + self.sub.interval_us() / 4 + COMPARISON_ERROR_US;
        let error_us = own_us + drift_us.min(ARRIVAL_ERROR_US);
        Some(MappingQuality { by: MappedBy::Pictures, error_us })
    }

    /// The time between two frames of the main stream.
    pub fn main_interval_us(&self) -> i64 {
        self.main.interval_us()
    }

    fn base_now(&self) -> Option<Base> {
        let arrival_us = self.sub.delay.least()?.saturating_sub(self.main.delay.least()?);
        if let (Some(sub), Some(main)) = (self.sub.reported_us, self.main.reported_us) {
            let offset_us = sub.saturating_sub(main);
            if close(offset_us, arrival_us, MAX_REPORT_DIFFERENCE_US) {
                // No better than a frame, and no better than what else is known.
                let frame_us = self.sub.interval_us().max(self.main.interval_us());
                let error_us = frame_us + (offset_us - arrival_us).abs();
                return Some(Base { offset_us, by: MappedBy::SenderReports, error_us });
            }
        }
        Some(Base { offset_us: arrival_us, by: MappedBy::Arrival, error_us: ARRIVAL_ERROR_US })
    }
}

impl StreamClock {
    fn frame(&mut self, time: MediaTime, wall: WallTime, received: MonoTime) {
        let arrived_us = received.since_us(MonoTime::from_us(0));
        self.delay.add(bounded(arrived_us.saturating_sub(us(time))), received);
        self.reported_us = (wall.quality == WallQuality::SenderReport).then(|| {
            let said_us = bounded(wall.us.saturating_sub(us(time)));
            let known = self.reported_us.filter(|known| close(*known, said_us, STEP_US));
            known.map_or(said_us, |known| known + (said_us - known) / 8)
        });
        if let Some(last) = self.last.replace(time) {
            let step_us = time.since_us(last);
            if (1..=MAX_INTERVAL_US).contains(&step_us) {
                let known = self.interval_us.unwrap_or(step_us);
                self.interval_us = Some((7 * known + step_us) / 8);
            }
        }
    }

    fn interval_us(&self) -> i64 {
        self.interval_us.unwrap_or(FIRST_INTERVAL_US)
    }
}

impl LeastDelay {
    fn add(&mut self, delay_us: i64, now: MonoTime) {
        match &mut self.now {
            Some((least_us, since)) if now.since_us(*since) < DELAY_WINDOW_US => {
                *least_us = (*least_us).min(delay_us);
            }
            window => {
                self.before = window.map(|(least_us, _)| least_us);
                *window = Some((delay_us, now));
            }
        }
    }

    fn least(&self) -> Option<i64> {
        let (now, _) = self.now?;
        Some(self.before.map_or(now, |before| before.min(now)))
    }
}

#[cfg(test)]
mod tests;
