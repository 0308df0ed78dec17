//! Which session a datagram belongs to, without asking each of them: by the remote address once it
//! is known, before that by the user name in the STUN binding request.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::SessionId;

/// Remote addresses that one session may have: candidates of the same browser.
const MAX_ADDRESSES: usize = 16;

/// The tables from addresses and ICE user fragments to sessions.
#[derive(Debug, Default)]
pub struct Demux {
    by_address: HashMap<SocketAddr, SessionId>,
    by_ufrag: HashMap<String, SessionId>,
    addresses: HashMap<SessionId, Vec<SocketAddr>>,
}

impl Demux {
    /// The session with our ICE user fragment `ufrag`.
    pub fn insert(&mut self, id: SessionId, ufrag: String) {
        self.by_ufrag.insert(ufrag, id);
    }

    /// The session has another user fragment from now on: its ICE was restarted.
    pub fn rename(&mut self, id: SessionId, old: &str, new: String) {
        self.by_ufrag.remove(old);
        self.by_ufrag.insert(new, id);
    }

    /// The session that a datagram from `source` may be for. What comes by user fragment is to be
    /// authenticated before [`Self::learn`].
    pub fn find(&self, source: SocketAddr, datagram: &[u8]) -> Option<SessionId> {
        // A STUN request names its session; the same address may have belonged to an older one.
        if let Some(ufrag) = local_ufrag(datagram)
            && let Some(id) = self.by_ufrag.get(ufrag)
        {
            return Some(*id);
        }
        self.by_address.get(&source).copied()
    }

    /// Notes that `source` has shown to belong to this session.
    pub fn learn(&mut self, id: SessionId, source: SocketAddr) {
        let known = self.addresses.entry(id).or_default();
        if known.contains(&source) || known.len() >= MAX_ADDRESSES {
            return;
        }
        known.push(source);
        if let Some(old) = self.by_address.insert(source, id)
            && let Some(addresses) = self.addresses.get_mut(&old)
            && old != id
        {
            addresses.retain(|address| *address != source);
        }
    }

    /// Forgets a session.
    pub fn remove(&mut self, id: SessionId, ufrag: &str) {
        self.by_ufrag.remove(ufrag);
        for address in self.addresses.remove(&id).unwrap_or_default() {
            self.by_address.remove(&address);
        }
    }
}

/// The user fragment of the receiver in a STUN binding request: what stands before the colon in its
/// USERNAME attribute (RFC 8445 section 7.2.2, RFC 8489 sections 5 and 14.3).
pub fn local_ufrag(datagram: &[u8]) -> Option<&str> {
    const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
    const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
    const USERNAME: u16 = 0x0006;
    let (header, mut attributes) = datagram.split_at_checked(20)?;
    if header[..2] != BINDING_REQUEST || header[4..8] != MAGIC_COOKIE {
        return None;
    }
    while let Some((head, rest)) = attributes.split_at_checked(4) {
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = rest.get(..length)?;
        if kind == USERNAME {
            return std::str::from_utf8(value).ok()?.split(':').next();
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(username: &str) -> Vec<u8> {
        let mut datagram = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        datagram.extend([7; 12]);
        // An attribute of odd length before it, to walk over.
        datagram.extend([0x80, 0x22, 0, 3, b'a', b'b', b'c', 0]);
        datagram.extend([0, 6, 0, username.len() as u8]);
        datagram.extend(username.as_bytes());
        datagram.resize(datagram.len().next_multiple_of(4), 0);
        datagram
    }

    #[test]
    fn a_binding_request_names_its_session() {
        let whole = request("ours:theirs");
        assert_eq!(local_ufrag(&whole), Some("ours"));
        for length in 0..whole.len() - 4 {
            let _ = local_ufrag(&whole[..length]);
        }
        for garbage in [&b""[..], b"\x80\x60hello", &[0xff; 40], &[0; 20]] {
            assert_eq!(local_ufrag(garbage), None);
        }
    }

    #[test]
    fn addresses_follow_the_session_that_proved_them_last() {
        let mut demux = Demux::default();
        let address: SocketAddr = "127.0.0.1:5000".parse().unwrap();
        demux.insert(1, "one".into());
        demux.insert(2, "two".into());
        assert_eq!(demux.find(address, b"\x16"), None);
        demux.learn(1, address);
        assert_eq!(demux.find(address, b"\x16"), Some(1));
        // The same browser port, a new session: its requests find it at once.
        assert_eq!(demux.find(address, &request("two:x")), Some(2));
        demux.learn(2, address);
        assert_eq!(demux.find(address, b"\x16"), Some(2));
        demux.remove(1, "one");
        assert_eq!(demux.find(address, b"\x16"), Some(2));
        demux.rename(2, "two", "three".into());
        let elsewhere = "127.0.0.1:5001".parse().unwrap();
        assert_eq!(demux.find(elsewhere, &request("two:x")), None);
        assert_eq!(demux.find(elsewhere, &request("three:x")), Some(2));
        demux.remove(2, "three");
        assert_eq!(demux.find(address, b"\x16"), None);
    }

    #[test]
    fn a_session_has_a_bounded_number_of_addresses() {
        let mut demux = Demux::default();
        for port in 0..100 {
            demux.learn(1, SocketAddr::from(([127, 0, 0, 1], 1000 + port)));
        }
        assert_eq!(demux.by_address.len(), MAX_ADDRESSES);
        demux.remove(1, "");
        assert!(demux.by_address.is_empty() && demux.addresses.is_empty());
    }
}
