//! Blocks read. Whatever the bytes are, this ends soon, and takes memory for no more frames and boxes than the header
//! says, which itself is bounded.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use razz_base::{
    CameraId, ClassId, ClassNames, FrameKey, MediaTime, Size, Track, TrackFrame, TrackId,
    TrackState, WallQuality, WallTime,
};
use zstd::bulk::Decompressor;

use super::Recorded;
use super::block::{FARTHEST, rect};
use super::columns::{ColumnReader, Of};
use super::header::{BlockError, Header};
use super::lives::{
    BOX_PREDICTED, BOX_RECLASSED, FRAME_BY_REPORTS, FRAME_NOT_DETECTED, FRAME_RESIZED, Life, Lives,
    source_of,
};

/// Reads the block that `data` begins with, which is of `camera`.
///
/// # Errors
/// When it is none, or damaged.
pub fn decode(data: &[u8], camera: CameraId) -> Result<Vec<Recorded>, BlockError> {
    let header = Header::parse(data)?;
    let body = data.get(header.bytes..header.block_bytes()).ok_or(BlockError::Short)?;
    if crc32fast::hash(body) != header.body_checksum {
        return Err(BlockError::Damaged("its body is not what was written"));
    }
    let unpacked = unpack(body, header.unpacked_bytes)
        .map_err(|_| BlockError::Damaged("it cannot be unpacked"))?;
    let mut decoder = Decoder::new(&header, &unpacked)?;
    let classes = ClassNames::new(header.classes.iter().cloned());
    // What a frame has in memory is more than in the file: it grows as frames come.
    let mut frames = Vec::new();
    for _ in 0..header.frames {
        frames.push(decoder.frame(camera)?);
    }
    let ends = frames.last().is_some_and(|frame| frame.key.time == header.until);
    if !ends || decoder.boxes != header.boxes {
        return Err(BlockError::Damaged("its header says otherwise"));
    }
    set_velocities(&mut frames);
    let recorded = |frame: Frame| Recorded {
        frame: TrackFrame {
            key: frame.key,
            wall: frame.wall,
            size: frame.size,
            detected: frame.detected,
            tracks: Arc::from(frame.tracks),
        },
        classes: classes.clone(),
    };
    Ok(frames.into_iter().map(recorded).collect())
}

/// A decompressor takes longer to make than a block to unpack: each thread keeps one.
fn unpack(body: &[u8], capacity: usize) -> io::Result<Vec<u8>> {
    thread_local! {
        static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let decompressor = match kept {
            Some(decompressor) => decompressor,
            None => kept.insert(Decompressor::new()?),
        };
        decompressor.decompress(body, capacity)
    })
}

struct Frame {
    key: FrameKey,
    wall: WallTime,
    size: Size,
    detected: bool,
    tracks: Vec<Track>,
}

struct Decoder<'a> {
    columns: ColumnReader<'a>,
    lives: Lives,
    /// How many boxes there were, and how many there may be.
    boxes: usize,
    most_boxes: usize,
    classes: usize,
    /// Of the frame before.
    time: MediaTime,
    interval_90k: i64,
    wall_us: i64,
    size: Option<Size>,
    /// The last track that was new.
    id: u64,
    first: bool,
    /// Boxes without flags until the next one that has some.
    plain: u64,
    confidence_steps: u16,
}

impl<'a> Decoder<'a> {
    fn new(header: &Header, unpacked: &'a [u8]) -> Result<Self, BlockError> {
        let mut columns = ColumnReader::new(unpacked)?;
        Ok(Self {
            plain: plain_boxes(&mut columns)?,
            columns,
            lives: Lives::default(),
            boxes: 0,
            most_boxes: header.boxes,
            classes: header.classes.len(),
            time: header.from,
            interval_90k: 0,
            wall_us: header.wall_us,
            size: None,
            id: 0,
            first: true,
            confidence_steps: header.confidence_steps,
        })
    }

    fn frame(&mut self, camera: CameraId) -> Result<Frame, BlockError> {
        let columns = &mut self.columns;
        let interval = columns.take_signed(Of::Times)?.wrapping_add(self.interval_90k);
        let time = self.time.plus_90k(interval);
        if time <= self.time && !std::mem::take(&mut self.first) {
            return Err(BlockError::Damaged("its frames are not in order"));
        }
        self.first = false;
        let expected_us = self.wall_us.wrapping_add(time.since_us(self.time));
        let wall_us = columns.take_signed(Of::Walls)?.wrapping_add(expected_us);
        let flags = columns.take(Of::Frames)?;
        if flags & FRAME_RESIZED != 0 {
            let mut side = || {
                let side = u32::try_from(columns.take(Of::Sizes)?);
                side.map_err(|_| BlockError::Damaged("a picture is too large"))
            };
            self.size = Some(Size::new(side()?, side()?));
        }
        let size = self.size.ok_or(BlockError::Damaged("its pictures have no size"))?;
        (self.time, self.interval_90k, self.wall_us) = (time, interval, wall_us);
        self.membership(size)?;
        self.boxes += self.lives.present.len();
        let mut tracks = Vec::with_capacity(self.lives.present.len());
        for place in &self.lives.present {
            let life = &mut self.lives.all[*place];
            let flags = match self.plain {
                0 => {
                    let flags = self.columns.take(Of::Boxes)?;
                    self.plain = plain_boxes(&mut self.columns)?;
                    flags
                }
                _ => {
                    self.plain -= 1;
                    0
                }
            };
            let steps = self.confidence_steps;
            tracks.push(take_box(&mut self.columns, life, time, flags, self.classes, steps)?);
        }
        let quality = if flags & FRAME_BY_REPORTS == 0 {
            WallQuality::Arrival
        } else {
            WallQuality::SenderReport
        };
        Ok(Frame {
            key: FrameKey { camera, time },
            wall: WallTime { us: wall_us, quality },
            size,
            detected: flags & FRAME_NOT_DETECTED == 0,
            tracks,
        })
    }

    fn membership(&mut self, size: Size) -> Result<(), BlockError> {
        const TRACKS: BlockError = BlockError::Damaged("its tracks begin or end wrongly");
        let present = self.lives.present.len();
        let gone = usize::try_from(self.columns.take(Of::Ends)?).map_err(|_| TRACKS)?;
        if gone > present {
            return Err(TRACKS);
        }
        let (mut stays, mut at) = (vec![true; present], 0usize);
        for _ in 0..gone {
            let step = usize::try_from(self.columns.take(Of::Ends)?).map_err(|_| TRACKS)?;
            at = at.saturating_add(step);
            *stays.get_mut(at).ok_or(TRACKS)? = false;
        }
        let mut stays = stays.into_iter();
        self.lives.present.retain(|_| stays.next().unwrap_or(false));
        let begun = usize::try_from(self.columns.take(Of::Begins)?).map_err(|_| TRACKS)?;
        let room = self.most_boxes.saturating_sub(self.boxes);
        if begun > room.saturating_sub(self.lives.present.len()) {
            return Err(BlockError::Damaged("it has more boxes than its header says"));
        }
        let mut places = Vec::with_capacity(begun);
        for _ in 0..begun {
            let back = usize::try_from(self.columns.take(Of::Begins)?).map_err(|_| TRACKS)?;
            let place = if back > 0 {
                self.lives.all.len().checked_sub(back).ok_or(TRACKS)?
            } else {
                self.id = self.id.wrapping_add(self.columns.take_signed(Of::Ids)? as u64);
                let id = TrackId(self.id);
                if self.lives.find(id).is_some() {
                    return Err(TRACKS);
                }
                self.lives.add(id, size)
            };
            places.push(place);
        }
        self.lives.join(&places);
        // Each has one box only.
        let twice = self.lives.present.windows(2).any(|pair| pair[0] == pair[1]);
        if twice { Err(TRACKS) } else { Ok(()) }
    }
}

/// How many boxes have no flags before one that has.
fn plain_boxes(columns: &mut ColumnReader<'_>) -> Result<u64, BlockError> {
    if columns.is_empty(Of::Boxes) { Ok(u64::MAX) } else { columns.take(Of::Boxes) }
}

fn take_box(
    columns: &mut ColumnReader<'_>,
    life: &mut Life,
    time: MediaTime,
    flags: u64,
    classes: usize,
    confidence_steps: u16,
) -> Result<Track, BlockError> {
    const FAR: BlockError = BlockError::Damaged("a box is too far away");
    let expected = life.motion.expected(time.as_90k());
    let mut found = [0; 4];
    let ofs = [Of::Left, Of::Top, Of::Width, Of::Height];
    for ((of, found), expected) in ofs.into_iter().zip(&mut found).zip(expected) {
        *found = columns.take_signed(of)?.wrapping_add(expected);
    }
    let [left, top, width, height] = found;
    let edges = [left, top, left.wrapping_add(width), top.wrapping_add(height)];
    if edges.iter().any(|edge| !(-FARTHEST..=FARTHEST).contains(edge)) {
        return Err(FAR);
    }
    life.motion.observe(time.as_90k(), found);
    life.confidence = life.confidence.wrapping_add(columns.take_signed(Of::Confidences)?);
    if !(0..=i64::from(confidence_steps)).contains(&life.confidence) {
        return Err(BlockError::Damaged("a confidence is beyond 1"));
    }
    let (state, age_us) = if flags & BOX_PREDICTED == 0 {
        (TrackState::Matched, 0)
    } else {
        let expected = life.expected_age_us(time);
        (TrackState::Predicted, columns.take_signed(Of::Ages)?.wrapping_add(expected))
    };
    life.aged(time, age_us);
    if flags & BOX_RECLASSED != 0 {
        life.class = columns.take(Of::Classes)?;
    }
    let class = u16::try_from(life.class).ok().filter(|class| usize::from(*class) < classes);
    Ok(Track {
        id: life.id,
        bbox: rect(found),
        class: ClassId(class.ok_or(BlockError::Damaged("a class has no name"))?),
        confidence: life.confidence as f64 / f64::from(confidence_steps),
        source: source_of(flags),
        state,
        age_us,
        velocity: [0.0; 4],
    })
}

/// The velocity on each frame is that from the box before to the box after; at the ends of a track in the block, from
/// or to the box itself.
fn set_velocities(frames: &mut [Frame]) {
    let mut boxes: HashMap<TrackId, Vec<(usize, usize)>> = HashMap::new();
    for (n, frame) in frames.iter().enumerate() {
        for (m, track) in frame.tracks.iter().enumerate() {
            boxes.entry(track.id).or_default().push((n, m));
        }
    }
    for places in boxes.into_values() {
        for (n, place) in places.iter().enumerate() {
            let before = places[n.saturating_sub(1)];
            let after = places.get(n + 1).copied().unwrap_or(*place);
            let seconds = frames[after.0].key.time.since_secs(frames[before.0].key.time);
            if seconds > 0.0 {
                let of = |(n, m): (usize, usize)| frames[n].tracks[m].bbox.to_array();
                let (from, to) = (of(before), of(after));
                frames[place.0].tracks[place.1].velocity =
                    std::array::from_fn(|edge| (to[edge] - from[edge]) / seconds);
            }
        }
    }
}
