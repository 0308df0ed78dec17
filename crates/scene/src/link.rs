//! One direction of a network path, between whatever sends datagrams and what takes them. It asks nothing of the
//! machine's network, and the same seed loses and delays the same datagrams.

use std::collections::VecDeque;
use std::str::FromStr;

use razz_base::MonoTime;

use crate::dice::Dice;

/// IP and UDP headers, in bytes: they count in the bottleneck.
const HEADERS: i64 = 28;
/// The least that a queue has room for, in bytes.
const LEAST_QUEUE: i64 = 20_000;

/// What is wrong with a path.
#[derive(Clone, Copy, PartialEq, Debug)]
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

impl FromStr for LinkQuality {
    type Err = String;

    /// `KBPS[:DELAY_MS[:JITTER_MS[:LOSS_PERCENT[:QUEUE_MS]]]]`, as command lines have it.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let mut number = |what: &str, usual: Option<f64>, least: f64, most: f64| {
            let Some(part) = parts.next() else {
                return usual.ok_or_else(|| format!("{what} is missing"));
            };
            let is = part.parse::<f64>().ok().filter(|is| (least..=most).contains(is));
            is.ok_or_else(|| format!("{what} is from {least} to {most}, not \"{part}\""))
        };
        let kbps = number("the rate in kbit/s", None, 8.0, 1e6)?;
        let delay_ms = number("the delay in ms", Some(25.0), 0.0, 5_000.0)?;
        let jitter_ms = number("the jitter in ms", Some(0.0), 0.0, 5_000.0)?;
        let loss_percent = number("the loss in percent", Some(0.0), 0.0, 100.0)?;
        let queue_ms = number("the queue in ms", Some(300.0), 0.0, 10_000.0)?;
        if let Some(more) = parts.next() {
            return Err(format!("\"{more}\" is too much"));
        }
        let queue = (queue_ms * kbps / 8.0) as i64;
        Ok(Self {
            loss: loss_percent / 100.0,
            delay_us: (1e3 * delay_ms) as i64,
            jitter_us: ((1e3 * jitter_ms) as i64).max(1),
            bursts: None,
            bottleneck: Some(((1e3 * kbps) as i64, queue.max(LEAST_QUEUE))),
        })
    }
}

/// Carries datagrams.
pub struct Link {
    /// May be changed under way.
    pub quality: LinkQuality,
    dice: Dice,
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
            dice: Dice::new(seed, 0),
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
        let unlucky = self.dice.chance(self.quality.loss as f32);
        let jitter_us = self.dice.below(self.quality.jitter_us as usize) as i64;
        let mut leaves = now;
        if let Some((bits_per_second, queue)) = self.quality.bottleneck {
            let waiting_us = self.free_at.since_us(now).max(0);
            if waiting_us * bits_per_second / 8_000_000 > queue {
                self.lost += 1;
                return;
            }
            let bits = 8 * (datagram.len() as i64 + HEADERS);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read_or_refused_in_words() {
        let link = |kbps, delay_us, jitter_us, loss, queue| {
            let bottleneck = Some((kbps, queue));
            Ok(LinkQuality { loss, delay_us, jitter_us, bursts: None, bottleneck })
        };
        for (text, expected) in [
            ("600", link(600_000, 25_000, 1, 0.0, 22_500)),
            ("1500:75:30", link(1_500_000, 75_000, 30_000, 0.0, 56_250)),
            ("20000:25:0:5:1", link(20_000_000, 25_000, 1, 0.05, 20_000)),
            ("", Err("the rate in kbit/s is from 8 to 1000000, not \"\"".to_owned())),
            ("600:x", Err("the delay in ms is from 0 to 5000, not \"x\"".to_owned())),
            ("600:1:1:101", Err("the loss in percent is from 0 to 100, not \"101\"".to_owned())),
            ("600:1:1:1:1:1", Err("\"1\" is too much".to_owned())),
        ] {
            assert_eq!(text.parse::<LinkQuality>(), expected, "{text}");
        }
    }

    #[test]
    fn a_link_carries_its_bits_a_second_in_order_and_drops_the_rest() {
        let mut link = Link::new("800:10:5:0:300".parse().unwrap(), 1);
        // Twice what fits for two seconds: 972 bytes and headers every 5 ms.
        let mut arrived = Vec::new();
        for n in 0..400u32 {
            let now = MonoTime::from_us(i64::from(n) * 5_000);
            let mut datagram = vec![0; 972];
            datagram[..4].copy_from_slice(&n.to_be_bytes());
            link.send(now, datagram);
            while let Some(datagram) = link.receive(now) {
                arrived.push(u32::from_be_bytes(datagram[..4].try_into().unwrap()));
            }
        }
        assert!(arrived.is_sorted());
        // 100 bytes a millisecond: 200 datagrams, less those that wait.
        assert!((160..=200).contains(&arrived.len()), "{}", arrived.len());
        assert!((160..=180).contains(&link.lost), "{}", link.lost);
    }
}
