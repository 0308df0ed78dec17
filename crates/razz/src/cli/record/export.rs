//! `razz record export`: a span of footage as a file.

use std::fmt::Write as _;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use razz_base::CameraId;
use razz_config::Config;
use razz_export::{Blur, Format, Materials, Request, rfc3339};
use razz_lab::progress::Progress;
use razz_observe::clock::Clock;
use razz_store::archive::{Archive, Moment};
use razz_vision::Decoders;

use super::{Failure, Options, failed};

/// What of the recordings, and as what.
pub(super) struct Wanted<'a> {
    pub(super) cameras: &'a [CameraId],
    pub(super) span: [Moment; 2],
    pub(super) format: &'a str,
    pub(super) blur: &'a [String],
    pub(super) except: &'a [u64],
}

pub(super) fn format_names() -> PossibleValuesParser {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
}

pub(super) fn export(
    options: &Options,
    archive: &Archive,
    wanted: &Wanted<'_>,
    path: &Path,
) -> Result<String, Failure> {
    if path.exists() {
        return Err(failed(format!("{}: is there already", path.display())));
    }
    let first = *wanted.cameras.first().ok_or_else(|| failed("no camera is named"))?;
    let wall = |moment| match moment {
        Moment::Wall(us) => Ok(us),
        Moment::Media(time) => archive.wall_us(first, time).map_err(failed),
    };
    let format = Format::ALL.into_iter().find(|format| format.name() == wanted.format);
    let except = wanted.except.iter();
    let blur = Blur {
        classes: wanted.blur.to_vec(),
        except: except.flat_map(|track| wanted.cameras.iter().map(|id| (*id, *track))).collect(),
    };
    let request = Request {
        cameras: wanted.cameras.to_vec(),
        from_us: wall(wanted.span[0])?,
        until_us: wall(wanted.span[1])?,
        format: format.unwrap_or(Format::Mp4),
        boxes: true,
        labels: true,
        blur: (!wanted.blur.is_empty()).then_some(blur),
        name: String::new(),
        by: None,
    };
    request.check().map_err(|error| Failure::Refused(error.to_string()))?;
    // A disk of another machine has no config file here, and cameras then have no names.
    let config = Config::load(&options.place.config).ok();
    let names = |id: CameraId| {
        let camera = config.iter().flat_map(|config| &config.cameras).find(|one| one.id == id);
        camera.map_or_else(|| format!("camera {id}"), |camera| camera.name.clone())
    };
    let decoder = config.as_ref().map(|config| &config.decoder);
    let decoders = match decoder {
        Some(decoder) => Decoders::open(decoder.engine, &decoder.hardware).map_err(failed)?,
        None => Decoders::builtin(),
    };
    let materials = Materials {
        archive,
        decoders: &decoders,
        names: &names,
        presentation: razz_api::presentation(),
        now_us: Clock::start().wall_us(),
    };
    let mut progress = Progress::new("exporting", "%", 100);
    let made = razz_export::make(&request, materials, path, &mut |share| {
        progress.step((share * 100.0) as u64);
        ControlFlow::Continue(())
    });
    drop(progress);
    let bytes = made.map_err(failed)?;
    let mut said = format!(
        "{}: {:.1} s from {}, {:.1} MB",
        path.display(),
        (request.until_us - request.from_us) as f64 / 1e6,
        rfc3339(request.from_us),
        bytes as f64 / 1e6
    );
    if matches!(request.format, Format::Mp4 | Format::Rendered) {
        for beside in tracks_beside(archive, &request, path)? {
            let _ = write!(said, "\n{}: its tracks", beside.display());
        }
    }
    Ok(said)
}

/// The tracks of each camera as `GET /api/recordings/{camera}/tracks` has them, in a file beside the video.
fn tracks_beside(
    archive: &Archive,
    request: &Request,
    path: &Path,
) -> Result<Vec<PathBuf>, Failure> {
    let mut written = Vec::new();
    for camera in &request.cameras {
        let [from, until] = [request.from_us, request.until_us].map(Moment::Wall);
        let frames = archive.tracks(*camera, from, until).map_err(failed)?;
        if frames.is_empty() {
            continue;
        }
        let end = match request.cameras.len() {
            1 => "tracks.json".to_owned(),
            _ => format!("{camera}.tracks.json"),
        };
        let beside = path.with_extension(end);
        let text = format!("{{\"frames\":{}}}\n", (razz_api::presentation().tracks)(&frames));
        fs::write(&beside, text)
            .map_err(|error| failed(format!("{}: {error}", beside.display())))?;
        written.push(beside);
    }
    Ok(written)
}
