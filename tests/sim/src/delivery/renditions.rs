//! Smaller encodings of the camera's pictures, by their sizes: as openh264 makes them of a street.

use razz_base::{Rung, StreamKind};
use razz_viewer::Step;

/// One encoding.
#[derive(Clone, Copy, Debug)]
struct Encoding {
    rung: Rung,
    bits_per_second: u64,
    /// Every so many pictures of the camera.
    every: u64,
    idr_bytes: usize,
    frame_bytes: usize,
    /// The last frame of it.
    last: Option<u64>,
    idr_wanted: bool,
}

/// A frame that was made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    pub(super) kind: StreamKind,
    pub(super) frame: u64,
    pub(super) bytes: usize,
    pub(super) leans_on: Option<u64>,
}

/// The encodings of a camera of 2.5 Mbit/s.
#[derive(Clone, Debug)]
pub struct Renditions {
    encodings: Vec<Encoding>,
    camera_bits_per_second: u64,
}

impl Renditions {
    /// Those of a camera of so many lines.
    pub fn of(lines: u32) -> Self {
        let encoding = |rung, bits_per_second, every, idr_bytes, frame_bytes| Encoding {
            rung,
            bits_per_second,
            every,
            idr_bytes,
            frame_bytes,
            last: None,
            idr_wanted: true,
        };
        let mut encodings = vec![
            encoding(Rung::P540, 1_000_000, 1, 31_000, 4_000),
            encoding(Rung::P360, 500_000, 1, 17_700, 2_000),
            encoding(Rung::P180, 150_000, 2, 3_500, 1_200),
            encoding(Rung::Stills, 40_000, 15, 3_500, 2_000),
        ];
        encodings.retain(|encoding| encoding.rung != Rung::P540 || lines >= 1080);
        Self { encodings, camera_bits_per_second: 2_500_000 }
    }

    /// What a viewer can choose from.
    pub(super) fn steps(&self) -> Vec<Step> {
        let main = Step { kind: StreamKind::Main, bits_per_second: self.camera_bits_per_second };
        let ours = self.encodings.iter().map(|encoding| Step {
            kind: StreamKind::Rendition(encoding.rung),
            bits_per_second: encoding.bits_per_second,
        });
        std::iter::once(main).chain(ours).collect()
    }

    /// The next frame of an encoding is an IDR.
    pub(super) fn want_idr(&mut self, kind: StreamKind) {
        for encoding in &mut self.encodings {
            encoding.idr_wanted |= StreamKind::Rendition(encoding.rung) == kind;
        }
    }

    /// Encodes the camera's picture `n` where its encoding is `wanted`.
    pub(super) fn encode(&mut self, n: u64, wanted: StreamKind) -> Option<Made> {
        let of = |encoding: &&mut Encoding| StreamKind::Rendition(encoding.rung) == wanted;
        let encoding = self.encodings.iter_mut().find(of)?;
        if !n.is_multiple_of(encoding.every) {
            return None;
        }
        let frame = (encoding.rung as u64 + 1) << 32 | n;
        let last = encoding.last.replace(frame);
        let leans_on = if std::mem::take(&mut encoding.idr_wanted) { None } else { last };
        let bytes = if leans_on.is_none() { encoding.idr_bytes } else { encoding.frame_bytes };
        Some(Made { kind: wanted, frame, bytes, leans_on })
    }
}
