//! `razz track` as its users meet it: the originals id for id, and an answer to every wrong file.

#[path = "support/track.rs"]
mod commands;
#[path = "../../track/tests/mot/mod.rs"]
mod mot;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use commands::{Folder, assert_originals, razz_track, tracked};

#[test]
fn the_originals_come_out_id_for_id() {
    let compared = assert_originals(&mot::own_cases());
    assert_eq!(compared.into_values().collect::<Vec<_>>(), [23, 6, 2]);
}

/// Someone who walks to the right by 4 pixels a frame, and is hidden on some frames.
fn walk(frames: impl Iterator<Item = u64>) -> String {
    let line = |frame| format!("{frame},-1,{},200,50,120,0.9\n", 100 + 4 * frame);
    frames.map(line).collect()
}

#[test]
fn frames_between_are_filled_from_both_sides() {
    let folder = Folder::new("fill");
    let seen = walk(1..=43);
    let file = folder.file("det.txt", &seen);
    for tracker in ["hybrid", "bytetrack"] {
        let options = ["--tracker", tracker, "--stride=5"];
        let (used, _) = tracked(&file, &options);
        assert!(used.keys().all(|frame| frame % 5 == 1), "{tracker}: {:?}", used.keys());
        let (filled, text) = tracked(&file, &[&options[..], &["--fill"]].concat());
        let frames: Vec<u64> = filled.keys().copied().collect();
        assert_eq!(frames, (1..=43).collect::<Vec<_>>(), "{tracker}: to the file's end");
        let order = text.lines().map(|l| l.split(',').next().unwrap().parse::<u64>().unwrap());
        assert!(order.is_sorted(), "{tracker}");
        for (frame, tracks) in &filled {
            let x = 100.0 + 4.0 * *frame as f64;
            let bbox = tracks[&1];
            // The filters take a while to learn how fast somebody walks.
            let room = if *frame < 30 { 8.0 } else { 2.0 };
            assert!((bbox.left - x).abs() < room, "{tracker} frame {frame}: {bbox:?}");
        }
    }
}

#[test]
fn a_camera_that_turns_takes_the_filled_boxes_along() {
    // The picture jumps by 30 px into frame 3, where nobody looks; who stands still does so in it.
    let folder = Folder::new("motion");
    let line =
        |frame: u64| format!("{frame},-1,{},200,50,120,0.9\n", if frame < 3 { 100 } else { 130 });
    let file = folder.file("det.txt", (1..=21).map(line).collect::<String>());
    let motion = folder.file("camera.txt", "3,1,0,30,0,1,0\n").display().to_string();
    let options = ["--stride=5", "--fill", "--camera-motion", &motion];
    let (filled, _) = tracked(&file, &options);
    for (frame, x) in [(2, 100.0), (3, 130.0), (5, 130.0), (21, 130.0)] {
        let bbox = filled[&frame][&1];
        assert!((bbox.left - x).abs() < 1.0, "frame {frame}: {bbox:?}");
    }
    // The original's filter does not know; its boxes lag, but they do not slide between.
    let (filled, _) = tracked(&file, &[&options[..], &["--tracker=bytetrack"]].concat());
    let step = |a: u64, b: u64| filled[&b][&1].left - filled[&a][&1].left;
    assert!(step(2, 3) > 25.0 && step(3, 5).abs() < 5.0, "{filled:?}");
}

#[test]
fn a_short_gap_is_filled_and_a_long_one_is_not() {
    let folder = Folder::new("gap");
    let hidden = |from: u64, to: u64| walk((1..=120).filter(|frame| !(from..to).contains(frame)));
    for (from, to, filled) in [(40, 60, true), (40, 110, false)] {
        let file = folder.file("det.txt", hidden(from, to));
        let options = ["--tracker=bytetrack", "--track-buffer=90", "--fill"];
        let (result, _) = tracked(&file, &options);
        assert_eq!(result[&119].len(), 1);
        assert_eq!(result.contains_key(&50), filled, "hidden from {from} to {to}");
    }
}

#[test]
fn what_detect_wrote_is_tracked_within_its_classes() {
    let folder = Folder::new("json");
    let row = |class: u32, frame: u32| format!("[{class},0.9,{},0,{},100]", frame, 50 + frame);
    let frames: Vec<String> =
        (0..20).map(|frame| format!("[{},{}]", row(0, frame), row(2, frame + 300))).collect();
    let text =
        format!("{{\"clip\":\"a.mp4\",\"frame_rate\":25,\"frames\":[{}]}}", frames.join(","));
    let (result, _) = tracked(&folder.file("clip.json", text), &[]);
    assert_eq!(result[&20].len(), 2, "{result:?}");
}

#[test]
fn stdin_is_a_file_and_nothing_gives_nothing() {
    let run = |text: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_razz"))
            .args(["track", "--detections", "-", "--output", "-", "--tracker", "bytetrack"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success());
        String::from_utf8(done.stdout).unwrap()
    };
    assert_eq!(run(""), "");
    assert_eq!(
        run("1,-1,10,20,30,40,0.9\n"),
        "1,1,10.0000,20.0000,30.0000,40.0000,0.9000,-1,-1,-1\n"
    );
}

#[test]
fn what_cannot_be_used_is_counted() {
    let folder = Folder::new("counted");
    let mut text = walk(1..=10);
    text.push_str(
        "4,-1,nan,0,5,5,0.9\n5,-1,0,0,5,-5,0.9\n6,-1,0,0,inf,5,0.9\n7,-1,900,9,50,90,7\n",
    );
    let file = folder.file("det.txt", text);
    for tracker in ["hybrid", "bytetrack"] {
        let done = razz_track(&file, Path::new("-"), &["--tracker", tracker]);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{said}");
        assert!(
            said.contains("3 of 14 detections not used") && said.contains("det.txt:11"),
            "{said}"
        );
        assert!(said.contains("1 of 14 detections have a score outside of 0 to 1"), "{said}");
        assert!(!String::from_utf8_lossy(&done.stdout).to_lowercase().contains("nan"));
    }
}

#[test]
fn wrong_files_and_options_are_refused_in_a_line() {
    let folder = Folder::new("refused");
    let good = folder.file("det.txt", walk(1..=3));
    let torn = folder.file("torn.txt", "1,-1,10,20,30,40,0.9\n2,-1,10,20\n");
    let binary = folder.file("det.bin", [0xff, 0xfe, 0x00]);
    let missing = folder.0.join("none.txt");
    let vectors = {
        let mut npy = b"\x93NUMPY\x01\x00\x3a\x00".to_vec();
        npy.extend(
            format!("{:58}", "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1)}").bytes(),
        );
        npy.extend([0; 8]);
        folder.file("two.npy", npy).display().to_string()
    };
    let motion = folder.file("motion.txt", "1,2\n").display().to_string();
    let nowhere = folder.0.join("no/folder/out.txt");
    let out = Path::new("-");
    for (detections, output, options, code, said) in [
        (&torn, out, &[][..], 2, "torn.txt:2: only 4 columns; expected frame,-1,x,y,w,h,score"),
        (&binary, out, &[], 2, "det.bin: this is not text"),
        (&missing, out, &[], 2, "none.txt: cannot be read"),
        (&good, out, &["--tracker=deepsort"], 2, "give --embeddings"),
        (&good, out, &["--tracker=sort"], 2, "unknown tracker \"sort\""),
        (&good, out, &["--embeddings", &vectors], 2, "2 rows for 3 detections"),
        (&good, out, &["--camera-motion", &motion], 2, "motion.txt:1: expected frame,a11"),
        (
            &good,
            out,
            &["--track-threshold=2"],
            2,
            "--track-threshold 2: expected a number from 0 to 1",
        ),
        (&good, out, &["--frame-rate=0"], 2, "--frame-rate 0: expected"),
        (&good, out, &["--stride=0"], 2, "'0' for '--stride"),
        (&good, &nowhere, &[], 1, "out.txt: cannot be written"),
    ] {
        let done = razz_track(detections, output, options);
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(code), "{options:?}: {stderr}");
        assert!(stderr.contains(said) && stderr.lines().count() == 1, "{options:?}: {stderr}");
        assert!(done.stdout.is_empty());
    }
}
