//! Media time, wall time, ring and packets against cameras and networks that misbehave.

use std::sync::Arc;

use razz_base::{MediaTime, WallQuality};
use razz_media::ring::{GopRing, NoReplay, Unit};
use razz_media::rtp::MAX_PAYLOAD;
use razz_sim::camera::{Kind, read_annex_b};
use razz_sim::ingest::Received;
use razz_sim::network::{DELAY_US, Quality};
use razz_sim::random::Random;
use razz_sim::simulation::{Fault, Faults, Simulation, Taken, WALL_START_US};
use razz_sim::viewer::Viewer;

fn number(received: &Received) -> u64 {
    read_annex_b(&received.au.data).unwrap_or_else(|error| panic!("{error}")).number
}

/// What happened to the camera after frame `before`, up to frame `after`.
fn faults(taken: &[Taken], before: u64, after: u64) -> impl Iterator<Item = Fault> + '_ {
    taken[before as usize + 1..=after as usize].iter().filter_map(|taken| taken.fault)
}

#[test]
fn media_time_is_continuous_over_restarts_and_jumps() {
    let (mut runs, mut jumps, mut frames) = (0, 0, 0);
    for seed in 0..50 {
        let mut simulation = Simulation::random(seed, 120);
        let mut last: Option<(Received, u64)> = None;
        while let Some(received) = simulation.next() {
            let number = number(&received);
            frames += 1;
            let Some((last_received, last_number)) = last.replace((received.clone(), number))
            else {
                assert_eq!(received.au.key.time, simulation.start());
                continue;
            };
            let context = format!("seed {seed}, frame {number}");
            let (now, then) = (&received.au, &last_received.au);
            assert!(number > last_number, "{context}");
            let step = now.key.time.since_90k(then.key.time);
            assert!(step > 0, "{context}: a step of {step}");
            let passed_90k = now.received.since_us(then.received) * 9 / 100;
            let interval_90k = simulation.kind().interval_us * 9 / 100;
            if now.run != then.run || received.jumped {
                runs += u32::from(now.run != then.run);
                jumps += u32::from(received.jumped);
                // By the time that passed, and by one frame interval at least. The interval is
                // learnt, so it may be another, of up to 2 s, for a while.
                assert!(step >= passed_90k.min(interval_90k), "{context}: {step} {passed_90k}");
                assert!(step <= passed_90k.max(180_000), "{context}: {step} {passed_90k}");
            } else {
                // Within a run, distances are the camera's.
                let camera_step = received.rtp_extended - last_received.rtp_extended;
                let disturbed = faults(simulation.taken(), last_number, number)
                    .any(|fault| matches!(fault, Fault::Jump { .. }));
                if !disturbed && step != camera_step {
                    // Only while it catches up with timestamps that stepped back a little.
                    assert!(step < camera_step, "{context}: {step} {camera_step}");
                    assert!(camera_step - step <= 22_500, "{context}: {step} {camera_step}");
                }
            }
        }
    }
    // The simulation does what it is there for.
    assert!(runs > 100 && jumps > 100 && frames > 40_000, "{runs} {jumps} {frames}");
}

#[test]
fn media_time_passes_as_time_passes() {
    // Restarts and jumps at any rate must not make media time run ahead of, or behind, real time.
    for seed in 100..120 {
        let mut random = Random::new(seed);
        let kind = Kind::random(&mut random);
        let faults = Faults { restart: 0.01, jump: 0.0, pause: 0.01 };
        let mut simulation = Simulation::new(seed, 300, kind, Quality::perfect(), faults);
        let mut worst_us = 0;
        let mut restarts = 0;
        let mut run = None;
        let mut first: Option<Received> = None;
        while let Some(received) = simulation.next() {
            let first = first.get_or_insert_with(|| received.clone());
            restarts +=
                i64::from(run.replace(received.au.run).is_some_and(|r| r != received.au.run));
            let media_us = received.au.key.time.since_us(first.au.key.time);
            let real_us = received.au.received.since_us(first.au.received);
            worst_us = (media_us - real_us).abs().max(worst_us);
        }
        // The first frame of a run is an IDR, which needs up to 0.3 ms longer to arrive.
        assert!(restarts > 0 && worst_us <= 300 * restarts, "seed {seed}: {worst_us} {restarts}");
    }
}

#[test]
fn wall_time_is_right_or_says_that_it_is_a_guess() {
    let (mut reported, mut guessed) = (0, 0);
    for seed in 0..50 {
        let mut random = Random::new(seed);
        let kind = Kind::random(&mut random);
        let quality = Quality { stall: 0.0, ..Quality::random(&mut random) };
        let faults = Faults { restart: 0.002, jump: 0.0, pause: 0.002 };
        let mut simulation = Simulation::new(seed, 60, kind, quality, faults);
        while let Some(received) = simulation.next() {
            let number = number(&received);
            let truth_us = WALL_START_US + simulation.taken()[number as usize].at_us;
            let error_us = received.au.wall.us - truth_us;
            let context =
                format!("seed {seed}, frame {number}, {:?}: {error_us}", kind.clock_error_us);
            match received.au.wall.quality {
                WallQuality::SenderReport => {
                    reported += 1;
                    assert_eq!(kind.clock_error_us, Some(0), "{context}");
                    assert!(error_us.abs() <= 100, "{context}");
                }
                WallQuality::Arrival => {
                    guessed += 1;
                    // What the network needs at least, its jitter, its disorder (which counts in the
                    // first frames only), and the sending of the packets.
                    let most_us = DELAY_US + 2 * quality.jitter_us + 2000;
                    assert!((0..=most_us).contains(&error_us), "{context}");
                }
            }
        }
    }
    assert!(reported > 5000 && guessed > 5000, "{reported} {guessed}");
}

#[test]
fn whoever_joins_gets_what_decodes() {
    let (mut replays, mut waited, mut damaged, mut too_long) = (0, 0, 0, 0);
    for seed in 0..50 {
        let mut random = Random::new(seed ^ 0xF00D);
        let mut simulation = Simulation::random(seed, 60);
        let mut ring = GopRing::new(random.between(50_000, 400_000) as usize);
        let mut viewers: Vec<(Viewer, bool)> = Vec::new();
        let mut last_time: Option<MediaTime> = None;
        while let Some(received) = simulation.next() {
            let unit = Arc::new(Unit::new(received.au, MAX_PAYLOAD));
            assert!(last_time.replace(unit.au.key.time).is_none_or(|last| last < unit.au.key.time));
            ring.push(unit.clone());
            match ring.no_replay() {
                Some(NoReplay::Damaged) => damaged += 1,
                Some(NoReplay::TooLong) => too_long += 1,
                Some(NoReplay::NoIdr) | None => {}
            }
            let fail = |error: String| panic!("seed {seed}: {error}");
            for (viewer, waiting) in &mut viewers {
                if !*waiting {
                    viewer.receive(&unit, false).unwrap_or_else(fail);
                } else if let Some(replay) = ring.replay() {
                    // It waited for an IDR, which is what the ring begins with now.
                    *waiting = false;
                    assert_eq!(replay.len(), 1, "seed {seed}: an IDR went by unused");
                    viewer.receive(&replay[0], true).unwrap_or_else(fail);
                    waited += 1;
                }
            }
            if viewers.len() < 40 && random.chance(0.05) {
                let mut viewer = Viewer::new();
                let replay = ring.replay();
                for unit in replay.iter().flatten() {
                    viewer.receive(unit, true).unwrap_or_else(fail);
                }
                replays += i32::from(replay.is_some());
                viewers.push((viewer, replay.is_none()));
            }
        }
        let idle = viewers.iter().filter(|(viewer, _)| viewer.received() == 0).count();
        assert!(
            viewers.len() > idle || simulation.taken().len() < 400,
            "seed {seed}: nobody saw anything"
        );
    }
    assert!(
        replays > 500 && waited > 100 && damaged > 1000 && too_long > 1000,
        "{replays} {waited} {damaged} {too_long}"
    );
}

#[test]
fn a_seed_is_a_simulation() {
    let told = |seed| {
        let mut simulation = Simulation::random(seed, 30);
        let mut told = Vec::new();
        while let Some(received) = simulation.next() {
            told.push((received.au.key.time, received.au.received, received.au.data));
        }
        told
    };
    assert!(told(7) == told(7));
    assert!(told(7) != told(8));
}
