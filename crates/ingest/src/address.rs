//! The addresses behind a camera's host name, and which of them razz may connect to.

use std::net::{Ipv6Addr, SocketAddr};

use tokio::net::lookup_host;
use url::Host;

use razz_config::{Forbidden, Source};

/// Why there is nothing to connect to.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// No such name, or nobody to ask.
    #[error("the name {0} has no address: {1}")]
    Unknown(String, std::io::Error),
    /// This machine has no such interface.
    #[error("this machine has no network interface {0}; `ip address` lists those that it has")]
    Zone(String),
    /// All that the name leads to is refused.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
}

/// The addresses of the camera that may be connected to, in the resolver's order; at least one.
///
/// A name may lead elsewhere the next time it is asked, so it is asked before every connection, and
/// the connection is made to what was checked here, not to the name.
///
/// # Errors
/// Where there is none.
pub async fn of(source: &Source) -> Result<Vec<SocketAddr>, Unusable> {
    let port = source.port();
    let found: Vec<SocketAddr> = match source.url.host() {
        Some(Host::Ipv4(ip)) => vec![(ip, port).into()],
        Some(Host::Ipv6(ip)) => match &source.zone {
            None => vec![(ip, port).into()],
            Some(zone) => in_zone(ip, zone, port).await?,
        },
        // `url` takes IPv4 addresses for names in schemes that it does not know, as rtsp.
        Some(Host::Domain(name)) => {
            let unknown = |error| Unusable::Unknown(name.to_owned(), error);
            lookup_host((name, port)).await.map_err(unknown)?.collect()
        }
        None => Vec::new(),
    };
    let mut refused = None;
    let mut usable = Vec::new();
    for address in found {
        match source.reach.check(address.ip()) {
            Ok(()) => usable.push(address),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(error) if usable.is_empty() => Err(error.into()),
        None if usable.is_empty() => {
            let name = source.url.host_str().unwrap_or_default().to_owned();
            Err(Unusable::Unknown(name, std::io::ErrorKind::NotFound.into()))
        }
        _ => Ok(usable),
    }
}

/// The address at one of this machine's interfaces, by its name or number (RFC 4007 section 11).
async fn in_zone(ip: Ipv6Addr, zone: &str, port: u16) -> Result<Vec<SocketAddr>, Unusable> {
    let name = format!("{ip}%{zone}");
    match lookup_host((name.as_str(), port)).await {
        Ok(found) => Ok(found.collect()),
        Err(_) => Err(Unusable::Zone(zone.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use razz_config::{CameraNetworks, Transport};

    fn source(url: &str, allowed: &[&str]) -> Source {
        let mut source = Source::new(url, None, None, Transport::Tcp).unwrap();
        source.reach = CameraNetworks::with(allowed.iter().map(|n| n.parse().unwrap()).collect());
        source
    }

    #[tokio::test]
    async fn names_and_odd_numbers_are_checked_by_what_they_lead_to() {
        for (url, allowed, expected) in [
            ("rtsp://127.0.0.1:8554/s", &[][..], Ok("127.0.0.1:8554")),
            ("rtsp://[::1]/s", &[], Ok("[::1]:554")),
            // One number, as inet_aton(3) takes it.
            ("rtsp://2130706433/s", &[], Ok("127.0.0.1:554")),
            ("rtsp://2852039166/latest", &[], Err("169.254.169.254 is a cloud's metadata")),
            ("rtsp://0xa9fea9fe/", &[], Err("169.254.169.254 is a cloud's metadata")),
            ("rtsp://169.254.7/", &[], Err("169.254.0.7 is link-local")),
            ("rtsp://[::ffff:a9fe:a9fe]/", &[], Err("metadata")),
            ("rtsp://169.254.1.5/", &["169.254.0.0/16"], Ok("169.254.1.5:554")),
            ("rtsp://[fe80::1%lo]/s", &["fe80::/10"], Ok("[fe80::1%1]:554")),
            ("rtsp://[fe80::1%1]:8554/s", &["fe80::/10"], Ok("[fe80::1%1]:8554")),
            ("rtsp://[fe80::1%no-such]/s", &["fe80::/10"], Err("no network interface no-such")),
            ("rtsp://0/", &[], Err("0.0.0.0 is no address of a machine")),
            ("rtsp://no-such-camera.invalid/", &[], Err("no-such-camera.invalid has no address")),
        ] {
            let found = of(&source(url, allowed)).await;
            match (found, expected) {
                (Ok(found), Ok(address)) => {
                    assert_eq!(found[0].to_string(), address, "{url}");
                }
                (Err(error), Err(says)) => {
                    assert!(error.to_string().contains(says), "{url}: {error}");
                }
                (found, _) => panic!("{url}: {found:?}, expected {expected:?}"),
            }
        }
    }
}
