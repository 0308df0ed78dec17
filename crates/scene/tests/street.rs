//! The street: a pure function of seed and frame, whose truth lies where its pixels do.

use razz_base::{ClassId, Rect};
use razz_scene::{Canvas, Street, Truth};

/// Mean difference of two pictures inside a box, in steps of 256, over all colours.
fn difference(a: &Canvas, b: &Canvas, part: Rect) -> f64 {
    let width = a.size().width as usize;
    let (mut sum, mut count) = (0u64, 0u64);
    for y in part.top as usize..part.bottom as usize {
        for x in part.left as usize..part.right as usize {
            let at = (y * width + x) * 4;
            for channel in at..at + 3 {
                sum += u64::from(a.rgba()[channel].abs_diff(b.rgba()[channel]));
                count += 1;
            }
        }
    }
    sum as f64 / count.max(1) as f64
}

const WHOLE: Rect = Rect::new(0.0, 0.0, 1280.0, 720.0);

#[test]
fn the_same_seed_and_frame_look_the_same_in_any_order() {
    let (street, again, other) = (Street::new(3), Street::new(3), Street::new(4));
    let (mut a, mut b) = (Canvas::new(), Canvas::new());
    street.render(777, &mut a);
    again.render(12, &mut b);
    again.render(777, &mut b);
    assert_eq!(a.rgba(), b.rgba());
    assert_eq!(street.truth(777), again.truth(777));
    other.render(777, &mut b);
    assert!(difference(&a, &b, WHOLE) > 10.0, "another seed is another street");
    assert!(a.rgba().chunks_exact(4).all(|pixel| pixel[3] == 255), "opaque");
}

#[test]
fn a_period_closes_without_a_seam() {
    let street = Street::new(1);
    let (mut a, mut b) = (Canvas::new(), Canvas::new());
    street.render(0, &mut a);
    street.render(Street::PERIOD, &mut b);
    assert_eq!(a.rgba(), b.rgba());
    let step = |from: u64| {
        let (mut a, mut b) = (Canvas::new(), Canvas::new());
        street.render(from, &mut a);
        street.render(from + 1, &mut b);
        difference(&a, &b, WHOLE)
    };
    let (seam, usual) = (step(Street::PERIOD - 1), step(400));
    assert!(seam < usual * 2.0, "{seam} over the seam, {usual} elsewhere");
    // Nobody jumps there either: whoever is well inside stays within a stride.
    let near = |truth: &Truth, others: &[Truth]| {
        others
            .iter()
            .filter(|other| other.object == truth.object)
            .any(|other| (other.bbox.center()[0] - truth.bbox.center()[0]).abs() < 40.0)
    };
    let after = street.truth(0);
    for truth in street.truth(Street::PERIOD - 1) {
        assert!(truth.inside < 1.0 || near(&truth, &after), "{truth:?}");
    }
}

#[test]
fn truth_boxes_hold_painted_pixels() {
    // The same street at another moment differs where somebody is, and hardly elsewhere.
    for seed in [1, 2, 9] {
        let street = Street::new(seed);
        let (mut now, mut later) = (Canvas::new(), Canvas::new());
        for frame in [50, 450] {
            let later_frame = frame + 300;
            street.render(frame, &mut now);
            street.render(later_frame, &mut later);
            let (here, there) = (street.truth(frame), street.truth(later_frame));
            let free = |part: Rect, all: &[Truth], except: u32| {
                all.iter().all(|o| o.object == except || o.bbox.iou(&part) == 0.0)
            };
            let mut compared = 0;
            for truth in &here {
                let moved = there.iter().all(|o| o.object != truth.object)
                    && free(truth.bbox, &there, truth.object)
                    && free(truth.bbox, &here, truth.object);
                if moved && truth.visible > 0.9 && truth.inside == 1.0 {
                    let change = difference(&now, &later, truth.bbox);
                    assert!(change > 5.0, "seed {seed} frame {frame}: {change} in {truth:?}");
                    compared += 1;
                }
            }
            let sky = Rect::new(300.0, 40.0, 900.0, 200.0);
            assert!(difference(&now, &later, sky) < 4.0, "the houses stand still");
            assert!(here.is_empty() || compared <= here.len());
        }
    }
}

#[test]
fn people_vanish_behind_things_and_come_back() {
    let street = Street::new(1);
    let mut hidden_since = std::collections::HashMap::new();
    let (mut absences, mut classes) = (Vec::new(), std::collections::BTreeSet::new());
    for frame in 0..Street::PERIOD {
        let truths = street.truth(frame);
        for truth in &truths {
            classes.insert(truth.class);
            assert!((0.0..=1.0).contains(&truth.visible), "{truth:?}");
            assert!(truth.inside > 0.0 && truth.inside <= 1.0 + 1e-9, "{truth:?}");
            assert_eq!(truth.bbox, truth.bbox.clipped(Street::SIZE));
            if truth.class != ClassId(0) {
                continue;
            }
            if truth.visible < 0.1 && truth.inside > 0.99 {
                hidden_since.entry(truth.object).or_insert(frame);
            } else if truth.visible > 0.8
                && let Some(since) = hidden_since.remove(&truth.object)
            {
                absences.push(frame - since);
            }
        }
        let mut ids: Vec<u32> = truths.iter().map(|truth| truth.object).collect();
        // Who left the picture while hidden has not come back.
        hidden_since.retain(|object, _| ids.contains(object));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), truths.len(), "an object is named once");
    }
    // From hardly seen to well seen again takes half a second to three, most times.
    let usual = absences.iter().filter(|frames| (12..=90).contains(*frames)).count();
    assert!(usual >= 5, "{absences:?} frames hidden");
    for class in [0, 2, 5] {
        assert!(classes.contains(&ClassId(class)), "no object of class {class}");
    }
}
