//! A viewer whose path narrows: what it is shown, in which encoding, how late.
#![allow(clippy::print_stdout, reason = "figures to look at with --nocapture")]

use razz_base::{MonoTime, Rung, StreamKind};
use razz_sim::delivery::{Delivery, LinkQuality, Shown, VideoShape};

const SECOND: i64 = 1_000_000;

/// A path of so many bits a second each way, with `delay_us` one way and a queue of 300 ms.
fn path(bits_per_second: i64, delay_us: i64) -> LinkQuality {
    let queue = (bits_per_second / 8 * 3 / 10).max(20_000);
    LinkQuality {
        delay_us,
        jitter_us: 2_000,
        bottleneck: Some((bits_per_second, queue)),
        ..LinkQuality::GOOD
    }
}

/// What was shown in a span of time.
#[derive(Debug)]
struct Watched {
    /// Until the picture moved again after the span began: at least three pictures in 300 ms.
    moves_after_us: i64,
    /// Longest pause from then on.
    longest_us: i64,
    /// Pauses of more than half a second from then on.
    freezes: usize,
    /// Of a picture from the camera to the screen, 95 of 100, from then on.
    late_p95_us: i64,
    switches: usize,
    /// What was shown last.
    last: Option<StreamKind>,
}

fn watched(delivery: &Delivery, from: MonoTime, to: MonoTime) -> Watched {
    let shown: Vec<Shown> = delivery
        .peer
        .shown
        .iter()
        .copied()
        .filter(|shown| from <= shown.at && shown.at < to)
        .collect();
    let late = |shown: &Shown| shown.at.since_us(delivery.house.taken[shown.picture as usize]);
    // Pictures that were on their way when the path narrowed do not count as moving again.
    let fresh = |shown: &Shown| late(shown) < 1_000_000 && shown.at.since_us(from) > 100_000;
    let moving = shown
        .windows(3)
        .find(|three| fresh(&three[0]) && three[2].at.since_us(three[0].at) <= 300_000);
    let since = moving.map_or(to, |three| three[0].at);
    let after: Vec<&Shown> = shown.iter().filter(|shown| shown.at >= since).collect();
    let mut pauses: Vec<i64> =
        after.windows(2).map(|pair| pair[1].at.since_us(pair[0].at)).collect();
    pauses.push(after.last().map_or(0, |last| to.since_us(last.at)));
    let mut lates: Vec<i64> = after.iter().map(|shown| late(shown)).collect();
    lates.sort_unstable();
    Watched {
        moves_after_us: since.since_us(from),
        longest_us: pauses.iter().copied().max().unwrap_or(0),
        freezes: pauses.iter().filter(|pause| **pause > 500_000).count(),
        late_p95_us: lates.get(lates.len() * 95 / 100).copied().unwrap_or(0),
        switches: shown.windows(2).filter(|pair| pair[0].kind != pair[1].kind).count(),
        last: shown.last().map(|shown| shown.kind),
    }
}

#[test]
fn a_path_that_narrows_is_sent_less_and_more_again() {
    // The camera's stream comes back with one of its IDRs, which are two seconds apart.
    for (bits, moves_within_us, freezes, back_within_us) in [
        (1_500_000, SECOND, 0, 5 * SECOND),
        (600_000, 3 * SECOND / 2, 0, 6 * SECOND),
        (300_000, 2 * SECOND, 1, 8 * SECOND),
    ] {
        for seed in 0..3 {
            let stream = VideoShape { idr_bytes: 80_000, ..VideoShape::default() };
            let mut delivery = Delivery::adapting(seed, stream, 720, path(20_000_000, 25_000), 75);
            delivery.run(20 * SECOND);
            let wide = watched(&delivery, delivery.now.plus_us(-10 * SECOND), delivery.now);
            println!("{bits} {seed} wide: {wide:?}");
            let narrow_at = delivery.now;
            delivery.down.quality = path(bits, 25_000);
            delivery.run(30 * SECOND);
            let narrow = watched(&delivery, narrow_at, delivery.now);
            println!("{bits} {seed} narrow: {narrow:?}");
            let back_at = delivery.now;
            delivery.down.quality = path(20_000_000, 25_000);
            delivery.run(15 * SECOND);
            let back = delivery
                .peer
                .shown
                .iter()
                .find(|shown| shown.at > back_at && shown.kind == StreamKind::Main);
            let back_us = back.map_or(i64::MAX, |shown| shown.at.since_us(back_at));
            println!("{bits} {seed} back after {} ms", back_us / 1000);
            assert_eq!((wide.switches, wide.freezes), (0, 0), "{wide:?}");
            assert!(narrow.moves_after_us <= moves_within_us, "{bits} {seed}: {narrow:?}");
            assert!(narrow.freezes <= freezes, "{bits} {seed}: {narrow:?}");
            assert!(narrow.late_p95_us <= 275_000, "{bits} {seed}: {narrow:?}");
            assert!(back_us <= back_within_us, "{bits} {seed}: {back_us}");
        }
    }
}

#[test]
fn a_path_that_becomes_longer_and_jitters_is_not_taken_for_a_closed_one() {
    for seed in 0..3 {
        let stream = VideoShape { idr_bytes: 80_000, ..VideoShape::default() };
        let mut delivery = Delivery::adapting(seed, stream, 720, path(20_000_000, 25_000), 75);
        delivery.run(20 * SECOND + seed as i64 * 300_000);
        let narrow_at = delivery.now;
        delivery.down.quality = LinkQuality { jitter_us: 30_000, ..path(1_500_000, 75_000) };
        delivery.run(30 * SECOND);
        let narrow = watched(&delivery, narrow_at, delivery.now);
        println!("{seed}: {narrow:?}");
        assert!(narrow.moves_after_us <= 3 * SECOND / 2, "{seed}: {narrow:?}");
        assert!(narrow.freezes <= 1 && narrow.late_p95_us <= 330_000, "{seed}: {narrow:?}");
        let stills = |shown: &&Shown| shown.kind == StreamKind::Rendition(Rung::Stills);
        assert_eq!(delivery.peer.shown.iter().filter(stills).count(), 0, "it moves");
    }
}

#[test]
fn lost_packets_and_long_ways_are_no_reason_for_less() {
    for seed in 0..3 {
        for (name, quality, longest_us) in [
            ("5 % lost", LinkQuality { loss: 0.05, ..path(20_000_000, 25_000) }, 500_000),
            (
                "150 ms and jitter",
                LinkQuality { jitter_us: 15_000, ..path(20_000_000, 75_000) },
                300_000,
            ),
        ] {
            // Of some hundred handshakes that lose 5 of 100 packets one does not come about.
            let whole = LinkQuality { loss: 0.0, ..quality };
            let mut delivery = Delivery::adapting(seed, VideoShape::default(), 720, whole, 75);
            delivery.run(2 * SECOND);
            delivery.down.quality = quality;
            delivery.up.quality = quality;
            delivery.run(3 * SECOND);
            let from = delivery.now;
            delivery.run(30 * SECOND);
            let watched = watched(&delivery, from, delivery.now);
            println!("{name} {seed}: {watched:?}");
            assert_eq!(
                (watched.switches, watched.last),
                (0, Some(StreamKind::Main)),
                "{name} {seed}"
            );
            assert!(watched.longest_us <= longest_us, "{name} {seed}: {watched:?}");
        }
    }
}
