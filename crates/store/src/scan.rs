//! What is whole of a file: after a crash, and where the index is gone.

use std::io::{self, Read, Seek, SeekFrom};

use razz_media::mp4::write::{Checked, Summary, checked};

/// Read at once; grows for fragments that are larger.
const CHUNK: usize = 1 << 20;
/// No fragment is larger: what says so is damaged.
const LARGEST: usize = 256 << 20;
/// The header is no larger.
const LARGEST_HEADER: u64 = 1 << 20;

/// A fragment and where it stands.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Found {
    /// From the start of the file, in bytes.
    pub offset: u64,
    /// What it says of itself.
    pub summary: Summary,
}

/// What a file has.
#[derive(Clone, PartialEq, Debug)]
pub struct Scanned {
    /// Bytes before the first fragment.
    pub header: u64,
    /// Its fragments, in order.
    pub fragments: Vec<Found>,
    /// Where the last whole one ends: the file may be cut there.
    pub whole: u64,
    /// The file's length.
    pub length: u64,
}

/// Why a file has nothing that could be played.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The system does not hand out its bytes.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It does not begin as our files do, or not even its beginning was written.
    #[error("is no recording, or was cut short before its first picture")]
    NoHeader,
}

/// Reads a file from its beginning to where it is no longer whole.
///
/// # Errors
/// When it cannot be read, or has no header.
pub fn scan(file: &mut (impl Read + Seek)) -> Result<Scanned, ScanError> {
    let length = file.seek(SeekFrom::End(0))?;
    let header = header_bytes(file, length)?;
    let (mut fragments, mut at) = (Vec::new(), header);
    let (mut buffer, mut begins, mut want) = (Vec::new(), header, CHUNK);
    loop {
        // What is looked at begins at `at`, `buffer` at `begins`.
        match checked(&buffer[(at - begins) as usize..]) {
            Checked::Whole(summary) => {
                fragments.push(Found { offset: at, summary });
                at += summary.bytes as u64;
                want = CHUNK;
            }
            Checked::Short if begins + (buffer.len() as u64) < length && want <= LARGEST => {
                buffer.clear();
                begins = at;
                file.seek(SeekFrom::Start(at))?;
                file.take(want as u64).read_to_end(&mut buffer)?;
                want *= 2;
            }
            Checked::Short | Checked::Damaged => break,
        }
    }
    Ok(Scanned { header, fragments, whole: at, length })
}

/// The length of the header that a file of ours begins with, `ftyp` and `moov`; the file has `length` bytes.
///
/// # Errors
/// When it cannot be read, or begins otherwise.
pub fn header_bytes(file: &mut (impl Read + Seek), length: u64) -> Result<u64, ScanError> {
    let mut at = 0;
    for kind in [b"ftyp", b"moov"] {
        let mut head = [0; 8];
        if length.saturating_sub(at) < 8 {
            return Err(ScanError::NoHeader);
        }
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut head)?;
        let bytes = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
        if &head[4..] != kind || !(8..=LARGEST_HEADER).contains(&bytes) || at + bytes > length {
            return Err(ScanError::NoHeader);
        }
        at += bytes;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::segmenter::tests::{recorded, units};

    #[test]
    fn a_file_is_whole_up_to_the_last_fragment_that_is() {
        let file = recorded(&units(90, 30));
        let scanned = scan(&mut Cursor::new(&file)).unwrap();
        // Three key pictures, and behind each of them 29 others.
        let frames: Vec<u32> = scanned.fragments.iter().map(|found| found.summary.frames).collect();
        assert_eq!(frames, [1, 29, 1, 29, 1, 29]);
        assert_eq!((scanned.whole, scanned.length), (file.len() as u64, file.len() as u64));
        for cut in (scanned.header..scanned.length).step_by(37) {
            let cut_short = &file[..cut as usize];
            let now = scan(&mut Cursor::new(cut_short)).unwrap();
            let whole = scanned
                .fragments
                .iter()
                .take_while(|found| found.offset + found.summary.bytes as u64 <= cut);
            assert!(now.fragments.iter().eq(whole), "cut at {cut}");
        }
        for cut in 0..scanned.header {
            let error = scan(&mut Cursor::new(&file[..cut as usize])).unwrap_err();
            assert!(matches!(error, ScanError::NoHeader), "cut at {cut}");
        }
    }

    #[test]
    fn a_fragment_larger_than_what_is_read_at_once_is_found() {
        let mut large = units(60, 30);
        let mut data = large[0].data.to_vec();
        data.resize(3 * CHUNK, 0x5A);
        large[0].data = data.into();
        let file = recorded(&large);
        let scanned = scan(&mut Cursor::new(&file)).unwrap();
        assert_eq!((scanned.fragments.len(), scanned.whole), (4, file.len() as u64));
    }

    #[test]
    fn what_was_allocated_and_never_written_is_no_fragment() {
        let mut file = recorded(&units(30, 30));
        let whole = file.len() as u64;
        file.resize(file.len() + 100_000, 0);
        assert_eq!(scan(&mut Cursor::new(&file)).unwrap().whole, whole);
    }
}
