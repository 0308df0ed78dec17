//! `razz record`: what is recorded, and the footage itself, from the command line; beside a server that runs, or
//! without one.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use razz_base::{CameraId, MediaTime};
use razz_config::Config;
use razz_export::{PEOPLE, rfc3339};
use razz_lab::progress::Progress;
use razz_store::archive::{Archive, Dated, Moment};
use razz_store::check::{Differences, rebuild_visits};
use razz_store::disk::Root;
use razz_store::index::Index;
use razz_store::now_written::NowWritten;
use razz_store::seal::PublicKey;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use self::export::{Wanted, export, format_names};
use self::verify::{key, verify};
use super::{Failure, end, print};

mod export;
mod verify;

/// A file that a running server has just begun is in the index after this.
const JUST_BEGUN: Duration = Duration::from_secs(2);

/// Options of `razz record`.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    place: Place,
    /// What to do.
    #[command(subcommand)]
    what: What,
}

/// Where recordings are.
#[derive(Clone, PartialEq, Eq, Debug, Args)]
pub(super) struct Place {
    /// The config file, whose `[record]` names the folder
    #[arg(long, value_name = "FILE", default_value = "razz.toml", global = true)]
    config: PathBuf,
    /// The folder itself, such as a disk of another machine
    #[arg(long, value_name = "FOLDER", global = true)]
    path: Option<PathBuf>,
}

/// What to do with recordings.
#[derive(Clone, PartialEq, Eq, Debug, Subcommand)]
enum What {
    /// Say where there is footage, where there is none and why
    List {
        /// One camera; all of them when left out
        #[arg(long, value_name = "ID")]
        camera: Option<CameraId>,
    },
    /// Write a span of footage as a file, with its tracks beside it
    Export {
        /// The camera; several for a ZIP, or side by side
        #[arg(long, value_name = "ID", required = true, value_delimiter = ',')]
        camera: Vec<CameraId>,
        /// The first moment, as 2026-11-30T14:03:00Z, UNIX seconds, or 90k: and a media time
        #[arg(long, value_name = "TIME", value_parser = moment)]
        from: Moment,
        /// Behind the last moment, likewise
        #[arg(long, value_name = "TIME", value_parser = moment)]
        to: Moment,
        /// What kind of file: the untouched video, video encoded anew with boxes burned in, a ZIP that plays in any
        /// browser, or tracks
        #[arg(long, value_name = "FORMAT", default_value = "mp4", value_parser = format_names())]
        format: String,
        /// Burn boxes in: the same as --format rendered
        #[arg(long, conflicts_with = "format")]
        boxes: bool,
        /// Make everybody of these classes unrecognisable; without a value people
        #[arg(
            long, value_name = "CLASSES", num_args = 0..=1, default_missing_value = PEOPLE,
            value_delimiter = ',', require_equals = true
        )]
        blur: Vec<String>,
        /// But these tracks
        #[arg(long, value_name = "TRACK", value_delimiter = ',', requires = "blur")]
        except: Vec<u64>,
        /// The file, which must not be there yet
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Say whether a file is what was recorded: that nothing in it was altered, and nothing taken out of its midst
    Verify {
        /// A recording, or an untouched export
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The key of the server that is said to have recorded it, as `razz record key` prints it there
        #[arg(long, value_name = "KEY")]
        key: Option<PublicKey>,
    },
    /// Print the key by which others can verify what this server records
    Key,
    /// Compare files and index, and put the index right from the files
    Check,
}

/// Does it.
pub(crate) fn run(options: &Options) -> ExitCode {
    end("record", carry_out(options))
}

fn carry_out(options: &Options) -> Result<(), Failure> {
    let said = match &options.what {
        What::Verify { file, key } => return verify(file, *key),
        What::Key => key(options)?,
        What::List { camera } => {
            let (root, index, _) = open(options)?;
            list(&root, index, *camera)?
        }
        What::Export { camera, from, to, format, boxes, blur, except, file } => {
            let (root, index, _) = open(options)?;
            let archive = Archive::new(root, index, NowWritten::default());
            let format = if *boxes { "rendered" } else { format };
            let wanted = Wanted { cameras: camera, span: [*from, *to], format, blur, except };
            export(options, &archive, &wanted, file)?
        }
        What::Check => match open(options)? {
            (.., Some(made)) => made,
            (root, index, None) => check(&root, &index)?,
        },
    };
    print(&said);
    Ok(())
}

/// The folder, and the index in it. One that was not there, or is of another version, is filled from the files, and what
/// that came to is answered besides: empty, whoever reads it would find nothing, and a server would take it for a whole one
/// without visits.
fn open(options: &Options) -> Result<(Root, Index, Option<String>), Failure> {
    let (root, database) = options.place.folder()?;
    let (index, is_new) = Index::open(&database).map_err(failed)?;
    let made = if is_new {
        rebuild_visits(&root, &index);
        Some(check(&root, &index)?)
    } else {
        None
    };
    Ok((root, index, made))
}

impl Place {
    /// The folder, which has to be there, and the index in it.
    pub(super) fn folder(&self) -> Result<(Root, PathBuf), Failure> {
        let path = match &self.path {
            Some(path) => path.clone(),
            None => {
                let config = Config::load(&self.config)
                    .map_err(|error| Failure::Refused(error.to_string()))?;
                let Some(record) = config.record else {
                    return Err(Failure::Refused(format!(
                        "{}: [record] names no `path`, so nothing is recorded; or name the folder by --path",
                        self.config.display()
                    )));
                };
                record.path
            }
        };
        if !Root::is_at(&path) {
            return Err(Failure::Refused(format!(
                "{}: no recordings of razz are here",
                path.display()
            )));
        }
        let root = Root::open(&path).map_err(failed)?;
        let database = path.join(razz_store::INDEX);
        Ok((root, database))
    }
}

fn failed(error: impl ToString) -> Failure {
    Failure::Failed(error.to_string())
}

fn list(root: &Root, index: Index, only: Option<CameraId>) -> Result<String, Failure> {
    let archive = Archive::new(root.clone(), index, NowWritten::default());
    let beyond = [i64::MIN, i64::MAX].map(|ticks| Moment::Media(MediaTime::from_90k(ticks)));
    let mut text = String::new();
    for camera in root.cameras().map_err(failed)? {
        if only.is_some_and(|only| only != camera) {
            continue;
        }
        let coverage = archive.coverage(camera, beyond[0], beyond[1]).map_err(failed)?;
        let bytes: u64 = coverage.stretches.iter().map(|one| one.bytes).sum();
        let _ = writeln!(text, "camera {camera}: {:.1} MB", bytes as f64 / 1e6);
        let mut lines: Vec<(Dated, String)> = Vec::new();
        for one in &coverage.stretches {
            let seconds = one.until.time.since_secs(one.from.time);
            let said = format!("footage, {seconds:.1} s, {:.1} MB", one.bytes as f64 / 1e6);
            lines.push((one.from, said));
        }
        for one in &coverage.holes {
            let seconds = one.until.time.since_secs(one.from.time);
            lines.push((one.from, format!("gap, {seconds:.1} s: {}", one.reason.words())));
        }
        lines.sort_by_key(|(from, _)| from.time);
        for (from, said) in lines {
            let _ = writeln!(text, "  {}  {said}", rfc3339(from.wall_us));
        }
    }
    if text.is_empty() {
        text = "nothing is recorded".to_owned();
    }
    Ok(text.trim_end().to_owned())
}

fn check(root: &Root, index: &Index) -> Result<String, Failure> {
    let mut differences = Differences::look(root, index).map_err(failed)?;
    if !differences.unknown.is_empty() {
        // What a server has begun in this moment is written by it, and not for us to mend.
        std::thread::sleep(JUST_BEGUN);
        let again = Differences::look(root, index).map_err(failed)?;
        differences.unknown.retain(|file| again.unknown.contains(file));
    }
    let files = differences.unknown.len();
    let mut progress = Progress::new("reading", "files", files as u64);
    let taken = differences.take_in(root, index, |done| {
        progress.step((done.added + done.unreadable) as u64);
    });
    let done = taken.map_err(failed)?;
    if files == 0 && done.removed == 0 {
        return Ok("files and index agree".to_owned());
    }
    Ok(format!(
        "{} files taken into the index, {} rows without a file gone, {} files that cannot be read",
        done.added, done.removed, done.unreadable
    ))
}

/// As people write it: RFC 3339, UNIX seconds, or `90k:` and ticks.
fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    let date = OffsetDateTime::parse(text, &Rfc3339);
    let date = date.map_err(|_| "a time is written as 2026-11-30T14:03:00Z, in UNIX seconds, or as 90k: and a media time")?;
    Ok(Moment::Wall((date.unix_timestamp_nanos() / 1000) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let us = 1_796_047_380_000_000;
        for (text, expected) in [
            ("2026-11-30T14:03:00Z", Some(Moment::Wall(us))),
            ("2026-11-30T15:03:00.5+01:00", Some(Moment::Wall(us + 500_000))),
            ("1796047380", Some(Moment::Wall(us))),
            ("90k:77", Some(Moment::Media(MediaTime::from_90k(77)))),
            ("90k:x", None),
            ("2026-11-30 14:03", None),
            ("yesterday", None),
        ] {
            assert_eq!(moment(text).ok(), expected, "{text}");
        }
        assert_eq!(rfc3339(us + 120_000), "2026-11-30T14:03:00.12Z");
    }
}
