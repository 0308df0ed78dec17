//! How often a sign-in may be tried: by address, and by name from an address, with time to cool down.
//!
//! Nothing that strangers do keeps the right user out: tries of one name from many addresses make
//! answers about that name slower, and whoever is signed in is counted apart.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use razz_base::MonoTime;

/// Wrong passwords for one name from one address that may follow one another; and those of one who is
/// signed in, about the own password.
const OF_NAME: f64 = 8.0;
/// The same of one address for all names: a household behind one address has a few people.
const OF_ADDRESS: f64 = 24.0;
/// After those, one more in every so many µs: 2880 guesses a day at most.
const REFILL_US: f64 = 30e6;
/// Wrong passwords for one name, wherever from, before answers about it get slower: each one more by
/// `SLOWER`, up to `SLOWEST`.
const AT_ONCE: f64 = 8.0;
const SLOWER: Duration = Duration::from_millis(250);
const SLOWEST: Duration = Duration::from_secs(4);
/// So many addresses and names are remembered. Beyond that the ones with the fewest tries are
/// forgotten first.
const MOST: usize = 10_000;

/// Who tries.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Key {
    Address(IpAddr),
    /// A name, from an address.
    Pair(IpAddr, String),
    /// A name, wherever from. It slows answers down and refuses nobody.
    Name(String),
    /// A user who is signed in.
    Own(String),
}

impl Key {
    /// Tries that may follow one another; `None`: any number.
    fn burst(&self) -> Option<f64> {
        match self {
            Self::Address(_) => Some(OF_ADDRESS),
            Self::Pair(..) | Self::Own(_) => Some(OF_NAME),
            Self::Name(_) => None,
        }
    }
}

/// Who tries a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Trier {
    /// Somebody at this address, for the user of this name.
    Stranger(String, IpAddr),
    /// A user who is signed in, about the own password.
    SignedIn(String),
}

impl Trier {
    fn keys(&self) -> Vec<Key> {
        match self {
            Self::Stranger(name, address) => {
                let network = network_of_client(*address);
                let pair = Key::Pair(network, name.clone());
                vec![Key::Address(network), pair, Key::Name(name.clone())]
            }
            Self::SignedIn(name) => vec![Key::Own(name.clone())],
        }
    }
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
    /// Counts a try before it is made, so that many at once count as well; answers how long to wait
    /// with the answer.
    ///
    /// # Errors
    /// How long to wait before the next one; nothing is counted then.
    pub(super) fn take(&mut self, trier: &Trier, now: MonoTime) -> Result<Duration, Duration> {
        let keys = trier.keys();
        let over = |key: &Key| Some(self.used(key, now) + 1.0 - key.burst()?);
        let most = keys.iter().filter_map(over).fold(0.0, f64::max);
        if most > 0.0 {
            return Err(Duration::from_micros((most * REFILL_US).ceil() as u64));
        }
        let mut slower = Duration::ZERO;
        for key in keys {
            let before = self.used(&key, now);
            if key.burst().is_none() {
                slower = SLOWER.mul_f64((before + 1.0 - AT_ONCE).max(0.0)).min(SLOWEST);
            }
            self.used.insert(key, Used { tries: before + 1.0, at: now });
        }
        self.forget(now);
        Ok(slower)
    }

    /// The try was right: it does not count.
    pub(super) fn give_back(&mut self, trier: &Trier, now: MonoTime) {
        for key in trier.keys() {
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

    fn from(name: &str, address: IpAddr) -> Trier {
        Trier::Stranger(name.to_owned(), address)
    }

    #[test]
    fn guesses_are_counted_by_name_from_an_address() {
        let mut limiter = Limiter::default();
        for n in 0..8 {
            assert!(limiter.take(&from("ann", address(1)), at(0)).is_ok(), "{n}");
        }
        let wait = limiter.take(&from("ann", address(1)), at(0)).unwrap_err();
        assert_eq!(wait, Duration::from_secs(30));
        assert!(limiter.take(&from("bob", address(1)), at(0)).is_ok(), "another name");
        assert!(limiter.take(&from("ann", address(1)), at(29)).is_err());
        assert!(limiter.take(&from("ann", address(1)), at(30)).is_ok());
        assert!(limiter.take(&from("ann", address(1)), at(30)).is_err());
    }

    #[test]
    fn guesses_are_counted_by_address() {
        let mut limiter = Limiter::default();
        for n in 0..24 {
            assert!(limiter.take(&from(&format!("user{n}"), address(1)), at(0)).is_ok(), "{n}");
        }
        assert!(limiter.take(&from("another", address(1)), at(29)).is_err());
        assert!(limiter.take(&from("another", address(2)), at(29)).is_ok(), "another address");
        assert!(limiter.take(&from("another", address(1)), at(30)).is_ok());
    }

    #[test]
    fn guesses_from_everywhere_slow_answers_down_and_lock_nobody_out() {
        let mut limiter = Limiter::default();
        let mut waits = Vec::new();
        for n in 0..200 {
            waits.push(limiter.take(&from("ann", address(n)), at(0)).expect("never refused"));
        }
        assert!(waits[..8].iter().all(Duration::is_zero), "{waits:?}");
        assert!(waits.is_sorted() && waits[8] == SLOWER && waits[199] == SLOWEST, "{waits:?}");
        // The right user, from where nobody has guessed, waits a little and comes in.
        assert_eq!(limiter.take(&from("ann", address(250)), at(0)), Ok(SLOWEST));
        assert_eq!(limiter.take(&from("bob", address(250)), at(0)), Ok(Duration::ZERO));
        // Whoever is signed in notices nothing.
        let own = Trier::SignedIn("ann".to_owned());
        for n in 0..8 {
            assert_eq!(limiter.take(&own, at(0)), Ok(Duration::ZERO), "{n}");
        }
        assert!(limiter.take(&own, at(0)).is_err(), "with a stolen cookie one does not guess on");
    }

    #[test]
    fn who_is_right_is_not_counted() {
        let mut limiter = Limiter::default();
        for trier in [from("ann", address(1)), Trier::SignedIn("ann".to_owned())] {
            for n in 0..100 {
                assert_eq!(limiter.take(&trier, at(n)), Ok(Duration::ZERO), "{n}");
                limiter.give_back(&trier, at(n));
            }
        }
    }

    #[test]
    fn neighbours_of_an_ipv6_network_are_one() {
        let mut limiter = Limiter::default();
        let near = |n: u16| format!("2001:db8::{n:x}").parse().unwrap();
        for n in 0..8 {
            assert!(limiter.take(&from("ann", near(n)), at(0)).is_ok());
        }
        assert!(limiter.take(&from("ann", near(9)), at(0)).is_err());
        let elsewhere = "2001:db8:0:1::9".parse().unwrap();
        assert!(limiter.take(&from("ann", elsewhere), at(0)).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_the_worst_are_remembered() {
        let mut limiter = Limiter::default();
        for _ in 0..8 {
            let _ = limiter.take(&from("ann", address(1)), at(0));
        }
        for n in 0..30_000_u32 {
            let address = IpAddr::from((0x0B00_0000 + n).to_be_bytes());
            let _ = limiter.take(&from(&format!("user{n}"), address), at(0));
        }
        assert!(limiter.used.len() <= MOST + 3, "{}", limiter.used.len());
        assert!(limiter.take(&from("ann", address(1)), at(0)).is_err(), "still remembered");
    }
}
