//! `razz bench track`: what an update of a tracker costs, on sequences of detections or on people
//! made up here.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};
use razz_base::{ClassId, Detection, Embedding, MediaTime, Rect, TrackState};
use razz_track::{Kind, Settings, Update, build};
use serde_json::{Value, json};

use super::quantiles::Quantiles;
use super::table::table;
use crate::progress::Progress;
use crate::terminal::{Failure, end};
use crate::track::Sequence;
use razz_observe::clock::Clock;

/// Options of `razz bench track`.
#[derive(Clone, PartialEq, Debug, Args)]
pub struct Options {
    /// Every det.txt in this folder, however deep
    #[arg(long, value_name = "FOLDER")]
    sequences: Option<PathBuf>,
    /// So many people made up here, where no sequences are given
    #[arg(long, value_name = "N,N", value_delimiter = ',', default_values_t = [35, 100, 500])]
    boxes: Vec<u16>,
    /// Which trackers: bytetrack, hybrid, deepsort (on made-up people only, at most 100)
    #[arg(long, value_name = "KIND,KIND", value_delimiter = ',', default_values = ["bytetrack", "hybrid"])]
    trackers: Vec<Kind>,
    /// So many updates of each are measured at least
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    updates: u32,
    /// The result as JSON
    #[arg(long)]
    json: bool,
}

/// Frames per second of a scene.
const FRAME_RATE: f64 = 30.0;
/// DeepSORT compares every look with a hundred others: past this there is nothing to learn.
const MOST_FOR_DEEPSORT: usize = 100;

/// Measures, and prints what came of it.
pub(super) fn run(options: &Options) -> ExitCode {
    end("bench track", bench(options))
}

fn bench(options: &Options) -> Result<(), Failure> {
    let scenes = match &options.sequences {
        Some(folder) => Scene::find(folder)?,
        None => options.boxes.iter().map(|people| Scene::made_up(*people)).collect(),
    };
    let mut results = Vec::new();
    let mut progress = Progress::new("measuring", "scenes", scenes.len() as u64);
    for (done, scene) in scenes.iter().enumerate() {
        progress.step(done as u64);
        for kind in &options.trackers {
            let looks = *kind != Kind::DeepSort
                || (scene.has_looks && scene.boxes() <= MOST_FOR_DEEPSORT as f64);
            if looks && !scene.frames.is_empty() {
                results.push(measure(scene, *kind, options.updates as usize));
            }
        }
    }
    drop(progress);
    let text = if options.json {
        Value::from_iter(results.iter().map(Measured::json)).to_string()
    } else {
        let header =
            ["µs per update", "boxes", "tracker", "p50", "p95", "p99", "max", "a look p50", "IoU"];
        table(&header, &results.iter().map(Measured::row).collect::<Vec<_>>())
    };
    // A closed stdout is nobody's problem.
    let _ = writeln!(io::stdout(), "{text}");
    Ok(())
}

/// Detections, frame by frame, with whose they are where looks are to be had.
struct Scene {
    name: String,
    frames: Vec<Vec<(Detection, usize)>>,
    has_looks: bool,
}

impl Scene {
    /// One of each `det.txt` below the folder, by path.
    fn find(folder: &Path) -> Result<Vec<Self>, Failure> {
        let mut files = Vec::new();
        search(folder, &mut files)
            .map_err(|error| Failure::Refused(format!("{}: {error}", folder.display())))?;
        if files.is_empty() {
            let said = format!("{}: there is no det.txt in this folder", folder.display());
            return Err(Failure::Refused(said));
        }
        files.sort();
        files.iter().map(|file| Self::read(folder, file)).collect()
    }

    fn read(folder: &Path, file: &Path) -> Result<Self, Failure> {
        let sequence = Sequence::read(file)?;
        let of = |frame: u64| {
            let seen = sequence.frames.get(&frame).into_iter().flatten();
            seen.map(|seen| (seen.detection, seen.place)).collect()
        };
        let name = file.parent().unwrap_or(file);
        let name = name.strip_prefix(folder).unwrap_or(name).display().to_string();
        let frames = (1..=sequence.length).map(of).collect();
        Ok(Self { name, frames, has_looks: false })
    }

    /// People who walk up and down their lanes, about as an ordinary detector sees them: boxes
    /// tremble by a pixel, one in ten is faint, one in forty missing.
    fn made_up(people: u16) -> Self {
        let mut random = SmallRng::seed_from_u64(u64::from(people));
        let frames = (0..600)
            .map(|frame| {
                let mut seen = Vec::new();
                for person in 0..usize::from(people) {
                    if random.random_ratio(1, 40) {
                        continue;
                    }
                    let (lane, place) = (person % 20, person / 20);
                    let phase = f64::from(frame) / 20.0 + person as f64;
                    let x = 60.0 + 90.0 * lane as f64 + 30.0 * phase.sin() + random_of(&mut random);
                    let y = 100.0 + 38.0 * place as f64 + random_of(&mut random);
                    let bbox = Rect::from_center(x, y, 35.0, 90.0);
                    let score = if random.random_ratio(1, 10) { 0.35 } else { 0.9 };
                    seen.push((Detection { bbox, class: ClassId(0), score }, person));
                }
                seen
            })
            .collect();
        Self { name: format!("{people} people made up"), frames, has_looks: true }
    }

    /// Detections in a frame, on average.
    fn boxes(&self) -> f64 {
        self.frames.iter().map(Vec::len).sum::<usize>() as f64 / self.frames.len().max(1) as f64
    }
}

/// From -1 to 1.
fn random_of(random: &mut impl Rng) -> f64 {
    random.random_range(-1.0..1.0)
}

fn search(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            search(&path, files)?;
        } else if path.file_name().is_some_and(|name| name == "det.txt") {
            files.push(path);
        }
    }
    Ok(())
}

/// What a tracker cost on a scene.
struct Measured {
    scene: String,
    tracker: &'static str,
    boxes: f64,
    updates: usize,
    update_us: Quantiles,
    look_us: Quantiles,
    /// Of matched boxes, which are the filter's, with the detections that they go by, on average.
    iou: f64,
}

/// A run that is not counted, then as many as it takes.
fn measure(scene: &Scene, kind: Kind, updates: usize) -> Measured {
    let clock = Clock::start();
    let mut settings = Settings { frame_rate: FRAME_RATE, ..Settings::default() };
    settings.reid.enabled = scene.has_looks;
    let people = scene.frames.iter().flatten().map(|seen| seen.1 + 1).max().unwrap_or(0);
    let looks: Vec<Option<Embedding>> =
        if scene.has_looks { (0..people).map(look_of).collect() } else { Vec::new() };
    let (mut update_us, mut look_us) = (Vec::new(), Vec::new());
    let mut detections: Vec<Detection> = Vec::new();
    let mut answers: Vec<Option<Embedding>> = Vec::new();
    let mut runs = 0;
    let (mut iou_sum, mut matched) = (0.0, 0_u32);
    while runs < 2 || update_us.len() < updates {
        if runs == 1 {
            update_us.clear();
            look_us.clear();
        }
        runs += 1;
        let mut tracker = build(kind, &settings);
        for (frame, seen) in scene.frames.iter().enumerate() {
            let at = MediaTime::from_90k(frame as i64 * 3000);
            detections.clear();
            detections.extend(seen.iter().map(|seen| seen.0));
            let start = clock.nanos();
            let update = tracker.update(at, &detections);
            let mut spent = clock.nanos() - start;
            if let Update::NeedEmbeddings(wanted) = update {
                answers.clear();
                answers.extend(wanted.iter().map(|i| looks.get(seen[*i].1).cloned().flatten()));
                let start = clock.nanos();
                tracker.resume(&answers);
                spent += clock.nanos() - start;
            }
            update_us.push(spent as f64 / 1e3);
            if runs == 1 {
                for track in tracker.peek(at) {
                    if track.state == TrackState::Matched {
                        let overlaps = detections.iter().map(|seen| seen.bbox.iou(&track.bbox));
                        iou_sum += overlaps.fold(0.0, f64::max);
                        matched += 1;
                    }
                }
            }
            let start = clock.nanos();
            let tracks = tracker.peek(at.plus_90k(1500));
            look_us.push((clock.nanos() - start) as f64 / 1e3);
            drop(tracks);
        }
    }
    Measured {
        scene: scene.name.clone(),
        tracker: name(kind),
        boxes: scene.boxes(),
        updates: update_us.len(),
        update_us: Quantiles::of(update_us),
        look_us: Quantiles::of(look_us),
        iou: iou_sum / f64::from(matched.max(1)),
    }
}

/// A person's look, like nobody else's.
fn look_of(person: usize) -> Option<Embedding> {
    let mut random = SmallRng::seed_from_u64(person as u64);
    let values: Vec<f32> = (0..128).map(|_| random_of(&mut random) as f32).collect();
    Embedding::normalised(&values)
}

/// A tracker as `--tracker` and settings call it.
pub(super) fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Hybrid => "hybrid",
        Kind::ByteTrack => "bytetrack",
        Kind::DeepSort => "deepsort",
    }
}

impl Measured {
    fn row(&self) -> Vec<String> {
        let Quantiles { p50, p95, p99, most, .. } = self.update_us;
        let mut row = vec![self.scene.clone(), format!("{:.1}", self.boxes)];
        row.push(self.tracker.to_owned());
        row.extend([p50, p95, p99, most, self.look_us.p50].map(|us| format!("{us:.1}")));
        row.push(format!("{:.3}", self.iou));
        row
    }

    fn json(&self) -> Value {
        json!({
            "scene": self.scene, "tracker": self.tracker, "updates": self.updates,
            "boxes": super::quantiles::rounded(self.boxes, 1),
            "update_us": self.update_us.json(), "look_us": self.look_us.json(),
            "iou": super::quantiles::rounded(self.iou, 4),
        })
    }
}
