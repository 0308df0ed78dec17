//! How packets get to a client: what SETUP agrees on (RFC 2326 section 12.39).

use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use super::packet::Kind;
use super::quirk::{Quirk, Quirks};

/// How packets get to the client.
pub(crate) enum Transport {
    /// On channels of the RTSP connection (RFC 2326 section 10.12).
    Interleaved {
        /// RTP's channel.
        rtp: u8,
        /// RTCP's channel.
        rtcp: u8,
    },
    /// On a pair of sockets that are connected to the client's.
    Udp {
        /// For RTP.
        rtp: UdpSocket,
        /// For RTCP, both ways.
        rtcp: UdpSocket,
        /// Where packets are sent from in place of these.
        others: Option<(UdpSocket, UdpSocket)>,
    },
}

impl Transport {
    /// Opens what one offer of a client asks for and says how it is called. The packets go from
    /// `local` to the address `peer` that asked and nowhere else, whatever `destination` says.
    pub(crate) fn open(
        offer: &str,
        local: IpAddr,
        peer: IpAddr,
        quirks: Quirks,
    ) -> Option<(Self, String)> {
        let mut parts = offer.trim().split(';');
        let protocol = parts.next()?.trim().to_ascii_uppercase();
        let parameters: Vec<&str> = parts.map(str::trim).collect();
        if parameters.iter().any(|name| name.eq_ignore_ascii_case("multicast")) {
            return None;
        }
        let pair = |name: &str| {
            let (_, value) = parameters
                .iter()
                .filter_map(|parameter| parameter.split_once('='))
                .find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
            let (first, second) = match value.split_once('-') {
                Some((first, second)) => (first.trim().parse().ok()?, second.trim().parse().ok()?),
                None => {
                    let first: u16 = value.trim().parse().ok()?;
                    (first, first.checked_add(1)?)
                }
            };
            Some((first, second))
        };
        match protocol.as_str() {
            "RTP/AVP/TCP" => {
                let (rtp, rtcp) = pair("interleaved").unwrap_or((0, 1));
                let (rtp, rtcp) = (u8::try_from(rtp).ok()?, u8::try_from(rtcp).ok()?);
                let others = (rtp.wrapping_add(2), rtcp.wrapping_add(2));
                let (used, said) = if quirks.has(Quirk::ChannelsMoved) {
                    (others, others)
                } else if quirks.has(Quirk::ChannelsUnlikeAnswer) {
                    (others, (rtp, rtcp))
                } else {
                    ((rtp, rtcp), (rtp, rtcp))
                };
                let named = format!("RTP/AVP/TCP;unicast;interleaved={}-{}", said.0, said.1);
                Some((Self::Interleaved { rtp: used.0, rtcp: used.1 }, named))
            }
            "RTP/AVP" | "RTP/AVP/UDP" => {
                let (rtp_port, rtcp_port): (u16, u16) = pair("client_port")?;
                let connected = |from: IpAddr| {
                    let (rtp, rtcp) = socket_pair(from).ok()?;
                    rtp.connect((peer, rtp_port)).ok()?;
                    rtcp.connect((peer, rtcp_port)).ok()?;
                    rtcp.set_nonblocking(true).ok()?;
                    Some((rtp, rtcp))
                };
                let (rtp, rtcp) = connected(local)?;
                let others = if quirks.has(Quirk::OtherPort) {
                    connected(local)
                } else if quirks.has(Quirk::OtherAddress) && local == Ipv4Addr::LOCALHOST {
                    connected(Ipv4Addr::new(127, 0, 0, 2).into())
                } else {
                    None
                };
                let (a, b) = (rtp.local_addr().ok()?.port(), rtcp.local_addr().ok()?.port());
                let named = format!(
                    "RTP/AVP;unicast;client_port={rtp_port}-{rtcp_port};server_port={a}-{b}"
                );
                Some((Self::Udp { rtp, rtcp, others }, named))
            }
            _ => None,
        }
    }

    /// Whether packets are datagrams.
    pub(crate) fn is_udp(&self) -> bool {
        matches!(self, Self::Udp { .. })
    }

    /// Sends a packet as a datagram, or puts it into `connection` as an interleaved frame.
    pub(crate) fn send(&self, kind: Kind, bytes: &[u8], connection: &mut Vec<u8>) {
        match self {
            Self::Interleaved { rtp, rtcp } => {
                let channel = if kind == Kind::Rtp { *rtp } else { *rtcp };
                connection.extend_from_slice(&[b'$', channel]);
                connection.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
                connection.extend_from_slice(bytes);
            }
            Self::Udp { rtp, rtcp, others } => {
                let (rtp, rtcp) = others.as_ref().map_or((rtp, rtcp), |(a, b)| (a, b));
                // Nobody listening any more shows in the RTSP connection, not here.
                let _ = if kind == Kind::Rtp { rtp.send(bytes) } else { rtcp.send(bytes) };
            }
        }
    }

    /// Whether the client spoke on its RTCP socket since the last call.
    pub(crate) fn heard_rtcp(&self) -> bool {
        let Self::Udp { rtcp, others, .. } = self else { return false };
        let mut buffer = [0; 1500];
        let mut heard = false;
        for socket in [Some(rtcp), others.as_ref().map(|(_, rtcp)| rtcp)].into_iter().flatten() {
            while socket.recv(&mut buffer).is_ok() {
                heard = true;
            }
        }
        heard
    }
}

/// Two sockets with neighbouring ports, the first even (RFC 3550 section 11).
fn socket_pair(local: IpAddr) -> io::Result<(UdpSocket, UdpSocket)> {
    for _ in 0..64 {
        let rtp = UdpSocket::bind((local, 0))?;
        let port = rtp.local_addr()?.port();
        if port % 2 == 0
            && let Ok(rtcp) = UdpSocket::bind((local, port + 1))
        {
            return Ok((rtp, rtcp));
        }
    }
    Err(io::Error::other("no two neighbouring UDP ports are free"))
}
