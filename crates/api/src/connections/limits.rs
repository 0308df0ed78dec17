//! How many connections there may be: in all, so that the process has descriptors left for cameras
//! and files, and of one address, so that one client cannot have all of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::warn;

use razz_access::network_of_client;
use razz_config::Network;

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

    /// Counts a connection from `address`, until the lease is dropped.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Lease, Full> {
        let network = network_of_client(address);
        let proxy = self.proxies.iter().any(|proxy| proxy.contains(address));
        let mut open = self.open();
        let of_one = open.by_network.get(&network).copied().unwrap_or(0);
        let refused = if open.all >= self.most {
            Some(Full::Server)
        } else if of_one >= self.most_of_one && !proxy {
            Some(Full::Address)
        } else {
            None
        };
        if let Some(full) = refused {
            if !std::mem::replace(&mut open.said, true) {
                warn!(client = %address, "a connection is refused: {full}");
            }
            return Err(full);
        }
        open.all += 1;
        open.by_network.insert(network, of_one + 1);
        Ok(Lease { limits: Arc::clone(self), network })
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

/// A connection's place.
#[derive(Debug)]
pub(super) struct Lease {
    limits: Arc<Limits>,
    network: IpAddr,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut open = self.limits.open();
        open.all -= 1;
        let left = open.by_network.get(&self.network).copied().unwrap_or(0).saturating_sub(1);
        if left == 0 {
            open.by_network.remove(&self.network);
        } else {
            open.by_network.insert(self.network, left);
        }
        // The next crowd is worth a line of its own.
        open.said &= open.all > self.limits.most / 2 || left > self.limits.most_of_one / 2;
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
}
