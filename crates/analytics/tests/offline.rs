//! Counting over a file of tracks.

mod scenes;

use razz_analytics::offline::{Clip, Counts, OfflineError, count, frames, parse_rows};
use razz_analytics::{Direction, Settings};
use razz_base::Size;
use scenes::{SIZE, door, hall};

/// From left to right through the middle: down is in.
const MIDDLE: [[f64; 2]; 2] = [[0.1, 0.5], [0.9, 0.5]];
/// The lower half.
const LOWER: [[f64; 2]; 4] = [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9], [0.1, 0.9]];

/// A line of text for every frame: somebody 100 pixels high whose foot is where the function says.
fn text(frames: impl Iterator<Item = u32>, id: u64, foot: impl Fn(u32) -> f64) -> String {
    frames.map(|f| format!("{f},{id},280,{:.3},40,100,0.9,-1,-1,-1\n", foot(f) - 100.0)).collect()
}

fn counted(text: &str, fps: f64) -> Counts {
    let rows = parse_rows(text).unwrap();
    let clip = Clip { rows: &rows, size: SIZE, fps };
    count(clip, vec![door(&MIDDLE), hall(&LOWER)], Settings::default()).unwrap()
}

#[test]
fn lines_that_are_no_boxes_of_tracks_are_named() {
    for (text, line) in [
        ("1,1,0,0,9,9,1\nx", 2),
        ("1,1,0,0,9", 1),
        ("\n\n0,1,0,0,9,9,1", 3),
        ("1.5,1,0,0,9,9,1", 1),
        // Detections, of which nobody is tracked yet.
        ("1,-1,0,0,9,9,1", 1),
        ("1,1,NaN,0,9,9,1", 1),
        ("1,1,0,0,inf,9,1", 1),
        ("99999999999,1,0,0,9,9,1", 1),
    ] {
        let error = parse_rows(text).unwrap_err();
        assert!(
            matches!(error, OfflineError::Row { line: l, .. } if l == line),
            "{text:?}: {error}"
        );
        assert!(error.to_string().starts_with(&format!("line {line}: ")), "{error}");
    }
    let rows = parse_rows("  7 , 3 , 1.5,2,3,4\r\n\n8,3,1,2,3,4,0.25,1,0.5\n").unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[0].frame, rows[0].id, rows[0].confidence), (7, 3, 1.0));
    assert_eq!(rows[1].bbox.to_array(), [1.0, 2.0, 4.0, 6.0]);
}

#[test]
fn a_clip_needs_a_size_and_a_rate() {
    for (size, fps) in [(Size::new(0, 9), 30.0), (SIZE, 0.0), (SIZE, f64::NAN), (SIZE, 1e9)] {
        assert!(count(Clip { rows: &[], size, fps }, Vec::new(), Settings::default()).is_err());
    }
    let late = parse_rows("1,1,0,0,9,9,1\n2,1,0,0,9,9,1\n4000000000,1,0,0,9,9,1").unwrap();
    let late = Clip { rows: &late, size: SIZE, fps: 25.0 };
    assert!(matches!(frames(late), Err(OfflineError::TooLong { frame: 4_000_000_000, .. })));
    let empty = Clip { rows: &[], size: SIZE, fps: 25.0 };
    assert_eq!(count(empty, vec![hall(&LOWER)], Settings::default()), Ok(Counts::default()));
}

#[test]
fn frames_are_the_nearest_to_the_moment() {
    // 6 pixels a frame from 400: on the line at frame 17.67, in any frame rate.
    for fps in [7.0, 25.0, 29.97, 30.0] {
        let counts = counted(&text(1..=60, 4, |f| 394.0 + 6.0 * f64::from(f)), fps);
        let [crossing] = &counts.crossings[..] else { panic!("{counts:?}") };
        assert_eq!((crossing.frame, crossing.track_id), (18, 4), "{fps}");
        assert_eq!((&*crossing.area, crossing.direction), ("door", Direction::In));
        let [visit] = &counts.visits[..] else { panic!("{counts:?}") };
        assert_eq!((visit.from_frame, visit.to_frame), (18, 60), "{fps}");
    }
}

#[test]
fn corrections_are_applied() {
    let (before, after) = (text(1..=20, 1, |f| 420.0 + 3.0 * f64::from(f)), 36..=90);
    let counts = counted(&(before + &text(after, 2, |f| 420.0 + 3.0 * f64::from(f))), 30.0);
    assert_eq!(counts.crossings.len(), 1);
    assert_eq!((counts.crossings[0].frame, counts.crossings[0].track_id), (27, 2));
    assert_eq!(counts.visits.len(), 1);
}

#[test]
fn every_fifth_frame_is_a_slower_detector_not_somebody_who_blinks() {
    let foot = |f: u32| 394.0 + 6.0 * f64::from(f.min(60));
    let rows = parse_rows(&text((1..=151).step_by(5), 4, foot)).unwrap();
    let clip = Clip { rows: &rows, size: SIZE, fps: 30.0 };
    assert_eq!(frames(clip).unwrap().len(), 31);
    // A gap has one frame without anybody, which says that somebody looked.
    let rows = parse_rows(&(text(1..=9, 4, foot) + &text(100..=109, 4, foot))).unwrap();
    assert_eq!(frames(Clip { rows: &rows, size: SIZE, fps: 30.0 }).unwrap().len(), 20);
    let counts = counted(&text((1..=151).step_by(5), 4, foot), 30.0);
    assert_eq!(counts.crossings[0].frame, 18);
    // An entry for every frame; from the first one that was looked at inside on there is one.
    let occupancy: Vec<_> = counts.occupancy.iter().map(|o| (o.frame, o.count)).collect();
    let expected: Vec<_> = (1..=151).map(|f| (f, u32::from(f >= 21))).collect();
    assert_eq!(occupancy, expected);
}

#[test]
fn ground_truth_leaves_out_what_it_marks() {
    let walk = text(1..=60, 1, |f| 394.0 + 6.0 * f64::from(f));
    let marked = text(1..=60, 2, |f| 394.0 + 6.0 * f64::from(f)).replace(",0.9,", ",0,");
    assert_eq!(counted(&(walk.clone() + &marked), 30.0).crossings.len(), 1);
    // Where all are 0 nothing is marked.
    assert_eq!(counted(&marked, 30.0).crossings.len(), 1);
}
