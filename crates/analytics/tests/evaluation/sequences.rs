//! Sequences of the outside data with their ground truth, and tracks of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use razz_analytics::offline::{TrackRow, parse_rows};
use razz_base::{Rect, Size};

use super::Track;

/// One sequence.
pub struct Sequence {
    pub set: String,
    pub name: String,
    folder: PathBuf,
    pub fps: f64,
    pub length: u32,
    pub size: Size,
    /// What is to be counted.
    pub truth: BTreeMap<u64, Track>,
    /// What may be counted and may be left out: people on vehicles, standing figures, reflections, vans.
    pub ignored: BTreeMap<u64, Track>,
}

/// Which tracks are counted.
#[derive(Clone, PartialEq, Debug)]
pub enum Tracks {
    /// The ground truth's own.
    Truth,
    /// Those of the original ByteTrack that come with the data.
    ByteTrack,
    /// Files `SET-SEQUENCE-STRIDE.txt` of a folder, as `razz track` writes them.
    Folder(PathBuf),
}

/// The folder of the outside data, if there is one.
pub fn outside() -> Option<PathBuf> {
    std::env::var_os("RAZZ_TESTDATA").map(|root| PathBuf::from(root).join("mot"))
}

/// All sequences with ground truth.
pub fn sequences(root: &Path) -> Vec<Sequence> {
    let folders = |path: &Path| {
        let entries = fs::read_dir(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut all: Vec<_> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
        all.sort();
        all
    };
    let sets = folders(root);
    sets.iter().flat_map(|set| folders(set)).filter(|f| f.join("gt").is_dir()).map(read).collect()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn read(folder: PathBuf) -> Sequence {
    let info = text(&folder.join("seqinfo.ini"));
    let value = |key: &str| -> f64 {
        let line = info.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("{key}")).trim().parse().unwrap()
    };
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let (truth, ignored) = if folder.join("gt/gt.txt").exists() {
        mot_truth(&text(&folder.join("gt/gt.txt")))
    } else {
        kitti_truth(&text(&folder.join("gt/label_02.txt")))
    };
    Sequence {
        set: name(folder.parent().unwrap()),
        name: name(&folder),
        fps: value("frameRate"),
        length: value("seqLength") as u32,
        size: Size::new(value("imWidth") as u32, value("imHeight") as u32),
        truth,
        ignored,
        folder,
    }
}

type Truth = (BTreeMap<u64, Track>, BTreeMap<u64, Track>);

/// MOTChallenge: frame, id, left, top, width, height, whether it counts, class, visibility.
fn mot_truth(text: &str) -> Truth {
    let (mut truth, mut ignored) = Truth::default();
    for line in text.lines() {
        let v: Vec<f64> = line.split(',').map(|v| v.trim().parse().unwrap()).collect();
        // MOT15 has places in the world instead of a class.
        let class = if v.len() == 9 { v[7] } else { 1.0 };
        let into = match class as i64 {
            1 if v[6] != 0.0 => &mut truth,
            2 | 7 | 8 | 12 => &mut ignored,
            _ => continue,
        };
        let bbox = Rect::new(v[2], v[3], v[2] + v[4], v[3] + v[5]);
        into.entry(v[1] as u64).or_insert_with(Track::new).push((v[0] as u32, bbox));
    }
    sorted(truth, ignored)
}

/// KITTI: frame from 0, id, class, truncated, occluded, angle, left, top, right, bottom.
fn kitti_truth(text: &str) -> Truth {
    let (mut truth, mut ignored) = Truth::default();
    for line in text.lines() {
        let v: Vec<&str> = line.split_whitespace().collect();
        let into = match v[2] {
            "Car" => &mut truth,
            "Van" | "Truck" => &mut ignored,
            _ => continue,
        };
        let number = |i: usize| v[i].parse::<f64>().unwrap();
        let bbox = Rect::new(number(6), number(7), number(8), number(9));
        let track = into.entry(number(1) as u64).or_insert_with(Track::new);
        track.push((number(0) as u32 + 1, bbox));
    }
    sorted(truth, ignored)
}

fn sorted(mut truth: BTreeMap<u64, Track>, mut ignored: BTreeMap<u64, Track>) -> Truth {
    for track in truth.values_mut().chain(ignored.values_mut()) {
        track.sort_by_key(|(frame, _)| *frame);
    }
    (truth, ignored)
}

impl Sequence {
    /// Whether its scores are reported: numbers were chosen on the others.
    pub fn is_held_out(&self) -> bool {
        const CHOSEN_ON: [&str; 7] =
            ["MOT17-02", "MOT17-11", "TUD-Stadtmitte", "0000", "0001", "0002", "dancetrack0004"];
        !CHOSEN_ON.contains(&self.name.as_str())
    }

    /// Whether the camera stands still, as those with lines drawn on their picture do.
    pub fn stands_still(&self) -> bool {
        self.set != "kitti_car" && self.name != "MOT17-11"
    }

    /// Rows of tracks on every `stride`th frame; `None` where there are none.
    pub fn rows(&self, tracks: &Tracks, stride: u32) -> Option<Vec<TrackRow>> {
        let file = match tracks {
            Tracks::Truth => {
                let rows = self.truth.iter().flat_map(|(id, track)| {
                    track.iter().map(|(frame, bbox)| TrackRow {
                        frame: *frame,
                        id: *id,
                        bbox: *bbox,
                        confidence: 1.0,
                    })
                });
                return Some(rows.filter(|row| (row.frame - 1) % stride == 0).collect());
            }
            Tracks::ByteTrack if stride == 1 => self.folder.join("reference/byte_050_08_b30.txt"),
            Tracks::ByteTrack => return None,
            Tracks::Folder(folder) => {
                folder.join(format!("{}-{}-{stride}.txt", self.set, self.name))
            }
        };
        let rows = parse_rows(&fs::read_to_string(file).ok()?);
        let rows = rows.unwrap_or_else(|e| panic!("{}: {e}", self.folder.display()));
        Some(self.without_ignored(rows))
    }

    /// The rows but for those that lie on somebody who is ignored and on nobody else: as the benchmarks'
    /// own evaluation leaves them out.
    fn without_ignored(&self, mut rows: Vec<TrackRow>) -> Vec<TrackRow> {
        let by_frame = |tracks: &BTreeMap<u64, Track>| {
            let mut frames: BTreeMap<u32, Vec<Rect>> = BTreeMap::new();
            for (frame, bbox) in tracks.values().flatten() {
                frames.entry(*frame).or_default().push(*bbox);
            }
            frames
        };
        let (truth, ignored) = (by_frame(&self.truth), by_frame(&self.ignored));
        rows.retain(|row| {
            let best = |frames: &BTreeMap<u32, Vec<Rect>>| {
                let boxes = frames.get(&row.frame).into_iter().flatten();
                boxes.map(|bbox| bbox.iou(&row.bbox)).fold(0.0, f64::max)
            };
            let ignored = best(&ignored);
            ignored < 0.5 || best(&truth) >= ignored
        });
        rows
    }
}

/// Rows by id.
pub fn by_id(rows: &[TrackRow]) -> BTreeMap<u64, Track> {
    let mut tracks: BTreeMap<u64, Track> = BTreeMap::new();
    for row in rows {
        tracks.entry(row.id).or_default().push((row.frame, row.bbox));
    }
    for track in tracks.values_mut() {
        track.sort_by_key(|(frame, _)| *frame);
    }
    tracks
}
