//! Whether a file is what was recorded.

use std::io::{self, Read};

use razz_base::{CLOCK_RATE, CameraId, MediaTime};
use razz_media::mp4::write::{Parts, user_box_of_header};

use super::{Digest, KEY, PublicKey, digest_of, is_signed, seal_of, sha256};

/// A fragment, or a header, is no larger, in bytes.
const LARGEST: usize = 256 << 20;
/// What is missing for less than this is none: cameras send a picture late.
const HOLE_90K: i64 = CLOCK_RATE;

/// Why nothing can be said of a file.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is something else.
    #[error("is no recording of razz: it does not begin as one")]
    NotOurs,
    /// It has no key in it.
    #[error(
        "was recorded without signatures, by an older razz, or encoded anew since: nothing can be said of it"
    )]
    NotSigned,
}

/// What is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The pictures from this time on, up to a second of them, are not what was signed, or another key has signed them.
    Altered(MediaTime),
    /// They were not signed at all.
    NotSigned(MediaTime),
    /// What was recorded between these two is not there.
    Missing(MediaTime, MediaTime),
    /// They were moved to another time.
    Moved(MediaTime),
    /// The bytes from this offset on cannot be understood.
    Damaged(u64),
    /// It is signed by another key than the one expected.
    OtherKey(PublicKey),
}

/// A time of which there was nothing to record, or nothing was recorded: nothing was taken out there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hole {
    /// Behind the last picture before it.
    pub from: MediaTime,
    /// The first picture after it.
    pub until: MediaTime,
    /// Recording began anew there, without the digest of what was before: nobody can tell whether more was recorded.
    pub is_open: bool,
}

/// What a file is found to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Report {
    /// Whose video.
    pub camera: CameraId,
    /// Who says so: the file's own word for it, unless it is compared with the server's.
    pub key: PublicKey,
    /// Pieces that are signed for themselves.
    pub fragments: u64,
    /// Pictures.
    pub frames: u64,
    /// The first picture, and behind the last.
    pub span: [MediaTime; 2],
    /// When the first one was taken, UTC in µs since 1970.
    pub wall_us: i64,
    /// What is wrong; empty where nothing is.
    pub faults: Vec<Fault>,
    /// Where there is no video.
    pub holes: Vec<Hole>,
}

/// Reads a recording, or a clip of several, and says whether it is what was recorded; `expected` is the server's key.
///
/// # Errors
/// When it cannot be read, is something else, or was never signed.
pub fn verify(file: &mut impl Read, expected: Option<PublicKey>) -> Result<Report, VerifyError> {
    let mut reader = Reader { file, at: 0 };
    let header = reader.header()?;
    let (key, camera) = key_of(&header).ok_or(VerifyError::NotSigned)?;
    let none = MediaTime::default();
    let mut report = Report {
        camera,
        key,
        fragments: 0,
        frames: 0,
        span: [none; 2],
        wall_us: 0,
        faults: Vec::new(),
        holes: Vec::new(),
    };
    if expected.is_some_and(|expected| expected != key) {
        report.faults.push(Fault::OtherKey(key));
    }
    let mut walk = Walk { header: sha256(&header), before: None, base: None, report };
    loop {
        let offset = reader.at;
        match reader.fragment() {
            Ok(Some(fragment)) => {
                if walk.take(&fragment).is_none() {
                    walk.report.faults.push(Fault::Damaged(offset));
                    break;
                }
            }
            Ok(None) => break,
            Err(VerifyError::NotOurs) => {
                walk.report.faults.push(Fault::Damaged(offset));
                break;
            }
            Err(error) => return Err(error),
        }
    }
    if walk.report.fragments == 0 && walk.report.faults.is_empty() {
        walk.report.faults.push(Fault::Damaged(reader.at));
    }
    Ok(walk.report)
}

/// The key and the camera in a header.
fn key_of(header: &[u8]) -> Option<(PublicKey, CameraId)> {
    let content = user_box_of_header(header).filter(|content| content.starts_with(&KEY))?;
    let key = content.get(16..48)?.try_into().ok()?;
    let camera = content.get(48..52)?.try_into().ok()?;
    Some((PublicKey(key), CameraId::new(u32::from_be_bytes(camera))?))
}

struct Walk {
    header: Digest,
    /// The digest of the fragment before, and when that ends.
    before: Option<(Digest, MediaTime)>,
    /// How much later the file says it is than it was.
    base: Option<i64>,
    report: Report,
}

impl Walk {
    /// `None`: it is no fragment of ours.
    fn take(&mut self, fragment: &[u8]) -> Option<()> {
        let parts = Parts::of(fragment)?;
        let report = &mut self.report;
        report.fragments += 1;
        report.frames += u64::from(parts.frames);
        if report.fragments == 1 {
            (report.span[0], report.wall_us) = (parts.from, parts.wall_us);
        }
        report.span[1] = report.span[1].max(parts.until);
        // The time in the file counts from the beginning of a clip, or not at all.
        let base = parts.begins_90k - parts.from.as_90k();
        if *self.base.get_or_insert(base) != base {
            report.faults.push(Fault::Moved(parts.from));
        }
        let Some((before, signature)) = seal_of(&parts) else {
            report.faults.push(Fault::NotSigned(parts.from));
            self.before = None;
            return Some(());
        };
        let own = digest_of(&parts, report.camera, &self.header, &before);
        if !is_signed(report.key, &own, signature) {
            report.faults.push(Fault::Altered(parts.from));
        }
        if let Some((last, until)) = self.before {
            let is_open = before == Digest::default();
            if before != last && !is_open {
                report.faults.push(Fault::Missing(until, parts.from));
            }
            if parts.from.since_90k(until) > HOLE_90K || is_open {
                report.holes.push(Hole { from: until, until: parts.from, is_open });
            }
        }
        self.before = Some((own, parts.until));
        Some(())
    }
}

/// Boxes, one after the other.
struct Reader<'a, R> {
    file: &'a mut R,
    at: u64,
}

impl<R: Read> Reader<'_, R> {
    /// The next box, head and all; `None` at the end of the file.
    fn next(&mut self) -> Result<Option<Vec<u8>>, VerifyError> {
        let mut head = [0; 8];
        let mut read = 0;
        while read < head.len() {
            match self.file.read(&mut head[read..])? {
                0 if read == 0 => return Ok(None),
                0 => return Err(VerifyError::NotOurs),
                count => read += count,
            }
        }
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        if !(8..=LARGEST).contains(&length) {
            return Err(VerifyError::NotOurs);
        }
        let mut data = head.to_vec();
        let more = (length - 8) as u64;
        (&mut *self.file).take(more).read_to_end(&mut data)?;
        if data.len() < length {
            return Err(VerifyError::NotOurs);
        }
        self.at += length as u64;
        Ok(Some(data))
    }

    fn header(&mut self) -> Result<Vec<u8>, VerifyError> {
        let mut header = Vec::new();
        for kind in [b"ftyp", b"moov"] {
            let found = self.next()?.filter(|found| found[4..8] == *kind);
            header.extend(found.ok_or(VerifyError::NotOurs)?);
        }
        Ok(header)
    }

    /// The boxes up to the checksum.
    fn fragment(&mut self) -> Result<Option<Vec<u8>>, VerifyError> {
        let mut fragment = Vec::new();
        loop {
            let Some(found) = self.next()? else {
                return if fragment.is_empty() { Ok(None) } else { Err(VerifyError::NotOurs) };
            };
            let is_last = found[4..8] == *b"free";
            fragment.extend(found);
            if is_last {
                break;
            }
            if fragment.len() > LARGEST {
                return Err(VerifyError::NotOurs);
            }
        }
        Ok(Some(fragment))
    }
}
