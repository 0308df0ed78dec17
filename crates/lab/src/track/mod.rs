//! `razz track`: tracks of detections that stand in a file.
//!
//! `detections` reads MOTChallenge text or what `razz detect` wrote, `npy` and `motion` what
//! goes with it, `pass` takes the frames through the tracker, `fill` puts tracks on the frames
//! between.

mod detections;
mod fill;
mod motion;
mod npy;
mod pass;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, num};

use clap::Args;
use razz_base::{Rect, Size};
use razz_track::{Kind, Settings};

pub(super) use self::detections::Sequence;
use self::motion::CameraMotion;
use self::npy::Embeddings;
use crate::model::parse_size;
use crate::terminal::{Failure, end, note};

/// Options of `razz track`.
#[derive(Clone, PartialEq, Debug, Args)]
pub struct Options {
    /// Detections as MOTChallenge text, one a line: frame,-1,x,y,w,h,score with frames from 1; or
    /// what `razz detect` wrote; - is stdin
    #[arg(long, value_name = "FILE")]
    detections: PathBuf,
    /// Where the tracks go, as MOTChallenge text: frame,id,x,y,w,h,score,-1,-1,-1; - is stdout
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// hybrid, or the originals frame by frame: bytetrack, deepsort
    #[arg(long, value_name = "KIND", default_value = "hybrid")]
    tracker: Kind,
    /// Frames per second [default: 30, or what `razz detect` read in the clip]
    #[arg(long, value_name = "FPS")]
    frame_rate: Option<f64>,
    /// An embedding for each detection, a row a line, as NumPy's .npy with f4 or f8
    #[arg(long, value_name = "FILE")]
    embeddings: Option<PathBuf>,
    /// How the picture moved into each frame: frame,a11,a12,tx,a21,a22,ty
    #[arg(long, value_name = "FILE")]
    camera_motion: Option<PathBuf>,
    /// How large the pictures are, as in 1280x720: boxes at their border are known to be cut off
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = parse_size)]
    picture: Option<Size>,
    /// Use the frames 1, 1+K, 1+2K ... only [default: 1, or what `razz detect` looked at]
    #[arg(long, value_name = "K")]
    stride: Option<num::NonZeroU32>,
    /// Tracks for the frames between as well: interpolated, predicted at the end
    #[arg(long)]
    fill: bool,
    /// Score above which a detection is trusted (hybrid, bytetrack) [default: 0.5]
    #[arg(long, value_name = "0-1")]
    track_threshold: Option<f64>,
    /// Largest cost of a first association (hybrid, bytetrack) [default: 0.8]
    #[arg(long, value_name = "0-1")]
    match_threshold: Option<f64>,
    /// How long a lost track can be found again, in frames at 30 a second (hybrid, bytetrack)
    /// [default: 30]
    #[arg(long, value_name = "FRAMES")]
    track_buffer: Option<u32>,
    /// Detections below are not used (deepsort)
    #[arg(long, value_name = "0-1", default_value_t = 0.3)]
    min_confidence: f64,
    /// Largest distance between two looks of one object (deepsort)
    #[arg(long, value_name = "0-2", default_value_t = 0.2)]
    max_cosine_distance: f64,
    /// Frames without a match until a track ends (deepsort)
    #[arg(long, value_name = "FRAMES", default_value_t = 30)]
    max_age: u32,
    /// Matches in a row until a track counts (deepsort)
    #[arg(long, value_name = "FRAMES", default_value_t = 3)]
    n_init: u32,
}

/// A line of the result.
#[derive(Clone, Copy, PartialEq, Debug)]
struct ResultLine {
    frame: u64,
    id: u64,
    bbox: Rect,
    score: f64,
}

/// Tracks what is in the file. What was passed over is said on stderr.
pub fn run(options: &Options) -> ExitCode {
    end("track", track(options))
}

fn track(options: &Options) -> Result<(), Failure> {
    if options.tracker == Kind::DeepSort && options.embeddings.is_none() {
        return Err(Failure::Refused(
            "deepsort tells objects apart by their looks; give --embeddings FILE.npy with a row \
             for each detection, or take --tracker bytetrack or hybrid"
                .to_owned(),
        ));
    }
    let sequence = Sequence::read(&options.detections)?;
    let stride = stride(options, &sequence)?;
    let settings = settings(options, &sequence, stride)?;
    let embeddings = match &options.embeddings {
        Some(path) => Some(Embeddings::read(path, sequence.lines)?),
        None => None,
    };
    let motion = match &options.camera_motion {
        Some(path) => CameraMotion::read(path)?,
        None => CameraMotion::default(),
    };
    for said in sequence.notes() {
        note("track", &said);
    }
    if let Some(said) = embeddings.as_ref().and_then(Embeddings::note) {
        note("track", &said);
    }
    if options.camera_motion.is_some() && options.tracker != Kind::Hybrid && !options.fill {
        note("track", &"the originals know no camera motion: --camera-motion changes nothing");
    }
    let work = pass::Pass {
        sequence: &sequence,
        settings: &settings,
        kind: options.tracker,
        embeddings: embeddings.as_ref(),
        motion: &motion,
        picture: options.picture,
        stride,
        fill: options.fill,
    };
    let mut tracked = work.run();
    if options.fill {
        fill::fill(&mut tracked, &motion, work.stride, settings.frame_rate);
    }
    write(&options.output, &tracked.rows)
}

/// Every so many frames one is used.
fn stride(options: &Options, sequence: &Sequence) -> Result<u64, Failure> {
    let looked_at = sequence.stride;
    let stride = options.stride.map_or(looked_at, |stride| u64::from(stride.get()));
    if !stride.is_multiple_of(looked_at) {
        return Err(Failure::Refused(format!(
            "--stride {stride}: the detector looked at every {looked_at}th frame; give a multiple \
             of {looked_at}, or leave --stride out"
        )));
    }
    Ok(stride)
}

/// The tracker's settings: what is not given is the tracker's own default.
fn settings(options: &Options, sequence: &Sequence, stride: u64) -> Result<Settings, Failure> {
    let mut settings = Settings::default();
    if options.tracker == Kind::ByteTrack {
        // The original demo's.
        (settings.track_threshold, settings.match_threshold) = (0.5, 0.8);
        settings.track_buffer = 30;
    }
    let given = |option: Option<f64>, default: f64| option.unwrap_or(default);
    settings.track_threshold = given(options.track_threshold, settings.track_threshold);
    settings.match_threshold = given(options.match_threshold, settings.match_threshold);
    settings.track_buffer = options.track_buffer.unwrap_or(settings.track_buffer);
    settings.frame_rate = options.frame_rate.or(sequence.frame_rate).unwrap_or(30.0);
    settings.reid.enabled = options.embeddings.is_some();
    settings.deepsort.min_confidence = options.min_confidence;
    settings.deepsort.max_cosine_distance = options.max_cosine_distance;
    settings.deepsort.max_age = options.max_age;
    settings.deepsort.n_init = options.n_init;
    settings.check().map_err(|error| {
        let option = error.name.trim_start_matches("deepsort.").replace('_', "-");
        Failure::Refused(format!("--{option} {}: expected {}", error.value, error.expected))
    })?;
    // No track may end between two frames that are used.
    let between_us = 1.5e6 * stride as f64 / settings.frame_rate;
    settings.publish_lost_us = settings.publish_lost_us.max(between_us.min(6e7) as i64);
    Ok(settings)
}

/// Writes MOTChallenge text with four decimals.
fn write(path: &Path, rows: &[ResultLine]) -> Result<(), Failure> {
    let out: io::Result<Box<dyn Write>> = if path == Path::new("-") {
        Ok(Box::new(io::stdout().lock()))
    } else {
        fs::File::create(path).map(|file| Box::new(file) as Box<dyn Write>)
    };
    let lines = |out: Box<dyn Write>| {
        let mut out = BufWriter::new(out);
        for ResultLine { frame, id, bbox, score } in rows {
            let (x, y, w, h) = (bbox.left, bbox.top, bbox.width(), bbox.height());
            writeln!(out, "{frame},{id},{x:.4},{y:.4},{w:.4},{h:.4},{score:.4},-1,-1,-1")?;
        }
        out.flush()
    };
    match out.and_then(lines) {
        // Who reads the first lines only is served.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("{}: cannot be written: {error}", path.display())))
        }
        _ => Ok(()),
    }
}
