//! `razz record verify` and `razz record key`: whether a file is what was recorded.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use razz_base::MediaTime;
use razz_export::rfc3339;
use razz_store::seal::{self, Fault, PublicKey, Signer};

use super::{Failure, Options, failed, print};
use crate::state;

/// Prints what a file is; an error where it is not what was recorded.
pub(super) fn verify(path: &Path, key: Option<PublicKey>) -> Result<(), Failure> {
    let at = |error: &dyn std::fmt::Display| failed(format!("{}: {error}", path.display()));
    let file = File::open(path).map_err(|error| at(&error))?;
    let report = seal::verify(&mut BufReader::new(file), key).map_err(|error| at(&error))?;
    let seconds = report.span[1].since_secs(report.span[0]);
    let mut text = format!(
        "{}: {} pictures of camera {}, {seconds:.1} s from {}\nsigned by {}",
        path.display(),
        report.frames,
        report.camera,
        rfc3339(report.wall_us),
        report.key
    );
    text += match key {
        Some(_) => "",
        None => {
            ", which is the file's own word: compare it with what `razz record key` prints on the server, or say --key"
        }
    };
    let wall = |time: MediaTime| rfc3339(report.wall_us + time.since_us(report.span[0]));
    for hole in &report.holes {
        let seconds = hole.until.since_secs(hole.from);
        let _ = match hole.is_open {
            false => write!(
                text,
                "\n{}  {seconds:.1} s without video: nothing was recorded",
                wall(hole.from)
            ),
            true => write!(
                text,
                "\n{}  {seconds:.1} s without video: recording began anew, and nobody can tell what was before",
                wall(hole.from)
            ),
        };
    }
    if report.faults.is_empty() {
        text += "\nunaltered, and nothing was taken out of it";
        print(&text);
        return Ok(());
    }
    print(&text);
    /// So many are told.
    const TOLD: usize = 20;
    let told = report.faults.iter().take(TOLD).map(|fault| match fault {
        Fault::Altered(at) => format!("what it shows from {} on was altered", wall(*at)),
        Fault::NotSigned(at) => format!("what it shows from {} on is not signed", wall(*at)),
        Fault::Missing(from, to) => {
            format!("what was recorded between {} and {} was taken out", wall(*from), wall(*to))
        }
        Fault::Moved(at) => format!("what it shows from {} on was moved in time", wall(*at)),
        Fault::Damaged(offset) => {
            format!("it is damaged or cut short {offset} bytes from its start")
        }
        Fault::OtherKey(key) => format!("it is signed by another key: {key}"),
    });
    let mut told: Vec<String> = told.collect();
    if report.faults.len() > TOLD {
        told.push(format!("and {} faults more", report.faults.len() - TOLD));
    }
    Err(at(&format!("is not what was recorded: {}", told.join("; "))))
}

pub(super) fn key(options: &Options) -> Result<String, Failure> {
    let path = state::key_beside(&options.place.config);
    if !path.is_file() {
        let said = "no key is here; razz makes it when it records for the first time";
        return Err(failed(format!("{}: {said}", path.display())));
    }
    let signer = Signer::at(&path).map_err(failed)?;
    Ok(signer.public().to_string())
}
