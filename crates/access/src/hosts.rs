//! Which names razz answers to. A page of another site may let its own name lead to an address of
//! this machine (DNS rebinding) and is then, for the browser, of one origin with razz: only the name
//! that it asks for tells. Nothing here looks at a request, a file or a clock.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

/// The host of a request, without its port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Host {
    /// An IP address. No name leads here, so nobody else's can.
    Address(IpAddr),
    /// A name, in lower case and without a trailing dot.
    Name(String),
}

/// What is no host.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the host has to be a name or an IP address, with or without a port")]
pub struct ParseHostError;

impl Host {
    /// Reads `host [":" port]` (RFC 9110 section 7.2); the port does not matter and goes.
    ///
    /// # Errors
    /// For anything else, such as a user name before it.
    pub fn parse(text: &str) -> Result<Self, ParseHostError> {
        Self::parse_with_port(text).map(|(host, _)| host)
    }

    /// The same with the port, where one is named.
    ///
    /// # Errors
    /// As [`Host::parse`].
    pub fn parse_with_port(text: &str) -> Result<(Self, Option<u16>), ParseHostError> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']').ok_or(ParseHostError)?;
                let address = address.parse().map_err(|_| ParseHostError)?;
                (Self::Address(IpAddr::V6(address).to_canonical()), port)
            }
            None => {
                let at = text.find(':').unwrap_or(text.len());
                (Self::bare(&text[..at])?, &text[at..])
            }
        };
        let digits = port.strip_prefix(':').unwrap_or(port);
        let plain = port.is_empty() || port.starts_with(':');
        if !plain || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(ParseHostError);
        }
        // The colon may stand alone (RFC 3986 section 3.2.3).
        let port = (!digits.is_empty()).then(|| digits.parse());
        Ok((host, port.transpose().map_err(|_| ParseHostError)?))
    }

    /// A name or an IPv4 address.
    fn bare(text: &str) -> Result<Self, ParseHostError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(IpAddr::V4(address)));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if name.is_empty() || name.len() > 253 || !name.bytes().all(plain) {
            return Err(ParseHostError);
        }
        // An address with a dot behind it is still one.
        match name.parse() {
            Ok(address) => Ok(Self::Address(IpAddr::V4(address))),
            Err(_) => Ok(Self::Name(name.to_ascii_lowercase())),
        }
    }

    /// Whether it means the machine of who asks, whatever name servers say (RFC 6761 section 6.3).
    fn is_this_machine(&self) -> bool {
        match self {
            Self::Address(address) => address.is_loopback(),
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// The hosts that are razz's own.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hosts {
    names: BTreeSet<String>,
    addresses: BTreeSet<IpAddr>,
    any_address: bool,
}

impl Hosts {
    /// This machine's own, and the `listed` names and addresses; `*.example.org` is each name with one
    /// label more. `any_address`: every IP address as well, since other machines reach razz by one.
    pub fn new(listed: impl IntoIterator<Item = impl AsRef<str>>, any_address: bool) -> Self {
        let mut hosts = Self { any_address, ..Self::default() };
        for text in listed {
            let text = text.as_ref();
            match text.parse::<IpAddr>() {
                Ok(address) => {
                    hosts.addresses.insert(address.to_canonical());
                }
                Err(_) => {
                    hosts.names.insert(text.trim_end_matches('.').to_ascii_lowercase());
                }
            }
        }
        hosts
    }

    /// Whether `host` is one of them.
    pub fn contain(&self, host: &Host) -> bool {
        (self.any_address && matches!(host, Host::Address(_))) || self.list(host)
    }

    /// Whether `host` is this machine's own or listed: what every address counts for elsewhere counts
    /// for nothing here, since a page may come from any.
    pub fn list(&self, host: &Host) -> bool {
        host.is_this_machine()
            || match host {
                Host::Address(address) => self.addresses.contains(address),
                Host::Name(name) => self.names.contains(name) || self.contain_wildcard_of(name),
            }
    }

    fn contain_wildcard_of(&self, name: &str) -> bool {
        let parent = name.split_once('.').map(|(_, parent)| format!("*.{parent}"));
        parent.is_some_and(|wildcard| self.names.contains(&wildcard))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_without_its_port() {
        for (text, host) in [
            ("localhost", "localhost"),
            ("localhost:8003", "localhost"),
            ("localhost:", "localhost"),
            ("LOCALHOST.", "localhost"),
            ("Razz.Example.ORG.:80", "razz.example.org"),
            ("my_razz", "my_razz"),
            ("127.0.0.1:8003", "127.0.0.1"),
            ("127.0.0.1.", "127.0.0.1"),
            ("[::1]", "::1"),
            ("[::1]:8003", "::1"),
            ("[::FFFF:7f00:1]:8003", "127.0.0.1"),
            // To browsers other spellings of an address; they send the usual one.
            ("2130706433", "2130706433"),
            ("127.1", "127.1"),
        ] {
            assert_eq!(Host::parse(text).unwrap().to_string(), host, "{text}");
        }
        for (text, port) in [
            ("localhost:8003", Some(8003)),
            ("[::1]:080", Some(80)),
            ("localhost:", None),
            ("[::1]", None),
        ] {
            assert_eq!(Host::parse_with_port(text).unwrap().1, port, "{text}");
        }
        let long = "a".repeat(254);
        for text in [
            "",
            ":",
            ":80",
            ".",
            "a b",
            "a/b",
            "a@localhost",
            "localhost:8003:1",
            "localhost:+1",
            "localhost:65536",
            "localhost:123456",
            "::1",
            "[::1",
            "[::1]x",
            "[::1%25lo]",
            "[127.0.0.1]",
            "[]",
            "localhost,evil",
            "k\u{e4}se.example",
            "%6cocalhost",
            long.as_str(),
        ] {
            assert_eq!(Host::parse(text), Err(ParseHostError), "{text}");
        }
    }

    #[test]
    fn only_ones_own_hosts_are_taken() {
        let closed =
            Hosts::new(["cam.example.org", "10.0.0.7", "*.home.example", "Big.Example."], false);
        let open = Hosts::new(["cam.example.org"], true);
        for (text, by_closed, by_open) in [
            ("localhost:8003", true, true),
            ("LocalHost.", true, true),
            ("razz.localhost", true, true),
            ("localhost.evil.example", false, false),
            ("notlocalhost", false, false),
            ("127.0.0.1:8003", true, true),
            ("127.9.9.9", true, true),
            ("[::1]:8003", true, true),
            ("[::ffff:127.0.0.1]", true, true),
            ("cam.example.org", true, true),
            ("CAM.example.org.:443", true, true),
            ("x.cam.example.org", false, false),
            ("cam.example.org.evil.example", false, false),
            ("big.example", true, false),
            ("a.home.example", true, false),
            ("home.example", false, false),
            ("a.b.home.example", false, false),
            ("*.home.example", false, false),
            ("10.0.0.7", true, true),
            ("10.0.0.8", false, true),
            ("[2001:db8::1]:8003", false, true),
            ("0.0.0.0", false, true),
            ("evil.example:8003", false, false),
            ("127.0.0.1.evil.example", false, false),
            ("2130706433", false, false),
        ] {
            let host = Host::parse(text);
            let taken = |hosts: &Hosts| host.as_ref().is_ok_and(|host| hosts.contain(host));
            assert_eq!((taken(&closed), taken(&open)), (by_closed, by_open), "{text}");
            let listed = |hosts: &Hosts| host.as_ref().is_ok_and(|host| hosts.list(host));
            assert_eq!(listed(&closed), by_closed, "{text}");
            let address = matches!(host, Ok(Host::Address(address)) if !address.is_loopback());
            assert_eq!(listed(&open), by_open && !address, "{text}");
        }
    }
}
