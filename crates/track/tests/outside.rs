//! The same on real sequences, which are no part of the repository: `docs/testing.md` says where
//! they come from.

mod mot;

use mot::combined::{assert_margins, of_references};
use mot::parity;

#[test]
#[ignore = "needs RAZZ_TESTDATA: MOT17, MOT15, KITTI and DanceTrack with the originals' outputs"]
fn real_sequences_are_tracked_as_by_the_originals_and_better() {
    let cases = mot::outside_cases();
    parity::bytetrack(&cases).assert(50);
    parity::deepsort(&cases).assert(2);
    assert_hota_is_trackevals(&cases);
    // What was reached when this was written, less a little.
    assert_margins(
        &cases,
        1,
        &[
            ("dancetrack_oracle", 12.0),
            ("kitti_car", 6.0),
            ("mot15_frcnn", 1.0),
            ("mot17_frcnn", 2.0),
            ("mot17_yolov10", 1.8),
            ("mot17val_yolox", 0.8),
        ],
    );
    assert_margins(
        &cases,
        5,
        &[
            ("dancetrack_oracle", 10.0),
            ("kitti_car", 14.0),
            ("mot15_frcnn", 6.0),
            ("mot17_frcnn", 6.0),
            ("mot17_yolov10", 5.0),
            ("mot17val_yolox", 3.8),
        ],
    );
}

/// HOTA as TrackEval 1.3.0 computes it for the originals' results that come with the cases.
fn assert_hota_is_trackevals(cases: &[mot::Case]) {
    for (name, expected) in [
        ("byte_050_08_b30", [38.79, 60.97, 39.93, 42.61, 42.39, 69.97]),
        ("byte_060_09_b30", [36.32, 61.35, 41.79, 41.79, 41.14, 70.16]),
    ] {
        let scores = of_references(cases, name);
        assert_eq!(scores.len(), expected.len(), "{scores:?}");
        // In the order of the sets' names.
        for ((set, score), expected) in scores.iter().zip(expected) {
            assert!((score - expected).abs() < 0.006, "{name} {set}: {score:.3}, not {expected}");
        }
    }
}
