//! What is read of H.265 before it is decoded: where decoding can begin, and which pictures lean on ones
//! before that.

use razz_base::{AccessUnit, FrameKey, PixelAspect, RunId};
use razz_media::h264::{Colour, nal_units};
use razz_media::h265::{NalType, Sps, nal_type, picture_type};

use super::DecodeError;
use super::frames::{Look, Prepared};

/// What is known of one camera's H.265.
pub(super) struct H265 {
    look: Look,
    /// `sps_max_num_reorder_pics`: decoders hold so many pictures back.
    depth: usize,
    /// The parameter sets of the stream's format, and the access unit under way behind them; else empty.
    with_sets: Vec<u8>,
    /// Whether decoding began at the last random access picture, so that what leads it is skipped.
    began_here: bool,
}

impl H265 {
    pub(super) fn new() -> Self {
        let look = Look { colour: Colour::unstated(0), pixel_aspect: PixelAspect::default() };
        Self { look, depth: 0, with_sets: Vec::new(), began_here: false }
    }

    pub(super) fn reset(&mut self) {
        self.began_here = false;
    }

    /// Whether decoding can begin at `au`: its first slice is one of a random access picture.
    pub(super) fn begins_at(au: &AccessUnit) -> bool {
        picture_type(&au.data).is_some_and(NalType::is_irap)
    }

    /// Readies an access unit; `None`: it is passed over, for it looks back past where decoding began.
    pub(super) fn prepare<'a>(
        &'a mut self,
        au: &'a AccessUnit,
        begins: bool,
    ) -> Result<Option<Prepared<'a>>, DecodeError> {
        let (key, run) = (au.key, au.run);
        let Some(first) = picture_type(&au.data) else {
            return Err(DecodeError::NoSlice { key, run, bytes: au.data.len(), codec: au.codec() });
        };
        let has_sets = self.read_sets(&au.data, key, run)?;
        let is_access = first.is_irap();
        if au.lost_packets > 0 && !begins && !is_access {
            return Err(DecodeError::Lost { key, run, packets: au.lost_packets });
        }
        if self.began_here && first.is_rasl() {
            return Ok(None);
        }
        if is_access {
            // After a loss in front of it, what leads it looks back at what was lost.
            self.began_here = begins || au.lost_packets > 0;
        }
        let mut data = &au.data[..];
        if begins && !has_sets && !au.format.parameter_sets.is_empty() {
            self.read_sets(&au.format.parameter_sets, key, run)?;
            self.with_sets.clear();
            self.with_sets.extend_from_slice(&au.format.parameter_sets);
            self.with_sets.extend_from_slice(&au.data);
            data = &self.with_sets;
        }
        let (look, depth) = (self.look, self.depth);
        Ok(Some(Prepared { data, whole: true, look, depth, at_once: depth == 0 }))
    }

    /// Reads the sequence parameter sets in front of the first slice; says whether there was one.
    fn read_sets(&mut self, data: &[u8], key: FrameKey, run: RunId) -> Result<bool, DecodeError> {
        let mut has_sets = false;
        for nal in nal_units(data) {
            match nal_type(nal) {
                Some(NalType::Sps) => {
                    let sps =
                        Sps::parse(nal).map_err(|error| DecodeError::Sps { key, run, error })?;
                    self.look = Look { colour: sps.colour, pixel_aspect: sps.pixel_aspect };
                    self.depth = usize::from(sps.max_num_reorder_pics);
                    has_sets = true;
                }
                Some(kind) if kind.is_vcl() => break,
                _ => {}
            }
        }
        Ok(has_sets)
    }
}
