//! The recorded pictures of one camera in a span, decoded, each with its time and when it was taken.

use std::collections::VecDeque;
use std::io::{self, Read, Seek, SeekFrom};

use razz_base::{
    AccessUnit, CLOCK_RATE, CameraId, FrameKey, MediaTime, MonoTime, RunId, StreamFormat,
    WallQuality, WallTime,
};
use razz_media::mp4::Mp4;
use razz_store::archive::{Archive, Moment};
use razz_store::clip::Clip;
use razz_vision::{Decoder, Decoders, Picture};

use crate::error::ExportError;

/// So much is opened at a time, in ticks: an index of ten minutes is small.
const PART_90K: i64 = 600 * CLOCK_RATE;
/// The time of day is looked up anew after so long, and after any hole: clocks drift.
const DATED_90K: i64 = 60 * CLOCK_RATE;
const HOLE_90K: i64 = CLOCK_RATE;

/// Reads them, one after the other.
pub(crate) struct Footage<'a> {
    archive: &'a Archive,
    camera: CameraId,
    decoders: &'a Decoders,
    decoder: Decoder,
    until: MediaTime,
    /// Earlier pictures are decoded for the others' sake alone.
    from: MediaTime,
    open: Option<Open>,
    ready: VecDeque<Picture>,
    /// A frame of which the time of day is known, in µs.
    dated: Option<(MediaTime, i64)>,
    newest: Option<MediaTime>,
}

struct Open {
    mp4: Mp4<ClipReader>,
    begins: MediaTime,
    ends: MediaTime,
    next: usize,
    reorders: bool,
}

impl<'a> Footage<'a> {
    /// Of what is recorded of `camera` between two moments.
    pub(crate) fn new(
        archive: &'a Archive,
        decoders: &'a Decoders,
        camera: CameraId,
        [from, until]: [Moment; 2],
    ) -> Result<Self, ExportError> {
        let from = archive.media_time(camera, from)?;
        let until = archive.media_time(camera, until)?;
        Ok(Self {
            archive,
            camera,
            decoders,
            decoder: decoders.decoder(),
            until,
            from,
            open: None,
            ready: VecDeque::new(),
            dated: None,
            newest: None,
        })
    }

    /// From when to when it goes, by the camera's frames.
    pub(crate) fn span(&self) -> [MediaTime; 2] {
        [self.from, self.until]
    }

    /// The next picture, `None` behind the last.
    pub(crate) fn next(&mut self) -> Result<Option<Picture>, ExportError> {
        loop {
            while let Some(mut picture) = self.ready.pop_front() {
                let time = picture.key.time;
                let is_new = self.newest.is_none_or(|newest| time > newest);
                if !is_new || time < self.from || time >= self.until {
                    continue;
                }
                picture.wall = self.wall(time)?;
                self.newest = Some(time);
                return Ok(Some(picture));
            }
            if !self.decode()? {
                return Ok(None);
            }
        }
    }

    /// Decodes what comes next; `false` where nothing does.
    fn decode(&mut self) -> Result<bool, ExportError> {
        let Some(open) = &mut self.open else { return self.go_on() };
        let Some(sample) = open.mp4.samples().get(open.next).copied() else {
            self.ready.extend(self.decoder.flush());
            return self.go_on();
        };
        let mut data = Vec::new();
        let read = open.mp4.read(open.next, &mut data);
        read.map_err(|error| ExportError::Footage(error.to_string()))?;
        open.next += 1;
        let time = open.begins.plus_90k(sample.time_90k);
        let format = StreamFormat::new(open.mp4.codec(), open.mp4.size());
        let unit = AccessUnit {
            key: FrameKey { camera: self.camera, time },
            run: RunId(0),
            format,
            data: data.into(),
            idr: sample.sync,
            lost_packets: 0,
            wall: WallTime { us: 0, quality: WallQuality::Arrival },
            received: MonoTime::from_us(0),
        };
        if let Some(why) = unit.format.not_decoded(self.decoders.decodable()) {
            return Err(ExportError::NotDecodable { camera: self.camera, why: why.to_string() });
        }
        let wanted = time >= self.from || open.reorders;
        // What is damaged is left out until the next key picture, as it is live.
        if let Ok(Some(picture)) = self.decoder.decode(&unit, wanted) {
            self.ready.push_back(picture);
        }
        Ok(true)
    }

    /// Opens what is recorded behind what was read.
    fn go_on(&mut self) -> Result<bool, ExportError> {
        let from = self.open.take().map_or(self.from, |open| open.ends);
        if from >= self.until {
            return Ok(false);
        }
        let until = from.plus_90k(PART_90K).min(self.until);
        let clip = self.archive.clip(self.camera, Moment::Media(from), Moment::Media(until))?;
        let Some(clip) = clip.filter(|clip| clip.until > from) else {
            // A hole as long as that: behind it there may be more.
            if until >= self.until {
                return Ok(false);
            }
            let [first, last] = [until, self.until].map(Moment::Media);
            let coverage = self.archive.coverage(self.camera, first, last)?;
            let Some(next) = coverage.stretches.iter().find(|one| one.until.time > until) else {
                return Ok(false);
            };
            return self.open_at(next.from.time.max(until));
        };
        self.open(clip)
    }

    fn open_at(&mut self, from: MediaTime) -> Result<bool, ExportError> {
        let until = from.plus_90k(PART_90K).min(self.until);
        let clip = self.archive.clip(self.camera, Moment::Media(from), Moment::Media(until))?;
        match clip.filter(|clip| clip.until > from) {
            Some(clip) => self.open(clip),
            None => Ok(false),
        }
    }

    fn open(&mut self, clip: Clip) -> Result<bool, ExportError> {
        let (begins, ends) = (clip.from, clip.until);
        let mp4 = Mp4::open(ClipReader { clip, at: 0 });
        let mp4 = mp4.map_err(|error| ExportError::Footage(error.to_string()))?;
        let times = mp4.samples().iter().map(|sample| sample.time_90k);
        let reorders = !times.is_sorted();
        self.decoder.reset();
        self.open = Some(Open { mp4, begins, ends, next: 0, reorders });
        Ok(true)
    }

    /// When a frame was taken.
    fn wall(&mut self, time: MediaTime) -> Result<WallTime, ExportError> {
        let hole = self.newest.is_some_and(|newest| time.since_90k(newest) > HOLE_90K);
        let known = self.dated.filter(|(at, _)| !hole && time.since_90k(*at) < DATED_90K);
        let (at, us) = match known {
            Some(known) => known,
            None => {
                let found = (time, self.archive.wall_us(self.camera, time)?);
                *self.dated.insert(found)
            }
        };
        Ok(WallTime { us: us + time.since_us(at), quality: WallQuality::Arrival })
    }
}

/// A clip, read like a file.
struct ClipReader {
    clip: Clip,
    at: u64,
}

impl Read for ClipReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.clip.read(self.at, out)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for ClipReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.clip.bytes.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
