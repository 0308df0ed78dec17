//! Real video: the test clips, and what FFmpeg's encoder makes of them with B-frames.
//!
//! Needs the folder of the test data in `RAZZ_TESTDATA` and the program `ffmpeg`; says so and
//! passes where one is missing.
#![allow(clippy::print_stderr)]

use std::path::PathBuf;
use std::process::Command;

use razz_base::{Codec, Size};
use razz_media::h264::{
    Matrix, NalType, SliceType, Sps, has_b_slice, nal_type, nal_units, slice_type,
};
use razz_media::mp4::Mp4;
use razz_media::rtp::{MAX_PAYLOAD, packetize};

#[allow(unreachable_pub)]
#[path = "../../../tests/sim/src/depacketize.rs"]
mod depacketize;

/// An Annex B stream of a clip by `ffmpeg` with these arguments; `None` where that cannot be.
fn annex_b(clip: &str, arguments: &[&str]) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("RAZZ_TESTDATA") else {
        eprintln!("skipped: RAZZ_TESTDATA is not set, so there are no clips to read");
        return None;
    };
    let clip = PathBuf::from(folder).join("clips").join(clip);
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(&clip)
        .args(arguments)
        .args(["-an", "-f", "h264", "-"])
        .output();
    match output {
        Ok(output) if output.status.success() => Some(output.stdout),
        Ok(output) => panic!("ffmpeg: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            eprintln!("skipped: ffmpeg cannot be started: {error}");
            None
        }
    }
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

#[test]
fn clips_are_read_and_travel_whole() {
    for (clip, stated) in [("people-walking.mp4", true), ("cars.mp4", false)] {
        let copy = ["-c:v", "copy", "-bsf:v", "h264_mp4toannexb"];
        let Some(stream) = annex_b(clip, &copy) else { return };
        let sps = nal_units(&stream).find(|nal| nal_type(nal) == Some(NalType::Sps)).unwrap();
        let sps = Sps::parse(sps).unwrap();
        assert_eq!((sps.profile_name(), sps.size), ("High", Size::new(1280, 720)), "{clip}");
        assert_eq!((sps.colour.matrix, sps.colour.stated), (Matrix::Bt709, stated), "{clip}");
        assert!(!sps.may_reorder());
        let units = access_units(&stream);
        assert!(units.len() > 100, "{clip}: {} access units", units.len());
        for unit in &units {
            assert_eq!(has_b_slice(unit), Ok(false));
            let payloads = packetize(Codec::H264, unit, MAX_PAYLOAD);
            let got = depacketize::depacketize(payloads.iter().map(|payload| &payload.data[..]));
            let sent: Vec<&[u8]> =
                nal_units(unit).filter(|nal| nal_type(nal) != Some(NalType::Aud)).collect();
            assert_eq!(got.unwrap(), sent, "{clip}");
        }
    }
}

#[test]
fn b_frames_are_seen() {
    let two = ["-frames:v", "30", "-c:v", "libx264", "-preset", "ultrafast"];
    for (b_frames, expected) in [("0", 0), ("2", 10)] {
        let arguments = [&two[..], &["-bf", b_frames, "-b_strategy", "0"]].concat();
        let Some(stream) = annex_b("people-walking.mp4", &arguments) else { return };
        let slices: Vec<SliceType> =
            nal_units(&stream).filter_map(|nal| slice_type(nal).unwrap()).collect();
        assert!(slices.len() >= 30);
        let b_slices = slices.iter().filter(|kind| **kind == SliceType::B).count();
        assert!(b_slices >= expected && (expected > 0 || b_slices == 0), "{b_slices} B slices");
        assert_eq!(has_b_slice(&stream), Ok(expected > 0));
    }
}

/// The NAL units that hold coded pictures.
fn coded(annex_b: &[u8]) -> Vec<Vec<u8>> {
    let vcl = |nal: &&[u8]| nal_type(nal).is_some_and(NalType::is_vcl);
    nal_units(annex_b).filter(vcl).map(<[u8]>::to_vec).collect()
}

#[test]
fn mp4_files_hold_what_ffmpeg_finds_in_them() {
    let folder = std::env::temp_dir().join(format!("razz-media-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let encode = "-frames:v 40 -c:v libx264 -preset ultrafast -g 15 -b_strategy 0";
    // With when the first picture is shown; without an edit list that is late by two B-frames.
    for (name, arguments, first) in [
        ("copy.mp4", "-c:v copy -frames:v 90".to_owned(), 0),
        ("b-frames.mp4", format!("{encode} -bf 2"), 0),
        ("fragments.mp4", format!("{encode} -bf 2 -movflags frag_keyframe+empty_moov"), 6000),
        ("index-first.mp4", format!("{encode} -bf 0 -movflags faststart"), 0),
    ] {
        let path = folder.join(name);
        let file = path.to_string_lossy().into_owned();
        let arguments: Vec<&str> = arguments.split(' ').collect();
        // The encoded stream itself is of no interest here: no picture of it.
        let arguments =
            [&arguments[..], &["-an", &file, "-c:v", "copy", "-frames:v", "1"]].concat();
        if annex_b("people-walking.mp4", &arguments).is_none() {
            return;
        }
        let stream = annex_b(&file, &["-c:v", "copy", "-bsf:v", "h264_mp4toannexb"]).unwrap();
        let mut clip = Mp4::open(std::fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(clip.size(), Size::new(1280, 720), "{name}");
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
        assert!(ours == coded(&stream), "{name}: other pictures than ffmpeg's");
        let mut times: Vec<i64> = clip.samples().iter().map(|sample| sample.time_90k).collect();
        times.sort_unstable();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == 3000), "{name}: {times:?}");
        assert_eq!(times[0], first, "{name}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}
