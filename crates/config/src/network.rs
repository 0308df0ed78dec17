//! A network as `10.0.0.0/8` or `fe80::/10` (CIDR, RFC 4632 section 3.1 and RFC 4291 section 2.3).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    address: IpAddr,
    /// How many bits are fixed.
    prefix: u8,
}

/// What is not a network.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseNetworkError {
    /// Neither an address nor an address, a slash and a number.
    #[error("expected a network such as 10.0.0.0/8, or one address such as 10.0.0.5")]
    Shape,
    /// More bits than the address has.
    #[error("the number behind the slash is at most {0} here")]
    Prefix(u8),
    /// Bits behind the prefix are set, so it is unclear what is meant.
    #[error("bits behind the prefix are set; did you mean {0}?")]
    HostBits(Network),
}

/// `address` with everything behind the first `prefix` bits zero.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4((v4.to_bits() & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6((v6.to_bits() & mask).into())
        }
    }
}

impl Network {
    /// Whether `address` is in it. An IPv4 address is the same in IPv6 clothes (`::ffff:10.0.0.5`).
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && masked(address, self.prefix) == self.address
    }
}

impl FromStr for Network {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| ParseNetworkError::Shape)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(digits) if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) => {
                return Err(ParseNetworkError::Shape);
            }
            Some(digits) => match digits.parse() {
                Ok(prefix) if prefix <= bits => prefix,
                _ => return Err(ParseNetworkError::Prefix(bits)),
            },
        };
        let network = Self { address: masked(address, prefix), prefix };
        if network.address == address {
            Ok(network)
        } else {
            Err(ParseNetworkError::HostBits(network))
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_an_address_and_a_number_of_bits() {
        for (text, network) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.5", "10.0.0.5/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("FE80::/10", "fe80::/10"),
            ("::1", "::1/128"),
            ("::/0", "::/0"),
        ] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), network);
        }
    }

    #[test]
    fn a_network_contains_what_begins_like_it() {
        for (network, address, contains) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
            ("10.0.0.5", "10.0.0.5", true),
            ("10.0.0.5", "10.0.0.4", false),
            ("0.0.0.0/0", "203.0.113.7", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "10.0.0.1", false),
            ("fe80::/10", "febf::1", true),
            ("fe80::/10", "fec0::1", false),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), contains, "{network} {address}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for (text, error) in [
            ("", "expected a network"),
            ("10.0.0.0/", "expected a network"),
            ("10.0.0.0/+8", "expected a network"),
            ("example.org/8", "expected a network"),
            ("10.0.0.0/33", "at most 32"),
            ("10.0.0.0/999", "at most 32"),
            ("::/129", "at most 128"),
            ("10.0.0.5/8", "did you mean 10.0.0.0/8?"),
        ] {
            let message = text.parse::<Network>().unwrap_err().to_string();
            assert!(message.contains(error), "{text}: {message}");
        }
    }
}
