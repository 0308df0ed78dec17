//! `razz site`: who is who across cameras, over files of tracks.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use razz_base::{CameraId, Rect, Size, TrackId};
use razz_site::identity::Settings;
use razz_site::offline::{Camera, Recording, TrackedBox, identify};
use razz_site::plane::{Lens, Plane};
use serde::Deserialize;

use crate::terminal::{Failure, end, print};

/// Calibrations by pinhole are in millimetres.
const METRES: f64 = 0.001;

/// Options of `razz site`.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub struct Options {
    /// The cameras: size, frame rate, and of each its id and its plane (a homography, or K, dist, R and t), as JSON
    #[arg(long, value_name = "SET.json")]
    set: PathBuf,
    /// A folder with N.txt of camera N: frame,id,left,top,width,height,confidence
    #[arg(long, value_name = "FOLDER")]
    tracks: PathBuf,
    /// Where N.txt of each camera goes, with the ids of the site
    #[arg(long, value_name = "FOLDER")]
    output: PathBuf,
}

/// What is needed of the file of cameras.
#[derive(Deserialize)]
#[serde(expecting = "expected an object with `size`, `fps` and `cameras`")]
struct Set {
    size: [u32; 2],
    fps: f64,
    cameras: Vec<SetCamera>,
}

#[derive(Deserialize)]
#[serde(expecting = "expected a camera with `id`, and `homography` or `K`, `dist`, `R` and `t`")]
struct SetCamera {
    id: u32,
    homography: Option<[[f64; 3]; 3]>,
    #[serde(rename = "K")]
    intrinsic: Option<[[f64; 3]; 3]>,
    dist: Option<[f64; 5]>,
    #[serde(rename = "R")]
    rotation: Option<[[f64; 3]; 3]>,
    t: Option<[f64; 3]>,
}

/// Does it.
pub fn run(options: &Options) -> ExitCode {
    end("site", carry_out(options))
}

fn carry_out(options: &Options) -> Result<(), Failure> {
    let refused = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::Refused(format!("{}: {error}", path.display()))
    };
    let failed = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::Failed(format!("{}: {error}", path.display()))
    };
    let text = fs::read_to_string(&options.set).map_err(|error| failed(&options.set, &error))?;
    let set: Set = serde_json::from_str(&text).map_err(|error| refused(&options.set, &error))?;
    let size = Size::new(set.size[0], set.size[1]);
    let (mut cameras, mut metric) = (Vec::new(), true);
    for camera in &set.cameras {
        metric &= camera.homography.is_none();
        let (id, plane) = plane_of(camera, size).map_err(|error| refused(&options.set, &error))?;
        let file = options.tracks.join(format!("{id}.txt"));
        let text = fs::read_to_string(&file).map_err(|error| failed(&file, &error))?;
        let boxes = boxes(&text).map_err(|error| refused(&file, &error))?;
        cameras.push(Camera { id, plane, boxes });
    }
    let recording = Recording { fps: set.fps, cameras, metric };
    let ids = identify(&recording, &Settings::default());
    fs::create_dir_all(&options.output).map_err(|error| failed(&options.output, &error))?;
    let (mut named, mut all) = (0, 0);
    for (camera, ids) in recording.cameras.iter().zip(ids) {
        let mut text = String::new();
        for (tracked, id) in camera.boxes.iter().zip(ids) {
            all += 1;
            let Some(id) = id else { continue };
            named += 1;
            let b = tracked.bbox;
            let (frame, width, height) = (tracked.frame, b.width(), b.height());
            let _ =
                writeln!(text, "{frame},{id},{:.2},{:.2},{width:.2},{height:.2},1", b.left, b.top);
        }
        let file = options.output.join(format!("{}.txt", camera.id));
        fs::write(&file, text).map_err(|error| failed(&file, &error))?;
    }
    print(&format!(
        "{}: {named} of {all} boxes of {} cameras have an identity",
        options.output.display(),
        recording.cameras.len()
    ));
    Ok(())
}

fn plane_of(camera: &SetCamera, size: Size) -> Result<(CameraId, Plane), String> {
    let id = CameraId::new(camera.id).ok_or("a camera's `id` is an integer from 1")?;
    let of = |error: &dyn std::fmt::Display| format!("camera {id}: {error}");
    if let Some(homography) = camera.homography {
        let plane = Plane::from_homography(homography, 1.0, size, None);
        return Ok((id, plane.map_err(|error| of(&error))?));
    }
    let parts = (camera.intrinsic, camera.dist, camera.rotation, camera.t);
    let (Some(k), Some(dist), Some(rotation), Some(t)) = parts else {
        return Err(of(&"expects `homography`, or `K`, `dist`, `R` and `t`"));
    };
    let lens = Lens {
        focal_px: [k[0][0], k[1][1]],
        centre_px: [k[0][2], k[1][2]],
        k: [dist[0], dist[1], dist[4]],
        p: [dist[2], dist[3]],
    };
    let plane = Plane::from_pinhole(rotation, t, k[0][1], lens, METRES, size);
    Ok((id, plane.map_err(|error| of(&error))?))
}

fn boxes(text: &str) -> Result<Vec<TrackedBox>, String> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(n, line)| {
            one_box(line).ok_or_else(|| {
                format!("line {}: expects frame,id,left,top,width,height,…, not {line:?}", n + 1)
            })
        })
        .collect()
}

fn one_box(line: &str) -> Option<TrackedBox> {
    let mut fields = line.split(',').map(str::trim);
    let mut next = || fields.next()?.parse::<f64>().ok().filter(|value| value.is_finite());
    let (frame, id) = (next()?, next()?);
    let (left, top, width, height) = (next()?, next()?, next()?, next()?);
    let whole = frame.fract() == 0.0 && id.fract() == 0.0 && frame >= 0.0 && id >= 0.0;
    let bbox = Rect { left, top, right: left + width, bottom: top + height };
    whole.then_some(TrackedBox { frame: frame as i64, track: TrackId(id as u64), bbox })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_read_and_what_is_none_is_said() {
        let found = boxes("1,7,10,20,30,40,0.9\n\n2,7,11,20,30,40").unwrap();
        assert_eq!((found.len(), found[1].frame, found[1].track), (2, 2, TrackId(7)));
        assert_eq!(found[0].bbox.right, 40.0);
        for text in ["1,7,10,20,30", "x,7,1,1,1,1", "1.5,7,1,1,1,1", "1,-7,1,1,1,1"] {
            assert!(boxes(text).unwrap_err().starts_with("line 1: expects"), "{text}");
        }
    }
}
