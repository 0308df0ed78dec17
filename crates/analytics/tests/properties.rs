//! What holds whatever happens, tried on crowds that nobody thought of.

mod scenes;

use proptest::prelude::*;
use razz_analytics::{Analytics, Area, AreaId, Direction, Event, Fact, InSide, Settings};
use razz_base::{Rect, Size, TrackFrame, TrackState};
use scenes::{CAR, PERSON, SIZE, Scene, camera, final_facts, in_and_out};

/// What one object does: when it comes, for how long, from where to where, how it shakes, which of its
/// sightings are missing, and whether its id changes on the way.
#[derive(Clone, Debug)]
struct Walk {
    begin: i64,
    frames: i64,
    from: [f64; 2],
    to: [f64; 2],
    height: f64,
    shake: f64,
    missing: u64,
    changes_id: bool,
    car: bool,
}

fn walk() -> impl Strategy<Value = Walk> {
    let place = || [(100_u32..900).prop_map(f64::from), (150_u32..950).prop_map(f64::from)];
    (
        (0_i64..120, 1_i64..150),
        (place(), place()),
        (40.0..200.0, 0.0..12.0),
        (any::<u64>(), any::<bool>(), prop::bool::weighted(0.2)),
    )
        .prop_map(
            |((begin, frames), (from, to), (height, shake), (missing, changes_id, car))| Walk {
                begin,
                frames,
                from,
                to,
                height,
                shake,
                missing,
                changes_id,
                car,
            },
        )
}

/// Boxes in quarters of pixels, as trackers' files have them: every sum below is exact.
fn quarter(v: f64) -> f64 {
    (4.0 * v).round() / 4.0
}

fn scene(walks: &[Walk]) -> Scene {
    walks.iter().enumerate().fold(Scene::new(30, 300), |scene, (index, walk)| {
        let bbox = |frame: i64| {
            let share = (frame - walk.begin) as f64 / walk.frames as f64;
            let shake = walk.shake * ((frame * 7919 + index as i64 * 31) % 17 - 8) as f64 / 8.0;
            let x = walk.from[0] + share * (walk.to[0] - walk.from[0]) + shake;
            let y = walk.from[1] + share * (walk.to[1] - walk.from[1]) - shake;
            let (half, height) = (walk.height / 5.0, walk.height);
            Rect::new(quarter(x - half), quarter(y - height), quarter(x + half), quarter(y))
        };
        let class = if walk.car { CAR } else { PERSON };
        let id = |frame: i64| {
            let changed = walk.changes_id && frame - walk.begin > walk.frames / 2;
            1 + 2 * index as u64 + u64::from(changed)
        };
        let seen = |frame: &i64| (walk.missing >> (frame % 64)) & 1 == 0 || frame % 3 == 0;
        (walk.begin..walk.begin + walk.frames)
            .filter(seen)
            .fold(scene, |scene, frame| scene.with_box(id(frame), class, frame..frame + 1, bbox))
    })
}

fn areas() -> Vec<Area> {
    let line = |id: u32, points: &[[f64; 2]]| {
        Area::line(AreaId(id), &format!("line {id}"), points.to_vec(), InSide::Right).unwrap()
    };
    let mut cars = line(3, &[[0.0, 0.25], [1.0, 0.75]]);
    cars.classes = vec![CAR];
    vec![
        line(1, &[[0.1, 0.5], [0.9, 0.5]]),
        line(2, &[[0.5, 0.125], [0.5, 0.5], [0.75, 0.875]]),
        cars,
        Area::zone(AreaId(4), "hall", vec![[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]])
            .unwrap(),
        Area::zone(AreaId(5), "exit", vec![[0.0, 0.75], [0.5, 0.75], [0.5, 1.0], [0.0, 1.0]])
            .unwrap(),
    ]
}

fn machine(areas: Vec<Area>) -> Analytics {
    Analytics::new(camera(), areas, Settings::default())
}

fn told(mut analytics: Analytics, frames: &[TrackFrame]) -> Vec<Event> {
    let mut told = Vec::new();
    for frame in frames {
        analytics.handle(frame).unwrap();
        told.extend(std::iter::from_fn(|| analytics.poll_event()));
    }
    analytics.finish();
    told.extend(std::iter::from_fn(|| analytics.poll_event()));
    told
}

fn with_tracks(frame: &TrackFrame, change: impl Fn(&mut razz_base::Track)) -> TrackFrame {
    let mut tracks = frame.tracks.to_vec();
    tracks.iter_mut().for_each(change);
    TrackFrame { tracks: tracks.into(), ..frame.clone() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A restart at any frame loses nothing, doubles nothing and changes nothing.
    #[test]
    fn a_restart_at_any_frame_changes_nothing(
        walks in prop::collection::vec(walk(), 1..8),
        cut in 0_usize..300,
        again in 0_usize..40,
    ) {
        let frames = scene(&walks).frames();
        let whole = told(machine(areas()), &frames);
        let mut first = machine(areas());
        let mut parts = Vec::new();
        for frame in &frames[..cut] {
            first.handle(frame).unwrap();
            parts.extend(std::iter::from_fn(|| first.poll_event()));
        }
        let snapshot = first.snapshot();
        let mut second =
            Analytics::restore(camera(), areas(), Settings::default(), None, &snapshot).unwrap();
        prop_assert_eq!(second.snapshot(), snapshot);
        // The record is read again from a little before: those frames are refused.
        for frame in &frames[cut.saturating_sub(again)..cut] {
            prop_assert!(second.handle(frame).is_err());
        }
        parts.extend(told(second, &frames[cut..]));
        prop_assert_eq!(parts, whole);
    }

    /// Frames on which nobody was matched, predicted boxes and the order of areas say nothing.
    #[test]
    fn what_says_nothing_changes_nothing(
        walks in prop::collection::vec(walk(), 1..8),
        keep in any::<u64>(),
    ) {
        // Somebody is detected on every third frame; on the others boxes are predicted, or nothing comes.
        let frames = scene(&walks).frames();
        let every_third = |(index, frame): (usize, &TrackFrame)| {
            if index.is_multiple_of(3) {
                return Some(frame.clone());
            }
            let mut predicted = with_tracks(frame, |track| {
                track.state = TrackState::Predicted;
                track.bbox = Rect::new(0.0, 0.0, 1000.0, 999.0);
            });
            predicted.detected = false;
            Some(predicted).filter(|_| (keep >> (index % 64)) & 1 == 1)
        };
        let with: Vec<_> = frames.iter().enumerate().filter_map(every_third).collect();
        let without: Vec<_> = frames.iter().step_by(3).cloned().collect();
        let expected = final_facts(&told(machine(areas()), &without));
        prop_assert_eq!(final_facts(&told(machine(areas()), &with)), expected);
        let mut turned = areas();
        turned.reverse();
        prop_assert_eq!(told(machine(turned), &frames), told(machine(areas()), &frames));
    }

    /// A picture of twice the size, and a scene moved together with its areas, have the same facts.
    #[test]
    fn size_and_place_do_not_matter(walks in prop::collection::vec(walk(), 1..8)) {
        let frames = scene(&walks).frames();
        let expected = told(machine(areas()), &frames);
        let double = Size::new(2 * SIZE.width, 2 * SIZE.height);
        let larger: Vec<_> = frames
            .iter()
            .map(|frame| TrackFrame {
                size: double,
                ..with_tracks(frame, |track| track.bbox = track.bbox.scaled(SIZE, double))
            })
            .collect();
        prop_assert_eq!(&told(machine(areas()), &larger), &expected);
        // In a picture of twice the width, an eighth of the old width further to the right. The zone at the
        // border stays behind: it would not be at the border any more.
        let wide = Size::new(2 * SIZE.width, SIZE.height);
        let moved: Vec<_> = frames
            .iter()
            .map(|frame| TrackFrame {
                size: wide,
                ..with_tracks(frame, |track| {
                    track.bbox.left += 128.0;
                    track.bbox.right += 128.0;
                })
            })
            .collect();
        let there = |points: &[[f64; 2]]| -> Vec<[f64; 2]> {
            points.iter().map(|p| [(p[0] + 0.128) / 2.0, p[1]]).collect()
        };
        let moved_area = |area: &Area| match area.shape() {
            razz_analytics::Shape::Line { points, inside } => {
                let mut line = Area::line(area.id(), area.name(), there(points), *inside).unwrap();
                line.classes.clone_from(&area.classes);
                line
            }
            razz_analytics::Shape::Zone { points } => {
                Area::zone(area.id(), area.name(), there(points)).unwrap()
            }
        };
        let lines: Vec<_> = areas().into_iter().take(3).collect();
        let moved_lines = lines.iter().map(moved_area).collect();
        let counts = |told: &[Event]| in_and_out(&final_facts(told));
        prop_assert_eq!(
            counts(&told(machine(moved_lines), &moved)),
            counts(&told(machine(lines), &frames))
        );
    }

    /// The line the other way round swaps in and out.
    #[test]
    fn a_line_drawn_the_other_way_swaps(walks in prop::collection::vec(walk(), 1..8)) {
        let frames = scene(&walks).frames();
        let line = |points: Vec<[f64; 2]>, inside| {
            vec![Area::line(AreaId(1), "door", points, inside).unwrap()]
        };
        let points = vec![[0.1, 0.3], [0.55, 0.5], [0.9, 0.4]];
        let reversed: Vec<_> = points.iter().rev().copied().collect();
        let of = |areas| in_and_out(&final_facts(&told(machine(areas), &frames)));
        let (enter, leave) = of(line(points.clone(), InSide::Right));
        prop_assert_eq!(of(line(reversed.clone(), InSide::Right)), (leave, enter));
        prop_assert_eq!(of(line(points, InSide::Left)), (leave, enter));
        prop_assert_eq!(of(line(reversed, InSide::Left)), (enter, leave));
    }

    /// Every crossing lies between two matched sightings on either side of the line, of the track it names,
    /// or of the one that was joined with it.
    #[test]
    fn every_crossing_was_seen_on_both_sides(walks in prop::collection::vec(walk(), 1..8)) {
        let scene = scene(&walks);
        let line = vec![scenes::door(&[[0.1, 0.5], [0.9, 0.5]])];
        let facts = final_facts(&told(machine(line), &scene.frames()));
        for event in facts.values() {
            let Fact::Crossing(crossing) = &event.fact else { continue };
            let track = event.key.track.unwrap();
            let at = |time| {
                let frame = (0..scene.length).find(|frame| scene.time(*frame) == time).unwrap();
                let tracks = &scene.frames[&frame];
                let of = |id| tracks.iter().find(|t| t.id == id);
                of(track).or_else(|| crossing.joined_from.and_then(of))
            };
            let sides = crossing.between.map(|time| {
                at(time).map(|track| track.bbox.bottom > 500.0)
            });
            // With several joins in a row the sighting before is of an even earlier track.
            if let [Some(before), Some(after)] = sides {
                prop_assert_ne!(before, after);
                prop_assert_eq!(after, crossing.direction == Direction::In);
            }
            prop_assert!(sides[1].is_some());
            prop_assert!(event.key.time >= crossing.between[0]);
            prop_assert!(event.key.time <= crossing.between[1]);
        }
        // In and out take turns: who is in cannot come in.
        let (enter, leave) = in_and_out(&facts);
        prop_assert!(enter.abs_diff(leave) <= 2 * walks.len());
    }

    /// Bytes that are no snapshot are refused and never a panic.
    #[test]
    fn a_damaged_snapshot_is_refused(
        walks in prop::collection::vec(walk(), 1..3),
        place in any::<prop::sample::Index>(),
        value in any::<u8>(),
        length in any::<prop::sample::Index>(),
    ) {
        let mut analytics = machine(areas());
        for frame in &scene(&walks).frames()[..100] {
            analytics.handle(frame).unwrap();
        }
        let bytes = analytics.snapshot();
        let restore = |bytes: &[u8]| {
            Analytics::restore(camera(), areas(), Settings::default(), None, bytes)
        };
        prop_assert!(restore(&bytes[..length.index(bytes.len())]).is_err());
        let mut changed = bytes.clone();
        changed[place.index(bytes.len())] = value;
        if let Ok(mut analytics) = restore(&changed) {
            // It may be as good as any; it goes on without a panic.
            for frame in &scene(&walks).frames()[100..] {
                let _ = analytics.handle(frame);
            }
            analytics.finish();
        }
    }
}
