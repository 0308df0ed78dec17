//! Where access units end.

use super::{check, packets, receiver, run};

#[test]
fn markers_that_are_right_end_pictures_at_once() {
    check(&[
        // The first is handed on at once, the next one waits for 8 ms, then nothing does.
        (
            "S Q",
            "@0 P1* @40 P2* @80 P3* @120 P4 p4*",
            &["0: P1", "48: P2", "80: P3", "120: P4 p4"],
            &[],
        ),
        // In a burst the next picture ends them.
        ("S Q", "@0 P1* t3600 P2* t7200 P3*", &["0: P1", "0: P2", "0: P3"], &[]),
        // A marker that is lost: the next picture ends it. (Whether it was the end of this one or the
        // beginning of the next, nobody knows.)
        (
            "S Q",
            "@0 P1* @40 P2* @80 P3* @120 P4 - @160 P5* @200 P6*",
            &["0: P1", "48: P2", "80: P3", "210: P4 -1", "210: P5", "210: P6"],
            &[],
        ),
    ]);
}

#[test]
fn markers_that_are_wrong_or_missing_end_nothing() {
    check(&[
        // Never: the next picture ends one, or 1.5 frame intervals of silence.
        ("S Q", "@0 P1 p1 @40 P2 p2 @80 P3", &["40: P1 p1", "80: P2 p2", "140: P3"], &[]),
        // Of the first nothing is known: 250 ms.
        ("S Q", "@0 P1", &["250: P1"], &[]),
        ("S Q", "@0 P1 @1000 P2 @2000 P3", &["250: P1", "1250: P2", "2250: P3"], &[]),
        // On every slice: the first picture is handed on, and then once more with all of it.
        (
            "S Q",
            "@0 P1* p1* @40 P2* p2* @80 P3* p3*",
            &["0: P1", "40: P1 p1", "80: P2 p2", "140: P3 p3"],
            &[("marker_early", 3), ("first_again", 1)],
        ),
        (
            "S Q",
            "@0 P1* - p1* @40 P2* @80 P3*",
            &["0: P1", "50: P1 p1 -1", "80: P2", "140: P3"],
            &[("marker_early", 1), ("first_again", 1)],
        ),
        // On every packet, of which those inside a NAL unit say nothing.
        (
            "S Q",
            "@0 x5C81E6* x5C01E6* x5C41E6* @40 x5C81E7* x5C41E7* @80 x5C81E8* x5C41E8*",
            &["0: ?", "48: ?", "80: ?"],
            &[],
        ),
        // On parameter sets, and on what stands in front.
        (
            "",
            "@0 S* Q* I0* @40 E* P1* @80 D* E* P2*",
            &["8: S Q I0", "48: E P1", "80: D E P2"],
            &[],
        ),
        // On the last packet only of some pictures.
        (
            "S Q",
            "@0 P1* @40 P2* @80 P3* @120 P4 @160 P5 @200 P6 @240 P7 @280 P8",
            &["0: P1", "48: P2", "80: P3", "160: P4", "200: P5", "240: P6", "280: P7", "340: P8"],
            &[],
        ),
    ]);
}

#[test]
fn a_marker_that_comes_too_early_is_not_trusted_again_for_long() {
    // Trusted, then a picture of two slices with a marker on both: what comes late is dropped, and the
    // next unit says that something is missing.
    let mut early = receiver("S Q");
    let line = "@0 P1* @40 P2* @80 P3* @120 P4* p4* @160 P5* p5* @200 P6* @240 P7*";
    let units = run(&mut early, &packets(line));
    let expected = ["0: P1", "48: P2", "80: P3", "120: P4", "200: P5 p5 -1", "240: P6", "300: P7"];
    assert_eq!(units, expected);
    let counts: Vec<_> = early.counts().iter().collect();
    let counts: Vec<_> = counts.iter().map(|(oddity, count)| (oddity.name(), *count)).collect();
    assert_eq!(counts, [("marker_early", 2), ("late_piece", 1)]);
    // After a hundred that were right, twice that since trust was in vain, they end pictures again.
    let mut line = String::from("n200 ");
    for frame in 0..=201 {
        line += &format!("@{} P{}* ", 400 + frame * 40, 1 + frame % 9);
    }
    let units = run(&mut early, &packets(&line));
    let at_once =
        |unit: &String| (unit[..unit.find(':').unwrap()].parse::<u64>().unwrap() - 400) / 40;
    let pictures: Vec<u64> = units.iter().map(at_once).collect();
    // Each unit with the next picture, and from some picture on with its own.
    let first = (0..units.len()).find(|index| pictures[*index] == *index as u64).unwrap();
    assert!((195..=201).contains(&first), "{first}");
    assert!(pictures[..first].iter().enumerate().all(|(index, at)| *at == index as u64 + 1));
}

#[test]
fn what_is_no_picture_waits_for_the_next() {
    check(&[
        // With timestamps of their own, with and without markers.
        (
            "",
            "@0 S* @1 Q* @2 I0* @30 D* @40 P1* @75 E @80 P2*",
            &["10: S Q I0", "48: D P1", "80: E P2"],
            &[],
        ),
        ("S Q", "@0 P1* @40 D* @80 E* @120 S*", &["0: P1"], &[]),
        // Filler is dropped, wherever it is.
        ("S Q", "@0 P1 F* @40 F P2 F* @80 P3 F*", &["0: P1", "48: P2", "80: P3"], &[("filler", 4)]),
        // Between the slices of a picture they stay there; the same parameter set is not doubled.
        ("S Q", "@0 P1 E p1 @40 P2", &["40: P1 E p1", "100: P2"], &[]),
        ("", "@0 S S Q S Q I0 @40 P1", &["40: S Q I0", "100: P1"], &[]),
        // A parameter set with another timestamp does not end a picture, the next slice does.
        ("S Q", "@0 P1 @1 E t0 p1 @40 P2", &["40: P1 E p1", "100: P2"], &[]),
    ]);
}

#[test]
fn pictures_that_share_a_timestamp_are_told_apart() {
    check(&[
        (
            "S Q",
            "@0 P1 p1 P2 p2 @40 P3",
            &["0: P1 p1", "40: P2 p2", "100: P3"],
            &[("same_timestamp", 1)],
        ),
        // Also by their numbers alone, when the first slice was lost.
        (
            "S Q",
            "@0 P1 p1 - p2 @60 P3",
            &["50: P1 p1 -1", "60: p2 -1", "150: P3"],
            &[("same_timestamp", 1)],
        ),
        // A clock that stands still.
        (
            "S Q",
            "@0 P1* @40 t0 P2* @80 t0 P3* @120 t0 P4*",
            &["0: P1", "48: P2", "80: P3", "120: P4"],
            &[("same_timestamp", 3)],
        ),
        // Where no parameter set is known, they stay together.
        ("", "@0 P1 P2 @40 P3", &["40: P1 P2", "100: P3"], &[]),
    ]);
}

#[test]
fn the_fields_of_a_frame_stay_together() {
    check(&[
        // With a marker on the second, on both, and on none.
        ("V Q", "@0 T1 B1* @40 T2 B2* @80 T3 B3*", &["0: T1 B1", "48: T2 B2", "80: T3 B3"], &[]),
        ("V Q", "@0 T1* B1* @40 T2* B2* @80 T3* B3*", &["0: T1 B1", "48: T2 B2", "80: T3 B3"], &[]),
        ("V Q", "@0 T1 B1 @40 T2 B2 @80 T3", &["40: T1 B1", "80: T2 B2", "140: T3"], &[]),
        // Two frames of fields at the same time.
        (
            "V Q",
            "@0 B1 T1 B2 T2 @40 T3",
            &["0: B1 T1", "40: B2 T2", "100: T3"],
            &[("same_timestamp", 1)],
        ),
        // With timestamps of their own: the first waits, then the camera is known.
        (
            "V Q",
            "@0 T1* @20 B1* @40 T2* @60 B2* @80 T3*",
            &["20: T1", "28: B1", "40: T2", "60: B2", "80: T3"],
            &[],
        ),
    ]);
}
