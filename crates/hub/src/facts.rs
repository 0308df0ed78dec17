//! What was counted at the lines and zones of all cameras, for those who tell of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use razz_analytics::{Direction, Speed, VisitEnd};
use razz_base::{Affine, CameraId, MediaTime, TrackId};
use tokio::sync::broadcast;

use crate::lock;

/// News that wait for one listener at most; of more the oldest are lost, which it is told.
const WAITING: usize = 1024;

/// A moment by both of its names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Moment {
    /// By the camera's frames.
    pub time: MediaTime,
    /// UTC, in µs since 1970.
    pub wall_us: i64,
}

/// Somebody crossed a line, or visits a zone.
#[derive(Clone, PartialEq, Debug)]
pub struct Fact {
    /// Whose picture.
    pub camera: CameraId,
    /// What people call the line or zone.
    pub area: Arc<str>,
    /// When: of a visit, when it began.
    pub at: Moment,
    /// Whose.
    pub track: TrackId,
    /// What it is.
    pub class: Arc<str>,
    /// Of the same fact (camera, area, time, track) the highest is the truth.
    pub revision: u32,
    /// It turned out to be wrong.
    pub retracted: bool,
    /// What happened.
    pub what: What,
}

/// What happened at an area.
#[derive(Clone, PartialEq, Debug)]
pub enum What {
    /// The line was crossed.
    Crossing {
        /// Which way.
        direction: Direction,
        /// Where, in shares of the picture.
        place: [f64; 2],
        /// Nobody saw it for a while around it.
        bridged: bool,
        /// How fast, where that is known well enough.
        speed: Option<Speed>,
    },
    /// Somebody was in the zone.
    Visit {
        /// Whether it came in over the edge; otherwise it was there when it was first seen.
        entered: bool,
        /// Until when, and why it is over; `None` while it goes on.
        end: Option<(Moment, VisitEnd)>,
    },
}

/// How it is at a line or zone now.
#[derive(Clone, PartialEq, Debug)]
pub struct AreaNow {
    /// Whose picture.
    pub camera: CameraId,
    /// What people call it.
    pub area: Arc<str>,
    /// A zone, where people are; otherwise a line.
    pub is_zone: bool,
    /// How many are in the zone, by class.
    pub inside: BTreeMap<Arc<str>, u32>,
    /// Since midnight, where the server is.
    pub today: Counts,
    /// As of when; `None` before the first frame.
    pub at: Option<Moment>,
}

/// A camera was moved since its areas were drawn, so that they are not where they were meant.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Moved {
    /// Since when, in UTC µs since 1970.
    pub since_us: i64,
    /// How far the picture's corner went that went farthest, in shares of the picture's width.
    pub by: f64,
    /// Where what was seen then is now, in shares of the picture's width and height.
    pub motion: Affine,
}

/// How often what happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Crossings to the side that counts as in.
    pub ins: u64,
    /// And away from it.
    pub outs: u64,
    /// Visits that began.
    pub visits: u64,
}

impl Counts {
    /// The one that this adds to.
    pub fn of(&mut self, what: &What) -> &mut u64 {
        match what {
            What::Crossing { direction: Direction::In, .. } => &mut self.ins,
            What::Crossing { direction: Direction::Out, .. } => &mut self.outs,
            What::Visit { .. } => &mut self.visits,
        }
    }
}

/// What listeners are told.
#[derive(Clone, Debug)]
pub enum News {
    /// A fact, or a correction of one.
    Fact(Arc<Fact>),
    /// An area is so now.
    Now(Arc<AreaNow>),
    /// How many are in a zone has changed.
    Occupancy(Arc<AreaNow>),
    /// The areas are others: all of them are to be looked at anew.
    Areas,
}

/// What is counted together since start: what only grows.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Total {
    /// Whose picture.
    pub camera: CameraId,
    /// The line or zone.
    pub area: Arc<str>,
    /// The class.
    pub class: Arc<str>,
    /// Which way a line was crossed; `None`: visits of a zone.
    pub direction: Option<Direction>,
}

/// Where facts are published.
#[derive(Debug)]
pub struct Facts {
    news: broadcast::Sender<News>,
    now: Mutex<Areas>,
    totals: Mutex<Totals>,
    moved: Mutex<BTreeMap<CameraId, Moved>>,
}

/// How it is at each area now, by camera and name.
type Areas = BTreeMap<(CameraId, Arc<str>), Arc<AreaNow>>;

/// How often each was told, and how many corrections there were.
pub type Totals = (BTreeMap<Total, u64>, u64);

impl Default for Facts {
    fn default() -> Self {
        Self {
            news: broadcast::channel(WAITING).0,
            now: Mutex::default(),
            totals: Mutex::default(),
            moved: Mutex::default(),
        }
    }
}

impl Facts {
    /// Tells of a fact.
    pub fn publish(&self, fact: Arc<Fact>) {
        {
            let (totals, corrections) = &mut *lock(&self.totals);
            if fact.revision == 0 {
                let direction = match fact.what {
                    What::Crossing { direction, .. } => Some(direction),
                    What::Visit { .. } => None,
                };
                let (area, class) = (Arc::clone(&fact.area), Arc::clone(&fact.class));
                let total = Total { camera: fact.camera, area, class, direction };
                *totals.entry(total).or_default() += 1;
            } else {
                *corrections += 1;
            }
        }
        // Nobody may be listening.
        let _ = self.news.send(News::Fact(fact));
    }

    /// An area is so now.
    pub fn set_now(&self, now: AreaNow) {
        let now = Arc::new(now);
        let key = (now.camera, Arc::clone(&now.area));
        let before = lock(&self.now).insert(key, Arc::clone(&now));
        let same = before.as_ref().is_some_and(|before| before.inside == now.inside);
        let news = if same || !now.is_zone { News::Now } else { News::Occupancy };
        let _ = self.news.send(news(now));
    }

    /// Only these areas are left.
    pub fn keep(&self, is_there: impl Fn(CameraId, &str) -> bool) {
        lock(&self.now).retain(|(camera, area), _| is_there(*camera, area));
        let _ = self.news.send(News::Areas);
    }

    /// Every area as it is now, by camera and name.
    pub fn now(&self) -> Vec<Arc<AreaNow>> {
        lock(&self.now).values().cloned().collect()
    }

    /// The cameras that were moved since their areas were drawn.
    pub fn moved(&self) -> BTreeMap<CameraId, Moved> {
        lock(&self.moved).clone()
    }

    /// These were.
    pub fn set_moved(&self, moved: BTreeMap<CameraId, Moved>) {
        *lock(&self.moved) = moved;
    }

    /// What was told since start as it was seen, and how many corrections there were of that, an end of a visit among
    /// them.
    pub fn totals(&self) -> Totals {
        lock(&self.totals).clone()
    }

    /// News from now on.
    pub fn listen(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(area: &str, people: u32) -> AreaNow {
        let camera = CameraId::new(1).unwrap();
        let inside = BTreeMap::from([("person".into(), people)]);
        let (area, today) = (area.into(), Counts::default());
        AreaNow { camera, area, is_zone: true, inside, today, at: None }
    }

    #[test]
    fn who_listens_hears_what_changed_and_finds_how_it_is() {
        let facts = Facts::default();
        let mut news = facts.listen();
        for (area, people) in [("Hall", 1), ("Hall", 1), ("Hall", 2), ("Yard", 0)] {
            facts.set_now(now(area, people));
        }
        let heard: Vec<bool> =
            (0..4).map(|_| matches!(news.try_recv(), Ok(News::Occupancy(_)))).collect();
        assert_eq!(heard, [true, false, true, true]);
        let all = facts.now();
        assert_eq!(all.iter().map(|now| &*now.area).collect::<Vec<_>>(), ["Hall", "Yard"]);
        assert_eq!(all[0].inside.values().sum::<u32>(), 2);
        facts.keep(|_, area| area == "Yard");
        assert!(matches!(news.try_recv(), Ok(News::Areas)));
        assert_eq!(facts.now().len(), 1);
    }
}
