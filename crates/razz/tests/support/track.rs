//! `razz track` on files: what tests of it share.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use razz_base::Rect;

use super::mot;

/// A folder of this test's own, gone at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("razz-track-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, content).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// `razz track` with these files and options.
pub fn razz_track(detections: &Path, output: &Path, options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_razz"))
        .arg("track")
        .args([Path::new("--detections"), detections, Path::new("--output"), output])
        .args(options)
        .output()
        .unwrap()
}

/// The rows of a result, by frame and id, and its text.
pub fn tracked(detections: &Path, options: &[&str]) -> (mot::Result, String) {
    let done = razz_track(detections, Path::new("-"), options);
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{detections:?} {options:?}: {said}");
    let text = String::from_utf8(done.stdout).unwrap();
    let mut result = mot::Result::new();
    for line in text.lines() {
        let columns: Vec<&str> = line.split(',').collect();
        assert_eq!(columns.len(), 10, "{line}");
        assert_eq!(columns[7..], ["-1", "-1", "-1"], "{line}");
        let v: Vec<f64> = columns.iter().map(|v| v.parse().unwrap()).collect();
        let bbox = Rect::new(v[2], v[3], v[2] + v[4], v[3] + v[5]);
        let twice = result.entry(v[0] as u64).or_default().insert(v[1] as u64, bbox);
        assert!(twice.is_none(), "{line}: the id is there already");
    }
    (result, text)
}

/// NumPy's format 1.0, as `--embeddings` takes it.
fn npy(rows: &[Vec<f32>]) -> Vec<u8> {
    let shape = format!("({}, {})", rows.len(), rows.first().map_or(0, Vec::len));
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}");
    let mut out = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    out.extend(format!("{header:117}\n").bytes());
    out.extend(rows.iter().flatten().flat_map(|value| value.to_le_bytes()));
    out
}

/// Compares `razz track` with every reference of the originals: ids and boxes, and of ByteTrack's the
/// text to the byte. Answers how many there were, by name; panics where any differs.
pub fn assert_originals(cases: &[mot::Case]) -> BTreeMap<&'static str, usize> {
    let folder = Folder::new(&format!("originals-{}", cases[0].set));
    let (mut compared, mut wrong) = (BTreeMap::new(), Vec::new());
    for case in cases {
        let embeddings = case.embeddings().map(|rows| folder.file("looks.npy", npy(&rows)));
        let embeddings = embeddings.map(|path| path.display().to_string());
        let byte_060 = ["--tracker=bytetrack", "--track-threshold=0.6", "--match-threshold=0.9"];
        let deepsort =
            embeddings.as_ref().map(|path| ["--tracker=deepsort", "--embeddings", path.as_str()]);
        for (name, options) in [
            ("byte_050_08_b30", Some(&["--tracker=bytetrack"][..])),
            ("byte_060_09_b30", Some(&byte_060)),
            ("deepsort_c30_age30", deepsort.as_ref().map(|options| &options[..])),
        ] {
            let (Some(reference), Some(options)) = (case.reference(name), options) else {
                continue;
            };
            let (ours, text) = tracked(&case.folder.join("det.txt"), options);
            *compared.entry(name).or_insert(0) += 1;
            if let Err(difference) = mot::same(&reference, &ours) {
                wrong.push(format!("{}/{} {name}: {difference}", case.set, case.name));
            }
            // ByteTrack's references even have our columns, to the byte.
            let file = case.folder.join("reference").join(format!("{name}.txt"));
            let same_text = fs::read_to_string(&file).unwrap() == text;
            if name != "deepsort_c30_age30" && !same_text && wrong.is_empty() {
                wrong.push(format!("{}/{} {name}: the text differs", case.set, case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{compared:?}:\n{}", wrong.join("\n"));
    compared
}
