//! Clips that razz has in itself, on which decoders are tried before a camera's video is given to them.

use std::sync::Arc;

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec as Coding, FrameKey, MediaTime, MonoTime, RunId, Size,
    StreamFormat, WallQuality, WallTime,
};

use super::Decoder;
use super::codec::Codec;
use crate::picture::Picture;

/// What `clips/make.py` says of the clips.
const CLIPS_TEXT: &str = include_str!("clips/clips.txt");

/// A clip, and what it has to become.
pub(super) struct Clip {
    pub(super) name: &'static str,
    data: &'static [u8],
    pub(super) coding: Coding,
    /// Whether openh264 is to master it.
    plain: bool,
}

pub(super) const CLIPS: [Clip; 4] = [
    Clip {
        name: "high.h264",
        data: include_bytes!("clips/high.h264"),
        coding: Coding::H264,
        plain: true,
    },
    Clip {
        name: "baseline.h264",
        data: include_bytes!("clips/baseline.h264"),
        coding: Coding::H264,
        plain: true,
    },
    Clip {
        name: "main.h265",
        data: include_bytes!("clips/main.h265"),
        coding: Coding::H265,
        plain: true,
    },
    Clip {
        name: "main10.h265",
        data: include_bytes!("clips/main10.h265"),
        coding: Coding::H265,
        plain: false,
    },
];

/// An IDR of H.264 whose VUI says full range and BT.709.
pub(super) fn layout_clip() -> Bytes {
    let (units, _) = CLIPS[0].described();
    units[0].data.clone()
}

/// Whether a library's decoder decodes 8-bit streams of this codec right.
pub(super) fn try_out(codec: Box<dyn Codec>, coding: Coding) -> Result<(), String> {
    let mut decoder = Decoder::of(codec, String::new(), coding, false);
    for clip in CLIPS.iter().filter(|clip| clip.coding == coding && clip.plain) {
        clip.decode(&mut decoder)?;
    }
    Ok(())
}

impl Clip {
    /// Decodes it; how many pictures came out, all of them right.
    pub(super) fn decode(&self, decoder: &mut Decoder) -> Result<usize, String> {
        let (units, expected) = self.described();
        let mut pictures = Vec::new();
        for unit in &units {
            pictures.extend(decoder.decode(unit, true).map_err(|error| error.to_string())?);
        }
        pictures.extend(decoder.flush());
        for (n, (picture, expected)) in pictures.iter().zip(&expected).enumerate() {
            if checksum(picture) != *expected {
                return Err(format!("picture {n} of the clip {} is wrong", self.name));
            }
        }
        if pictures.len() != expected.len() {
            let (came, wanted) = (pictures.len(), expected.len());
            return Err(format!("{came} of {wanted} pictures of the clip {} came out", self.name));
        }
        Ok(pictures.len())
    }

    /// Its access units, and its pictures' checksums.
    fn described(&self) -> (Vec<AccessUnit>, Vec<u32>) {
        let line = CLIPS_TEXT.lines().find_map(|line| line.strip_prefix(self.name));
        let (lengths, places, checksums) = line
            .and_then(|line| {
                let (lengths, rest) = line.trim().strip_prefix("units ")?.split_once(" places ")?;
                let (places, checksums) = rest.split_once(" pictures ")?;
                Some((lengths, places, checksums))
            })
            .expect("each clip is described");
        let format = StreamFormat::new(self.coding, Size::new(128, 96));
        let mut rest = self.data;
        let units = lengths
            .split(' ')
            .zip(places.split(' '))
            .enumerate()
            .map(|(n, (length, place))| {
                let (data, after) = rest.split_at(length.parse().expect("a length"));
                rest = after;
                access_unit(
                    Bytes::from_static(data),
                    n == 0,
                    place.parse().expect("a place"),
                    &format,
                )
            })
            .collect();
        let checksums = checksums
            .split(' ')
            .map(|checksum| u32::from_str_radix(checksum, 16).expect("a checksum"))
            .collect();
        (units, checksums)
    }
}

/// The access unit whose picture is the clip's so manieth in output order.
pub(super) fn access_unit(
    data: Bytes,
    idr: bool,
    place: i64,
    format: &Arc<StreamFormat>,
) -> AccessUnit {
    let camera = CameraId::new(1).expect("1 is an id");
    AccessUnit {
        key: FrameKey { camera, time: MediaTime::from_90k(9000 * place) },
        run: RunId::default(),
        format: Arc::clone(format),
        data,
        idr,
        lost_packets: 0,
        wall: WallTime { us: 0, quality: WallQuality::Arrival },
        received: MonoTime::from_us(0),
    }
}

fn checksum(picture: &Picture) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for plane in [picture.luma(), picture.cb(), picture.cr()] {
        (0..plane.height).for_each(|y| hasher.update(plane.row(y)));
    }
    hasher.finalize()
}
