//! What an access unit is made of, by a look at the headers of its NAL units: nothing is decoded.

use razz_base::{AccessUnit, Codec};

use crate::h264::{self, SliceType, nal_units};
use crate::h265;

/// What kind of picture an access unit holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum PictureKind {
    /// None: no slice is in it.
    #[default]
    None,
    /// One that is coded without others.
    Intra,
    /// One that leans on others.
    Predicted,
}

/// What an access unit is made of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contents {
    /// What kind of picture.
    pub kind: PictureKind,
    /// Bytes of its slices; what stands beside them (timestamps in SEI messages, filler) says nothing of
    /// the picture.
    pub bytes: usize,
    /// Whether other pictures may lean on it.
    pub referenced: bool,
}

impl Contents {
    /// Of `au`. It costs the search for start codes, a third of a step for each byte.
    pub fn of(au: &AccessUnit) -> Self {
        match au.codec() {
            Codec::H264 => of_h264(&au.data),
            Codec::H265 => of_h265(&au.data, &au.format.parameter_sets),
            Codec::Mjpeg => {
                Self { kind: PictureKind::Intra, bytes: au.data.len(), referenced: false }
            }
        }
    }
}

/// Where nothing is known: it may be leant on.
impl Default for Contents {
    fn default() -> Self {
        Self { kind: PictureKind::None, bytes: 0, referenced: true }
    }
}

fn of_h264(annex_b: &[u8]) -> Contents {
    let (mut kind, mut bytes, mut referenced) = (PictureKind::None, 0, false);
    for nal in nal_units(annex_b) {
        if !h264::nal_type(nal).is_some_and(h264::NalType::is_vcl) {
            continue;
        }
        if kind == PictureKind::None {
            let intra = matches!(h264::slice_type(nal), Ok(Some(SliceType::I | SliceType::Si)));
            kind = if intra { PictureKind::Intra } else { PictureKind::Predicted };
        }
        bytes += nal.len();
        // Section 7.4.1: nal_ref_idc is 0 on all slices of a picture or on none.
        referenced |= nal[0] & 0x60 != 0;
    }
    Contents { kind, bytes, referenced: referenced || kind == PictureKind::None }
}

fn of_h265(annex_b: &[u8], parameter_sets: &[u8]) -> Contents {
    let (mut kind, mut bytes, mut unreferenced) = (PictureKind::None, 0, true);
    for nal in nal_units(annex_b) {
        let Some(nal_type) = h265::nal_type(nal).filter(|kind| kind.is_vcl()) else { continue };
        if kind == PictureKind::None {
            let intra = nal_type.is_irap();
            kind = if intra { PictureKind::Intra } else { PictureKind::Predicted };
        }
        bytes += nal.len();
        unreferenced = unreferenced && is_sub_layer_non_reference(nal_type);
        // Pictures of higher temporal layers may lean on it, and of its own they may not (table 7-1).
        unreferenced = unreferenced && {
            let layer = (nal[1] & 7).wrapping_sub(1);
            highest_layer(parameter_sets).is_some_and(|highest| layer >= highest)
        };
    }
    Contents { kind, bytes, referenced: !unreferenced || kind == PictureKind::None }
}

/// Even types below 16: TRAIL_N, TSA_N, STSA_N, RADL_N and RASL_N.
fn is_sub_layer_non_reference(kind: h265::NalType) -> bool {
    matches!(kind.as_u8(), 0 | 2 | 4 | 6 | 8)
}

/// The highest `TemporalId` that the sequence parameter sets allow (`sps_max_sub_layers_minus1`, section
/// 7.3.2.2.1). `None` where there is none of them.
fn highest_layer(parameter_sets: &[u8]) -> Option<u8> {
    let sets = nal_units(parameter_sets);
    let sps = sets.filter(|nal| h265::nal_type(nal) == Some(h265::NalType::Sps));
    sps.filter_map(|nal| nal.get(2).map(|byte| byte >> 1 & 7)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annex_b(nals: &[&[u8]]) -> Vec<u8> {
        nals.iter().flat_map(|nal| [&[0, 0, 1][..], nal].concat()).collect()
    }

    #[test]
    fn h264_says_what_it_holds_in_its_first_bytes() {
        use PictureKind::{Intra, None, Predicted};
        // first_mb_in_slice 0 is "1", slice_type 5 (P) "00110", 7 (I) "0001000", 0 (P) "1".
        let (p, i) = (0b1001_1000, 0b1000_1000);
        for (nals, kind, bytes, referenced) in [
            (&[][..], None, 0, true),
            (&[&[0x09, 0xF0][..], &[0x06, 5, 1, 1, 0x80]], None, 0, true),
            (&[&[0x09, 0xF0], &[0x06, 5, 1, 1, 0x80], &[0x41, p, 9, 9]], Predicted, 4, true),
            (&[&[0x01, p, 9, 9]], Predicted, 4, false),
            // Two slices, and filler behind them.
            (&[&[0x01, p, 9, 9], &[0x01, 0x40, 9], &[0x0C, 0xFF, 0xFF, 0x80]], Predicted, 7, false),
            (&[&[0x01, p, 9, 9], &[0x21, 0x40, 9]], Predicted, 7, true),
            (&[&[0x67, 1, 2], &[0x68, 1], &[0x65, i, 0x80, 1]], Intra, 4, true),
            (&[&[0x41, i, 0x80, 1]], Intra, 4, true),
        ] {
            let contents = of_h264(&annex_b(nals));
            assert_eq!(contents, Contents { kind, bytes, referenced }, "{nals:02x?}");
        }
    }

    #[test]
    fn h265_pictures_of_the_highest_layer_may_be_leant_on_by_nobody() {
        use PictureKind::{Intra, None, Predicted};
        // An SPS whose sps_max_sub_layers_minus1 is 0, or 1.
        let [one, two] = [0x01, 0x03].map(|byte| annex_b(&[&[0x40, 1, 0x0C], &[0x42, 1, byte]]));
        for (nals, sets, kind, bytes, referenced) in [
            (&[][..], &one, None, 0, true),
            (&[&[0x4E, 1, 5, 1][..]], &one, None, 0, true),
            // TRAIL_R, TRAIL_N.
            (&[&[0x02, 1, 0xD0, 9]], &one, Predicted, 4, true),
            (&[&[0x00, 1, 0xD0, 9], &[0x00, 1, 0x50]], &one, Predicted, 7, false),
            (&[&[0x00, 1, 0xD0, 9], &[0x02, 1, 0x50]], &one, Predicted, 7, true),
            // In the lower of two layers, in the higher one, and where that is not known.
            (&[&[0x00, 1, 0xD0, 9]], &two, Predicted, 4, true),
            (&[&[0x00, 2, 0xD0, 9]], &two, Predicted, 4, false),
            (&[&[0x04, 2, 0xD0, 9]], &two, Predicted, 4, false),
            (&[&[0x00, 2, 0xD0, 9]], &Vec::new(), Predicted, 4, true),
            // IDR_W_RADL, CRA.
            (&[&[0x26, 1, 0xA0, 9]], &one, Intra, 4, true),
            (&[&[0x2A, 1, 0xA0, 9]], &one, Intra, 4, true),
        ] {
            let contents = of_h265(&annex_b(nals), sets);
            assert_eq!(contents, Contents { kind, bytes, referenced }, "{nals:02x?}");
        }
    }
}
