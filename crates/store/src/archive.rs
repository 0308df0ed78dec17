//! What is recorded, for those who look for it: where there is footage, where there is none and why, and the way to
//! any span of it.
//!
//! It reads beside the [`Writer`](crate::writer::Writer), by a connection of its own, and knows what that has on the
//! disk of the files that have not ended.

use std::io;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use razz_base::{
    AccessUnit, CameraId, FrameKey, MediaTime, MonoTime, RunId, StreamFormat, WallQuality, WallTime,
};
use razz_media::mp4::Mp4;

use crate::clip::Clip;
use crate::disk::{DiskError, Root};
use crate::footage::{Footage, Wanted};
use crate::index::{Density, Index, IndexError, Span, StoredVisit};
use crate::now_written::NowWritten;
use crate::source::Source;
use crate::tracks::{self, Recorded};

mod coverage;
mod locks;

pub use crate::index::{Dated, Stretch};
pub use coverage::{Coverage, Hole};

/// How far media time may be from the time of day, in µs: it goes by the camera's clock, which nobody sets while it runs.
const APART_US: i64 = 3_600_000_000;

/// A moment, as whoever asks has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// UTC, in µs since 1970.
    Wall(i64),
    /// By the camera's frames.
    Media(MediaTime),
}

/// What is no moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("UNIX seconds, such as 1764510000.5, or a media time, such as 90k:158805900045000")]
pub struct NoMoment;

/// UNIX seconds, or `90k:` and media time.
impl FromStr for Moment {
    type Err = NoMoment;

    fn from_str(text: &str) -> Result<Self, NoMoment> {
        if let Some(ticks) = text.strip_prefix("90k:") {
            let ticks = ticks.parse().map_err(|_| NoMoment)?;
            return Ok(Self::Media(MediaTime::from_90k(ticks)));
        }
        let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.abs() < 1e11);
        seconds.map(|seconds| Self::Wall((seconds * 1e6).round() as i64)).ok_or(NoMoment)
    }
}

/// Why nothing can be said, or read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A file.
    #[error("recorded footage cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A file of tracks.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// The recordings of one folder.
#[derive(Debug)]
pub struct Archive {
    root: Root,
    index: Mutex<Index>,
    now_written: NowWritten,
}

impl Archive {
    /// Of `root`, by a connection of its own to its index.
    pub fn new(root: Root, index: Index, now_written: NowWritten) -> Self {
        Self { root, index: Mutex::new(index), now_written }
    }

    /// Whether its folder is where it was: not while its disk is unmounted. Who makes files in it asks first, or they
    /// stand in the way of the disk.
    pub fn is_there(&self) -> bool {
        self.root.is_ours()
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The files of a camera that have something between these times, the one that is written now among them.
    fn spans(
        &self,
        camera: CameraId,
        from: MediaTime,
        until: MediaTime,
    ) -> Result<Vec<Span>, IndexError> {
        let written = self.now_written.file(camera).map(|entry| entry.span);
        let mut spans = self.index().spans(camera, from, until)?;
        take_in(&mut spans, written);
        Ok(spans)
    }

    /// A span of footage as it stands in its files; `None` where that is nothing.
    ///
    /// # Errors
    /// When the index does not answer, or a file is gone.
    pub fn footage(
        &self,
        camera: CameraId,
        from: Moment,
        until: Moment,
        wanted: Wanted,
    ) -> Result<Option<Footage>, ReadError> {
        let (sources, from, until) = self.sources(camera, from, until)?;
        Ok(Footage::plan(&sources, from, until, wanted)?)
    }

    /// A span of footage as one MP4 that begins at nothing; `None` where that is nothing.
    ///
    /// # Errors
    /// When the index does not answer, or a file is gone.
    pub fn clip(
        &self,
        camera: CameraId,
        from: Moment,
        until: Moment,
    ) -> Result<Option<Clip>, ReadError> {
        let (sources, from, until) = self.sources(camera, from, until)?;
        Ok(Clip::plan(&sources, from, until)?)
    }

    /// How many tracks there were between two times in UNIX seconds, in about so many buckets.
    ///
    /// # Errors
    /// When the index does not answer.
    pub fn density(
        &self,
        camera: CameraId,
        [from, until]: [i64; 2],
        points: usize,
    ) -> Result<Density, ReadError> {
        Ok(self.index().density(camera, from, until, points)?)
    }

    /// The newest `limit` visits of a camera in a span, oldest first; of one class, or of all.
    ///
    /// # Errors
    /// When the index does not answer.
    pub fn visits(
        &self,
        camera: CameraId,
        class: Option<&str>,
        [from, until]: [Moment; 2],
        limit: usize,
    ) -> Result<Vec<StoredVisit>, ReadError> {
        let (first, last) = (from.earliest(), until.latest());
        let mut visits = self.index().visits(camera, class, first, last, limit)?;
        let dated = |at: tracks::Moment| Dated { time: at.time, wall_us: at.wall_us };
        visits.retain(|one| {
            let (begins, ends) = (dated(one.visit.from), dated(one.visit.until));
            !from.is_after(&ends) && !until.is_before(&begins)
        });
        Ok(visits)
    }

    /// The key picture at or before a moment, to decode it; `None` where nothing is recorded then.
    ///
    /// # Errors
    /// When the index does not answer, or a file cannot be read.
    pub fn key_picture(
        &self,
        camera: CameraId,
        at: Moment,
    ) -> Result<Option<AccessUnit>, ReadError> {
        let time = self.media_time(camera, at)?;
        let (from, until) = (Moment::Media(time), Moment::Media(time.plus_90k(1)));
        let Some(footage) = self.footage(camera, from, until, Wanted::Keys)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        for part in 0..footage.parts() {
            bytes.extend(footage.part(part)?);
        }
        let mut mp4 = Mp4::open(io::Cursor::new(bytes)).map_err(io::Error::other)?;
        let mut data = Vec::new();
        mp4.read(0, &mut data).map_err(io::Error::other)?;
        let wall_us = self.wall_us(camera, footage.from)?;
        Ok(Some(AccessUnit {
            key: FrameKey { camera, time: footage.from },
            run: RunId(0),
            format: StreamFormat::new(mp4.codec(), mp4.size()),
            data: data.into(),
            idr: true,
            lost_packets: 0,
            wall: WallTime { us: wall_us, quality: WallQuality::Arrival },
            received: MonoTime::from_us(0),
        }))
    }

    /// The track frames of detections in a span, and the ones just before and after it.
    ///
    /// # Errors
    /// When the index does not answer, or a file cannot be read.
    pub fn tracks(
        &self,
        camera: CameraId,
        from: Moment,
        until: Moment,
    ) -> Result<Vec<Recorded>, ReadError> {
        let from = self.media_time(camera, from)?;
        let until = self.media_time(camera, until)?.max(from);
        // Before those on the disk, so that none is missed that is written meanwhile.
        let lately = self.now_written.tracks(camera);
        let mut frames = tracks::read(&self.root, camera, from, until)?;
        let known = frames.last().map(|last| last.frame.key.time);
        let is_new = |one: &Recorded| known.is_none_or(|known| one.frame.key.time > known);
        frames.extend(lately.into_iter().filter(is_new));
        let at = |time| frames.partition_point(|one: &Recorded| one.frame.key.time < time);
        let (begin, end) = (at(from).saturating_sub(1), at(until) + 1);
        frames.truncate(end);
        frames.drain(..begin);
        Ok(frames)
    }

    /// The frames' time of a moment, by what is recorded around it.
    ///
    /// # Errors
    /// When the index does not answer.
    pub fn media_time(&self, camera: CameraId, moment: Moment) -> Result<MediaTime, ReadError> {
        Ok(self.media_time_of(camera, moment)?)
    }

    fn media_time_of(&self, camera: CameraId, moment: Moment) -> Result<MediaTime, IndexError> {
        let Moment::Wall(us) = moment else { return Ok(moment.earliest()) };
        Ok(media_time(&self.spans(camera, moment.earliest(), moment.latest())?, us))
    }

    /// When the frame of this time was taken, in µs of UTC since 1970, by what is recorded around it.
    ///
    /// # Errors
    /// When the index does not answer.
    pub fn wall_us(&self, camera: CameraId, time: MediaTime) -> Result<i64, ReadError> {
        let spans = self.spans(camera, time, time.plus_90k(1))?;
        let span = spans.iter().find(|span| (span.from..span.until).contains(&time));
        Ok(span
            .map_or_else(|| time.since_us(MediaTime::default()), |span| span.dated(time).wall_us))
    }

    fn sources(
        &self,
        camera: CameraId,
        from: Moment,
        until: Moment,
    ) -> Result<(Vec<Source>, MediaTime, MediaTime), ReadError> {
        let written = self.now_written.file(camera);
        let index = self.index();
        let mut spans = index.spans(camera, from.earliest(), until.latest())?;
        take_in(&mut spans, written.as_ref().map(|entry| entry.span));
        let [from, until] = [from, until].map(|moment| match moment {
            Moment::Media(time) => time,
            Moment::Wall(us) => media_time(&spans, us),
        });
        let mut sources = Vec::new();
        for span in spans.iter().filter(|span| span.until > from && span.from < until) {
            let written = written.as_ref().filter(|entry| entry.span.name == span.name);
            let entry = match written {
                Some(entry) => Some(entry.clone()),
                None => index.entry(camera, span.name)?,
            };
            let path = self.root.path_of(camera, span.name);
            sources.extend(entry.map(|entry| Source { path, entry }));
        }
        Ok((sources, from, until))
    }
}

impl Moment {
    /// When it is, as near as its name says: UTC, in µs since 1970.
    pub fn near_us(self) -> i64 {
        match self {
            Self::Media(time) => time.since_us(MediaTime::default()),
            Self::Wall(us) => us,
        }
    }

    /// The earliest and the latest that a frame of this moment may be called.
    fn earliest(self) -> MediaTime {
        match self {
            Self::Media(time) => time,
            Self::Wall(us) => MediaTime::from_wall_us(us.saturating_sub(APART_US)),
        }
    }

    fn latest(self) -> MediaTime {
        match self {
            Self::Media(time) => time,
            Self::Wall(us) => MediaTime::from_wall_us(us.saturating_add(APART_US)),
        }
    }

    fn is_before(self, other: &Dated) -> bool {
        match self {
            Self::Media(time) => time < other.time,
            Self::Wall(us) => us < other.wall_us,
        }
    }

    fn is_after(self, other: &Dated) -> bool {
        match self {
            Self::Media(time) => time > other.time,
            Self::Wall(us) => us > other.wall_us,
        }
    }
}

/// The file that is written now, as it is: its row in the index says only that there is one.
fn take_in(spans: &mut Vec<Span>, written: Option<Span>) {
    spans.retain(|span| span.ended);
    // After the last that has ended, and where the clock was set back still where it belongs.
    if let Some(written) = written.filter(|span| span.frames > 0) {
        let at = spans.partition_point(|span| span.until <= written.until);
        spans.insert(at, written);
    }
}

/// The frames' time at `us`, by the file that is nearest.
fn media_time(spans: &[Span], us: i64) -> MediaTime {
    let after = spans.partition_point(|span| span.wall.us <= us);
    match after.checked_sub(1).map_or(spans.first(), |before| spans.get(before)) {
        Some(span) => span.from.plus_90k(((us - span.wall.us) as f64 * 0.09).round() as i64),
        None => MediaTime::from_wall_us(us),
    }
}

#[cfg(test)]
mod tests;
