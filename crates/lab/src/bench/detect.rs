//! `razz bench detect`: what detection costs with each engine, and what reduced precision changes.
//!
//! All engines take turns, picture by picture, so that what else the machine does hits them alike
//! and their ratios hold.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use razz_base::{Detection, Size};
use razz_scene::{Canvas, Encoder, Rate, Street};
use razz_vision::{Decoder, Detector, EngineChoice, Picture, Precision};
use serde_json::{Value, json};

use super::agreement::Agreement;
use super::quantiles::{Quantiles, rounded};
use super::table::table;
use crate::clip::{Clip, access_unit};
use crate::model::ModelOptions;
use crate::progress::Progress;
use crate::terminal::{Failure, end};
use razz_observe::clock::Clock;

const COMMAND: &str = "bench detect";

/// Options of `razz bench detect`.
#[derive(Clone, PartialEq, Debug, Args)]
pub struct Options {
    #[command(flatten)]
    model: ModelOptions,
    /// An MP4 file with H.264 or H.265 to take pictures from [default: the demo's street, 1280x720]
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// How many pictures, spread over the clip
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pictures: u32,
    /// How many times each engine detects
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rounds: u32,
    /// The result as JSON
    #[arg(long)]
    json: bool,
}

/// What is tried with `--engine auto`; TensorRT compiles for minutes and has to be asked for.
const ENGINES: [EngineChoice; 4] =
    [EngineChoice::Rten, EngineChoice::OrtCpu, EngineChoice::OrtOpenVino, EngineChoice::OrtCuda];
/// Rounds before anything is measured.
const WARM_UP: u32 = 3;

/// Measures, and prints what came of it.
pub(super) fn run(options: &Options) -> ExitCode {
    end(COMMAND, bench(options))
}

fn bench(options: &Options) -> Result<(), Failure> {
    let pictures = match &options.input {
        Some(path) => pictures_of(path, options.pictures as usize)?,
        None => street(options.pictures)?,
    };
    let (mut runners, unavailable) = runners(options)?;
    let clock = Clock::start();
    let rounds = options.rounds + WARM_UP;
    let mut progress = Progress::new("measuring", "rounds", u64::from(rounds));
    for round in 0..rounds {
        progress.step(u64::from(round));
        let picture = &pictures[round as usize % pictures.len()];
        for runner in &mut runners {
            let lap = runner.lap(picture, clock, round % 2 == 0)?;
            if round >= WARM_UP {
                runner.laps.push(lap);
            }
        }
    }
    drop(progress);
    let agreements = agreements(&mut runners, &pictures)?;
    let text = if options.json {
        json(options, &pictures, &runners, &agreements, &unavailable).to_string()
    } else {
        report(options, &pictures, &runners, &agreements, &unavailable)
    };
    // A closed stdout is nobody's problem.
    let _ = writeln!(io::stdout(), "{text}");
    Ok(())
}

/// Pictures of a clip, spread over it.
fn pictures_of(path: &Path, count: usize) -> Result<Vec<Picture>, Failure> {
    let mut clip = Clip::open(path)?;
    let step = clip.len().div_ceil(count).max(1);
    let mut pictures = Vec::new();
    clip.decode(
        |index| index.is_multiple_of(step),
        |_, picture| {
            pictures.push(picture.clone());
            Ok(())
        },
    )?;
    Ok(pictures)
}

/// Pictures of the demo's street, encoded and decoded as on their way through the server.
fn street(count: u32) -> Result<Vec<Picture>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let street = Street::new(1);
    let size = Size::new(1280, 720);
    let mut encoder = Encoder::with_size(size, Rate::Constant, 1).map_err(|e| failed(&e))?;
    let mut decoder = Decoder::new();
    let mut canvas = Canvas::new();
    let mut pictures = Vec::new();
    for index in 0..u64::from(count) {
        street.render(index * 15, &mut canvas);
        let frame = encoder.encode(&canvas).map_err(|error| failed(&error))?;
        let unit = access_unit(frame.annex_b.to_vec(), index as i64 * 45_000, frame.idr);
        pictures.extend(decoder.decode(&unit, true).map_err(|error| failed(&error))?);
    }
    Ok(pictures)
}

/// An engine with a precision, and how long everything took, in milliseconds.
struct Runner {
    detector: Detector,
    laps: Vec<Lap>,
    found: Vec<Detection>,
}

#[derive(Clone, Copy, Default)]
struct Lap {
    prepare: f64,
    infer: f64,
    read: f64,
    whole: f64,
    /// The same inference alone.
    bare: f64,
    /// CPU time of all threads in `whole`.
    cpu: f64,
}

/// Every engine that is there, with every precision that it has, and why others are not.
fn runners(options: &Options) -> Result<(Vec<Runner>, Vec<String>), Failure> {
    let model = &options.model;
    let one = [model.which.engine];
    let wanted: &[EngineChoice] =
        if model.which.engine == EngineChoice::Auto { &ENGINES } else { &one };
    let (mut runners, mut unavailable): (Vec<Runner>, Vec<String>) = (Vec::new(), Vec::new());
    let mut last = None;
    for engine in wanted {
        for precision in [Precision::F32, Precision::Bf16] {
            // A precision that an engine has not falls back to f32, which was measured already.
            match model.load_quietly(*engine, precision) {
                Ok(detector) if detector.precision() == precision => {
                    runners.push(Runner { detector, laps: Vec::new(), found: Vec::new() });
                }
                Ok(_) => unavailable.push(format!("{engine} has no {precision} here")),
                Err(error) => {
                    if precision == Precision::F32 {
                        unavailable.push(format!("{engine}: {error}"));
                    }
                    last = Some(error);
                }
            }
        }
    }
    match (runners.is_empty(), last) {
        (true, Some(error)) => Err(error),
        _ => Ok((runners, unavailable)),
    }
}

impl Runner {
    fn name(&self) -> String {
        format!("{} {}", self.detector.engine_name(), self.detector.precision())
    }

    fn lap(&mut self, picture: &Picture, clock: Clock, bare_first: bool) -> Result<Lap, Failure> {
        let failed = |error: razz_vision::DetectError| Failure::Failed(error.to_string());
        let mut lap = Lap::default();
        let ms = |from: u64, to: u64| (to - from) as f64 / 1e6;
        let bare = |detector: &mut Detector| {
            let start = clock.nanos();
            detector.infer_only().map_err(failed)?;
            Ok::<f64, Failure>(ms(start, clock.nanos()))
        };
        if bare_first {
            lap.bare = bare(&mut self.detector)?;
        }
        let (start, cpu) = (clock.nanos(), clock.process_cpu_nanos());
        let mut done = [start; 3];
        self.detector
            .detect_watched(picture, &mut self.found, &mut |step| {
                done[step as usize] = clock.nanos();
            })
            .map_err(failed)?;
        let end = clock.nanos();
        lap.cpu = ms(cpu, clock.process_cpu_nanos());
        (lap.prepare, lap.infer) = (ms(start, done[0]), ms(done[0], done[1]));
        (lap.read, lap.whole) = (ms(done[1], done[2]), ms(start, end));
        if !bare_first {
            lap.bare = bare(&mut self.detector)?;
        }
        Ok(lap)
    }

    fn quantiles(&self, of: impl Fn(&Lap) -> f64) -> Quantiles {
        Quantiles::of(self.laps.iter().map(of).collect())
    }

    /// Pair by pair, since both halves of a pair met the same machine.
    fn ratio(&self) -> f64 {
        self.quantiles(|lap| lap.whole / lap.bare.max(1e-9)).p50
    }
}

/// What reduced precision changes, by the runner's place: compared with the same engine in f32.
fn agreements(
    runners: &mut [Runner],
    pictures: &[Picture],
) -> Result<Vec<Option<Agreement>>, Failure> {
    let mut found: Vec<Vec<Vec<Detection>>> = Vec::new();
    for runner in runners.iter_mut() {
        let mut all = Vec::new();
        for picture in pictures {
            let mut out = Vec::new();
            let detected = runner.detector.detect(picture, &mut out);
            detected.map_err(|error| Failure::Failed(error.to_string()))?;
            all.push(out);
        }
        found.push(all);
    }
    let reference = |index: usize| {
        let own = &runners[index].detector;
        (own.precision() != Precision::F32).then_some(())?;
        runners.iter().position(|other| {
            other.detector.engine_name() == own.engine_name()
                && other.detector.precision() == Precision::F32
        })
    };
    let agreement = |index: usize| {
        let reference = reference(index)?;
        let mut agreement = Agreement::default();
        for (ours, theirs) in found[index].iter().zip(&found[reference]) {
            agreement.add(ours, theirs);
        }
        Some(agreement)
    };
    Ok((0..runners.len()).map(agreement).collect())
}

fn report(
    options: &Options,
    pictures: &[Picture],
    runners: &[Runner],
    agreements: &[Option<Agreement>],
    unavailable: &[String],
) -> String {
    let Size { width, height } = pictures[0].size;
    let input = runners[0].detector.input_size_for(pictures[0].size);
    let header =
        ["ms, p50 / p95", "prepare", "infer", "read", "whole", "bare", "whole:bare", "CPU p50"];
    let pair = |q: Quantiles| format!("{:.2} / {:.2}", q.p50, q.p95);
    let row = |runner: &Runner| {
        vec![
            runner.name(),
            pair(runner.quantiles(|lap| lap.prepare)),
            pair(runner.quantiles(|lap| lap.infer)),
            pair(runner.quantiles(|lap| lap.read)),
            pair(runner.quantiles(|lap| lap.whole)),
            pair(runner.quantiles(|lap| lap.bare)),
            format!("{:.3}", runner.ratio()),
            format!("{:.1}", runner.quantiles(|lap| lap.cpu).p50),
        ]
    };
    let mut lines = vec![
        format!(
            "{} at {}x{}, pictures of {width}x{height}, {} rounds",
            options.model.which.name(),
            input.width,
            input.height,
            options.rounds
        ),
        table(&header, &runners.iter().map(row).collect::<Vec<_>>()),
    ];
    for (runner, agreement) in runners.iter().zip(agreements) {
        if let Some(agreement) = agreement {
            lines.push(format!("{} beside f32: {}", runner.name(), agreement.line()));
        }
    }
    lines.extend(unavailable.iter().map(|why| format!("not measured: {why}")));
    lines.join("\n")
}

fn json(
    options: &Options,
    pictures: &[Picture],
    runners: &[Runner],
    agreements: &[Option<Agreement>],
    unavailable: &[String],
) -> Value {
    let Size { width, height } = pictures[0].size;
    let of = |(runner, agreement): (&Runner, &Option<Agreement>)| {
        let input = runner.detector.input_size_for(pictures[0].size);
        let ms = |of: fn(&Lap) -> f64| runner.quantiles(of).rounded_json(3);
        json!({
            "engine": runner.detector.engine_name(),
            "precision": runner.detector.precision().to_string(),
            "input": [input.width, input.height],
            "prepare_ms": ms(|lap| lap.prepare), "infer_ms": ms(|lap| lap.infer),
            "read_ms": ms(|lap| lap.read), "whole_ms": ms(|lap| lap.whole),
            "bare_ms": ms(|lap| lap.bare), "cpu_ms": ms(|lap| lap.cpu),
            "whole_to_bare": rounded(runner.ratio(), 4),
            "beside_f32": agreement.map(|agreement| agreement.json()),
        })
    };
    json!({
        "model": options.model.which.name(), "pictures": [width, height], "rounds": options.rounds,
        "engines": runners.iter().zip(agreements).map(of).collect::<Vec<_>>(),
        "unavailable": unavailable,
    })
}
