//! One door for the running site: observations and corrections in, who is who out.

use std::collections::{BTreeSet, VecDeque};

use crate::identity::{Change, Constraints, IdentityId, Observation, Settings, Solver};
use crate::ledger::{Book, Correction, Event, Ledger, Span};

/// How far back a correction decides anew, in µs.
pub const RESOLVED_US: i64 = 600_000_000;

/// Observations kept for that at most (about 30 MB): with more cameras than that is enough for, it is less than ten minutes.
const MOST_SIGHTINGS: usize = 400_000;

/// Why a correction was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CorrectionError {
    /// The same identity or track twice.
    #[error("a correction needs two different ones")]
    Itself,
    /// One camera saw both beside each other.
    #[error("one camera saw identities {0} and {1} at the same time: they are two")]
    SeenBeside(IdentityId, IdentityId),
    /// There is no such correction in force.
    #[error("there is no correction {0} to undo")]
    Unknown(u64),
}

/// The identities of one site, live. Everything is decided by [`Solver`]; this keeps what it takes to decide again.
#[derive(Clone, PartialEq, Debug)]
pub struct Site {
    solver: Solver,
    /// The solver as it was before the steps that are kept.
    past: Solver,
    steps: VecDeque<(i64, Vec<Observation>)>,
    kept: usize,
    ledger: Ledger,
    next_correction: u64,
    changes: Vec<Change>,
}

impl Site {
    /// Nobody yet.
    pub fn new(settings: Settings) -> Self {
        let solver = Solver::new(settings);
        Self {
            past: solver.clone(),
            solver,
            steps: VecDeque::new(),
            kept: 0,
            ledger: Ledger::default(),
            next_correction: 1,
            changes: Vec::new(),
        }
    }

    /// Takes what all cameras see at one moment, in any order. Moments come in order; about ten a second.
    pub fn handle_step(&mut self, at_us: i64, observations: &[Observation]) {
        let mut known: BTreeSet<IdentityId> =
            self.solver.identities().iter().map(|i| i.id).collect();
        self.solver.step(at_us, observations, &mut self.changes);
        for change in self.changes.drain(..) {
            let is_new =
                matches!(change, Change::Joined { identity, .. } if known.insert(identity));
            self.ledger.append_change(&change, is_new);
        }
        self.kept += observations.len();
        self.steps.push_back((at_us, observations.to_vec()));
        while self.steps.front().is_some_and(|(us, _)| *us < at_us - RESOLVED_US)
            || self.kept > MOST_SIGHTINGS
        {
            let Some((us, old)) = self.steps.pop_front() else { break };
            self.kept -= old.len();
            self.past.step(us, &old, &mut self.changes);
            self.changes.clear();
        }
    }

    /// Takes a correction, decides the last ten minutes anew, and answers the number that undoes it.
    pub fn handle_correction(&mut self, correction: Correction) -> Result<u64, CorrectionError> {
        match &correction {
            Correction::Same(a, b) if a == b => return Err(CorrectionError::Itself),
            Correction::NotSame(a, b) if a == b => return Err(CorrectionError::Itself),
            Correction::Same(a, b) if self.solver.seen_beside(*a, *b) => {
                return Err(CorrectionError::SeenBeside(*a, *b));
            }
            _ => {}
        }
        let number = self.next_correction;
        self.next_correction += 1;
        let resolves = !matches!(correction, Correction::Name(..) | Correction::Forget(..));
        self.ledger.append(Event::Corrected { number, correction });
        if resolves {
            self.resolve();
        }
        Ok(number)
    }

    /// Takes a correction back, and decides the last ten minutes anew without it.
    pub fn undo(&mut self, number: u64) -> Result<(), CorrectionError> {
        let found = self.book().corrections().find(|(n, _)| *n == number).map(|(_, c)| c.clone());
        let correction = found.ok_or(CorrectionError::Unknown(number))?;
        self.ledger.append(Event::Undone { number });
        if !matches!(correction, Correction::Name(..) | Correction::Forget(..)) {
            self.resolve();
        }
        Ok(())
    }

    /// Who is who.
    pub fn book(&self) -> &Book {
        self.ledger.book()
    }

    /// The events, with their reasons.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Hands over the events since this was last called, to be kept.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.ledger.take()
    }

    /// Everybody who is known now.
    pub fn solver(&self) -> &Solver {
        &self.solver
    }

    /// Runs the kept steps again, under the corrections in force, and writes down how the book differs.
    fn resolve(&mut self) {
        let Some(from_us) = self.steps.front().map(|(us, _)| *us) else { return };
        let mut constraints = Constraints::default();
        for (_, correction) in self.ledger.book().corrections() {
            match correction {
                Correction::Same(a, b) => constraints.same.push((*a, *b)),
                Correction::NotSame(a, b) => constraints.apart.push((*a, *b)),
                Correction::Cut(track, at_us) => constraints.cuts.push((*track, *at_us)),
                Correction::Name(..) | Correction::Forget(..) => {}
            }
        }
        self.past.set_constraints(constraints);
        let mut solver = self.past.clone();
        let mut again = Ledger::default();
        let mut changes = Vec::new();
        for (at_us, observations) in &self.steps {
            solver.step(*at_us, observations, &mut changes);
            changes.drain(..).for_each(|change| again.append_change(&change, false));
        }
        self.solver = solver;
        self.ledger.append(self.difference(&again, from_us));
    }

    /// What the book has to take over: of every track what it was before `from_us` and what it is since.
    fn difference(&self, again: &Ledger, from_us: i64) -> Event {
        let book = self.ledger.book();
        let seen: BTreeSet<_> = book
            .spans()
            .map(|(track, _)| track)
            .chain(again.book().spans().map(|(t, _)| t))
            .collect();
        let spans = seen.into_iter().filter_map(|track| {
            let of = |book: &Book| {
                book.spans().find(|(t, _)| *t == track).map(|(_, spans)| spans.to_vec())
            };
            let (old, new) = (of(book).unwrap_or_default(), of(again.book()).unwrap_or_default());
            let mut all: Vec<Span> =
                old.iter().filter(|span| span.from_us < from_us).copied().collect();
            let begins = new.first().map_or(i64::MAX, |span| span.from_us);
            all.retain(|span| span.from_us < begins);
            all.extend(new);
            (all != old).then_some((track, all))
        });
        let spans = spans.collect();
        // Joins of before stay; those of since are the new ones.
        let new_ids = |id: IdentityId| again.book().merged().any(|(gone, _)| gone == id);
        let old = book.merged().filter(|(gone, _)| !new_ids(*gone) && !self.was_resolved(*gone));
        let merged = old.chain(again.book().merged()).collect();
        Event::Resolved { from_us, spans, merged }
    }

    /// Whether an identity was still there when the kept steps began, or came since: then it is decided anew.
    fn was_resolved(&self, id: IdentityId) -> bool {
        self.past.identities().iter().any(|i| i.id == id) || id.0 >= self.past.next_id().0
    }
}
