//! How often a sign-in may be tried: by address and by name, with time to cool down.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use razz_base::MonoTime;

/// Wrong passwords that may follow one another, by address or name.
const BURST: f64 = 8.0;
/// After those, one more in every so many µs: 2880 guesses a day at most.
const REFILL_US: f64 = 30e6;
/// So many addresses and names are remembered. Beyond that the ones with the fewest tries are
/// forgotten first.
const MOST: usize = 10_000;

/// Who tries.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Key {
    Address(IpAddr),
    Name(String),
}

/// Tries used up, and when that was.
#[derive(Clone, Copy, Debug)]
struct Used {
    tries: f64,
    at: MonoTime,
}

impl Used {
    /// Tries still counted at `now`.
    fn left(&self, now: MonoTime) -> f64 {
        (self.tries - now.since_us(self.at).max(0) as f64 / REFILL_US).max(0.0)
    }
}

/// Counts tries to sign in.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    used: HashMap<Key, Used>,
}

impl Limiter {
    /// Counts a try of `name` from `address` before it is made, so that many at once count as well.
    ///
    /// # Errors
    /// How long to wait before the next one; nothing is counted then.
    pub(super) fn take(
        &mut self,
        name: &str,
        address: IpAddr,
        now: MonoTime,
    ) -> Result<(), Duration> {
        let keys = keys(name, address);
        let most = keys.iter().map(|key| self.used(key, now)).fold(0.0, f64::max);
        if most + 1.0 > BURST {
            let wait_us = (most + 1.0 - BURST) * REFILL_US;
            return Err(Duration::from_micros(wait_us.ceil() as u64));
        }
        for key in keys {
            let tries = self.used(&key, now) + 1.0;
            self.used.insert(key, Used { tries, at: now });
        }
        self.forget(now);
        Ok(())
    }

    /// The try was right: it does not count.
    pub(super) fn give_back(&mut self, name: &str, address: IpAddr, now: MonoTime) {
        for key in keys(name, address) {
            let tries = (self.used(&key, now) - 1.0).max(0.0);
            self.used.insert(key, Used { tries, at: now });
        }
        self.forget(now);
    }

    fn used(&self, key: &Key, now: MonoTime) -> f64 {
        self.used.get(key).map_or(0.0, |used| used.left(now))
    }

    fn forget(&mut self, now: MonoTime) {
        if self.used.len() <= MOST {
            return;
        }
        self.used.retain(|_, used| used.left(now) > 0.0);
        if self.used.len() > MOST {
            let mut tries: Vec<f64> = self.used.values().map(|used| used.left(now)).collect();
            tries.sort_by(f64::total_cmp);
            let middle = tries[tries.len() / 2];
            self.used.retain(|_, used| used.left(now) > middle);
        }
    }
}

fn keys(name: &str, address: IpAddr) -> [Key; 2] {
    [Key::Address(network_of_client(address)), Key::Name(name.to_owned())]
}

/// What stands for a client where clients are counted: its IPv4 address, or its IPv6 /64, since
/// whoever has one address of that has all of them.
pub fn network_of_client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> MonoTime {
        MonoTime::from_us(seconds * 1_000_000)
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn guesses_are_counted_by_address() {
        let mut limiter = Limiter::default();
        for n in 0..8 {
            assert!(limiter.take(&format!("user{n}"), address(1), at(0)).is_ok(), "{n}");
        }
        let wait = limiter.take("another", address(1), at(0)).unwrap_err();
        assert_eq!(wait, Duration::from_secs(30));
        assert!(limiter.take("another", address(2), at(0)).is_ok(), "another address");
        assert!(limiter.take("another", address(1), at(29)).is_err());
        assert!(limiter.take("another", address(1), at(30)).is_ok());
        assert!(limiter.take("another", address(1), at(30)).is_err());
    }

    #[test]
    fn guesses_are_counted_by_name() {
        let mut limiter = Limiter::default();
        for n in 0..8 {
            assert!(limiter.take("ann", address(n), at(0)).is_ok(), "{n}");
        }
        assert!(limiter.take("ann", address(9), at(0)).is_err());
        assert!(limiter.take("bob", address(9), at(0)).is_ok());
    }

    #[test]
    fn who_is_right_is_not_counted() {
        let mut limiter = Limiter::default();
        for n in 0..100 {
            assert!(limiter.take("ann", address(1), at(n)).is_ok(), "{n}");
            limiter.give_back("ann", address(1), at(n));
        }
    }

    #[test]
    fn neighbours_of_an_ipv6_network_are_one() {
        let mut limiter = Limiter::default();
        let near = |n: u16| format!("2001:db8::{n:x}").parse().unwrap();
        for n in 0..8 {
            assert!(limiter.take(&format!("user{n}"), near(n), at(0)).is_ok());
        }
        assert!(limiter.take("user9", near(9), at(0)).is_err());
        assert!(limiter.take("user9", "2001:db8:0:1::9".parse().unwrap(), at(0)).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_the_worst_are_remembered() {
        let mut limiter = Limiter::default();
        for _ in 0..8 {
            let _ = limiter.take("ann", address(1), at(0));
        }
        for n in 0..30_000_u32 {
            let from = IpAddr::from((0x0B00_0000 + n).to_be_bytes());
            let _ = limiter.take(&format!("user{n}"), from, at(0));
        }
        assert!(limiter.used.len() <= MOST + 2, "{}", limiter.used.len());
        assert!(limiter.take("ann", address(7), at(0)).is_err(), "still remembered");
    }
}
