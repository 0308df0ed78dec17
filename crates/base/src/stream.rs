//! Streams: which encoding of which camera, and how it is coded.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::{CameraId, PixelAspect, Rung, Size};

/// How a camera's video is coded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Codec {
    /// Rec. ITU-T H.264: passed on and decoded.
    #[default]
    H264,
    /// Rec. ITU-T H.265 (HEVC): passed on to those who play it; decoded where there is a decoder.
    H265,
    /// JPEG pictures (Motion JPEG): decoded; shown as single pictures, since WebRTC cannot carry it.
    Mjpeg,
}

impl Codec {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::H264, Self::H265, Self::Mjpeg];

    /// Its name in the API and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::H264 => "H264",
            Self::H265 => "H265",
            Self::Mjpeg => "MJPEG",
        }
    }

    /// Whether each picture stands alone: it is decoded without any other, and none leans on it.
    pub const fn stands_alone(self) -> bool {
        matches!(self, Self::Mjpeg)
    }
}

/// Which of a camera's encodings a stream is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StreamKind {
    /// What the camera sends for watching.
    Main,
    /// The smaller one that it sends besides.
    Sub,
    /// One that razz encodes itself.
    Rendition(Rung),
}

/// One encoding of one camera. Renditions share the main stream's media time; a sub-stream has its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct StreamId {
    /// The camera.
    pub camera: CameraId,
    /// Which of its encodings.
    pub kind: StreamKind,
}

impl StreamId {
    /// The main stream of `camera`.
    pub const fn main(camera: CameraId) -> Self {
        Self { camera, kind: StreamKind::Main }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            StreamKind::Main => write!(f, "camera {}", self.camera),
            StreamKind::Sub => write!(f, "camera {}, sub-stream", self.camera),
            StreamKind::Rendition(rung) => write!(f, "camera {}, {rung}", self.camera),
        }
    }
}

/// How the samples of a stream's pictures are stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Samples {
    /// As fields of every other line, or some pictures of it so.
    pub interlaced: bool,
    /// `chroma_format_idc` of the sequence parameter set: 0 monochrome, 1 for 4:2:0, 2 for 4:2:2, 3 for
    /// 4:4:4.
    pub chroma_format: u8,
    /// Bits per luma sample.
    pub bit_depth: u8,
}

/// Whole pictures, 4:2:0, 8 bits: what nearly all cameras send.
impl Default for Samples {
    fn default() -> Self {
        Self { interlaced: false, chroma_format: 1, bit_depth: 8 }
    }
}

/// How a stream is coded; the access units of a stream share it until it changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamFormat {
    /// The coding.
    pub codec: Codec,
    /// Picture size by the sequence parameter set in force, of MJPEG by the picture's header.
    pub size: Size,
    /// The shape of its pixels: square but for anamorphic video.
    pub pixel_aspect: PixelAspect,
    /// The profile's name, such as `High`; empty where nothing said it.
    pub profile: &'static str,
    /// Whether pictures are shown in another order than they are decoded in (B-frames), which WebRTC
    /// cannot do.
    pub reorders: bool,
    /// How its samples are stored.
    pub samples: Samples,
    /// The parameter sets as they came last, with Annex B start codes; empty where none did, and of MJPEG.
    pub parameter_sets: Bytes,
}

impl StreamFormat {
    /// Width and height of its pixels, where they are not square: what the wire says of it.
    pub fn stated_aspect(&self) -> Option<[u32; 2]> {
        let PixelAspect { width, height } = self.pixel_aspect;
        (!self.pixel_aspect.is_square()).then_some([width, height])
    }

    /// A format of which no more is known.
    pub fn new(codec: Codec, size: Size) -> Arc<Self> {
        let parameter_sets = Bytes::new();
        let (pixel_aspect, samples) = (PixelAspect::default(), Samples::default());
        let (profile, reorders) = ("", false);
        Arc::new(Self { codec, size, pixel_aspect, profile, reorders, samples, parameter_sets })
    }

    /// What it has that cannot be decoded by who can do `decodable`, in words; `None` where all of it
    /// can. Browsers are handed it in any case.
    pub fn not_decoded(&self, decodable: Decodable) -> Option<&'static str> {
        match (self.codec, self.samples) {
            (Codec::H264, _) if decodable.all_of_h264 => None,
            (Codec::H265, _) if decodable.all_of_h265 => None,
            // What RTP can carry of JPEG (RFC 2435), every decoder of it masters.
            (Codec::Mjpeg, _) => None,
            (Codec::H265, Samples { interlaced: false, chroma_format: 0, .. }) => {
                Some("monochrome pictures")
            }
            (Codec::H264 | Codec::H265, _) => self.odd_samples(),
        }
    }

    /// What it has that browsers cannot show over WebRTC even where they take its codec, in words; `None`
    /// where they can.
    pub fn not_shown(&self) -> Option<&'static str> {
        match self.codec {
            Codec::Mjpeg => Some("MJPEG"),
            _ if self.reorders => Some("B-frames"),
            Codec::H264 | Codec::H265 => self.odd_samples(),
        }
    }

    /// What its samples have that few decoders take.
    fn odd_samples(&self) -> Option<&'static str> {
        match (self.codec, self.samples) {
            (_, Samples { interlaced: true, .. }) => Some("interlaced pictures"),
            (_, Samples { chroma_format: 2, .. }) => Some("4:2:2 colour"),
            (_, Samples { chroma_format: 3, .. }) => Some("4:4:4 colour"),
            (Codec::H264, Samples { bit_depth: 9.., .. }) => Some("more than 8 bits a sample"),
            (Codec::H265, Samples { bit_depth: 11.., .. }) => Some("more than 10 bits a sample"),
            _ => None,
        }
    }
}

/// What of the codecs a machine's decoders master.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Decodable {
    /// Of H.264 also what is interlaced, has more colour than 4:2:0, or more than 8 bits.
    pub all_of_h264: bool,
    /// Of H.265 also what has other colour than 4:2:0, or more than 10 bits.
    pub all_of_h265: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_browsers_and_decoders_cannot_do_has_a_name() {
        let plain = Samples::default();
        let (h264, h265) = (Codec::H264, Codec::H265);
        let fields = Samples { interlaced: true, ..plain };
        let colour = |chroma_format| Samples { chroma_format, ..plain };
        let depth = |bit_depth| Samples { bit_depth, ..plain };
        for (codec, reorders, samples, not_shown, not_decoded) in [
            (h264, false, plain, None, None),
            (h264, true, plain, Some("B-frames"), None),
            (h264, false, fields, Some("interlaced pictures"), Some("interlaced pictures")),
            (h264, true, fields, Some("B-frames"), Some("interlaced pictures")),
            (h264, false, colour(0), None, None),
            (h264, false, colour(2), Some("4:2:2 colour"), Some("4:2:2 colour")),
            (
                h264,
                false,
                depth(10),
                Some("more than 8 bits a sample"),
                Some("more than 8 bits a sample"),
            ),
            (h265, false, plain, None, None),
            (h265, true, depth(10), Some("B-frames"), None),
            (h265, false, depth(10), None, None),
            (
                h265,
                false,
                depth(12),
                Some("more than 10 bits a sample"),
                Some("more than 10 bits a sample"),
            ),
            (h265, false, colour(0), None, Some("monochrome pictures")),
            (h265, false, colour(3), Some("4:4:4 colour"), Some("4:4:4 colour")),
            (Codec::Mjpeg, false, plain, Some("MJPEG"), None),
        ] {
            let format = StreamFormat::new(codec, Size::new(640, 360));
            let format = StreamFormat { reorders, samples, ..(*format).clone() };
            assert_eq!(format.not_shown(), not_shown, "{format:?}");
            assert_eq!(format.not_decoded(Decodable::default()), not_decoded, "{format:?}");
        }
    }
}
