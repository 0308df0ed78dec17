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
        // Written one way, reached another: both have to be right.
        let disguised = embedded(address).map(IpAddr::V4);
        match what_is_wrong_with(address).or_else(|| what_is_wrong_with(disguised?)) {
            Some(what) if !allowed(address) && !disguised.is_some_and(allowed) => {
                Err(Forbidden { address, what })
            }
            _ => Ok(()),
        }
    }
}

/// Where the clouds tell a machine its secrets, outside the link-local networks: Alibaba, Oracle's
/// first generation, Azure's agent; Amazon, Google and Scaleway over IPv6.
const METADATA: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42)),
];

/// What `address` is, if it is nothing that a camera has.
fn what_is_wrong_with(address: IpAddr) -> Option<&'static str> {
    if METADATA.contains(&address) {
        return Some("a cloud's metadata service");
    }
    match address {
        IpAddr::V4(v4) => match v4.octets() {
            [0, ..] => Some("no address of a machine"), // RFC 1122 section 3.2.1.3
            [169, 254, 169, 254] => Some("a cloud's metadata service"),
            [169, 254, ..] => Some("link-local"), // RFC 3927
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

/// The IPv4 address that the way to `address` ends at: mapped and compatible addresses (RFC 4291
/// section 2.5.5), those of a NAT64 (RFC 6052 section 2.1) and of 6to4 (RFC 3056 section 2).
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let (high, low) = match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => (g, h),
        // ::1 and :: are themselves.
        (0, 0, 0, 0, 0, 0) if g != 0 => (g, h),
        (0x2002, ..) => (b, c),
        _ => return None,
    };
    Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
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
            ("169.254.169.254", false),
            ("fe80::5", true),
            ("ff02::1", false),
            ("10.0.0.5", true),
        ] {
            assert_eq!(reach.check(address.parse().unwrap()).is_ok(), allowed, "{address}");
        }
    }
}
