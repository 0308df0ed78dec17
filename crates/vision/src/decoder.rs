//! Access units in, pictures out: H.264 by openh264.
//!
//! A picture is either right or it is not there: error concealment is off, and after anything that
//! breaks the chain of references (an error, packets lost before us) nothing comes out until the
//! next IDR, or until the picture is whole again after a recovery point (see `refresh`). Every picture
//! carries the key of its own access unit.

use std::collections::VecDeque;
use std::sync::Arc;

use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, DecoderConfig, Flush};
use openh264::formats::YUVSource;
use razz_base::{AccessUnit, FrameKey, PixelAspect, RunId, Size};
use razz_media::SpsError;
use razz_media::h264::{Colour, NalType, SliceType, Sps, nal_type, nal_units, slice_type};

use crate::baseline;
use crate::picture::{Picture, Plane, Planes};
use crate::refresh::{Entry, ParameterSets, Refresh};

/// How many pictures may stand before another in decode order and after it in output order, where
/// a stream has B slices and does not say: enough for one level of B pyramid.
const USUAL_REORDER_DEPTH: usize = 2;
/// Picture buffers kept for another use.
const POOL: usize = 4;

/// Why an access unit gave no picture. All but `Start` name the access unit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// openh264 did not start.
    #[error("the H.264 decoder does not start: {0}")]
    Start(String),
    /// No NAL unit with a slice in it.
    #[error("{key}, run {run}: {bytes} bytes without an H.264 slice")]
    NotH264 {
        /// The access unit.
        key: FrameKey,
        /// Its RTSP session.
        run: RunId,
        /// Its length.
        bytes: usize,
    },
    /// The sequence parameter set cannot be read.
    #[error("{key}, run {run}: {error}")]
    Sps {
        /// The access unit.
        key: FrameKey,
        /// Its RTSP session.
        run: RunId,
        /// What is wrong with it.
        error: SpsError,
    },
    /// A kind of H.264 that is not decoded here.
    #[error(
        "{key}, run {run}: {what} is not supported; set the camera to 8-bit 4:2:0 progressive H.264"
    )]
    Unsupported {
        /// The access unit.
        key: FrameKey,
        /// Its RTSP session.
        run: RunId,
        /// Which kind.
        what: &'static str,
    },
    /// Packets were lost on the way to us; what refers to them would be smeared.
    #[error(
        "{key}, run {run}: {packets} packets lost before it; waiting for the next IDR or recovery point"
    )]
    Lost {
        /// The access unit.
        key: FrameKey,
        /// Its RTSP session.
        run: RunId,
        /// How many.
        packets: u32,
    },
    /// openh264 found it damaged, or it refers to pictures that are not there.
    #[error("{key}, run {run}: damaged H.264 ({what}); waiting for the next IDR or recovery point")]
    Damaged {
        /// The access unit.
        key: FrameKey,
        /// Its RTSP session.
        run: RunId,
        /// What openh264 said.
        what: String,
    },
}

/// What a decoder did since it was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DecoderCounts {
    /// Access units decoded.
    pub decoded: u64,
    /// Access units that ended in an error.
    pub failed: u64,
    /// Access units passed over while waiting for an IDR or a recovery point.
    pub waited: u64,
    /// Access units decoded after a recovery point while the picture was not whole yet, so that none
    /// came out.
    pub recovering: u64,
    /// Wanted pictures thrown away because a later one was already out (B-frames deeper than the
    /// stream announced), or because they were still held back when an error came.
    pub dropped: u64,
}

/// Decodes the H.264 of one camera; owned by that camera's thread.
pub struct Decoder {
    codec: Option<openh264::decoder::Decoder>,
    waiting: bool,
    /// Access units waited through since the last one decoded.
    waited: u32,
    sets: ParameterSets,
    /// While the pictures go on from a recovery point, with no IDR since.
    refresh: Option<Refresh>,
    colour: Colour,
    pixel_aspect: PixelAspect,
    order: OutputOrder,
    /// The access unit under way, where its SPS had to be renamed; else empty.
    renamed: Vec<u8>,
    /// The access unit under way, where its slices had to be renumbered.
    renumbered: Vec<u8>,
    pool: VecDeque<Arc<Planes>>,
    counts: DecoderCounts,
}

/// The last picture of a GOP, given from its IDR on. `None` where it cannot be decoded.
pub fn decode_newest<'a>(gop: impl IntoIterator<Item = &'a AccessUnit>) -> Option<Picture> {
    let units: Vec<&AccessUnit> = gop.into_iter().collect();
    if units.iter().any(|au| au.format.not_decoded().is_some()) {
        return None;
    }
    let mut decoder = Decoder::new().ok()?;
    let last = units.len().checked_sub(1)?;
    let mut newest = None;
    for (n, au) in units.into_iter().enumerate() {
        newest = decoder.decode(au, n == last).ok()?;
    }
    newest
}

impl Decoder {
    /// A decoder that waits for its first IDR or recovery point.
    ///
    /// # Errors
    /// When openh264 does not start.
    pub fn new() -> Result<Self, DecodeError> {
        Ok(Self {
            codec: Some(start()?),
            waiting: true,
            waited: 0,
            sets: ParameterSets::default(),
            refresh: None,
            colour: Colour::unstated(0),
            pixel_aspect: PixelAspect::default(),
            order: OutputOrder::default(),
            renamed: Vec::new(),
            renumbered: Vec::new(),
            pool: VecDeque::with_capacity(POOL),
            counts: DecoderCounts::default(),
        })
    }

    /// Decodes one access unit.
    ///
    /// With `want` false it is decoded for reference only, which saves copying the pixels, and no
    /// picture of it comes out. Without B-frames a wanted picture is this access unit's own; with
    /// B-frames pictures come out some calls later, in output order (increasing media time), and
    /// `None` may also mean "not yet". While the decoder waits for an IDR or a recovery point, and
    /// after the latter until the picture is whole, it answers `None`.
    ///
    /// # Errors
    /// When the access unit is damaged, lacks lost packets, or is not decodable H.264. The decoder
    /// then waits for the next IDR or recovery point; only [`DecodeError::NotH264`] leaves it as it was.
    pub fn decode(&mut self, au: &AccessUnit, want: bool) -> Result<Option<Picture>, DecodeError> {
        self.decode_and_look(au, want, &mut |_| {})
    }

    /// As [`Decoder::decode`], and shows `look` the luma of each picture in output order.
    ///
    /// Without B-frames that is this access unit's own, wanted or not, straight from the decoder:
    /// it costs no copy. With B-frames it is that of the picture that comes out, if one does.
    ///
    /// # Errors
    /// As [`Decoder::decode`]; `look` is not called then.
    pub fn decode_and_look(
        &mut self,
        au: &AccessUnit,
        want: bool,
        look: &mut dyn FnMut(Plane<'_>),
    ) -> Result<Option<Picture>, DecodeError> {
        let (key, run) = (au.key, au.run);
        if au.lost_packets > 0 && matches!(Entry::of(au, 0), Some(Entry::Recovery { .. })) {
            // Decoding can begin again right here.
            self.reset();
        }
        let result = match self.waiting.then(|| self.begin(au)) {
            None => self.try_decode(au, false, want, look),
            Some(Ok(true)) => self.try_decode(au, true, want, look),
            Some(Ok(false)) => {
                self.pass_over(au);
                return Ok(None);
            }
            Some(Err(error)) => Err(error),
        };
        match &result {
            Ok(_) => {
                self.counts.decoded += 1;
                self.waiting = false;
                self.waited = 0;
            }
            Err(DecodeError::NotH264 { .. }) => self.counts.failed += 1,
            Err(_) => {
                self.counts.failed += 1;
                self.reset();
            }
        }
        let picture = result?;
        debug_assert!(picture.as_ref().is_none_or(|p| p.key == key), "{key} {run}");
        let picture = self.order.pass(key, picture, &mut self.counts);
        if let (true, Some(picture)) = (self.order.depth > 0, &picture) {
            look(picture.luma());
        }
        Ok(picture)
    }

    /// Pictures still held back for their turn, in output order: for the end of a file.
    pub fn flush(&mut self) -> Vec<Picture> {
        self.order.drain()
    }

    /// Forgets all references and waits for the next IDR or recovery point: for a new run.
    pub fn reset(&mut self) {
        self.waiting = true;
        self.refresh = None;
        // A fresh codec is started where decoding begins again, so that nothing of a damaged state survives.
        self.codec = None;
        self.counts.dropped += self.order.drain().len() as u64;
        self.order = OutputOrder::default();
    }

    /// What it did so far.
    pub fn counts(&self) -> DecoderCounts {
        self.counts
    }

    /// Whether only an IDR or a recovery point is decoded next.
    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// Whether pictures are decoded that are not whole yet, after a recovery point.
    pub fn is_recovering(&self) -> bool {
        self.refresh.as_ref().is_some_and(|refresh| !refresh.is_whole())
    }

    /// Whether decoding can begin at `au`: at an IDR, and while it waits at a recovery point. For who
    /// decodes nothing before that; what it answers false for counts as waited through.
    pub fn begins_at(&mut self, au: &AccessUnit) -> bool {
        let begins = au.idr || (self.waiting && Entry::of(au, self.waited).is_some());
        if self.waiting && !begins {
            self.pass_over(au);
        }
        begins
    }

    /// Waits on, and keeps the parameter sets of an access unit that is not decoded.
    fn pass_over(&mut self, au: &AccessUnit) {
        self.counts.waited += 1;
        self.waited = self.waited.saturating_add(1);
        self.keep_sets(&au.data);
    }

    /// Says whether decoding begins at `au`, and prepares for it.
    fn begin(&mut self, au: &AccessUnit) -> Result<bool, DecodeError> {
        let (key, run) = (au.key, au.run);
        let frames = match Entry::of(au, self.waited) {
            Some(Entry::Idr) => return Ok(true),
            Some(Entry::Recovery { frames }) => frames,
            None => return Ok(false),
        };
        if self.sets.is_empty() {
            self.keep_sets(&au.format.parameter_sets);
        }
        // Whatever is wrong with the parameter sets is said.
        self.read_head(au)?;
        for nal in self.sets.nals() {
            if let Ok(sps) = Sps::parse(nal) {
                self.colour = sps.colour;
                self.order.announce(&sps);
            }
        }
        let Some((refresh, grey)) = Refresh::begin(au, &self.sets, frames) else {
            return Ok(false);
        };
        let codec = self.codec.insert(start()?);
        for picture in grey {
            codec.decode(&picture).map_err(|error| DecodeError::Damaged {
                key,
                run,
                what: format!("{error}, at a recovery point"),
            })?;
        }
        self.refresh = Some(refresh);
        Ok(true)
    }

    /// Keeps the parameter sets that stand before the first slice.
    fn keep_sets(&mut self, annex_b: &[u8]) {
        for nal in nal_units(annex_b) {
            match nal_type(nal) {
                Some(NalType::Sps) => match baseline::renamed(nal) {
                    Some(renamed) => self.sets.keep(&renamed),
                    None => self.sets.keep(nal),
                },
                Some(NalType::Pps) => self.sets.keep(nal),
                Some(kind) if kind.is_vcl() => return,
                _ => {}
            }
        }
    }

    /// `begins` is whether nothing before `au` is needed.
    fn try_decode(
        &mut self,
        au: &AccessUnit,
        begins: bool,
        want: bool,
        look: &mut dyn FnMut(Plane<'_>),
    ) -> Result<Option<Picture>, DecodeError> {
        let (key, run) = (au.key, au.run);
        let first = self.read_head(au)?;
        // An IDR stands alone: a loss before it does not matter, a loss inside it is found below.
        if au.lost_packets > 0 && !begins && first != NalType::Idr {
            return Err(DecodeError::Lost { key, run, packets: au.lost_packets });
        }
        let damaged = |what: String| DecodeError::Damaged { key, run, what };
        let mut data = if self.renamed.is_empty() { &au.data[..] } else { &self.renamed };
        let mut whole = true;
        if first == NalType::Idr {
            self.refresh = None;
        } else if let Some(refresh) = &mut self.refresh {
            if !refresh.renumber(data, &mut self.renumbered) {
                return Err(damaged("a slice header ends early".to_owned()));
            }
            data = &self.renumbered;
            whole = refresh.is_whole();
        }
        let codec = match &mut self.codec {
            Some(codec) => codec,
            empty => empty.insert(start()?),
        };
        let decoded = match codec.decode(data) {
            Ok(Some(decoded)) => decoded,
            Ok(None) => return Err(damaged("no picture came out".to_owned())),
            Err(error) => return Err(damaged(error.to_string())),
        };
        let Some(planes) = planes(&decoded) else {
            return Err(damaged("the picture has no pixels".to_owned()));
        };
        if !whole {
            self.counts.recovering += 1;
            return Ok(None);
        }
        if self.order.depth == 0 {
            look(planes[0]);
        }
        let (colour, aspect) = (self.colour, self.pixel_aspect);
        Ok(want.then(|| copy_out(planes, au, colour, aspect, &mut self.pool)))
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
                let sps = Sps::parse(nal).map_err(|error| DecodeError::Sps { key, run, error })?;
                let renamed = baseline::renamed(nal);
                if let Some(what) = unsupported(&sps, renamed.is_some()) {
                    return Err(DecodeError::Unsupported { key, run, what });
                }
                self.sets.keep(renamed.as_deref().unwrap_or(nal));
                if let Some(renamed) = renamed {
                    let start = offset(&au.data, nal);
                    self.renamed.extend_from_slice(&au.data[copied..start]);
                    self.renamed.extend_from_slice(&renamed);
                    copied = start + nal.len();
                }
                self.colour = sps.colour;
                self.pixel_aspect = sps.pixel_aspect;
                self.order.announce(&sps);
            }
            if kind.is_vcl() {
                // An unreadable type is openh264's to refuse.
                if let Ok(Some(SliceType::B)) = slice_type(nal) {
                    self.order.saw_b_slice();
                }
                if copied > 0 {
                    self.renamed.extend_from_slice(&au.data[copied..]);
                }
                return Ok(kind);
            }
        }
        Err(DecodeError::NotH264 { key, run, bytes: au.data.len() })
    }
}

/// Where `nal`, a part of `data`, begins.
fn offset(data: &[u8], nal: &[u8]) -> usize {
    nal.as_ptr().addr() - data.as_ptr().addr()
}

/// What openh264 cannot do, said before it fails obscurely; `renamed` is whether the SPS can be
/// shown under Baseline's name.
fn unsupported(sps: &Sps, renamed: bool) -> Option<&'static str> {
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

fn start() -> Result<openh264::decoder::Decoder, DecodeError> {
    // DecoderConfig's defaults: one thread, error concealment off. No flushing: see `baseline`.
    let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
    openh264::decoder::Decoder::with_api_config(OpenH264API::from_source(), config)
        .map_err(|error| DecodeError::Start(error.to_string()))
}

/// Where openh264 has the picture; `None` when it is empty or its sides are odd: 4:2:0 crops by
/// whole chroma samples (table 6-1).
fn planes<'a>(decoded: &'a DecodedYUV<'_>) -> Option<[Plane<'a>; 3]> {
    let (width, height) = decoded.dimensions();
    if width == 0 || height == 0 || width % 2 != 0 || height % 2 != 0 {
        return None;
    }
    let (luma_stride, cb_stride, cr_stride) = decoded.strides();
    let (chroma_width, chroma_height) = (width / 2, height / 2);
    let plane = |data, stride, width, height| Plane { data, stride, width, height };
    Some([
        plane(decoded.y(), luma_stride, width, height),
        plane(decoded.u(), cb_stride, chroma_width, chroma_height),
        plane(decoded.v(), cr_stride, chroma_width, chroma_height),
    ])
}

/// Copies the pixels into a buffer of the pool that nobody else holds, or into a new one.
fn copy_out(
    source: [Plane<'_>; 3],
    au: &AccessUnit,
    colour: Colour,
    pixel_aspect: PixelAspect,
    pool: &mut VecDeque<Arc<Planes>>,
) -> Picture {
    let free = pool.iter().position(|planes| Arc::strong_count(planes) == 1);
    let mut planes = free.and_then(|at| pool.remove(at)).unwrap_or_default();
    match Arc::get_mut(&mut planes) {
        Some(planes) => planes.fill(source),
        // Only by a race with a clone of a clone; then a new buffer will do.
        None => planes = Arc::new(Planes::from_planes(source)),
    }
    pool.push_back(Arc::clone(&planes));
    if pool.len() > POOL {
        pool.pop_front();
    }
    Picture {
        key: au.key,
        wall: au.wall,
        received: au.received,
        size: Size::new(source[0].width as u32, source[0].height as u32),
        colour,
        pixel_aspect,
        planes,
    }
}

/// Puts pictures back into output order, which is the order of media time (RFC 6184 section 5.1:
/// the RTP timestamp is the sampling instant).
#[derive(Debug, Default)]
struct OutputOrder {
    /// How many access units are held back; 0 without B-frames.
    depth: usize,
    /// Whether the stream said so.
    announced: bool,
    /// By rising media time; unwanted ones take their place without pixels.
    held: VecDeque<(FrameKey, Option<Picture>)>,
    /// The last one that left.
    last: Option<FrameKey>,
}

impl OutputOrder {
    /// A sequence parameter set: how deep its pictures are reordered, if it says.
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

    fn saw_b_slice(&mut self) {
        if !self.announced {
            self.depth = self.depth.max(USUAL_REORDER_DEPTH);
        }
    }

    /// Takes the picture of `key` in, lets at most one out.
    fn pass(
        &mut self,
        key: FrameKey,
        picture: Option<Picture>,
        counts: &mut DecoderCounts,
    ) -> Option<Picture> {
        if self.last.is_some_and(|last| key.time <= last.time) {
            counts.dropped += u64::from(picture.is_some());
            return None;
        }
        let at = self.held.partition_point(|(held, _)| held.time < key.time);
        self.held.insert(at, (key, picture));
        // More than one too many is only there after the depth shrank; then the newest counts.
        let mut out = None;
        while self.held.len() > self.depth {
            let (key, picture) = self.held.pop_front()?;
            self.last = Some(key);
            if let Some(picture) = picture {
                counts.dropped += u64::from(out.replace(picture).is_some());
            }
        }
        out
    }

    fn drain(&mut self) -> Vec<Picture> {
        let held = std::mem::take(&mut self.held);
        self.last = held.back().map(|(key, _)| *key).or(self.last);
        held.into_iter().filter_map(|(_, picture)| picture).collect()
    }
}
