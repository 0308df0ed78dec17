//! A span of footage as it stands in its files, for players: each fragment with the media time that it has there.
//!
//! The header of the first file, its fragments from the key picture at or before the beginning, then those of the files
//! that follow. Where a header differs from the one before, which is where the stream is coded otherwise, it stands in
//! between. [`crate::clip`] makes one file of a span instead, whose times begin at nothing.

use std::io;
use std::path::PathBuf;

use razz_base::MediaTime;

use crate::disk::read_at;
use crate::index::Place;
use crate::source::{Source, first_of};

/// What is to be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// Every picture.
    All,
    /// Those that are decoded without any other.
    Keys,
}

/// Footage that could be read.
#[derive(Clone, PartialEq, Debug)]
pub struct Footage {
    pieces: Vec<Piece>,
    /// Its first picture.
    pub from: MediaTime,
    /// Behind its last one.
    pub until: MediaTime,
}

/// Bytes that stand in a row.
#[derive(Clone, PartialEq, Debug)]
struct Piece {
    path: PathBuf,
    offset: u64,
    bytes: usize,
}

impl Footage {
    /// What `sources`, oldest first, have from `from` to `until`; `None` where that is nothing.
    ///
    /// # Errors
    /// When a file's header cannot be read.
    pub fn plan(
        sources: &[Source],
        from: MediaTime,
        until: MediaTime,
        wanted: Wanted,
    ) -> io::Result<Option<Self>> {
        let (mut footage, mut header_before) = (None::<Self>, Vec::new());
        for source in sources {
            let span = source.entry.span;
            if span.until <= from || span.from >= until {
                continue;
            }
            let places: Vec<Place> =
                source.entry.fragments.places(span.from, source.entry.header).collect();
            let first = match &footage {
                None => first_of(&places, from),
                Some(_) => Some(0),
            };
            let Some(first) = first else { continue };
            let places = places[first..].iter().take_while(|place| place.from < until);
            let places: Vec<&Place> =
                places.filter(|place| place.key || wanted == Wanted::All).collect();
            let (Some(begin), Some(end)) = (places.first(), places.last()) else { continue };
            let footage = footage.get_or_insert_with(|| Self {
                pieces: Vec::new(),
                from: begin.from,
                until: begin.from,
            });
            let mut header = vec![0; source.entry.header as usize];
            read_at(&source.path, 0, &mut header)?;
            if header != header_before {
                footage.add(source, 0, header.len());
                header_before = header;
            }
            for place in &places {
                footage.add(source, place.offset, place.bytes as usize);
            }
            footage.until = end.until;
        }
        Ok(footage)
    }

    /// Adds bytes of a file, to the piece before where they follow it.
    fn add(&mut self, source: &Source, offset: u64, bytes: usize) {
        /// What is read at once, in bytes.
        const MOST: usize = 1 << 20;
        match self.pieces.last_mut() {
            Some(piece)
                if piece.path == source.path
                    && piece.offset + piece.bytes as u64 == offset
                    && piece.bytes + bytes <= MOST =>
            {
                piece.bytes += bytes;
            }
            _ => self.pieces.push(Piece { path: source.path.clone(), offset, bytes }),
        }
    }

    /// How long it is, in bytes.
    pub fn bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.bytes as u64).sum()
    }

    /// In how many parts it is read.
    pub fn parts(&self) -> usize {
        self.pieces.len()
    }

    /// One of the parts.
    ///
    /// # Errors
    /// When its file is gone, or cannot be read. One that there is not is empty.
    pub fn part(&self, at: usize) -> io::Result<Vec<u8>> {
        let Some(piece) = self.pieces.get(at) else { return Ok(Vec::new()) };
        let mut bytes = vec![0; piece.bytes];
        read_at(&piece.path, piece.offset, &mut bytes)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::clip::tests::Files;
    use crate::scan::scan;

    fn read(footage: &Footage) -> Vec<u8> {
        (0..footage.parts()).flat_map(|at| footage.part(at).unwrap()).collect()
    }

    #[test]
    fn footage_is_what_stands_in_the_files() {
        // A key picture each second of 30, a file each four of them.
        let files = Files::new("footage", 300, 120);
        let at = |n: i64| files.begin().plus_90k(n * 3000);
        for (from, until, wanted, first, last, fragments) in [
            (0, 300, Wanted::All, 0, 300, 20),
            (45, 200, Wanted::All, 30, 210, 12),
            (119, 121, Wanted::All, 90, 121, 3),
            (45, 200, Wanted::Keys, 30, 181, 6),
            (-50, 10, Wanted::Keys, 0, 1, 1),
        ] {
            let footage = Footage::plan(&files.1, at(from), at(until), wanted).unwrap().unwrap();
            assert_eq!((footage.from, footage.until), (at(first), at(last)), "{from} to {until}");
            let bytes = read(&footage);
            assert_eq!(bytes.len() as u64, footage.bytes());
            // One header: the files' are the same.
            let found = scan(&mut Cursor::new(&bytes)).unwrap();
            assert_eq!((found.whole as usize, found.fragments.len()), (bytes.len(), fragments));
            assert_eq!(found.fragments[0].summary.from, at(first), "the times are the files'");
        }
        assert_eq!(Footage::plan(&files.1, at(300), at(400), Wanted::All).unwrap(), None);
    }
}
