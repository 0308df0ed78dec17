//! `razz models`: which models there are, how one comes here, and what a file is.

use std::fmt::Write as _;
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use clap::{Args, Subcommand};
use razz_vision::engine::Port;
use razz_vision::{
    ChannelOrder, Detector, DetectorSettings, EngineChoice, InputFormat, ModelError, ModelSource,
    OnnxEmbedder, Placement, Values,
};
use serde_json::{Value, json};

use super::Failure;
use crate::cli;
use crate::model_download::{Pulled, Source, pull};
use razz_config::closest;
use razz_config::models::{self, KNOWN, Known, sha256};
use razz_lab::progress::Progress;

/// Options of `razz models`.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, PartialEq, Eq, Debug, Subcommand)]
enum Command {
    /// List the models that razz knows, and which of them are here
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch a model from its makers; its licence is shown first
    Pull {
        /// Its name in the list
        #[arg(value_name = "NAME")]
        name: String,
        /// Accept the licence without being asked
        #[arg(long, alias = "accept-license")]
        accept_licence: bool,
        /// Fetch it from a mirror: the address of a folder that has it, or of the file [default:
        /// its makers', or what RAZZ_MODELS_FROM says]
        #[arg(long, value_name = "URL")]
        from: Option<String>,
    },
    /// Say what a model file is: family, inputs, outputs, classes, SHA-256
    Info {
        /// An ONNX file, or the name of a model that is here
        #[arg(value_name = "FILE")]
        file: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Does what was asked.
pub(crate) fn run(options: &Options) -> ExitCode {
    let folder = models::folder();
    match &options.command {
        Command::List { json } => {
            cli::end("models list", list(&folder, *json).map(|text| cli::print(&text)))
        }
        Command::Pull { name, accept_licence, from } => {
            let mirror = from.clone().or_else(|| env::var("RAZZ_MODELS_FROM").ok());
            let mirror = mirror.filter(|mirror| !mirror.is_empty());
            let outcome = fetch(name, *accept_licence, mirror.as_deref(), &folder);
            cli::end("models pull", outcome)
        }
        Command::Info { file, json } => {
            cli::end("models info", info(file, &folder, *json).map(|text| cli::print(&text)))
        }
    }
}

/// How much of a model is here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Absent,
    /// So many percent of it.
    Part(u64),
    Present,
    /// Another file has its name.
    Other,
}

impl State {
    fn of(known: &Known, folder: &Path) -> io::Result<Self> {
        let file = known.file(folder);
        if file.is_file() {
            let same = sha256(&file)? == known.sha256;
            return Ok(if same { Self::Present } else { Self::Other });
        }
        let part = fs::metadata(known.part(folder)).map_or(0, |part| part.len());
        Ok(if part > 0 { Self::Part(100 * part / known.bytes) } else { Self::Absent })
    }

    fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Part(_) => "part",
            Self::Present => "present",
            Self::Other => "other",
        }
    }

    fn text(self) -> String {
        match self {
            Self::Absent => "no".to_owned(),
            Self::Part(percent) => format!("{percent} %"),
            Self::Present => "yes".to_owned(),
            Self::Other => "other file".to_owned(),
        }
    }
}

fn list(folder: &Path, as_json: bool) -> Result<String, Failure> {
    let states: Vec<(&Known, State)> = KNOWN
        .iter()
        .map(|known| Ok((known, State::of(known, folder)?)))
        .collect::<io::Result<_>>()
        .map_err(|error| Failure::Failed(format!("{}: {error}", folder.display())))?;
    let others = others(folder);
    if as_json {
        let models = states.iter().map(|(known, state)| {
            json!({
                "name": known.name, "about": known.about, "url": known.url, "bytes": known.bytes,
                "sha256": known.sha256, "licence": known.licence,
                "licence_url": known.licence_url, "terms": known.terms,
                "state": state.word(), "path": known.file(folder),
            })
        });
        let models: Vec<Value> = models.collect();
        return Ok(json!({"folder": folder, "models": models, "others": others}).to_string());
    }
    let mut text =
        format!("{:<19} {:>8}  {:<10}  {:<28}  {}\n", "NAME", "SIZE", "HERE", "LICENCE", "WHAT");
    for (known, state) in &states {
        let size = megabytes(known.bytes);
        let Known { name, licence, about, .. } = known;
        let _ =
            writeln!(text, "{name:<19} {size:>8}  {:<10}  {licence:<28}  {about}", state.text());
    }
    for name in others {
        let _ = writeln!(text, "{name:<19} {:>8}  {:<10}  {:<28}  put there by you", "", "yes", "");
    }
    text.push_str("\nFROM, AND SHA-256\n");
    for (Known { name, url, sha256, .. }, _) in &states {
        let _ = writeln!(text, "{name:<19} {url}\n{:<19} {sha256}", "");
    }
    text.push('\n');
    let _ = write!(text, "folder: {}", folder.display());
    if states.iter().any(|(_, state)| *state != State::Present) {
        text.push_str("; `razz models pull NAME` fetches one");
    }
    Ok(text)
}

/// The names of models in the folder that razz does not know.
fn others(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".onnx")?.to_owned()))
        .filter(|name| !name.starts_with('.') && Known::find(name).is_none())
        .collect();
    names.sort();
    names
}

fn fetch(name: &str, accepted: bool, mirror: Option<&str>, folder: &Path) -> Result<(), Failure> {
    let known = Known::find(name).ok_or_else(|| {
        let names = KNOWN.map(|known| known.name);
        let meant = closest(name, &names).map(|name| format!("; did you mean {name}?"));
        Failure::Refused(format!(
            "there is no model \"{name}\"{}; known are {}",
            meant.unwrap_or_default(),
            names.join(", ")
        ))
    })?;
    let file = known.file(folder);
    cli::say(&format!(
        "{}: {}, {}\nlicence: {} ({})",
        known.name,
        known.about,
        megabytes(known.bytes),
        known.licence,
        known.licence_url
    ));
    if let Some(terms) = known.terms
        && !accepted
        && !file.exists()
    {
        consent(known, terms)?;
    }
    let source = Source::new(known, mirror);
    let mut progress = Progress::bytes("fetching", known.bytes);
    let pulled = pull(known, &source, folder, &mut |done| progress.step(done));
    drop(progress);
    let done = match pulled.map_err(|error| Failure::Failed(error.to_string()))? {
        Pulled::Present => "is here already",
        Pulled::Fetched => "was fetched, its SHA-256 is right",
    };
    cli::print(&format!("{} {done}: {}", known.name, file.display()));
    Ok(())
}

/// Asks whether the licence is accepted; where nobody can answer, says how to.
fn consent(known: &Known, terms: &str) -> Result<(), Failure> {
    cli::say(&format!("note: {terms}"));
    let again = format!(
        "read {} and, if you accept it, run `razz models pull {} --accept-licence`",
        known.licence_url, known.name
    );
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Failure::Refused(format!("its licence must be accepted: {again}")));
    }
    // When stderr is closed there is nobody to ask.
    let _ = write!(io::stderr(), "accept it? [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && is_yes(&answer) {
        return Ok(());
    }
    Err(Failure::Refused(format!("not fetched; {again}")))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// What a file is.
struct Info {
    path: PathBuf,
    bytes: u64,
    sha256: String,
    known: Option<&'static Known>,
    kind: Kind,
    engine: String,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
}

/// What a model does.
enum Kind {
    Detector(Detector),
    Embedder(OnnxEmbedder),
}

fn info(file: &str, folder: &Path, as_json: bool) -> Result<String, Failure> {
    let info = Info::read(&resolve(file, folder))?;
    Ok(if as_json { info.to_json().to_string() } else { info.to_text() })
}

/// The file that is meant: a path, or the name of a model that is here.
fn resolve(file: &str, folder: &Path) -> PathBuf {
    let (path, named) = (PathBuf::from(file), models::file(folder, file));
    if !path.is_file() && named.is_file() { named } else { path }
}

impl Info {
    fn read(path: &Path) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
        let kind = Kind::read(path).map_err(|error| failed(&error))?;
        let said = |error: io::Error| failed(&format!("{}: {error}", path.display()));
        let sha256 = sha256(path).map_err(said)?;
        let bytes = fs::metadata(path).map_err(said)?.len();
        let (engine, inputs, outputs) = match &kind {
            Kind::Detector(d) => (d.engine_name(), d.inputs(), d.outputs()),
            Kind::Embedder(e) => (e.engine_name(), e.inputs(), e.outputs()),
        };
        Ok(Self {
            path: path.to_owned(),
            bytes,
            known: Known::with_sha256(&sha256),
            sha256,
            engine: engine.to_owned(),
            inputs: inputs.to_vec(),
            outputs: outputs.to_vec(),
            kind,
        })
    }

    fn to_text(&self) -> String {
        let mut lines = vec![
            format!("file     {} ({})", self.path.display(), megabytes(self.bytes)),
            format!("sha256   {}", self.sha256),
            match self.known {
                Some(known) => format!("known    {}, licence {}", known.name, known.licence),
                None => "known    no; its licence is for you to know".to_owned(),
            },
        ];
        match &self.kind {
            Kind::Detector(detector) => {
                let names: Vec<&str> = detector.class_names().iter().collect();
                lines.push(format!("family   {}", detector.family()));
                lines.push(format!("pictures {}", pictures(detector)));
                lines.push(format!("classes  {}: {}", names.len(), names.join(", ")));
                lines.extend(detector.remarks().iter().map(|note| format!("note     {note}")));
            }
            Kind::Embedder(embedder) => {
                let size = embedder.input_size();
                lines.push("family   embedder for re-identification".to_owned());
                lines.push(format!("pictures crops of {}x{}", size.width, size.height));
            }
        }
        lines.extend(self.inputs.iter().map(|port| format!("input    {port}")));
        lines.extend(self.outputs.iter().map(|port| format!("output   {port}")));
        lines.push(format!("runs on  {}", self.engine));
        lines.join("\n")
    }

    fn to_json(&self) -> Value {
        let ports = |ports: &[Port]| -> Vec<Value> {
            let port = |port: &Port| json!({"name": port.name, "shape": port.shape});
            ports.iter().map(port).collect()
        };
        let mut value = json!({
            "file": self.path, "bytes": self.bytes, "sha256": self.sha256,
            "known": self.known.map(|known| known.name),
            "licence": self.known.map(|known| known.licence),
            "inputs": ports(&self.inputs), "outputs": ports(&self.outputs), "engine": self.engine,
        });
        let rest = match &self.kind {
            Kind::Detector(detector) => json!({
                "kind": "detector",
                "family": detector.family().to_string(),
                "input_size": [detector.input_size().width, detector.input_size().height],
                "input_follows_picture": detector.is_rectangular(),
                "input_format": format_text(detector.family().input_format()),
                "batch": if detector.has_open_batch() { Value::Null } else { json!(detector.batch()) },
                "notes": detector.remarks(),
                "classes": detector.class_names().iter().collect::<Vec<_>>(),
            }),
            Kind::Embedder(embedder) => json!({
                "kind": "embedder",
                "input_size": [embedder.input_size().width, embedder.input_size().height],
            }),
        };
        if let (Some(value), Value::Object(rest)) = (value.as_object_mut(), rest) {
            value.extend(rest);
        }
        value
    }
}

impl Kind {
    /// A detector or an embedder; the error is the detector's, which most files are meant to be.
    fn read(path: &Path) -> Result<Self, ModelError> {
        let settings = DetectorSettings { classes: None, ..DetectorSettings::default() };
        match Detector::load(ModelSource::File(path), &settings) {
            Ok(detector) => Ok(Self::Detector(detector)),
            Err(
                error @ (ModelError::Input { .. }
                | ModelError::Output { .. }
                | ModelError::Scores { .. }),
            ) => match OnnxEmbedder::load(path, EngineChoice::Auto, settings.threads) {
                Ok(embedder) => Ok(Self::Embedder(embedder)),
                Err(_) => Err(error),
            },
            Err(error) => Err(error),
        }
    }
}

/// How a detector is given its pictures.
fn pictures(detector: &Detector) -> String {
    let size = detector.input_size();
    let size = format!("{}x{}", size.width, size.height);
    let size = match detector.is_rectangular() {
        true => format!("up to {size} in the picture's shape"),
        false => size,
    };
    let batch = match (detector.has_open_batch(), detector.batch()) {
        (true, _) => ", any number at a time".to_owned(),
        (false, 1) => String::new(),
        (false, batch) => format!(", {batch} at a time"),
    };
    format!("{size}, {}{batch}", format_text(detector.family().input_format()))
}

fn format_text(format: InputFormat) -> String {
    let order = match format.order {
        ChannelOrder::Rgb => "RGB",
        ChannelOrder::Bgr => "BGR",
    };
    let values = match format.values {
        Values::Unit => "0 to 1",
        Values::Byte => "0 to 255",
        Values::ImageNet => "normalised as ImageNet",
    };
    let placement = match format.placement {
        Placement::Centred => "centred on grey",
        Placement::TopLeft => "at the top left of grey",
        Placement::Stretched => "stretched",
    };
    format!("{order} {values}, {placement}")
}
