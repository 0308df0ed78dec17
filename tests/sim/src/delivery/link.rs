//! One direction of a network path.

use std::collections::VecDeque;

use razz_base::MonoTime;

use crate::random::Random;

/// What is wrong with a path.
#[derive(Clone, Copy, Debug)]
pub struct LinkQuality {
    /// Probability that a packet is lost, each on its own.
    pub loss: f64,
    /// One way, in µs.
    pub delay_us: i64,
    /// In µs; packets do not overtake one another.
    pub jitter_us: i64,
    /// Nothing arrives for so long, every so often: (length, from one to the next), in µs.
    pub bursts: Option<(i64, i64)>,
    /// Bits per second that fit through, and how many bytes may queue before it.
    pub bottleneck: Option<(i64, i64)>,
}

impl LinkQuality {
    /// A local network.
    pub const GOOD: Self =
        Self { loss: 0.0, delay_us: 500, jitter_us: 1, bursts: None, bottleneck: None };
}

/// Carries datagrams.
pub struct Link {
    /// May be changed under way.
    pub quality: LinkQuality,
    random: Random,
    underway: VecDeque<(MonoTime, Vec<u8>)>,
    /// When the bottleneck has sent all that queues before it.
    free_at: MonoTime,
    /// Bytes handed to it so far.
    pub offered_bytes: u64,
    /// Datagrams lost so far.
    pub lost: u64,
}

impl Link {
    /// An empty path.
    pub fn new(quality: LinkQuality, seed: u64) -> Self {
        Self {
            quality,
            random: Random::new(seed),
            underway: VecDeque::new(),
            free_at: MonoTime::from_us(0),
            offered_bytes: 0,
            lost: 0,
        }
    }

    /// Whether a burst of losses is on at `now`.
    pub fn is_in_burst(&self, now: MonoTime) -> bool {
        let within = |(length, every): (i64, i64)| now.as_us().rem_euclid(every) < length;
        self.quality.bursts.is_some_and(within)
    }

    /// Sends a datagram; it may never arrive.
    pub fn send(&mut self, now: MonoTime, datagram: Vec<u8>) {
        self.offered_bytes += datagram.len() as u64;
        // Drawn in any case: what one fault does must not change the others.
        let (unlucky, jitter_us) =
            (self.random.chance(self.quality.loss), self.random.between(0, self.quality.jitter_us));
        let mut leaves = now;
        if let Some((bits_per_second, queue)) = self.quality.bottleneck {
            let waiting_us = self.free_at.since_us(now).max(0);
            if waiting_us * bits_per_second / 8_000_000 > queue {
                self.lost += 1;
                return;
            }
            let bits = 8 * datagram.len() as i64;
            leaves = now.plus_us(waiting_us + bits * 1_000_000 / bits_per_second);
            self.free_at = leaves;
        }
        if unlucky || self.is_in_burst(now) {
            self.lost += 1;
            return;
        }
        let arrives = leaves.plus_us(self.quality.delay_us + jitter_us);
        let last = self.underway.back().map_or(arrives, |(at, _)| *at);
        self.underway.push_back((arrives.max(last), datagram));
    }

    /// When the next datagram arrives.
    pub fn next_arrival(&self) -> Option<MonoTime> {
        self.underway.front().map(|(at, _)| *at)
    }

    /// The next datagram that arrived by `now`.
    pub fn receive(&mut self, now: MonoTime) -> Option<Vec<u8>> {
        self.underway.front().filter(|(at, _)| *at <= now)?;
        self.underway.pop_front().map(|(_, datagram)| datagram)
    }
}
