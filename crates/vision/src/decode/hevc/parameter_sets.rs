//! The parameter sets of a stream, for a decoder that begins later.

use std::collections::BTreeMap;

use razz_media::h265::{NalType, Sps, nal_type, pps_ids};

use super::{HevcError, damaged};

/// A parameter set of all scaling lists and reference picture sets there can be has a few kB.
const MOST_BYTES: usize = 16 * 1024;

/// Whether a parameter set is one that was not there before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stored {
    New,
    Known,
}

/// Sequence and picture parameter sets by their ids, at most 16 and 64. (rusty_h265 needs no video
/// parameter set.)
#[derive(Default)]
pub(super) struct ParameterSets {
    sps: BTreeMap<u8, (Vec<u8>, Sps)>,
    /// With the sequence parameter set by which each goes.
    pps: BTreeMap<u8, (Vec<u8>, u8)>,
}

impl ParameterSets {
    /// Keeps a NAL unit where it is a parameter set.
    pub(super) fn keep(&mut self, nal: &[u8]) -> Result<Stored, HevcError> {
        let kind = nal_type(nal);
        if !matches!(kind, Some(NalType::Sps | NalType::Pps)) {
            return Ok(Stored::Known);
        }
        if nal.len() > MOST_BYTES {
            return Err(damaged("a parameter set of more than 16 kB"));
        }
        if kind == Some(NalType::Sps) {
            if self.sps.values().any(|(known, _)| known == nal) {
                return Ok(Stored::Known);
            }
            let sps = Sps::parse(nal)?;
            self.sps.insert(sps.id, (nal.to_vec(), sps));
            return Ok(Stored::New);
        }
        let (id, sps) =
            pps_ids(nal).ok_or_else(|| damaged("a picture parameter set ends early"))?;
        if self.pps.get(&id).is_some_and(|(known, _)| known == nal) {
            return Ok(Stored::Known);
        }
        self.pps.insert(id, (nal.to_vec(), sps));
        Ok(Stored::New)
    }

    /// The sequence parameter set of slices that go by the picture parameter set `pps`.
    pub(super) fn sps_of(&self, pps: u8) -> Option<&Sps> {
        let (_, sps) = self.pps.get(&pps)?;
        self.sps.get(sps).map(|(_, sps)| sps)
    }

    /// All of them, each after the one that it goes by.
    pub(super) fn nals(&self) -> impl Iterator<Item = &[u8]> {
        let sps = self.sps.values().map(|(nal, _)| &nal[..]);
        sps.chain(self.pps.values().map(|(nal, _)| &nal[..]))
    }
}
