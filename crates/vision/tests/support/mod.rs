//! What the tests and benches of this crate share: outside data, streets, and streams made on the
//! spot.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

pub mod appearance;
pub mod motion;
pub mod mp4;
pub mod onnx;
pub mod street;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec, Detection, FrameKey, MediaTime, MonoTime, Rect, RunId, Size,
    StreamFormat, WallQuality, WallTime,
};
use razz_media::h264::{NalType, nal_type, nal_units};
use razz_vision::{Colour, DecoderEngine, Decoders, Detector, Hardware, Matrix, Picture, Plane};

/// A test of each function on rten, and one on ONNX Runtime, whose library is fetched apart.
#[allow(unused_macros, reason = "each test file uses a part of this module")]
macro_rules! on_each_engine {
    ($($test:ident),+ $(,)?) => {
        mod on_rten {
            $(
                #[test]
                fn $test() {
                    super::$test(razz_vision::EngineChoice::Rten);
                }
            )+
        }

        mod on_onnx_runtime {
            $(
                #[test]
                #[ignore = "needs ONNX Runtime: scripts/onnxruntime.sh fetches it"]
                fn $test() {
                    super::$test(razz_vision::EngineChoice::Ort);
                }
            )+
        }
    };
}
#[allow(unused_imports, reason = "each test file uses a part of this module")]
pub(crate) use on_each_engine;

/// A test of each function on openh264, and one on FFmpeg's libavcodec, where there is one.
#[allow(unused_macros, reason = "each test file uses a part of this module")]
macro_rules! on_each_decoder {
    ($($test:ident),+ $(,)?) => {
        mod on_openh264 {
            $(
                #[test]
                fn $test() {
                    super::$test(&razz_vision::Decoders::builtin());
                }
            )+
        }

        mod on_ffmpeg {
            $(
                #[test]
                #[ignore = "needs libavcodec: `apt install libavcodec-extra`"]
                fn $test() {
                    super::$test(&crate::support::ffmpeg());
                }
            )+
        }
    };
}
#[allow(unused_imports, reason = "each test file uses a part of this module")]
pub(crate) use on_each_decoder;

/// FFmpeg's libavcodec, on the processor.
pub fn ffmpeg() -> Decoders {
    Decoders::open(DecoderEngine::Ffmpeg, &Hardware::Off).unwrap()
}

/// The access units of a stream with one slice to a picture, 15 a second.
pub fn units_of(stream: &[u8]) -> Vec<AccessUnit> {
    let mut units = Vec::new();
    let mut data = Vec::new();
    for nal in nal_units(stream) {
        data.extend_from_slice(&[0, 0, 0, 1]);
        data.extend_from_slice(nal);
        let kind = nal_type(nal).unwrap();
        if kind.is_vcl() {
            let time = 6000 * units.len() as i64;
            units.push(access_unit(std::mem::take(&mut data), time, kind == NalType::Idr));
        }
    }
    units
}

/// Xorshift, from a seed.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as usize
    }
}

/// The folder of the outside clips, pictures and models, which `docs/testing.md` describes. Panics
/// where it is not given.
pub fn outside_data() -> PathBuf {
    let folder = std::env::var_os("RAZZ_TESTDATA").map(PathBuf::from);
    folder.expect("RAZZ_TESTDATA names the folder of the outside test data")
}

/// Says something on the way.
#[allow(clippy::print_stderr, reason = "tests report to people")]
pub fn note(text: &str) {
    eprintln!("{text}");
}

/// Class, score in thousandths, and box in whole pixels.
pub type Row = (u16, u32, [i64; 4]);

pub fn rows(detections: &[Detection]) -> Vec<Row> {
    let row = |d: &Detection| {
        (d.class.0, (d.score * 1000.0).round() as u32, d.bbox.to_array().map(|v| v.round() as i64))
    };
    detections.iter().map(row).collect()
}

/// What a model finds on a picture of one colour.
pub fn found(detector: &mut Detector, size: Size, colour: u8) -> Vec<Row> {
    let rgb = vec![colour; 3 * (size.width * size.height) as usize];
    let mut out = Vec::new();
    detector.detect_rgb(&rgb, size, &mut out).unwrap();
    rows(&out)
}

pub fn key(ticks: i64) -> FrameKey {
    FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(ticks) }
}

/// An access unit of Annex B `data` at `ticks`.
pub fn access_unit(data: Vec<u8>, ticks: i64, idr: bool) -> AccessUnit {
    AccessUnit {
        key: key(ticks),
        run: RunId(1),
        format: StreamFormat::new(Codec::H264, Size::default()),
        data: Bytes::from(data),
        idr,
        lost_packets: 0,
        wall: WallTime { us: ticks * 100 / 9, quality: WallQuality::Arrival },
        received: MonoTime::from_us(ticks * 100 / 9),
    }
}

/// A picture without colour, all of one brightness (16 black, 235 white).
pub fn plain_picture(size: Size, luma: u8) -> Picture {
    let (w, h) = (size.width as usize, size.height as usize);
    let (cw, ch) = (w.div_ceil(2), h.div_ceil(2));
    let (luma, chroma) = (vec![luma; w * h], vec![128; cw * ch]);
    let plane = |data, width, height| Plane { data, stride: width, width, height };
    let planes = [plane(&luma, w, h), plane(&chroma, cw, ch), plane(&chroma, cw, ch)];
    let colour = Colour { matrix: Matrix::Bt709, full_range: false, stated: true };
    let wall = WallTime { us: 0, quality: WallQuality::Arrival };
    Picture::from_planes(key(0), wall, MonoTime::from_us(0), size, colour, planes).unwrap()
}

/// An 8-bit RGB picture.
pub struct Rgb {
    pub size: Size,
    pub data: Vec<u8>,
}

pub fn read_png(path: &Path) -> Rgb {
    let file = std::io::BufReader::new(std::fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
    data.truncate(info.buffer_size());
    Rgb { size: Size::new(info.width, info.height), data }
}

pub fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Rows of class, confidence, x1, y1, x2, y2.
pub fn reference(rows: &serde_json::Value) -> Vec<Detection> {
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let row: Vec<f64> =
                row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
            Detection {
                class: razz_base::ClassId(row[0] as u16),
                score: row[1],
                bbox: Rect::new(row[2], row[3], row[4], row[5]),
            }
        })
        .collect()
}

/// Of the detections of `a` scoring at least `least`, those that have no partner in `b`: same class,
/// score within `score`, overlap above `iou`. Each of `b` is used once.
pub fn unmatched(
    a: &[Detection],
    b: &[Detection],
    least: f64,
    score: f64,
    iou: f64,
) -> Vec<Detection> {
    let mut used = vec![false; b.len()];
    let mut alone = Vec::new();
    for one in a.iter().filter(|one| one.score >= least) {
        let partner = (0..b.len()).find(|&i| {
            !used[i]
                && b[i].class == one.class
                && (b[i].score - one.score).abs() <= score
                && b[i].bbox.iou(&one.bbox) > iou
        });
        match partner {
            Some(i) => used[i] = true,
            None => alone.push(*one),
        }
    }
    alone
}

/// Mean difference of red, green and blue between two 8-bit RGB pictures.
pub fn mean_difference(a: &[u8], b: &[u8]) -> [f64; 3] {
    let mut sums = [0u64; 3];
    for (a, b) in a.chunks_exact(3).zip(b.chunks_exact(3)) {
        for i in 0..3 {
            sums[i] += u64::from(a[i].abs_diff(b[i]));
        }
    }
    sums.map(|sum| sum as f64 / (a.len() / 3) as f64)
}
