//! What a frame costs: 10 areas and 50 objects, and 20 areas and 50 objects.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use razz_analytics::{Analytics, Area, AreaId, InSide, Settings};
use razz_base::{
    CameraId, ClassId, FrameKey, MediaTime, Rect, Size, Track, TrackFrame, TrackId, TrackSource,
    TrackState, WallQuality, WallTime,
};

/// People who walk up and down over the whole picture; each is somebody new after a minute.
fn tracks(people: u64, frame: u64) -> Vec<Track> {
    let person = |i: u64| {
        let phase = frame as f64 / 40.0 + i as f64;
        let x = 40.0 + 37.0 * i as f64;
        let y = 600.0 + 350.0 * phase.sin();
        Track {
            id: TrackId::new(1, i + 100 * ((frame + 36 * i) / 1800)),
            bbox: Rect::new(x - 20.0, y - 120.0, x + 20.0, y),
            class: ClassId(0),
            confidence: 0.9,
            source: TrackSource::ByteTrack,
            state: TrackState::Matched,
            age_us: 0,
            velocity: [0.0; 4],
        }
    };
    (0..people).map(person).collect()
}

/// Lines and zones by turns, the zones with eight corners.
fn areas(count: u32) -> Vec<Area> {
    let area = |i: u32| {
        let at = f64::from(i) / f64::from(count);
        let name = format!("area {i}");
        if i.is_multiple_of(2) {
            let line = vec![[0.05, 0.3 + 0.5 * at], [0.5, 0.4], [0.95, 0.3 + 0.5 * at]];
            return Area::line(AreaId(i), &name, line, InSide::Right).unwrap();
        }
        let corner = |k: u32| {
            let angle = std::f64::consts::TAU * f64::from(k) / 8.0;
            [0.15 + 0.7 * at + 0.12 * angle.cos(), 0.6 + 0.3 * angle.sin()]
        };
        Area::zone(AreaId(i), &name, (0..8).map(corner).collect()).unwrap()
    };
    (0..count).map(area).collect()
}

fn frames(c: &mut Criterion) {
    let mut group = c.benchmark_group("frame");
    let camera = CameraId::new(1).unwrap();
    for count in [10, 20] {
        let mut analytics = Analytics::new(camera, areas(count), Settings::default());
        let (mut frame, mut events) = (0, 0_u64);
        let mut step = || {
            let key = FrameKey { camera, time: MediaTime::from_90k(3000 * frame as i64) };
            let frame_of_tracks = TrackFrame {
                key,
                wall: WallTime { us: 0, quality: WallQuality::Arrival },
                size: Size::new(1920, 1080),
                detected: true,
                tracks: tracks(50, frame).into(),
            };
            analytics.handle(black_box(&frame_of_tracks)).unwrap();
            events += std::iter::from_fn(|| analytics.poll_event()).count() as u64;
            frame += 1;
        };
        // Half a minute, so that there are tracks that ended as well.
        (0..900).for_each(|_| step());
        group.bench_function(BenchmarkId::new("50 objects", format!("{count} areas")), |b| {
            b.iter(&mut step);
        });
        assert!(events > 0, "somebody crosses something");
    }
    group.finish();

    let mut analytics = Analytics::new(camera, areas(10), Settings::default());
    for frame in 0..900 {
        let key = FrameKey { camera, time: MediaTime::from_90k(3000 * frame as i64) };
        let wall = WallTime { us: 0, quality: WallQuality::Arrival };
        let (size, tracks) = (Size::new(1920, 1080), tracks(50, frame).into());
        analytics.handle(&TrackFrame { key, wall, size, detected: true, tracks }).unwrap();
    }
    c.bench_function("snapshot", |b| b.iter(|| black_box(analytics.snapshot())));
}

criterion_group!(benches, frames);
criterion_main!(benches);
