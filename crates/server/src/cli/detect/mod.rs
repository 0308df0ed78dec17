//! `razz detect`: what is on the pictures of a clip, or on pictures.
//!
//! [`input`] finds and reads them, [`output`] is the JSON that comes out.

mod input;
pub(crate) mod output;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use razz_base::{
    AccessUnit, CameraId, FrameKey, MediaTime, MonoTime, RunId, Size, WallQuality, WallTime,
};
use razz_media::mp4::{Mp4, Sample};
use razz_vision::{DecodeError, Decoder, Detector, Picture};

use self::input::{Input, read_image};
use self::output::{Detected, Row, row};
use super::model::ModelOptions;
use super::progress::Progress;
use super::{Failure, end, note};

/// Options of `razz detect`.
#[derive(Clone, PartialEq, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    model: ModelOptions,
    /// An MP4 file with H.264, or a picture (PNG, JPEG), or a folder of pictures; repeat it for
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
pub(crate) fn run(options: &Options) -> ExitCode {
    end("detect", detect(options))
}

fn detect(options: &Options) -> Result<(), Failure> {
    let input = Input::find(&options.input)?;
    let mut detector = options.model.load("detect")?;
    let model = &options.model;
    let Size { width, height } = detector.input_size();
    let mut detected = Detected {
        model: model.name(),
        engine: detector.engine_name().to_owned(),
        precision: detector.precision().to_string(),
        imgsz: if width == height { vec![width] } else { vec![height, width] },
        conf: shortest(model.confidence),
        iou: shortest(model.iou),
        ..Detected::default()
    };
    match input {
        Input::Clip(path) => {
            let clip = Clip::open(&path)?;
            detected.clip = Some(file_name(&path));
            detected.frame_rate = clip.mp4.frame_rate().map(|rate| (rate * 1e3).round() / 1e3);
            let stride = options.stride.get();
            detected.stride = (stride > 1).then_some(stride);
            detected.frames = Some(clip.detect(&mut detector, stride as usize)?);
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

fn detect_images(
    detector: &mut Detector,
    paths: &[PathBuf],
) -> Result<BTreeMap<String, Vec<Row>>, Failure> {
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

/// A clip while it is being read.
struct Clip {
    name: String,
    mp4: Mp4<BufReader<File>>,
    /// The pictures that are shown, by their time.
    frames: HashMap<i64, usize>,
}

impl Clip {
    fn open(path: &Path) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let file = File::open(path);
        let file = file.map_err(|error| {
            Failure::Refused(format!("{name}: cannot be read: {error}; see --input"))
        })?;
        let mp4 = Mp4::open(BufReader::new(file))
            .map_err(|error| Failure::Refused(format!("{name}: {error}")))?;
        let mut times: Vec<i64> = mp4.samples().iter().map(|sample| sample.time_90k).collect();
        times.retain(|time| *time >= 0);
        times.sort_unstable();
        times.dedup();
        let frames = times.into_iter().enumerate().map(|(index, time)| (time, index)).collect();
        Ok(Self { name, mp4, frames })
    }

    /// The rows of each frame that is shown, in the order of showing; `None` for those not looked
    /// at: all but every `stride`-th, and what could not be decoded.
    fn detect(
        mut self,
        detector: &mut Detector,
        stride: usize,
    ) -> Result<Vec<Option<Vec<Row>>>, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
        let mut found = vec![None; self.frames.len()];
        let mut decoder = Decoder::new().map_err(|error| failed(&error))?;
        let mut out = Vec::new();
        let (mut damaged, mut first_error) = (0, None);
        let samples = self.mp4.samples().to_vec();
        let mut progress = Progress::new("detecting", "frames", samples.len() as u64);
        let mut look = |picture: &Picture, frames: &HashMap<i64, usize>| {
            let index = frames.get(&picture.key.time.as_90k());
            if let Some(index) = index.filter(|index| **index % stride == 0) {
                detector.detect(picture, &mut out).map_err(|error| failed(&error))?;
                found[*index] = Some(out.iter().map(row).collect());
            }
            Ok::<(), Failure>(())
        };
        for (index, sample) in samples.iter().enumerate() {
            progress.step(index as u64);
            let wanted = self.frames.get(&sample.time_90k).is_some_and(|i| i % stride == 0);
            match self.decode(&mut decoder, index, sample, wanted) {
                Ok(Some(picture)) => look(&picture, &self.frames)?,
                Ok(None) => {}
                Err(error) => {
                    damaged += 1;
                    first_error.get_or_insert_with(|| format!("picture {}: {error}", index + 1));
                }
            }
        }
        for picture in decoder.flush() {
            look(&picture, &self.frames)?;
        }
        drop(progress);
        let looked_at = found.iter().flatten().count();
        let missing = self.frames.len().div_ceil(stride) - looked_at;
        let why = first_error.unwrap_or_else(|| "no IDR to begin with".to_owned());
        let name = &self.name;
        if looked_at == 0 && missing > 0 {
            return Err(Failure::Failed(format!("{name}: no picture could be decoded: {why}")));
        }
        if missing > 0 || damaged > 0 {
            let said = format!("{name}: {missing} frames not looked at, {damaged} damaged ({why})");
            note("detect", &said);
        }
        Ok(found)
    }

    fn decode(
        &mut self,
        decoder: &mut Decoder,
        index: usize,
        sample: &Sample,
        wanted: bool,
    ) -> Result<Option<Picture>, String> {
        let mut data = Vec::new();
        self.mp4.read(index, &mut data).map_err(|error| error.to_string())?;
        let unit = access_unit(data, sample);
        decoder.decode(&unit, wanted).map_err(|error: DecodeError| error.to_string())
    }
}

/// A picture of a file as a camera would have sent it.
pub(crate) fn access_unit(data: Vec<u8>, sample: &Sample) -> AccessUnit {
    let camera = CameraId::new(1).expect("1 is an id");
    let us = sample.time_90k * 100 / 9;
    AccessUnit {
        key: FrameKey { camera, time: MediaTime::from_90k(sample.time_90k) },
        run: RunId(1),
        data: Bytes::from(data),
        idr: sample.sync,
        lost_packets: 0,
        size: Size::default(),
        wall: WallTime { us, quality: WallQuality::Arrival },
        received: MonoTime::from_us(us),
    }
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
