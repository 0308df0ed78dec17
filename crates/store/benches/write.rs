//! What recording costs: cameras of 4 Mbit/s, signed, made durable with each fragment, as fast as the disk takes it.
//!
//! `cargo bench -p razz-store --bench write`; CAMERAS (100), SECONDS (20) and FOLDER (under `target/tmp`) by the environment.
#![allow(clippy::print_stdout, reason = "what was measured is said")]

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec, FrameKey, MediaTime, MonoTime, RunId, Size, StreamFormat,
    WallQuality, WallTime,
};
use razz_store::disk::Root;
use razz_store::index::Index;
use razz_store::seal::Signer;
use razz_store::writer::{Durability, Writer};

/// x264, 640x360, High; and its picture parameter set.
const SETS: &[u8] = &[
    0, 0, 0, 1, 0x67, 0x64, 0, 0x1E, 0xAC, 0xD9, 0x40, 0xA0, 0x2F, 0xF9, 0x70, 0x11, 0, 0, 3, 0, 1,
    0, 0, 3, 0, 0x3C, 0x0F, 0x16, 0x2D, 0x96, 0, 0, 0, 1, 0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0,
];
/// 25 pictures a second of 20 kB, a key picture each two seconds: 4 Mbit/s.
const FPS: i64 = 25;
const GOP: i64 = 50;
const PICTURE: usize = 20_000;
/// 2026-11-30 14:03 UTC, in µs.
const BEGIN_US: i64 = 1_796_047_380_000_000;

fn variable(name: &str, usual: i64) -> i64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// User and system time of this process, in seconds: fields 14 and 15 of `/proc/self/stat` (proc(5)).
fn cpu_seconds() -> [f64; 2] {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    [fields[11], fields[12]].map(|ticks| ticks.parse::<f64>().unwrap() / 100.0)
}

fn main() {
    let (cameras, seconds) = (variable("CAMERAS", 100), variable("SECONDS", 20));
    let folder = std::env::var("FOLDER")
        .map_or_else(|_| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("write"), PathBuf::from);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let root = Root::open(&folder.join("footage")).unwrap();
    let index = Index::open(&folder.join("recordings.db")).unwrap().0;
    let now = MonoTime::from_us(0);
    let (mut writer, _) = Writer::open(root, index, Durability::Each, now).unwrap();
    writer.sign(Arc::new(Signer::at(&folder.join("razz.key")).unwrap()));
    let format = (*StreamFormat::new(Codec::H264, Size::new(640, 360))).clone();
    let format = Arc::new(StreamFormat { parameter_sets: Bytes::from_static(SETS), ..format });
    let noise: Vec<u8> =
        (0..PICTURE as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 | 1).collect();
    let picture = |kind: u8, sets: &[u8]| -> Bytes {
        [sets, &[0, 0, 0, 1, kind], &noise[..]].concat().into()
    };
    let (key, other) = (picture(0x65, SETS), picture(0x41, &[]));
    let ids: Vec<CameraId> = (1..=cameras as u32).filter_map(CameraId::new).collect();
    let (before, began) = (cpu_seconds(), Instant::now());
    let mut slowest = 0.0f64;
    for n in 0..seconds * FPS {
        let us = n * 1_000_000 / FPS;
        let turn = Instant::now();
        for id in &ids {
            let idr = n % GOP == 0;
            let time = MediaTime::from_90k(BEGIN_US / 100 * 9 + n * 90_000 / FPS);
            writer.take(
                MonoTime::from_us(us),
                &AccessUnit {
                    key: FrameKey { camera: *id, time },
                    run: RunId(1),
                    format: Arc::clone(&format),
                    data: if idr { key.clone() } else { other.clone() },
                    idr,
                    lost_packets: 0,
                    wall: WallTime { us: BEGIN_US + us, quality: WallQuality::Arrival },
                    received: MonoTime::from_us(us),
                },
            );
        }
        slowest = slowest.max(turn.elapsed().as_secs_f64());
    }
    writer.stop(now);
    let passed = began.elapsed().as_secs_f64();
    let [user, system] = cpu_seconds();
    let footage = (cameras * seconds) as f64;
    let cores = |after: f64, before: f64| 100.0 * (after - before) / footage;
    println!(
        "{cameras} cameras of 4 Mbit/s, {seconds} s each: written in {passed:.1} s ({:.1} times as fast as they send, {:.0} MB/s); \
         {:.3} % of a core a camera ({:.3} user, {:.3} system); slowest round {:.0} ms",
        seconds as f64 / passed,
        footage * 0.5 / passed,
        cores(user + system, before[0] + before[1]),
        cores(user, before[0]),
        cores(system, before[1]),
        slowest * 1e3
    );
    let frames: u64 =
        ids.iter().filter_map(|id| writer.status(*id)).map(|status| status.frames).sum();
    assert_eq!(frames as i64, cameras * seconds * FPS, "nothing is left out");
    let _ = fs::remove_dir_all(&folder);
}
