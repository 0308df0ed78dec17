//! Where decoding begins without an IDR, in a stream that is refreshed bit by bit (intra refresh).
//!
//! openh264 begins at an IDR only, so it is shown grey pictures first, of which one is an IDR, and the
//! stream's own slices with their `frame_num` counted on from those. What the stream has not refreshed
//! yet is grey or smeared, until `recovery_frame_cnt` frames have passed.

use razz_base::AccessUnit;
use razz_media::h264::{
    Grey, NalType, SliceType, nal_type, nal_units, pps_ids, recovery_point, slice_type, sps_id,
    with_frame_num,
};

/// After so many access units with neither an IDR nor a recovery point an I picture will do: 10 s at
/// 30 frames a second.
const PATIENCE: u32 = 300;

/// Where decoding can begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    /// At an IDR.
    Idr,
    /// Elsewhere, with the picture whole after so many frames.
    Recovery { frames: u32 },
}

impl Entry {
    /// What `au` is, where `waited` access units before it were none.
    pub(crate) fn of(au: &AccessUnit, waited: u32) -> Option<Self> {
        let first = nal_units(&au.data).find_map(|nal| nal_type(nal).filter(|kind| kind.is_vcl()));
        if first == Some(NalType::Slice) {
            if let Some(frames) = recovery_point(&au.data) {
                return Some(Self::Recovery { frames });
            }
            if waited >= PATIENCE && is_i_picture(&au.data) {
                return Some(Self::Recovery { frames: 0 });
            }
        }
        // With no slice in it, or a damaged one, it is the decoder's to refuse.
        au.idr.then_some(Self::Idr)
    }
}

/// Whether all slices are I slices.
fn is_i_picture(annex_b: &[u8]) -> bool {
    nal_units(annex_b)
        .filter(|nal| nal_type(nal).is_some_and(NalType::is_vcl))
        .all(|nal| slice_type(nal) == Ok(Some(SliceType::I)))
}

/// The newest parameter sets of each id, as openh264 is to see them.
#[derive(Debug, Default)]
pub(crate) struct ParameterSets(Vec<Vec<u8>>);

impl ParameterSets {
    /// Keeps one, in place of the one with its id.
    pub(crate) fn keep(&mut self, nal: &[u8]) {
        let id = |nal: &[u8]| (sps_id(nal), pps_ids(nal).map(|(id, _)| id));
        let key = id(nal);
        match self.0.iter_mut().find(|kept| id(kept) == key) {
            Some(kept) if kept == nal => {}
            Some(kept) => {
                kept.clear();
                kept.extend_from_slice(nal);
            }
            None if key != (None, None) => self.0.push(nal.to_vec()),
            None => {}
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each without start code.
    pub(crate) fn nals(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }

    /// All of them in Annex B, sequence parameter sets first.
    fn annex_b(&self) -> Vec<u8> {
        let of = |sps: bool| self.nals().filter(move |nal| sps_id(nal).is_some() == sps);
        of(true).chain(of(false)).flat_map(|nal| [&[0, 0, 0, 1], nal].concat()).collect()
    }
}

/// A stream that goes on from grey pictures.
#[derive(Debug)]
pub(crate) struct Refresh {
    log2_max_frame_num: u8,
    shift: u32,
    /// `frame_num` of its first picture.
    first: u32,
    /// How many frames after that one the picture is whole.
    frames: u32,
    is_whole: bool,
}

impl Refresh {
    /// From `au` on, whose picture is whole `frames` frames later; and the access units to decode
    /// before it. `None` where its parameter sets are not there, or it cannot be read.
    pub(crate) fn begin(
        au: &AccessUnit,
        sets: &ParameterSets,
        frames: u32,
    ) -> Option<(Self, Vec<Vec<u8>>)> {
        let slice = nal_units(&au.data).find(|nal| nal_type(nal).is_some_and(NalType::is_vcl))?;
        let sets = sets.annex_b();
        let mut grey = Grey::for_slice(slice, &sets)?;
        let refresh = Self {
            log2_max_frame_num: grey.log2_max_frame_num,
            shift: grey.shift(),
            first: grey.frame_num,
            frames,
            is_whole: frames == 0,
        };
        if let Some(idr) = grey.pictures.first_mut() {
            idr.splice(0..0, sets);
        }
        Some((refresh, grey.pictures))
    }

    /// Writes the access unit `annex_b` into `out`, renumbered; says whether all of its slices could be.
    pub(crate) fn renumber(&mut self, annex_b: &[u8], out: &mut Vec<u8>) -> bool {
        out.clear();
        for nal in nal_units(annex_b) {
            out.extend_from_slice(&[0, 0, 0, 1]);
            if nal_type(nal) != Some(NalType::Slice) {
                out.extend_from_slice(nal);
                continue;
            }
            let Some((renumbered, frame_num)) =
                with_frame_num(nal, self.log2_max_frame_num, self.shift)
            else {
                return false;
            };
            out.extend_from_slice(&renumbered);
            let passed = frame_num.wrapping_sub(self.first) & ((1 << self.log2_max_frame_num) - 1);
            self.is_whole |= passed >= self.frames;
        }
        true
    }

    /// Whether the picture renumbered last is refreshed as a whole.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }
}
