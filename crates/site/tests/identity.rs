//! Identities and the ledger on a simulated floor: what does not depend on chance, and what people may correct.

mod dice;

use dice::Dice;
use proptest::prelude::*;
use razz_base::{CameraId, TrackId};
use razz_site::identity::{IdentityId, Observation, Settings, TrackKey};
use razz_site::ledger::{Book, Correction, Event};
use razz_site::plane::Place;
use razz_site::{CorrectionError, Site, Sym2};

const STEP_US: i64 = 100_000;

fn key(camera: u32, track: u64) -> TrackKey {
    TrackKey { camera: CameraId::new(camera).unwrap(), track: TrackId(track) }
}

/// People on straight ways that turn at the walls, seen by cameras whose tracks break now and then.
struct Floor {
    dice: Dice,
    people: Vec<([f64; 2], [f64; 2])>,
    /// By camera and person: the track's number.
    tracks: Vec<Vec<u64>>,
    next_track: u64,
}

impl Floor {
    fn new(seed: u64, people: usize, cameras: usize) -> Self {
        let mut dice = Dice::new(seed);
        let mut walk = || {
            (
                [16.0 * dice.unit() - 8.0, 16.0 * dice.unit() - 8.0],
                [2.4 * dice.unit() - 1.2, 2.4 * dice.unit() - 1.2],
            )
        };
        let people: Vec<_> = (0..people).map(|_| walk()).collect();
        let tracks = (0..cameras).map(|_| (0..people.len() as u64).collect()).collect();
        Self { dice, tracks, next_track: people.len() as u64, people }
    }

    fn step(&mut self) -> Vec<Observation> {
        let mut seen = Vec::new();
        for (at, velocity) in &mut self.people {
            for axis in 0..2 {
                at[axis] += velocity[axis] * 0.1;
                if at[axis].abs() > 8.0 {
                    velocity[axis] = -at[axis].signum() * velocity[axis].abs();
                }
            }
        }
        for (camera, tracks) in self.tracks.iter_mut().enumerate() {
            for (person, track) in tracks.iter_mut().enumerate() {
                if self.dice.unit() < 0.004 {
                    *track = self.next_track;
                    self.next_track += 1;
                }
                if self.dice.unit() < 0.1 {
                    continue;
                }
                let at = self.people[person].0.map(|v| v + 0.1 * self.dice.normal());
                let place = Place { at, cov: Sym2::round(0.1) };
                seen.push(Observation { key: key(camera as u32 + 1, *track), place, mixed: 0.0 });
            }
        }
        seen
    }
}

fn steps(seed: u64, people: usize, cameras: usize, count: usize) -> Vec<Vec<Observation>> {
    let mut floor = Floor::new(seed, people, cameras);
    (0..count).map(|_| floor.step()).collect()
}

fn run(steps: &[Vec<Observation>]) -> Site {
    let mut site = Site::new(Settings::default());
    for (n, seen) in steps.iter().enumerate() {
        site.handle_step(n as i64 * STEP_US, seen);
    }
    site
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_cameras_does_not_matter(seed in 0u64..10_000, people in 1usize..6, cameras in 1usize..4) {
        let steps = steps(seed, people, cameras, 80);
        let mut mixed = steps.clone();
        let mut dice = Dice::new(seed + 1);
        for seen in &mut mixed {
            for n in (1..seen.len()).rev() {
                seen.swap(n, dice.below(n as u64 + 1) as usize);
            }
        }
        let (a, b) = (run(&steps), run(&mixed));
        prop_assert_eq!(a.book(), b.book());
        prop_assert_eq!(a.solver(), b.solver());
    }

    #[test]
    fn a_replay_of_the_ledger_is_the_live_book(seed in 0u64..10_000, people in 1usize..6) {
        let mut site = run(&steps(seed, people, 3, 60));
        let first = site.solver().identities()[0].id;
        site.handle_correction(Correction::Name(first, "Ada".into())).unwrap();
        let number = site.handle_correction(Correction::Cut(key(1, 0), 30 * STEP_US)).unwrap();
        prop_assert_eq!(&Book::replay(site.ledger().events()), site.book());
        site.undo(number).unwrap();
        prop_assert_eq!(&Book::replay(site.ledger().events()), site.book());
    }

    #[test]
    fn undoing_restores(seed in 0u64..10_000, people in 2usize..6, at in 1i64..60) {
        let mut site = run(&steps(seed, people, 3, 60));
        let (book, solver) = (site.book().clone(), site.solver().clone());
        for correction in [
            Correction::Cut(key(1, 0), at * STEP_US),
            Correction::NotSame(key(1, 0), key(2, 0)),
            Correction::Name(IdentityId(1), "Ada".into()),
            Correction::Forget(IdentityId(1)),
        ] {
            let number = site.handle_correction(correction).unwrap();
            site.undo(number).unwrap();
            prop_assert_eq!(site.book(), &book);
            prop_assert_eq!(site.solver().identities(), solver.identities());
        }
    }

    #[test]
    fn a_snapshot_goes_on_as_if_nothing_had_been(seed in 0u64..10_000, cut in 1usize..79) {
        let steps = steps(seed, 4, 3, 80);
        let whole = run(&steps);
        let mut site = run(&steps[..cut]).clone();
        for (n, seen) in steps.iter().enumerate().skip(cut) {
            site.handle_step(n as i64 * STEP_US, seen);
        }
        prop_assert_eq!(&site, &whole);
    }
}

#[test]
fn people_who_walk_apart_are_as_many_as_they_are() {
    for seed in 1..=10 {
        let steps = steps(seed, 5, 3, 1200);
        let site = run(&steps);
        let real = site.solver().identities().iter().filter(|i| i.seen >= 25).count();
        assert!((5..=6).contains(&real), "seed {seed}: {real}");
    }
}

#[test]
fn decisions_have_their_numbers() {
    let site = run(&steps(3, 4, 3, 300));
    for event in site.ledger().events() {
        if let Event::Joined { why, .. }
        | Event::HandedOver { why, .. }
        | Event::Merged { why, .. } = event
        {
            assert!(why.nats.is_finite() && why.nats >= 0.0, "{event:?}");
        }
    }
}

#[test]
fn corrections_hold() {
    let mut site = run(&steps(5, 3, 2, 100));
    let now_us = 99 * STEP_US;
    let who = |site: &Site, camera, track| site.book().identity_at(key(camera, track), now_us);
    let (a, b) = (who(&site, 1, 0).unwrap(), who(&site, 1, 1).unwrap());
    assert_eq!(who(&site, 2, 0), Some(a), "both cameras see one person");
    // Not same: the two tracks part, now and for the minutes that were.
    let number = site.handle_correction(Correction::NotSame(key(1, 0), key(2, 0))).unwrap();
    assert_ne!(who(&site, 1, 0), who(&site, 2, 0));
    site.undo(number).unwrap();
    assert_eq!(who(&site, 1, 0), who(&site, 2, 0));
    // Same: refused where one camera saw both.
    let refused = site.handle_correction(Correction::Same(a, b));
    assert_eq!(refused, Err(CorrectionError::SeenBeside(a, b)));
    assert_eq!(site.handle_correction(Correction::Same(a, a)), Err(CorrectionError::Itself));
    // Cut: from then on another.
    site.handle_correction(Correction::Cut(key(1, 0), 50 * STEP_US)).unwrap();
    let before = site.book().identity_at(key(1, 0), 49 * STEP_US);
    assert_ne!(before, who(&site, 1, 0));
    // Names and forgetting.
    let named = site.handle_correction(Correction::Name(b, "Ada".into())).unwrap();
    assert_eq!(site.book().name(b), Some("Ada"));
    site.undo(named).unwrap();
    assert_eq!(site.book().name(b), None);
    site.handle_correction(Correction::Forget(b)).unwrap();
    assert_eq!(who(&site, 1, 1), None);
    assert_eq!(site.undo(99), Err(CorrectionError::Unknown(99)));
}

#[test]
fn same_joins_who_never_met() {
    // One is seen by camera 1, then a minute later another by camera 2, ten metres away.
    let mut site = Site::new(Settings::default());
    let see = |camera, at| Observation {
        key: key(camera, 1),
        place: Place { at, cov: Sym2::round(0.1) },
        mixed: 0.0,
    };
    for n in 0..40 {
        site.handle_step(n * STEP_US, &[see(1, [0.0, 0.0])]);
    }
    for n in 300..340 {
        site.handle_step(n * STEP_US, &[see(2, [10.0, 0.0])]);
    }
    let who = |site: &Site| {
        (site.book().identity_at(key(1, 1), 0), site.book().identity_at(key(2, 1), 330 * STEP_US))
    };
    let (a, b) = who(&site);
    assert_ne!(a, b);
    let number = site.handle_correction(Correction::Same(a.unwrap(), b.unwrap())).unwrap();
    assert_eq!(who(&site), (a, a));
    site.undo(number).unwrap();
    assert_eq!(who(&site), (a, b));
}
