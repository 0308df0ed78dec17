//! Video as two encoders make it: OpenH264, as `scene` uses it, and x264 with and without B-frames,
//! in MP4 files that FFmpeg wrote, beside the streams that FFmpeg reads from them. `data/README.md`
//! says how they were made. Real clips are read by an ignored test.

use std::path::{Path, PathBuf};

use razz_base::{Codec, Size};
use razz_media::h264::{
    Matrix, NalType, SliceType, Sps, has_b_slice, nal_type, nal_units, slice_type,
};
use razz_media::mp4::Mp4;
use razz_media::rtp::{MAX_PAYLOAD, packetize};

#[allow(unreachable_pub)]
#[path = "../../../tests/sim/src/depacketize.rs"]
mod depacketize;

/// A file of `data`.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// An Annex B stream of `data`.
fn stream(name: &str) -> Vec<u8> {
    std::fs::read(file(name)).unwrap()
}

/// Splits a stream into access units: each of these clips' pictures is one slice.
fn access_units(stream: &[u8]) -> Vec<Vec<u8>> {
    let mut units = vec![Vec::new()];
    for nal in nal_units(stream) {
        let unit = units.last_mut().unwrap();
        unit.extend_from_slice(&[0, 0, 0, 1]);
        unit.extend_from_slice(nal);
        if nal_type(nal).is_some_and(NalType::is_vcl) {
            units.push(Vec::new());
        }
    }
    units.retain(|unit| !unit.is_empty());
    units
}

/// The SPS of a stream.
fn sps(stream: &[u8]) -> Sps {
    let sps = nal_units(stream).find(|nal| nal_type(nal) == Some(NalType::Sps)).unwrap();
    Sps::parse(sps).unwrap()
}

/// Every access unit comes out of its RTP packets as it went in.
fn assert_travels_whole(name: &str, units: &[Vec<u8>]) {
    for unit in units {
        let payloads = packetize(Codec::H264, unit, MAX_PAYLOAD);
        let got = depacketize::depacketize(payloads.iter().map(|payload| &payload.data[..]));
        let sent: Vec<&[u8]> =
            nal_units(unit).filter(|nal| nal_type(nal) != Some(NalType::Aud)).collect();
        assert_eq!(got.unwrap(), sent, "{name}");
    }
}

#[test]
fn clips_are_read_and_travel_whole() {
    for (name, profile, count) in [
        ("copy.h264", "Constrained Baseline", 60),
        ("b-frames.h264", "High", 40),
        ("index-first.h264", "High", 40),
    ] {
        let stream = stream(name);
        let sps = sps(&stream);
        assert_eq!((sps.profile_name(), sps.size), (profile, Size::new(320, 180)), "{name}");
        assert_eq!((sps.colour.matrix, sps.colour.stated), (Matrix::Bt709, true), "{name}");
        assert_eq!(sps.may_reorder(), name == "b-frames.h264", "{name}");
        let units = access_units(&stream);
        assert_eq!(units.len(), count, "{name}");
        assert_travels_whole(name, &units);
    }
}

#[test]
fn b_frames_are_seen() {
    for (name, expected) in [("copy.h264", 0), ("index-first.h264", 0), ("b-frames.h264", 10)] {
        let stream = stream(name);
        let slices: Vec<SliceType> =
            nal_units(&stream).filter_map(|nal| slice_type(nal).unwrap()).collect();
        assert!(slices.len() >= 30);
        let b_slices = slices.iter().filter(|kind| **kind == SliceType::B).count();
        assert!(b_slices >= expected && (expected > 0 || b_slices == 0), "{b_slices} B slices");
        assert_eq!(has_b_slice(&stream), Ok(expected > 0), "{name}");
    }
}

/// The NAL units that hold coded pictures.
fn coded(annex_b: &[u8]) -> Vec<Vec<u8>> {
    let vcl = |nal: &&[u8]| nal_type(nal).is_some_and(NalType::is_vcl);
    nal_units(annex_b).filter(vcl).map(<[u8]>::to_vec).collect()
}

#[test]
fn mp4_files_hold_what_ffmpeg_finds_in_them() {
    // With when the first picture is shown; without an edit list that is late by two B-frames.
    for (name, first) in [("copy", 0), ("b-frames", 0), ("fragments", 6000), ("index-first", 0)] {
        let mut clip =
            Mp4::open(std::fs::File::open(file(&format!("{name}.mp4"))).unwrap()).unwrap();
        assert_eq!(clip.size(), Size::new(320, 180), "{name}");
        assert!((clip.frame_rate().unwrap() - 30.0).abs() < 0.01, "{name}");
        let (mut ours, mut unit) = (Vec::new(), Vec::new());
        for index in 0..clip.samples().len() {
            clip.read(index, &mut unit).unwrap();
            let idr = nal_units(&unit).any(|nal| nal_type(nal) == Some(NalType::Idr));
            assert_eq!(clip.samples()[index].sync, idr, "{name} picture {index}");
            let begins = nal_units(&unit).next().and_then(nal_type);
            assert!(!idr || begins == Some(NalType::Sps), "{name} picture {index}");
            ours.extend(coded(&unit));
        }
        // Fragments hold the same stream as one piece.
        let stream = stream(&format!("{}.h264", name.replace("fragments", "b-frames")));
        assert!(ours == coded(&stream), "{name}: other pictures than ffmpeg's");
        let mut times: Vec<i64> = clip.samples().iter().map(|sample| sample.time_90k).collect();
        times.sort_unstable();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 3000), "{name}: {times:?}");
        assert_eq!(times[0], first, "{name}");
    }
}

#[test]
#[ignore = "needs RAZZ_TESTDATA: clips of a street and of a road"]
fn real_clips_are_read_and_travel_whole() {
    let folder = std::env::var_os("RAZZ_TESTDATA").map(PathBuf::from);
    let folder = folder.expect("RAZZ_TESTDATA names the folder of the outside test data");
    for (name, stated) in [("people-walking.mp4", true), ("cars.mp4", false)] {
        let file = std::fs::File::open(folder.join("clips").join(name)).unwrap();
        let mut clip = Mp4::open(std::io::BufReader::new(file)).unwrap();
        let mut units = vec![Vec::new(); clip.samples().len()];
        for (index, unit) in units.iter_mut().enumerate() {
            clip.read(index, unit).unwrap();
        }
        assert!(units.len() > 100, "{name}: {} access units", units.len());
        let sps = sps(&units[0]);
        assert_eq!((sps.profile_name(), sps.size), ("High", Size::new(1280, 720)), "{name}");
        assert_eq!((sps.colour.matrix, sps.colour.stated), (Matrix::Bt709, stated), "{name}");
        assert!(!sps.may_reorder());
        assert!(units.iter().all(|unit| has_b_slice(unit) == Ok(false)), "{name}");
        assert_travels_whole(name, &units);
    }
}
