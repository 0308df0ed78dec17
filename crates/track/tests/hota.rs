//! How good the tracks are: the evaluator against TrackEval, the hybrid tracker against ByteTrack.

mod mot;

use std::fs;

use mot::combined::{assert_margins, rows};
use mot::hota;
use mot::pass::Pass;

/// HOTA, DetA and AssA as TrackEval 1.3.0 computes them for the originals' results.
#[test]
fn hota_is_trackevals() {
    let cases = mot::own_cases();
    let folder = cases.iter().find(|case| case.set == "street").unwrap().folder.parent().unwrap();
    let text = fs::read_to_string(folder.join("hota.txt")).unwrap();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let case = cases.iter().find(|case| case.set == "street" && case.name == words[1]).unwrap();
        let rows = rows(case.reference(words[0]).unwrap());
        let frames = Pass::default().frames(case);
        let ours = hota::score(case, &hota::truth(case), frames, &rows).scores();
        for (ours, expected) in ours.iter().zip(&words[2..]) {
            let expected: f64 = expected.parse().unwrap();
            assert!((ours - expected).abs() < 0.001, "{line}: {ours:.3}, not {expected}");
        }
    }
    assert_eq!(text.lines().count(), 14);
}

/// What was reached when this was written, less a little, so that a change for the worse is seen.
#[test]
fn the_hybrid_tracker_beats_both_settings_of_bytetrack() {
    let cases = mot::own_cases();
    assert_margins(&cases, 1, &[("street", 7.0)]);
    assert_margins(&cases, 5, &[("street", 13.0)]);
}
