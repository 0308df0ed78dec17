//! The values of `Transport`, `Session` and `Public`.

use std::fmt;

use crate::message::Message;

/// How RTP and RTCP of one medium travel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// On two channels of the RTSP connection (RFC 2326 section 10.12).
    Interleaved {
        /// RTP's channel.
        rtp: u8,
        /// RTCP's channel.
        rtcp: u8,
    },
    /// As datagrams to our two ports.
    Udp {
        /// Our port for RTP; RTCP's is the next.
        client_port: u16,
        /// Where the camera says it sends from, RTP then RTCP; `None` before it said so. Cameras are
        /// wrong about it, so it is no more than where to send to.
        server_ports: Option<(u16, u16)>,
    },
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interleaved { rtp, rtcp } => {
                write!(f, "RTP/AVP/TCP;unicast;interleaved={rtp}-{rtcp}")
            }
            Self::Udp { client_port, .. } => {
                let rtcp = client_port.wrapping_add(1);
                write!(f, "RTP/AVP;unicast;client_port={client_port}-{rtcp}")
            }
        }
    }
}

/// What an answer to SETUP says of the transport. `None` where it says nothing that can be read: what
/// was asked for then holds.
pub(crate) fn transport(value: &str, asked: Transport) -> Option<Transport> {
    // Some list several; the first is the one in use.
    let value = value.split(',').next()?;
    let mut parts = value.split(';').map(str::trim);
    let protocol = parts.next()?.to_ascii_uppercase();
    let parameters: Vec<(&str, &str)> = parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
        .collect();
    let find = |name: &str| {
        let mut found = parameters.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| *value)
    };
    if let Some(value) = find("interleaved") {
        let (rtp, rtcp) = pair::<u8>(value)?;
        return Some(Transport::Interleaved { rtp, rtcp });
    }
    match (protocol.contains("TCP"), asked) {
        (false, Transport::Udp { client_port, .. }) => {
            let server_ports = find("server_port").and_then(pair::<u16>);
            Some(Transport::Udp { client_port, server_ports })
        }
        _ => None,
    }
}

/// `first-second`, or `first` alone, which the next number belongs to.
fn pair<N: std::str::FromStr + Copy + Into<u64> + TryFrom<u64>>(value: &str) -> Option<(N, N)> {
    let (first, second) = match value.split_once('-') {
        Some((first, second)) => (first, second.trim().parse().ok()),
        None => (value, None),
    };
    let first: N = first.trim().parse().ok()?;
    Some((first, second.or_else(|| N::try_from(first.into() + 1).ok())?))
}

/// The session that an answer names: its id, and after how many seconds without a sign of life it ends.
pub(crate) fn session(message: &Message) -> Option<(String, Option<u32>)> {
    let value = message.header("Session")?;
    let mut parts = value.split(';').map(str::trim);
    let id = parts.next().filter(|id| !id.is_empty())?;
    let timeout = parts.filter_map(|part| part.split_once('=')).find_map(|(name, value)| {
        let value = value.trim();
        let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
        name.trim().eq_ignore_ascii_case("timeout").then(|| value[..digits].parse().ok())?
    });
    Some((id.to_owned(), timeout))
}

/// Whether an answer's `Public` (or `Allow`) lists a method; `None` where it has neither.
pub(crate) fn lists(message: &Message, method: &str) -> Option<bool> {
    let mut values = message.headers("Public").chain(message.headers("Allow")).peekable();
    values.peek()?;
    let mut methods = values.flat_map(|value| value.split([',', ' ']));
    Some(methods.any(|own| own.trim().eq_ignore_ascii_case(method)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TCP: Transport = Transport::Interleaved { rtp: 0, rtcp: 1 };
    const UDP: Transport = Transport::Udp { client_port: 5000, server_ports: None };

    #[test]
    fn transports() {
        let channels = |rtp, rtcp| Some(Transport::Interleaved { rtp, rtcp });
        let ports = |server_ports| Some(Transport::Udp { client_port: 5000, server_ports });
        for (value, asked, expected) in [
            (
                "RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0A0B0C0D;mode=\"PLAY\"",
                TCP,
                channels(0, 1),
            ),
            ("RTP/AVP/TCP;unicast;interleaved=2-3", TCP, channels(2, 3)),
            ("RTP/AVP/TCP; interleaved = 2 ", TCP, channels(2, 3)),
            ("RTP/AVP;unicast;interleaved=4-7", TCP, channels(4, 7)),
            ("RTP/AVP/TCP;interleaved=255", TCP, None),
            ("RTP/AVP/TCP;unicast", TCP, None),
            ("RTP/AVP/TCP;interleaved=x-y", TCP, None),
            ("", TCP, None),
            ("RTP/AVP/TCP;interleaved=0-1", UDP, channels(0, 1)),
            (
                "RTP/AVP;unicast;client_port=5000-5001;server_port=6000-6001",
                UDP,
                ports(Some((6000, 6001))),
            ),
            ("RTP/AVP/UDP;server_port=6000;source=10.0.0.9", UDP, ports(Some((6000, 6001)))),
            ("RTP/AVP;unicast;client_port=7-8", UDP, ports(None)),
            ("RTP/AVP;server_port=99999", UDP, ports(None)),
            ("RTP/AVP;unicast", TCP, None),
        ] {
            assert_eq!(transport(value, asked), expected, "{value}");
        }
        assert_eq!(TCP.to_string(), "RTP/AVP/TCP;unicast;interleaved=0-1");
        assert_eq!(UDP.to_string(), "RTP/AVP;unicast;client_port=5000-5001");
    }

    #[test]
    fn sessions() {
        for (value, expected) in [
            ("12345678", Some(("12345678", None))),
            ("1;timeout=60", Some(("1", Some(60)))),
            (" 1 ; Timeout = 30 ; x=y", Some(("1", Some(30)))),
            ("1;foo;timeout=60s", Some(("1", Some(60)))),
            ("1;timeout=", Some(("1", None))),
            ("1;timeout=-5", Some(("1", None))),
            (";timeout=60", None),
            ("", None),
        ] {
            let head = format!("RTSP/1.0 200 OK\r\nSession: {value}");
            let found = session(&Message::parse(head.as_bytes()).unwrap());
            let expected = expected.map(|(id, timeout)| (id.to_owned(), timeout));
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn methods_that_are_offered() {
        for (headers, expected) in [
            ("Public: OPTIONS, DESCRIBE,GET_PARAMETER", Some(true)),
            ("Public: OPTIONS DESCRIBE get_parameter", Some(true)),
            ("Public: OPTIONS\r\nPublic: GET_PARAMETER", Some(true)),
            ("Allow: OPTIONS", Some(false)),
            ("Server: x", None),
        ] {
            let head = format!("RTSP/1.0 200 OK\r\n{headers}");
            let message = Message::parse(head.as_bytes()).unwrap();
            assert_eq!(lists(&message, "GET_PARAMETER"), expected, "{headers}");
        }
    }
}
