//! What is read of a stream before its library is handed it, by codec.

use razz_base::{AccessUnit, Codec as Coding};

use super::DecodeError;
use super::codec::Codec;
use super::frames::Prepared;
use super::h264::H264;
use super::h265::H265;
use super::mjpeg;
use super::refresh::Entry;

/// What is known of a stream by reading it.
pub(super) enum Syntax {
    H264(Box<H264>),
    H265(H265),
    /// Each picture stands alone.
    Mjpeg,
}

impl Syntax {
    /// Of a stream of which nothing is known.
    pub(super) fn new(coding: Coding, for_openh264: bool) -> Self {
        match coding {
            Coding::H264 => Self::H264(Box::new(H264::new(for_openh264))),
            Coding::H265 => Self::H265(H265::new()),
            Coding::Mjpeg => Self::Mjpeg,
        }
    }

    pub(super) fn coding(&self) -> Coding {
        match self {
            Self::H264(_) => Coding::H264,
            Self::H265(_) => Coding::H265,
            Self::Mjpeg => Coding::Mjpeg,
        }
    }

    pub(super) fn is_recovering(&self) -> bool {
        match self {
            Self::H264(h264) => h264.is_recovering(),
            Self::H265(_) | Self::Mjpeg => false,
        }
    }

    /// Nothing that came before is known.
    pub(super) fn reset(&mut self) {
        match self {
            Self::H264(h264) => h264.reset(),
            Self::H265(h265) => h265.reset(),
            Self::Mjpeg => {}
        }
    }

    /// An access unit that is passed over.
    pub(super) fn pass_over(&mut self, au: &AccessUnit) {
        if let Self::H264(h264) = self {
            h264.keep_sets(&au.data);
        }
    }

    /// Whether decoding can begin at `au`, `waited` access units after the last one decoded.
    pub(super) fn can_begin_at(&self, au: &AccessUnit, waited: u32) -> bool {
        match self {
            Self::H264(_) => Entry::of(au, waited).is_some(),
            Self::H265(_) => H265::begins_at(au),
            Self::Mjpeg => true,
        }
    }

    /// Says whether decoding begins at `au`, and prepares `codec`, which was restarted, for it.
    pub(super) fn begin(
        &mut self,
        au: &AccessUnit,
        waited: u32,
        codec: &mut dyn Codec,
    ) -> Result<bool, DecodeError> {
        match self {
            Self::H264(h264) => h264.begin(au, waited, codec),
            Self::H265(_) => Ok(H265::begins_at(au)),
            Self::Mjpeg => Ok(true),
        }
    }

    /// Readies an access unit for the library; `None`: it is passed over.
    pub(super) fn prepare<'a>(
        &'a mut self,
        au: &'a AccessUnit,
        begins: bool,
    ) -> Result<Option<Prepared<'a>>, DecodeError> {
        match self {
            Self::H264(h264) => h264.prepare(au, begins).map(Some),
            Self::H265(h265) => h265.prepare(au, begins),
            Self::Mjpeg => mjpeg::prepare(au).map(Some),
        }
    }
}
