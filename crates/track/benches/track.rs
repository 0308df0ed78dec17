//! What one update costs, with 35, 100 and 500 boxes, for every kind of tracker.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use razz_base::{ClassId, Detection, Embedding, MediaTime, Rect};
use razz_track::{Kind, Settings, Update, build};

/// People who walk up and down their lanes; every tenth detection is faint, every 37th missing.
fn scene(people: usize, frame: u64) -> Vec<Detection> {
    let seen = |i: &usize| !(frame + 7 * *i as u64).is_multiple_of(37);
    let person = |i: usize| {
        let (lane, place) = (i % 20, i / 20);
        let phase = frame as f64 / 20.0 + i as f64;
        let x = 60.0 + 90.0 * lane as f64 + 30.0 * phase.sin();
        let y = 100.0 + 38.0 * place as f64;
        let score = if (frame as usize + i).is_multiple_of(10) { 0.35 } else { 0.9 };
        Detection { bbox: Rect::from_center(x, y, 35.0, 90.0), class: ClassId(0), score }
    };
    (0..people).filter(seen).map(person).collect()
}

fn updates(c: &mut Criterion) {
    let mut group = c.benchmark_group("update");
    let look = Embedding::normalised(&[1.0; 128]);
    for (name, kind) in
        [("bytetrack", Kind::ByteTrack), ("hybrid", Kind::Hybrid), ("deepsort", Kind::DeepSort)]
    {
        for people in [35, 100, 500] {
            // DeepSORT compares every look with a hundred others: there is nothing to learn at 500.
            if kind == Kind::DeepSort && people > 100 {
                continue;
            }
            let frames: Vec<_> = (0..740).map(|frame| scene(people, frame)).collect();
            let mut tracker = build(kind, &Settings::default());
            let mut frame = 0;
            let mut step = || {
                let at = MediaTime::from_90k(frame as i64 * 3000);
                if let Update::NeedEmbeddings(wanted) =
                    tracker.update(at, black_box(&frames[frame % frames.len()]))
                {
                    tracker.resume(&vec![look.clone(); wanted.len()]);
                }
                frame += 1;
            };
            // Galleries and lists fill before anything is measured.
            (0..200).for_each(|_| step());
            group.bench_function(BenchmarkId::new(name, people), |b| b.iter(&mut step));
        }
    }
    group.finish();

    let mut tracker = build(Kind::Hybrid, &Settings::default());
    for frame in 0..60 {
        if let Update::NeedEmbeddings(_) =
            tracker.update(MediaTime::from_90k(frame * 3000), &scene(35, frame as u64))
        {
            tracker.resume(&[]);
        }
    }
    let between = MediaTime::from_90k(59 * 3000 + 1500);
    c.bench_function("peek/hybrid/35", |b| b.iter(|| black_box(&tracker).peek(between)));
}

criterion_group!(benches, updates);
criterion_main!(benches);
