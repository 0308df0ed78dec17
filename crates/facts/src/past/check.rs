//! Whether the facts that are kept are those of the record.

use std::collections::{BTreeMap, BTreeSet};

use razz_base::{CameraId, MediaTime};
use razz_hub::facts;
use razz_store::archive::Archive;

use super::PastError;
use crate::counter::{Counter, Found};
use crate::database::{Cursor, Database, Filter};
use crate::drawing::Version;
use crate::record;

/// What a comparison has found for one camera.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Check {
    /// Recorded frames that were counted.
    pub frames: u64,
    /// Crossings and visits that are the same in both.
    pub alike: u64,
    /// What is otherwise, in the order of time.
    pub differences: Vec<Difference>,
}

/// A fact that is not the same in both.
#[derive(Clone, PartialEq, Debug)]
pub struct Difference {
    /// As it is kept.
    pub kept: Option<facts::Fact>,
    /// As the record has it.
    pub recorded: Option<facts::Fact>,
}

/// What names a fact: area, media time, track.
type Key = (String, MediaTime, u64, bool);

fn key(fact: &facts::Fact) -> Key {
    let is_visit = matches!(fact.what, facts::What::Visit { .. });
    (fact.area.to_string(), fact.at.time, fact.track.0, is_visit)
}

fn by_key(facts: impl IntoIterator<Item = facts::Fact>) -> BTreeMap<Key, facts::Fact> {
    facts.into_iter().map(|fact| (key(&fact), fact)).collect()
}

/// Compares the crossings and visits of a camera between two media times with what its recorded tracks say. What goes on at the
/// end of the record is left out of account.
///
/// # Errors
/// When the record or the facts cannot be read.
pub fn check(
    database: &Database,
    archive: &Archive,
    camera: CameraId,
    from: MediaTime,
    until: MediaTime,
) -> Result<Check, PastError> {
    let versions = database.versions(Some(camera))?;
    let mut names = database.names()?;
    let mut counter = Counter::new(camera, versions.clone(), &mut names);
    let mut check = Check::default();
    let mut found = Found::default();
    let begin = record::first(archive, camera)?.unwrap_or(until);
    record::walk(archive, camera, begin, until, |piece| {
        for one in piece {
            check.frames += u64::from(counter.take_recorded(&mut names, one));
        }
        found.take(&mut counter, &names);
        true
    })?;
    let mut recorded: BTreeMap<Key, facts::Fact> = by_key(found.into_facts());
    let mut kept = kept(database, &versions)?;
    let within = |fact: &facts::Fact| {
        let ended = match &fact.what {
            facts::What::Visit { end, .. } => end.as_ref().is_some_and(|(end, _)| end.time < until),
            facts::What::Crossing { .. } => true,
        };
        // Facts outlive the tracks that they rest on.
        ended && fact.at.time >= from.max(begin) && fact.at.time < until
    };
    let keys: BTreeSet<Key> = recorded.keys().chain(kept.keys()).cloned().collect();
    for key in keys {
        let (kept, recorded) = (kept.remove(&key), recorded.remove(&key));
        if ![&kept, &recorded].into_iter().flatten().any(within) {
            continue;
        }
        match kept == recorded {
            true => check.alike += 1,
            false => check.differences.push(Difference { kept, recorded }),
        }
    }
    let at = |difference: &Difference| {
        let either = difference.kept.as_ref().or(difference.recorded.as_ref());
        either.map(|fact| fact.at.time)
    };
    check.differences.sort_by_key(at);
    Ok(check)
}

fn kept(
    database: &Database,
    versions: &[Version],
) -> Result<BTreeMap<Key, facts::Fact>, PastError> {
    let mut all = BTreeMap::new();
    let mut before: Option<Cursor> = None;
    loop {
        let filter = Filter {
            from_us: i64::MIN,
            until_us: i64::MAX,
            class: None,
            kind: None,
            before,
            limit: 10_000,
        };
        let rows = database.rows(versions, &filter)?;
        all.extend(by_key(rows.facts));
        before = rows.next;
        if before.is_none() {
            return Ok(all);
        }
    }
}
