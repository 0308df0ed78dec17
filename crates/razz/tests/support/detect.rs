//! `razz detect` on pictures and clips: what tests of it share.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]
#![allow(clippy::print_stderr, reason = "tests report to people")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use razz_base::Rect;
use serde_json::Value;

/// `razz detect` to stdout.
pub fn razz_detect(model: &str, inputs: &[PathBuf], options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_razz"));
    command.args(["detect", "--output", "-", "--model", model]).args(options);
    for input in inputs {
        command.arg("--input").arg(input);
    }
    command.output().unwrap()
}

/// What `razz detect` says of one input.
pub fn detected(model: &Path, input: &Path, options: &[&str]) -> Value {
    let done = razz_detect(&model.display().to_string(), &[input.to_owned()], options);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{input:?} {options:?}: {said}");
    serde_json::from_slice(&done.stdout).unwrap()
}

/// A JSON file.
pub fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A box that was found.
pub struct Found {
    pub class: i64,
    pub confidence: f64,
    pub bbox: Rect,
}

/// The boxes of a picture.
pub fn rows(rows: &Value) -> Vec<Found> {
    let row = |row: &Value| {
        let row: Vec<f64> = row.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        let bbox = Rect::new(row[2], row[3], row[4], row[5]);
        Found { class: row[0] as i64, confidence: row[1], bbox }
    };
    rows.as_array().unwrap().iter().map(row).collect()
}

/// How closely two boxes have to agree.
#[derive(Clone, Copy)]
pub struct Bar {
    pub iou: f64,
    pub confidence: f64,
}

pub const EXACT: Bar = Bar { iou: 0.99, confidence: 0.005 };
/// For what was encoded, or decoded elsewhere with other chroma.
pub const WITH_ROOM: Bar = Bar { iou: 0.9, confidence: 0.05 };

/// Boxes of confidence 0.25 and more, and how many of them have a partner on the other side.
#[derive(Clone, Copy, Default, Debug)]
pub struct Agreement {
    pub boxes: usize,
    pub partners: usize,
}

impl Agreement {
    /// Adds a picture, both ways round; each box is somebody's partner once.
    pub fn add(&mut self, ours: &[Found], theirs: &[Found], bar: Bar) {
        for (a, b) in [(ours, theirs), (theirs, ours)] {
            let mut free = vec![true; b.len()];
            for one in a.iter().filter(|one| one.confidence >= 0.25) {
                let partner = (0..b.len()).find(|&i| {
                    free[i]
                        && b[i].class == one.class
                        && (b[i].confidence - one.confidence).abs() <= bar.confidence
                        && b[i].bbox.iou(&one.bbox) >= bar.iou
                });
                self.boxes += 1;
                if let Some(partner) = partner {
                    free[partner] = false;
                    self.partners += 1;
                }
            }
        }
    }

    /// Asserts that of at least 40 boxes at least this share agree.
    pub fn assert(&self, what: &str, least: f64) {
        let share = self.partners as f64 / self.boxes as f64;
        eprintln!(
            "{what}: {} of {} boxes agree, {:.2} %",
            self.partners,
            self.boxes,
            100.0 * share
        );
        assert!(self.boxes >= 40, "{what}: {self:?}");
        assert!(share >= least, "{what}: {self:?}, at least {least} wanted");
    }
}
