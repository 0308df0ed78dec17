//! From pictures to packets, with the quirks of [`Area::Packets`](super::Area): what a camera adds,
//! doubles, swaps or marks otherwise. It has no socket and no clock, and nothing is by chance but what
//! the dice say.

use std::time::Duration;

use razz_base::Codec;
use razz_media::h264::{Sps, nal_units};
use razz_media::rtp::{Payload, packetize};

use super::bitstream::{RECOVERY_POINT, with_ids, without_idr};
use super::packet::{Draft, Numbering, Packet};
use super::quirk::{Quirk, Quirks};
use crate::dice::Dice;
use crate::footage::MAX_PAYLOAD;

/// The payload type that H.264 has in our SDP, a dynamic one (RFC 3551 section 3).
pub(crate) const PAYLOAD_TYPE: u8 = 96;
/// What odd packets come with: every so many pictures.
const EVERY: u64 = 5;
/// The ids of [`Quirk::ParameterSetsOtherId`].
const OTHER_SPS: u32 = 3;
const OTHER_PPS: u32 = 5;

/// What stands before each NAL unit in a byte stream (H.264 Annex B).
const START_CODE: [u8; 4] = [0, 0, 0, 1];
/// With these, each NAL unit has packets of its own.
const SHAPES_SINGLE_NALS: [Quirk; 4] = [
    Quirk::ParameterSetsApart,
    Quirk::ParameterSetsTogether,
    Quirk::FragmentsWhole,
    Quirk::StartCodesInFront,
];

/// A picture as it goes in.
pub(crate) struct Picture<'a> {
    pub(crate) annex_b: &'a [u8],
    /// Its payloads as a camera without quirks sends them.
    pub(crate) payloads: &'a [Payload],
    pub(crate) idr: bool,
    pub(crate) timestamp: u32,
    /// Goes over UDP.
    pub(crate) udp: bool,
}

/// Numbers one source's packets and spoils them.
pub(crate) struct PacketStage {
    pub(crate) ssrc: u32,
    /// The next packet's.
    pub(crate) sequence: u16,
    dice: Dice,
    /// Pictures and packets so far.
    pictures: u64,
    packets: u64,
    /// The newest SPS and PPS.
    parameter_sets: Vec<Vec<u8>>,
}

fn is_parameter_set(nal: &[u8]) -> bool {
    matches!(nal.first().map(|header| header & 31), Some(7 | 8))
}

fn is_slice(nal: &[u8]) -> bool {
    matches!(nal.first().map(|header| header & 31), Some(1 | 5))
}

impl PacketStage {
    pub(crate) fn new(ssrc: u32, sequence: u16, dice: Dice) -> Self {
        let (pictures, packets, parameter_sets) = (0, 0, Vec::new());
        Self { ssrc, sequence, dice, pictures, packets, parameter_sets }
    }

    /// The packets of a picture, in sending order.
    pub(crate) fn packets(&mut self, quirks: Quirks, picture: &Picture<'_>) -> Vec<Packet> {
        let has = |quirk| quirks.has(quirk);
        let own_timestamp = picture.timestamp.wrapping_sub(900);
        let mut drafts: Vec<Draft> = Vec::new();
        if self.pictures == 0 {
            self.add_first(quirks, picture, &mut drafts);
        }
        if has(Quirk::ParameterSetsOwnTimestamp) && picture.idr {
            let sets = nal_units(picture.annex_b).filter(|nal| is_parameter_set(nal));
            drafts.extend(sets.map(|set| announcement(set, own_timestamp, true)));
        }
        // Any picture (H.264 section 7.3.2.4).
        let delimiter = [0x09, 0xF0];
        // user_data_unregistered (section D.1.7) of 17 bytes.
        let information = [&[0x06, 5, 17][..], &[0x5A; 17], &[0x80]].concat();
        if has(Quirk::DelimiterOwnTimestamp) {
            drafts.push(announcement(&delimiter, own_timestamp, true));
        }
        if has(Quirk::InformationOwnTimestamp) {
            drafts.push(announcement(&information, own_timestamp, true));
        }
        if has(Quirk::DelimiterInFront) {
            drafts.push(announcement(&delimiter, picture.timestamp, false));
        }
        if self.pictures % EVERY == 2 {
            self.add_nonsense(quirks, picture.timestamp, &mut drafts);
        }
        let first = drafts.len();
        for payload in self.payloads(quirks, picture) {
            drafts.push(Draft {
                marker: marker(quirks, &payload),
                payload: payload.data.to_vec(),
                timestamp: picture.timestamp,
                padding: has(Quirk::RtpPadded).then(|| 1 + (self.packets % 7) as u8),
                extended: has(Quirk::RtpExtended),
                contributors: has(Quirk::RtpContributors),
                of_picture: true,
                ..Draft::default()
            });
        }
        let middle = first + (drafts.len() - first) / 2;
        if self.pictures % EVERY == 2 {
            let odd = self.odd(quirks, picture.timestamp);
            drafts.splice(middle..middle, odd);
        }
        if has(Quirk::SequenceJump) && self.pictures > 0 && self.pictures.is_multiple_of(30) {
            self.sequence = self.sequence.wrapping_add(5000);
        }
        let payload_type = if has(Quirk::PayloadTypeOther) { 97 } else { PAYLOAD_TYPE };
        let mut packets: Vec<Packet> =
            drafts.iter().map(|draft| self.number(draft, payload_type)).collect();
        self.spoil(quirks, picture, &mut packets);
        self.pictures += 1;
        packets
    }

    /// What comes before the first picture of all.
    fn add_first(&mut self, quirks: Quirks, picture: &Picture<'_>, drafts: &mut Vec<Draft>) {
        if quirks.has(Quirk::FragmentTailFirst) {
            let timestamp = picture.timestamp.wrapping_sub(3000);
            for (header, marker) in [(0x01, false), (0x01, false), (0x41, true)] {
                let payload = [&[0x7C, header][..], &self.noise(300)].concat();
                drafts.push(Draft { payload, marker, timestamp, ..Draft::default() });
            }
        }
        if quirks.has(Quirk::StraySourceFirst) {
            drafts.push(self.stray(picture.timestamp));
        }
    }

    /// NAL units that no decoder should see.
    fn add_nonsense(&mut self, quirks: Quirks, timestamp: u32, drafts: &mut Vec<Draft>) {
        let rounds = (self.pictures / EVERY) as usize;
        for (quirk, types, numbering) in [
            (
                Quirk::NonsenseNalsNumbered,
                &[0, 24, 25, 26, 27, 28, 29, 30, 31][..],
                Numbering::Next,
            ),
            (
                Quirk::NonsenseNalsBetween,
                &[0, 24, 25, 26, 27, 28, 29, 30, 31][..],
                Numbering::Before,
            ),
            (Quirk::ReservedNals, &[14, 15, 16, 17, 18, 20, 21, 22, 23][..], Numbering::Next),
        ] {
            if quirks.has(quirk) {
                let kind = types[rounds % types.len()];
                // Whole and cut off behind the header in turn.
                let length = if (rounds / types.len()).is_multiple_of(2) { 40 } else { 0 };
                let payload = [&[0x60 | kind][..], &self.noise(length)].concat();
                drafts.push(Draft { payload, timestamp, numbering, ..Draft::default() });
            }
        }
    }

    /// Packets that are none, for the middle of a picture.
    fn odd(&mut self, quirks: Quirks, timestamp: u32) -> Vec<Draft> {
        let has = |quirk| quirks.has(quirk);
        let plain = Draft { timestamp, ..Draft::default() };
        let before = Draft { numbering: Numbering::Before, ..plain.clone() };
        let mut odd = Vec::new();
        if has(Quirk::RtpEmptyNumbered) {
            odd.push(plain.clone());
        }
        if has(Quirk::RtpEmptyBetween) {
            odd.push(before.clone());
        }
        if has(Quirk::RtpPaddingOnlyNumbered) {
            odd.push(Draft { padding: Some(24), ..plain.clone() });
        }
        if has(Quirk::RtpPaddingOnlyBetween) {
            odd.push(Draft { padding: Some(24), ..before });
        }
        if has(Quirk::RtpPaddingTooLong) {
            odd.push(Draft { padding: Some(200), payload: self.noise(30), ..plain.clone() });
        }
        for (quirk, numbering) in [
            (Quirk::UnknownPayloadTypeNumbered, Numbering::Next),
            (Quirk::UnknownPayloadTypeBetween, Numbering::Own(self.dice.next() as u16)),
        ] {
            if has(quirk) {
                let (payload_type, payload) = (Some(120), self.noise(90));
                odd.push(Draft { payload_type, payload, numbering, ..plain.clone() });
            }
        }
        if has(Quirk::StraySource) {
            odd.push(self.stray(timestamp));
        }
        odd
    }

    /// A packet of a source that is not ours, with a slice in it that one could take for ours.
    fn stray(&mut self, timestamp: u32) -> Draft {
        Draft {
            payload: [&[0x41][..], &self.noise(60)].concat(),
            marker: true,
            timestamp,
            ssrc: Some(self.ssrc ^ 0x5555_5555),
            numbering: Numbering::Own(self.dice.next() as u16),
            ..Draft::default()
        }
    }

    /// Bytes of no meaning; as lengths they are too large for what they stand in.
    fn noise(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.dice.next() as u8 | 0x80).collect()
    }

    /// The payloads of the picture.
    fn payloads(&mut self, quirks: Quirks, picture: &Picture<'_>) -> Vec<Payload> {
        let has = |quirk| quirks.has(quirk);
        if picture.idr {
            let sets = nal_units(picture.annex_b).filter(|nal| is_parameter_set(nal));
            self.parameter_sets = sets.map(<[u8]>::to_vec).collect();
        }
        let changes_bits = [
            Quirk::ParameterSetsOwnTimestamp,
            Quirk::ParameterSetsApart,
            Quirk::ParameterSetsTogether,
            Quirk::ParameterSetsInSdpOnly,
            Quirk::ParameterSetsEveryPicture,
            Quirk::ParameterSetsSpare,
            Quirk::ParameterSetsOtherId,
            Quirk::ParameterSetsAlternate,
            Quirk::WholePictureTogether,
            Quirk::FragmentsWhole,
            Quirk::StartCodesInside,
            Quirk::StartCodesInFront,
            Quirk::FillerLast,
            Quirk::LargePackets,
            Quirk::SmallPackets,
            Quirk::NoKeyFrame,
            Quirk::OneKeyFrame,
        ];
        if !quirks.has_any(&changes_bits) {
            return picture.payloads.to_vec();
        }
        let nals = self.nals(quirks, picture);
        let max = if has(Quirk::SmallPackets) {
            200
        } else if has(Quirk::LargePackets) && !picture.udp {
            60_000
        } else {
            MAX_PAYLOAD
        };
        let together: usize = nals.iter().map(|nal| nal.len() + 2).sum();
        let mut payloads: Vec<Payload> = Vec::new();
        let mut add = |data: Vec<u8>| payloads.push(Payload { data: data.into(), marker: false });
        if has(Quirk::WholePictureTogether) && together < max {
            add(aggregated(&nals));
        } else if quirks.has_any(&SHAPES_SINGLE_NALS) {
            for nal in &nals {
                if has(Quirk::ParameterSetsTogether) && is_parameter_set(nal) {
                    add(aggregated(std::slice::from_ref(nal)));
                } else if has(Quirk::StartCodesInFront) && is_parameter_set(nal) {
                    add([&START_CODE[..], nal].concat());
                } else if has(Quirk::FragmentsWhole) && nal.len() <= max {
                    // FU indicator, FU header with start and end (RFC 6184 section 5.8 forbids it).
                    let headers = [nal[0] & 0xE0 | 28, nal[0] & 0x1F | 0xC0];
                    add([&headers[..], &nal[1..]].concat());
                } else {
                    let single = packetize(Codec::H264, &[&START_CODE[..], nal].concat(), max);
                    single.iter().for_each(|payload| add(payload.data.to_vec()));
                }
            }
        } else {
            let (sets, others): (Vec<&Vec<u8>>, Vec<&Vec<u8>>) =
                nals.iter().partition(|nal| has(Quirk::StartCodesInside) && is_parameter_set(nal));
            if !sets.is_empty() {
                add(sets.into_iter().map(Vec::as_slice).collect::<Vec<_>>().join(&START_CODE[..]));
            }
            let annex_b: Vec<u8> =
                others.iter().flat_map(|nal| [&START_CODE[..], nal].concat()).collect();
            let rest = packetize(Codec::H264, &annex_b, max);
            rest.iter().for_each(|payload| add(payload.data.to_vec()));
        }
        if has(Quirk::FillerLast) {
            // Section 7.3.2.7: bytes of ones, and the stop bit.
            add([&[0x0C][..], &[0xFF; 20], &[0x80]].concat());
        }
        let last = payloads.len().saturating_sub(1);
        payloads.iter_mut().enumerate().for_each(|(at, payload)| payload.marker = at == last);
        payloads
    }

    /// The NAL units of the picture, rewritten as the quirks say.
    fn nals(&self, quirks: Quirks, picture: &Picture<'_>) -> Vec<Vec<u8>> {
        let has = |quirk| quirks.has(quirk);
        let sets = &self.parameter_sets;
        let mut nals: Vec<Vec<u8>> = nal_units(picture.annex_b).map(<[u8]>::to_vec).collect();
        if has(Quirk::NoKeyFrame) || has(Quirk::OneKeyFrame) && self.pictures > 0 {
            let sps = sets.iter().find_map(|set| Sps::parse(set).ok());
            for nal in nals.iter_mut().filter(|nal| is_slice(nal)) {
                // Counts on across the loop's seam, where the pictures themselves begin anew.
                let rewritten =
                    sps.as_ref().and_then(|sps| without_idr(nal, sps, self.pictures as u32));
                *nal = rewritten.unwrap_or_else(|| std::mem::take(nal));
            }
            if let Some(at) = nals.iter().position(|nal| picture.idr && is_slice(nal)) {
                nals.insert(at, RECOVERY_POINT.to_vec());
            }
        }
        if has(Quirk::ParameterSetsEveryPicture) && !picture.idr {
            nals.splice(0..0, sets.iter().cloned());
        }
        if has(Quirk::ParameterSetsOtherId) {
            let renamed = |nal: &Vec<u8>| with_ids(nal, OTHER_SPS, OTHER_PPS);
            let mut other: Vec<Vec<u8>> =
                nals.iter().map(|nal| renamed(nal).unwrap_or_else(|| nal.clone())).collect();
            let end = other.iter().rposition(|nal| is_parameter_set(nal)).map_or(0, |at| at + 1);
            if picture.idr {
                other.splice(end..end, sets.iter().cloned());
            }
            nals = other;
        }
        if has(Quirk::ParameterSetsAlternate) && self.pictures % 2 == 1 {
            for nal in nals.iter_mut().filter(|nal| is_slice(nal)) {
                *nal = with_ids(nal, 0, 1).unwrap_or_else(|| std::mem::take(nal));
            }
        }
        let mut more: Vec<Vec<u8>> = Vec::new();
        if has(Quirk::ParameterSetsAlternate) && picture.idr {
            let pps = sets.iter().filter(|set| set[0] & 31 == 8);
            more.extend(pps.filter_map(|set| with_ids(set, 0, 1)));
        }
        if has(Quirk::ParameterSetsSpare) && picture.idr {
            for (sps, pps) in [(1, 1), (1, 2), (2, 3)] {
                more.extend(sets.iter().filter_map(|set| with_ids(set, sps, pps)));
            }
        }
        let end = nals.iter().rposition(|nal| is_parameter_set(nal)).map_or(0, |at| at + 1);
        nals.splice(end..end, more);
        if quirks.has_any(&[Quirk::ParameterSetsInSdpOnly, Quirk::ParameterSetsOwnTimestamp]) {
            nals.retain(|nal| !is_parameter_set(nal));
        }
        nals
    }

    fn number(&mut self, draft: &Draft, payload_type: u8) -> Packet {
        let sequence = match draft.numbering {
            Numbering::Next => {
                self.sequence = self.sequence.wrapping_add(1);
                self.sequence.wrapping_sub(1)
            }
            Numbering::Before => self.sequence.wrapping_sub(1),
            Numbering::Own(sequence) => sequence,
        };
        let bytes = draft.to_bytes(payload_type, sequence, self.ssrc);
        Packet { of_picture: draft.of_picture, ..Packet::rtp(bytes) }
    }

    /// What happens to packets that have their numbers.
    fn spoil(&mut self, quirks: Quirks, picture: &Picture<'_>, packets: &mut Vec<Packet>) {
        let has = |quirk| quirks.has(quirk);
        if picture.udp && has(Quirk::SwappedNeighbours) {
            packets.chunks_exact_mut(2).for_each(|pair| pair.swap(0, 1));
            // One that has no neighbour in its picture comes behind the next picture's.
            if let [alone] = &mut packets[..]
                && self.pictures % EVERY == 2
            {
                alone.delay = Duration::from_millis(40);
            }
        }
        let mut out: Vec<Packet> = Vec::with_capacity(packets.len() * 2);
        let mut later: Option<Packet> = None;
        for mut packet in packets.drain(..) {
            self.packets += 1;
            let tenth = self.packets.is_multiple_of(10);
            if picture.udp && tenth && has(Quirk::LateTenth) {
                packet.delay = Duration::from_millis(20);
            }
            let again = Packet { of_picture: false, ..packet.clone() };
            out.push(packet);
            out.extend(later.take());
            if has(Quirk::DoublesAll) || tenth && has(Quirk::DoublesTenth) {
                out.push(again);
            } else if tenth && has(Quirk::DoublesLater) {
                later = Some(again);
            }
        }
        out.extend(later);
        if self.pictures % EVERY == 2
            && let Some(middle) = out.get(out.len() / 2).cloned()
        {
            let at = out.len() / 2;
            if has(Quirk::RtpShort) {
                out.insert(at, Packet::rtp(middle.bytes[..6].to_vec()));
            }
            if has(Quirk::RtpVersion) {
                let mut bytes = middle.bytes;
                bytes[0] = bytes[0] & 0x3F | 0x40;
                out.insert(at, Packet::rtp(bytes));
            }
        }
        *packets = out;
    }
}

/// A NAL unit in front of a picture.
fn announcement(nal: &[u8], timestamp: u32, marker: bool) -> Draft {
    Draft { payload: nal.to_vec(), marker, timestamp, ..Draft::default() }
}

/// NAL units in one STAP-A (RFC 6184 section 5.7.1).
fn aggregated(nals: &[Vec<u8>]) -> Vec<u8> {
    let importance = nals.iter().filter_map(|nal| nal.first()).map(|b| b & 0x60).max();
    let mut data = vec![importance.unwrap_or(0) | 24];
    for nal in nals {
        data.extend_from_slice(&(nal.len() as u16).to_be_bytes());
        data.extend_from_slice(nal);
    }
    data
}

/// The marker of a picture's payload.
fn marker(quirks: Quirks, payload: &Payload) -> bool {
    let [header, fragment] = [0, 1].map(|at| payload.data.get(at).copied().unwrap_or(0));
    let kind = header & 31;
    let ends_slice = matches!(kind, 1 | 5) || kind == 28 && fragment & 0x40 != 0;
    let is_sets = matches!(kind, 7 | 8 | 24);
    if quirks.has(Quirk::MarkerNever) {
        false
    } else {
        payload.marker
            || quirks.has(Quirk::MarkerEveryPacket)
            || quirks.has(Quirk::MarkerEverySlice) && ends_slice
            || quirks.has(Quirk::MarkerOnParameterSets) && is_sets
    }
}

#[cfg(test)]
mod tests;
