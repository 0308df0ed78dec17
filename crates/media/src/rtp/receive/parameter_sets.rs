//! All parameter sets of a stream by their ids: what a decoder needs before a key picture.

use std::collections::BTreeMap;

use bytes::Bytes;
use razz_base::Codec;

use super::START_CODE;
use crate::{h264, h265};

/// The longest that is kept, in bytes. Cameras' have some 30, and 1000 with scaling lists.
const MAX_LENGTH: usize = 4096;

/// The kinds, in the order in which decoders need them: each goes by the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Kind {
    Vps,
    Sps,
    Pps,
}

/// The parameter sets that came last, by kind and id: 16 VPS, 32 SPS and 256 PPS at most.
#[derive(Debug)]
pub(super) struct ParameterSets {
    codec: Codec,
    sets: BTreeMap<(Kind, u8), Bytes>,
    /// H.264's, as far as they can be read: by their ids.
    sps: BTreeMap<u8, h264::Sps>,
    /// Which of those H.264's picture parameter sets go by.
    sps_of_pps: BTreeMap<u8, u8>,
    /// All of them with start codes; `None` when they changed since it was made.
    annex_b: Option<Bytes>,
}

impl ParameterSets {
    pub(super) fn new(codec: Codec) -> Self {
        let (sets, sps, sps_of_pps) = Default::default();
        Self { codec, sets, sps, sps_of_pps, annex_b: None }
    }

    /// Keeps a parameter set (without start code) in place of the one with its id; whether it could.
    pub(super) fn insert(&mut self, nal: &[u8]) -> bool {
        // Section 7.4.1 of both standards: a zero at the end is none of it.
        let nal = &nal[..nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)];
        let Some(key) = self.key(nal).filter(|_| nal.len() <= MAX_LENGTH) else { return false };
        if self.sets.get(&key).is_some_and(|set| *set == nal) {
            return true;
        }
        if self.codec == Codec::H264 {
            match key {
                // One that cannot be read is passed on: a decoder may know better.
                (Kind::Sps, id) => match h264::Sps::parse(nal) {
                    Ok(sps) => drop(self.sps.insert(id, sps)),
                    Err(_) => drop(self.sps.remove(&id)),
                },
                (Kind::Pps, id) => {
                    self.sps_of_pps.extend(h264::pps_ids(nal).map(|(_, sps)| (id, sps)));
                }
                (Kind::Vps, _) => {}
            }
        }
        // A copy, so that a few bytes do not keep a packet alive.
        self.sets.insert(key, Bytes::copy_from_slice(nal));
        self.annex_b = None;
        true
    }

    /// All of them with start codes, in the order in which decoders need them.
    pub(super) fn annex_b(&mut self) -> Bytes {
        let Self { sets, annex_b, .. } = self;
        let written = || sets.values().flat_map(|set| [&START_CODE[..], set].concat()).collect();
        annex_b.get_or_insert_with(written).clone()
    }

    /// The sequence parameter set that a picture parameter set of H.264 goes by.
    pub(super) fn sps_of(&self, pps: u8) -> Option<&h264::Sps> {
        self.sps.get(self.sps_of_pps.get(&pps)?)
    }

    fn key(&self, nal: &[u8]) -> Option<(Kind, u8)> {
        match self.codec {
            Codec::H264 => match h264::nal_type(nal)? {
                h264::NalType::Sps => Some((Kind::Sps, h264::sps_id(nal)?)),
                h264::NalType::Pps => Some((Kind::Pps, h264::pps_ids(nal)?.0)),
                _ => None,
            },
            Codec::H265 => match h265::nal_type(nal)? {
                h265::NalType::Vps => Some((Kind::Vps, h265::vps_id(nal)?)),
                h265::NalType::Sps => Some((Kind::Sps, h265::sps_id(nal)?)),
                h265::NalType::Pps => Some((Kind::Pps, h265::pps_ids(nal)?.0)),
                _ => None,
            },
            Codec::Mjpeg => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Baseline, 640x480, id 0; and the same cut short, so that only its id can be read.
    const SPS: &[u8] = b"\x67\x42\xc0\x1f\x8c\x8d\x40\x50\x1e\x80";
    const SPS_CUT: &[u8] = b"\x67\x42\xc0\x1f\x8c";
    /// Of id 1: "010" where the other has "1".
    const SPS_1: &[u8] = b"\x67\x42\xc0\x1f\x43\x23\x50\x14\x07\xa0";
    const PPS: &[u8] = &[0x68, 0xCE, 0x3C, 0x80];
    const PPS_CHANGED: &[u8] = &[0x68, 0xCE, 0x38, 0x80];
    /// Of id 1, by SPS 1.
    const PPS_1: &[u8] = &[0x68, 0b0100_1011, 0x80];
    /// Of id 256.
    const PPS_256: &[u8] = &[0x68, 0b0000_0000, 0b1000_0000, 0b1110_0000];

    #[test]
    fn sets_are_kept_by_id_in_their_order() {
        let long = [PPS, &[1; MAX_LENGTH]].concat();
        let padded = [PPS, &[0; MAX_LENGTH]].concat();
        type Case<'a> = (&'a [(&'a [u8], bool)], &'a [&'a [u8]]);
        let rows: &[Case<'_>] = &[
            (&[(SPS, true), (PPS, true)], &[SPS, PPS]),
            (&[(PPS, true), (SPS, true), (PPS, true)], &[SPS, PPS]),
            (&[(SPS, true), (PPS, true), (PPS_CHANGED, true)], &[SPS, PPS_CHANGED]),
            (&[(PPS_1, true), (SPS_1, true), (PPS, true), (SPS, true)], &[SPS, SPS_1, PPS, PPS_1]),
            (&[(SPS, true), (SPS_CUT, true)], &[SPS_CUT]),
            (&[(&padded, true)], &[PPS]),
            (&[(PPS_256, false), (&[0x68], false), (&[0x67, 1], false), (&long, false)], &[]),
            (&[(&[0x65, 0x88], false), (&[], false)], &[]),
        ];
        for (inserted, expected) in rows {
            let mut sets = ParameterSets::new(Codec::H264);
            for (nal, kept) in *inserted {
                assert_eq!(sets.insert(nal), *kept, "{nal:02x?}");
            }
            let annex_b: Vec<u8> =
                expected.iter().flat_map(|nal| [&START_CODE[..], nal].concat()).collect();
            assert_eq!(sets.annex_b(), annex_b, "{inserted:02x?}");
        }
    }

    #[test]
    fn a_picture_parameter_set_leads_to_its_sequence_parameter_set() {
        let mut sets = ParameterSets::new(Codec::H264);
        for nal in [SPS, PPS, PPS_1] {
            assert!(sets.insert(nal));
        }
        assert_eq!(sets.sps_of(0).map(|sps| sps.id), Some(0));
        assert_eq!(sets.sps_of(1), None);
        assert!(sets.insert(SPS_1));
        assert_eq!(sets.sps_of(1).map(|sps| sps.id), Some(1));
        assert!(sets.insert(SPS_CUT));
        assert_eq!((sets.sps_of(0), sets.sps_of(9)), (None, None));
    }

    #[test]
    fn sets_of_h265() {
        // x265, 640x360.
        let vps: &[u8] = &[0x40, 0x01, 0x0c, 0x01, 0xff, 0xff];
        let sps: &[u8] = &[
            0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00,
            0x00, 0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x71, 0xf2, 0xe5, 0xba, 0x4a, 0x4c,
            0x2f,
        ];
        let pps: &[u8] = &[0x44, 0x01, 0xc1, 0x72];
        let mut sets = ParameterSets::new(Codec::H265);
        for nal in [pps, &sps[..20], sps, vps] {
            assert!(sets.insert(nal), "{nal:02x?}");
        }
        for nal in [&sps[..8], &[0x44, 1], &[0x26, 1, 0xAF], SPS] {
            assert!(!sets.insert(nal), "{nal:02x?}");
        }
        let expected: Vec<u8> =
            [vps, sps, pps].iter().flat_map(|nal| [&START_CODE[..], nal].concat()).collect();
        assert_eq!(sets.annex_b(), expected);
    }
}
