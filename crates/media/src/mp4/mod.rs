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
mod fragment;
mod movie;

use std::io::{self, Read, Seek, SeekFrom};

use razz_base::{CLOCK_RATE, Size};

use self::movie::{Entry, Track};
use crate::h264::{NalType, nal_type};

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
    /// Its video is not H.264.
    #[error(
        "its video is {0}, not H.264; convert it with `ffmpeg -i FILE -c:v libx264 -bf 0 OUT.mp4`"
    )]
    Codec(String),
    /// The end is missing.
    #[error("the file is cut short ({0}); copy or download it again")]
    Truncated(&'static str),
    /// What it says of itself cannot be.
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
}

/// Where a picture lies in the file, and when it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// When it is shown, at 90 kHz from the start of the presentation; negative where the file cuts
    /// it off, so that it is needed for those after it only.
    pub time_90k: i64,
    /// Whether decoding can begin here.
    pub sync: bool,
    offset: u64,
    bytes: u32,
    /// Which of the track's descriptions holds its parameter sets.
    entry: u32,
}

/// A file's first video track.
pub struct Mp4<R> {
    reader: R,
    entries: Vec<Entry>,
    samples: Vec<Sample>,
    raw: Vec<u8>,
}

impl<R: Read + Seek> Mp4<R> {
    /// Reads the index.
    ///
    /// # Errors
    /// When the file is no MP4, has no H.264 video, or is damaged or cut short.
    pub fn open(mut reader: R) -> Result<Self, Mp4Error> {
        let end = reader.seek(SeekFrom::End(0))?;
        let mut track: Option<Track> = None;
        let mut has_movie = false;
        let mut at = 0;
        while let Some(outer) = Outer::read(&mut reader, at, end)? {
            match &outer.kind {
                b"moov" => {
                    has_movie = true;
                    track = Some(Track::read(&outer.content(&mut reader, end)?)?);
                }
                b"moof" => {
                    let content = outer.content(&mut reader, end)?;
                    if let Some(track) = &mut track {
                        track.add_fragment(&content, at)?;
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
            None if has_movie => return Err(Mp4Error::NoVideo),
            None if at == 0 => return Err(Mp4Error::NotMp4),
            None => return Err(Mp4Error::Truncated("its index is missing")),
        };
        let (entries, samples) = track.finish(end)?;
        Ok(Self { reader, entries, samples, raw: Vec::new() })
    }

    /// The pictures in decode order.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Width and height as the file states them; the stream's own parameter sets decide.
    pub fn size(&self) -> Size {
        self.entries.first().map_or(Size::default(), |entry| entry.size)
    }

    /// Pictures per second by their times; `None` for fewer than two.
    pub fn frame_rate(&self) -> Option<f64> {
        let times = || self.samples.iter().map(|sample| sample.time_90k);
        let span = times().max()?.saturating_sub(times().min()?);
        let intervals = self.samples.len() - 1;
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
        if sample.sync && !has_parameters(&self.raw, entry.length_bytes) {
            annex_b.extend_from_slice(&entry.parameter_sets);
        }
        to_annex_b(&self.raw, entry.length_bytes, annex_b)
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

fn has_parameters(sample: &[u8], length_bytes: usize) -> bool {
    nal_units(sample, length_bytes).flatten().any(|nal| nal_type(nal) == Some(NalType::Sps))
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
