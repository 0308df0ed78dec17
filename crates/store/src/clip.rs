//! A span of footage as one MP4 that is nowhere: its bytes are read from the files they are in, as they are asked for.
//!
//! The header of the first file, then every fragment from the key picture at or before the beginning to the end. All
//! that differs from what is on the disk is the time that each fragment begins at, which counts from the clip's first
//! picture: players show an hour of footage as an hour, not as fifty years.

use std::io;
use std::path::PathBuf;

use razz_base::MediaTime;
use razz_media::mp4::write::{TIME_AT, TIME_BYTES};

use crate::disk::read_at;
use crate::index::Place;
use crate::source::{Source, first_of};

/// A clip that could be read.
#[derive(Clone, PartialEq, Debug)]
pub struct Clip {
    header: Vec<u8>,
    pieces: Vec<Piece>,
    /// Its first picture.
    pub from: MediaTime,
    /// Behind its last one: earlier than was asked for where the stream is coded otherwise from then on, or nothing is
    /// recorded.
    pub until: MediaTime,
    /// Its length, in bytes.
    pub bytes: u64,
}

/// A fragment of it.
#[derive(Clone, PartialEq, Debug)]
struct Piece {
    path: PathBuf,
    /// In the file, and in the clip.
    offset: u64,
    at: u64,
    bytes: u64,
    /// When it begins, from the clip's beginning.
    begins_90k: i64,
}

impl Clip {
    /// What `sources`, oldest first, have from `from` to `until`; `None` where that is nothing.
    ///
    /// # Errors
    /// When a file's header cannot be read.
    pub fn plan(sources: &[Source], from: MediaTime, until: MediaTime) -> io::Result<Option<Self>> {
        let mut clip: Option<Self> = None;
        for source in sources {
            let span = source.entry.span;
            if span.until <= from || span.from >= until {
                continue;
            }
            let places: Vec<Place> =
                source.entry.fragments.places(span.from, source.entry.header).collect();
            // A clip begins at a key picture, which may be before what was asked for.
            let first = if clip.is_none() { first_of(&places, from) } else { Some(0) };
            let Some(first) = first else { continue };
            let mut header = vec![0; source.entry.header as usize];
            read_at(&source.path, 0, &mut header)?;
            let clip = match &mut clip {
                Some(clip) if clip.header == header => clip,
                Some(_) => break,
                none => none.insert(Self {
                    bytes: header.len() as u64,
                    header,
                    pieces: Vec::new(),
                    from: places[first].from,
                    until: places[first].from,
                }),
            };
            for place in places[first..].iter().take_while(|place| place.from < until) {
                clip.pieces.push(Piece {
                    path: source.path.clone(),
                    offset: place.offset,
                    at: clip.bytes,
                    bytes: place.bytes,
                    begins_90k: place.from.since_90k(clip.from),
                });
                clip.bytes += place.bytes;
                clip.until = place.until;
            }
        }
        Ok(clip.filter(|clip| !clip.pieces.is_empty()))
    }

    /// Reads what stands at `at` in the clip, as much of it as fits into `out` and is in one place; 0 behind the end.
    ///
    /// # Errors
    /// When a file is gone, or cannot be read.
    pub fn read(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        let header = self.header.len() as u64;
        if at < header {
            let rest = &self.header[at as usize..];
            let count = rest.len().min(out.len());
            out[..count].copy_from_slice(&rest[..count]);
            return Ok(count);
        }
        let after = self.pieces.partition_point(|piece| piece.at <= at);
        let Some(piece) = after.checked_sub(1).map(|n| &self.pieces[n]) else { return Ok(0) };
        let into = at - piece.at;
        let count = (out.len() as u64).min(piece.bytes.saturating_sub(into)) as usize;
        read_at(&piece.path, piece.offset + into, &mut out[..count])?;
        // The time, as far as it is in what was read.
        let time = (piece.begins_90k as u64).to_be_bytes();
        for (n, byte) in time.iter().enumerate().take(TIME_BYTES) {
            let place = (TIME_AT + n) as u64;
            if place >= into
                && let Some(out) = out[..count].get_mut((place - into) as usize)
            {
                *out = *byte;
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Cursor;

    use razz_base::MediaTime;
    use razz_media::mp4::Mp4;

    use super::*;
    use crate::index::Entry;
    use crate::name::FileName;
    use crate::scan::scan;
    use crate::segmenter::tests::{recorded, units};
    use crate::temporary::Folder;

    /// Files of these units, cut every `each`, in a folder that is gone at the end.
    pub(crate) struct Files(
        #[allow(dead_code, reason = "kept for its end")] Folder,
        pub(crate) Vec<Source>,
    );

    impl Files {
        pub(crate) fn new(name: &str, count: usize, each: usize) -> Self {
            Self::of(name, &units(count as i64, 30), each)
        }

        fn of(name: &str, all: &[razz_base::AccessUnit], each: usize) -> Self {
            let folder = Folder::new(&format!("clip-{name}"));
            let mut sources = Vec::new();
            for (n, units) in all.chunks(each).enumerate() {
                let (path, file) = (folder.path().join(format!("{n}.mp4")), recorded(units));
                let scanned = scan(&mut Cursor::new(&file)).unwrap();
                std::fs::write(&path, file).unwrap();
                let entry = Entry::of(FileName::at_us(n as i64), &scanned).unwrap();
                sources.push(Source { path, entry });
            }
            Self(folder, sources)
        }

        pub(crate) fn begin(&self) -> MediaTime {
            self.1[0].entry.span.from
        }
    }

    /// All of it, so many bytes at a time.
    fn read(clip: &Clip, each: usize) -> Vec<u8> {
        let (mut all, mut buffer) = (Vec::new(), vec![0; each]);
        loop {
            let count = clip.read(all.len() as u64, &mut buffer).unwrap();
            if count == 0 {
                return all;
            }
            all.extend_from_slice(&buffer[..count]);
        }
    }

    #[test]
    fn a_clip_has_the_pictures_of_its_files_from_the_key_picture_on() {
        let files = Files::new("keys", 300, 120);
        let at = |n: i64| files.begin().plus_90k(n * 3000);
        // From and to as asked for; the pictures that there are.
        for (from, until, first, last) in [
            (0, 300, 0, 300),
            (45, 200, 30, 210),
            (119, 121, 90, 121),
            (120, 121, 120, 121),
            (-50, 10, 0, 30),
            (250, 9999, 240, 300),
        ] {
            let clip = Clip::plan(&files.1, at(from), at(until)).unwrap().unwrap();
            assert_eq!((clip.from, clip.until), (at(first), at(last)), "{from} to {until}");
            let whole = read(&clip, 1 << 16);
            assert_eq!(whole.len() as u64, clip.bytes);
            assert_eq!(read(&clip, 61), whole, "in small pieces");
            let mp4 = Mp4::open(Cursor::new(&whole)).unwrap();
            let times: Vec<i64> = mp4.samples().iter().map(|sample| sample.time_90k).collect();
            assert!(times.iter().copied().eq((0..last - first).map(|n| n * 3000)), "{times:?}");
            assert!(mp4.samples()[0].sync);
        }
        assert_eq!(Clip::plan(&files.1, at(300), at(400)).unwrap(), None);
        assert_eq!(Clip::plan(&[], at(0), at(400)).unwrap(), None);
    }

    #[test]
    fn pictures_out_of_order_keep_their_times() {
        // In the order of decoding each third picture comes before the two that it is shown after.
        let mut all = units(90, 90);
        let times: Vec<MediaTime> = all.iter().map(|unit| unit.key.time).collect();
        for (n, unit) in all.iter_mut().enumerate().skip(1) {
            let later = if n % 3 == 1 { 2 } else { -1 };
            unit.key.time = times[n].plus_90k(later * 3000);
        }
        let shown: Vec<i64> = all.iter().map(|unit| unit.key.time.since_90k(times[0])).collect();
        let files = Files::of("order", &all, 90);
        let clip = Clip::plan(&files.1, times[0], times[89].plus_90k(9000)).unwrap().unwrap();
        let mp4 = Mp4::open(Cursor::new(read(&clip, 4096))).unwrap();
        assert!(mp4.samples().iter().map(|sample| sample.time_90k).eq(shown));
    }

    #[test]
    fn a_hole_stays_a_hole_and_a_file_that_is_gone_is_an_error() {
        let mut files = Files::new("hole", 360, 120);
        let at = |files: &Files, n: i64| files.begin().plus_90k(n * 3000);
        files.1.remove(1);
        let clip = Clip::plan(&files.1, at(&files, 0), at(&files, 360)).unwrap().unwrap();
        let whole = read(&clip, 4096);
        let mp4 = Mp4::open(Cursor::new(&whole)).unwrap();
        assert_eq!(mp4.samples().len(), 240);
        assert_eq!(mp4.samples()[120].time_90k, 240 * 3000);
        std::fs::remove_file(&files.1[1].path).unwrap();
        assert!(clip.read(clip.bytes - 1, &mut [0; 9]).is_err());
    }
}
