//! Hand-made sequences of one or two people each, for the corners that decide ids.

use std::fmt::Write as _;

/// A box by its centre, width and height, and its score.
type Seen = (f64, f64, f64, f64, f64);

/// Names, and what is detected on each frame from 1.
pub(crate) fn all() -> Vec<(String, Vec<Vec<Seen>>)> {
    let frames = |count: i32, frame: &dyn Fn(i32) -> Vec<Seen>| (1..=count).map(frame).collect();
    let walker = |n: i32, score: f64| (100.0 + 4.0 * f64::from(n), 300.0, 50.0, 120.0, score);
    let mut out: Vec<(String, Vec<Vec<Seen>>)> = Vec::new();
    // Lost for about as long as the buffer of 30 frames lasts.
    for gap in [29, 30, 31, 32, 33, 35] {
        let hidden = 21..21 + gap;
        let frame = |n| if hidden.contains(&n) { vec![] } else { vec![walker(n, 0.9)] };
        out.push((format!("gap_{gap}"), frames(75, &frame)));
    }
    let mut add = |name: &str, count: i32, frame: &dyn Fn(i32) -> Vec<Seen>| {
        out.push((name.to_owned(), frames(count, frame)));
    };
    // A low score keeps a track that is tracked, and finds none that is lost.
    add("low_keeps_tracked", 30, &|n| vec![walker(n, if n > 10 && n < 21 { 0.3 } else { 0.9 })]);
    add("low_finds_no_lost", 40, &|n| match n {
        11..=15 => vec![],
        16..=22 => vec![walker(n, 0.3)],
        _ => vec![walker(n, 0.9)],
    });
    // Whoever was seen once takes no low score.
    add("low_after_the_first", 20, &|n| match n {
        1..=4 => vec![],
        6 => vec![walker(n, 0.3)],
        _ => vec![walker(n, 0.9)],
    });
    // Scores that are the thresholds themselves.
    let scores = [0.1, 0.101, 0.5, 0.501, 0.6, 0.601, 0.7, 0.701];
    add("scores_at_thresholds", 24, &|n| {
        let standing = |(i, _): (usize, &f64)| {
            // Each has every score in turn; on the first frame as well.
            let score = scores[(i + n as usize / 4) % scores.len()];
            (80.0 + 120.0 * i as f64, 400.0, 50.0, 120.0, score)
        };
        scores.iter().enumerate().map(standing).collect()
    });
    add("two_who_cross", 60, &|n| {
        let way = 5.0 * f64::from(n);
        vec![(100.0 + way, 300.0, 50.0, 120.0, 0.9), (410.0 - way, 305.0, 52.0, 118.0, 0.8)]
    });
    add("two_become_one", 60, &|n| {
        let apart = f64::from((n - 30).abs().max(5) - 5) * 3.0;
        let mut both = vec![(400.0 - apart, 300.0, 50.0, 120.0, 0.9)];
        if apart > 0.0 {
            both.push((400.0 + apart, 300.0, 50.0, 120.0, 0.85));
        }
        both
    });
    // A lost track and a new one on its spot.
    add("lost_and_new_on_one_spot", 50, &|n| match n {
        1..=12 => vec![walker(n, 0.9)],
        13..=20 => vec![],
        21..=26 => vec![(150.0 + 4.0 * f64::from(n), 320.0, 80.0, 170.0, 0.9)],
        _ => vec![walker(n, 0.9), (150.0 + 4.0 * f64::from(n), 320.0, 80.0, 170.0, 0.9)],
    });
    add("lies_down", 40, &|n| {
        let (width, height) = if n > 20 { (120.0, 50.0) } else { (50.0, 120.0) };
        vec![(300.0 + f64::from(n), 300.0, width, height, 0.9)]
    });
    add("tiny", 40, &|n| vec![(100.0 + 1.5 * f64::from(n), 300.0, 3.0, 5.0, 0.9)]);
    add("too_fast", 40, &|n| vec![(50.0 + 28.0 * f64::from(n), 300.0, 20.0, 40.0, 0.9)]);
    add("no_width", 30, &|n| {
        let (x, y, width, height, score) = walker(n, 0.9);
        vec![(x, y, if n % 7 == 0 { 0.0 } else { width }, height, score)]
    });
    out
}

/// As a `det.txt`.
pub(crate) fn det(frames: &[Vec<Seen>]) -> String {
    let mut out = String::new();
    for (index, seen) in frames.iter().enumerate() {
        for (x, y, width, height, score) in seen {
            let (left, top) = (x - width / 2.0, y - height / 2.0);
            // Writing to a string does not fail.
            let _ = writeln!(out, "{},-1,{left},{top},{width},{height},{score}", index + 1);
        }
    }
    out
}
