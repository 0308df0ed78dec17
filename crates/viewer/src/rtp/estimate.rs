//! How much a path carries, by when packets left and when they arrived (transport-wide congestion control,
//! draft-holmer-rmcat-transport-wide-cc-extensions-01).
//!
//! Three things are told apart that an estimator of trends takes for one:
//!
//! - **Capacity.** Packets that leave together queue behind one another in front of the narrowest place and
//!   arrive as far apart as that lets them (packet trains; Jain and Dovrolis, "Pathload", 2002). A frame of
//!   several packets is such a train, and so is padding that is sent at once: a few kilobytes tell what a path
//!   carries, without it being filled.
//! - **A standing queue.** Jitter delays some packets, a queue all of them: it is the least delay of a fifth of
//!   a second that says whether packets queue (the reasoning of RFC 8289 section 5), so jitter is taken for
//!   none. While a queue stands, what arrives is what the path carries.
//! - **Loss.** Some packets in a hundred are lost on sound paths, too. More than that is a path that cannot
//!   hold what is sent.

use std::collections::VecDeque;

use razz_base::MonoTime;

use super::rtcp::Arrivals;

/// What is assumed of a path of which nothing is known: that it carries most cameras.
pub(crate) const FIRST_BITS: f64 = 4_000_000.0;
/// No more than this is told apart.
const MOST_BITS: f64 = 200_000_000.0;
const LEAST_BITS: f64 = 30_000.0;
/// IP and UDP headers of a datagram, in bytes.
const HEADERS: usize = 28;
/// The least delay of so long says whether a queue stands.
const STANDING_US: i64 = 200_000;
/// A queue of so long stands.
const QUEUES_US: i64 = 40_000;
/// The shortest way is that of as many spans of so long.
const BASE_SPAN_US: i64 = 4_000_000;
const BASE_SPANS: usize = 4;
/// A queue whose delay stays within so much for so long is none: the way has become longer.
const STEADY_US: i64 = 20_000;
const LONGER_WAY_US: i64 = 1_000_000;
const LITTLE_LOSS: f64 = 0.02;
/// Packets are one train where the next leaves so soon after the one before.
const TRAIN_GAP_US: i64 = 1_500;
/// A train of fewer packets, or of fewer bytes behind its first, tells nothing.
const TRAIN_PACKETS: u32 = 3;
const TRAIN_BYTES: u64 = 2_000;
/// Arrival times are no more exact than this.
const RESOLUTION_US: i64 = 250;
/// Trains that arrived within so long count, within the longer of the two where there are few bytes in the
/// shorter.
const TRAINS_US: (i64, i64) = (300_000, 1_000_000);
const ENOUGH_BYTES: u64 = 6_000;
const MOST_TRAINS: usize = 64;
/// What arrives is counted in spans of so long; as many are kept.
const SLOT_US: i64 = 50_000;
const SLOTS: i64 = 20;
/// A share of packets lost above which the path does not hold what is sent.
const MUCH_LOSS: f64 = 0.1;
/// The estimate keeps so far below what is measured: there has to be room for a queue to empty.
const BELOW: f64 = 0.95;
/// It follows single trains so fast, downwards and upwards.
const FOLLOWS: (f64, f64) = (0.35, 0.6);
/// Packets that are out so long without a word of any are stuck.
const SILENCE_US: i64 = 700_000;
/// The most packets whose fate is waited for.
const MOST_PACKETS: usize = 8_192;

/// One that left.
#[derive(Clone, Copy)]
struct Packet {
    at: i64,
    bytes: u32,
    train: u32,
    fate: Fate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unknown,
    Arrived,
    Lost,
}

/// Packets that left together, as they arrived.
#[derive(Clone, Copy, Default)]
struct Train {
    id: u32,
    packets: u32,
    /// Behind the first.
    bytes: u64,
    first: i64,
    last: i64,
}

/// What arrived within [`SLOT_US`].
#[derive(Clone, Copy)]
struct Slot {
    /// Which: arrival time by [`SLOT_US`].
    n: i64,
    bytes: u64,
    arrived: u32,
    lost: u32,
    least_delay: i64,
}

/// What is known of a path.
pub(crate) struct Estimator {
    packets: VecDeque<Packet>,
    /// The number of the first of these.
    first: u64,
    train: u32,
    underway: Train,
    /// When each arrived, its bytes, and how long that took.
    trains: VecDeque<(i64, u64, i64)>,
    slots: VecDeque<Slot>,
    /// The least delay of each span, the newest last.
    bases: VecDeque<(i64, i64)>,
    reference: Option<i64>,
    newest_arrival: i64,
    heard: MonoTime,
    bits: f64,
    is_known: bool,
    /// What left before this number is no word on what leaves now.
    anew: u64,
    queue_us: i64,
    /// The slot in which packets queued or were lost last.
    strained: i64,
    /// Since when a queue stands that neither grows nor shrinks, and its least and its greatest delay.
    steady: Option<(i64, i64, i64)>,
    loss: f64,
}

impl Estimator {
    pub(crate) fn new(now: MonoTime) -> Self {
        Self {
            packets: VecDeque::new(),
            first: 0,
            train: 0,
            underway: Train::default(),
            trains: VecDeque::new(),
            slots: VecDeque::with_capacity(SLOTS as usize + 1),
            bases: VecDeque::with_capacity(BASE_SPANS + 1),
            reference: None,
            newest_arrival: i64::MIN,
            heard: now,
            bits: FIRST_BITS,
            is_known: false,
            anew: 0,
            queue_us: 0,
            strained: i64::MIN / 2,
            steady: None,
            loss: 0.0,
        }
    }

    /// A datagram of so many bytes leaves; its number.
    pub(crate) fn sent(&mut self, now: MonoTime, datagram: usize) -> u16 {
        let at = now.as_us();
        match self.packets.back() {
            Some(before) if at - before.at <= TRAIN_GAP_US => {}
            _ => self.train = self.train.wrapping_add(1),
        }
        if self.packets.is_empty() {
            // Silence counts from when there is something to be heard of.
            self.heard = now;
        }
        if self.packets.len() >= MOST_PACKETS {
            self.packets.pop_front();
            self.first += 1;
        }
        let number = self.first + self.packets.len() as u64;
        let bytes = (datagram + HEADERS) as u32;
        self.packets.push_back(Packet { at, bytes, train: self.train, fate: Fate::Unknown });
        number as u16
    }

    /// Bits a second that the path carries.
    pub(crate) fn bits_per_second(&self) -> u64 {
        self.bits as u64
    }

    /// Whether the peer has told of any packet.
    pub(crate) fn is_known(&self) -> bool {
        self.is_known
    }

    /// Whether packets queue.
    pub(crate) fn queues(&self) -> bool {
        self.queue_us > QUEUES_US
    }

    /// Share of packets lost in the last second.
    pub(crate) fn loss(&self) -> f64 {
        self.loss
    }

    /// Whether so many are lost that the path does not hold what is sent.
    pub(crate) fn loses_much(&self) -> bool {
        self.loss > MUCH_LOSS
    }

    /// Something else is sent from now on: what was lost before tells nothing of it.
    pub(crate) fn begin_anew(&mut self) {
        self.anew = self.first + self.packets.len() as u64;
        self.slots.iter_mut().for_each(|slot| (slot.lost, slot.arrived) = (0, 0));
        self.loss = 0.0;
    }

    /// Time passes: nothing may be heard any more.
    pub(crate) fn handle_timeout(&mut self, now: MonoTime) {
        let silent = now.since_us(self.heard) > SILENCE_US;
        if silent && self.is_known && !self.packets.is_empty() {
            self.heard = now;
            self.queue_us = self.queue_us.max(SILENCE_US);
            self.lower(self.bits / 2.0);
        }
    }

    /// The peer tells when packets arrived.
    pub(crate) fn arrived(&mut self, now: MonoTime, arrivals: &Arrivals<'_>) {
        let reference = arrivals.reference_us(self.reference);
        self.reference = Some(reference);
        self.heard = now;
        let end = self.first + self.packets.len() as u64;
        arrivals.each(reference, |number, at| {
            // Of the numbers that end in these 16 bits the newest that was given.
            let behind = u64::from((end as u16).wrapping_sub(number));
            let Some(place) = end.checked_sub(behind).and_then(|n| n.checked_sub(self.first))
            else {
                return;
            };
            self.note(place as usize, at);
        });
        // Those before the first that is told of are not told of any more.
        let behind = u64::from((end as u16).wrapping_sub(arrivals.first));
        let told = end.saturating_sub(behind).saturating_sub(self.first) as usize;
        for _ in 0..told.min(self.packets.len()) {
            if let Some(packet) = self.packets.pop_front() {
                self.first += 1;
                // It was told of in a report that was lost: nothing speaks against its arrival.
                if let Some(slot) = self.slots.back_mut().filter(|_| packet.fate == Fate::Unknown) {
                    slot.bytes += u64::from(packet.bytes);
                }
            }
        }
        self.judge();
    }

    fn note(&mut self, place: usize, at: Option<i64>) {
        let is_new = self.first + place as u64 >= self.anew;
        let Some(packet) = self.packets.get_mut(place) else { return };
        let Some(at) = at else {
            if packet.fate == Fate::Unknown && is_new {
                packet.fate = Fate::Lost;
                if let Some(slot) = self.slots.back_mut() {
                    slot.lost += 1;
                }
            }
            return;
        };
        if packet.fate == Fate::Arrived {
            return;
        }
        let was_lost = packet.fate == Fate::Lost;
        packet.fate = Fate::Arrived;
        let packet = *packet;
        self.is_known = true;
        self.newest_arrival = self.newest_arrival.max(at);
        let delay = at - packet.at;
        self.note_base(at, delay);
        let slot = self.slot(at);
        slot.bytes += u64::from(packet.bytes);
        slot.arrived += u32::from(is_new);
        slot.least_delay = slot.least_delay.min(delay);
        if was_lost && let Some(slot) = self.slots.iter_mut().rev().find(|slot| slot.lost > 0) {
            slot.lost -= 1;
        }
        self.note_train(packet, at);
    }

    fn note_base(&mut self, at: i64, delay: i64) {
        let span = at.div_euclid(BASE_SPAN_US);
        match self.bases.back_mut() {
            Some((newest, least)) if *newest >= span => *least = (*least).min(delay),
            _ => {
                self.bases.push_back((span, delay));
                if self.bases.len() > BASE_SPANS {
                    self.bases.pop_front();
                }
            }
        }
    }

    /// The shortest way of late.
    fn base(&self) -> i64 {
        self.bases.iter().map(|(_, least)| *least).min().unwrap_or(0)
    }

    /// The slot of an arrival, or the oldest there is.
    fn slot(&mut self, at: i64) -> &mut Slot {
        let n = at.div_euclid(SLOT_US);
        let newest = self.slots.back().map_or(i64::MIN, |slot| slot.n);
        if newest < n {
            self.slots.push_back(Slot { n, bytes: 0, arrived: 0, lost: 0, least_delay: i64::MAX });
            if self.slots.len() > SLOTS as usize {
                self.slots.pop_front();
            }
        }
        let place = self.slots.iter().rposition(|slot| slot.n <= n).unwrap_or(0);
        &mut self.slots[place]
    }

    fn note_train(&mut self, packet: Packet, at: i64) {
        let train = &mut self.underway;
        if train.id == packet.train && train.packets > 0 {
            train.packets += 1;
            train.bytes += u64::from(packet.bytes);
            train.first = train.first.min(at);
            train.last = train.last.max(at);
            return;
        }
        let whole = std::mem::replace(
            train,
            Train { id: packet.train, packets: 1, bytes: 0, first: at, last: at },
        );
        self.note_whole(whole);
    }

    fn note_whole(&mut self, train: Train) {
        if train.packets >= TRAIN_PACKETS && train.bytes >= TRAIN_BYTES {
            let span = (train.last - train.first).max(RESOLUTION_US);
            self.trains.push_back((train.last, train.bytes, span));
            if self.trains.len() > MOST_TRAINS {
                self.trains.pop_front();
            }
        }
    }

    /// What the trains of the last moments say.
    fn capacity(&self) -> Option<f64> {
        let within = |us: i64| {
            let recent = self.trains.iter().filter(move |(at, ..)| self.newest_arrival - at <= us);
            recent.fold((0, 0), |(bytes, span), train| (bytes + train.1, span + train.2))
        };
        let (mut bytes, mut span) = within(TRAINS_US.0);
        if bytes < ENOUGH_BYTES {
            (bytes, span) = within(TRAINS_US.1);
        }
        (bytes > 0).then(|| bytes as f64 * 8e6 / span as f64)
    }

    /// Bits a second that arrived in the last `slots` that are over.
    fn delivered(&self, slots: i64) -> f64 {
        let newest = self.newest_arrival.div_euclid(SLOT_US);
        let within = self.slots.iter().filter(|slot| (newest - slots..newest).contains(&slot.n));
        let bytes: u64 = within.map(|slot| slot.bytes).sum();
        bytes as f64 * 8e6 / (slots * SLOT_US) as f64
    }

    fn judge(&mut self) {
        // A train that is the last of what was sent is whole all the same.
        if self.packets.back().is_none_or(|packet| packet.fate != Fate::Unknown) {
            let whole = std::mem::take(&mut self.underway);
            self.note_whole(whole);
        }
        let newest = self.newest_arrival.div_euclid(SLOT_US);
        let standing = self
            .slots
            .iter()
            .filter(|slot| newest - slot.n <= STANDING_US / SLOT_US)
            .map(|slot| slot.least_delay)
            .min();
        self.queue_us =
            standing.filter(|delay| *delay < i64::MAX).map_or(0, |delay| delay - self.base());
        let (arrived, lost) = self
            .slots
            .iter()
            .fold((0, 0), |(arrived, lost), slot| (arrived + slot.arrived, lost + slot.lost));
        self.loss = f64::from(lost) / f64::from((arrived + lost).max(1));
        self.judge_base();
        let capacity = self.capacity();
        let strained = self.queues() || self.loses_much();
        if strained {
            self.strained = newest;
            // Those of before tell of another path.
            let oldest = self.newest_arrival - TRAINS_US.0;
            self.trains.retain(|(at, ..)| *at >= oldest);
        }
        if self.queues() {
            // What arrives is what the path carries.
            let delivered = self.delivered(STANDING_US / SLOT_US);
            self.lower(BELOW * capacity.map_or(delivered, |capacity| capacity.min(delivered)));
        } else if self.loses_much() {
            self.lower(self.delivered(SLOTS / 2));
        } else {
            if let Some(capacity) = capacity.map(|capacity| BELOW * capacity) {
                let follows = if capacity < self.bits { FOLLOWS.0 } else { FOLLOWS.1 };
                self.bits += follows * (capacity - self.bits);
            }
            // What has arrived without a queue is carried.
            if newest - self.strained >= SLOTS {
                self.bits = self.bits.max(self.delivered(SLOTS - 1));
            }
        }
        self.bits = self.bits.clamp(LEAST_BITS, MOST_BITS);
    }

    /// A queue grows, shrinks or loses packets. What does none of that is a longer way.
    fn judge_base(&mut self) {
        if !self.queues() || self.loss > LITTLE_LOSS {
            self.steady = None;
            return;
        }
        let (now, queue) = (self.newest_arrival, self.queue_us);
        let (since, least, most) = self.steady.unwrap_or((now, queue, queue));
        let (least, most) = (least.min(queue), most.max(queue));
        if most - least > STEADY_US {
            self.steady = Some((now, queue, queue));
        } else if now - since < LONGER_WAY_US {
            self.steady = Some((since, least, most));
        } else {
            let base = self.base();
            self.bases.clear();
            self.bases.push_back((now.div_euclid(BASE_SPAN_US), base + least));
            (self.steady, self.queue_us) = (None, 0);
        }
    }

    fn lower(&mut self, to: f64) {
        self.bits = self.bits.min(to).max(LEAST_BITS);
    }
}

#[cfg(test)]
mod tests;
