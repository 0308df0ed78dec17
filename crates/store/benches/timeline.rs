//! What a timeline costs with 90 days of 16 cameras in the index, and a start with 100,000 files in the folder.
//!
//! `cargo bench -p razz-store` makes an index of 1.5 GB under `target/tmp` first, which takes a minute.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use razz_base::{CameraId, MediaTime, MonoTime};
use razz_store::archive::{Archive, Moment};
use razz_store::check::Differences;
use razz_store::disk::Root;
use razz_store::index::{Dated, Gap, GapReason, Index};
use razz_store::keep::make_room;
use razz_store::name::FileName;
use razz_store::now_written::NowWritten;
use razz_store::space::Limits;
use razz_store::writer::{Durability, Writer};
use rusqlite::{Connection, params};

const CAMERAS: u32 = 16;
const DAYS: i64 = 90;
const MINUTES_A_DAY: i64 = 1440;
/// 2026-11-30 14:03 UTC, in UNIX seconds: when it all ends.
const END_S: i64 = 1_796_047_380;
/// A camera is away for the last minute of so many.
const BREAK_EACH: i64 = 13_000;
/// Files of the folder that a start has to compare with the index.
const FILES: i64 = 100_000;

fn cameras() -> impl Iterator<Item = CameraId> {
    (1..=CAMERAS).filter_map(CameraId::new)
}

/// When the `n`th minute begins: media time, and UTC in µs, which the camera's clock falls behind by 20 ppm.
fn begins(camera: CameraId, n: i64) -> (i64, i64) {
    let us = (END_S + (n - DAYS * MINUTES_A_DAY) * 60) * 1_000_000;
    let us = us + i64::from(camera.as_u32()) * 7_310_000 % 60_000_000;
    (us / 100 * 9, us + n * 60 * 20)
}

/// Rows as the writer makes them, 90 fragments in each, and a person in every minute.
fn fill(path: &Path, minutes: i64) {
    drop(Index::open(path).unwrap());
    let database = Connection::open(path).unwrap();
    let fragments = [&[0u8, 0xA0, 0x9F, 5, 0xF0, 60][..]; 90].concat();
    database.execute_batch("BEGIN").unwrap();
    {
        let mut file = database
            .prepare(
                "INSERT INTO recording (camera, name, begins, ends, wall, quality, run, header, bytes, frames, ended, \
                 fragments) VALUES (?1, ?2, ?3, ?4, ?5, 1, 1, 900, 30000000, 1800, 1, ?6)",
            )
            .unwrap();
        let mut count =
            database.prepare("INSERT INTO density VALUES (?1, ?2, ?3, 'person', 3, 1)").unwrap();
        for camera in cameras() {
            for n in (0..minutes).filter(|n| n % BREAK_EACH != BREAK_EACH - 1) {
                let (ticks, us) = begins(camera, n);
                let row =
                    params![camera.as_u32(), us / 1000, ticks, ticks + 5_400_000, us, fragments];
                file.execute(row).unwrap();
            }
            for n in 0..minutes {
                let at = END_S / 3600 * 3600 + (n - minutes) * 60;
                count.execute(params![camera.as_u32(), 0, at]).unwrap();
                if at % 3600 == 0 {
                    count.execute(params![camera.as_u32(), 1, at]).unwrap();
                }
            }
        }
    }
    database.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(database);
    let index = Index::open(path).unwrap().0;
    index.rebuild_stretches().unwrap();
    for camera in cameras() {
        for n in (0..minutes).filter(|n| n % BREAK_EACH == BREAK_EACH - 1) {
            let [from, until] = [n, n + 1].map(|n| MediaTime::from_90k(begins(camera, n).0));
            index.put_gap(camera, Gap { from, until, reason: GapReason::CameraGone }).unwrap();
        }
    }
}

fn timeline(criterion: &mut Criterion) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("timeline");
    let _ = fs::remove_dir_all(&folder);
    let root = Root::open(&folder).unwrap();
    let path = folder.join(razz_store::INDEX);
    fill(&path, DAYS * MINUTES_A_DAY);
    let archive = Archive::new(root.clone(), Index::open(&path).unwrap().0, NowWritten::default());
    let mut group = criterion.benchmark_group("timeline");
    group.sample_size(10);
    for (name, from, days) in [("90_days", 90, 90), ("last_day", 1, 1), ("day_long_ago", 80, 1)] {
        let from = END_S - from * 86_400;
        let span = [from, from + days * 86_400];
        group.bench_function(format!("coverage/{name}"), |bencher| {
            bencher.iter(|| {
                let [from, until] = span.map(|at| Moment::Wall(at * 1_000_000));
                for camera in cameras() {
                    let coverage = archive.coverage(camera, from, until).unwrap();
                    assert!(!coverage.stretches.is_empty());
                    black_box(coverage);
                }
            });
        });
        group.bench_function(format!("density/{name}"), |bencher| {
            bencher.iter(|| {
                for camera in cameras() {
                    black_box(archive.density(camera, span, 400).unwrap());
                }
            });
        });
    }
    let index = Index::open(&path).unwrap().0;
    group.bench_function("make_room/nothing_due", |bencher| {
        bencher.iter(|| {
            make_room(&root, &index, &Limits::default(), END_S * 1_000_000).unwrap();
        });
    });
    // Everything may have to go, and nothing may.
    for camera in cameras() {
        let [from, until] =
            [0, i64::MAX].map(|ticks| Dated { time: MediaTime::from_90k(ticks), wall_us: 0 });
        index.lock(camera, [from, until], "", "", 0).unwrap();
    }
    group.bench_function("make_room/all_locked", |bencher| {
        let limits = Limits { max_bytes: Some(0), ..Limits::default() };
        bencher.iter(|| {
            let kept = make_room(&root, &index, &limits, END_S * 1_000_000).unwrap();
            assert!(kept.removed == 0 && kept.lacking > 0);
        });
    });
    let camera = cameras().next().unwrap();
    let name = FileName::at_us(begins(camera, 70_000).1);
    let entry = index.entry(camera, name).unwrap().unwrap();
    group.bench_function("put", |bencher| bencher.iter(|| index.put(camera, &entry).unwrap()));
    let database = Connection::open(&path).unwrap();
    for (name, has_ended) in [("open/after_an_end", true), ("open/after_a_crash", false)] {
        database.execute("UPDATE writer SET ended = ?1", [has_ended]).unwrap();
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(Index::open(&path).unwrap()));
        });
    }
    group.finish();
    let _ = fs::remove_dir_all(&folder);
}

fn start(criterion: &mut Criterion) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("start");
    let _ = fs::remove_dir_all(&folder);
    let root = Root::open(&folder).unwrap();
    let path = folder.join(razz_store::INDEX);
    let minutes = FILES / i64::from(CAMERAS);
    fill(&path, minutes);
    for camera in cameras() {
        for n in 0..minutes {
            let file = root.path_of(camera, FileName::at_us(begins(camera, n).1));
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, b"x").unwrap();
        }
    }
    let mut group = criterion.benchmark_group("start");
    group.sample_size(10);
    group.bench_function("100000_files", |bencher| {
        bencher.iter(|| {
            let root = Root::open(&folder).unwrap();
            let (index, is_new) = Index::open(&path).unwrap();
            let opened = Writer::open(root.clone(), index, Durability::Each, MonoTime::from_us(0));
            let (writer, mended) = opened.unwrap();
            let differences = Differences::look(&root, writer.index()).unwrap();
            assert!(!is_new && mended == 0 && differences.missing.is_empty());
            black_box((writer, differences));
        });
    });
    group.finish();
    let _ = fs::remove_dir_all(&folder);
}

criterion_group!(benches, timeline, start);
criterion_main!(benches);
