//! The index of a file: `moov`, its video track and that track's sample tables.

use razz_base::{Codec, PixelAspect, Size};

use super::atom::{Fields, atoms, find};
use super::edits::Edits;
use super::header::{Header, movie_matrix, movie_timescale};
use super::{MAX_SAMPLE_BYTES, MAX_SAMPLES, Missing, Mp4Error, Sample};

/// A description of samples: an entry `avc1` or `avc3` (14496-15 section 5.4), `hvc1` or `hev1`
/// (section 8.4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) codec: Codec,
    pub(super) size: Size,
    /// SPS and PPS, of H.265 the VPS before them, as Annex B.
    pub(super) parameter_sets: Vec<u8>,
    /// Bytes of the length in front of each NAL unit.
    pub(super) length_bytes: usize,
    /// What the file says of the shape of its pixels (`pasp`, section 12.1.4).
    pub(super) pixel_aspect: Option<PixelAspect>,
}

/// A sample with its time in the track's own units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Raw {
    pub(super) offset: u64,
    pub(super) bytes: u32,
    pub(super) decode_time: i64,
    /// From the time of decoding to that of showing.
    pub(super) shown_after: i64,
    pub(super) sync: bool,
    pub(super) entry: u32,
}

/// What fragments need not say (`trex`, section 8.8.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Defaults {
    pub(super) entry: u32,
    pub(super) duration: u32,
    pub(super) bytes: u32,
    pub(super) flags: u32,
}

/// A video track while it is being read.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Track {
    pub(super) id: u32,
    /// Units of time a second.
    timescale: u32,
    edits: Edits,
    header: Header,
    entries: Vec<Entry>,
    pub(super) defaults: Defaults,
    samples: Vec<Raw>,
    /// Time of decoding of the next sample.
    pub(super) next: i64,
}

impl Track {
    /// From the content of `moov`.
    pub(super) fn read(movie: &[u8]) -> Result<Self, Mp4Error> {
        let tracks = atoms(movie).filter(|atom| atom.kind == *b"trak").map(|atom| atom.content);
        let videos = tracks.filter_map(|track| {
            let media = find(track, b"mdia")?;
            // Version, flags and a reserved word stand before the handler (section 8.4.3).
            let handler = find(media, b"hdlr")?.get(8..12)?;
            (handler == b"vide").then_some((track, media))
        });
        // The first of the best: covers and thumbnails are video tracks as well.
        let (track, media) =
            videos.min_by_key(|(track, media)| rank(track, media)).ok_or(Mp4Error::NoVideo)?;
        let header = Header::read(part(track, b"tkhd")?, movie_matrix(movie))?;
        let id = header.id;
        let (version, _, mut fields) = Fields::full_box(part(media, b"mdhd")?)?;
        fields.bytes(if version == 0 { 8 } else { 16 })?;
        let timescale = fields.u32()?;
        if timescale == 0 {
            return Err(Mp4Error::Damaged("its time has no scale"));
        }
        let table = part(part(media, b"minf")?, b"stbl")?;
        let entries = entries(part(table, b"stsd")?)?;
        let mut read = Self {
            id,
            timescale,
            edits: Edits::read(track, timescale, movie_timescale(movie)),
            header,
            entries,
            defaults: defaults(movie, id),
            samples: Vec::new(),
            next: 0,
        };
        read.add_table(table)?;
        Ok(read)
    }

    /// The samples that `stbl` lists (section 8.5 to 8.7).
    fn add_table(&mut self, table: &[u8]) -> Result<(), Mp4Error> {
        let sizes = sizes(table)?;
        let mut timing = Runs::new(part(table, b"stts")?)?;
        let mut shown = find(table, b"ctts").map(Runs::new).transpose()?;
        let syncs = find(table, b"stss").map(numbers).transpose()?;
        let mut next_sync = syncs.into_iter().flatten().peekable();
        let all_sync = find(table, b"stss").is_none();
        let runs: Vec<[u32; 3]> = {
            let (_, _, mut fields) = Fields::full_box(part(table, b"stsc")?)?;
            let count = fields.u32()? as usize;
            let triples = fields.rest().chunks_exact(12).take(count);
            triples.map(|t| std::array::from_fn(|i| word(&t[4 * i..]))).collect()
        };
        let mut run = 0;
        let mut index = 0;
        for (chunk, offset) in (1..).zip(chunks(table)?) {
            while runs.get(run + 1).is_some_and(|next| next[0] <= chunk) {
                run += 1;
            }
            let Some(&[_, count, entry]) = runs.get(run) else { break };
            let mut offset = offset;
            for _ in 0..count {
                let Some(bytes) = sizes.get(index) else { break };
                index += 1;
                let number = index as u32;
                while next_sync.next_if(|sync| *sync < number).is_some() {}
                self.add(Raw {
                    offset,
                    bytes,
                    decode_time: self.next,
                    // Signed in version 1; older writers put negative ones into version 0 as well.
                    shown_after: shown.as_mut().map_or(0, |s| i64::from(s.take() as i32)),
                    sync: all_sync || next_sync.peek() == Some(&number),
                    entry: entry.wrapping_sub(1),
                })?;
                offset = offset.saturating_add(u64::from(bytes));
                self.next = self.next.saturating_add(i64::from(timing.take()));
            }
        }
        if index < sizes.len() {
            return Err(Mp4Error::Damaged("its index says not where every picture is"));
        }
        Ok(())
    }

    /// Whether it has no picture yet.
    pub(super) fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Where it stands, for [`back_to`](Self::back_to).
    pub(super) fn mark(&self) -> (usize, i64) {
        (self.samples.len(), self.next)
    }

    /// Forgets what was added since.
    pub(super) fn back_to(&mut self, (samples, next): (usize, i64)) {
        self.samples.truncate(samples);
        self.next = next;
    }

    /// Adds a sample. A few bytes can speak of any number of them, so there is an end to it.
    pub(super) fn add(&mut self, raw: Raw) -> Result<(), Mp4Error> {
        if self.samples.len() >= MAX_SAMPLES {
            return Err(Mp4Error::Damaged("it says that it has more pictures than any clip"));
        }
        self.samples.push(raw);
        Ok(())
    }

    /// The track as the file's reader wants it; `end` is the file's length.
    pub(super) fn finish(self, end: u64) -> Result<Finished, Mp4Error> {
        let mut samples = Vec::with_capacity(self.samples.len());
        let (mut missing, mut first_missing) = (0, None);
        // Whether the pictures since the last that is not there look back at it.
        let mut broken = false;
        for raw in &self.samples {
            if raw.bytes > MAX_SAMPLE_BYTES {
                return Err(Mp4Error::Damaged("a picture is larger than any"));
            }
            if raw.entry as usize >= self.entries.len() {
                return Err(Mp4Error::Damaged("a picture has no description"));
            }
            let time = i128::from(raw.decode_time) + i128::from(raw.shown_after);
            let time_90k = self.edits.time_90k(time);
            let time_90k =
                time_90k.ok_or(Mp4Error::Damaged("a picture's time is out of all bounds"))?;
            let is_there = raw.offset.saturating_add(u64::from(raw.bytes)) <= end;
            broken = !is_there || (broken && !raw.sync);
            if broken {
                missing += 1;
                first_missing = first_missing.or(Some(time_90k));
                continue;
            }
            samples.push(Sample {
                time_90k,
                sync: raw.sync,
                offset: raw.offset,
                bytes: raw.bytes,
                entry: raw.entry,
            });
        }
        if samples.is_empty() && missing > 0 {
            return Err(Mp4Error::Truncated("none of its pictures is there"));
        }
        let of = self.samples.len();
        let missing = first_missing.map(|from_90k| Missing::Pictures { missing, of, from_90k });
        Ok(Finished { entries: self.entries, samples, header: self.header, missing })
    }
}

/// What is read of a track.
pub(super) struct Finished {
    pub(super) entries: Vec<Entry>,
    pub(super) samples: Vec<Sample>,
    pub(super) header: Header,
    pub(super) missing: Option<Missing>,
}

/// How little a video track is what a player shows: 0 for the best. One that is not H.264 comes after
/// those that are, one of a single picture (a cover, a thumbnail) after those of several, and one that
/// is not enabled (section 8.3.1) after those that are.
fn rank(track: &[u8], media: &[u8]) -> u32 {
    const ENABLED: u32 = 1;
    let table = || find(find(media, b"minf")?, b"stbl");
    let entry = table().and_then(|table| find(table, b"stsd")?.get(12..16));
    let is_h264 = matches!(entry, Some(b"avc1" | b"avc3"));
    let is_still = matches!(entry, Some(b"jpeg" | b"png " | b"mjpa" | b"mjpb"));
    // None in the table: those are in fragments.
    let is_single = table().and_then(|table| sizes(table).ok()).is_some_and(|s| s.len() == 1);
    let flags = find(track, b"tkhd").and_then(|header| Fields::full_box(header).ok());
    let is_off = flags.is_some_and(|(_, flags, _)| flags & ENABLED == 0);
    8 * u32::from(is_still) + 4 * u32::from(is_single) + 2 * u32::from(!is_h264) + u32::from(is_off)
}

/// A box that has to be there.
fn part<'a>(data: &'a [u8], kind: &[u8; 4]) -> Result<&'a [u8], Mp4Error> {
    find(data, kind).ok_or(Mp4Error::Damaged("a part of its index is missing"))
}

fn word(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |value, byte| value << 8 | u32::from(*byte))
}

/// The 32-bit numbers of a full box that holds a list of them.
fn numbers(data: &[u8]) -> Result<impl Iterator<Item = u32>, Mp4Error> {
    let (_, _, mut fields) = Fields::full_box(data)?;
    let count = fields.u32()? as usize;
    Ok(fields.rest().chunks_exact(4).map(word).take(count))
}

/// The sizes of all samples (`stsz`, section 8.7.3).
enum Sizes<'a> {
    Same(u32, usize),
    Each(&'a [u8]),
}

impl Sizes<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Same(_, count) => *count,
            Self::Each(table) => table.len() / 4,
        }
    }

    fn get(&self, index: usize) -> Option<u32> {
        match self {
            Self::Same(bytes, count) => (index < *count).then_some(*bytes),
            Self::Each(table) => table.get(4 * index..4 * index + 4).map(word),
        }
    }
}

fn sizes(table: &[u8]) -> Result<Sizes<'_>, Mp4Error> {
    let (_, _, mut fields) = Fields::full_box(part(table, b"stsz")?)?;
    let (same, count) = (fields.u32()?, fields.u32()? as usize);
    if same > 0 {
        return Ok(Sizes::Same(same, count));
    }
    let rest = fields.rest();
    let each = count.checked_mul(4).and_then(|bytes| rest.get(..bytes));
    each.map(Sizes::Each).ok_or(Mp4Error::Damaged("a box ends too early"))
}

/// Where the chunks begin (`stco` or `co64`, section 8.7.5).
fn chunks(table: &[u8]) -> Result<impl Iterator<Item = u64>, Mp4Error> {
    let (data, width) = match find(table, b"stco") {
        Some(data) => (data, 4),
        None => (part(table, b"co64")?, 8),
    };
    let (_, _, mut fields) = Fields::full_box(data)?;
    let count = fields.u32()? as usize;
    let offset =
        |bytes: &[u8]| bytes.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    Ok(fields.rest().chunks_exact(width).map(offset).take(count))
}

/// Values that are given in runs (`stts`, `ctts`, section 8.6.1).
struct Runs<'a> {
    rest: Fields<'a>,
    left: u32,
    value: u32,
}

impl<'a> Runs<'a> {
    fn new(data: &'a [u8]) -> Result<Self, Mp4Error> {
        let (_, _, mut rest) = Fields::full_box(data)?;
        rest.u32()?;
        Ok(Self { rest, left: 0, value: 0 })
    }

    /// The next value; past the end the last one goes on.
    fn take(&mut self) -> u32 {
        while self.left == 0 {
            let (Ok(left), Ok(value)) = (self.rest.u32(), self.rest.u32()) else {
                return self.value;
            };
            (self.left, self.value) = (left, value);
        }
        self.left -= 1;
        self.value
    }
}

fn defaults(movie: &[u8], track: u32) -> Defaults {
    let boxes = find(movie, b"mvex").into_iter().flat_map(atoms);
    let mut all = boxes.filter(|atom| atom.kind == *b"trex").filter_map(|atom| {
        let (_, _, mut fields) = Fields::full_box(atom.content).ok()?;
        let of = fields.u32().ok()?;
        let entry = fields.u32().ok()?;
        let (duration, bytes) = (fields.u32().ok()?, fields.u32().ok()?);
        let flags = fields.u32().ok()?;
        (of == track).then_some(Defaults { entry, duration, bytes, flags })
    });
    all.next().unwrap_or(Defaults { entry: 1, ..Defaults::default() })
}

fn entries(data: &[u8]) -> Result<Vec<Entry>, Mp4Error> {
    let (_, _, mut fields) = Fields::full_box(data)?;
    let count = fields.u32()? as usize;
    let entries: Result<Vec<Entry>, _> = atoms(fields.rest())
        .take(count)
        .map(|atom| match &atom.kind {
            b"avc1" | b"avc3" => entry(atom.content, Codec::H264),
            b"hvc1" | b"hev1" => entry(atom.content, Codec::H265),
            other => Err(Mp4Error::Codec(codec(other))),
        })
        .collect();
    let entries = entries?;
    if entries.is_empty() {
        return Err(Mp4Error::Damaged("its video is not described"));
    }
    Ok(entries)
}

/// What people call a codec.
fn codec(kind: &[u8; 4]) -> String {
    match kind {
        b"av01" => "AV1".to_owned(),
        b"vp09" => "VP9".to_owned(),
        b"mp4v" => "MPEG-4 part 2".to_owned(),
        b"jpeg" | b"mjpa" | b"mjpb" => "Motion JPEG".to_owned(),
        b"encv" => "encrypted".to_owned(),
        other => format!("{:?}", String::from_utf8_lossy(other)),
    }
}

/// A visual sample entry (section 12.1.3) and its `avcC` or `hvcC`.
fn entry(data: &[u8], codec: Codec) -> Result<Entry, Mp4Error> {
    let mut fields = Fields::new(data);
    fields.bytes(24)?;
    let size = Size::new(fields.u16()?.into(), fields.u16()?.into());
    fields.bytes(50)?;
    let config = match codec {
        Codec::H264 => find(fields.rest(), b"avcC"),
        Codec::H265 => find(fields.rest(), b"hvcC"),
        Codec::Mjpeg => None,
    };
    let pixel_aspect = find(fields.rest(), b"pasp").and_then(|content| {
        let mut spacing = Fields::new(content);
        PixelAspect::new(spacing.u32().ok()?, spacing.u32().ok()?)
    });
    let config = Fields::new(config.ok_or(Mp4Error::Damaged("its video is not described"))?);
    let (length_bytes, parameter_sets) = match codec {
        Codec::H264 => avc_config(config)?,
        Codec::H265 => hevc_config(config)?,
        Codec::Mjpeg => return Err(Mp4Error::Damaged("its video is not described")),
    };
    Ok(Entry { codec, size, parameter_sets, length_bytes, pixel_aspect })
}

/// Bytes of a NAL unit's length, and the parameter sets (14496-15 section 5.3.3.1).
fn avc_config(mut config: Fields<'_>) -> Result<(usize, Vec<u8>), Mp4Error> {
    config.bytes(4)?;
    let length_bytes = usize::from(config.u8()? & 3) + 1;
    let mut parameter_sets = Vec::new();
    for mask in [0x1F, 0xFF] {
        let count = config.u8()? & mask;
        units(&mut config, count.into(), &mut parameter_sets)?;
    }
    Ok((length_bytes, parameter_sets))
}

/// The same of H.265 (14496-15 section 8.3.3.1).
fn hevc_config(mut config: Fields<'_>) -> Result<(usize, Vec<u8>), Mp4Error> {
    config.bytes(21)?;
    let length_bytes = usize::from(config.u8()? & 3) + 1;
    let mut parameter_sets = Vec::new();
    for _ in 0..config.u8()? {
        config.u8()?; // array_completeness, NAL_unit_type
        let count = config.u16()?;
        units(&mut config, count, &mut parameter_sets)?;
    }
    Ok((length_bytes, parameter_sets))
}

/// Appends so many NAL units, each behind its length of two bytes, as Annex B.
fn units(config: &mut Fields<'_>, count: u16, annex_b: &mut Vec<u8>) -> Result<(), Mp4Error> {
    for _ in 0..count {
        let length = usize::from(config.u16()?);
        annex_b.extend_from_slice(&[0, 0, 0, 1]);
        annex_b.extend_from_slice(config.bytes(length)?);
    }
    Ok(())
}
