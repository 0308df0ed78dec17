//! What is read of H.264 before it is decoded: where decoding can begin, and whether the picture leans on
//! one that never came.

use razz_base::{AccessUnit, FrameKey, PixelAspect, RunId};
use razz_media::h264::{Colour, NalType, SliceType, Sps, nal_type, nal_units, slice_type};

use super::DecodeError;
use super::baseline;
use super::codec::Codec;
use super::frames::{Look, Prepared};
use super::refresh::{Entry, ParameterSets, Refresh};

/// How many pictures may stand before another in decode order and after it in output order, where
/// a stream has B slices and does not say: enough for one level of B pyramid.
const USUAL_REORDER_DEPTH: usize = 2;

/// What is known of one camera's H.264.
pub(super) struct H264 {
    /// Whether openh264 is to decode it, which wants the SPS renamed and cannot do all of it.
    for_openh264: bool,
    sets: ParameterSets,
    /// While the pictures go on from a recovery point, with no IDR since.
    refresh: Option<Refresh>,
    look: Look,
    /// How many pictures are held back; 0 without B-frames.
    depth: usize,
    /// Whether the stream said so.
    announced: bool,
    /// Whether a picture may be two access units, a field each.
    interlaced: bool,
    numbers: Numbers,
    /// Whether a picture before the access unit under way is missing.
    missed: bool,
    /// The access unit under way, where its SPS had to be renamed; else empty.
    renamed: Vec<u8>,
    /// The access unit under way, where its slices had to be renumbered.
    renumbered: Vec<u8>,
}

impl H264 {
    pub(super) fn new(for_openh264: bool) -> Self {
        Self {
            for_openh264,
            sets: ParameterSets::default(),
            refresh: None,
            look: Look { colour: Colour::unstated(0), pixel_aspect: PixelAspect::default() },
            depth: 0,
            announced: false,
            interlaced: false,
            numbers: Numbers::default(),
            missed: false,
            renamed: Vec::new(),
            renumbered: Vec::new(),
        }
    }

    /// Nothing that came before is known.
    pub(super) fn reset(&mut self) {
        self.refresh = None;
        self.depth = 0;
        self.announced = false;
        self.numbers.reset();
    }

    /// Whether pictures are decoded that are not whole yet, after a recovery point.
    pub(super) fn is_recovering(&self) -> bool {
        self.refresh.as_ref().is_some_and(|refresh| !refresh.is_whole())
    }

    /// Keeps the parameter sets that stand before the first slice.
    pub(super) fn keep_sets(&mut self, annex_b: &[u8]) {
        for nal in nal_units(annex_b) {
            match nal_type(nal) {
                Some(NalType::Sps) => self.keep_sps(nal),
                Some(NalType::Pps) => self.sets.keep(nal),
                Some(kind) if kind.is_vcl() => return,
                _ => {}
            }
        }
    }

    fn keep_sps(&mut self, nal: &[u8]) {
        match baseline::renamed(nal).filter(|_| self.for_openh264) {
            Some(renamed) => self.sets.keep(&renamed),
            None => self.sets.keep(nal),
        }
    }

    /// Says whether decoding begins at `au`, and prepares `codec` for it.
    pub(super) fn begin(
        &mut self,
        au: &AccessUnit,
        waited: u32,
        codec: &mut dyn Codec,
    ) -> Result<bool, DecodeError> {
        let (key, run) = (au.key, au.run);
        let frames = match Entry::of(au, waited) {
            Some(Entry::Idr) => return Ok(true),
            Some(Entry::Recovery { frames }) => frames,
            None => return Ok(false),
        };
        if self.sets.is_empty() {
            self.keep_sets(&au.format.parameter_sets);
        }
        // Whatever is wrong with the parameter sets is said.
        self.read_head(au)?;
        let known: Vec<Sps> = self.sets.nals().filter_map(|nal| Sps::parse(nal).ok()).collect();
        for sps in &known {
            self.look.colour = sps.colour;
            self.announce(sps);
        }
        let Some((refresh, grey)) = Refresh::begin(au, &self.sets, frames) else {
            return Ok(false);
        };
        for picture in grey {
            // They are nobody's.
            codec.decode(&picture, 0, &mut |_, _| {}).map_err(|error| DecodeError::Damaged {
                key,
                run,
                codec: au.codec(),
                what: format!("{error}, at a recovery point"),
            })?;
        }
        self.refresh = Some(refresh);
        Ok(true)
    }

    /// Readies an access unit for the library; `begins` is whether nothing before it is needed.
    pub(super) fn prepare<'a>(
        &'a mut self,
        au: &'a AccessUnit,
        begins: bool,
    ) -> Result<Prepared<'a>, DecodeError> {
        let (key, run) = (au.key, au.run);
        let first = self.read_head(au)?;
        // An IDR stands alone: a loss before it does not matter, a loss inside it is found below.
        if au.lost_packets > 0 && !begins && first != NalType::Idr {
            return Err(DecodeError::Lost { key, run, packets: au.lost_packets });
        }
        if self.missed && !begins {
            let what = "a picture before it is missing, by frame_num".to_owned();
            return Err(DecodeError::Damaged { key, run, codec: au.codec(), what });
        }
        let mut data = if self.renamed.is_empty() { &au.data[..] } else { &self.renamed };
        let mut whole = true;
        if first == NalType::Idr {
            self.refresh = None;
        } else if let Some(refresh) = &mut self.refresh {
            if !refresh.renumber(data, &mut self.renumbered) {
                let what = "a slice header ends early".to_owned();
                return Err(DecodeError::Damaged { key, run, codec: au.codec(), what });
            }
            data = &self.renumbered;
            whole = refresh.is_whole();
        }
        let (look, depth) = (self.look, self.depth);
        Ok(Prepared { data, whole, look, depth, at_once: depth == 0 && !self.interlaced })
    }

    /// Reads what stands before the first slice: parameter sets, and the slice's type. Where the SPS has
    /// to be renamed, the access unit with its new SPS is left in `renamed`. Answers the type of NAL
    /// unit that the slice is.
    fn read_head(&mut self, au: &AccessUnit) -> Result<NalType, DecodeError> {
        let (key, run) = (au.key, au.run);
        self.renamed.clear();
        // Where what is not yet in `renamed` begins, if anything is.
        let mut copied = 0;
        for nal in nal_units(&au.data) {
            let Some(kind) = nal_type(nal) else { continue };
            if kind == NalType::Pps {
                self.sets.keep(nal);
            }
            if kind == NalType::Sps {
                let renamed = self.read_sps(nal, key, run)?;
                if let Some(renamed) = renamed {
                    let start = offset(&au.data, nal);
                    self.renamed.extend_from_slice(&au.data[copied..start]);
                    self.renamed.extend_from_slice(&renamed);
                    copied = start + nal.len();
                }
            }
            if kind.is_vcl() {
                // An unreadable type is the library's to refuse.
                if let Ok(Some(SliceType::B)) = slice_type(nal)
                    && !self.announced
                {
                    self.depth = self.depth.max(USUAL_REORDER_DEPTH);
                }
                if copied > 0 {
                    self.renamed.extend_from_slice(&au.data[copied..]);
                }
                self.missed = !self.for_openh264 && self.numbers.miss_one(nal);
                return Ok(kind);
            }
        }
        Err(DecodeError::NoSlice { key, run, bytes: au.data.len(), codec: au.codec() })
    }

    /// Reads a sequence parameter set; answers it under Baseline's name where it has to go by that.
    fn read_sps(
        &mut self,
        nal: &[u8],
        key: FrameKey,
        run: RunId,
    ) -> Result<Option<Vec<u8>>, DecodeError> {
        let sps = Sps::parse(nal).map_err(|error| DecodeError::Sps { key, run, error })?;
        let renamed = baseline::renamed(nal).filter(|_| self.for_openh264);
        if self.for_openh264
            && let Some(what) = not_for_openh264(&sps, renamed.is_some())
        {
            return Err(DecodeError::Unsupported { key, run, what });
        }
        self.sets.keep(renamed.as_deref().unwrap_or(nal));
        self.look = Look { colour: sps.colour, pixel_aspect: sps.pixel_aspect };
        self.interlaced = !sps.frame_mbs_only;
        self.announce(&sps);
        self.numbers.announce(sps);
        Ok(renamed)
    }

    /// How deep the pictures are reordered, if the stream says.
    fn announce(&mut self, sps: &Sps) {
        if let Some(depth) = sps.max_num_reorder_frames {
            self.depth = usize::from(depth);
            self.announced = true;
        } else if !sps.may_reorder() {
            self.depth = 0;
            self.announced = true;
        } else {
            self.announced = false;
        }
    }
}

/// Follows `frame_num`, which counts reference pictures (section 7.4.3), so that one that was left out
/// is noticed where the library would go on without it.
#[derive(Default)]
struct Numbers {
    /// The only sequence parameter set; `None` before it, and where there are several.
    sps: Option<Sps>,
    several: bool,
    /// `PrevRefFrameNum`.
    before: Option<u32>,
}

impl Numbers {
    fn announce(&mut self, sps: Sps) {
        self.several |= self.sps.as_ref().is_some_and(|known| known.id != sps.id);
        self.sps = Some(sps);
    }

    fn reset(&mut self) {
        self.before = None;
    }

    /// Takes an access unit's first slice; says whether a reference picture before it is missing.
    fn miss_one(&mut self, nal: &[u8]) -> bool {
        let Some(sps) = self.sps.as_ref().filter(|sps| !self.several && !sps.gaps_in_frame_num)
        else {
            return false;
        };
        let Some(number) = razz_media::h264::frame_num(nal, sps) else { return false };
        let is_idr = nal_type(nal) == Some(NalType::Idr);
        let is_reference = nal.first().is_some_and(|first| first & 0x60 != 0);
        let next = |before: u32| (before + 1) & ((1 << sps.log2_max_frame_num) - 1);
        let missed =
            !is_idr && self.before.is_some_and(|before| number != before && number != next(before));
        if is_reference || is_idr {
            self.before = Some(number);
        }
        missed
    }
}

/// Where `nal`, a part of `data`, begins.
fn offset(data: &[u8], nal: &[u8]) -> usize {
    nal.as_ptr().addr() - data.as_ptr().addr()
}

/// What openh264 cannot do, said before it fails obscurely; `renamed` is whether the SPS can be
/// shown under Baseline's name.
fn not_for_openh264(sps: &Sps, renamed: bool) -> Option<&'static str> {
    const BASELINE: u8 = 66;
    match sps {
        Sps { chroma_format: 0, .. } => Some("monochrome video"),
        Sps { chroma_format: 2.., .. } => Some("chroma other than 4:2:0"),
        Sps { bit_depth: 9.., .. } => Some("more than 8 bits a sample"),
        Sps { frame_mbs_only: false, .. } => Some("interlaced coding"),
        Sps { profile_idc: BASELINE, .. } => None,
        _ if renamed => None,
        _ => Some("this profile, or a scaling matrix in the sequence parameter set,"),
    }
}
