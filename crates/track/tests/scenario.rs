//! Scenes from a seeded generator: what the hybrid tracker must keep apart and together.

use std::collections::BTreeMap;

use proptest::prelude::*;
use razz_base::{ClassId, Detection, Embedding, MediaTime, Rect, Track, TrackSource, TrackState};
use razz_track::{ClassRule, Kind, Settings, Tracker, Update, build};

/// SplitMix64: small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn noise(&mut self, size: f64) -> f64 {
        (self.next() * 2.0 - 1.0) * size
    }
}

/// How a person looks: a direction of their own, and some noise each time.
fn look(person: usize, random: &mut Random, noise: f64) -> Option<Embedding> {
    let mut own = Random(1000 + person as u64);
    let values: Vec<f32> =
        (0..64).map(|_| (own.noise(1.0) + noise * random.noise(1.0)) as f32).collect();
    Embedding::normalised(&values)
}

/// One person on a frame: who, where, as whom they look.
type Seen = (usize, [f64; 2]);

struct Scene {
    tracker: Box<dyn Tracker>,
    random: Random,
    asked: usize,
}

impl Scene {
    fn new(kind: Kind) -> Self {
        Self { tracker: build(kind, &Settings::default()), random: Random(7), asked: 0 }
    }

    /// One frame of 30 per second; returns the tracks at its time.
    fn frame(&mut self, frame: i64, people: &[Seen]) -> Vec<Track> {
        let at = MediaTime::from_90k(frame * 3000);
        let detections: Vec<_> = people
            .iter()
            .map(|&(_, [x, y])| Detection {
                bbox: Rect::from_center(
                    x + self.random.noise(1.0),
                    y + self.random.noise(1.0),
                    50.0 + self.random.noise(1.0),
                    130.0 + self.random.noise(2.0),
                ),
                class: ClassId(0),
                score: 0.85 + self.random.noise(0.08),
            })
            .collect();
        if let Update::NeedEmbeddings(wanted) = self.tracker.update(at, &detections) {
            self.asked += wanted.len();
            let looks: Vec<_> =
                wanted.iter().map(|&i| look(people[i].0, &mut self.random, 0.3)).collect();
            self.tracker.resume(&looks);
        }
        self.tracker.peek(at)
    }
}

/// The matched track nearest to a place.
fn at(tracks: &[Track], [x, y]: [f64; 2]) -> Option<&Track> {
    tracks.iter().filter(|t| t.state == TrackState::Matched).find(|t| {
        let [cx, cy] = t.bbox.center();
        (cx - x).hypot(cy - y) < 20.0
    })
}

#[test]
fn two_who_cross_keep_their_ids() {
    for stride in [1, 5] {
        let mut scene = Scene::new(Kind::Hybrid);
        let place = |frame: i64| {
            let way = frame as f64 * 4.0;
            [[100.0 + way, 300.0], [900.0 - way, 325.0]]
        };
        let mut ids = Vec::new();
        for frame in (0..200).step_by(stride) {
            let [a, b] = place(frame);
            // The one further up is hidden while the other passes in front.
            let hidden = (a[0] - b[0]).abs() < 25.0;
            let people = if hidden { vec![(1, b)] } else { vec![(0, a), (1, b)] };
            let tracks = scene.frame(frame, &people);
            if frame == 50 || frame == 195 {
                ids.push([at(&tracks, a).map(|t| t.id), at(&tracks, b).map(|t| t.id)]);
            }
        }
        assert!(ids[0][0].is_some() && ids[0][1].is_some() && ids[0][0] != ids[0][1]);
        assert_eq!(ids[0], ids[1], "stride {stride}");
    }
}

#[test]
fn who_was_hidden_for_two_seconds_is_found_by_looks() {
    for stride in [1, 5] {
        let mut scene = Scene::new(Kind::Hybrid);
        let mut source_at = BTreeMap::new();
        let mut ids = std::collections::BTreeSet::new();
        for frame in (0..240).step_by(stride) {
            let walker = [100.0 + frame as f64 * 3.0, 300.0];
            let bystander = [500.0, 600.0];
            let hidden = (60..120).contains(&frame);
            let mut people = vec![(1, bystander)];
            if !hidden {
                people.push((0, walker));
            }
            let tracks = scene.frame(frame, &people);
            if let Some(track) = at(&tracks, walker) {
                ids.insert(track.id);
                source_at.insert(frame, track.source);
            }
        }
        assert_eq!(ids.len(), 1, "stride {stride}: one person, one id");
        assert_eq!(source_at[&55], TrackSource::ByteTrack);
        assert_eq!(source_at[&120], TrackSource::DeepSort, "stride {stride}");
        assert_eq!(source_at[&140], TrackSource::DeepSort, "stride {stride}");
        assert_eq!(source_at[&165], TrackSource::ByteTrack, "stride {stride}");
        assert_eq!(scene.tracker.counts().reidentified, 1);
        // Two people for eight seconds: few embeddings, whatever the rate of detections.
        assert!(scene.asked <= 24, "stride {stride}: {} embeddings", scene.asked);
    }
}

#[test]
fn whom_the_detector_lost_for_two_seconds_keep_their_ids_and_say_why() {
    for stride in [1, 5] {
        let mut scene = Scene::new(Kind::Hybrid);
        let mut seen: BTreeMap<i64, Vec<_>> = BTreeMap::new();
        for frame in (0..240).step_by(stride) {
            let walkers =
                [[100.0 + 3.0 * frame as f64, 300.0], [900.0 - 2.0 * frame as f64, 500.0]];
            // Nothing at all is detected for two seconds: not one object missing, every one.
            let people: &[Seen] =
                if (60..120).contains(&frame) { &[] } else { &[(0, walkers[0]), (1, walkers[1])] };
            let tracks = scene.frame(frame, people);
            let found = walkers.iter().filter_map(|walker| at(&tracks, *walker));
            seen.insert(frame, found.map(|t| (t.id, t.source)).collect());
        }
        let (before, after) = (&seen[&55], &seen[&120]);
        assert_eq!(before.len(), 2, "stride {stride}");
        for (before, after) in before.iter().zip(after) {
            assert_eq!(before.0, after.0, "stride {stride}");
            assert_eq!((before.1, after.1), (TrackSource::ByteTrack, TrackSource::DeepSort));
        }
        assert_eq!(scene.tracker.counts().reidentified, 2, "stride {stride}");
    }
}

#[test]
fn ids_are_never_used_twice() {
    for kind in [Kind::Hybrid, Kind::ByteTrack, Kind::DeepSort] {
        let mut scene = Scene::new(kind);
        let mut ids = BTreeMap::new();
        for visit in 0..100_i64 {
            let place = [200.0 + 10.0 * visit as f64, 300.0];
            for frame in 0..10 {
                // Twenty minutes between two visitors, who look alike.
                for track in scene.frame(visit * 36_000 + frame, &[(0, place)]) {
                    assert_eq!(*ids.entry(track.id).or_insert(visit), visit, "{kind:?}");
                }
            }
        }
        assert_eq!(ids.len(), 100, "{kind:?}: one id for each visitor");
    }
}

#[test]
fn classes_keep_to_themselves_unless_they_are_related() {
    let (car, truck, person) = (ClassId(2), ClassId(7), ClassId(0));
    let related = ClassRule::Related(vec![(car, truck)]);
    for (kind, classes, turned, expected) in [
        (Kind::Hybrid, ClassRule::Same, truck, 2),
        (Kind::Hybrid, related.clone(), truck, 1),
        (Kind::Hybrid, related.clone(), person, 2),
        (Kind::Hybrid, ClassRule::Any, person, 1),
        (Kind::ByteTrack, ClassRule::Same, truck, 2),
        (Kind::ByteTrack, related, truck, 1),
    ] {
        let mut tracker = build(kind, &Settings { classes, ..Settings::default() });
        let mut ids = std::collections::BTreeSet::new();
        for frame in 0..40 {
            let class = if frame < 20 { car } else { turned };
            let bbox = Rect::from_center(300.0 + frame as f64, 200.0, 120.0, 60.0);
            let at = MediaTime::from_90k(frame * 3000);
            let _ = tracker.update(at, &[Detection { bbox, class, score: 0.9 }]);
            tracker.resume(&[]);
            let tracks = tracker.peek(at);
            ids.extend(tracks.iter().map(|t| t.id));
            if frame == 19 {
                assert_eq!(tracks[0].class, car);
            }
            if frame == 39 && expected == 1 {
                // What it was detected as of late weighs most.
                assert_eq!(tracks[0].class, turned);
            }
        }
        assert_eq!(ids.len(), expected, "{kind:?} {turned:?}");
    }
}

#[test]
fn somebody_else_in_the_same_place_is_somebody_else() {
    let mut scene = Scene::new(Kind::Hybrid);
    let place = [400.0, 300.0];
    let mut ids = Vec::new();
    for frame in 0..200 {
        let people: &[Seen] = match frame {
            0..60 => &[(0, place)],
            // Longer than motion alone looks for somebody.
            60..110 => &[],
            _ => &[(5, place)],
        };
        let tracks = scene.frame(frame, people);
        if matches!(frame, 59 | 150) {
            ids.push(at(&tracks, place).map(|t| (t.id, t.source)));
        }
    }
    let (before, after) = (ids[0].unwrap(), ids[1].unwrap());
    assert_ne!(before.0, after.0);
    assert_eq!(after.1, TrackSource::ByteTrack);
    assert_eq!(scene.tracker.counts().reidentified, 0);
}

#[test]
fn two_who_vanish_together_come_back_as_themselves() {
    let mut scene = Scene::new(Kind::Hybrid);
    let (left, right) = ([400.0, 300.0], [520.0, 300.0]);
    let mut ids = Vec::new();
    for frame in 0..200 {
        // They change places while nobody sees them.
        let people: &[Seen] = match frame {
            0..60 => &[(0, left), (1, right)],
            60..130 => &[],
            _ => &[(1, left), (0, right)],
        };
        let tracks = scene.frame(frame, people);
        if matches!(frame, 59 | 135 | 199) {
            ids.push([at(&tracks, left).unwrap().id, at(&tracks, right).unwrap().id]);
        }
    }
    assert_eq!(ids[1], [ids[0][1], ids[0][0]]);
    assert_eq!(ids[2], ids[1]);
}

#[test]
fn at_six_per_second_ids_stay_and_velocities_are_right() {
    let mut scene = Scene::new(Kind::Hybrid);
    let people = |frame: i64| -> Vec<Seen> {
        let way = frame as f64;
        // 90, −120 and 60 pixels per second.
        vec![
            (0, [100.0 + 3.0 * way, 200.0]),
            (1, [1100.0 - 4.0 * way, 420.0]),
            (2, [300.0, 100.0 + 2.0 * way]),
        ]
    };
    let mut ids = std::collections::BTreeSet::new();
    for frame in 0..200 {
        if frame % 5 == 0 {
            let tracks = scene.frame(frame, &people(frame));
            ids.extend(tracks.iter().map(|t| t.id));
            continue;
        }
        let tracks = scene.tracker.peek(MediaTime::from_90k(frame * 3000));
        if frame < 60 {
            continue;
        }
        assert_eq!(tracks.len(), 3, "frame {frame}");
        for (track, (_, [x, y])) in tracks.iter().zip(people(frame)) {
            assert_eq!(track.state, TrackState::Predicted);
            assert_eq!(track.age_us, (frame % 5) * 100_000 / 3);
            let [cx, cy] = track.bbox.center();
            assert!((cx - x).hypot(cy - y) < 4.0, "frame {frame}: {track:?} but {x} {y}");
        }
        let velocities = [[90.0, 0.0], [-120.0, 0.0], [0.0, 60.0]];
        for (track, [vx, vy]) in tracks.iter().zip(velocities) {
            for (got, expected) in track.velocity.iter().zip([vx, vy, vx, vy]) {
                assert!((got - expected).abs() < 20.0, "frame {frame}: {track:?}");
            }
        }
    }
    assert_eq!(ids.len(), 3);
}

#[test]
fn predicted_boxes_die_soon_and_do_not_fly_away() {
    for kind in [Kind::Hybrid, Kind::ByteTrack] {
        let mut scene = Scene::new(kind);
        for frame in 0..60 {
            scene.frame(frame, &[(0, [100.0 + 10.0 * frame as f64, 300.0])]);
        }
        for frame in 60..100 {
            let tracks = scene.frame(frame, &[]);
            // Matched last on frame 59; half a second is 15 frames.
            let expected = usize::from(frame <= 74);
            assert_eq!(tracks.len(), expected, "{kind:?} frame {frame}");
            assert!(tracks.iter().all(|t| t.state == TrackState::Predicted));
        }
        let far = MediaTime::from_90k(3_600 * 90_000);
        assert!(scene.tracker.peek(far).is_empty());
    }
}

#[test]
fn a_camera_that_pans_takes_its_tracks_along() {
    let mut scene = Scene::new(Kind::Hybrid);
    let mut ids = std::collections::BTreeSet::new();
    for frame in (0..100).step_by(5) {
        // The scene slides by 60 px between two detections, further than a box is wide, back and
        // forth so that no velocity explains it.
        let step = frame / 5;
        let shift = if step % 2 == 0 { 0.0 } else { 60.0 };
        if step > 0 {
            let tx = if step % 2 == 0 { -60.0 } else { 60.0 };
            scene.tracker.move_camera([1.0, 0.0, tx, 0.0, 1.0, 0.0]);
        }
        let tracks =
            scene.frame(frame, &[(0, [300.0 + shift, 300.0]), (1, [700.0 + shift, 300.0])]);
        ids.extend(tracks.iter().map(|t| t.id));
    }
    assert_eq!(ids.len(), 2);
}

#[test]
fn a_reconnection_of_four_seconds_keeps_the_ids() {
    let mut scene = Scene::new(Kind::Hybrid);
    let mut ids = std::collections::BTreeSet::new();
    for frame in (0..60).chain(180..240) {
        let tracks = scene.frame(frame, &[(0, [300.0, 300.0]), (1, [700.0, 300.0])]);
        ids.extend(tracks.iter().map(|t| t.id));
    }
    assert_eq!(ids.len(), 2);
}

#[test]
fn a_forgotten_resume_is_made_good() {
    let mut tracker = build(Kind::Hybrid, &Settings::default());
    let person = |x: f64| Detection {
        bbox: Rect::from_center(x, 300.0, 50.0, 130.0),
        class: ClassId(0),
        score: 0.9,
    };
    for frame in 0..10 {
        // Embeddings are asked for and never come.
        let _ = tracker.update(MediaTime::from_90k(frame * 3000), &[person(300.0)]);
    }
    tracker.resume(&[None, None, None]);
    tracker.resume(&[]);
    let tracks = tracker.peek(MediaTime::from_90k(9 * 3000));
    assert_eq!(tracks.len(), 1);
    // The same frame again, and one from the past, change nothing.
    for frame in [9, 3] {
        assert_eq!(tracker.update(MediaTime::from_90k(frame * 3000), &[]), Update::Done);
    }
    assert_eq!(tracker.peek(MediaTime::from_90k(9 * 3000)), tracks);
    assert_eq!(tracker.counts().stale_updates, 2);
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        10 => -100.0..2000.0,
        1 => Just(f64::NAN),
        1 => Just(f64::INFINITY),
        1 => Just(-1e308),
        1 => Just(0.0),
    ]
}

/// A width or height; one in four is none or less than none.
fn size() -> impl Strategy<Value = f64> {
    prop_oneof![6 => 1.0..300.0, 1 => Just(0.0), 1 => -50.0..0.0]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn nothing_makes_it_panic_or_publish_nonsense(
        kind in prop_oneof![Just(Kind::Hybrid), Just(Kind::ByteTrack), Just(Kind::DeepSort)],
        updates in prop::collection::vec(
            (
                -50_000_i64..500_000,
                prop::collection::vec((number(), number(), size(), size(), number(), 0..3_u16), 0..12),
                prop::option::of(prop::array::uniform6(number())),
                0..6_usize,
            ),
            1..25,
        ),
    ) {
        let mut tracker = build(kind, &Settings::default());
        let mut random = Random(3);
        let mut now = 0;
        let mut newest: Option<MediaTime> = None;
        let mut expected = razz_track::Counts::default();
        for (step, boxes, camera, looks) in updates {
            now += step;
            let at = MediaTime::from_90k(now);
            let stale = newest.is_some_and(|newest| at <= newest);
            newest = newest.max(Some(at));
            let detections: Vec<_> = boxes
                .iter()
                .map(|&(x, y, w, h, score, class)| Detection {
                    bbox: Rect::new(x, y, x + w, y + h),
                    class: ClassId(class),
                    score: score / 1000.0,
                })
                .collect();
            if let Some(affine) = camera {
                tracker.move_camera(affine);
                let finite = affine.iter().all(|v| v.is_finite());
                if kind == Kind::Hybrid && !finite {
                    prop_assert!(tracker.counts().refused_motions > expected.refused_motions);
                }
                expected.refused_motions = tracker.counts().refused_motions;
            }
            if stale {
                expected.stale_updates += 1;
            } else {
                expected.updates += 1;
                for Detection { bbox, score, .. } in &detections {
                    let sane = bbox.to_array().iter().all(|v| v.abs() < 1e9)
                        && bbox.width() >= 0.0 && bbox.height() > 0.0 && score.is_finite();
                    expected.refused_detections += u64::from(!sane);
                    let outside = sane && !(0.0..=1.0).contains(score);
                    expected.limited_scores += u64::from(outside);
                }
            }
            if let Update::NeedEmbeddings(wanted) = tracker.update(at, &detections) {
                prop_assert!(wanted.windows(2).all(|w| w[0] < w[1]));
                prop_assert!(wanted.iter().all(|&i| i < detections.len()));
                let looks: Vec<_> = (0..looks).map(|i| look(i % 3, &mut random, 0.2)).collect();
                tracker.resume(&looks);
            }
            let counts = tracker.counts();
            expected.embeddings_asked = counts.embeddings_asked;
            expected.reidentified = counts.reidentified;
            prop_assert_eq!(counts, expected, "what was refused is counted");
            for later in [0, 1000, 20_000, i64::MAX / 2] {
                let tracks = tracker.peek(newest.unwrap_or(at).plus_90k(later));
                prop_assert!(tracks.windows(2).all(|w| w[0].id < w[1].id), "an id twice");
                for track in &tracks {
                    prop_assert!(track.bbox.is_finite() && track.velocity.iter().all(|v| v.is_finite()));
                    prop_assert!(track.bbox.width() >= 0.0 && track.bbox.height() >= 0.0);
                    prop_assert!((0..=500_000).contains(&track.age_us));
                    prop_assert_eq!(track.age_us == 0, track.state == TrackState::Matched);
                }
            }
        }
    }
}

#[test]
fn ten_thousand_boxes_are_survived() {
    for kind in [Kind::Hybrid, Kind::ByteTrack, Kind::DeepSort] {
        let mut tracker = build(kind, &Settings::default());
        let mut random = Random(11);
        for frame in 0..2 {
            let boxes: Vec<_> = (0..10_000)
                .map(|_| Detection {
                    bbox: Rect::from_center(
                        1920.0 * random.next(),
                        1080.0 * random.next(),
                        9.0,
                        20.0,
                    ),
                    class: ClassId(0),
                    score: random.next(),
                })
                .collect();
            let _ = tracker.update(MediaTime::from_90k(frame * 3000), &boxes);
            tracker.resume(&[]);
        }
        assert_eq!(tracker.counts().refused_detections, 18_000, "{kind:?}");
    }
}

#[test]
fn absurd_settings_do_not_panic() {
    let default = Settings::default();
    let mut absurd = Vec::new();
    for value in [0.0, -1.0, 1e308, f64::NAN, f64::INFINITY] {
        absurd.push(Settings { frame_rate: value, ..default.clone() });
        absurd.push(Settings { match_threshold: value, ..default.clone() });
        absurd.push(Settings { track_threshold: value, ..default.clone() });
    }
    absurd.push(Settings { track_buffer: u32::MAX, frame_rate: 1000.0, ..default.clone() });
    absurd.push(Settings { publish_lost_us: i64::MIN, ..default.clone() });
    let reid = razz_track::Reid { gallery: 0, refresh_us: i64::MAX, ..default.reid.clone() };
    absurd.push(Settings { reid, ..default.clone() });
    let deepsort = razz_track::DeepSortSettings {
        gallery: 0,
        max_age: u32::MAX,
        n_init: 0,
        ..default.deepsort.clone()
    };
    absurd.push(Settings { deepsort, ..default });
    for settings in &absurd {
        for kind in [Kind::Hybrid, Kind::ByteTrack, Kind::DeepSort] {
            let tracker = build(kind, settings);
            let mut scene = Scene { tracker, random: Random(5), asked: 0 };
            for frame in [0, 1, 2, 3, 40, 100_000_000, 100_000_001] {
                for track in scene.frame(frame, &[(0, [300.0, 300.0]), (1, [500.0, 300.0])]) {
                    assert!(track.bbox.is_finite(), "{kind:?} {settings:?}");
                }
            }
        }
    }
}
