//! Counts over what is recorded: the past of a new area, the counts of one that nobody has saved yet, and whether the facts
//! that are kept are those of the record.

mod check;
mod heat;
mod preview;

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use razz_base::{CLOCK_RATE, MediaTime};
use razz_store::archive::{Archive, ReadError};
use tracing::{info, warn};

pub use self::check::{Check, Difference, check};
pub use self::heat::{HeatMap, heat};
pub use self::preview::{Example, Preview, PreviewRequest, preview};
use crate::counter::Counter;
use crate::counting::{time_spent, with_rows};
use crate::database::{Commit, Database, FactsError};
use crate::names::Names;
use crate::record;
use crate::views::Views;

/// What is undecided when an area is over is decided so long after it, in ticks: joined tracks, ends of visits.
const DECIDED_90K: i64 = 20 * CLOCK_RATE;

/// So often, and so long each time, it is waited for what comes after an area was drawn: a camera may be away.
const TRIES: u32 = 120;
const PATIENCE: Duration = Duration::from_millis(500);
/// So often it is looked whether cameras were moved.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// What is too old is taken away once in so many looks.
const FORGET_TURNS: u32 = 40;

/// Why what is recorded cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum PastError {
    /// The record.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The facts.
    #[error(transparent)]
    Facts(#[from] FactsError),
}

/// Counts the past of an area that was drawn later, from the beginning of the record, unless `stop` says so; it is
/// begun anew then at the next start. What was undecided when the area was drawn is decided by what came after: `wait`
/// waits a while for that, and answers whether it is worth it.
pub(crate) fn count_past(
    database: &mut Database,
    names: &mut Names,
    archive: &Archive,
    row: i64,
    stop: &dyn Fn() -> bool,
    wait: &dyn Fn() -> bool,
) -> Result<(), PastError> {
    let versions = database.versions(None)?;
    let Some(version) = versions.into_iter().find(|version| version.row == row && !version.counted)
    else {
        return Ok(());
    };
    database.forget_counts(row)?;
    let (camera, name) = (version.camera, Arc::clone(&version.name));
    let until = version.until.unwrap_or(MediaTime::from_90k(i64::MAX));
    let mut counter = Counter::new(camera, vec![version], names);
    let (mut frames, mut failed) = (0, None);
    let decided = until.plus_90k(DECIDED_90K);
    let mut begin = record::first(archive, camera)?.unwrap_or(until);
    loop {
        record::walk(archive, camera, begin, decided, |piece| {
            for one in piece {
                frames += usize::from(counter.take_recorded(names, one));
            }
            failed = write(database, &mut counter, names).err();
            failed.is_none() && !stop()
        })?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        if stop() {
            return Ok(());
        }
        let newest = record::newest(archive, camera)?;
        if newest.is_none_or(|newest| newest >= decided) || !wait() {
            break;
        }
        begin = counter.last().map_or(begin, |last| last.time.plus_90k(1));
    }
    counter.finish();
    write(database, &mut counter, names)?;
    database.counted(row)?;
    if frames > 0 {
        info!(%camera, "{frames} recorded frames are counted at {name}");
    }
    Ok(())
}

fn write(database: &mut Database, counter: &mut Counter, names: &Names) -> Result<(), FactsError> {
    let Some(last) = counter.last() else { return Ok(()) };
    let (camera, told) = (counter.camera(), with_rows(counter));
    let mut time = time_spent(counter, last);
    // What comes is counted by another machine, which goes on from its own state.
    time.state = None;
    database.commit(&[Commit { camera, told, time: Some(time) }], names)
}

/// Counts the past of areas, one after the other, as they come. In between it looks whether cameras were moved, and takes
/// away what is too old.
pub(crate) fn work(shared: &crate::Shared) {
    let (mut views, mut turns) = (Views::default(), 0_u32);
    let mut between = || {
        // Where the folder is not there, nothing is made in its place.
        if matches!((shared.recordings)(), crate::Recordings::Waiting) {
            return;
        }
        if let Err(error) = views.look(shared) {
            warn!("whether cameras were moved cannot be told: {error}");
        }
        turns = turns.wrapping_add(1);
        if turns.is_multiple_of(FORGET_TURNS) {
            forget(shared);
        }
    };
    'areas: loop {
        let Some(row) = next_area(shared, &mut between) else { return };
        let archive = loop {
            match (shared.recordings)() {
                crate::Recordings::At(archive) => break archive,
                crate::Recordings::Waiting if !shared.is_stopped() => std::thread::sleep(PATIENCE),
                crate::Recordings::Waiting => return,
                // Nothing is recorded, hence there is no past.
                crate::Recordings::None => continue 'areas,
            }
        };
        let stop = || shared.is_stopped();
        let counted =
            Database::open(&shared.path).map_err(PastError::from).and_then(|mut database| {
                let mut names = shared.names(&database)?;
                let tries = Cell::new(0);
                let wait = || {
                    std::thread::sleep(PATIENCE);
                    tries.set(tries.get() + 1);
                    tries.get() < TRIES
                };
                count_past(&mut database, &mut names, &archive, row, &stop, &wait)
            });
        if let Err(error) = counted {
            warn!("the past of an area could not be counted: {error}");
        }
    }
}

/// The area whose past is to be counted next; `None` when it is over. While there is none, `between` is called now and
/// then.
fn next_area(shared: &crate::Shared, between: &mut dyn FnMut()) -> Option<i64> {
    let mut waiting = razz_hub::lock(&shared.past);
    while !shared.is_stopped() {
        if let Some(row) = waiting.pop_front() {
            return Some(row);
        }
        let woken = shared.past_woken.wait_timeout(waiting, LOOK_EVERY);
        waiting = woken.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        if waiting.is_empty() && !shared.is_stopped() {
            drop(waiting);
            between();
            waiting = razz_hub::lock(&shared.past);
        }
    }
    None
}

fn forget(shared: &crate::Shared) {
    let Some(days) = shared.days else { return };
    let before_us = shared.clock.wall_us() - i64::from(days) * 86_400_000_000;
    let forgotten = Database::open(&shared.path).and_then(|mut it| it.forget_before(before_us));
    if let Err(error) = forgotten {
        warn!("facts of more than {days} days ago could not be taken away: {error}");
    }
}
