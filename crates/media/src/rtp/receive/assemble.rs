//! NAL units to access units: where one ends, and what stands in front of it.
//!
//! A picture is what shares a timestamp and begins where H.264 section 7.4.1.2.4 and H.265 section
//! 7.4.2.4.4 say. Marker bits say earlier where it ends, with cameras whose markers are right
//! ([`MarkerTrust`]); with others the next picture says it, or silence.

use std::collections::VecDeque;

use bytes::Bytes;
use razz_base::{Codec, MonoTime};

use super::counts::{Counts, Oddity};
use super::depacketize::{Head, Nal, NalSink};
use super::nal_list::{NalList, Place};
use super::parameter_sets::ParameterSets;
use super::picture::{Picture, Relation, Role, Slice, role};
use super::trust::MarkerTrust;
use super::{MAX_PIECES, MAX_UNIT};
use crate::h264::{nal_units, recovery_point_of};

/// How long a picture with a marker waits for more of it, while nothing is known of the camera's
/// markers. The packets of a picture follow each other more closely. The first picture of a source does
/// not wait: it is handed on at its marker, and once more when more of it comes after all.
const MARKER_UNKNOWN_US: i64 = 8_000;

/// A picture without a marker ends after so much silence in half frame intervals, and after so much in
/// any case.
const SILENCE_HALF_INTERVALS: i64 = 3;
const MAX_SILENCE_US: i64 = 250_000;

/// Steps of timestamps that can be a frame interval.
const INTERVALS_US: std::ops::RangeInclusive<i64> = 4_000..=2_000_000;

/// What may wait for the next picture.
const MAX_WAITING: usize = 64;
const MAX_WAITING_BYTES: usize = 64 << 10;

/// An access unit.
#[derive(Debug)]
pub(super) struct Unit {
    /// In ticks of the source's clock.
    pub(super) timestamp: i64,
    pub(super) data: Bytes,
    pub(super) lost_packets: u32,
    pub(super) received: MonoTime,
}

/// The picture that is being put together. Its NAL units are in [`Assembler::nals`].
#[derive(Debug)]
struct Open {
    timestamp: i64,
    picture: Picture,
    /// All parameter sets as they were when it began, if they shall stand in front of it.
    sets: Option<Bytes>,
    has_slices: bool,
    /// Its last packet had a marker.
    marked: bool,
    lost: u32,
    /// Something of it is missing, counted in `lost` or not.
    damaged: bool,
    /// It is too large and is dropped, whatever else comes of it.
    given_up: bool,
    received: MonoTime,
}

/// The picture that was handed on last.
#[derive(Debug)]
struct Last {
    timestamp: i64,
    picture: Picture,
    marked: bool,
    damaged: bool,
    /// What its marker says of the camera's markers was taken into account.
    judged: bool,
}

/// Puts the access units of one source together.
#[derive(Debug)]
pub(super) struct Assembler {
    codec: Codec,
    clock_rate: i64,
    sets: ParameterSets,
    /// What stands in front of the next picture, and whether a recovery point is among it.
    waiting: NalList,
    has_recovery_point: bool,
    open: Option<Open>,
    nals: NalList,
    /// Of the NAL unit that began last; a slice that is not taken has none.
    role: Option<Role>,
    last: Option<Last>,
    /// The first picture of the source, handed on at its marker before anybody knew what that is worth.
    early: Option<(Open, NalList)>,
    /// The timestamp of a picture that was handed on a second time.
    again: Option<i64>,
    trust: MarkerTrust,
    /// A marker stood where no picture ends, as on a parameter set.
    marks_no_pictures: bool,
    /// The camera sends the two fields of a frame with timestamps of their own.
    fields_apart: bool,
    interval_us: Option<i64>,
    /// Lost since the last picture ended.
    lost: u32,
    damaged: bool,
    /// A slice was seen: what is missing from now on is missed.
    begun: bool,
    /// When the packet in hand arrived.
    received: MonoTime,
    ready: VecDeque<Unit>,
}

impl Assembler {
    /// `parameter_sets` are those of the SDP.
    pub(super) fn new(
        codec: Codec,
        clock_rate: u32,
        parameter_sets: &[Bytes],
        counts: &mut Counts,
    ) -> Self {
        let mut sets = ParameterSets::new(codec);
        let mut keep = |set: &[u8]| {
            if !sets.insert(set) {
                counts.add(Oddity::ParameterSetKeptOut);
            }
        };
        for set in parameter_sets {
            // Some cameras leave the start codes in.
            let mut inside = nal_units(set).peekable();
            match inside.peek() {
                None => keep(set),
                Some(_) => inside.for_each(&mut keep),
            }
        }
        Self {
            codec,
            clock_rate: i64::from(clock_rate),
            sets,
            waiting: NalList::default(),
            has_recovery_point: false,
            open: None,
            nals: NalList::default(),
            role: None,
            last: None,
            early: None,
            again: None,
            trust: MarkerTrust::default(),
            marks_no_pictures: false,
            fields_apart: false,
            interval_us: None,
            lost: 0,
            damaged: false,
            begun: false,
            received: MonoTime::default(),
            ready: VecDeque::new(),
        }
    }

    /// A marker means nothing with this camera.
    pub(super) fn distrust_markers(&mut self) {
        self.trust.handle_wrong();
    }

    /// Whether a marker means nothing with this camera.
    pub(super) fn distrusts_markers(&self) -> bool {
        self.trust.is_distrusted()
    }

    /// Ends what was begun, or drops it, and forgets all but the parameter sets: another source comes.
    pub(super) fn handle_new_source(&mut self, dropped: bool) {
        if dropped {
            self.open = None;
            self.nals.clear();
        }
        self.close();
        self.waiting.clear();
        self.has_recovery_point = false;
        self.role = None;
        self.last = None;
        (self.early, self.again) = (None, None);
        self.trust = MarkerTrust::default();
        self.marks_no_pictures = false;
        self.fields_apart = false;
        self.interval_us = None;
        (self.lost, self.damaged, self.begun) = (0, false, false);
    }

    /// The next packet comes, after so many that were lost.
    pub(super) fn begin_packet(&mut self, timestamp: i64, lost: u32, received: MonoTime) {
        // Of packets that changed places the last to arrive counts, so that time never runs backwards.
        self.received = self.received.max(received);
        match &mut self.open {
            // With a marker before the loss the picture is whole, as far as markers say anything.
            Some(open)
                if lost > 0
                    && (open.timestamp == timestamp
                        || !open.marked
                        || self.trust.is_distrusted()) =>
            {
                open.lost = open.lost.saturating_add(lost);
                open.damaged = true;
            }
            _ => self.lost = self.lost.saturating_add(lost),
        }
    }

    /// All of the packet was taken. `unfinished`: it ends in the middle of a NAL unit, where a marker
    /// says nothing.
    pub(super) fn end_packet(&mut self, timestamp: i64, marker: bool, unfinished: bool) {
        if !marker || unfinished {
            return;
        }
        let of_packet = |open: &&mut Open| open.timestamp == timestamp && open.has_slices;
        let Some(open) = self.open.as_mut().filter(of_packet) else {
            self.marks_no_pictures |= self.waiting.len() > 0;
            return;
        };
        open.marked = true;
        let is_damaged = open.damaged;
        if self.awaits_a_field() {
            return;
        }
        if self.trust.is_trusted() {
            self.close();
        } else if self.last.is_none() && !self.has_odd_markers() && !is_damaged {
            self.hand_on_early();
        }
    }

    /// When the picture in hand ends for want of more.
    pub(super) fn deadline(&self) -> Option<MonoTime> {
        let open = self.open.as_ref().filter(|open| open.has_slices || open.given_up)?;
        if open.marked
            && !self.trust.is_trusted()
            && !self.trust.is_distrusted()
            && !self.awaits_a_field()
        {
            return Some(open.received.plus_us(MARKER_UNKNOWN_US));
        }
        if !open.marked && self.trust.is_trusted() {
            // The marker comes, or the next picture.
            return None;
        }
        let silence = self.interval_us.map_or(MAX_SILENCE_US, |us| us * SILENCE_HALF_INTERVALS / 2);
        Some(open.received.plus_us(silence.min(MAX_SILENCE_US)))
    }

    /// Ends the picture in hand if its deadline is past.
    pub(super) fn handle_timeout(&mut self, now: MonoTime) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.close();
        }
    }

    /// The next access unit.
    pub(super) fn poll(&mut self) -> Option<Unit> {
        self.ready.pop_front()
    }

    /// Bytes that are kept.
    pub(super) fn held_bytes(&self) -> usize {
        let early = self.early.as_ref().map_or(0, |(_, nals)| nals.bytes());
        self.nals.bytes() + self.waiting.bytes() + early
    }

    /// Whether it was seen that markers do not end pictures.
    fn has_odd_markers(&self) -> bool {
        self.marks_no_pictures || self.trust.is_distrusted()
    }

    fn awaits_a_field(&self) -> bool {
        let lacks_a_field = self.open.as_ref().is_some_and(|open| open.picture.lacks_a_field());
        lacks_a_field && !self.fields_apart
    }

    /// Finds the picture that a slice belongs to, and begins it if need be; false when that was handed
    /// on already.
    fn place(&mut self, timestamp: i64, slice: &Slice, counts: &mut Counts) -> bool {
        self.begun = true;
        if let Some(open) = self.open.as_mut().filter(|open| open.timestamp == timestamp) {
            let relation = open.picture.relation(slice);
            if relation != Relation::Next {
                if std::mem::take(&mut open.marked) && relation == Relation::Same {
                    counts.add(Oddity::MarkerEarly);
                    self.trust.handle_wrong();
                }
                open.picture.add(slice, relation);
                self.nals.append(&mut self.waiting, !open.has_slices);
                self.has_recovery_point = false;
                return true;
            }
            // One of which nothing came begins anew.
            if open.has_slices {
                counts.add(Oddity::SameTimestamp);
            }
        } else if let Some(open) = &self.open {
            // The next timestamp came instead of the other field.
            self.fields_apart |= open.marked && open.picture.lacks_a_field();
        } else if let Some(last) = self.last.as_mut().filter(|last| last.timestamp == timestamp) {
            let relation = last.picture.relation(slice);
            let surely_next = slice.first == Some(true) && slice.id.is_none();
            if relation == Relation::Same
                && let Some((open, nals)) = self.early.take()
            {
                counts.add(Oddity::MarkerEarly);
                counts.add(Oddity::FirstAgain);
                self.trust.handle_wrong();
                self.take_back(open, nals, slice);
                return true;
            }
            if relation != Relation::Next && !surely_next {
                counts.add(Oddity::LatePiece);
                if last.marked && !last.judged && relation == Relation::Same {
                    last.judged = true;
                    counts.add(Oddity::MarkerEarly);
                    self.trust.handle_wrong();
                }
                self.damaged = true;
                return false;
            }
            counts.add(Oddity::SameTimestamp);
        }
        self.close();
        self.judge_last();
        self.begin(timestamp, slice);
        true
    }

    fn begin(&mut self, timestamp: i64, slice: &Slice) {
        self.early = None;
        if let Some(last) = &self.last {
            let step = timestamp.saturating_sub(last.timestamp);
            self.interval_us = interval_us(self.interval_us, step, self.clock_rate);
        }
        let key = slice.key || self.has_recovery_point;
        self.has_recovery_point = false;
        self.open = Some(Open {
            timestamp,
            picture: Picture::new(self.codec, slice),
            sets: key.then(|| self.sets.annex_b()),
            has_slices: false,
            marked: false,
            lost: std::mem::take(&mut self.lost),
            // What comes before its first slice is lost.
            damaged: std::mem::take(&mut self.damaged) || slice.first == Some(false),
            given_up: false,
            received: self.received,
        });
        self.nals.append(&mut self.waiting, true);
    }

    /// Hands the first picture on at its marker and keeps what it is made of.
    fn hand_on_early(&mut self) {
        let Some(open) = &self.open else { return };
        // What was lost before it is said once.
        let (sets, lost) = (open.sets.clone(), 0);
        let open = Open { marked: false, sets, lost, ..*open };
        let nals = self.nals.clone();
        self.close();
        self.early = Some((open, nals));
    }

    /// More of the first picture comes: all of it is put together, and handed on once more.
    fn take_back(&mut self, mut open: Open, nals: NalList, slice: &Slice) {
        open.picture.add(slice, Relation::Same);
        self.again = Some(open.timestamp);
        open.lost = open.lost.saturating_add(std::mem::take(&mut self.lost));
        self.last = None;
        self.open = Some(open);
        self.nals = nals;
        self.nals.append(&mut self.waiting, false);
        self.has_recovery_point = false;
    }

    /// The picture after the last one begins: the last one's marker was right, or was missing.
    fn judge_last(&mut self) {
        if let Some(last) = self.last.as_mut().filter(|last| !last.judged) {
            last.judged = true;
            if last.marked {
                self.trust.handle_right();
            } else if !last.damaged {
                self.trust.handle_missing();
            }
        }
    }

    /// Ends the picture in hand and hands it on, if there is anything of it.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let Open { timestamp, picture, marked, received, .. } = open;
        if open.has_slices {
            let data = self.nals.write(open.sets.as_ref());
            // What comes again needs a time of its own: it comes a tick later, and so does whatever else
            // shares its timestamp.
            let time = timestamp.saturating_add(i64::from(self.again == Some(timestamp)));
            let lost_packets = open.lost.max(u32::from(open.damaged));
            self.ready.push_back(Unit { timestamp: time, data, lost_packets, received });
        } else {
            // What is missing of it is missing before the next.
            self.lost = self.lost.saturating_add(open.lost);
            self.damaged |= open.damaged;
        }
        if open.has_slices || open.given_up {
            let damaged = open.damaged || open.lost > 0;
            self.last = Some(Last { timestamp, picture, marked, damaged, judged: false });
        }
        self.nals.clear();
    }

    fn add_slice(&mut self, nal: Nal<'_>, counts: &mut Counts) {
        let Some(open) = &mut self.open else { return };
        open.received = self.received;
        if open.given_up {
            return;
        }
        self.nals.push(Place::Other, nal);
        open.has_slices = true;
        self.bound(counts);
    }

    fn add_trailing(&mut self, timestamp: i64, nal: Nal<'_>, counts: &mut Counts) {
        let open = self.open.as_mut();
        if let Some(open) = open.filter(|open| open.timestamp == timestamp && open.has_slices) {
            open.received = self.received;
            self.nals.push(Place::Other, nal);
            self.bound(counts);
        }
    }

    fn bound(&mut self, counts: &mut Counts) {
        if self.nals.bytes() <= MAX_UNIT && self.nals.pieces() <= MAX_PIECES {
            return;
        }
        counts.add(Oddity::UnitTooLarge);
        self.nals.clear();
        if let Some(open) = &mut self.open {
            open.has_slices = false;
            open.given_up = true;
            open.damaged = true;
        }
    }

    fn add_waiting(&mut self, role: Role, nal: Nal<'_>, counts: &mut Counts) {
        let place = match role {
            Role::Delimiter => Place::Delimiter,
            Role::ParameterSet => {
                let set = nal.joined();
                if self.sets.insert(&set) {
                    if self.waiting.has_set(&set) {
                        return;
                    }
                    Place::KnownSet
                } else {
                    counts.add(Oddity::ParameterSetKeptOut);
                    Place::Other
                }
            }
            Role::Sei if self.codec == Codec::H264 => {
                self.has_recovery_point |= recovery_point_of(&nal.joined()).is_some();
                Place::Other
            }
            _ => Place::Other,
        };
        self.waiting.push(place, nal);
        while self.waiting.len() > MAX_WAITING || self.waiting.bytes() > MAX_WAITING_BYTES {
            counts.add(Oddity::WaitingDropped);
            self.waiting.drop_first();
        }
    }
}

impl NalSink for Assembler {
    fn begin(&mut self, timestamp: i64, head: &Head, counts: &mut Counts) {
        let role = role(self.codec, head.bytes(), &self.sets);
        self.role = match &role {
            Role::Slice(slice) if !self.place(timestamp, slice, counts) => None,
            _ => Some(role),
        };
    }

    fn nal(&mut self, timestamp: i64, nal: Nal<'_>, counts: &mut Counts) {
        match self.role.take() {
            None => {}
            Some(Role::Useless(oddity)) => counts.add(oddity),
            Some(Role::Slice(_)) => self.add_slice(nal, counts),
            Some(Role::Trailing) => self.add_trailing(timestamp, nal, counts),
            Some(role) => self.add_waiting(role, nal, counts),
        }
    }

    fn broken(&mut self, timestamp: i64) {
        self.role = None;
        match &mut self.open {
            Some(open) if open.timestamp == timestamp => open.damaged = true,
            // Of a picture that was under way when the camera was asked to play, nothing is missed.
            _ => self.damaged |= self.begun,
        }
    }
}

/// The usual frame interval, after another step of timestamps.
fn interval_us(usual: Option<i64>, step: i64, clock_rate: i64) -> Option<i64> {
    let us = step.saturating_mul(1_000_000) / clock_rate;
    if !INTERVALS_US.contains(&us) {
        return usual;
    }
    Some(usual.map_or(us, |usual| (3 * usual + us) / 4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_interval_follows_the_timestamps() {
        for (usual, step, clock_rate, expected) in [
            (None, 3600, 90_000, Some(40_000)),
            (Some(40_000), 3600, 90_000, Some(40_000)),
            (Some(40_000), 7200, 90_000, Some(50_000)),
            (None, 40, 1000, Some(40_000)),
            // No step, one back, a jump.
            (Some(40_000), 0, 90_000, Some(40_000)),
            (None, -3600, 90_000, None),
            (Some(40_000), i64::MAX, 90_000, Some(40_000)),
        ] {
            assert_eq!(interval_us(usual, step, clock_rate), expected, "{usual:?} {step}");
        }
    }
}
