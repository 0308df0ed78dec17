//! What has to give way when there is no room: the least that is worth keeping first, and of that the oldest. Pure.

use razz_base::CameraId;

use crate::index::Span;
use crate::name::FileName;

const DAY_US: i64 = 86_400_000_000;

/// How much a file is worth.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Importance {
    /// Nobody was there.
    #[default]
    Quiet,
    /// Somebody was.
    Visit,
    /// Somebody of whom it was said that they matter.
    ChosenVisit,
    /// It is never taken away.
    Locked,
}

impl Importance {
    /// From the least that is worth to the most.
    pub const ALL: [Self; 4] = [Self::Quiet, Self::Visit, Self::ChosenVisit, Self::Locked];
}

/// A file that could give way.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Candidate {
    /// Whose.
    pub camera: CameraId,
    /// Which.
    pub span: Span,
    /// What it is worth.
    pub importance: Importance,
}

/// How much may be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limits {
    /// All files together, in bytes; `None`: as much as there is room for.
    pub max_bytes: Option<u64>,
    /// So much is left free on the disk, in bytes.
    pub keep_free: u64,
    /// For how many days, by importance; `None`: for as long as there is room.
    pub keep_days: [Option<u32>; 3],
}

/// How full it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Room {
    /// What all files take, in bytes.
    pub used: u64,
    /// What is free on the disk, in bytes.
    pub free: u64,
}

/// What is to be done about it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    /// These go, in this order.
    pub remove: Vec<(CameraId, FileName)>,
    /// So many bytes would have to go besides, and may not: they are locked, or still written.
    pub lacking: u64,
}

/// What has to go at `now_us` (UTC, µs since 1970), of files in any order.
pub fn plan(files: &[Candidate], limits: &Limits, room: Room, now_us: i64) -> Plan {
    let mut plan = Plan::default();
    let mut may_go: Vec<&Candidate> = files
        .iter()
        .filter(|file| file.importance != Importance::Locked && file.span.ended)
        .collect();
    may_go.sort_by_key(|file| (file.importance, file.span.wall.us, file.camera));
    let mut owed = limits.owed(room);
    // What is too old goes whether there is room or not, and may be enough.
    may_go.sort_by_key(|file| !limits.is_over(file, now_us));
    for file in may_go {
        if owed == 0 && !limits.is_over(file, now_us) {
            break;
        }
        owed = owed.saturating_sub(file.span.bytes);
        plan.remove.push((file.camera, file.span.name));
    }
    plan.lacking = owed;
    plan
}

impl Limits {
    /// How much has to go, in bytes, whatever it is.
    pub fn owed(&self, room: Room) -> u64 {
        let over = room.used.saturating_sub(self.max_bytes.unwrap_or(u64::MAX));
        over.max(self.keep_free.saturating_sub(room.free))
    }

    /// What was taken before then (UTC, µs since 1970) may be too old, by the shortest of the days; `None` where nothing
    /// ever is.
    pub fn before_us(&self, now_us: i64) -> Option<i64> {
        self.keep_days.iter().flatten().min().map(|days| now_us - i64::from(*days) * DAY_US)
    }

    fn is_over(&self, file: &Candidate, now_us: i64) -> bool {
        let days = self.keep_days.get(file.importance as usize).copied().flatten();
        days.is_some_and(|days| now_us - file.span.wall.us > i64::from(days) * DAY_US)
    }
}

/// For how many days there is room at the rate of the last while, in bytes a second; `None` where that is not known,
/// or nothing bounds it.
pub fn days_of_room(limits: &Limits, room: Room, bytes_per_second: f64) -> Option<f64> {
    if bytes_per_second <= 0.0 {
        return None;
    }
    let by_disk = room.used + room.free.saturating_sub(limits.keep_free);
    let all = limits.max_bytes.map_or(by_disk, |most| most.min(by_disk));
    Some(all as f64 / bytes_per_second / 86_400.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use razz_base::{MediaTime, WallQuality, WallTime};

    use super::*;

    const NOW_US: i64 = 100 * DAY_US;

    fn file(day: i64, importance: Importance, bytes: u64) -> Candidate {
        let wall = WallTime { us: day * DAY_US, quality: WallQuality::Arrival };
        let time = MediaTime::from_wall_us(wall.us);
        let (name, until) = (FileName::at_us(wall.us), time.plus_90k(60 * 90_000));
        let span = Span { name, from: time, until, wall, bytes, frames: 1800, ended: true };
        Candidate { camera: CameraId::new(1).unwrap(), span, importance }
    }

    /// The days of what goes.
    fn days(plan: &Plan) -> Vec<i64> {
        plan.remove.iter().map(|(_, name)| name.as_ms() / (DAY_US / 1000)).collect()
    }

    #[test]
    fn the_least_worth_goes_first_and_of_that_the_oldest() {
        use Importance::{ChosenVisit, Locked, Quiet, Visit};
        let files = [
            file(90, Quiet, 10),
            file(80, Visit, 10),
            file(70, Quiet, 10),
            file(60, ChosenVisit, 10),
            file(50, Locked, 10),
            file(85, Quiet, 10),
        ];
        let room = |used, free| Room { used, free };
        let limits = |max_bytes, keep_free, keep_days| Limits { max_bytes, keep_free, keep_days };
        for (limits, room, expected, lacking) in [
            (limits(None, 0, [None; 3]), room(60, 0), &[][..], 0),
            (limits(Some(60), 5, [None; 3]), room(60, 5), &[], 0),
            (limits(Some(59), 0, [None; 3]), room(60, 99), &[70], 0),
            (limits(None, 25, [None; 3]), room(60, 5), &[70, 85], 0),
            (limits(Some(25), 0, [None; 3]), room(60, 99), &[70, 85, 90, 80], 0),
            // What is locked stays, and it is said that there is no room.
            (limits(Some(3), 0, [None; 3]), room(60, 99), &[70, 85, 90, 80, 60], 7),
            // By age, which is enough for the bytes.
            (limits(Some(45), 0, [Some(14), None, None]), room(60, 99), &[70, 85], 0),
            (limits(None, 0, [Some(14), Some(19), Some(60)]), room(60, 99), &[70, 85, 80], 0),
        ] {
            let plan = plan(&files, &limits, room, NOW_US);
            assert_eq!((&*days(&plan), plan.lacking), (expected, lacking), "{limits:?} {room:?}");
        }
    }

    #[test]
    fn what_is_still_written_stays() {
        let mut files = [file(70, Importance::Quiet, 10), file(99, Importance::Quiet, 10)];
        files[0].span.ended = false;
        let limits = Limits { max_bytes: Some(0), ..Limits::default() };
        let plan = plan(&files, &limits, Room { used: 20, free: 0 }, NOW_US);
        assert_eq!((days(&plan), plan.lacking), (vec![99], 10));
    }

    #[test]
    fn the_room_lasts_for_so_many_days() {
        let gb = 1_000_000_000;
        for (max_bytes, keep_free, used, free, rate, expected) in [
            (Some(200 * gb), 0, 50 * gb, 900 * gb, 200e9 / 86_400.0 / 11.0, Some(11.0)),
            (Some(2000 * gb), 100 * gb, 100 * gb, 1000 * gb, 1e12 / 86_400.0 / 5.0, Some(5.0)),
            (None, 0, 0, 86 * gb, 0.0, None),
        ] {
            let limits = Limits { max_bytes, keep_free, ..Limits::default() };
            let days = days_of_room(&limits, Room { used, free }, rate);
            let rounded = days.map(|days| (days * 1000.0).round() / 1000.0);
            assert_eq!(rounded, expected);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_more_goes_than_has_to_and_nothing_before_what_is_worth_less(
            files in prop::collection::vec((0..100i64, 0..4usize, 1..50u64), 0..30),
            max_bytes in 0..600u64,
        ) {
            let files: Vec<Candidate> = files
                .into_iter()
                .enumerate()
                .map(|(n, (day, importance, bytes))| {
                    let mut file = file(day, Importance::ALL[importance], bytes);
                    file.span.name = FileName::at_us(file.span.wall.us + n as i64 * 1000);
                    file
                })
                .collect();
            let used = files.iter().map(|file| file.span.bytes).sum();
            let limits = Limits { max_bytes: Some(max_bytes), ..Limits::default() };
            let plan = plan(&files, &limits, Room { used, free: 0 }, NOW_US);
            let of = |name: FileName| files.iter().find(|file| file.span.name == name).unwrap();
            let gone: Vec<&Candidate> = plan.remove.iter().map(|(_, name)| of(*name)).collect();
            let bytes: u64 = gone.iter().map(|file| file.span.bytes).sum();
            prop_assert!(used - bytes <= max_bytes || plan.lacking > 0);
            if let Some(last) = gone.last() {
                prop_assert!(used - (bytes - last.span.bytes) > max_bytes, "one too many");
            }
            for file in &files {
                let stays = !gone.iter().any(|gone| gone.span.name == file.span.name);
                if stays {
                    let less = gone.iter().all(|gone| gone.importance <= file.importance);
                    prop_assert!(less || file.importance == Importance::Locked);
                }
            }
        }
    }
}
