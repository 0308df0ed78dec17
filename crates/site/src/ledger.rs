//! The ledger: what was decided and why, append-only. Who is who is what its events add up to.
//!
//! [`Ledger`] keeps the events; [`Book`] is their sum: which track is which identity from when on, who was joined into
//! whom, and names. The book changes by [`Book::apply`] and by nothing else, so that a replay of the ledger gives the
//! same book, bit for bit.

use std::collections::BTreeMap;

use crate::identity::{Change, IdentityId, TrackKey};

/// What happened.
#[derive(Clone, PartialEq, Debug)]
pub enum Event {
    /// A track is an identity from its beginning on.
    Joined {
        /// The track.
        track: TrackKey,
        /// The identity.
        identity: IdentityId,
        /// From when, in µs.
        from_us: i64,
        /// The numbers behind it.
        why: Reason,
    },
    /// A track is another identity from a time on: the camera's tracker took one for another there.
    HandedOver {
        /// The track.
        track: TrackKey,
        /// Who it was.
        was: IdentityId,
        /// Who it is.
        identity: IdentityId,
        /// From when, in µs.
        from_us: i64,
        /// The numbers behind it.
        why: Reason,
    },
    /// As handed over, to one who was not there before.
    Split {
        /// The track.
        track: TrackKey,
        /// Who it was.
        was: IdentityId,
        /// Who it is.
        identity: IdentityId,
        /// From when, in µs.
        from_us: i64,
        /// The numbers behind it.
        why: Reason,
    },
    /// Two identities are one.
    Merged {
        /// The one that is no more.
        gone: IdentityId,
        /// The one that goes on.
        into: IdentityId,
        /// When that was found, in µs.
        at_us: i64,
        /// The numbers behind it.
        why: Reason,
    },
    /// A person corrected something; what follows from it stands in the next event.
    Corrected {
        /// Its number, for undoing it.
        number: u64,
        /// What they said.
        correction: Correction,
    },
    /// A correction was taken back.
    Undone {
        /// Its number.
        number: u64,
    },
    /// The last minutes were decided anew.
    Resolved {
        /// From when on, in µs. What is before stays.
        from_us: i64,
        /// Who tracks are since then: all that were decided anew.
        spans: Vec<(TrackKey, Vec<Span>)>,
        /// Who was joined into whom, all that were.
        merged: Vec<(IdentityId, IdentityId)>,
    },
}

/// The numbers behind a decision.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Reason {
    /// Evidence for it, in nats.
    pub nats: f64,
    /// Evidence for the next best, in nats.
    pub rival_nats: f64,
}

/// What people say.
#[derive(Clone, PartialEq, Debug)]
pub enum Correction {
    /// Two identities are one person.
    Same(IdentityId, IdentityId),
    /// Two tracks are not one person.
    NotSame(TrackKey, TrackKey),
    /// From that time (µs) on the track is not who it was.
    Cut(TrackKey, i64),
    /// The identity has a name; an empty one takes it away.
    Name(IdentityId, String),
    /// Nothing is to be known of the identity any more. Its events stay in the ledger without a name; its tracks are
    /// nobody's.
    Forget(IdentityId),
}

/// A track is an identity from then on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// From when, in µs.
    pub from_us: i64,
    /// Who.
    pub identity: IdentityId,
}

/// Who is who.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Book {
    spans: BTreeMap<TrackKey, Vec<Span>>,
    merged: BTreeMap<IdentityId, IdentityId>,
    names: BTreeMap<IdentityId, String>,
    forgotten: Vec<IdentityId>,
    /// Corrections in force.
    corrections: BTreeMap<u64, Correction>,
}

impl Book {
    /// The sum of some events.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut book = Self::default();
        events.into_iter().for_each(|event| book.apply(event));
        book
    }

    /// Takes one more event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Joined { track, identity, from_us, .. }
            | Event::HandedOver { track, identity, from_us, .. }
            | Event::Split { track, identity, from_us, .. } => {
                let spans = self.spans.entry(*track).or_default();
                spans.retain(|span| span.from_us < *from_us);
                spans.push(Span { from_us: *from_us, identity: *identity });
            }
            Event::Merged { gone, into, .. } => {
                self.merged.insert(*gone, *into);
            }
            Event::Corrected { number, correction } => {
                self.corrections.insert(*number, correction.clone());
            }
            Event::Undone { number } => {
                self.corrections.remove(number);
            }
            Event::Resolved { spans, merged, .. } => {
                for (track, spans) in spans {
                    if spans.is_empty() {
                        self.spans.remove(track);
                    } else {
                        self.spans.insert(*track, spans.clone());
                    }
                }
                self.merged = merged.iter().copied().collect();
            }
        }
        self.name_and_forget();
    }

    /// Who a track is at a time: the identity that goes on, joins followed.
    pub fn identity_at(&self, track: TrackKey, at_us: i64) -> Option<IdentityId> {
        let spans = self.spans.get(&track)?;
        let n = spans.partition_point(|span| span.from_us <= at_us);
        let id = self.resolve(spans.get(n.saturating_sub(1))?.identity);
        (!self.forgotten.contains(&id)).then_some(id)
    }

    /// The identity that goes on of one that may have been joined into another.
    pub fn resolve(&self, mut id: IdentityId) -> IdentityId {
        // Joins go to an older identity but for what people say, and no further than there are any.
        for _ in 0..=self.merged.len() {
            match self.merged.get(&id) {
                Some(into) => id = *into,
                None => break,
            }
        }
        id
    }

    /// The name that a person gave.
    pub fn name(&self, id: IdentityId) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    /// Corrections in force, by number.
    pub fn corrections(&self) -> impl Iterator<Item = (u64, &Correction)> {
        self.corrections.iter().map(|(number, correction)| (*number, correction))
    }

    /// Every track's spans.
    pub fn spans(&self) -> impl Iterator<Item = (TrackKey, &[Span])> {
        self.spans.iter().map(|(track, spans)| (*track, spans.as_slice()))
    }

    /// Who was joined into whom.
    pub fn merged(&self) -> impl Iterator<Item = (IdentityId, IdentityId)> {
        self.merged.iter().map(|(gone, into)| (*gone, *into))
    }

    fn name_and_forget(&mut self) {
        self.names.clear();
        self.forgotten.clear();
        for correction in self.corrections.values() {
            match correction {
                Correction::Name(id, name) if name.is_empty() => {
                    self.names.remove(id);
                }
                Correction::Name(id, name) => {
                    self.names.insert(*id, name.clone());
                }
                Correction::Forget(id) => self.forgotten.push(*id),
                Correction::Same(..) | Correction::NotSame(..) | Correction::Cut(..) => {}
            }
        }
        self.names.retain(|id, _| !self.forgotten.contains(id));
    }
}

/// The events, and the book that they add up to.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Ledger {
    events: Vec<Event>,
    book: Book,
}

impl Ledger {
    /// Appends an event.
    pub fn append(&mut self, event: Event) {
        self.book.apply(&event);
        self.events.push(event);
    }

    /// Appends what the solver decided, under its name. `is_new` says whether an identity was not there before.
    pub fn append_change(&mut self, change: &Change, is_new: bool) {
        self.append(match *change {
            Change::Joined { track, identity, was, from_us, nats, rival_nats } => {
                let why = Reason { nats, rival_nats };
                match was {
                    None => Event::Joined { track, identity, from_us, why },
                    Some(was) if is_new => Event::Split { track, was, identity, from_us, why },
                    Some(was) => Event::HandedOver { track, was, identity, from_us, why },
                }
            }
            Change::Merged { gone, into, at_us, nats } => {
                Event::Merged { gone, into, at_us, why: Reason { nats, rival_nats: 0.0 } }
            }
        });
    }

    /// All events since the last [`Ledger::take`], oldest first.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Hands over the events, to be written where they are kept; the book stays.
    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Who is who.
    pub fn book(&self) -> &Book {
        &self.book
    }
}
