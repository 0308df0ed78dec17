//! Reads the H.264 of an MP4 file (ISO/IEC 14496-12 and -15): its pictures in decode order, each as
//! an Annex B access unit with its time. Fragmented files are read as well.
//!
//! ```no_run
//! use razz_media::mp4::Mp4;
//!
//! let file = std::fs::File::open("clip.mp4")?;
//! let mut clip = Mp4::open(std::io::BufReader::new(file))?;
//! let mut annex_b = Vec::new();
//! for index in 0..clip.samples().len() {
//!     clip.read(index, &mut annex_b)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod atom;
mod edits;
mod fragment;
mod header;
mod movie;
pub mod write;

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};

use razz_base::{CLOCK_RATE, Codec, PixelAspect, Size};

use self::header::Header;
use self::movie::{Entry, Finished, Track};
use crate::Orientation;
use crate::h264::{NalType, Sps, nal_type, nal_units as annex_b_units};
use crate::h265;

/// Larger than any index of a clip, small enough to allocate.
const MAX_INDEX_BYTES: u64 = 1 << 28;
/// A day and a half at 30 pictures a second.
const MAX_SAMPLES: usize = 1 << 22;
/// Larger than any access unit (H.264 table A-1 bounds a picture far below).
const MAX_SAMPLE_BYTES: u32 = 1 << 26;

/// Why a file cannot be read as MP4.
#[derive(Debug, thiserror::Error)]
pub enum Mp4Error {
    /// The system does not hand out its bytes.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Something else.
    #[error("this is not an MP4 file; convert it with `ffmpeg -i FILE -c copy OUT.mp4`")]
    NotMp4,
    /// No video in it.
    #[error("this MP4 file has no video")]
    NoVideo,
    /// Its video is neither H.264 nor H.265.
    #[error(
        "its video is {0}, not H.264 or H.265; convert it with `ffmpeg -i FILE -c:v libx264 -bf 0 OUT.mp4`"
    )]
    Codec(String),
    /// The end is missing.
    #[error("the file is cut short ({0}); copy or download it again")]
    Truncated(&'static str),
    /// What it says of itself cannot be.
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
}

/// What is not there of a file that was cut short or damaged; the rest is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Missing {
    /// Pictures that the index names: they, and those after them that cannot be decoded without them.
    Pictures {
        /// How many.
        missing: usize,
        /// Of how many.
        of: usize,
        /// When the first of them would be shown, at 90 kHz.
        from_90k: i64,
    },
    /// Everything after this place in the file, where a fragment or a box is not whole.
    After {
        /// In bytes from its start.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
}

impl fmt::Display for Missing {
    /// One line for the file's user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pictures { missing, of, from_90k } => {
                let seconds = (*from_90k).max(0) as f64 / CLOCK_RATE as f64;
                write!(
                    f,
                    "the file is cut short: {missing} of its {of} pictures are missing, from {seconds:.1} s \
                     on; what is there is read"
                )
            }
            Self::After { offset, what } => write!(
                f,
                "the file is cut short or damaged {offset} bytes from its start ({what}); what stands \
                 before that is read"
            ),
        }
    }
}

/// Where a picture lies in the file, and when it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// When it is shown, at 90 kHz from the start of the presentation; negative where the file's edit
    /// list cuts it off, so that it is needed for those after it only.
    pub time_90k: i64,
    /// Whether decoding can begin here.
    pub sync: bool,
    offset: u64,
    bytes: u32,
    /// Which of the track's descriptions holds its parameter sets.
    entry: u32,
}

/// The video track of a file that a player would show: not its cover.
pub struct Mp4<R> {
    reader: R,
    entries: Vec<Entry>,
    samples: Vec<Sample>,
    header: Header,
    missing: Option<Missing>,
    raw: Vec<u8>,
}

impl<R: Read + Seek> Mp4<R> {
    /// Reads the index. Of a file that is cut short or damaged behind its index, what is there is read,
    /// and [`missing`](Self::missing) says what is not.
    ///
    /// # Errors
    /// When the file is no MP4, has no video of H.264 or H.265, its index is damaged or not there, or none of its
    /// pictures is.
    pub fn open(mut reader: R) -> Result<Self, Mp4Error> {
        let end = reader.seek(SeekFrom::End(0))?;
        let mut track: Option<Track> = None;
        let mut at = 0;
        let mut torn = None;
        loop {
            let outer = match Outer::read(&mut reader, at, end) {
                Ok(Some(outer)) => outer,
                Ok(None) => break,
                // Behind an index, what cannot be read ends the file.
                Err(error) => {
                    torn = track.as_ref().and_then(|_| error.missing_after(at));
                    if torn.is_none() {
                        return Err(error);
                    }
                    break;
                }
            };
            match &outer.kind {
                // A second one is none: the first has the pictures that were counted.
                b"moov" if track.is_none() => {
                    track = Some(Track::read(&outer.content(&mut reader, end)?)?);
                }
                b"moof" => {
                    let Some(track) = &mut track else {
                        at = outer.end;
                        continue;
                    };
                    let before = track.mark();
                    let content = outer.content(&mut reader, end);
                    let added = content.and_then(|content| track.add_fragment(&content, at));
                    if let Err(error) = added {
                        track.back_to(before);
                        let missing = error.missing_after(at);
                        if track.is_empty() || missing.is_none() {
                            return Err(error);
                        }
                        torn = torn.or(missing);
                    }
                }
                // What begins with neither a type nor an index is another kind of file.
                b"ftyp" | b"styp" | b"free" | b"skip" | b"wide" | b"mdat" | b"sidx" | b"uuid" => {}
                _ if at == 0 => return Err(Mp4Error::NotMp4),
                _ => {}
            }
            at = outer.end;
        }
        let track = match track {
            Some(track) => track,
            None if at == 0 => return Err(Mp4Error::NotMp4),
            None => return Err(Mp4Error::Truncated(NO_INDEX)),
        };
        let Finished { entries, samples, header, missing } = track.finish(end)?;
        let missing = missing.or(torn);
        Ok(Self { reader, entries, samples, header, missing, raw: Vec::new() })
    }

    /// What is not there of the file; `None` for a whole one.
    pub fn missing(&self) -> Option<Missing> {
        self.missing
    }

    /// How its pictures are turned for showing. What [`read`](Self::read) gives is as it is stored.
    pub fn orientation(&self) -> Orientation {
        self.header.orientation
    }

    /// The shape of its stored pixels: by the file, else by the stream's own parameter sets.
    pub fn pixel_aspect(&self) -> PixelAspect {
        let Some(entry) = self.entries.first() else { return PixelAspect::default() };
        let [wide, high] = self.header.shown.map(u64::from);
        let Size { width, height } = entry.size;
        // The size on the screen against that of the pictures, where they differ by more than rounding.
        let by_header = || {
            let stretched = wide * u64::from(height) != high * u64::from(width);
            let [wide, high] = [wide >> 8, high >> 8].map(|side| side as u32);
            let aspect = || PixelAspect::new(wide.checked_mul(height)?, high.checked_mul(width)?);
            if stretched { aspect().filter(|aspect| !nearly_square(*aspect)) } else { None }
        };
        let by_stream = || {
            let mut units = annex_b_units(&entry.parameter_sets);
            let sps = units.find(|nal| is_sps(nal, entry.codec))?;
            match entry.codec {
                Codec::H264 => Sps::parse(sps).ok().map(|sps| sps.pixel_aspect),
                Codec::H265 => h265::Sps::parse(sps).ok().map(|sps| sps.pixel_aspect),
                Codec::Mjpeg => None,
            }
        };
        entry.pixel_aspect.or_else(by_header).or_else(by_stream).unwrap_or_default()
    }

    /// The pictures in decode order.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// How its video is coded.
    pub fn codec(&self) -> Codec {
        self.entries.first().map_or(Codec::default(), |entry| entry.codec)
    }

    /// Width and height as the file states them; the stream's own parameter sets decide.
    pub fn size(&self) -> Size {
        self.entries.first().map_or(Size::default(), |entry| entry.size)
    }

    /// Pictures per second by their times; `None` for fewer than two.
    pub fn frame_rate(&self) -> Option<f64> {
        let shown = |time: &i64| *time >= 0;
        let times = || self.samples.iter().map(|sample| sample.time_90k).filter(shown);
        let span = times().max()?.saturating_sub(times().min()?);
        let intervals = times().count() - 1;
        (span > 0).then(|| intervals as f64 * CLOCK_RATE as f64 / span as f64)
    }

    /// Reads picture `index` into `annex_b`, with the parameter sets in front where decoding can
    /// begin. What was there is overwritten.
    ///
    /// # Errors
    /// When there is no such picture, the system does not hand out the bytes, or they are no NAL
    /// units.
    pub fn read(&mut self, index: usize, annex_b: &mut Vec<u8>) -> Result<(), Mp4Error> {
        let no_sample = Mp4Error::Damaged("there is no such picture");
        let sample = *self.samples.get(index).ok_or(no_sample)?;
        let no_entry = Mp4Error::Damaged("a picture has no description");
        let entry = self.entries.get(sample.entry as usize).ok_or(no_entry)?;
        self.reader.seek(SeekFrom::Start(sample.offset))?;
        self.raw.clear();
        (&mut self.reader).take(u64::from(sample.bytes)).read_to_end(&mut self.raw)?;
        if self.raw.len() < sample.bytes as usize {
            return Err(Mp4Error::Truncated("a picture is missing"));
        }
        annex_b.clear();
        if sample.sync && !has_parameters(&self.raw, entry) {
            annex_b.extend_from_slice(&entry.parameter_sets);
        }
        to_annex_b(&self.raw, entry.length_bytes, annex_b)
    }
}

/// What is said of a file without an index.
const NO_INDEX: &str = "its index is missing, which most programs write when a recording ends: this one \
                        did not end, or was not copied whole; one in fragments would be readable";

/// Whether pixels differ from squares by no more than the size of a picture is rounded.
fn nearly_square(PixelAspect { width, height }: PixelAspect) -> bool {
    u64::from(width.abs_diff(height)) * 200 < u64::from(width.max(height))
}

impl Mp4Error {
    /// What it means behind an index that was read: that everything from `offset` on is not there.
    /// `None` where the system is at fault.
    fn missing_after(&self, offset: u64) -> Option<Missing> {
        match self {
            Self::Truncated(what) | Self::Damaged(what) => Some(Missing::After { offset, what }),
            Self::NotMp4 => Some(Missing::After { offset, what: "no box begins here" }),
            Self::Io(_) | Self::NoVideo | Self::Codec(_) => None,
        }
    }
}

/// A box of the file itself, not yet read.
struct Outer {
    kind: [u8; 4],
    from: u64,
    end: u64,
}

impl Outer {
    /// The header at `at`; `None` at the end of the file.
    fn read(reader: &mut (impl Read + Seek), at: u64, end: u64) -> Result<Option<Self>, Mp4Error> {
        if end.saturating_sub(at) < 8 {
            return Ok(None);
        }
        reader.seek(SeekFrom::Start(at))?;
        let mut head = [0; 8];
        reader.read_exact(&mut head)?;
        let [a, b, c, d, kind @ ..] = head;
        let (from, length) = match u32::from_be_bytes([a, b, c, d]) {
            0 => (at + 8, end - at),
            1 => {
                let mut long = [0; 8];
                if end - at < 16 {
                    return Err(Mp4Error::Truncated("a box is missing"));
                }
                reader.read_exact(&mut long)?;
                (at + 16, u64::from_be_bytes(long))
            }
            length => (at + 8, u64::from(length)),
        };
        let box_end = at.checked_add(length).filter(|end| *end >= from);
        let box_end = match box_end {
            Some(end) => end,
            None if at == 0 => return Err(Mp4Error::NotMp4),
            None => return Err(Mp4Error::Damaged("a box is shorter than its header")),
        };
        Ok(Some(Self { kind, from, end: box_end }))
    }

    fn content(&self, reader: &mut (impl Read + Seek), end: u64) -> Result<Vec<u8>, Mp4Error> {
        if self.end > end {
            return Err(Mp4Error::Truncated("its index is not whole"));
        }
        let length = self.end - self.from;
        if length > MAX_INDEX_BYTES {
            return Err(Mp4Error::Damaged("its index is larger than any clip's"));
        }
        reader.seek(SeekFrom::Start(self.from))?;
        let mut content = Vec::new();
        reader.take(length).read_to_end(&mut content)?;
        Ok(content)
    }
}

/// The NAL units of a sample, each behind its length (14496-15 section 5.3.3).
fn nal_units(sample: &[u8], length_bytes: usize) -> impl Iterator<Item = Option<&[u8]>> {
    let mut rest = sample;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let split = rest.split_at_checked(length_bytes).and_then(|(length, after)| {
            let length = length.iter().fold(0usize, |value, byte| value << 8 | usize::from(*byte));
            after.split_at_checked(length)
        });
        rest = split.map_or(&[], |(_, after)| after);
        Some(split.map(|(nal, _)| nal))
    })
}

fn has_parameters(sample: &[u8], entry: &Entry) -> bool {
    nal_units(sample, entry.length_bytes).flatten().any(|nal| is_sps(nal, entry.codec))
}

fn is_sps(nal: &[u8], codec: Codec) -> bool {
    match codec {
        Codec::H264 => nal_type(nal) == Some(NalType::Sps),
        Codec::H265 => h265::nal_type(nal) == Some(h265::NalType::Sps),
        Codec::Mjpeg => false,
    }
}

fn to_annex_b(sample: &[u8], length_bytes: usize, out: &mut Vec<u8>) -> Result<(), Mp4Error> {
    for nal in nal_units(sample, length_bytes) {
        let nal = nal.ok_or(Mp4Error::Damaged("a picture's NAL units do not fit into it"))?;
        out.extend_from_slice(&[0, 0, 0, 1]);
        out.extend_from_slice(nal);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
