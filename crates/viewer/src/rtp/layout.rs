//! What was agreed on for the stream, and the headers of its packets (RFC 3550 section 5.1, RFC 8285).

use razz_base::{Codec, ntp};
use str0m::Rtc;
use str0m::media::{Mid, Pt};
use str0m::rtp::Extension;

/// The longest header, in bytes: the fixed one, and all extensions.
pub(super) const MAX_HEADER: usize = 64;
/// The marker of extensions with headers of one byte, whose ids are 1 to 14 (RFC 8285 section 4.2).
const ONE_BYTE: [u8; 4] = [0xBE, 0xDE, 0, 0];
const HIGHEST_ID: u8 = 14;
/// Longer names of sections are not repeated in packets.
const LONGEST_MID: usize = 8;
/// The most that the page may hold playback back, in units of 10 ms.
const LONGEST_DELAY: u16 = 50;

/// What a stream's packets say of themselves.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Of the camera's codec, and of that of our own encodings where that is another and was agreed on too.
    pub(super) codec: PayloadTypes,
    other: Option<PayloadTypes>,
    pub(super) ssrc: u32,
    /// The SSRC of what is sent again.
    pub(super) again: Option<u32>,
    pub(super) cname: String,
    mid: String,
    /// Ids of header extensions: transport-wide number, section's name, playout delay, capture time.
    number: Option<u8>,
    name: Option<u8>,
    delay: Option<u8>,
    captured: Option<u8>,
}

/// What tells the packets of a codec.
#[derive(Clone, Copy, Debug)]
pub(super) struct PayloadTypes {
    pub(super) codec: Codec,
    pub(super) media: u8,
    /// Of packets that are sent again; of no use where none are.
    pub(super) again: u8,
}

/// What a header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) payload_type: u8,
    pub(super) ssrc: u32,
    pub(super) sequence: u16,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    /// All of the payload is padding.
    pub(super) padded: bool,
    /// With the section's name.
    pub(super) named: bool,
    /// With the time of capture, in µs since 1970, and the playout delay.
    pub(super) captured_us: Option<i64>,
}

impl Layout {
    /// As it stands in an answer, for what is sent as the payload types `first` and `other`; `None` where the
    /// section sends nothing.
    pub(crate) fn agreed(
        rtc: &mut Rtc,
        mid: Mid,
        first: (Codec, Pt),
        other: Option<(Codec, Pt)>,
    ) -> Option<Self> {
        let media = rtc.media(mid)?;
        let cname = media.cname().to_owned();
        let extensions = media.remote_extmap().clone();
        let (mut tells, mut repairs) = (true, true);
        let params = rtc.codec_config().params();
        let mut of = |(codec, pt): (Codec, Pt)| {
            let params = params.iter().find(|params| params.pt() == pt);
            let again = params.and_then(|params| params.resend());
            tells &= params.is_some_and(|params| params.fb_transport_cc());
            repairs &= again.is_some();
            PayloadTypes { codec, media: *pt, again: *again.unwrap_or(pt) }
        };
        let (codec, other) = (of(first), other.map(of));
        let mut direct = rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, None)?;
        let again = stream.rtx().filter(|_| repairs).map(|ssrc| *ssrc);
        let id = |extension| extensions.id_of(extension).filter(|id| (1..=HIGHEST_ID).contains(id));
        Some(Self {
            codec,
            other,
            ssrc: *stream.ssrc(),
            again,
            cname,
            mid: mid.to_string(),
            // What is sent again without a number of its own is the same bit for bit.
            number: id(Extension::TransportSequenceNumber).filter(|_| tells && again.is_some()),
            name: id(Extension::RtpMid).filter(|_| mid.to_string().len() <= LONGEST_MID),
            delay: id(Extension::PlayoutDelay),
            captured: id(Extension::AbsoluteCaptureTime),
        })
    }

    /// Whether packets of `codec` can be sent.
    pub(crate) fn takes(&self, codec: Codec) -> bool {
        self.codec.codec == codec || self.other.is_some_and(|other| other.codec == codec)
    }

    /// The payload types of `codec`; those of the camera's for what was not agreed on, which is not sent.
    pub(super) fn of(&self, codec: Codec) -> PayloadTypes {
        self.other.filter(|other| other.codec == codec).unwrap_or(self.codec)
    }

    /// Whether the peer tells when packets arrive.
    pub(super) fn tells_arrivals(&self) -> bool {
        self.number.is_some()
    }

    /// Nothing asks for the numbers of packets.
    pub(super) fn without_number(self) -> Self {
        Self { number: None, ..self }
    }

    /// Writes a header; its length, and the place of the transport-wide number, which is left at zero.
    pub(super) fn write(
        &self,
        header: Header,
        out: &mut [u8; MAX_HEADER],
    ) -> (usize, Option<usize>) {
        out[0] = 0x80 | u8::from(header.padded) << 5;
        out[1] = header.payload_type | u8::from(header.marker) << 7;
        out[2..4].copy_from_slice(&header.sequence.to_be_bytes());
        out[4..8].copy_from_slice(&header.timestamp.to_be_bytes());
        out[8..12].copy_from_slice(&header.ssrc.to_be_bytes());
        let begin = 12 + ONE_BYTE.len();
        let mut end = begin;
        let mut put = |id: u8, bytes: &[u8]| {
            out[end] = id << 4 | (bytes.len() - 1) as u8;
            out[end + 1..end + 1 + bytes.len()].copy_from_slice(bytes);
            end += 1 + bytes.len();
            end - bytes.len()
        };
        let number_at = self.number.map(|id| put(id, &[0; 2]));
        if let Some(id) = self.name.filter(|_| header.named) {
            put(id, self.mid.as_bytes());
        }
        if let Some(us) = header.captured_us {
            if let Some(id) = self.delay {
                // Play at once, and let the page hold playback back if it wants to: twelve bits each.
                put(id, &u32::from(LONGEST_DELAY).to_be_bytes()[1..]);
            }
            if let Some(id) = self.captured {
                put(id, &ntp::from_unix_us(us).to_be_bytes());
            }
        }
        if end == begin {
            return (12, None);
        }
        let words = (end - begin).div_ceil(4);
        out[end..begin + 4 * words].fill(0);
        out[0] |= 0x10;
        out[12..begin].copy_from_slice(&ONE_BYTE);
        out[15] = words as u8;
        (begin + 4 * words, number_at)
    }
}

#[cfg(test)]
impl Layout {
    /// With the extensions that browsers take, by the ids 3, 4, 12 and 13, and a section named "v0".
    pub(super) fn for_tests(media: u8, ssrc: u32, again: Option<(u8, u32)>) -> Self {
        let of = |codec, add| PayloadTypes {
            codec,
            media: media + add,
            again: again.map_or(0, |(number, _)| number + add),
        };
        Self {
            codec: of(Codec::H264, 0),
            other: Some(of(Codec::H265, 10)),
            ssrc,
            again: again.map(|(_, ssrc)| ssrc),
            cname: "razz".to_owned(),
            mid: "v0".to_owned(),
            number: again.map(|_| 3),
            name: Some(4),
            delay: Some(12),
            captured: Some(13),
        }
    }
}
