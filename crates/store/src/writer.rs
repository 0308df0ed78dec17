//! Writes what cameras send to one disk, and says what could not be.
//!
//! One thread owns it. It asks for nothing and waits for nothing but the disk; whoever drives it hands it access
//! units and the time. Of each camera it knows until when there is footage: what comes later than that begins behind
//! a gap, whose reason is what was in the way last.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use razz_base::{AccessUnit, CameraId, MediaTime, MonoTime};
use tracing::{error, info};

use crate::check;
use crate::disk::{DiskError, Recording, Root, read_at};
use crate::index::{Entry, Fragments, Gap, GapReason, Index, IndexError, Span};
use crate::name::FileName;
use crate::now_written::NowWritten;
use crate::seal::{Chain, Signer};
use crate::segmenter::{Begin, EndReason, Fragment, NotTaken, Segmenter, Step};

/// A hole of less is none: a picture may come a little late, and clocks are set.
const HOLE_90K: i64 = 90_000;
/// After the disk took nothing it is tried again so much later.
const TRY_AGAIN_US: i64 = 1_000_000;
/// Files of different cameras end so far apart: the disk would have to do all of it at once otherwise.
const APART_US: i64 = 7_310_000;
/// What is gathered is written after so long in which nothing came.
const IDLE_US: i64 = 1_000_000;

/// When what was written is made to be on the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// With each fragment: a power cut takes a second.
    Each,
    /// Every so many µs, for disks that have to move an arm.
    Every(i64),
}

/// What became of a camera's recording lately.
#[derive(Clone, Debug, Default)]
pub struct RecordingStatus {
    /// Why nothing is recorded now, and since when; `None` while it is.
    pub stopped: Option<(GapReason, MonoTime)>,
    /// Until when there is footage.
    pub until: Option<MediaTime>,
    /// Bytes written since start.
    pub bytes: u64,
    /// Pictures written since start.
    pub frames: u64,
    /// What the disk said last.
    pub error: Option<String>,
}

/// Writes to one disk.
#[derive(Debug)]
pub struct Writer {
    root: Root,
    index: Index,
    durability: Durability,
    cameras: HashMap<CameraId, Camera>,
    /// Those of which a file had not been ended.
    crashed: HashSet<CameraId>,
    synced: MonoTime,
    now_written: NowWritten,
    /// Signs what is written; `None`: nothing is signed.
    signer: Option<Arc<Signer>>,
}

#[derive(Debug, Default)]
struct Camera {
    segmenter: Segmenter,
    /// What the next fragment follows.
    chain: Chain,
    open: Option<Open>,
    status: RecordingStatus,
    /// What is in the way, or was last.
    reason: Option<GapReason>,
    /// When the newest access unit came.
    heard: Option<MonoTime>,
    /// Nothing is tried before then.
    try_at: Option<MonoTime>,
}

#[derive(Debug)]
struct Open {
    recording: Recording,
    entry: Entry,
    /// Something was written since the last time that it was made durable.
    dirty: bool,
}

impl Writer {
    /// Writes to `root`, with what is there in `index`. Files that were not ended are cut behind what is whole of them;
    /// how many those were is answered besides.
    ///
    /// # Errors
    /// When the index does not answer. A file that cannot be mended is left, and said in the log.
    pub fn open(
        root: Root,
        index: Index,
        durability: Durability,
        now: MonoTime,
    ) -> Result<(Self, usize), IndexError> {
        index.put_writer(false)?;
        // Nothing gives way then, and nobody would know before the disk is full.
        if let Err(error) = index.all_locks() {
            error!("{error}");
        }
        let ended = check::end_unfinished(&root, &index)?;
        let mended = ended.len();
        let crashed = ended.into_iter().collect();
        let cameras = HashMap::new();
        let now_written = NowWritten::default();
        let writer = Self {
            root,
            index,
            durability,
            cameras,
            crashed,
            synced: now,
            now_written,
            signer: None,
        };
        Ok((writer, mended))
    }

    /// Tells there what is written from now on, in place of what another writer did.
    pub fn tell(&mut self, now_written: NowWritten) {
        now_written.change_files(HashMap::clear);
        self.now_written = now_written;
    }

    /// Signs what is written from now on.
    pub fn sign(&mut self, signer: Arc<Signer>) {
        self.signer = Some(signer);
    }

    /// Where it writes.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// What is recorded.
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// How a camera fares.
    pub fn status(&self, camera: CameraId) -> Option<&RecordingStatus> {
        self.cameras.get(&camera).map(|camera| &camera.status)
    }

    /// Takes an access unit. Whatever the disk does, it fails nobody.
    pub fn take(&mut self, now: MonoTime, au: &AccessUnit) {
        let id = au.key.camera;
        self.meet(id);
        let offset_us = i64::from(id.as_u32()).wrapping_mul(APART_US).rem_euclid(60_000_000);
        let Some(camera) = self.cameras.get_mut(&id) else { return };
        camera.heard = Some(now);
        if camera.try_at.is_some_and(|at| now < at) {
            return;
        }
        let mut steps = Vec::new();
        camera.segmenter.push(au, offset_us, &mut steps);
        self.follow(now, id, steps);
    }

    /// A camera that is heard of for the first time has what is in the index.
    fn meet(&mut self, id: CameraId) {
        if self.cameras.contains_key(&id) {
            return;
        }
        let crashed = self.crashed.contains(&id);
        let reason = if crashed { GapReason::Crash } else { GapReason::NotRunning };
        let mut camera = Camera { reason: Some(reason), ..Camera::default() };
        match self.index.newest(id) {
            Ok(newest) => {
                camera.status.until = newest.map(|span: Span| span.until);
                let last = newest.filter(|_| self.signer.is_some());
                camera.chain =
                    last.and_then(|last| self.chain_after(id, last.name)).unwrap_or_default();
            }
            Err(error) => error!(camera = %id, "{error}"),
        }
        self.cameras.insert(id, camera);
    }

    /// What follows the last fragment of a file; `None` where that is not signed, or cannot be read.
    fn chain_after(&self, id: CameraId, name: FileName) -> Option<Chain> {
        let entry = self.index.entry(id, name).ok()??;
        let path = self.root.path_of(id, name);
        let last = entry.fragments.places(entry.span.from, entry.header).last()?;
        let mut header = vec![0; entry.header as usize];
        read_at(&path, 0, &mut header).ok()?;
        let mut fragment = vec![0; last.bytes as usize];
        read_at(&path, last.offset, &mut fragment).ok()?;
        Chain::after(id, &header, &fragment)
    }

    /// What a camera has sent was given up before it came here.
    pub fn skip(&mut self, now: MonoTime, id: CameraId, reason: GapReason) {
        self.stop_camera(now, id, reason);
    }

    /// Nothing comes of a camera for now, or nothing of it is wanted.
    pub fn stop_camera(&mut self, now: MonoTime, id: CameraId, reason: GapReason) {
        self.meet(id);
        let mut steps = Vec::new();
        if let Some(camera) = self.cameras.get_mut(&id) {
            camera.segmenter.stop(EndReason::Stopped, &mut steps);
        }
        self.follow(now, id, steps);
        if let Some(camera) = self.cameras.get_mut(&id) {
            camera.stand(now, reason);
        }
    }

    /// Time passed.
    pub fn tick(&mut self, now: MonoTime) {
        for id in self.cameras.keys().copied().collect::<Vec<_>>() {
            let Some(camera) = self.cameras.get_mut(&id) else { continue };
            if camera.heard.is_some_and(|heard| now.since_us(heard) >= IDLE_US) {
                camera.heard = None;
                let mut steps = Vec::new();
                camera.segmenter.flush(&mut steps);
                self.follow(now, id, steps);
            }
        }
        if let Durability::Every(us) = self.durability
            && now.since_us(self.synced) >= us
        {
            self.synced = now;
            for (id, camera) in &mut self.cameras {
                camera.sync(*id);
            }
        }
    }

    /// Ends all files, and writing with them.
    pub fn stop(&mut self, now: MonoTime) {
        for id in self.cameras.keys().copied().collect::<Vec<_>>() {
            self.stop_camera(now, id, GapReason::NotRunning);
        }
        if let Err(error) = self.index.put_writer(true) {
            error!("{error}");
        }
    }

    fn follow(&mut self, now: MonoTime, id: CameraId, steps: Vec<Step>) {
        let Self { root, index, durability, cameras, now_written, signer, .. } = self;
        let signer = signer.as_deref();
        let Some(camera) = cameras.get_mut(&id) else { return };
        for step in steps {
            let done = match step {
                Step::Begin(mut begin) => {
                    if let Some(signer) = signer {
                        signer.put_key(id, &mut begin.header);
                        camera.chain.begin(&begin.header);
                    }
                    let begun = camera.begin(id, root, index, &begin);
                    if let Some(open) = &camera.open {
                        now_written
                            .change_files(|files| drop(files.insert(id, open.entry.clone())));
                    }
                    begun
                }
                Step::Append(mut fragment) => {
                    let chain = signer.map(|signer| camera.chain.seal(signer, id, &mut fragment));
                    let before = camera.open.as_ref().map(|open| open.entry.span.until);
                    let appended = camera.append(id, *durability, &fragment);
                    // What is not written is not followed.
                    if let (Ok(()), Some(chain)) = (&appended, chain) {
                        camera.chain = chain;
                    }
                    if let (Ok(()), Some(before), Some(open)) = (&appended, before, &camera.open) {
                        now_written.change_files(|files| {
                            if let Some(entry) = files.get_mut(&id) {
                                entry.fragments.push(before, &fragment.summary);
                                entry.span = open.entry.span;
                            }
                        });
                    }
                    appended
                }
                Step::End(reason) => {
                    camera.end(id, root, index);
                    now_written.change_files(|files| drop(files.remove(&id)));
                    if reason == EndReason::RunOver {
                        camera.reason = Some(GapReason::CameraGone);
                    }
                    Ok(())
                }
                // What was in the way before is why there is none.
                Step::NotTaken(NotTaken::NoKey) => {
                    camera.stand(now, camera.reason.unwrap_or(GapReason::NoKey));
                    Ok(())
                }
                Step::NotTaken(NotTaken::Format(_)) => {
                    camera.stand(now, GapReason::Format);
                    Ok(())
                }
            };
            if let Err(error) = done {
                camera.fail(now, id, root, index, &error);
                now_written.change_files(|files| drop(files.remove(&id)));
                return;
            }
        }
    }
}

impl Camera {
    fn begin(
        &mut self,
        id: CameraId,
        root: &Root,
        index: &Index,
        begin: &Begin,
    ) -> Result<(), DiskError> {
        let recording = root.begin(id, begin)?;
        let span = Span {
            name: recording.name,
            from: begin.time,
            until: begin.time,
            wall: begin.wall,
            bytes: recording.bytes,
            frames: 0,
            ended: false,
        };
        let header = recording.bytes;
        let entry = Entry { span, run: begin.run, header, fragments: Fragments::default() };
        say(id, index.put(id, &entry));
        if let Some(until) = self.status.until
            && begin.time.since_90k(until) > HOLE_90K
        {
            let reason = self.reason.unwrap_or(GapReason::CameraGone);
            say(id, index.put_gap(id, Gap { from: until, until: begin.time, reason }));
        }
        if self.status.error.take().is_some() {
            info!(camera = %id, "is recorded again");
        }
        (self.status.stopped, self.reason, self.try_at) = (None, None, None);
        self.open = Some(Open { recording, entry, dirty: true });
        Ok(())
    }

    fn append(
        &mut self,
        id: CameraId,
        durability: Durability,
        fragment: &Fragment,
    ) -> Result<(), DiskError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.recording.append(fragment)?;
        open.dirty = true;
        let (summary, span) = (&fragment.summary, &mut open.entry.span);
        open.entry.fragments.push(span.until, summary);
        (span.until, span.bytes) = (summary.until, open.recording.bytes);
        span.frames += u64::from(summary.frames);
        self.status.until = Some(summary.until);
        self.status.bytes += fragment.bytes.len() as u64;
        self.status.frames += u64::from(summary.frames);
        if durability == Durability::Each {
            self.sync(id);
        }
        Ok(())
    }

    fn sync(&mut self, id: CameraId) {
        let Some(open) = &mut self.open else { return };
        if std::mem::take(&mut open.dirty)
            && let Err(error) = open.recording.sync()
        {
            // What was written is with the system still; whether it will be on the disk nobody can say.
            error!(camera = %id, "what was recorded may not be on the disk: {error}");
            self.status.error = Some(error.to_string());
        }
    }

    /// The file is as it shall be.
    fn end(&mut self, id: CameraId, root: &Root, index: &Index) {
        self.sync(id);
        let Some(mut open) = self.open.take() else { return };
        open.entry.span.ended = true;
        if open.entry.span.frames > 0 {
            say(id, index.put(id, &open.entry));
        } else {
            // It has a header and nothing else.
            if let Err(error) = root.remove(id, open.recording.name) {
                error!(camera = %id, "{error}");
            }
            say(id, index.remove(id, open.recording.name));
        }
    }

    /// The disk has not taken something.
    fn fail(&mut self, now: MonoTime, id: CameraId, root: &Root, index: &Index, error: &DiskError) {
        let mut rest = Vec::new();
        self.segmenter.stop(EndReason::Stopped, &mut rest);
        self.end(id, root, index);
        let reason = match error {
            DiskError::Full(_) => GapReason::DiskFull,
            DiskError::NotOurs(_)
            | DiskError::Gone(_)
            | DiskError::Taken(_)
            | DiskError::Io { .. } => GapReason::DiskGone,
        };
        let said = error.to_string();
        if self.status.error.as_ref() != Some(&said) {
            error!(camera = %id, "is not recorded: {said}");
            self.status.error = Some(said);
        }
        self.stand(now, reason);
        self.try_at = Some(now.plus_us(TRY_AGAIN_US));
    }

    /// Nothing is recorded from now on.
    fn stand(&mut self, now: MonoTime, reason: GapReason) {
        self.reason = Some(reason);
        let since = self.status.stopped.map_or(now, |(_, since)| since);
        self.status.stopped = Some((reason, since));
    }
}

/// What the index does not take is in the files all the same.
fn say(id: CameraId, outcome: Result<(), IndexError>) {
    if let Err(error) = outcome {
        error!(camera = %id, "{error}");
    }
}

#[cfg(test)]
mod tests;
