//! How many connections there may be: in all, so that the process has descriptors left for cameras
//! and files, and of one address, so that one client cannot have all of them. When there are as many as
//! there may be, one that waits for a request gives way to who comes, and the last few places are for
//! who can say who they are.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tracing::{debug, warn};

use razz_access::network_of_client;
use razz_config::Network;

/// One place in so many is kept for those who are signed in.
const RESERVE: usize = 16;

/// So many of the connections that have waited longest are looked at for the one that gives way. More
/// finds a better one among more addresses, and costs each newcomer more.
const CANDIDATES: usize = 64;

/// Connections that are open, and how many may be. Shared by all listeners.
#[derive(Debug)]
pub struct Limits {
    most: usize,
    most_of_one: usize,
    /// Who brings the connections of many.
    proxies: Vec<Network>,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
    /// Whether a refusal was logged and room has not been seen since.
    said: bool,
    /// The number of the next connection, and of the next wait.
    next: u64,
    seats: HashMap<u64, Seat>,
    /// Connections that wait for a request, by the number of the wait: the longest first.
    waiting: BTreeSet<(u64, u64)>,
}

#[derive(Debug)]
struct Seat {
    network: IpAddr,
    /// The number of its wait, while it waits for a request.
    wait: Option<u64>,
    gives_way: Arc<Notify>,
}

/// There is no room for a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Full {
    #[error("the server has as many connections as `server.connections` allows")]
    Server,
    #[error("this address has as many connections as `server.connections_per_address` allows")]
    Address,
}

impl Limits {
    /// Takes `most` connections in all, and `most_of_one` of a client that is none of the `proxies`.
    pub fn new(most: usize, most_of_one: usize, proxies: Vec<Network>) -> Arc<Self> {
        Arc::new(Self { most, most_of_one, proxies, open: Mutex::default() })
    }

    /// Connections that anybody may have.
    fn for_all(&self) -> usize {
        self.most - self.most / RESERVE
    }

    /// Counts a connection from `address`, until the lease is dropped.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Lease, Full> {
        let network = network_of_client(address);
        let proxy = self.proxies.iter().any(|proxy| proxy.contains(address));
        let mut open = self.open();
        let of_one = open.by_network.get(&network).copied().unwrap_or(0);
        let mut reserved = false;
        let refused = if of_one >= self.most_of_one && !proxy {
            Some(Full::Address)
        } else if open.all < self.for_all() || open.make_room(network) {
            None
        } else {
            reserved = open.all < self.most;
            (!reserved).then_some(Full::Server)
        };
        if let Some(full) = refused {
            if !std::mem::replace(&mut open.said, true) {
                warn!(client = %address, "a connection is refused: {full}");
            }
            return Err(full);
        }
        open.all += 1;
        *open.by_network.entry(network).or_default() += 1;
        let (number, wait) = (open.next, open.next + 1);
        open.next += 2;
        let gives_way = Arc::<Notify>::default();
        let seat = Seat { network, wait: Some(wait), gives_way: Arc::clone(&gives_way) };
        open.seats.insert(number, seat);
        open.waiting.insert((wait, number));
        let place = Place { limits: Arc::clone(self), number, reserved };
        Ok(Lease { place, gives_way })
    }

    /// Connections that are open.
    #[cfg(test)]
    pub(super) fn open_now(&self) -> usize {
        self.open().all
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Ends one that waits for a request, if there is one: of those that have waited longest, of the
    /// address with the most connections. Whoever comes is not ended for having come last.
    fn make_room(&mut self, newcomer: IpAddr) -> bool {
        let of = |open: &Self, number: &u64| {
            let network = open.seats.get(number).map(|seat| seat.network);
            network.and_then(|network| open.by_network.get(&network)).copied().unwrap_or(0)
        };
        let candidates = self.waiting.iter().take(CANDIDATES);
        // Of equals the first, which has waited longest.
        let most = candidates.rev().max_by_key(|(_, number)| of(self, number)).copied();
        let own = self.by_network.get(&newcomer).copied().unwrap_or(0);
        let Some((_, number)) = most.filter(|(_, number)| of(self, number) > own) else {
            return false;
        };
        if let Some(seat) = self.seats.get(&number) {
            debug!(client = %seat.network, "a connection gives way: it waits for a request");
            seat.gives_way.notify_one();
        }
        self.leave(number);
        true
    }

    /// A connection is over, unless it was before.
    fn leave(&mut self, number: u64) -> Option<usize> {
        let seat = self.seats.remove(&number)?;
        if let Some(wait) = seat.wait {
            self.waiting.remove(&(wait, number));
        }
        self.all -= 1;
        let left = self.by_network.get(&seat.network).copied().unwrap_or(0).saturating_sub(1);
        if left == 0 {
            self.by_network.remove(&seat.network);
        } else {
            self.by_network.insert(seat.network, left);
        }
        Some(left)
    }
}

/// A connection's place.
#[derive(Debug)]
pub(super) struct Lease {
    place: Place,
    gives_way: Arc<Notify>,
}

/// Which place it is, for who knows what the connection does.
#[derive(Clone, Debug)]
pub(super) struct Place {
    limits: Arc<Limits>,
    number: u64,
    reserved: bool,
}

impl Lease {
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// Ready when the connection has to end, since others need its place.
    pub(super) fn given_away(&self) -> impl Future<Output = ()> + Send + 'static {
        let gives_way = Arc::clone(&self.gives_way);
        async move { gives_way.notified().await }
    }
}

impl Place {
    /// Notes whether the connection waits for a request.
    pub(super) fn waits(&self, waits: bool) {
        let mut open = self.limits.open();
        let next = open.next;
        let Some(seat) = open.seats.get_mut(&self.number) else { return };
        let before = seat.wait;
        if before.is_some() == waits {
            return;
        }
        seat.wait = waits.then_some(next);
        match before {
            Some(wait) => {
                open.waiting.remove(&(wait, self.number));
            }
            None => {
                open.next += 1;
                open.waiting.insert((next, self.number));
            }
        }
    }

    /// Whether it is one of the last, which are kept for who is signed in.
    pub(super) fn is_reserved(&self) -> bool {
        self.reserved && self.limits.open().all > self.limits.for_all()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let limits = &self.place.limits;
        let mut open = limits.open();
        let Some(left) = open.leave(self.place.number) else { return };
        // The next crowd is worth a line of its own.
        open.said &= open.all > limits.most / 2 || left > limits.most_of_one / 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_bounded_by_address_and_in_all() {
        let limits = Limits::new(6, 2, vec!["10.0.0.0/8".parse().unwrap()]);
        let mut held = Vec::new();
        for (address, outcome) in [
            ("203.0.113.7", Ok(())),
            ("203.0.113.7", Ok(())),
            ("203.0.113.7", Err(Full::Address)),
            ("::ffff:203.0.113.7", Err(Full::Address)),
            ("2001:db8::1", Ok(())),
            ("2001:db8::2", Ok(())),
            ("2001:db8::3", Err(Full::Address)),
            ("2001:db8:0:1::3", Ok(())),
            ("10.0.0.1", Ok(())),
            ("203.0.113.8", Err(Full::Server)),
            ("10.0.0.1", Err(Full::Server)),
        ] {
            let entered = limits.enter(address.parse().unwrap());
            if let Ok(lease) = &entered {
                lease.place().waits(false);
            }
            assert_eq!(entered.as_ref().map(|_| ()).map_err(|full| *full), outcome, "{address}");
            held.extend(entered.ok());
        }
        held.remove(0);
        assert!(limits.enter("203.0.113.7".parse().unwrap()).is_ok(), "one of them has left");
        drop(held);
        let open = limits.open();
        assert_eq!((open.all, open.by_network.len(), open.said), (0, 0, false));
    }

    #[test]
    fn a_listed_proxy_brings_many() {
        let limits = Limits::new(100, 2, vec!["10.0.0.1".parse().unwrap()]);
        let enter = |address: &str| limits.enter(address.parse().unwrap());
        let proxied: Vec<_> = (0..50).map(|_| enter("10.0.0.1").unwrap()).collect();
        let others: Vec<_> = (0..2).map(|_| enter("10.0.0.2").unwrap()).collect();
        assert_eq!(enter("10.0.0.2").unwrap_err(), Full::Address);
        assert_eq!((proxied.len(), others.len()), (50, 2));
    }

    #[tokio::test]
    async fn who_waits_for_nothing_makes_room_for_who_asks() {
        let limits = Limits::new(32, 16, Vec::new());
        let enter = |address: [u8; 4]| limits.enter(address.into());
        // Two attackers, one of whom has a few more, and one who asks something.
        let busy = enter([10, 0, 0, 1]).unwrap();
        busy.place().waits(false);
        let many: Vec<_> = (0..15).map(|_| enter([10, 0, 0, 2]).unwrap()).collect();
        let few: Vec<_> = (0..14).map(|_| enter([10, 0, 0, 3]).unwrap()).collect();
        assert_eq!(limits.open_now(), 30);
        let ended = |lease: &Lease| {
            use futures_util::FutureExt as _;
            lease.given_away().now_or_never().is_some()
        };
        let newcomer = enter([10, 0, 0, 4]).expect("somebody gives way");
        assert!(!newcomer.place().is_reserved());
        assert!(
            ended(&many[0]) && !many[1..].iter().chain(&few).any(&ended),
            "the longest, of most"
        );
        // Its place is counted once, whenever it goes.
        assert_eq!(limits.open_now(), 30);
        drop(many);
        assert_eq!(limits.open_now(), 16);
        // Whoever has the most themselves makes nobody give way: the last places are not for strangers.
        let more: Vec<_> = (0..14).map(|_| enter([10, 0, 0, 5]).unwrap()).collect();
        more.iter().chain(&few).for_each(|lease| lease.place().waits(false));
        newcomer.place().waits(false);
        let last: Vec<_> = (0..2).map(|_| enter([10, 0, 0, 6]).unwrap()).collect();
        assert!(last.iter().all(|lease| lease.place().is_reserved()));
        last[0].place().waits(false);
        last[1].place().waits(false);
        assert_eq!(enter([10, 0, 0, 7]).unwrap_err(), Full::Server);
        // With room again the place is as good as any.
        drop(more);
        assert!(!last[0].place().is_reserved());
        // One that waits again can give way again.
        few[3].place().waits(true);
        let rest: Vec<_> = (0..12).map(|n| enter([10, 0, 1, n]).unwrap()).collect();
        assert!(!ended(&few[3]));
        rest.iter().for_each(|lease| lease.place().waits(false));
        let _last = enter([10, 0, 2, 1]).unwrap();
        assert!(ended(&few[3]));
    }
}
