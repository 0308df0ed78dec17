//! Where razz connects to for a camera, and where not: an address that someone else may write must
//! not lead to what only this machine is meant to see (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::network::Network;

/// The networks in which cameras may be although they are refused elsewhere. Private networks and
/// loopback, where cameras are, are never refused.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CameraNetworks(Arc<[Network]>);

/// razz connects to no such address.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{address} is {what}, which razz does not connect to")]
pub struct Forbidden {
    address: IpAddr,
    what: &'static str,
}

impl CameraNetworks {
    /// Allows `networks` besides what is allowed anyway.
    pub fn with(networks: Vec<Network>) -> Self {
        Self(networks.into())
    }

    /// Whether a camera may be at `address`.
    ///
    /// # Errors
    /// Says what kind of address it is.
    pub fn check(&self, address: IpAddr) -> Result<(), Forbidden> {
        let allowed = |address| self.0.iter().any(|network| network.contains(address));
        // Written one way, reached another: all have to be right.
        let ways = std::iter::once(address).chain(embedded(address).into_iter().map(IpAddr::V4));
        let wrong = ways.filter_map(|way| Some((way, what_is_wrong_with(way)?)));
        match wrong.into_iter().find(|(way, _)| !allowed(*way) && !allowed(address)) {
            Some((_, what)) => Err(Forbidden { address, what }),
            None => Ok(()),
        }
    }
}

/// Where the clouds tell a machine its secrets: most of them, Alibaba, Oracle's first generation,
/// Azure's agent; Amazon, Google and Scaleway over IPv6.
const METADATA: [IpAddr; 7] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42)),
];

fn is_metadata(address: IpAddr) -> bool {
    METADATA.contains(&address)
}

/// What `address` is, if it is nothing that a camera has.
fn what_is_wrong_with(address: IpAddr) -> Option<&'static str> {
    if is_metadata(address) {
        return Some("a cloud's metadata service");
    }
    match address {
        IpAddr::V4(v4) => match v4.octets() {
            [0, ..] => Some("no address of a machine"), // RFC 1122 section 3.2.1.3
            [169, 254, ..] => Some("link-local"),       // RFC 3927
            [224..=239, ..] => Some("a multicast address"),
            [255, 255, 255, 255] => Some("the broadcast address"),
            [240..=255, ..] => Some("a reserved address"), // RFC 1112 section 4
            _ => None,
        },
        IpAddr::V6(v6) if v6.is_unspecified() => Some("no address of a machine"),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some("link-local"),
        IpAddr::V6(v6) if v6.is_multicast() => Some("a multicast address"),
        IpAddr::V6(_) => None,
    }
}

/// The IPv4 addresses that the way to `address` may end at, whoever translates on it.
fn embedded(address: IpAddr) -> Vec<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return Vec::new() };
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    let [a, b, c, d, e, f, g, h] = v6.segments();
    match (a, b, c, d, e, f) {
        // Mapped (RFC 4291 section 2.5.5.2), translated (RFC 2765 section 2.1), the well-known prefix of
        // NAT64 (RFC 6052 section 2.1).
        (0, 0, 0, 0, 0, 0xffff) | (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => {
            vec![v4(g, h)]
        }
        // Compatible (RFC 4291 section 2.5.5.1); ::1 and :: are themselves.
        (0, 0, 0, 0, 0, 0) if g != 0 => vec![v4(g, h)],
        // A NAT64 of one's own (RFC 8215): the length of its prefix is not told.
        (0x64, 0xff9b, 1, ..) => of_local_nat64(v6),
        // 6to4 (RFC 3056 section 2).
        (0x2002, ..) => vec![v4(b, c)],
        // Teredo: its server, and the client behind it (RFC 4380 section 4).
        (0x2001, 0, ..) => vec![v4(c, d), v4(!g, !h)],
        // ISATAP (RFC 5214 section 6.1).
        (.., 0 | 0x200, 0x5efe) => vec![v4(g, h)],
        // Any other prefix may be a NAT64's (RFC 6052 section 2.2). No camera's address ends in a
        // metadata service by chance.
        _ => Some(v4(g, h)).filter(|v4| is_metadata(IpAddr::V4(*v4))).into_iter().collect(),
    }
}

/// What an address in 64:ff9b:1::/48 may embed: behind a prefix of 48, 56 or 64 bits, with eight bits
/// of zero in between and zeros behind, or at its end (RFC 6052 section 2.2).
fn of_local_nat64(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let bytes = address.octets();
    let mut found = vec![Ipv4Addr::new(bytes[12], bytes[13], bytes[14], bytes[15])];
    for [one, two, three, four] in [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12]] {
        let zero_behind = bytes[8] == 0 && bytes[four + 1..].iter().all(|byte| *byte == 0);
        // A prefix that is shorter than it was meant to be reads as 0.x.
        if zero_behind && bytes[one] != 0 {
            found.push(Ipv4Addr::new(bytes[one], bytes[two], bytes[three], bytes[four]));
        }
    }
    if found.len() > 1 && found[0].octets()[0] == 0 {
        found.remove(0);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_no_camera_has_are_refused_however_they_are_written() {
        for (address, what) in [
            ("10.0.0.5", None),
            ("192.168.1.10", None),
            ("172.16.0.1", None),
            ("100.64.0.1", None),
            ("127.0.0.1", None),
            ("203.0.113.7", None),
            ("::1", None),
            ("fd12:3456::5", None),
            ("2001:db8::5", None),
            ("::ffff:10.0.0.5", None),
            ("0.0.0.0", Some("no address")),
            ("0.1.2.3", Some("no address")),
            ("169.254.0.1", Some("link-local")),
            ("169.254.169.254", Some("metadata")),
            ("100.100.100.200", Some("metadata")),
            ("192.0.0.192", Some("metadata")),
            ("168.63.129.16", Some("metadata")),
            ("224.0.0.1", Some("multicast")),
            ("239.255.255.250", Some("multicast")),
            ("240.0.0.1", Some("reserved")),
            ("255.255.255.255", Some("broadcast")),
            ("::", Some("no address")),
            ("fe80::1", Some("link-local")),
            ("febf::1", Some("link-local")),
            ("ff02::1", Some("multicast")),
            ("fd00:ec2::254", Some("metadata")),
            ("fd20:ce::254", Some("metadata")),
            ("::ffff:169.254.169.254", Some("metadata")),
            ("::169.254.169.254", Some("metadata")),
            ("64:ff9b::169.254.169.254", Some("metadata")),
            ("2002:a9fe:a9fe::1", Some("metadata")),
            ("::ffff:0.0.0.0", Some("no address")),
            ("::ffff:0:169.254.169.254", Some("metadata")),
            ("::ffff:0:10.0.0.5", None),
            // A NAT64 of one's own, by each length of its prefix.
            ("64:ff9b:1::169.254.169.254", Some("metadata")),
            ("64:ff9b:1:2:3:4:169.254.169.254", Some("metadata")),
            ("64:ff9b:1:a9fe:a9:fe00::", Some("metadata")),
            ("64:ff9b:1:a9:fe:a9fe::", Some("metadata")),
            ("64:ff9b:1::a9:fea9:fe00:0", Some("reserved")),
            ("64:ff9b:1::a:0:500:0", None),
            ("64:ff9b:1::10.0.0.5", None),
            ("64:ff9b:1:a00:0:500::", None),
            ("64:ff9b:1::127.0.0.1", None),
            // Teredo: its server, and the client, whose bits are turned over.
            ("2001:0:a9fe:a9fe::", Some("metadata")),
            ("2001:0:4136:e378:8000:63bf:5601:5601", Some("metadata")),
            ("2001:0:4136:e378:8000:63bf:f5ff:fffa", None),
            ("2001:db8::5efe:169.254.169.254", Some("metadata")),
            ("2001:db8::200:5efe:169.254.169.254", Some("metadata")),
            ("2001:db8::200:5efe:10.0.0.5", None),
            // The prefix of a network of one's own.
            ("2001:db8:64::169.254.169.254", Some("metadata")),
            ("2001:db8:64::100.100.100.200", Some("metadata")),
            ("2001:db8:64::10.0.0.5", None),
            ("2002:6464:64c8::1", Some("metadata")),
            ("2002:a00:5::1", None),
        ] {
            let checked = CameraNetworks::default().check(address.parse().unwrap());
            match (checked, what) {
                (Ok(()), None) => {}
                (Err(error), Some(what)) => assert!(error.to_string().contains(what), "{error}"),
                (checked, _) => panic!("{address}: {checked:?}, expected {what:?}"),
            }
        }
    }

    #[test]
    fn what_is_listed_is_allowed() {
        let networks = ["169.254.0.0/17", "fe80::/10"].map(|n| n.parse().unwrap());
        let reach = CameraNetworks::with(networks.to_vec());
        for (address, allowed) in [
            ("169.254.20.5", true),
            ("::ffff:169.254.20.5", true),
            ("64:ff9b:1::169.254.20.5", true),
            ("64:ff9b:1::169.254.169.254", false),
            ("169.254.169.254", false),
            ("fe80::5", true),
            ("ff02::1", false),
            ("10.0.0.5", true),
        ] {
            assert_eq!(reach.check(address.parse().unwrap()).is_ok(), allowed, "{address}");
        }
    }
}
