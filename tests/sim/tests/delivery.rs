//! What a viewer gets over a bad network: loss, bursts, a path that is too narrow, a slow reader.
#![allow(clippy::print_stdout, reason = "figures to look at with --nocapture")]

use razz_sim::delivery::{Blocked, Delivery, FRAME_US, LinkQuality, PeerEvent, VideoShape};

const SECOND: i64 = 1_000_000;

/// The share of the frames `from..to` that were whole within `us` of their coming in.
fn whole_within(delivery: &Delivery, from: u64, to: u64, us: i64) -> f64 {
    let in_time = (from..to).filter(|frame| {
        let taken = delivery.house.taken[*frame as usize];
        delivery.peer.whole.get(frame).is_some_and(|at| at.since_us(taken) <= us)
    });
    in_time.count() as f64 / (to - from) as f64
}

#[test]
fn five_in_a_hundred_lost_at_80_ms_and_the_frames_are_whole() {
    for seed in 0..4 {
        let quality =
            LinkQuality { loss: 0.05, delay_us: 40_000, jitter_us: 4_000, ..LinkQuality::GOOD };
        let mut delivery = Delivery::new(seed, VideoShape::default(), quality, 75);
        delivery.run(3 * SECOND);
        let from = delivery.house.frames;
        delivery.run(60 * SECOND);
        // The last ones are still on their way.
        let to = delivery.house.frames - 15;
        let share = whole_within(&delivery, from, to, 500_000);
        let (lost, counts) = (delivery.down.lost, delivery.house.session().unwrap().counts());
        assert!(counts.nacks > 10, "seed {seed}: {counts:?} of {lost} lost");
        println!(
            "seed {seed}: {:.2} % of {} whole, {lost} lost, {counts:?}",
            100.0 * share,
            to - from
        );
        assert!(lost > 500, "seed {seed}: the network does what it is there for");
        assert!(share >= 0.995, "seed {seed}: {share}");
    }
}

#[test]
fn bursts_of_200_ms_are_over_within_one_replay() {
    for seed in 0..4 {
        // An IDR every 20 s: waiting for it would take much longer than a replay.
        let stream = VideoShape { gop_frames: 600, ..VideoShape::default() };
        let quality = LinkQuality {
            delay_us: 20_000,
            jitter_us: 1_000,
            bursts: Some((200_000, 7 * SECOND + 1234 * seed as i64)),
            ..LinkQuality::GOOD
        };
        let mut delivery = Delivery::new(seed, stream, quality, 150);
        delivery.run(3 * SECOND);
        let before = delivery.house.session().unwrap().counts();
        delivery.run(60 * SECOND);
        let counts = delivery.house.session().unwrap().counts();
        let bursts = 60 / 7 + 1;
        let (still, replays) = (delivery.peer.longest_still_us, counts.replays - before.replays);
        println!("seed {seed}: still for {} ms, {replays} replays, {counts:?}", still / 1000);
        assert!(delivery.down.lost > 100, "seed {seed}");
        assert!(replays <= bursts, "seed {seed}: {replays} replays");
        assert_eq!(counts.waits, before.waits, "seed {seed}: a burst is no congestion");
        assert!(still < 1_500_000, "seed {seed}: {still}");
    }
}

#[test]
fn a_path_too_narrow_gets_no_byte_more() {
    // 2.5 Mbit/s of video through 1.5 Mbit/s with a quarter of a second of queue.
    let stream = VideoShape { gop_frames: 120, ..VideoShape::default() };
    let mut delivery =
        Delivery::new(1, stream, LinkQuality { delay_us: 20_000, ..LinkQuality::GOOD }, 30);
    delivery.run(5 * SECOND);
    let per_second = |delivery: &mut Delivery, seconds: i64| {
        let before = delivery.down.offered_bytes;
        delivery.run(seconds * SECOND);
        (delivery.down.offered_bytes - before) / seconds as u64
    };
    let healthy = per_second(&mut delivery, 12);
    delivery.down.quality.bottleneck = Some((1_500_000, 47_000));
    let narrow = per_second(&mut delivery, 40);
    let counts = delivery.house.session().unwrap().counts();
    println!("{healthy} B/s healthy, {narrow} B/s into the narrow path, {counts:?}");
    assert!(delivery.peer.asked > 0 && counts.waits > 3, "{counts:?}");
    assert!(narrow < healthy, "{narrow} {healthy}");
    // It is wide again: the next IDR at the latest brings the picture back.
    delivery.down.quality.bottleneck = None;
    delivery.run(5 * SECOND);
    let from = delivery.house.frames;
    delivery.run(10 * SECOND);
    assert_eq!(whole_within(&delivery, from, delivery.house.frames - 5, 500_000), 1.0);
}

#[test]
fn a_reader_that_takes_nothing_goes_on_at_an_idr() {
    let mut delivery = Delivery::new(1, VideoShape::default(), LinkQuality::GOOD, 30);
    delivery.run(3 * SECOND);
    delivery.house.blocked = Blocked::Yes;
    let sent = delivery.down.offered_bytes;
    delivery.run(10 * SECOND);
    assert!(delivery.down.offered_bytes - sent < 20_000, "nothing but reports and checks");
    let counts = delivery.house.session().unwrap().counts();
    assert!(counts.waits >= 1, "{counts:?}");
    delivery.house.blocked = Blocked::No;
    let from = delivery.house.frames;
    delivery.run(5 * SECOND);
    // From the first IDR on everything is there.
    let idr = (from..).find(|frame| delivery.house.is_idr(*frame)).unwrap();
    assert_eq!(whole_within(&delivery, idr, delivery.house.frames - 2, 100_000), 1.0);
}

#[test]
fn the_first_picture_comes_at_once_and_the_live_one_soon_after() {
    // 9 s into a GOP of 10 s: 2.8 MB to be replayed.
    let stream = VideoShape { gop_frames: 300, ..VideoShape::default() };
    let mut delivery = Delivery::new(1, stream, LinkQuality::GOOD, 270);
    let start = delivery.now;
    delivery.run(5 * SECOND);
    let connected =
        delivery.peer.told.iter().find(|(_, told)| *told == PeerEvent::Connected).unwrap().0;
    let first = delivery.peer.whole[&0].since_us(connected);
    let joined = start.since_us(delivery.house.taken[0]) / FRAME_US;
    // The first frame that was whole as soon as it came in: from there on it is live.
    let live = (joined as u64..)
        .find(|frame| {
            delivery.peer.whole[frame].since_us(delivery.house.taken[*frame as usize]) < 50_000
        })
        .unwrap();
    let live = delivery.peer.whole[&live].since_us(delivery.peer.whole[&0]);
    println!("first picture {first} µs after the connection, live {live} µs after it");
    assert!(first < 50_000, "{first}");
    assert!(live < SECOND, "{live}");
    assert_eq!(whole_within(&delivery, 0, delivery.house.frames - 2, 12 * SECOND), 1.0);
}

#[test]
fn ice_restarts_and_no_frame_is_missing() {
    let mut delivery = Delivery::new(1, VideoShape::default(), LinkQuality::GOOD, 30);
    delivery.run(3 * SECOND);
    let from = delivery.house.frames;
    let fragment = delivery.peer.restart_ice();
    let session = delivery.house.session().unwrap();
    let before = session.ufrag().to_owned();
    let answer = session.restart_ice(&fragment).unwrap();
    assert_ne!(session.ufrag(), before);
    assert!(answer.contains(session.ufrag()) && answer.contains("a=candidate:"), "{answer}");
    assert!(session.restart_ice(&fragment).is_err(), "they are not new a second time");
    assert!(session.restart_ice("a=ice-ufrag:abcd\r\n").is_err());
    delivery.peer.accept_fragment(&answer);
    delivery.run(10 * SECOND);
    assert_eq!(whole_within(&delivery, from, delivery.house.frames - 2, 500_000), 1.0);
    assert!(delivery.peer.told.iter().all(|(_, told)| *told == PeerEvent::Connected));
}

#[test]
fn sessions_end_when_the_peer_is_gone_or_never_came() {
    let mut delivery = Delivery::new(1, VideoShape::default(), LinkQuality::GOOD, 30);
    delivery.run(3 * SECOND);
    assert!(delivery.house.session().is_some_and(|session| session.is_connected()));
    (delivery.up.quality.loss, delivery.down.quality.loss) = (1.0, 1.0);
    delivery.run(40 * SECOND);
    assert!(delivery.house.session().is_none(), "it noticed");

    let quality = LinkQuality { loss: 1.0, ..LinkQuality::GOOD };
    let mut delivery = Delivery::new(1, VideoShape::default(), quality, 30);
    delivery.run(10 * SECOND);
    assert!(delivery.house.session().is_some(), "it may still come");
    delivery.run(25 * SECOND);
    assert!(delivery.house.session().is_none(), "it did not come");
}
