//! Counts since midnight, and what was told lately, so that corrections change what they are of.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use razz_analytics::EventKey;
use razz_hub::facts::{Counts, Fact, What};

/// What was told is corrected within some seconds; nothing older is remembered, in µs.
const REMEMBERED_US: i64 = 600_000_000;

/// When the day began in which `now_us` is, where the server is, in UTC µs since 1970.
pub(crate) fn midnight_us(now_us: i64, zone: &TimeZone) -> i64 {
    let day = Timestamp::from_microsecond(now_us)
        .ok()
        .and_then(|now| now.to_zoned(zone.clone()).start_of_day().ok());
    day.map_or(now_us - now_us.rem_euclid(86_400_000_000), |day| day.timestamp().as_microsecond())
}

/// The counts of a camera's areas, by the areas' numbers.
#[derive(Debug, Default)]
pub(crate) struct Today {
    since_us: i64,
    areas: BTreeMap<u32, Counts>,
    lately: HashMap<EventKey, Arc<Fact>>,
}

impl Today {
    /// Since when it counts.
    pub(crate) fn since_us(&self) -> i64 {
        self.since_us
    }

    /// Begins with what was told since midnight, which may still be corrected.
    pub(crate) fn begin(
        &mut self,
        since_us: i64,
        told: impl IntoIterator<Item = (EventKey, Fact)>,
    ) {
        self.since_us = since_us;
        self.areas.clear();
        for (key, fact) in told {
            add(self.areas.entry(key.area.0).or_default(), &fact, since_us, 1);
            self.lately.entry(key).or_insert_with(|| Arc::new(fact));
        }
    }

    /// What was told of a fact lately.
    pub(crate) fn before(&self, key: &EventKey) -> Option<&Arc<Fact>> {
        self.lately.get(key)
    }

    /// A fact was told, or corrected.
    pub(crate) fn count(&mut self, key: EventKey, fact: &Arc<Fact>) {
        let before = self.lately.insert(key, Arc::clone(fact));
        if before.as_ref().is_some_and(|before| before.revision > fact.revision) {
            return;
        }
        let counts = self.areas.entry(key.area.0).or_default();
        if let Some(before) = before {
            add(counts, &before, self.since_us, -1);
        }
        add(counts, fact, self.since_us, 1);
    }

    /// The counts of an area.
    pub(crate) fn of(&self, area: u32) -> Counts {
        self.areas.get(&area).copied().unwrap_or_default()
    }

    /// What is older than any correction is forgotten.
    pub(crate) fn forget(&mut self, now_us: i64) {
        self.lately.retain(|_, fact| {
            let last = match &fact.what {
                What::Visit { end: Some((end, _)), .. } => end.wall_us,
                What::Visit { end: None, .. } => return !fact.retracted,
                What::Crossing { .. } => fact.at.wall_us,
            };
            now_us - last < REMEMBERED_US
        });
    }
}

fn add(counts: &mut Counts, fact: &Fact, since_us: i64, times: i64) {
    if fact.retracted || fact.at.wall_us < since_us {
        return;
    }
    let count = counts.of(&fact.what);
    *count = count.saturating_add_signed(times);
}

#[cfg(test)]
mod tests {
    use razz_analytics::{AreaId, Direction};
    use razz_base::{MediaTime, TrackId};
    use razz_hub::facts::Moment;

    use super::*;
    use crate::testing::camera;

    #[test]
    fn a_day_begins_at_midnight_where_the_server_is() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (now, zone, expected) in [
            ("2026-12-01T02:41:00Z", TimeZone::UTC, "2026-12-01T00:00:00Z"),
            ("2026-12-01T02:41:00Z", berlin.clone(), "2026-11-30T23:00:00Z"),
            ("2026-11-30T22:59:59Z", berlin.clone(), "2026-11-29T23:00:00Z"),
            // The day has 23 hours, and 25.
            ("2026-03-29T21:59:59Z", berlin.clone(), "2026-03-28T23:00:00Z"),
            ("2026-10-25T22:59:59Z", berlin, "2026-10-24T22:00:00Z"),
        ] {
            assert_eq!(midnight_us(at(now), &zone), at(expected), "{now}");
        }
    }

    #[test]
    fn corrections_change_what_they_are_of() {
        let key = |track: u64, at: i64| EventKey {
            camera: camera(),
            area: AreaId(1),
            version: 1,
            time: MediaTime::from_90k(at),
            track: Some(TrackId(track)),
        };
        let fact = |track: u64, wall_us: i64, revision: u32, direction| {
            let what = What::Crossing { direction, place: [0.5; 2], bridged: false, speed: None };
            Arc::new(Fact {
                camera: camera(),
                area: "Door".into(),
                at: Moment { time: MediaTime::from_90k(0), wall_us },
                track: TrackId(track),
                class: "person".into(),
                revision,
                retracted: false,
                what,
            })
        };
        let mut counts = Today::default();
        let told = |track, direction| (key(track, 7), (*fact(track, 1500, 0, direction)).clone());
        let ins = (11..16).map(|track| told(track, Direction::In));
        counts.begin(1000, ins.chain((21..23).map(|track| told(track, Direction::Out))));
        counts.count(key(1, 7), &fact(1, 2000, 0, Direction::In));
        counts.count(key(2, 7), &fact(2, 900, 0, Direction::In));
        assert_eq!((counts.of(1).ins, counts.of(1).outs), (6, 2));
        counts.count(key(1, 7), &fact(1, 2000, 1, Direction::Out));
        assert_eq!((counts.of(1).ins, counts.of(1).outs), (5, 3));
        let mut retracted = (*fact(1, 2000, 2, Direction::Out)).clone();
        retracted.retracted = true;
        counts.count(key(1, 7), &Arc::new(retracted));
        assert_eq!((counts.of(1).ins, counts.of(1).outs), (5, 2));
        counts.forget(2000 + REMEMBERED_US);
        assert!(counts.before(&key(1, 7)).is_none());
    }
}
