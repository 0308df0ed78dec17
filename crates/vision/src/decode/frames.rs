//! The access units in a decoder, and the pictures that come of them.

use std::collections::VecDeque;
use std::sync::Arc;

use razz_base::{AccessUnit, FrameKey, MonoTime, PixelAspect, WallTime};
use razz_media::h264::Colour;

use super::DecoderCounts;
use super::codec::Pixels;
use super::order::OutputOrder;
use crate::picture::{Picture, Plane, Planes};

/// Picture buffers kept for another use.
const POOL: usize = 4;
/// No decoder holds more pictures back (H.264 section A.3.1: `MaxDpbFrames`; H.265 section A.4.2).
const MOST_HELD: usize = 32;

/// How the samples of a picture are meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) colour: Colour,
    pub(super) pixel_aspect: PixelAspect,
}

/// An access unit, ready for the library.
pub(super) struct Prepared<'a> {
    pub(super) data: &'a [u8],
    /// Whether its picture may be shown: not while it is grey in part, after a recovery point.
    pub(super) whole: bool,
    /// How its samples are meant.
    pub(super) look: Look,
    /// How many pictures are held back where the library does not put them in order.
    pub(super) depth: usize,
    /// Whether it gives a picture at once.
    pub(super) at_once: bool,
}

/// An access unit that the library was given.
struct Begun {
    tag: u64,
    key: FrameKey,
    wall: WallTime,
    received: MonoTime,
    /// Whether its pixels are wanted.
    want: bool,
    /// Whether it may be looked at: not while it is grey in part.
    whole: bool,
    look: Look,
}

/// Which access unit a picture is of, and the buffers for its pixels.
#[derive(Default)]
pub(super) struct Frames {
    tag: u64,
    begun: VecDeque<Begun>,
    order: OutputOrder,
    pool: VecDeque<Arc<Planes>>,
    /// Left, and not taken yet.
    out: Option<Picture>,
    /// Pictures that the library gave for the access unit in hand.
    came: usize,
    /// For luma that is stored otherwise.
    room: Vec<u8>,
}

impl Frames {
    /// The library is about to be given `au`; answers its tag.
    pub(super) fn begin(&mut self, au: &AccessUnit, want: bool, whole: bool, look: Look) -> u64 {
        self.tag += 1;
        self.came = 0;
        let (key, wall, received, tag) = (au.key, au.wall, au.received, self.tag);
        self.begun.push_back(Begun { tag, key, wall, received, want, whole, look });
        if self.begun.len() > MOST_HELD {
            self.begun.pop_front();
        }
        tag
    }

    /// The library gave the picture of `tag`. In output order, `see` is shown its luma at once.
    pub(super) fn take(
        &mut self,
        tag: u64,
        pixels: &dyn Pixels,
        see: &mut dyn FnMut(Plane<'_>),
        counts: &mut DecoderCounts,
    ) {
        self.came += 1;
        let Some(at) = self.begun.iter().position(|begun| begun.tag == tag) else { return };
        let Some(begun) = self.begun.remove(at) else { return };
        if !begun.whole {
            counts.recovering += 1;
            return;
        }
        let ordered = self.order.depth() == 0;
        if ordered {
            see(pixels.luma(&mut self.room));
        }
        let picture = begun.want.then(|| self.copy_out(pixels, &begun));
        let left = self.order.pass(begun.key, picture, counts);
        if let (false, Some(picture)) = (ordered, &left) {
            see(picture.luma());
        }
        if let Some(left) = left {
            counts.dropped += u64::from(self.out.replace(left).is_some());
        }
    }

    /// Copies the pixels into a buffer of the pool that nobody else holds, or into a new one.
    fn copy_out(&mut self, pixels: &dyn Pixels, begun: &Begun) -> Picture {
        let free = self.pool.iter().position(|planes| Arc::strong_count(planes) == 1);
        let mut planes = free.and_then(|at| self.pool.remove(at)).unwrap_or_default();
        match Arc::get_mut(&mut planes) {
            Some(planes) => pixels.copy_into(planes),
            // Only by a race with a clone of a clone; then a new buffer will do.
            None => {
                let mut fresh = Planes::default();
                pixels.copy_into(&mut fresh);
                planes = Arc::new(fresh);
            }
        }
        self.pool.push_back(Arc::clone(&planes));
        if self.pool.len() > POOL {
            self.pool.pop_front();
        }
        Picture {
            key: begun.key,
            wall: begun.wall,
            received: begun.received,
            size: pixels.size(),
            colour: begun.look.colour,
            pixel_aspect: begun.look.pixel_aspect,
            planes,
        }
    }

    /// The picture that is out, if one is.
    pub(super) fn next(&mut self) -> Option<Picture> {
        self.out.take()
    }

    /// Whether the library gave a picture for the access unit in hand.
    pub(super) fn any_came(&self) -> bool {
        self.came > 0
    }

    /// The access unit in hand gave no picture, and gives none.
    pub(super) fn failed(&mut self) {
        self.begun.retain(|begun| begun.tag != self.tag);
    }

    /// Pictures are to be held back here, so many of them.
    pub(super) fn set_depth(&mut self, depth: usize) {
        self.order.set_depth(depth);
    }

    /// Those held back, in output order.
    pub(super) fn drain(&mut self) -> Vec<Picture> {
        self.out.take().into_iter().chain(self.order.drain()).collect()
    }

    /// What was begun is lost.
    pub(super) fn forget(&mut self, counts: &mut DecoderCounts) {
        counts.dropped += self.begun.iter().filter(|begun| begun.want).count() as u64;
        counts.dropped += self.drain().len() as u64;
        self.begun.clear();
        self.order = OutputOrder::default();
    }
}
