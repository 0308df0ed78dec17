//! The addresses at which browsers find us, for the candidates in answers.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::Path;

use razz_viewer::SessionSettings;
use tracing::warn;

/// What the candidates are made of.
pub(crate) struct Addresses {
    /// As bound.
    local: SocketAddr,
    /// IP addresses and host names from the settings.
    advertise: Vec<String>,
    tcp: bool,
}

/// An address of this host.
struct Interface {
    name: String,
    ip: IpAddr,
}

impl Addresses {
    pub(crate) fn new(local: SocketAddr, advertise: &[String], tcp: bool) -> Self {
        Self { local, advertise: advertise.to_vec(), tcp }
    }

    /// Whether looking again may give another result.
    pub(crate) fn may_change(&self) -> bool {
        self.local.ip().is_unspecified()
            || self.advertise.iter().any(|name| name.parse::<IpAddr>().is_err())
    }

    /// `settings` with the candidates as they are now.
    pub(crate) fn resolve(&self, settings: &SessionSettings) -> SessionSettings {
        let interfaces: Vec<Interface> = if_addrs::get_if_addrs()
            .unwrap_or_default()
            .into_iter()
            .map(|interface| Interface { ip: interface.ip(), name: interface.name })
            .collect();
        let mut advertised = Vec::new();
        for name in &self.advertise {
            match (name.as_str(), self.local.port()).to_socket_addrs() {
                Ok(addresses) => advertised.extend(addresses.map(|address| address.ip())),
                Err(error) => warn!("server.advertise: {name} does not resolve: {error}"),
            }
        }
        let found = candidates(self.local, &advertised, &interfaces, in_container());
        SessionSettings {
            tcp: if self.tcp { found.clone() } else { Vec::new() },
            udp: found,
            ..settings.clone()
        }
    }
}

/// Docker and Podman leave these files in every container.
fn in_container() -> bool {
    ["/.dockerenv", "/run/.containerenv"].iter().any(|file| Path::new(file).exists())
}

/// What is advertised, and the address we are bound to, or for an unspecified address those of this
/// host that others can reach. Inside a container nobody else reaches the host's own addresses: they
/// are left out as soon as any are advertised.
fn candidates(
    local: SocketAddr,
    advertised: &[IpAddr],
    interfaces: &[Interface],
    in_container: bool,
) -> Vec<SocketAddr> {
    let mut found: Vec<IpAddr> = advertised.to_vec();
    let hidden = in_container && !advertised.is_empty();
    if !local.ip().is_unspecified() {
        if !hidden || local.ip().is_loopback() {
            found.push(local.ip());
        }
    } else if !hidden {
        let usable = |interface: &&Interface| {
            (local.is_ipv6() || interface.ip.is_ipv4())
                && !is_link_local(interface.ip)
                && !is_internal(&interface.name)
        };
        let mut own: Vec<IpAddr> = interfaces.iter().filter(usable).map(|i| i.ip).collect();
        // Loopback last: only a browser on this host can use it.
        own.sort_by_key(IpAddr::is_loopback);
        found.extend(own);
    }
    if found.is_empty() {
        found.push(local.ip());
    }
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for ip in found {
        let address = SocketAddr::new(ip.to_canonical(), local.port());
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    addresses
}

/// Bridges between this host and its containers and virtual machines: no browser is behind them.
fn is_internal(interface: &str) -> bool {
    ["docker", "br-", "veth", "virbr", "cni", "podman", "lxcbr", "flannel", "cali"]
        .iter()
        .any(|start| interface.starts_with(start))
}

fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_what_browsers_can_reach() {
        let interfaces: Vec<Interface> = [
            ("lo", "127.0.0.1"),
            ("lo", "::1"),
            ("eth0", "192.168.1.5"),
            ("eth0", "2001:db8::5"),
            ("eth0", "fe80::5"),
            ("docker0", "172.17.0.1"),
            ("br-0a1b", "172.18.0.1"),
            ("eth1", "169.254.3.4"),
        ]
        .map(|(name, ip)| Interface { name: name.to_owned(), ip: ip.parse().unwrap() })
        .into();
        // (bound to, advertised, in a container, candidates without their port)
        for (local, advertised, in_container, expected) in [
            ("127.0.0.1:9", &[][..], false, &["127.0.0.1"][..]),
            ("0.0.0.0:9", &[], false, &["192.168.1.5", "127.0.0.1"]),
            ("[::]:9", &[], false, &["192.168.1.5", "2001:db8::5", "127.0.0.1", "::1"]),
            ("[::1]:9", &[], false, &["::1"]),
            ("0.0.0.0:9", &["203.0.113.7"], false, &["203.0.113.7", "192.168.1.5", "127.0.0.1"]),
            ("0.0.0.0:9", &["203.0.113.7", "2001:db8::7"], true, &["203.0.113.7", "2001:db8::7"]),
            ("192.168.1.5:9", &["203.0.113.7"], true, &["203.0.113.7"]),
            ("192.168.1.5:9", &["203.0.113.7"], false, &["203.0.113.7", "192.168.1.5"]),
            ("192.168.1.5:9", &["192.168.1.5"], false, &["192.168.1.5"]),
            ("127.0.0.1:9", &["203.0.113.7"], true, &["203.0.113.7", "127.0.0.1"]),
            ("0.0.0.0:9", &[], true, &["192.168.1.5", "127.0.0.1"]),
        ] {
            let advertised: Vec<IpAddr> = advertised.iter().map(|ip| ip.parse().unwrap()).collect();
            let local = local.parse().unwrap();
            let found = candidates(local, &advertised, &interfaces, in_container);
            let ips: Vec<String> = found.iter().map(|address| address.ip().to_string()).collect();
            assert_eq!(ips, expected, "{local} {advertised:?} {in_container}");
            assert!(found.iter().all(|address| address.port() == 9));
        }
        assert_eq!(candidates("0.0.0.0:9".parse().unwrap(), &[], &[], false).len(), 1);
    }

    #[test]
    fn names_are_resolved() {
        let local = "127.0.0.1:9".parse().unwrap();
        let names = ["localhost".to_owned(), "no.such.host.invalid".to_owned()];
        let addresses = Addresses::new(local, &names, true);
        assert!(addresses.may_change());
        let settings = SessionSettings {
            epoch: razz_observe::clock::Clock::start().instant(razz_base::MonoTime::from_us(0)),
            certificate: None,
            udp: Vec::new(),
            tcp: Vec::new(),
            replay_bits_per_second: 1,
            adapt: false,
        };
        let settings = addresses.resolve(&settings);
        assert!(settings.udp.contains(&local), "{:?}", settings.udp);
        assert_eq!(settings.udp, settings.tcp);
        assert!(!Addresses::new(local, &["10.0.0.1".to_owned()], false).may_change());
    }
}
