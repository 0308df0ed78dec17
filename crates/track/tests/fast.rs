//! What is fast at a few detections a second: coming in over the picture's border, and further
//! from look to look than it is wide.

use razz_base::{ClassId, Detection, MediaTime, Rect, Size, Track};
use razz_track::{Kind, Settings, Tracker, Update, build};

const PICTURE: Size = Size::new(1280, 720);
/// Frames of 30 a second from one detection to the next.
const STRIDE: i64 = 5;

fn hybrid() -> Box<dyn Tracker> {
    build(Kind::Hybrid, &Settings::default())
}

fn update(tracker: &mut dyn Tracker, frame: i64, boxes: &[Rect]) {
    let found = |bbox: &Rect| Detection { bbox: *bbox, class: ClassId(2), score: 0.9 };
    let found: Vec<Detection> = boxes.iter().map(found).collect();
    if let Update::NeedEmbeddings(_) = tracker.update(MediaTime::from_90k(frame * 3000), &found) {
        tracker.resume(&[]);
    }
}

fn peek(tracker: &dyn Tracker, frame: i64) -> Vec<Track> {
    tracker.peek(MediaTime::from_90k(frame * 3000))
}

fn iou(a: &Rect, b: &Rect) -> f64 {
    let width = (a.right.min(b.right) - a.left.max(b.left)).max(0.0);
    let height = (a.bottom.min(b.bottom) - a.top.max(b.top)).max(0.0);
    width * height / (a.area() + b.area() - width * height)
}

/// The mean IoU, from when it is wholly in the picture to when it begins to leave, of something
/// that moves by `step` pixels a frame through the picture, drawn on every frame.
fn followed(step: [f64; 2], size: [f64; 2], told: bool) -> f64 {
    let mut tracker = hybrid();
    if told {
        tracker.see_picture(PICTURE);
    }
    let across = 0.5 * f64::from(PICTURE.width);
    let down = 0.5 * f64::from(PICTURE.height);
    // It is in the middle at frame 45.
    let place = |frame: i64| {
        let since = (frame - 45) as f64;
        Rect::from_center(across + step[0] * since, down + step[1] * since, size[0], size[1])
    };
    let (mut sum, mut count) = (0.0, 0.0);
    for frame in 0..90 {
        let (whole, part) = (place(frame), place(frame).clipped(PICTURE));
        if frame % STRIDE == 0 {
            let seen = if part.area() > 0.1 * whole.area() { vec![part] } else { vec![] };
            update(tracker.as_mut(), frame, &seen);
        }
        if part == whole {
            let tracks = peek(tracker.as_ref(), frame);
            let overlaps = tracks.iter().map(|track| iou(&track.bbox, &whole));
            sum += overlaps.max_by(f64::total_cmp).unwrap_or(0.0);
            count += 1.0;
        }
    }
    assert!(count > 10.0, "it was in the picture");
    sum / count
}

#[test]
fn who_comes_in_is_followed_from_the_border_on() {
    for (name, step, size) in [
        ("from the left", [21.0, 0.0], [190.0, 90.0]),
        ("from the right", [-21.0, 0.0], [190.0, 90.0]),
        ("from above", [0.0, 12.0], [120.0, 110.0]),
        ("from below", [0.0, -12.0], [120.0, 110.0]),
    ] {
        let [told, untold] = [true, false].map(|told| followed(step, size, told));
        assert!(told > 0.9, "{name}: {told}");
        assert!(told > untold + 0.05, "{name}: {told} against {untold}");
    }
}

#[test]
fn who_goes_further_than_its_own_width_is_followed_where_there_is_no_doubt() {
    let car = |frame: i64, y: f64| Rect::from_center(100.0 + 22.0 * frame as f64, y, 90.0, 60.0);
    let alone = |frame: i64| vec![car(frame, 300.0)];
    let with_another = |frame: i64| vec![car(frame, 300.0), car(frame, 340.0)];
    for (name, boxes, ids) in
        [("alone", &alone as &dyn Fn(i64) -> Vec<Rect>, 1), ("a row of two", &with_another, 0)]
    {
        let mut tracker = hybrid();
        let mut first = Vec::new();
        for frame in (0..30).step_by(STRIDE as usize) {
            update(tracker.as_mut(), frame, &boxes(frame));
            if frame == 0 {
                first = peek(tracker.as_ref(), frame);
            }
        }
        let last = peek(tracker.as_ref(), 25);
        let same = last.iter().filter(|track| {
            let fits = boxes(25).iter().any(|bbox| iou(bbox, &track.bbox) > 0.9);
            fits && first.iter().any(|old| old.id == track.id)
        });
        assert_eq!(same.count(), ids, "{name}: {first:?} {last:?}");
    }
}

#[test]
fn nobody_is_followed_to_where_a_stranger_stands() {
    let here = Rect::new(100.0, 300.0, 190.0, 360.0);
    for (name, later) in [
        ("much larger", Rect::new(200.0, 250.0, 340.0, 380.0)),
        ("too far away", Rect::new(500.0, 300.0, 590.0, 360.0)),
    ] {
        let mut tracker = hybrid();
        update(tracker.as_mut(), 0, &[here]);
        let id = peek(tracker.as_ref(), 0)[0].id;
        update(tracker.as_mut(), 5, &[later]);
        update(tracker.as_mut(), 10, &[later]);
        let there = peek(tracker.as_ref(), 10);
        let stranger = there.iter().find(|track| iou(&track.bbox, &later) > 0.5);
        assert!(stranger.is_some_and(|track| track.id != id), "{name}: {there:?}");
    }
}
