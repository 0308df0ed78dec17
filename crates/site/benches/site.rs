//! What a step costs: 64 cameras with 20 people each, ten steps a second, in areas of four cameras that overlap.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use razz_base::{CameraId, TrackId};
use razz_site::identity::{Observation, Settings, Solver, TrackKey};
use razz_site::plane::Place;
use razz_site::{Site, Sym2};

const CAMERAS: u32 = 64;
const PEOPLE: u32 = 20;

/// Every area of 20 by 20 m is seen by four cameras; people walk in circles.
fn observations(step: i64) -> Vec<Observation> {
    let mut seen = Vec::new();
    for camera in 0..CAMERAS {
        let area = f64::from(camera / 4);
        for person in 0..PEOPLE {
            let phase =
                f64::from(person) * 1.7 + step as f64 * 0.1 * (0.4 + 0.02 * f64::from(person));
            let radius = 1.0 + 0.4 * f64::from(person);
            let noise = 0.05 * f64::from((camera * 7 + person * 3 + step as u32) % 5);
            let at = [40.0 * area + radius * phase.cos() + noise, radius * phase.sin()];
            let key = TrackKey {
                camera: CameraId::new(camera + 1).expect("from 1"),
                track: TrackId(u64::from(person)),
            };
            seen.push(Observation { key, place: Place { at, cov: Sym2::round(0.15) }, mixed: 0.0 });
        }
    }
    seen
}

fn step(criterion: &mut Criterion) {
    let mut solver = Solver::new(Settings::default());
    let mut site = Site::new(Settings::default());
    let mut out = Vec::new();
    for n in 0..50 {
        solver.step(n * 100_000, &observations(n), &mut out);
        site.handle_step(n * 100_000, &observations(n));
    }
    let next = observations(50);
    criterion.bench_function("solver step, 64 cameras x 20", |bencher| {
        bencher.iter_batched(
            || (solver.clone(), Vec::new()),
            |(mut solver, mut out)| {
                solver.step(5_000_000, black_box(&next), &mut out);
                (solver, out)
            },
            BatchSize::LargeInput,
        );
    });
    criterion.bench_function("site step, 64 cameras x 20", |bencher| {
        bencher.iter_batched(
            || site.clone(),
            |mut site| {
                site.handle_step(5_000_000, black_box(&next));
                site
            },
            BatchSize::LargeInput,
        );
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = step
}
criterion_main!(benches);
