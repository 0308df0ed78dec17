//! Which access units go into which file, and which of them into which fragment. Pure: units in, steps out.

use std::sync::Arc;

use razz_base::{AccessUnit, CLOCK_RATE, MediaTime, RunId, StreamFormat, WallTime};
use razz_media::mp4::write::{CannotHold, FragmentWriter, Summary, header};

use crate::name::FileName;

/// A fragment is no longer than this, in ticks: what a power cut takes is what was not written.
const LONGEST_90K: i64 = CLOCK_RATE;
/// Nor larger than this, in bytes.
const LARGEST: usize = 8 << 20;
/// A file is as long, and ends at the key frame after it.
const FILE_US: i64 = 60_000_000;
/// What is taken for the time between two pictures where only one is known: a thirtieth of a second.
const USUAL_90K: i64 = CLOCK_RATE / 30;

/// What is to be done, in this order.
#[derive(Clone, PartialEq, Debug)]
pub enum Step {
    /// A file begins.
    Begin(Begin),
    /// It goes on.
    Append(Fragment),
    /// It ends, and nothing of it is missing.
    End(EndReason),
    /// What came was not taken, since then: `None` where it goes on.
    NotTaken(NotTaken),
}

/// The beginning of a file.
#[derive(Clone, PartialEq, Debug)]
pub struct Begin {
    /// Under which name; the next that is free where another has it, as after a clock was set back.
    pub name: FileName,
    /// What stands before its first fragment.
    pub header: Vec<u8>,
    /// Its first picture's time.
    pub time: MediaTime,
    /// When that was taken.
    pub wall: WallTime,
    /// The RTSP session that it comes by.
    pub run: RunId,
}

/// Pictures that are written at once.
#[derive(Clone, PartialEq, Debug)]
pub struct Fragment {
    /// As they stand in the file.
    pub bytes: Vec<u8>,
    /// What they say of themselves.
    pub summary: Summary,
    /// Packets that were lost on their way from the camera to us.
    pub lost_packets: u32,
}

/// Why a file ended.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum EndReason {
    /// It was as long as files are.
    Full,
    /// The camera's RTSP session ended.
    RunOver,
    /// The stream is coded otherwise from now on.
    OtherFormat,
    /// Nothing more is recorded.
    Stopped,
}

/// Why access units were not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotTaken {
    /// No key picture came yet.
    NoKey,
    /// The stream cannot be written as MP4.
    Format(CannotHold),
}

/// Cuts the stream of one camera.
#[derive(Debug, Default)]
pub struct Segmenter {
    open: Option<Open>,
    writer: FragmentWriter,
    /// Of what is gathered.
    lost_packets: u32,
    /// The newest unit, and the time between it and the one before.
    newest: Option<MediaTime>,
    interval_90k: i64,
    not_taken: Option<NotTaken>,
}

#[derive(Debug)]
struct Open {
    run: RunId,
    format: Arc<StreamFormat>,
    /// It ends at the first key picture after this time of capture.
    full_us: i64,
}

impl Segmenter {
    fn full_us(wall_us: i64, offset_us: i64) -> i64 {
        (wall_us - offset_us).div_euclid(FILE_US) * FILE_US + FILE_US + offset_us
    }

    /// Takes an access unit. Files end when `offset_us` after the minute is passed: so those of many cameras do not end
    /// together.
    pub fn push(&mut self, au: &AccessUnit, offset_us: i64, steps: &mut Vec<Step>) {
        if let Some(reason) = self.ends_before(au) {
            self.end(Some(au.key.time), reason, steps);
        }
        if self.open.is_none() && !self.begin(au, offset_us, steps) {
            return;
        }
        let alone = au.idr && !au.codec().stands_alone();
        let long = self.writer.begins().is_some_and(|from| {
            au.key.time.since_90k(from) >= LONGEST_90K
                || self.writer.bytes() + au.data.len() > LARGEST
        });
        if alone || long || (self.writer.begins_with_key() && !au.codec().stands_alone()) {
            self.append(au.key.time, steps);
        }
        if !self.writer.push(au) {
            return;
        }
        self.lost_packets = self.lost_packets.saturating_add(au.lost_packets);
        if let Some(newest) = self.newest {
            let interval = au.key.time.since_90k(newest);
            if (1..=LONGEST_90K).contains(&interval) {
                self.interval_90k = interval;
            }
        }
        self.newest = Some(au.key.time);
    }

    /// Nothing has come for a while: what is gathered has to be written all the same.
    pub fn flush(&mut self, steps: &mut Vec<Step>) {
        let Some(newest) = self.newest else { return };
        let interval = if self.interval_90k > 0 { self.interval_90k } else { USUAL_90K };
        self.append(newest.plus_90k(interval), steps);
    }

    /// Nothing more comes.
    pub fn stop(&mut self, reason: EndReason, steps: &mut Vec<Step>) {
        self.end(None, reason, steps);
    }

    fn ends_before(&self, au: &AccessUnit) -> Option<EndReason> {
        let open = self.open.as_ref()?;
        if open.run != au.run {
            Some(EndReason::RunOver)
        } else if !Arc::ptr_eq(&open.format, &au.format) && *open.format != *au.format {
            Some(EndReason::OtherFormat)
        } else if au.idr && au.wall.us >= open.full_us {
            Some(EndReason::Full)
        } else {
            None
        }
    }

    fn begin(&mut self, au: &AccessUnit, offset_us: i64, steps: &mut Vec<Step>) -> bool {
        let header = match header(&au.format) {
            _ if !au.idr => Err(NotTaken::NoKey),
            Ok(header) => Ok(header),
            Err(why) => Err(NotTaken::Format(why)),
        };
        let header = match header {
            Ok(header) => header,
            Err(why) => {
                if self.not_taken.replace(why) != Some(why) {
                    steps.push(Step::NotTaken(why));
                }
                return false;
            }
        };
        self.not_taken = None;
        let name = FileName::at_us(au.wall.us);
        let full_us = Self::full_us(au.wall.us, offset_us);
        self.open = Some(Open { run: au.run, format: Arc::clone(&au.format), full_us });
        let (time, wall, run) = (au.key.time, au.wall, au.run);
        steps.push(Step::Begin(Begin { name, header, time, wall, run }));
        true
    }

    fn append(&mut self, until: MediaTime, steps: &mut Vec<Step>) {
        let mut bytes = Vec::new();
        let Some(summary) = self.writer.finish(until, &mut bytes) else { return };
        let lost_packets = std::mem::take(&mut self.lost_packets);
        steps.push(Step::Append(Fragment { bytes, summary, lost_packets }));
    }

    /// Ends the file; `next` is when what follows was taken, where that goes on without a break.
    fn end(&mut self, next: Option<MediaTime>, reason: EndReason, steps: &mut Vec<Step>) {
        if self.open.take().is_none() {
            return;
        }
        match next.filter(|_| matches!(reason, EndReason::Full | EndReason::OtherFormat)) {
            Some(next) => self.append(next, steps),
            None => self.flush(steps),
        }
        // Fragments count from one in each file.
        (self.writer, self.newest, self.interval_90k) = (FragmentWriter::default(), None, 0);
        steps.push(Step::End(reason));
    }
}

#[cfg(test)]
pub(crate) mod tests;
