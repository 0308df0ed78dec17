//! The H.265 streams of `tests/data/hevc`, and what FFmpeg decodes from them.

use std::path::PathBuf;

use razz_base::{CameraId, FrameKey, MediaTime, MonoTime, WallQuality, WallTime};
use razz_vision::inside::Decoded;

#[path = "../../../../fuzz/checks_vision.rs"]
mod checks;

/// A stream, and its pictures in output order.
pub(crate) struct Clip {
    pub(crate) name: String,
    /// Its access units.
    pub(crate) units: Vec<Vec<u8>>,
    /// Of each picture, the place of its access unit and the checksum of its samples.
    pub(crate) pictures: Vec<(u64, u64)>,
}

impl Clip {
    /// The checksum that the picture of an access unit has.
    pub(crate) fn checksum(&self, tag: u64) -> u64 {
        self.pictures.iter().find(|(of, _)| *of == tag).unwrap().1
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/hevc")
}

/// All of them, in the order of their names.
pub(crate) fn clips() -> Vec<Clip> {
    let list = std::fs::read_to_string(folder().join("pictures.txt")).unwrap();
    let mut clips: Vec<Clip> = Vec::new();
    for line in list.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, _size, place, checksum] = words[..] else { panic!("{line}") };
        if clips.last().is_none_or(|last| last.name != name) {
            let units = units(name);
            clips.push(Clip { name: name.to_owned(), units, pictures: Vec::new() });
        }
        let picture = (place.parse().unwrap(), u64::from_str_radix(checksum, 16).unwrap());
        clips.last_mut().unwrap().pictures.push(picture);
    }
    clips
}

/// The access units of one of them, also of one which `pictures.txt` does not name.
pub(crate) fn units(name: &str) -> Vec<Vec<u8>> {
    checks::access_units(&std::fs::read(folder().join(format!("{name}.h265"))).unwrap())
}

/// 64-bit FNV-1a of a picture's samples.
pub(crate) fn checksum(decoded: &Decoded) -> u64 {
    let key = FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(0) };
    let picture = decoded.picture(
        key,
        WallTime { us: 0, quality: WallQuality::Arrival },
        MonoTime::from_us(0),
    );
    assert_eq!(picture.size, decoded.size());
    let mut value = 0xCBF2_9CE4_8422_2325u64;
    for plane in [picture.luma(), picture.cb(), picture.cr()] {
        for byte in (0..plane.height).flat_map(|y| plane.row(y)) {
            value = (value ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3);
        }
    }
    value
}
