//! One fragment of a file: access units gathered, and written as a whole.

use razz_base::{AccessUnit, Codec, MediaTime, WallQuality, WallTime, ntp};

use super::TRACK;
use super::boxes::Boxes;
use crate::h264::nal_units;
use crate::mp4::Mp4Error;
use crate::mp4::atom::{Fields, find};

/// A sample that others lean on nothing to be decoded (section 8.8.3.1): `sample_depends_on` 2.
const SYNC: u32 = 2 << 24;
/// Others: `sample_depends_on` 1, and no sync sample.
const NOT_SYNC: u32 = 1 << 24 | 1 << 16;
/// In `prft`: the time is that of capture (section 8.16.5), as the camera says.
const CAPTURED: u32 = 0;
/// The time is consistent, and from elsewhere: from the arrival.
const CONSISTENT: u32 = 24;
/// The content of the `free` box behind a fragment: this, and the CRC-32 of the fragment.
pub(super) const CHECKSUM: &[u8; 4] = b"crc ";
/// That box.
pub(super) const CHECKSUM_BYTES: usize = 16;

/// Where in a fragment stands when it begins (the time of `tfdt`), and in how many bytes: what a clip of several
/// fragments counts from its own beginning.
pub const TIME_AT: usize = PRFT_BYTES + 8 + 16 + 8 + 16 + 12;
/// See [`TIME_AT`].
pub const TIME_BYTES: usize = 8;
/// The `prft` box.
const PRFT_BYTES: usize = 32;

/// Gathers access units and writes fragments, one after the other.
#[derive(Debug, Default)]
pub struct FragmentWriter {
    samples: Vec<Sample>,
    /// Their bytes, as they stand in `mdat`.
    data: Vec<u8>,
    /// The first of them, and when it was taken.
    first: Option<(MediaTime, WallTime)>,
    /// The number of the next fragment, less one.
    number: u32,
    /// Decode times come to no less.
    decoded_until: i64,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    time: MediaTime,
    bytes: u32,
    sync: bool,
}

impl FragmentWriter {
    /// Adds an access unit; `false`, and nothing added, where it has no pictures in it.
    pub fn push(&mut self, au: &AccessUnit) -> bool {
        let begin = self.data.len();
        if au.codec() == Codec::Mjpeg {
            self.data.extend_from_slice(&au.data);
        } else {
            for nal in nal_units(&au.data) {
                self.data.extend_from_slice(&(nal.len() as u32).to_be_bytes());
                self.data.extend_from_slice(nal);
            }
        }
        let bytes = (self.data.len() - begin) as u32;
        if bytes == 0 {
            return false;
        }
        self.first.get_or_insert((au.key.time, au.wall));
        self.samples.push(Sample { time: au.key.time, bytes, sync: au.idr });
        true
    }

    /// The time of the first access unit that was added.
    pub fn begins(&self) -> Option<MediaTime> {
        self.first.map(|(time, _)| time)
    }

    /// Whether that is decoded without any other.
    pub fn begins_with_key(&self) -> bool {
        self.samples.first().is_some_and(|sample| sample.sync)
    }

    /// Bytes that are gathered.
    pub fn bytes(&self) -> usize {
        self.data.len()
    }

    /// Writes what was gathered behind `out`, and says of it what [`checked`] will; nothing where nothing was. `next` is
    /// when what follows it is shown.
    ///
    /// Without pictures out of order the time of decoding is the media time. With them it is the times of the
    /// fragment in their order, and each sample says how much earlier or later it is shown.
    pub fn finish(&mut self, next: MediaTime, out: &mut Vec<u8>) -> Option<Summary> {
        let key = self.begins_with_key();
        let (first, wall) = self.first.take()?;
        let begin = out.len();
        let decode_times = self.decode_times();
        let end = next.as_90k().max(decode_times.last().map_or(0, |last| last + 1));
        self.decoded_until = end;
        self.number += 1;
        let mut boxes = Boxes(out);
        let flags = match wall.quality {
            WallQuality::SenderReport => CAPTURED,
            WallQuality::Arrival => CONSISTENT,
        };
        boxes.full(b"prft", 1, flags, |boxes| {
            boxes.u32(TRACK);
            boxes.u64(ntp::from_unix_us(wall.us));
            boxes.u64(first.as_90k() as u64);
        });
        let moof = boxes.0.len();
        let mut offset_at = 0;
        boxes.put(b"moof", |boxes| {
            boxes.full(b"mfhd", 0, 0, |boxes| boxes.u32(self.number));
            boxes.put(b"traf", |boxes| {
                // Offsets count from this fragment.
                boxes.full(b"tfhd", 0, 0x2_0000, |boxes| boxes.u32(TRACK));
                boxes.full(b"tfdt", 1, 0, |boxes| boxes.u64(decode_times[0] as u64));
                // Where the data begins; and of each sample duration, bytes, flags, and when it is shown.
                boxes.full(b"trun", 1, 0xF01, |boxes| {
                    boxes.u32(self.samples.len() as u32);
                    offset_at = boxes.0.len();
                    boxes.u32(0);
                    let following = decode_times.iter().skip(1).chain([&end]);
                    for ((sample, at), then) in
                        self.samples.iter().zip(&decode_times).zip(following)
                    {
                        boxes.u32(then.saturating_sub(*at).clamp(0, u32::MAX.into()) as u32);
                        boxes.u32(sample.bytes);
                        boxes.u32(if sample.sync { SYNC } else { NOT_SYNC });
                        let later = sample.time.as_90k() - at;
                        boxes.u32(later.clamp(i32::MIN.into(), i32::MAX.into()) as i32 as u32);
                    }
                });
            });
        });
        let offset = (boxes.0.len() + 8 - moof) as u32;
        boxes.0[offset_at..offset_at + 4].copy_from_slice(&offset.to_be_bytes());
        boxes.put(b"mdat", |boxes| boxes.bytes(&self.data));
        let checksum = crc32fast::hash(&boxes.0[begin..]);
        boxes.put(b"free", |boxes| {
            boxes.bytes(CHECKSUM);
            boxes.u32(checksum);
        });
        let summary = Summary {
            bytes: boxes.0.len() - begin,
            from: MediaTime::from_90k(decode_times[0]),
            until: MediaTime::from_90k(end),
            wall,
            frames: self.samples.len() as u32,
            key,
        };
        self.samples.clear();
        self.data.clear();
        Some(summary)
    }

    /// When each sample is decoded: never before the one before it.
    fn decode_times(&self) -> Vec<i64> {
        let mut times: Vec<i64> =
            self.samples.iter().map(|sample| sample.time.as_90k().max(0)).collect();
        times.sort_unstable();
        let mut least = self.decoded_until;
        for time in &mut times {
            *time = (*time).max(least);
            least = *time + 1;
        }
        times
    }
}

/// What is whole of a file.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Checked {
    /// A fragment with its checksum.
    Whole(Summary),
    /// More is needed to tell, or the file was cut short here.
    Short,
    /// No fragment of ours, or a damaged one.
    Damaged,
}

/// What a fragment says of itself.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Summary {
    /// With its checksum.
    pub bytes: usize,
    /// The first picture's decode time.
    pub from: MediaTime,
    /// Of what follows it.
    pub until: MediaTime,
    /// When the first picture was taken.
    pub wall: WallTime,
    /// How many pictures.
    pub frames: u32,
    /// The first one is decoded without any other.
    pub key: bool,
}

/// Looks at the fragment that `data` begins with.
pub fn checked(data: &[u8]) -> Checked {
    let mut at = 0;
    loop {
        let Some(head) = data.get(at..at + 8) else { return Checked::Short };
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        match &head[4..8] {
            b"prft" | b"moof" | b"mdat" | b"uuid" if length >= 8 => at = at.saturating_add(length),
            b"free" if length == CHECKSUM_BYTES && at > 0 => break,
            _ => return Checked::Damaged,
        }
    }
    let end = at + CHECKSUM_BYTES;
    let Some(content) = data.get(at + 8..end) else { return Checked::Short };
    let (kind, checksum) = content.split_at(4);
    if kind != CHECKSUM || checksum != crc32fast::hash(&data[..at]).to_be_bytes() {
        return Checked::Damaged;
    }
    match summary(&data[..at], end) {
        Ok(summary) => Checked::Whole(summary),
        Err(_) => Checked::Damaged,
    }
}

/// Reads what [`FragmentWriter::finish`] has written.
fn summary(fragment: &[u8], bytes: usize) -> Result<Summary, Mp4Error> {
    let lacks = Mp4Error::Damaged;
    let prft = find(fragment, b"prft").ok_or(lacks("a fragment has no time of the day"))?;
    let (_, flags, mut fields) = Fields::full_box(prft)?;
    fields.u32()?;
    let us = ntp::to_unix_us(fields.u64()?);
    let quality = if flags == CAPTURED { WallQuality::SenderReport } else { WallQuality::Arrival };
    let moof = find(fragment, b"moof").ok_or(lacks("a fragment has no index"))?;
    let traf = find(moof, b"traf").ok_or(lacks("a fragment has no track"))?;
    let tfdt = find(traf, b"tfdt").ok_or(lacks("a fragment has no time"))?;
    let (version, _, mut fields) = Fields::full_box(tfdt)?;
    let from = MediaTime::from_90k(fields.by_version(version)? as i64);
    let trun = find(traf, b"trun").ok_or(lacks("a fragment has no samples"))?;
    let (_, _, mut fields) = Fields::full_box(trun)?;
    let frames = fields.u32()?;
    fields.u32()?;
    let (mut until, mut key) = (from, false);
    for n in 0..frames {
        until = until.plus_90k(fields.u32()?.into());
        fields.u32()?;
        let flags = fields.u32()?;
        fields.u32()?;
        key |= n == 0 && flags == SYNC;
    }
    let wall = WallTime { us, quality };
    Ok(Summary { bytes, from, until, wall, frames, key })
}
