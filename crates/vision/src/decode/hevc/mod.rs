//! Access units in, pictures out: H.265 (Main, Main 10) by the crate rusty_h265, in Rust alone.
//!
//! A picture is either right or it is not there: after damage and after references that are missing
//! nothing comes out until the next intra random access point (IRAP), and "skipped" leading pictures
//! (RASL) of one where decoding began are left out (Rec. ITU-T H.265 section 8.1.3). Section numbers in
//! this module are those of Rec. ITU-T H.265 (08/2021).

mod decoded;
mod parameter_sets;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};

use razz_media::SpsError;
use razz_media::h264::nal_units;
use razz_media::h265::{NalType, is_well_formed, nal_type, picture_type, slice_start};

pub use decoded::Decoded;
use decoded::Format;
use parameter_sets::{ParameterSets, Stored};

/// What level 5.2 allows is 200 (table A.8), and cameras send a few: each may take as long as a whole
/// picture does.
const MOST_SLICES: usize = 200;
/// Pictures that were decoded and are not out yet are at most those that a decoder keeps, 16 and itself.
const MOST_HELD: usize = 17;
/// A slice that begins a picture and ends there: decoders take it for the end of the one before. (Type
/// 1, layer 0, temporal id 0; first_slice_segment_in_pic_flag, and no room for more.)
const NEXT_PICTURE: [u8; 3] = [0x02, 0x01, 0x80];

/// Why an access unit gave no picture. After all but [`HevcError::NoSlice`] the decoder waits for the
/// next intra random access point.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HevcError {
    /// No NAL unit with a slice in it; parameter sets that are in it were kept.
    #[error("no H.265 slice")]
    NoSlice,
    /// The sequence parameter set cannot be read.
    #[error("{0}")]
    Sps(#[from] SpsError),
    /// A kind of H.265 that is not decoded here, or pictures too large for it.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// It is damaged, or refers to pictures that are not there.
    #[error("damaged H.265 ({0})")]
    Damaged(String),
    /// rusty_h265 panicked, which is a fault of its own; it is made anew.
    #[error("the H.265 decoder failed ({0})")]
    Failed(String),
}

fn damaged(what: impl Into<String>) -> HevcError {
    HevcError::Damaged(what.into())
}

/// Decodes the H.265 of one camera.
#[derive(Default)]
pub struct HevcDecoder {
    /// `None` while it waits for an intra random access point. A new one is made where decoding begins
    /// again, so that nothing of a damaged state survives.
    codec: Option<Box<rusty_h265::Decoder>>,
    sets: ParameterSets,
    /// Access units whose pictures are not out yet, in decode order.
    held: VecDeque<Held>,
    order: Order,
}

/// An access unit whose picture is not out yet.
struct Held {
    tag: u64,
    format: Format,
    /// Which coded video sequence it belongs to, counted.
    sequence: u64,
}

/// What a stream keeps to, and one that lost pictures often does not: then their numbers began anew, and
/// fit to pictures that are there by chance.
#[derive(Default)]
struct Order {
    sequence: u64,
    /// Whether a picture came that is shown after the last intra random access point.
    trailing: bool,
    /// Whether an end of sequence came after the last picture.
    ended: bool,
    /// Sequence and picture order count of the picture that came out last.
    last: Option<(u64, i32)>,
}

impl HevcDecoder {
    /// A decoder that waits for its first intra random access point.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes one access unit, an Annex B byte stream, and answers the pictures that are due now, in
    /// output order, each with the `tag` of its own access unit.
    ///
    /// Without B-frames that is this access unit's own. With B-frames it is none, one or several: a
    /// picture comes out as soon as the stream's `sps_max_num_reorder_pics` (or
    /// `sps_max_latency_increase`) says that no earlier one follows (section C.5.2). While the decoder
    /// waits for an intra random access point there is none.
    ///
    /// Whoever knows that packets were lost before it calls [`HevcDecoder::reset`] first.
    ///
    /// # Errors
    /// When the access unit is damaged, refers to pictures that are not there, or is not decodable
    /// H.265. Pictures that were held back are dropped.
    pub fn decode(&mut self, annex_b: &[u8], tag: u64) -> Result<Vec<Decoded>, HevcError> {
        let decoded = self.guarded(|decoder| decoder.try_decode(annex_b, tag));
        if !matches!(decoded, Ok(_) | Err(HevcError::NoSlice)) {
            self.reset();
        }
        decoded
    }

    /// Pictures that are still held back, in output order: for the end of a file. Then it waits for the
    /// next intra random access point.
    pub fn flush(&mut self) -> Vec<Decoded> {
        let rest = self.guarded(|decoder| {
            if let Some(codec) = &mut decoder.codec {
                codec.flush();
            }
            decoder.due()
        });
        self.reset();
        rest.unwrap_or_default()
    }

    /// Forgets all pictures and waits for the next intra random access point. Parameter sets stay.
    pub fn reset(&mut self) {
        self.codec = None;
        self.held.clear();
        self.order = Order::default();
    }

    /// Whether only an intra random access point is decoded next.
    pub fn is_waiting(&self) -> bool {
        self.codec.is_none()
    }

    /// Keeps the parameter sets of an access unit that is not decoded, or of a session description.
    pub fn keep_sets(&mut self, annex_b: &[u8]) {
        for nal in nal_units(annex_b).filter(|nal| is_well_formed(nal)) {
            // What cannot be read is found when a slice needs it.
            let _ = self.sets.keep(nal);
        }
    }

    /// Runs what calls the crate: a panic there is an error, after which the decoder is made anew.
    fn guarded<T>(
        &mut self,
        call: impl FnOnce(&mut Self) -> Result<T, HevcError>,
    ) -> Result<T, HevcError> {
        catch_unwind(AssertUnwindSafe(|| call(self))).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(HevcError::Failed(text.unwrap_or_default()))
        })
    }

    fn try_decode(&mut self, annex_b: &[u8], tag: u64) -> Result<Vec<Decoded>, HevcError> {
        let Some(kind) = picture_type(annex_b) else {
            self.keep_sets(annex_b);
            return Err(HevcError::NoSlice);
        };
        if self.is_waiting() && !kind.is_irap() {
            self.keep_sets(annex_b);
            return Ok(Vec::new());
        }
        let format = self.read_head(annex_b, kind)?;
        let codec = match &mut self.codec {
            Some(codec) => codec,
            empty => empty.insert(start(&self.sets)),
        };
        self.order.follow(kind)?;
        let before = codec.stats;
        push(codec, annex_b, tag)?;
        self.order.ended = nal_units(annex_b).any(ends_sequence);
        // Only so does the picture come out of this call, not of the next; it is no slice, so that an
        // error is all that can follow.
        let _ = codec.push_nal(&NEXT_PICTURE, None);
        codec.sei_results.clear();
        let after = codec.stats;
        if after.generated_refs > before.generated_refs {
            return Err(damaged("it refers to a picture that is not there"));
        }
        if after.sei_mismatch > before.sei_mismatch {
            return Err(damaged("the picture is not what its checksum says"));
        }
        if after.skipped_rasl > before.skipped_rasl && after.pictures == before.pictures {
            return Ok(Vec::new());
        }
        let newest = codec.dpb().last().filter(|newest| newest.pts == Some(tag.cast_signed()));
        let Some(newest) = newest.filter(|_| after.pictures == before.pictures + 1) else {
            return Err(damaged("no picture came out"));
        };
        if !format.fits(&newest.pic) {
            return Err(damaged("the picture has another size"));
        }
        if format.lacks_blocks(&newest.pic) {
            return Err(damaged("a part of the picture is missing"));
        }
        if codec.dpb().len() > MOST_HELD + 1 {
            return Err(damaged("more reference pictures than a decoder keeps"));
        }
        // Within a sequence each is another's (section 8.3.1).
        let same = |other: &&rusty_h265::decoder::DpbEntry| other.poc == newest.poc;
        if codec.dpb().iter().filter(same).count() > 1 {
            return Err(damaged("two pictures of one place in output order"));
        }
        self.held.push_back(Held { tag, format, sequence: self.order.sequence });
        if self.held.len() > MOST_HELD + 1 {
            // Of a picture that is not for showing.
            self.held.pop_front();
        }
        self.due()
    }

    /// Reads the parameter sets in front of the first slice, and those by which it goes.
    fn read_head(&mut self, annex_b: &[u8], kind: NalType) -> Result<Format, HevcError> {
        for nal in nal_units(annex_b).filter(|nal| is_well_formed(nal)) {
            if let Some((pps, _)) = slice_start(nal) {
                let sps = self.sets.sps_of(pps);
                return Format::new(sps.ok_or_else(|| damaged("a parameter set is missing"))?);
            }
            let changed = self.sets.keep(nal)? == Stored::New;
            if changed && nal_type(nal) == Some(NalType::Sps) && !kind.is_irap() {
                // Section 7.4.2.4.2: its content stays while pictures that go by it are decoded.
                return Err(damaged("the sequence parameter set changed"));
            }
        }
        Err(damaged("a slice header ends early"))
    }

    /// What the crate has ready.
    fn due(&mut self) -> Result<Vec<Decoded>, HevcError> {
        let mut due = Vec::new();
        while let Some(Ok(frame)) = self.codec.as_mut().map(|codec| codec.next_frame()) {
            let tag = frame.pts.map(i64::cast_unsigned);
            let Some(at) = self.held.iter().position(|held| Some(held.tag) == tag) else {
                continue;
            };
            let Some(held) = self.held.remove(at) else { continue };
            let place = (held.sequence, frame.poc);
            if self.order.last.is_some_and(|last| place <= last) {
                return Err(damaged("a picture comes too late for its place in output order"));
            }
            self.order.last = Some(place);
            due.push(Decoded::new(held.tag, held.format, frame.picture));
        }
        Ok(due)
    }
}

impl Order {
    /// The next picture is of this type.
    fn follow(&mut self, kind: NalType) -> Result<(), HevcError> {
        let leading = kind.is_rasl() || kind.is_radl();
        if kind.is_irap() {
            self.trailing = false;
            self.sequence += u64::from(kind != NalType::Cra || self.ended);
            self.ended = false;
        } else if !leading {
            self.trailing = true;
        } else if self.trailing {
            // Section 7.4.2.2: leading pictures precede trailing ones.
            return Err(damaged("an intra random access point is missing"));
        }
        Ok(())
    }
}

/// A decoder that has all parameter sets that were kept.
fn start(sets: &ParameterSets) -> Box<rusty_h265::Decoder> {
    let mut codec = Box::new(rusty_h265::Decoder::new());
    // Few cameras send checksums; where one does, nothing tells damage better.
    codec.verify_sei = true;
    for nal in sets.nals() {
        // One that the crate refuses may be one that no slice goes by; else that slice is refused.
        let _ = codec.push_nal(nal, None);
    }
    codec
}

/// Gives the crate what matters of an access unit: one picture's slices, parameter sets, checksums, and
/// ends of sequence.
fn push(codec: &mut rusty_h265::Decoder, annex_b: &[u8], tag: u64) -> Result<(), HevcError> {
    let mut slices = 0;
    for nal in nal_units(annex_b) {
        let Some(kind) = nal_type(nal).filter(|_| is_well_formed(nal) || ends_sequence(nal)) else {
            // Another layer's, which nothing of this one needs (section F.7.3), or nonsense.
            continue;
        };
        if kind.is_vcl() {
            let Some((_, first)) = slice_start(nal) else {
                return Err(damaged("a slice header ends early"));
            };
            if first != (slices == 0) {
                return Err(damaged(if first {
                    "two pictures"
                } else {
                    "the first slice is missing"
                }));
            }
            slices += 1;
            if slices > MOST_SLICES {
                return Err(HevcError::Unsupported(format!("more than {MOST_SLICES} slices")));
            }
            codec.push_nal(nal, first.then_some(tag.cast_signed())).map_err(refused)?;
        } else if matches!(kind, NalType::Sei(_))
            || is_set(kind) && slices == 0
            || ends_sequence(nal)
        {
            // A parameter set behind a slice would be the next picture's (section 7.4.2.4.4).
            codec.push_nal(nal, None).map_err(refused)?;
        }
    }
    Ok(())
}

fn is_set(kind: NalType) -> bool {
    matches!(kind, NalType::Sps | NalType::Pps)
}

/// Whether a NAL unit is the end of a sequence or of the stream: decoding begins anew after it (table
/// 7-1). It is its header alone.
fn ends_sequence(nal: &[u8]) -> bool {
    matches!(nal, [0x48 | 0x4A, second] if second >> 3 == 0)
}

fn refused(error: rusty_h265::Error) -> HevcError {
    match error {
        rusty_h265::Error::Unsupported(what) => HevcError::Unsupported(what),
        other => damaged(other.to_string()),
    }
}
