//! Reads tracking sequences and compares results with references.
#![allow(dead_code, unreachable_pub, reason = "each test and example uses its own part")]

pub mod combined;
pub mod hota;
pub mod parity;
pub mod pass;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use razz_base::{ClassId, Detection, Rect, Size};

/// Where the repository's own sequences lie, from the folder of a crate.
const OWN: &str = "../track/tests/data";

/// Boxes by id by frame.
pub type Result = BTreeMap<u64, BTreeMap<u64, Rect>>;

/// One sequence.
pub struct Case {
    pub set: String,
    pub name: String,
    pub folder: PathBuf,
    pub length: u64,
    pub frame_rate: f64,
    /// In pixels.
    pub picture: Size,
    /// By frame, from 1, with the line of `det.txt` that each came from.
    pub detections: BTreeMap<u64, Vec<(usize, Detection)>>,
}

fn numbers(line: &str) -> Vec<f64> {
    line.trim()
        .split(',')
        .map(|v| v.parse().unwrap_or_else(|_| panic!("{v:?} in {line}")))
        .collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The sequences that are part of the repository: see `tests/data/README.md`.
pub fn own_cases() -> Vec<Case> {
    cases_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join(OWN))
}

/// The sequences of the outside data, which `docs/testing.md` describes. Panics where
/// `RAZZ_TESTDATA` does not name their folder.
pub fn outside_cases() -> Vec<Case> {
    let root = std::env::var_os("RAZZ_TESTDATA")
        .expect("RAZZ_TESTDATA names the folder of the outside test data");
    cases_in(&PathBuf::from(root).join("mot"))
}

/// Every `SET/SEQUENCE` in a folder.
fn cases_in(root: &Path) -> Vec<Case> {
    let folders = |path: &Path| {
        let entries = fs::read_dir(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut all: Vec<_> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
        all.sort();
        all
    };
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let mut out = Vec::new();
    for set_folder in folders(root) {
        for folder in folders(&set_folder) {
            let info = read(&folder.join("seqinfo.ini"));
            let value = |key: &str| {
                let line = info.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='));
                line.unwrap_or_else(|| panic!("{key}")).trim().parse::<f64>().unwrap()
            };
            let mut detections: BTreeMap<u64, Vec<_>> = BTreeMap::new();
            for (line, text) in read(&folder.join("det.txt")).lines().enumerate() {
                let v = numbers(text);
                let bbox = Rect::new(v[2], v[3], v[2] + v[4], v[3] + v[5]);
                let detection = Detection { bbox, class: ClassId(0), score: v[6] };
                detections.entry(v[0] as u64).or_default().push((line, detection));
            }
            out.push(Case {
                set: name(&set_folder),
                name: name(&folder),
                length: value("seqLength") as u64,
                frame_rate: value("frameRate"),
                picture: Size::new(value("imWidth") as u32, value("imHeight") as u32),
                folder,
                detections,
            });
        }
    }
    assert!(!out.is_empty(), "no tracking cases in {}", root.display());
    out
}

impl Case {
    /// Whether there is a truth to score by.
    pub fn is_scored(&self) -> bool {
        self.folder.join("gt").exists()
    }

    /// The detections of a frame.
    pub fn frame(&self, frame: u64) -> Vec<Detection> {
        self.detections.get(&frame).into_iter().flatten().map(|d| d.1).collect()
    }

    /// A reference result, if there is one.
    pub fn reference(&self, name: &str) -> Option<Result> {
        let path = self.folder.join("reference").join(format!("{name}.txt"));
        path.exists().then(|| {
            let mut out = Result::new();
            for line in read(&path).lines() {
                let v = numbers(line);
                let bbox = Rect::new(v[2], v[3], v[2] + v[4], v[3] + v[5]);
                out.entry(v[0] as u64).or_default().insert(v[1] as u64, bbox);
            }
            out
        })
    }

    /// The affine motion of the picture into each frame from the one before, where it is given.
    pub fn camera_motion(&self) -> BTreeMap<u64, [f64; 6]> {
        let path = self.folder.join("camera_motion.txt");
        if !path.exists() {
            return BTreeMap::new();
        }
        let row = |line: &str| {
            let v = numbers(line);
            (v[0] as u64, [v[1], v[2], v[3], v[4], v[5], v[6]])
        };
        read(&path).lines().map(row).collect()
    }

    /// One vector per line of `det.txt`, where they are given: as text, or in NumPy's format 1.0,
    /// little-endian f32 or f64, C order.
    pub fn embeddings(&self) -> Option<Vec<Vec<f32>>> {
        if let Ok(text) = fs::read_to_string(self.folder.join("embeddings.txt")) {
            let row = |line: &str| numbers(line).iter().map(|v| *v as f32).collect();
            return Some(text.lines().map(row).collect());
        }
        let bytes = fs::read(self.folder.join("embeddings32.npy")).ok()?;
        assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
        let header_len = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
        let header = String::from_utf8_lossy(&bytes[10..10 + header_len]).into_owned();
        assert!(header.contains("'fortran_order': False"), "{header}");
        let shape = header.split('(').nth(1)?.split(')').next()?;
        let mut shape = shape.split(',').map(|n| n.trim().parse::<usize>().unwrap());
        let (rows, cols) = (shape.next()?, shape.next()?);
        let data = &bytes[10 + header_len..];
        let values: Vec<f32> = if header.contains("'<f4'") {
            data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
        } else {
            assert!(header.contains("'<f8'"), "{header}");
            data.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap()) as f32).collect()
        };
        assert_eq!(values.len(), rows * cols);
        Some(values.chunks_exact(cols).map(<[f32]>::to_vec).collect())
    }
}

/// `Ok` if both hold the same ids on the same frames with boxes within 0.01 px (references are
/// written with four decimals); else where they part first.
pub fn same(reference: &Result, ours: &Result) -> std::result::Result<(), String> {
    let empty = BTreeMap::new();
    for frame in reference.keys().chain(ours.keys()).collect::<std::collections::BTreeSet<_>>() {
        let a = reference.get(frame).unwrap_or(&empty);
        let b = ours.get(frame).unwrap_or(&empty);
        if !a.keys().eq(b.keys()) {
            let (a, b): (Vec<_>, Vec<_>) = (a.keys().collect(), b.keys().collect());
            return Err(format!("ids differ first in frame {frame}: {a:?} but ours {b:?}"));
        }
        for (id, bbox) in a {
            let (x, y) = (bbox.to_array(), b[id].to_array());
            let worst = x.iter().zip(y).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
            if worst > 0.01 || worst.is_nan() {
                return Err(format!("box of {id} differs by {worst:.3} px in frame {frame}"));
            }
        }
    }
    Ok(())
}
