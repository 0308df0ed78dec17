//! Writes what was tracked to one disk.
//!
//! One thread owns it, the one that owns the [`Writer`](crate::writer::Writer) of the same disk: it asks for nothing
//! and waits for nothing but the disk. What it answers is for the index.

use std::collections::{BTreeMap, BTreeSet};

use razz_base::{CLOCK_RATE, CameraId, MediaTime, MonoTime};
use tracing::{error, info, warn};

use super::Recorded;
use super::block::{self, encode};
use super::day::{Day, DayFile};
use super::header::{BlockError, Header};
use super::journal::Journal;
use super::read;
use super::visit::{Seen, Visitors};
use crate::disk::{DiskError, Root};

/// A block has so much: what a crash takes is what was not written.
const BLOCK_90K: i64 = 10 * CLOCK_RATE;
/// What is gathered is written, and everybody is gone, after so long in which nothing came.
const IDLE_US: i64 = 10_000_000;
/// Or before it has so many boxes, which are 7 MB.
const MOST_BOXES: usize = 1 << 16;

/// What became of a camera's tracks since start.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TrackStatus {
    /// Blocks written.
    pub blocks: u64,
    /// Boxes in them.
    pub boxes: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blocks that were not written.
    pub lost_blocks: u64,
    /// Why not, as long as that lasts.
    pub error: Option<String>,
}

/// What the index needs to know.
#[derive(Clone, PartialEq, Debug)]
pub struct Written {
    /// Whose.
    pub camera: CameraId,
    /// A block was written.
    pub block: Option<WrittenBlock>,
    /// Visits and minutes that are over. They are true also where the disk did not take the block.
    pub seen: Seen,
}

/// A block, and where it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrittenBlock {
    /// In the file of this day.
    pub day: Day,
    /// From its start, in bytes.
    pub offset: u64,
    /// What it says of itself.
    pub header: Header,
}

/// Writes to one disk.
#[derive(Debug)]
pub struct TrackWriter {
    root: Root,
    cameras: BTreeMap<CameraId, Camera>,
}

#[derive(Debug)]
struct Camera {
    id: CameraId,
    frames: Vec<Recorded>,
    boxes: usize,
    /// The same frames on the disk.
    journal: Journal,
    /// The newest frame, whether it is written or not.
    newest: Option<MediaTime>,
    /// When it came; `None` when everything was written since then.
    heard: Option<MonoTime>,
    visitors: Visitors,
    /// The file that the last block went to.
    file: Option<(Day, DayFile)>,
    status: TrackStatus,
}

impl TrackWriter {
    /// Writes to `root`.
    pub const fn new(root: Root) -> Self {
        Self { root, cameras: BTreeMap::new() }
    }

    /// How the tracks of a camera fare.
    pub fn status(&self, camera: CameraId) -> Option<&TrackStatus> {
        self.cameras.get(&camera).map(|camera| &camera.status)
    }

    /// Takes a frame, if detection ran on it and it is later than the one before. Whatever the disk does, it fails
    /// nobody.
    pub fn take(&mut self, now: MonoTime, recorded: &Recorded) -> Option<Written> {
        let key = recorded.frame.key;
        let Self { root, cameras } = self;
        let camera = cameras.entry(key.camera).or_insert_with(|| Camera::new(root, key.camera));
        if !recorded.frame.detected || camera.newest.is_some_and(|newest| key.time <= newest) {
            return None;
        }
        let boxes = recorded.frame.tracks.len();
        let full = camera.frames.first().is_some_and(|first| {
            key.time.since_90k(first.frame.key.time) >= BLOCK_90K
                || camera.frames.len() >= block::MOST_FRAMES
                || camera.boxes + boxes > MOST_BOXES
        });
        let mut seen = Seen::default();
        camera.visitors.take(recorded, &mut seen);
        let block = if full { camera.write(root) } else { None };
        if let Err(error) = camera.journal.append(recorded)
            && camera.status.error.is_none()
        {
            let said = format!("tracks of the last seconds would be lost in a crash: {error}");
            warn!(camera = %camera.id, "{said}");
            camera.status.error = Some(said);
        }
        camera.frames.push(recorded.clone());
        camera.boxes += boxes;
        (camera.newest, camera.heard) = (Some(key.time), Some(now));
        camera.written(block, seen)
    }

    /// Writes what was not written when a process before this one ended without notice.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn recover(&mut self) -> Result<Vec<Written>, DiskError> {
        let mut written = Vec::new();
        for id in self.root.cameras()? {
            let mut camera = Camera::new(&self.root, id);
            let frames = camera.journal.frames().unwrap_or_else(|error| {
                warn!(camera = %id, "the last seconds of tracks cannot be read: {error}");
                Vec::new()
            });
            let Some(first) = frames.first().map(|recorded| recorded.frame.key.time) else {
                continue;
            };
            // It may have ended after the block was written, and before the journal was emptied.
            let end = MediaTime::from_90k(i64::MAX);
            let there: BTreeSet<MediaTime> = read(&self.root, id, first, end)?
                .iter()
                .map(|recorded| recorded.frame.key.time)
                .collect();
            let mut seen = Seen::default();
            for recorded in frames {
                let time = recorded.frame.key.time;
                let is_next = camera.newest.is_none_or(|newest| time > newest);
                if is_next && !there.contains(&time) && camera.frames.len() < block::MOST_FRAMES {
                    camera.visitors.take(&recorded, &mut seen);
                    camera.newest = Some(time);
                    camera.frames.push(recorded);
                }
            }
            camera.visitors.finish(&mut seen);
            if camera.frames.is_empty() {
                let _ = camera.journal.clear();
            }
            let block = camera.write(&self.root);
            written.extend(camera.written(block, seen));
        }
        Ok(written)
    }

    /// Up to which frame of a camera what was taken outlives the process.
    pub fn kept_until(&self, camera: CameraId) -> Option<MediaTime> {
        self.cameras.get(&camera).and_then(|camera| camera.newest)
    }

    /// Time passed.
    pub fn tick(&mut self, now: MonoTime) -> Vec<Written> {
        self.end_where(|camera| camera.heard.is_some_and(|heard| now.since_us(heard) >= IDLE_US))
    }

    /// Nothing comes of a camera for now, or nothing of it is wanted.
    pub fn stop_camera(&mut self, id: CameraId) -> Option<Written> {
        self.end_where(|camera| camera.id == id).pop()
    }

    /// Writes what is gathered of all cameras.
    pub fn stop(&mut self) -> Vec<Written> {
        self.end_where(|_| true)
    }

    fn end_where(&mut self, ends: impl Fn(&Camera) -> bool) -> Vec<Written> {
        let Self { root, cameras } = self;
        let end = |camera: &mut Camera| {
            let block = camera.write(root);
            let mut seen = Seen::default();
            camera.visitors.finish(&mut seen);
            camera.heard = None;
            camera.written(block, seen)
        };
        cameras.values_mut().filter(|camera| ends(camera)).filter_map(end).collect()
    }
}

impl Camera {
    fn new(root: &Root, id: CameraId) -> Self {
        Self {
            id,
            journal: Journal::of(root, id),
            frames: Vec::new(),
            boxes: 0,
            newest: None,
            heard: None,
            visitors: Visitors::new(id),
            file: None,
            status: TrackStatus::default(),
        }
    }

    fn written(&self, block: Option<WrittenBlock>, seen: Seen) -> Option<Written> {
        (block.is_some() || !seen.is_empty()).then_some(Written { camera: self.id, block, seen })
    }

    /// Writes what is gathered, if anything is; what the disk does not take is lost.
    fn write(&mut self, root: &Root) -> Option<WrittenBlock> {
        let frames = std::mem::take(&mut self.frames);
        self.boxes = 0;
        if frames.is_empty() {
            return None;
        }
        match self.append(root, &frames) {
            Ok(block) => {
                // What cannot be taken away is found there at the next start, and in the block.
                let _ = self.journal.clear();
                if self.status.error.take().is_some() {
                    info!(camera = %self.id, "tracks are recorded again");
                }
                self.status.blocks += 1;
                self.status.boxes += block.header.boxes as u64;
                self.status.bytes += block.header.block_bytes() as u64;
                Some(block)
            }
            Err(error) => {
                // What is left of it is cut away before the next one.
                self.file = None;
                self.status.lost_blocks += 1;
                let said = error.to_string();
                if self.status.error.as_ref() != Some(&said) {
                    error!(camera = %self.id, "tracks are not recorded: {said}");
                    self.status.error = Some(said);
                }
                None
            }
        }
    }

    fn append(&mut self, root: &Root, frames: &[Recorded]) -> Result<WrittenBlock, WriteError> {
        let (header, bytes) = encode(frames)?;
        let day = Day::at_us(header.wall_us);
        let file = match self.file.take().filter(|(open, _)| *open == day) {
            Some((_, file)) => file,
            None => {
                let file = DayFile::of(root, self.id, day);
                file.repair()?;
                file
            }
        };
        let offset = file.append(root, &bytes)?;
        self.file = Some((day, file));
        Ok(WrittenBlock { day, offset, header })
    }
}

#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Block(#[from] BlockError),
    #[error(transparent)]
    Disk(#[from] DiskError),
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::temporary::Folder;
    use crate::tracks::read;
    use crate::tracks::tests::{BEGIN_US, camera, frame, street, track};

    /// Hands frames over, each when it was taken.
    fn feed(writer: &mut TrackWriter, frames: &[Recorded]) -> Vec<Written> {
        let now = |recorded: &Recorded| MonoTime::from_us(recorded.frame.wall.us - BEGIN_US);
        frames.iter().filter_map(|recorded| writer.take(now(recorded), recorded)).collect()
    }

    fn all(root: &Root) -> Vec<Recorded> {
        let (from, until) = (MediaTime::from_90k(i64::MIN), MediaTime::from_90k(i64::MAX));
        read(root, camera(), from, until).unwrap()
    }

    fn times(frames: &[Recorded]) -> Vec<MediaTime> {
        frames.iter().map(|recorded| recorded.frame.key.time).collect()
    }

    #[test]
    fn what_was_tracked_is_written_by_ten_seconds() {
        let folder = Folder::new("track-writer");
        let root = Root::open(folder.path()).unwrap();
        let mut writer = TrackWriter::new(root.clone());
        let frames = street(4, 5, 65);
        let mut written = feed(&mut writer, &frames);
        // Old ones, and those that detection did not run on, are none.
        let mut shown = frame(66_000_000, vec![track(9, 0.0, 0.0)]);
        shown.frame.detected = false;
        assert_eq!(feed(&mut writer, &[frames[7].clone(), shown]), []);
        assert_eq!(writer.cameras[&camera()].frames.len(), 25);
        assert_eq!(times(&all(&root)), times(&frames[..300]));
        written.extend(writer.stop());
        assert_eq!(writer.stop(), [], "and once only");
        assert_eq!(times(&all(&root)), times(&frames));
        let blocks: Vec<&WrittenBlock> =
            written.iter().filter_map(|written| written.block.as_ref()).collect();
        assert!(blocks.iter().map(|block| block.header.frames).eq([50, 50, 50, 50, 50, 50, 25]));
        let status = writer.status(camera()).unwrap();
        assert_eq!((status.blocks, status.boxes, status.lost_blocks), (7, 4 * 325, 0));
        let (day, file) = (blocks[0].day, fs::read(folder.path().join("1/2026-11-30.tracks")));
        assert_eq!(
            (day.to_string().as_str(), file.unwrap().len() as u64),
            ("2026-11-30.tracks", status.bytes)
        );
        let visits: usize = written.iter().map(|written| written.seen.visits.len()).sum();
        assert_eq!(visits, 4);
    }

    #[test]
    fn what_a_camera_that_stalls_has_sent_is_written() {
        let folder = Folder::new("track-writer-stalls");
        let root = Root::open(folder.path()).unwrap();
        let mut writer = TrackWriter::new(root.clone());
        let frames = street(2, 5, 3);
        assert_eq!(feed(&mut writer, &frames), []);
        assert_eq!(writer.tick(MonoTime::from_us(12_700_000)), []);
        let written = writer.tick(MonoTime::from_us(12_900_000));
        assert_eq!(written.len(), 1);
        assert_eq!((written[0].seen.visits.len(), written[0].seen.minutes.len()), (2, 1));
        assert_eq!(writer.tick(MonoTime::from_us(99_000_000)), [], "and once only");
        assert_eq!(times(&all(&root)), times(&frames));
    }

    #[test]
    fn a_disk_that_is_gone_for_a_while_loses_what_came_then_and_nothing_else() {
        let folder = Folder::new("track-writer-gone");
        let root = Root::open(folder.path()).unwrap();
        let mut writer = TrackWriter::new(root.clone());
        let frames = street(2, 5, 60);
        let (marker, away) = (folder.path().join("razz-recordings"), folder.path().join("away"));
        feed(&mut writer, &frames[..110]);
        fs::rename(&marker, &away).unwrap();
        let written = feed(&mut writer, &frames[110..160]);
        assert_eq!(written, []);
        let status = writer.status(camera()).unwrap();
        assert!(status.error.as_ref().unwrap().contains("unmounted"), "{status:?}");
        fs::rename(&away, &marker).unwrap();
        feed(&mut writer, &frames[160..]);
        writer.stop();
        let status = writer.status(camera()).unwrap();
        assert_eq!((status.blocks, status.lost_blocks, &status.error), (5, 1, &None));
        assert_eq!(times(&all(&root)), times(&[&frames[..100], &frames[150..]].concat()));
    }

    #[test]
    fn what_a_crash_has_left_is_cut_away_before_the_next_block() {
        let folder = Folder::new("track-writer-crash");
        let root = Root::open(folder.path()).unwrap();
        let frames = street(2, 5, 40);
        let mut writer = TrackWriter::new(root.clone());
        feed(&mut writer, &frames[..110]);
        drop(writer);
        let path = folder.path().join("1/2026-11-30.tracks");
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], &whole[..whole.len() / 3]].concat()).unwrap();
        // The frames of the block that was not full yet are in the journal, the last of them halfway.
        let journal = folder.path().join("1/open.journal");
        let noted = fs::read(&journal).unwrap();
        fs::write(&journal, &noted[..noted.len() - 9]).unwrap();
        let mut writer = TrackWriter::new(root.clone());
        let [recovered] = &writer.recover().unwrap()[..] else { panic!("one block") };
        assert_eq!(recovered.block.as_ref().unwrap().header.frames, 9);
        assert_eq!(times(&all(&root)), times(&frames[..109]));
        // As if it had ended before the journal was emptied.
        fs::write(&journal, &noted).unwrap();
        let again = TrackWriter::new(root.clone()).recover().unwrap();
        assert_eq!(again[0].block.as_ref().unwrap().header.frames, 1);
        assert_eq!(TrackWriter::new(root.clone()).recover().unwrap(), []);
        feed(&mut writer, &frames[110..]);
        writer.stop();
        assert_eq!(times(&all(&root)), times(&frames));
        assert!(fs::read(&path).unwrap().starts_with(&whole));
        assert_eq!(fs::read(&journal).unwrap().len(), 0);
    }
}
