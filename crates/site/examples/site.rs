//! Identities across cameras from text files: `site --set SET.json --tracks FOLDER --output FOLDER`.
//!
//! Per camera N the folder of tracks has N.txt with lines of frame,id,left,top,width,height,…; the folder of results gets
//! N.txt with the same lines and site-wide ids. Boxes that are nobody's are left out.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool")]

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use razz_base::{CameraId, Rect, Size, TrackId};
use razz_site::identity::Settings;
use razz_site::offline::{Camera, Recording, TrackedBox, identify};
use razz_site::plane::{Lens, Plane};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut set, mut tracks, mut output) = (PathBuf::new(), PathBuf::new(), PathBuf::new());
    let mut args = env::args().skip(1);
    while let (Some(name), Some(value)) = (args.next(), args.next()) {
        match name.as_str() {
            "--set" => set = value.into(),
            "--tracks" => tracks = value.into(),
            "--output" => output = value.into(),
            other => return Err(format!("no option {other}").into()),
        }
    }
    let set: Value = serde_json::from_str(&fs::read_to_string(set)?)?;
    let recording = read(&set, &tracks)?;
    let started = std::time::Instant::now();
    let ids = identify(&recording, &Settings::default());
    eprintln!("identified in {:.2} s", started.elapsed().as_secs_f64());
    fs::create_dir_all(&output)?;
    for (camera, ids) in recording.cameras.iter().zip(ids) {
        let mut text = String::new();
        for (b, id) in camera.boxes.iter().zip(ids) {
            let Some(id) = id else { continue };
            let r = b.bbox;
            writeln!(
                text,
                "{},{},{:.2},{:.2},{:.2},{:.2},1",
                b.frame,
                id,
                r.left,
                r.top,
                r.width(),
                r.height()
            )?;
        }
        fs::write(output.join(format!("{}.txt", camera.id)), text)?;
    }
    Ok(())
}

fn read(set: &Value, tracks: &Path) -> Result<Recording, Box<dyn Error>> {
    let side = |n: usize| set["size"][n].as_u64().ok_or("the set has no size");
    let size = Size::new(u32::try_from(side(0)?)?, u32::try_from(side(1)?)?);
    let mut cameras = Vec::new();
    let mut metric = true;
    for camera in set["cameras"].as_array().ok_or("the set has no cameras")? {
        let id =
            camera["id"].as_u64().and_then(|id| CameraId::new(id as u32)).ok_or("no camera id")?;
        let plane = if camera["homography"].is_null() {
            let k = matrix(&camera["K"])?;
            let t = numbers(&camera["t"])?;
            let d = numbers(&camera["dist"])?;
            let lens = Lens {
                focal_px: [k[0][0], k[1][1]],
                centre_px: [k[0][2], k[1][2]],
                k: [d[0], d[1], d[4]],
                p: [d[2], d[3]],
            };
            Plane::from_pinhole(
                matrix(&camera["R"])?,
                [t[0], t[1], t[2]],
                k[0][1],
                lens,
                0.001,
                size,
            )?
        } else {
            metric = false;
            Plane::from_homography(matrix(&camera["homography"])?, 1.0, size, None)?
        };
        let text = fs::read_to_string(tracks.join(format!("{id}.txt")))?;
        let boxes = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(tracked)
            .collect::<Result<_, _>>()?;
        cameras.push(Camera { id, plane, boxes });
    }
    Ok(Recording { fps: set["fps"].as_f64().ok_or("the set has no fps")?, cameras, metric })
}

fn tracked(line: &str) -> Result<TrackedBox, Box<dyn Error>> {
    let q: Vec<f64> =
        line.split(',').take(6).map(|v| v.trim().parse()).collect::<Result<_, _>>()?;
    let [frame, id, left, top, width, height] = q[..] else {
        return Err(format!("{line}: six numbers").into());
    };
    let bbox = Rect::new(left, top, left + width, top + height);
    Ok(TrackedBox { frame: frame as i64, track: TrackId(id as u64), bbox })
}

fn numbers(value: &Value) -> Result<Vec<f64>, Box<dyn Error>> {
    let list = value.as_array().ok_or("no list of numbers")?;
    list.iter().map(|v| v.as_f64().ok_or_else(|| "no number".into())).collect()
}

fn matrix(value: &Value) -> Result<[[f64; 3]; 3], Box<dyn Error>> {
    let mut rows = [[0.0; 3]; 3];
    for (r, row) in rows.iter_mut().enumerate() {
        row.copy_from_slice(&numbers(&value[r])?);
    }
    Ok(rows)
}
