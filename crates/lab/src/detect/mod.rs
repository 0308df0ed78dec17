//! `razz detect`: what is on the pictures of a clip, or on pictures.
//!
//! `input` finds and reads them, [`output`] is the JSON that comes out.

mod input;
pub mod output;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use razz_base::Size;
use razz_vision::Detector;

use self::input::{Input, read_image};
use self::output::{BoxLine, Detected, row};
use crate::clip::{Clip, Damage};
use crate::model::ModelOptions;
use crate::progress::Progress;
use crate::terminal::{Failure, end, note};

/// Options of `razz detect`.
#[derive(Clone, PartialEq, Debug, Args)]
pub struct Options {
    #[command(flatten)]
    model: ModelOptions,
    /// An MP4 file with H.264 or H.265, or a picture (PNG, JPEG), or a folder of pictures; repeat it for
    /// several pictures
    #[arg(long, value_name = "FILE", required = true)]
    input: Vec<PathBuf>,
    /// Where the detections go, as JSON; - is stdout
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Look at the frames 1, 1+K, 1+2K ... of a clip only; the others are null
    #[arg(long, value_name = "K", default_value = "1")]
    stride: NonZeroU32,
}

/// Detects and writes. What was passed over is said on stderr.
pub fn run(options: &Options) -> ExitCode {
    end("detect", detect(options))
}

fn detect(options: &Options) -> Result<(), Failure> {
    let input = Input::find(&options.input)?;
    let mut detector = options.model.load("detect")?;
    let model = &options.model;
    let Size { width, height } = detector.input_size();
    let mut detected = Detected {
        model: model.which.name(),
        engine: detector.engine_name().to_owned(),
        precision: detector.precision().to_string(),
        imgsz: if width == height { vec![width] } else { vec![height, width] },
        conf: shortest(model.confidence),
        iou: shortest(model.iou),
        ..Detected::default()
    };
    match input {
        Input::Clip(path) => {
            let mut clip = Clip::open(&path)?;
            if let Some(missing) = clip.missing() {
                note("detect", &missing);
            }
            detected.clip = Some(file_name(&path));
            detected.frame_rate = clip.frame_rate().map(|rate| (rate * 1e3).round() / 1e3);
            let stride = options.stride.get();
            detected.stride = (stride > 1).then_some(stride);
            detected.frames = Some(detect_frames(&mut detector, &mut clip, stride as usize)?);
        }
        Input::Images(paths) => {
            detected.images = Some(detect_images(&mut detector, &paths)?);
        }
    }
    write(&options.output, &detected)
}

/// The decimal that was meant.
fn shortest(share: f32) -> f64 {
    (f64::from(share) * 1e6).round() / 1e6
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The rows of each frame that is shown; `None` for those not looked at: all but every `stride`-th,
/// and what could not be decoded.
fn detect_frames(
    detector: &mut Detector,
    clip: &mut Clip,
    stride: usize,
) -> Result<Vec<Option<Vec<BoxLine>>>, Failure> {
    let mut frames = vec![None; clip.len()];
    let mut out = Vec::new();
    let damage = clip.decode(
        |index| index.is_multiple_of(stride),
        |index, picture| {
            detector
                .detect(picture, &mut out)
                .map_err(|error| Failure::Failed(error.to_string()))?;
            frames[index] = Some(out.iter().map(row).collect());
            Ok(())
        },
    )?;
    let Damage { missing, damaged, first } = damage;
    if missing > 0 || damaged > 0 {
        let why = first.unwrap_or_else(|| "no IDR to begin with".to_owned());
        let name = clip.name();
        let said = format!("{name}: {missing} frames not looked at, {damaged} damaged ({why})");
        note("detect", &said);
    }
    Ok(frames)
}

fn detect_images(
    detector: &mut Detector,
    paths: &[PathBuf],
) -> Result<BTreeMap<String, Vec<BoxLine>>, Failure> {
    let mut images = BTreeMap::new();
    let mut progress = Progress::new("detecting", "pictures", paths.len() as u64);
    let mut out = Vec::new();
    for (done, path) in paths.iter().enumerate() {
        progress.step(done as u64);
        let image = read_image(path)?;
        detector
            .detect_rgb(&image.rgb, image.size, &mut out)
            .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
        let name = file_name(path);
        let name = if images.contains_key(&name) { path.display().to_string() } else { name };
        images.insert(name, out.iter().map(row).collect());
    }
    Ok(images)
}

fn write(path: &Path, detected: &Detected) -> Result<(), Failure> {
    let out: io::Result<Box<dyn Write>> = if path == Path::new("-") {
        Ok(Box::new(io::stdout().lock()))
    } else {
        File::create(path).map(|file| Box::new(file) as Box<dyn Write>)
    };
    let written = out.and_then(|out| {
        let mut out = BufWriter::new(out);
        serde_json::to_writer(&mut out, detected)?;
        writeln!(out)?;
        out.flush()
    });
    match written {
        // Who reads the start only is served.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("{}: cannot be written: {error}", path.display())))
        }
        _ => Ok(()),
    }
}
