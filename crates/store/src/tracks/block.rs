//! A block: the track frames of some seconds, as columns of small numbers, compressed.
//!
//! A box is stored as how far it was from where its track's boxes before it let expect it (`motion.rs`), in quarter pixels: coordinates come back to within an eighth of a pixel, confidences to within 1/512. Velocities
//! are not stored: they come of the boxes before and after. Everything else comes back as it was, but that the tracks
//! of a frame are in the order of their ids.
//!
//! A block is read without any other, and has checksums: what was cut short or damaged is never taken for tracks.

use std::collections::HashMap;

use razz_base::{MediaTime, Rect, Size, Track, TrackSource, TrackState, WallQuality};

use super::Recorded;
use super::cells::Cells;
use super::columns::{Columns, Of};
use super::header::{self, BlockError, CONFIDENCE_STEPS, Header};
use super::lives::{
    BOX_DEEP_SORT, BOX_PREDICTED, BOX_RECLASSED, FRAME_BY_REPORTS, FRAME_NOT_DETECTED,
    FRAME_RESIZED, Life, Lives,
};
use super::motion::PER_PIXEL;

pub use super::decode::decode;
pub(super) use super::header::MOST_FRAMES;

/// No coordinate is further away, in those steps.
pub(super) const FARTHEST: i64 = 1 << 24;
/// More compresses little better and takes much longer: level 9 is 2 % smaller.
const LEVEL: i32 = 3;
/// What a class is called that has no room for its name.
const NO_NAME: &str = "unknown";

/// Writes the frames of one camera as a block. Of tracks with the same id on one frame the first is kept.
///
/// # Errors
/// When there are none, more than fit, or they are not in the order of their times.
pub fn encode(frames: &[Recorded]) -> Result<(Header, Vec<u8>), BlockError> {
    let (Some(first), Some(last)) = (frames.first(), frames.last()) else {
        return Err(BlockError::Empty);
    };
    let mut encoder = Encoder::new(first);
    let mut before: Option<MediaTime> = None;
    for recorded in frames {
        let time = recorded.frame.key.time;
        if before.is_some_and(|before| time <= before) {
            return Err(BlockError::NotInOrder(time));
        }
        before = Some(time);
        encoder.frame(recorded);
    }
    let unpacked = encoder.columns.bytes();
    let boxes = encoder.boxes;
    let too_much = BlockError::TooMuch { frames: frames.len(), boxes };
    if frames.len() > header::MOST_FRAMES
        || boxes > header::MOST_BOXES
        || unpacked.len() > header::MOST_BYTES
    {
        return Err(too_much);
    }
    // It fails where there is no memory, and for nothing else.
    let body = zstd::bulk::compress(&unpacked, LEVEL).map_err(|_| too_much.clone())?;
    if body.len() > header::MOST_BYTES {
        return Err(too_much);
    }
    let mut header = Header {
        bytes: 0,
        body_bytes: body.len(),
        from: first.frame.key.time,
        until: last.frame.key.time,
        wall_us: first.frame.wall.us,
        frames: frames.len(),
        boxes,
        cells: encoder.cells,
        classes: encoder.classes.names,
        unpacked_bytes: unpacked.len(),
        body_checksum: crc32fast::hash(&body),
        confidence_steps: CONFIDENCE_STEPS,
    };
    let mut block = header.write();
    block.extend_from_slice(&body);
    Ok((header, block))
}

struct Encoder {
    columns: Columns,
    lives: Lives,
    classes: Classes,
    cells: Cells,
    boxes: usize,
    /// Of the frame before: its time, the interval in front of it, its wall time, its size.
    time: MediaTime,
    interval_90k: i64,
    wall_us: i64,
    size: Option<Size>,
    /// The last track that was new.
    id: u64,
    /// Boxes without flags since the last one that had some.
    plain: u64,
}

impl Encoder {
    fn new(first: &Recorded) -> Self {
        Self {
            columns: Columns::default(),
            lives: Lives::default(),
            classes: Classes::default(),
            cells: Cells::default(),
            boxes: 0,
            time: first.frame.key.time,
            interval_90k: 0,
            wall_us: first.frame.wall.us,
            size: None,
            id: 0,
            plain: 0,
        }
    }

    fn frame(&mut self, recorded: &Recorded) {
        let frame = &recorded.frame;
        let (time, wall) = (frame.key.time, frame.wall);
        let interval = time.since_90k(self.time);
        self.columns.put_signed(Of::Times, interval.wrapping_sub(self.interval_90k));
        let expected_us = self.wall_us.wrapping_add(time.since_us(self.time));
        self.columns.put_signed(Of::Walls, wall.us.wrapping_sub(expected_us));
        let mut flags = 0;
        if wall.quality == WallQuality::SenderReport {
            flags |= FRAME_BY_REPORTS;
        }
        if !frame.detected {
            flags |= FRAME_NOT_DETECTED;
        }
        if self.size != Some(frame.size) {
            flags |= FRAME_RESIZED;
            self.columns.put(Of::Sizes, frame.size.width.into());
            self.columns.put(Of::Sizes, frame.size.height.into());
        }
        self.columns.put(Of::Frames, flags);
        (self.time, self.interval_90k, self.wall_us) = (time, interval, wall.us);
        self.size = Some(frame.size);
        let mut tracks: Vec<&Track> = frame.tracks.iter().collect();
        tracks.sort_by_key(|track| track.id);
        tracks.dedup_by_key(|track| track.id);
        self.membership(&tracks, frame.size);
        for (n, track) in tracks.iter().enumerate() {
            let class = self.classes.place(recorded.class(track));
            let found = quantised(track);
            self.cells.add(&rect(found), frame.size);
            let life = &mut self.lives.all[self.lives.present[n]];
            let flags = put_box(&mut self.columns, life, time, track, found, class);
            if flags == 0 {
                self.plain += 1;
            } else {
                self.columns.put(Of::Boxes, std::mem::take(&mut self.plain));
                self.columns.put(Of::Boxes, flags);
            }
        }
        self.boxes += tracks.len();
    }

    /// Which tracks are gone, and which have come; all are in the order of their ids.
    fn membership(&mut self, tracks: &[&Track], size: Size) {
        let has = |id| tracks.binary_search_by_key(&id, |track| track.id).is_ok();
        let before = std::mem::take(&mut self.lives.present);
        let (mut gone, mut at) = (Vec::new(), 0);
        for (n, place) in before.into_iter().enumerate() {
            if has(self.lives.all[place].id) {
                self.lives.present.push(place);
            } else {
                gone.push(n - at);
                at = n;
            }
        }
        self.columns.put(Of::Ends, gone.len() as u64);
        gone.iter().for_each(|step| self.columns.put(Of::Ends, *step as u64));
        let (mut begun, mut stays) = (Vec::new(), self.lives.present.iter().peekable());
        for track in tracks {
            if stays.next_if(|place| self.lives.all[**place].id == track.id).is_none() {
                begun.push(track.id);
            }
        }
        self.columns.put(Of::Begins, begun.len() as u64);
        let mut places = Vec::with_capacity(begun.len());
        for id in begun {
            // How many places from the newest one back; 0 for one that is new itself.
            let found = self.lives.find(id);
            let back = found.map_or(0, |place| self.lives.all.len() - place);
            self.columns.put(Of::Begins, back as u64);
            if found.is_none() {
                self.columns.put_signed(Of::Ids, id.0.wrapping_sub(self.id) as i64);
                self.id = id.0;
            }
            places.push(found.unwrap_or_else(|| self.lives.add(id, size)));
        }
        self.lives.join(&places);
    }
}

/// Answers the box's flags.
fn put_box(
    columns: &mut Columns,
    life: &mut Life,
    time: MediaTime,
    track: &Track,
    found: [i64; 4],
    class: u64,
) -> u64 {
    let expected = life.motion.expected(time.as_90k());
    for ((of, found), expected) in
        [Of::Left, Of::Top, Of::Width, Of::Height].into_iter().zip(found).zip(expected)
    {
        columns.put_signed(of, found.wrapping_sub(expected));
    }
    life.motion.observe(time.as_90k(), found);
    let confidence = steps(track.confidence);
    columns.put_signed(Of::Confidences, confidence - life.confidence);
    life.confidence = confidence;
    let mut flags = 0;
    if track.state == TrackState::Predicted {
        flags |= BOX_PREDICTED;
        columns.put_signed(Of::Ages, track.age_us.wrapping_sub(life.expected_age_us(time)));
        life.aged(time, track.age_us);
    } else {
        life.aged(time, 0);
    }
    if track.source == TrackSource::DeepSort {
        flags |= BOX_DEEP_SORT;
    }
    if class != life.class {
        flags |= BOX_RECLASSED;
        columns.put(Of::Classes, class);
        life.class = class;
    }
    flags
}

/// A confidence in the steps that are stored.
fn steps(confidence: f64) -> i64 {
    const STEPS: f64 = CONFIDENCE_STEPS as f64;
    (confidence * STEPS).round().clamp(0.0, STEPS) as i64
}

/// A track as it comes back from a block, but for its velocity.
pub(super) fn as_stored(track: &Track) -> Track {
    Track {
        bbox: rect(quantised(track)),
        confidence: steps(track.confidence) as f64 / f64::from(CONFIDENCE_STEPS),
        age_us: if track.state == TrackState::Predicted { track.age_us } else { 0 },
        ..track.clone()
    }
}

/// Left, top, width and height in quarter pixels, where the width is that between the stored edges.
fn quantised(track: &Track) -> [i64; 4] {
    let [left, top, right, bottom] = track
        .bbox
        .to_array()
        .map(|edge| ((edge * PER_PIXEL as f64).round() as i64).clamp(-FARTHEST, FARTHEST));
    [left, top, right - left, bottom - top]
}

/// The box of what [`quantised`] has made.
pub(super) fn rect(found: [i64; 4]) -> Rect {
    let [left, top, width, height] = found.map(|steps| steps as f64 / PER_PIXEL as f64);
    Rect::new(left, top, left + width, top + height)
}

/// The names that a block has.
#[derive(Default)]
struct Classes {
    names: Vec<String>,
    places: HashMap<String, u64>,
}

impl Classes {
    fn place(&mut self, name: &str) -> u64 {
        let name = &name[..name.floor_char_boundary(header::MOST_NAME_BYTES)];
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        // The last place is that of all which have none of their own.
        let full = self.names.len() + 1 >= header::MOST_NAMES;
        let name = if full { NO_NAME } else { name };
        if let Some(place) = self.places.get(name) {
            return *place;
        }
        let place = self.names.len() as u64;
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        place
    }
}
