//! Puts pictures back into output order, where their library does not.

use std::collections::VecDeque;

use razz_base::FrameKey;

use super::DecoderCounts;
use crate::picture::Picture;

/// Output order is the order of media time (RFC 6184 section 5.1: the RTP timestamp is the sampling
/// instant).
#[derive(Debug, Default)]
pub(super) struct OutputOrder {
    /// How many access units are held back; 0 without B-frames.
    depth: usize,
    /// By rising media time; unwanted ones take their place without pixels.
    held: VecDeque<(FrameKey, Option<Picture>)>,
    /// The last one that left.
    last: Option<FrameKey>,
}

impl OutputOrder {
    /// From now on so many are held back.
    pub(super) fn set_depth(&mut self, depth: usize) {
        self.depth = depth;
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Takes the picture of `key` in, lets at most one out.
    pub(super) fn pass(
        &mut self,
        key: FrameKey,
        picture: Option<Picture>,
        counts: &mut DecoderCounts,
    ) -> Option<Picture> {
        if self.last.is_some_and(|last| key.time <= last.time) {
            counts.dropped += u64::from(picture.is_some());
            return None;
        }
        let at = self.held.partition_point(|(held, _)| held.time < key.time);
        self.held.insert(at, (key, picture));
        // More than one too many is only there after the depth shrank; then the newest counts.
        let mut out = None;
        while self.held.len() > self.depth {
            let (key, picture) = self.held.pop_front()?;
            self.last = Some(key);
            if let Some(picture) = picture {
                counts.dropped += u64::from(out.replace(picture).is_some());
            }
        }
        out
    }

    pub(super) fn drain(&mut self) -> Vec<Picture> {
        let held = std::mem::take(&mut self.held);
        self.last = held.back().map(|(key, _)| *key).or(self.last);
        held.into_iter().filter_map(|(_, picture)| picture).collect()
    }
}
