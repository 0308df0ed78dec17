//! What happens between camera and server.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::random::Random;

/// How bad the network is.
#[derive(Clone, Copy, Debug)]
pub struct Quality {
    /// Probability that a packet begins a loss (UDP).
    pub loss: f64,
    /// Probability that a loss goes on to the next packet.
    pub burst: f64,
    /// Each packet takes 5 ms and up to this many µs more.
    pub jitter_us: i64,
    /// Probability that a packet is overtaken by those sent after it (UDP).
    pub disorder: f64,
    /// Probability per packet that the network stalls for up to 3 s (TCP).
    pub stall: f64,
}

impl Quality {
    /// Some network: RTP over TCP, which loses nothing and stalls at times, or over UDP.
    pub fn random(random: &mut Random) -> Self {
        let tcp = random.chance(0.4);
        Self {
            loss: if tcp { 0.0 } else { [0.0, 0.0005, 0.005, 0.05][random.between(0, 4) as usize] },
            burst: 0.6,
            jitter_us: [1000, 5000, 30_000][random.between(0, 3) as usize],
            disorder: if tcp { 0.0 } else { [0.0, 0.001, 0.01][random.between(0, 3) as usize] },
            stall: if tcp { 0.0003 } else { 0.0 },
        }
    }

    /// Nothing goes wrong.
    pub fn perfect() -> Self {
        Self { loss: 0.0, burst: 0.0, jitter_us: 1, disorder: 0.0, stall: 0.0 }
    }
}

/// Time from camera to server when nothing is wrong, in µs.
pub const DELAY_US: i64 = 5000;

/// Carries things of type `T`.
#[derive(Debug)]
pub struct Network<T> {
    quality: Quality,
    random: Random,
    losing: bool,
    /// When the last thing that was not overtaken arrives: packets queue behind one another.
    last_arrival_us: i64,
    /// (arrival, order of sending)
    underway: BinaryHeap<Reverse<(i64, u64)>>,
    things: std::collections::BTreeMap<u64, T>,
    sent: u64,
    lost: u64,
}

impl<T> Network<T> {
    /// An empty network.
    pub fn new(quality: Quality, seed: u64) -> Self {
        Self {
            quality,
            random: Random::new(seed),
            losing: false,
            last_arrival_us: i64::MIN,
            underway: BinaryHeap::new(),
            things: std::collections::BTreeMap::new(),
            sent: 0,
            lost: 0,
        }
    }

    /// Sends something at `now_us`; it may never arrive.
    pub fn send(&mut self, thing: T, now_us: i64) {
        self.sent += 1;
        let going_on = if self.losing { self.quality.burst } else { self.quality.loss };
        self.losing = self.random.chance(going_on);
        if self.losing {
            self.lost += 1;
            return;
        }
        let mut arrival_us = now_us + DELAY_US + self.random.between(0, self.quality.jitter_us);
        if self.random.chance(self.quality.stall) {
            arrival_us += self.random.between(300_000, 3_000_000);
        }
        arrival_us = arrival_us.max(self.last_arrival_us);
        if self.random.chance(self.quality.disorder) {
            arrival_us += self.random.between(0, self.quality.jitter_us.max(1000));
        } else {
            self.last_arrival_us = arrival_us;
        }
        self.underway.push(Reverse((arrival_us, self.sent)));
        self.things.insert(self.sent, thing);
    }

    /// When the next thing arrives.
    pub fn next_arrival_us(&self) -> Option<i64> {
        self.underway.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes the next thing that arrives by `now_us`, with its arrival.
    pub fn receive(&mut self, now_us: i64) -> Option<(i64, T)> {
        let Reverse((at, order)) = *self.underway.peek().filter(|first| first.0.0 <= now_us)?;
        self.underway.pop();
        Some((at, self.things.remove(&order)?))
    }

    /// The connection breaks: what is underway is lost.
    pub fn reset(&mut self) {
        self.lost += self.things.len() as u64;
        self.underway.clear();
        self.things.clear();
        self.last_arrival_us = i64::MIN;
    }

    /// How many things were lost so far.
    pub fn lost(&self) -> u64 {
        self.lost
    }
}
