//! Keeps an encoded street between runs: `scene-v1-SEED-HASH.h264` and its `.index`.
//!
//! The `.h264` is a plain Annex B stream that any player opens. The index is text: a first line
//! `razz-scene-index 1 FRAMES BYTES MD5`, then a line `LENGTH IDR` for each picture; the MD5 (RFC
//! 1321) runs over the stream and those lines.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use md5::{Digest, Md5};

use crate::{Canvas, EncodedFrame, Street};

/// The first line's first words.
const MAGIC: &str = "razz-scene-index 1";
/// No stream of ours is larger; a larger file is not read.
const MAX_BYTES: u64 = 256 << 20;

/// A folder for encoded streets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The user's: `$RAZZ_CACHE`, else `$XDG_CACHE_HOME/razz`, else `~/.cache/razz`; `None` where
    /// none of these is set. The folder is made when something is kept.
    pub fn find() -> Option<Self> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let folder = set("RAZZ_CACHE")
            .map(PathBuf::from)
            .or_else(|| set("XDG_CACHE_HOME").map(|base| Path::new(&base).join("razz")))
            .or_else(|| set("HOME").map(|home| Path::new(&home).join(".cache/razz")))?;
        Some(Self { folder })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A folder of one's own.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The place of a street. Whatever changes its pictures or their encoding changes the name.
    pub(crate) fn entry(&self, street: &Street, gop_frames: u32) -> Entry {
        let mut hash = Md5::new();
        let size = Street::SIZE;
        hash.update(format!(
            "{} {} {} {} {gop_frames} constant {}",
            size.width,
            size.height,
            Street::FPS,
            Street::PERIOD,
            env!("CARGO_PKG_VERSION"),
        ));
        // Two pictures stand for all: who improves the street need not count up a version.
        let mut canvas = Canvas::new();
        for frame in [0, Street::PERIOD / 2] {
            street.render(frame, &mut canvas);
            hash.update(canvas.rgba());
        }
        let hash = base16ct::lower::encode_string(&hash.finalize());
        let name = format!("scene-v1-{}-{}.h264", street.seed(), &hash[..12]);
        Entry { path: self.folder.join(name) }
    }
}

/// Where one street is kept.
pub(crate) struct Entry {
    path: PathBuf,
}

impl Entry {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn index_path(&self) -> PathBuf {
        self.path.with_extension("index")
    }

    /// All `total` pictures, or why they are not to be had: absent, cut short, altered.
    pub(crate) fn load(&self, total: usize) -> io::Result<Vec<EncodedFrame>> {
        let damaged = |what: &str| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{}: {what}", self.path.display()))
        };
        if fs::metadata(&self.path)?.len() > MAX_BYTES
            || fs::metadata(self.index_path())?.len() > MAX_BYTES
        {
            return Err(damaged("too large"));
        }
        let index = fs::read_to_string(self.index_path())?;
        let stream = fs::read(&self.path)?;
        let (head, lines) = index.split_once('\n').ok_or_else(|| damaged("no index"))?;
        let sum = checksum(&stream, lines);
        if head != format!("{MAGIC} {total} {} {sum}", stream.len()) {
            return Err(damaged("length or checksum differ"));
        }
        let mut frames = Vec::with_capacity(total);
        let mut rest = stream.as_slice();
        for line in lines.lines() {
            let (length, idr) = line
                .split_once(' ')
                .and_then(|(length, idr)| Some((length.parse().ok()?, idr == "1")))
                .ok_or_else(|| damaged("a line of the index"))?;
            let (frame, after) =
                rest.split_at_checked(length).ok_or_else(|| damaged("an index too long"))?;
            frames.push(EncodedFrame { annex_b: frame.to_vec(), idr, reorder: 0 });
            rest = after;
        }
        if frames.len() != total || !rest.is_empty() {
            return Err(damaged("the index does not cover the stream"));
        }
        Ok(frames)
    }

    /// Keeps the pictures. The stream goes first and the index last, each under another name
    /// until it is whole, so that a reader sees both or takes neither.
    pub(crate) fn store<'a>(
        &self,
        frames: impl Iterator<Item = &'a EncodedFrame>,
    ) -> io::Result<()> {
        let (mut stream, mut lines, mut count) = (Vec::new(), String::new(), 0);
        for frame in frames {
            stream.extend_from_slice(&frame.annex_b);
            lines.push_str(&format!("{} {}\n", frame.annex_b.len(), u8::from(frame.idr)));
            count += 1;
        }
        let sum = checksum(&stream, &lines);
        let index = format!("{MAGIC} {count} {} {sum}\n{lines}", stream.len());
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder)?;
        }
        write_whole(&self.path, &stream)?;
        write_whole(&self.index_path(), index.as_bytes())
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}-{number}.part", std::process::id()));
    let part = PathBuf::from(name);
    let written = fs::File::create(&part).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    let moved = written.and_then(|()| fs::rename(&part, path));
    if moved.is_err() {
        // The first error says what is wrong; this one would only hide it.
        let _ = fs::remove_file(&part);
    }
    moved
}

fn checksum(stream: &[u8], lines: &str) -> String {
    let mut hash = Md5::new();
    hash.update(stream);
    hash.update(lines);
    base16ct::lower::encode_string(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back_and_what_was_damaged_does_not() {
        let folder = std::env::temp_dir().join(format!("razz-scene-cache-{}", std::process::id()));
        let entry = Entry { path: folder.join("scene-v1-1-test.h264") };
        let frames: Vec<EncodedFrame> = (0..5u8)
            .map(|i| EncodedFrame { annex_b: vec![i; 10 + i as usize], idr: i == 0, reorder: 0 })
            .collect();
        assert!(entry.load(5).is_err(), "nothing was kept yet");
        entry.store(frames.iter()).unwrap();
        assert_eq!(entry.load(5).unwrap(), frames);
        assert!(entry.load(6).is_err(), "another number of pictures is another stream");
        let left = fs::read_dir(&folder).unwrap().count();
        assert_eq!(left, 2, "no unfinished file stays behind");

        let stream = fs::read(entry.path()).unwrap();
        let index = fs::read(entry.index_path()).unwrap();
        let altered = |bytes: &[u8], at: usize| {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= 1;
            bytes
        };
        for (what, stream, index) in [
            ("a bit of the stream", altered(&stream, 30), index.clone()),
            ("the stream cut short", stream[..stream.len() - 1].to_vec(), index.clone()),
            ("an empty stream", Vec::new(), index.clone()),
            ("a digit of the index", stream.clone(), altered(&index, index.len() - 4)),
            ("the index cut short", stream.clone(), index[..index.len() / 2].to_vec()),
            ("an empty index", stream.clone(), Vec::new()),
            ("an index that is no text", stream.clone(), vec![0xFF; 40]),
        ] {
            fs::write(entry.path(), stream).unwrap();
            fs::write(entry.index_path(), index).unwrap();
            assert!(entry.load(5).is_err(), "{what}");
        }
        entry.store(frames.iter()).unwrap();
        assert_eq!(entry.load(5).unwrap(), frames, "made anew");
        fs::remove_dir_all(&folder).unwrap();
    }
}
