//! `razz facts`: what was counted, compared with what is recorded.

use std::fmt::Write as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use razz_base::{CameraId, MediaTime};
use razz_export::rfc3339;
use razz_facts::database::Database;
use razz_facts::{DATABASE, Difference, check};
use razz_hub::facts::{Fact, What};
use razz_store::archive::Archive;
use razz_store::index::Index;
use razz_store::now_written::NowWritten;

use super::record::Place;
use super::{Failure, end, print};

/// Differences that are told one by one.
const TOLD: usize = 20;

/// Options of `razz facts`.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// What to do.
    #[command(subcommand)]
    what: Task,
}

/// What to do with facts.
#[derive(Clone, PartialEq, Eq, Debug, Subcommand)]
enum Task {
    /// Count everything that is recorded once more, and say where that is not what was kept
    Check {
        /// One camera; all of them when left out
        #[arg(long, value_name = "ID")]
        camera: Option<CameraId>,
    },
}

/// Does it.
pub(crate) fn run(options: &Options) -> ExitCode {
    let Task::Check { camera } = options.what;
    end("facts", compare(options, camera))
}

fn compare(options: &Options, only: Option<CameraId>) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let (root, index) = options.place.folder()?;
    let path = root.path().join(DATABASE);
    if !path.is_file() {
        return Err(Failure::Refused(format!(
            "{}: nothing was counted here",
            root.path().display()
        )));
    }
    let database = Database::open(&path).map_err(|error| failed(&error))?;
    let (index, _) = Index::open(&index).map_err(|error| failed(&error))?;
    let archive = Archive::new(root.clone(), index, NowWritten::default());
    let ends = [i64::MIN, i64::MAX].map(MediaTime::from_90k);
    let (mut text, mut different) = (String::new(), 0);
    for camera in root.cameras().map_err(|error| failed(&error))? {
        let versions = database.versions(Some(camera)).map_err(|error| failed(&error))?;
        if versions.is_empty() || only.is_some_and(|only| only != camera) {
            continue;
        }
        let found =
            check(&database, &archive, camera, ends[0], ends[1]).map_err(|error| failed(&error))?;
        let all = found.differences.len();
        let _ = writeln!(
            text,
            "camera {camera}: {} facts of {} recorded frames are the same, {all} are not",
            found.alike, found.frames
        );
        for difference in found.differences.iter().take(TOLD) {
            let _ = writeln!(text, "  {}", said(difference));
        }
        if all > TOLD {
            let _ = writeln!(text, "  and {} more", all - TOLD);
        }
        different += all;
    }
    if different > 0 {
        print(&text.trim_end());
        return Err(Failure::Failed(format!("{different} facts are not those of the record")));
    }
    text.push_str("facts and record agree");
    print(&text);
    Ok(())
}

fn said(difference: &Difference) -> String {
    let what = |fact: &Fact| {
        let what = match &fact.what {
            What::Crossing { direction, .. } => format!("{direction:?}").to_lowercase(),
            What::Visit { end: Some((end, _)), .. } => {
                format!("visit of {:.2} s", end.time.since_secs(fact.at.time))
            }
            What::Visit { end: None, .. } => "visit that goes on".to_owned(),
        };
        format!("{what}, {}, revision {}", fact.class, fact.revision)
    };
    let either = difference.kept.as_ref().or(difference.recorded.as_ref());
    let place = either.map_or_else(String::new, |fact| {
        format!("{} {} track {}", rfc3339(fact.at.wall_us), fact.area, fact.track)
    });
    let side = |fact: &Option<Fact>| fact.as_ref().map_or_else(|| "nothing".to_owned(), what);
    format!("{place}: kept {}; recorded {}", side(&difference.kept), side(&difference.recorded))
}
