//! Fetching a model: resumed where it broke off, checked against its hash, moved into place whole.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use ureq::{Agent, http};

use razz_config::models::{Known, sha256};
use razz_observe::http_client::client;

/// How a model is fetched.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The address of the file.
    url: String,
    /// No answer, or nothing more of it, for so long means that the connection is dead.
    patience: Duration,
    /// Pauses before going on after a break, one each; none is left means giving up.
    pauses: Vec<Duration>,
}

impl Source {
    /// The model's own, or `mirror`: the address of a folder that has the file by its name, or of
    /// the file itself.
    pub(crate) fn new(known: &Known, mirror: Option<&str>) -> Self {
        let url = match mirror {
            None => known.url.to_owned(),
            Some(file) if file.ends_with(".onnx") => file.to_owned(),
            Some(folder) => format!("{}/{}.onnx", folder.trim_end_matches('/'), known.name),
        };
        let pauses = [1, 2, 4, 8].map(Duration::from_secs).to_vec();
        Self { url, patience: Duration::from_secs(30), pauses }
    }
}

/// What a pull came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pulled {
    /// It was here, whole and right.
    Present,
    /// It was fetched.
    Fetched,
}

/// Why a model was not fetched. A part that came is kept where that helps.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PullError {
    /// Another file has its place.
    #[error(
        "{} is another file of that name; move it away, or name it by its path in `model`", .0.display()
    )]
    Taken(PathBuf),
    /// Two at once.
    #[error("another `razz models pull` of it is under way")]
    UnderWay,
    /// The disk.
    #[error("{}: {error}; make room for it, or name another folder in RAZZ_MODELS", .path.display())]
    Disk {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The server refuses.
    #[error("{url} answers {status}{hint}")]
    Status {
        /// The address.
        url: String,
        /// Its answer.
        status: http::StatusCode,
        /// What to do.
        hint: &'static str,
    },
    /// The server has something else.
    #[error("{url} has {found}, not the {wanted} bytes of this model; nothing was fetched")]
    Size {
        /// The address.
        url: String,
        /// What it has.
        found: String,
        /// What it should have.
        wanted: u64,
    },
    /// The connection could not be made, or broke off too often.
    #[error("{url}: {reason}; {have} of {wanted} bytes are here, run it again to go on")]
    Broken {
        /// The address.
        url: String,
        /// What happened last.
        reason: String,
        /// Bytes that are kept.
        have: u64,
        /// Bytes that it has.
        wanted: u64,
    },
    /// Another file of the right size.
    #[error(
        "what {url} gave is not this model: its SHA-256 is {found}, not {wanted}; it was thrown away"
    )]
    Hash {
        /// The address.
        url: String,
        /// Of what came.
        found: String,
        /// Of the model.
        wanted: &'static str,
    },
}

/// Fetches `known` into `folder`. `report` hears how many bytes are there.
///
/// # Errors
/// When the file is not in place at the end; it says what to do.
pub(crate) fn pull(
    known: &Known,
    source: &Source,
    folder: &Path,
    report: &mut dyn FnMut(u64),
) -> Result<Pulled, PullError> {
    let place = known.file(folder);
    let disk = |path: &Path| {
        let path = path.to_owned();
        move |error| PullError::Disk { path, error }
    };
    if place.exists() {
        let found = sha256(&place).map_err(disk(&place))?;
        return if found == known.sha256 {
            Ok(Pulled::Present)
        } else {
            Err(PullError::Taken(place))
        };
    }
    fs::create_dir_all(folder).map_err(disk(folder))?;
    let part_path = known.part(folder);
    let part =
        OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&part_path);
    let mut part = part.map_err(disk(&part_path))?;
    match part.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(PullError::UnderWay),
        Err(TryLockError::Error(error)) => {
            return Err(PullError::Disk { path: part_path, error });
        }
    }
    fetch(known, source, &mut part, &part_path, report)?;
    part.sync_all().map_err(disk(&part_path))?;
    let found = sha256(&part_path).map_err(disk(&part_path))?;
    if found != known.sha256 {
        fs::remove_file(&part_path).map_err(disk(&part_path))?;
        let (url, wanted) = (source.url.clone(), known.sha256);
        return Err(PullError::Hash { url, found, wanted });
    }
    fs::rename(&part_path, &place).map_err(disk(&place))?;
    Ok(Pulled::Fetched)
}

/// Fills `part` up to the model's size, going on after breaks.
fn fetch(
    known: &Known,
    source: &Source,
    part: &mut File,
    part_path: &Path,
    report: &mut dyn FnMut(u64),
) -> Result<(), PullError> {
    let disk = |error| PullError::Disk { path: part_path.to_owned(), error };
    let mut have = part.metadata().map_err(disk)?.len();
    if have > known.bytes {
        part.set_len(0).map_err(disk)?;
        have = 0;
    }
    let mut pauses = source.pauses.iter();
    while have < known.bytes {
        part.seek(SeekFrom::Start(have)).map_err(disk)?;
        match one_request(known, source, part, &mut have, report) {
            Ok(()) => {}
            Err(Break::Final(error)) => return Err(error),
            Err(Break::Disk(error)) => return Err(disk(error)),
            Err(Break::Again(reason)) => match pauses.next() {
                Some(pause) => thread::sleep(*pause),
                None => {
                    let (url, wanted) = (source.url.clone(), known.bytes);
                    return Err(PullError::Broken { url, reason, have, wanted });
                }
            },
        }
    }
    Ok(())
}

/// Why a request ended before its time.
enum Break {
    /// Another may do.
    Again(String),
    /// Another would not.
    Final(PullError),
    /// The disk.
    Disk(io::Error),
}

/// Asks for the rest of the file once and writes what comes. `have` follows.
fn one_request(
    known: &Known,
    source: &Source,
    part: &mut File,
    have: &mut u64,
    report: &mut dyn FnMut(u64),
) -> Result<(), Break> {
    let parts = request(source, *have);
    let Head { status, length, range } = match next(&parts, source.patience)? {
        Some(Piece::Head(head)) => head,
        _ => return Err(Break::Again("no answer".to_owned())),
    };
    let url = || source.url.clone();
    let wanted = known.bytes;
    let size = |found: String| Break::Final(PullError::Size { url: url(), found, wanted });
    match (status.as_u16(), range) {
        (206, Some((start, total))) if start == *have => {
            if total.is_some_and(|total| total != wanted) {
                return Err(size(format!("{} bytes", total.unwrap_or_default())));
            }
        }
        // No ranges there: from the beginning.
        (200, _) => {
            if let Some(length) = length.filter(|length| *length != wanted) {
                return Err(size(format!("{length} bytes")));
            }
            part.set_len(0).and_then(|()| part.rewind()).map_err(Break::Disk)?;
            *have = 0;
        }
        // What is here is not a part of what is there.
        (206 | 416, _) if *have > 0 => {
            part.set_len(0).map_err(Break::Disk)?;
            *have = 0;
            return Err(Break::Again(format!("it answers {status} to a request for the rest")));
        }
        (429 | 500..=599, _) => return Err(Break::Again(format!("it answers {status}"))),
        _ => {
            let hint = match status.as_u16() {
                401 | 403 => "; it does not let everyone in, name a mirror with --from",
                404 | 410 => "; it is not there any more, name a mirror with --from",
                _ => "; name a mirror with --from",
            };
            return Err(Break::Final(PullError::Status { url: url(), status, hint }));
        }
    }
    report(*have);
    while let Some(piece) = next(&parts, source.patience)? {
        let Piece::Bytes(bytes) = piece else { continue };
        if *have + bytes.len() as u64 > wanted {
            part.set_len(0).map_err(Break::Disk)?;
            *have = 0;
            return Err(size("more".to_owned()));
        }
        part.write_all(&bytes).map_err(Break::Disk)?;
        *have += bytes.len() as u64;
        report(*have);
    }
    if *have < wanted {
        return Err(Break::Again("the connection broke off".to_owned()));
    }
    Ok(())
}

/// What comes of a request, in this order.
enum Piece {
    Head(Head),
    Bytes(Vec<u8>),
    /// It failed.
    Failed(String),
}

/// The head of an answer.
struct Head {
    status: http::StatusCode,
    /// Bytes of the body.
    length: Option<u64>,
    /// Of `Content-Range` (RFC 9110 section 14.4): the first byte, and the whole size.
    range: Option<(u64, Option<u64>)>,
}

/// The next piece; `None` at the end.
fn next(pieces: &Receiver<Piece>, patience: Duration) -> Result<Option<Piece>, Break> {
    match pieces.recv_timeout(patience) {
        Ok(Piece::Failed(reason)) => Err(Break::Again(reason)),
        Ok(piece) => Ok(Some(piece)),
        Err(RecvTimeoutError::Disconnected) => Ok(None),
        Err(RecvTimeoutError::Timeout) => {
            Err(Break::Again(format!("nothing came for {} s", patience.as_secs_f32())))
        }
    }
}

/// Asks in a thread of its own, since that cannot be woken from a read: when nothing comes it is
/// left behind, and ends with its connection or with the process.
fn request(source: &Source, from: u64) -> Receiver<Piece> {
    let (pieces, receiver) = sync_channel(4);
    let source = source.clone();
    let worker = thread::Builder::new().name("pull".to_owned()).spawn(move || {
        if let Err(reason) = send(&source, from, &pieces) {
            // Nobody listens any more when the other side lost patience.
            let _ = pieces.send(Piece::Failed(reason));
        }
    });
    worker.expect("the system gives us a thread");
    receiver
}

fn send(source: &Source, from: u64, pieces: &SyncSender<Piece>) -> Result<(), String> {
    let said = |error: &dyn std::fmt::Display| error.to_string().replace('\n', " ");
    let mut request = agent(source).get(&source.url);
    if from > 0 {
        request = request.header("Range", format!("bytes={from}-"));
    }
    let response = request.call().map_err(|error| said(&error))?;
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let head = Head {
        status: response.status(),
        length: text("content-length").and_then(|length| length.parse().ok()),
        range: text("content-range").and_then(parse_range),
    };
    if pieces.send(Piece::Head(head)).is_err() {
        return Ok(());
    }
    let mut body = response.into_body().into_reader();
    loop {
        let mut bytes = vec![0; 1 << 16];
        match body.read(&mut bytes).map_err(|error| said(&error))? {
            0 => return Ok(()),
            read => bytes.truncate(read),
        }
        if pieces.send(Piece::Bytes(bytes)).is_err() {
            return Ok(());
        }
    }
}

fn agent(source: &Source) -> Agent {
    client()
        // Who asks for HTTPS is not led elsewhere.
        .https_only(source.url.starts_with("https:"))
        .timeout_connect(Some(source.patience))
        .build()
        .new_agent()
}

/// `bytes 100-199/200`, or with an unknown size `*`.
fn parse_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.trim().parse().ok()?, total.trim().parse().ok()))
}

#[cfg(test)]
#[path = "model_download_tests.rs"]
mod tests;
