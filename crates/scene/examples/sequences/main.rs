//! Tracking sequences from the truth about streets and a simulated detector: `sequences FOLDER`
//! writes `FOLDER/street/NAME/{seqinfo.ini,det.txt,gt/gt.txt}` as MOTChallenge has them, and
//! `embeddings.txt` where a tracker by appearance is to be compared; and `FOLDER/corners`, which
//! needs no truth.
//!
//! What `crates/track/tests/data` holds was made so; see the README there.

mod corners;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use razz_base::{Rect, Size};
use razz_scene::{Lanes, Street, Truth};

type Failure = Box<dyn std::error::Error>;

/// Values in an embedding.
const DIMENSIONS: u64 = 12;

/// One sequence: where its truth comes from, and how bad its detector is.
struct Sequence {
    name: &'static str,
    /// Streets laid over each other; none are the lanes.
    seeds: &'static [u64],
    first: u64,
    frames: u64,
    /// Of the source's 30 frames a second each so-manieth is used.
    stride: u64,
    /// Share of what is plainly visible that is missed.
    missed: f64,
    /// Share of what is plainly visible that scores low.
    faint: f64,
    /// False detections in a frame, on average.
    wrong: f64,
    /// Error of a box's edges, as a part of its size.
    jitter: f64,
    /// Frames for which an object is hidden at most, once in 90 frames.
    hidden: u64,
    embeddings: bool,
}

const PLAIN: Sequence = Sequence {
    name: "",
    seeds: &[],
    first: 0,
    frames: 150,
    stride: 1,
    missed: 0.03,
    faint: 0.06,
    wrong: 0.15,
    jitter: 0.02,
    hidden: 0,
    embeddings: false,
};

const SEQUENCES: &[Sequence] = &[
    Sequence { name: "crossing", seeds: &[1], first: 100, frames: 90, ..PLAIN },
    Sequence {
        name: "hidden",
        seeds: &[2],
        first: 330,
        frames: 150,
        hidden: 45,
        embeddings: true,
        ..PLAIN
    },
    Sequence {
        name: "crowd",
        seeds: &[3, 4, 5, 6],
        frames: 70,
        first: 60,
        embeddings: true,
        ..PLAIN
    },
    Sequence { name: "slow", seeds: &[7], frames: 110, stride: 5, ..PLAIN },
    Sequence {
        name: "rain",
        seeds: &[8],
        frames: 100,
        stride: 3,
        missed: 0.15,
        faint: 0.25,
        wrong: 1.0,
        jitter: 0.05,
        ..PLAIN
    },
    Sequence { name: "lanes", frames: 140, stride: 3, ..PLAIN },
];

/// SplitMix64: small, seeded, the same everywhere.
struct Random(u64);

impl Random {
    /// From 0 to below 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn range(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }

    /// About normal, of standard deviation `size`: four even throws.
    fn noise(&mut self, size: f64) -> f64 {
        (0..4).map(|_| self.range(-1.0, 1.0)).sum::<f64>() * size * 0.866
    }
}

/// What the detector found: of an object, or of nothing.
struct Found {
    object: Option<u64>,
    bbox: Rect,
    score: f64,
}

fn main() -> Result<(), Failure> {
    let folder = std::env::args().nth(1).ok_or("usage: sequences FOLDER")?;
    for (name, frames) in corners::all() {
        let folder = Path::new(&folder).join("corners").join(&name);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("seqinfo.ini"), info(&name, 30, frames.len() as u64))?;
        fs::write(folder.join("det.txt"), corners::det(&frames))?;
    }
    for (index, sequence) in SEQUENCES.iter().enumerate() {
        let folder = Path::new(&folder).join("street").join(sequence.name);
        fs::create_dir_all(folder.join("gt"))?;
        write(&folder, sequence, 1000 + index as u64)?;
    }
    Ok(())
}

fn write(folder: &Path, sequence: &Sequence, seed: u64) -> Result<(), Failure> {
    let streets: Vec<Street> = sequence.seeds.iter().map(|seed| Street::new(*seed)).collect();
    let lanes = Lanes::new();
    let mut random = Random(seed);
    let (mut det, mut gt, mut looks) = (String::new(), String::new(), String::new());
    for frame in 1..=sequence.frames {
        let at = sequence.first + (frame - 1) * sequence.stride;
        let truths =
            if streets.is_empty() { numbered(&lanes.truth(at), at) } else { laid(&streets, at) };
        for (object, truth) in &truths {
            let [left, top, right, bottom] = truth.bbox.to_array();
            // As in MOT17: 1 is to be found, of 8 it does not matter whether it is.
            let counts = truth.visible >= 0.25 && truth.inside >= 0.25;
            let (counts, class) = if counts { (1, 1) } else { (0, 8) };
            let (width, height) = (right - left, bottom - top);
            writeln!(
                gt,
                "{frame},{object},{left:.1},{top:.1},{width:.1},{height:.1},{counts},{class},{:.2}",
                truth.visible
            )?;
        }
        for found in detect(sequence, &truths, at, &mut random) {
            let [left, top, right, bottom] = found.bbox.to_array();
            let (width, height) = (right - left, bottom - top);
            writeln!(
                det,
                "{frame},-1,{left:.1},{top:.1},{width:.1},{height:.1},{:.3}",
                found.score
            )?;
            looks.push_str(&embedding(found.object, &mut random));
            looks.push('\n');
        }
    }
    let fps = u64::from(Street::FPS) / sequence.stride;
    let info = info(sequence.name, fps, sequence.frames);
    fs::write(folder.join("seqinfo.ini"), info)?;
    fs::write(folder.join("det.txt"), det)?;
    fs::write(folder.join("gt/gt.txt"), gt)?;
    if sequence.embeddings {
        fs::write(folder.join("embeddings.txt"), looks)?;
    }
    Ok(())
}

/// As a `seqinfo.ini`.
fn info(name: &str, fps: u64, frames: u64) -> String {
    let Size { width, height } = Street::SIZE;
    format!(
        "[Sequence]\nname={name}\nframeRate={fps}\nseqLength={frames}\nimWidth={width}\nimHeight={height}\n"
    )
}

/// The carriages of the lanes; each that comes by is another.
fn numbered(truths: &[Truth], at: u64) -> Vec<(u64, Truth)> {
    // A lane is empty for a while between two.
    let number = |truth: &Truth| {
        let starts = [0, 38, 21, 66, 52, 12][truth.object as usize];
        (at + 91 - starts) / 91 * 10 + u64::from(truth.object) + 1
    };
    truths.iter().map(|truth| (number(truth), truth.clone())).collect()
}

/// Streets laid over each other: who stands lower in the picture hides who stands behind.
fn laid(streets: &[Street], at: u64) -> Vec<(u64, Truth)> {
    let mut all: Vec<(u64, Truth)> = Vec::new();
    for (index, street) in streets.iter().enumerate() {
        let number = |truth: Truth| (1 + index as u64 * 100 + u64::from(truth.object), truth);
        // Not in step with each other. In a crowd there are no cars, which would hide most of it.
        let truths = street.truth(at + 37 * index as u64).into_iter();
        let kept = truths.filter(|truth| streets.len() == 1 || truth.class.0 == 0);
        all.extend(kept.map(number));
    }
    let boxes: Vec<(u64, Rect)> = all.iter().map(|(id, truth)| (id / 100, truth.bbox)).collect();
    for (id, truth) in &mut all {
        let before =
            |(street, bbox): &&(u64, Rect)| *street != *id / 100 && bbox.bottom > truth.bbox.bottom;
        let hidden = boxes.iter().filter(before).map(|(_, bbox)| share(&truth.bbox, bbox));
        truth.visible *= 1.0 - hidden.fold(0.0, f64::max);
    }
    all.retain(|(_, truth)| truth.visible > 0.1);
    all
}

/// Share of `a` that lies in `b`.
fn share(a: &Rect, b: &Rect) -> f64 {
    let width = (a.right.min(b.right) - a.left.max(b.left)).max(0.0);
    let height = (a.bottom.min(b.bottom) - a.top.max(b.top)).max(0.0);
    width * height / a.area()
}

/// What the simulated detector sees of a frame, the surest first.
fn detect(
    sequence: &Sequence,
    truths: &[(u64, Truth)],
    at: u64,
    random: &mut Random,
) -> Vec<Found> {
    let mut out = Vec::new();
    for (object, truth) in truths {
        // Behind something, for a while that is the object's own.
        let mut own = Random(object * 7919 + at / 90);
        let begins = own.range(0.0, 45.0) as u64;
        let lasts = own.range(0.3, 1.0) * sequence.hidden as f64;
        let hidden = (begins..begins + lasts as u64).contains(&(at % 90));
        let clear = ((truth.visible - 0.2) / 0.3).clamp(0.0, 1.0);
        if hidden || truth.inside < 0.3 || random.unit() > clear * (1.0 - sequence.missed) {
            continue;
        }
        let faint = truth.visible < 0.6 || random.unit() < sequence.faint;
        let score = if faint { random.range(0.12, 0.62) } else { 0.9 + random.noise(0.05) };
        let (width, height) = (truth.bbox.width(), truth.bbox.height());
        let [x, y] = truth.bbox.center();
        // Who is half hidden is found where he can be seen: worse.
        let jitter = sequence.jitter * if faint { 2.0 } else { 1.0 };
        let bbox = Rect::from_center(
            x + random.noise(jitter * width),
            y + random.noise(jitter * height),
            width * (1.0 + random.noise(jitter)),
            height * (1.0 + random.noise(jitter)),
        );
        out.push(Found { object: Some(*object), bbox, score: score.clamp(0.1, 0.99) });
    }
    let mut wrong = sequence.wrong;
    while random.unit() < wrong {
        wrong -= 0.5;
        let (width, height) = (random.range(20.0, 120.0), random.range(40.0, 200.0));
        let (x, y) = (random.range(60.0, 1220.0), random.range(250.0, 650.0));
        let bbox = Rect::from_center(x, y, width, height);
        out.push(Found { object: None, bbox, score: random.range(0.1, 0.75) });
    }
    out.sort_by(|a, b| b.score.total_cmp(&a.score));
    out
}

/// Whole numbers, to be normalised by who reads them: an object's own direction and noise; for
/// what is no object, noise alone.
fn embedding(object: Option<u64>, random: &mut Random) -> String {
    let mut own = Random(object.unwrap_or_default() * 104_729 + 1);
    let values: Vec<String> = (0..DIMENSIONS)
        .map(|_| {
            let direction = if object.is_some() { own.range(-60.0, 60.0) } else { 0.0 };
            let noise = if object.is_some() { 9.0 } else { 30.0 };
            (direction + random.noise(noise)).round().to_string()
        })
        .collect();
    values.join(",")
}
