//! What a new line over a recorded camera-month takes: `cargo run --release -p razz-facts --example month -- [DAYS]`.
//!
//! Two people at six frames a second around the clock, who walk over the picture; 30 days are 31 million boxes.

#![allow(clippy::print_stdout, reason = "a program")]

use std::path::Path;
use std::time::Instant;

use razz_analytics::{Anchor, InSide, Shape};
use razz_base::{
    CameraId, ClassId, ClassNames, FrameKey, MediaTime, Rect, Size, Track, TrackFrame, TrackId,
    TrackSource, TrackState, WallQuality, WallTime,
};
use razz_facts::{Drawing, PreviewRequest, preview};
use razz_store::archive::{Archive, Moment};
use razz_store::disk::Root;
use razz_store::index::Index;
use razz_store::now_written::NowWritten;
use razz_store::tracks::Recorded;
use razz_store::tracks::block::encode;
use razz_store::tracks::day::{Day, DayFile};

/// 2026-11-01 UTC, in µs.
const BEGIN_US: i64 = 1_793_491_200_000_000;
const DAY_US: i64 = 86_400_000_000;
const STEP_US: i64 = 1_000_000 / 6;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let days: i64 = std::env::args().nth(1).map_or(Ok(30), |days| days.parse())?;
    let camera = CameraId::new(1).ok_or("no camera")?;
    let folder = Path::new("/dev/shm").join(format!("razz-month-{days}"));
    let root = Root::open(&folder)?;
    if root.cameras()?.is_empty() {
        write(&root, camera, days)?;
    }
    let (index, _) = Index::open(&folder.join("index.sqlite"))?;
    let archive = Archive::new(root, index, NowWritten::default());
    let shape = Shape::Line { points: vec![[0.5, 0.2], [0.5, 0.9]], inside: InSide::Right };
    let drawing = Drawing { shape, anchor: Anchor::Foot, classes: Vec::new() };
    for (what, days) in [("the last day", 1), ("the last day again", 1), ("all of it", 0)] {
        let end = Moment::Media(MediaTime::from_90k(i64::MAX / 8));
        let newest = end_us(&archive, camera)?;
        let from = Moment::Wall(if days > 0 { newest - days * DAY_US } else { BEGIN_US });
        let request = PreviewRequest { camera, drawing: drawing.clone(), from, until: end };
        let (begin, mut first) = (Instant::now(), None);
        let found = preview(&archive, &request, |_| {
            first.get_or_insert_with(|| begin.elapsed());
            true
        })?;
        let whole = begin.elapsed();
        println!(
            "{what}: {} in, {} out, {} tracks; first numbers after {:.0} ms, whole {:.0} ms",
            found.counts.ins,
            found.counts.outs,
            found.tracks,
            first.unwrap_or(whole).as_secs_f64() * 1e3,
            whole.as_secs_f64() * 1e3
        );
    }
    let begin = Instant::now();
    let newest = end_us(&archive, camera)?;
    let mut boxes = 0;
    for hour in 1..=24 {
        let at = |hours: i64| Moment::Wall(newest - hours * 3_600_000_000);
        let frames = archive.tracks(camera, at(hour), at(hour - 1))?;
        boxes += frames.iter().map(|one| one.frame.tracks.len()).sum::<usize>();
    }
    println!("reading a day of {boxes} boxes: {:.0} ms", begin.elapsed().as_secs_f64() * 1e3);
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("{peak}");
    Ok(())
}

fn end_us(archive: &Archive, camera: CameraId) -> Result<i64, Box<dyn std::error::Error>> {
    let end = Moment::Media(MediaTime::from_90k(i64::MAX / 8));
    let frames = archive.tracks(camera, end, end)?;
    Ok(frames.last().ok_or("nothing is recorded")?.frame.wall.us)
}

fn write(root: &Root, camera: CameraId, days: i64) -> Result<(), Box<dyn std::error::Error>> {
    let mut block: Vec<Recorded> = Vec::new();
    let names = ClassNames::coco();
    let mut boxes = 0_u64;
    for n in 0..days * DAY_US / STEP_US {
        let us = BEGIN_US + n * STEP_US;
        let now = n as f64 / 6.0;
        // Each walks over the picture in 20 s, the one ten seconds after the other, to and fro.
        let tracks: Vec<Track> = (0..2)
            .map(|who| {
                let time = now + 10.0 * f64::from(who);
                let (walk, share) = ((time / 20.0) as u64, (time / 20.0).fract());
                let x = if walk % 2 == 0 { share } else { 1.0 - share } * 1280.0;
                let shake = ((n * 7919 + i64::from(who) * 104_729) % 17) as f64 / 8.0;
                let foot = 400.0 + 60.0 * f64::from(who) + shake;
                Track {
                    id: TrackId(2 * walk + who as u64),
                    bbox: Rect::new(x - 20.0, foot - 100.0, x + 20.0 + shake, foot),
                    class: ClassId(0),
                    confidence: 0.8,
                    source: TrackSource::ByteTrack,
                    state: TrackState::Matched,
                    age_us: 0,
                    velocity: [0.0; 4],
                }
            })
            .collect();
        boxes += tracks.len() as u64;
        let frame = TrackFrame {
            key: FrameKey { camera, time: MediaTime::from_wall_us(us) },
            wall: WallTime { us, quality: WallQuality::Arrival },
            size: Size::new(1280, 720),
            detected: true,
            tracks: tracks.into(),
        };
        let recorded = Recorded { frame, classes: names.clone() };
        block.push(recorded);
        if block.len() == 60 {
            let day = Day::at_us(block[0].frame.wall.us);
            DayFile::of(root, camera, day).append(root, &encode(&block)?.1)?;
            block.clear();
        }
    }
    println!("{boxes} boxes written to {}", root.path().display());
    Ok(())
}
