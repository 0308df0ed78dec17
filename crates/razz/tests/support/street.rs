//! Streets of `scene` as the files that razz reads: PNG and MP4.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec, FrameKey, MediaTime, MonoTime, RunId, Size, StreamFormat,
    WallQuality, WallTime,
};
use razz_media::h264::{NalType, nal_type, nal_units};
use razz_scene::{Canvas, EncodedFrame, Encoder, Rate, Street};
use razz_vision::{Decoder, Picture};

/// A folder of a test's own, gone at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("razz-street-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Writes red, green and blue as PNG.
pub fn write_png(size: Size, rgb: &[u8], path: &Path) {
    let file = std::io::BufWriter::new(fs::File::create(path).unwrap());
    let mut encoder = png::Encoder::new(file, size.width, size.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(rgb).unwrap();
}

/// Writes a frame as it is painted.
pub fn write_picture(street: &Street, frame: u64, path: &Path) {
    let mut canvas = Canvas::new();
    street.render(frame, &mut canvas);
    let rgb: Vec<u8> =
        canvas.rgba().chunks_exact(4).flat_map(|pixel| &pixel[..3]).copied().collect();
    write_png(canvas.size(), &rgb, path);
}

/// Frames as H.264 of full size, an IDR every second.
pub fn encoded(street: &Street, frames: Range<u64>) -> Vec<EncodedFrame> {
    let mut encoder = Encoder::new(Rate::Constant, 30).unwrap();
    let mut canvas = Canvas::new();
    let frame = |frame| {
        street.render(frame, &mut canvas);
        encoder.encode(&canvas).unwrap()
    };
    frames.map(frame).collect()
}

/// As it comes from a camera, at this time.
pub fn access_unit(frame: &EncodedFrame, ticks: i64) -> AccessUnit {
    AccessUnit {
        key: FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(ticks) },
        run: RunId(1),
        format: StreamFormat::new(Codec::H264, Street::SIZE),
        data: Bytes::from(frame.annex_b.clone()),
        idr: frame.idr,
        lost_packets: 0,
        wall: WallTime { us: 0, quality: WallQuality::Arrival },
        received: MonoTime::from_us(0),
    }
}

/// A frame, encoded and decoded.
pub fn picture(street: &Street, frame: u64) -> Picture {
    let frame = encoded(street, frame..frame + 1).remove(0);
    Decoder::new().decode(&access_unit(&frame, 0), true).unwrap().unwrap()
}

/// Writes frames as an MP4 file (ISO/IEC 14496-12 and -15): the least that a reader needs.
pub fn write_clip(frames: &[EncodedFrame], path: &Path) {
    let samples: Vec<Vec<u8>> = frames.iter().map(length_prefixed).collect();
    let count = samples.len() as u32;
    let sizes: Vec<u32> = samples.iter().map(|sample| sample.len() as u32).collect();
    let numbered = frames.iter().zip(1..);
    let idrs: Vec<u32> =
        numbered.filter(|(frame, _)| frame.idr).map(|(_, number)| number).collect();
    let file_type = atom(b"ftyp", &[b"isom", &[0; 4][..], b"isom", b"avc1"]);
    // The pictures lie behind the type and their atom's own header.
    let first = file_type.len() as u32 + 8;
    let table = atom(
        b"stbl",
        &[
            &full(b"stsd", &[&[0, 0, 0, 1], &avc1(&frames[0])]),
            &full(b"stts", &[&numbers(&[1, count, 3000])]),
            &full(b"stss", &[&numbers(&[idrs.len() as u32]), &numbers(&idrs)]),
            &full(b"stsc", &[&numbers(&[1, 1, count, 1])]),
            &full(b"stsz", &[&numbers(&[0, count]), &numbers(&sizes)]),
            &full(b"stco", &[&numbers(&[1, first])]),
        ],
    );
    let length = count * 3000;
    let handler = full(b"hdlr", &[&[0; 4], b"vide", &[0; 13]]);
    let header = full(b"mdhd", &[&numbers(&[0, 0, 90_000, length, 0])]);
    let information = atom(b"minf", &[&full(b"vmhd", &[&[0; 8]]), &table]);
    let media = atom(b"mdia", &[&header, &handler, &information]);
    let Size { width, height } = Street::SIZE;
    let place = numbers(&[0, 0, 1, 0, length]);
    let matrix = numbers(&[1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30]);
    let size = numbers(&[width << 16, height << 16]);
    let track = atom(b"trak", &[&full(b"tkhd", &[&place, &[0; 16], &matrix, &size]), &media]);
    let movie_header = full(b"mvhd", &[&numbers(&[0, 0, 90_000, length]), &[0; 80]]);
    let movie = atom(b"moov", &[&movie_header, &track]);
    let data = samples.concat();
    fs::write(path, [file_type, atom(b"mdat", &[&data]), movie].concat()).unwrap();
}

fn numbers(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn atom(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [&(content.len() as u32 + 8).to_be_bytes()[..], kind, &content].concat()
}

/// An atom with a version and flags, all 0.
fn full(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    atom(kind, &[&[&[0; 4][..]], content].concat())
}

/// The pictures' NAL units, each behind its length.
fn length_prefixed(frame: &EncodedFrame) -> Vec<u8> {
    let nals = nal_units(&frame.annex_b);
    let of_picture = nals.filter(|nal| nal_type(nal).is_some_and(NalType::is_vcl));
    of_picture.flat_map(|nal| [&(nal.len() as u32).to_be_bytes()[..], nal].concat()).collect()
}

/// The sample entry, with the parameter sets of an IDR.
fn avc1(idr: &EncodedFrame) -> Vec<u8> {
    let find = |kind| nal_units(&idr.annex_b).find(|nal| nal_type(nal) == Some(kind)).unwrap();
    let (sps, pps) = (find(NalType::Sps), find(NalType::Pps));
    let length = |nal: &[u8]| (nal.len() as u16).to_be_bytes();
    let config = atom(
        b"avcC",
        &[&[1, sps[1], sps[2], sps[3], 0xff, 0xe1], &length(sps), sps, &[1], &length(pps), pps],
    );
    let Size { width, height } = Street::SIZE;
    let size = [(width as u16).to_be_bytes(), (height as u16).to_be_bytes()].concat();
    let head = [&[0; 6][..], &[0, 1], &[0; 16]].concat();
    let resolution = numbers(&[72 << 16, 72 << 16, 0]);
    atom(b"avc1", &[&head, &size, &resolution, &[0, 1], &[0; 32], &[0, 0x18, 0xff, 0xff], &config])
}
