//! The media of a session that were set up: whose packet is on which channel, and our reports to each.

use bytes::Bytes;

use crate::headers::Transport;

/// What a packet is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PacketKind {
    /// Media.
    Rtp,
    /// Reports about it.
    Rtcp,
}

/// Whether a medium's packets are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Use {
    /// They are passed on.
    Wanted,
    /// They are dropped: it was set up because the camera sends the others only then.
    Dropped,
}

/// A medium that was set up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Medium {
    index: usize,
    transport: Transport,
    for_use: Use,
}

/// Whose packet is on a channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Owner {
    Medium {
        index: usize,
        kind: PacketKind,
        for_use: Use,
        /// It is on the channel that was agreed on.
        agreed: bool,
    },
    Unknown,
}

/// The media of a session that were set up.
#[derive(Debug, Default)]
pub(crate) struct SetUpMedia(Vec<Medium>);

impl SetUpMedia {
    /// A medium travels like this now.
    pub(crate) fn insert(&mut self, index: usize, transport: Transport, for_use: Use) {
        self.0.retain(|medium| medium.index != index);
        self.0.push(Medium { index, transport, for_use });
    }

    /// Whose a packet of the RTSP connection is.
    pub(crate) fn owner(&self, channel: u8, packet: &[u8]) -> Owner {
        let agreed = self.0.iter().find_map(|medium| match medium.transport {
            Transport::Interleaved { rtp, .. } if rtp == channel => Some((medium, PacketKind::Rtp)),
            Transport::Interleaved { rtcp, .. } if rtcp == channel => {
                Some((medium, PacketKind::Rtcp))
            }
            _ => None,
        });
        match (agreed, &self.0[..]) {
            (Some((&Medium { index, for_use, .. }, kind)), _) => {
                Owner::Medium { index, kind, for_use, agreed: true }
            }
            // Other channels than it said: of one medium alone there is no doubt what they carry.
            (None, &[Medium { index, for_use, .. }]) => {
                Owner::Medium { index, kind: kind_of(packet), for_use, agreed: false }
            }
            (None, _) => Owner::Unknown,
        }
    }

    /// An empty receiver report for each, which says that somebody listens; and its medium and transport.
    pub(crate) fn reports(&self, ssrc: u32) -> impl Iterator<Item = (usize, Transport, Bytes)> {
        let report = Bytes::from(receiver_report(ssrc));
        self.0.iter().map(move |medium| (medium.index, medium.transport, report.clone()))
    }
}

/// What a packet is, by its second byte (RFC 5761 section 4).
fn kind_of(packet: &[u8]) -> PacketKind {
    match packet.get(1) {
        Some(192..=223) => PacketKind::Rtcp,
        _ => PacketKind::Rtp,
    }
}

/// A receiver report without blocks and a canonical name (RFC 3550 sections 6.4.2 and 6.5).
fn receiver_report(ssrc: u32) -> Vec<u8> {
    let mut bytes = vec![0x80, 201, 0, 1];
    bytes.extend_from_slice(&ssrc.to_be_bytes());
    bytes.extend_from_slice(&[0x81, 202, 0, 3]);
    bytes.extend_from_slice(&ssrc.to_be_bytes());
    // CNAME, four letters, the end of the list and padding to whole words.
    bytes.extend_from_slice(&[1, 4]);
    bytes.extend_from_slice(b"razz");
    bytes.extend_from_slice(&[0, 0]);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packets_channel_says_whose_it_is() {
        let (rtp, rtcp) = (&[0x80, 96, 0, 1][..], &[0x80, 200, 0, 1][..]);
        let interleaved = |rtp| Transport::Interleaved { rtp, rtcp: rtp + 1 };
        let owner = |index, kind, for_use, agreed| Owner::Medium { index, kind, for_use, agreed };
        let video = |kind, agreed| owner(1, kind, Use::Wanted, agreed);
        let audio = |kind| owner(0, kind, Use::Dropped, true);
        // (media, channel, packet, owner)
        for (both, channel, packet, expected) in [
            (false, 0, rtp, video(PacketKind::Rtp, true)),
            (false, 1, rtcp, video(PacketKind::Rtcp, true)),
            // The channel has the say.
            (false, 1, rtp, video(PacketKind::Rtcp, true)),
            (false, 4, rtp, video(PacketKind::Rtp, false)),
            (false, 5, rtcp, video(PacketKind::Rtcp, false)),
            (false, 5, &[], video(PacketKind::Rtp, false)),
            (true, 0, rtp, video(PacketKind::Rtp, true)),
            (true, 2, rtp, audio(PacketKind::Rtp)),
            (true, 3, rtcp, audio(PacketKind::Rtcp)),
            // Of two there is doubt.
            (true, 4, rtp, Owner::Unknown),
        ] {
            let mut media = SetUpMedia::default();
            media.insert(1, interleaved(6), Use::Wanted);
            media.insert(1, interleaved(0), Use::Wanted);
            if both {
                media.insert(0, interleaved(2), Use::Dropped);
            }
            assert_eq!(media.owner(channel, packet), expected, "{both} {channel}");
            assert_eq!(media.reports(7).count(), 1 + usize::from(both));
        }
        assert_eq!(SetUpMedia::default().owner(0, rtp), Owner::Unknown);
    }
}
