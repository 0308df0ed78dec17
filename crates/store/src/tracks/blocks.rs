//! The blocks of a file, one after the other, by their headers: bodies are passed over.

use std::io::{self, Read, Seek, SeekFrom};

use razz_base::MediaTime;

use super::header::{BlockError, Header, MAGIC};

/// Read at once: small enough to pass over most of a large body, large enough for several small blocks.
const CHUNK: usize = 4096;
/// Most headers are no longer.
const USUAL_HEADER: usize = 256;
/// No more is gone through block by block where a time is looked for.
const NEAR: u64 = 64 << 10;

/// A block and where it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Placed {
    /// From the start of the file, in bytes.
    pub offset: u64,
    /// What it says of itself.
    pub header: Header,
}

impl Placed {
    /// Where it ends.
    pub fn end(&self) -> u64 {
        self.offset + self.header.block_bytes() as u64
    }
}

/// Goes through a file. What is damaged is passed over, up to the next block that is whole.
#[derive(Debug)]
pub(super) struct Blocks<F> {
    file: F,
    length: u64,
    /// Where the next block is looked for.
    at: u64,
    buffer: Vec<u8>,
    /// Where the buffer begins.
    begins: u64,
}

impl<F: Read + Seek> Blocks<F> {
    /// From the beginning.
    pub(super) fn new(mut file: F) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, length, at: 0, buffer: Vec::new(), begins: 0 })
    }

    /// Bytes of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Goes to the last block that begins before `time`, or to one shortly before that; to the beginning where none
    /// does. The blocks of a file are in the order of their times.
    pub(super) fn go_before(&mut self, time: MediaTime) -> io::Result<()> {
        let (mut low, mut high) = (0, self.length);
        while high - low > NEAR {
            let middle = low + (high - low) / 2;
            self.at = middle;
            match self.next_block()? {
                Some(block) if block.header.from < time && block.offset < high => {
                    low = block.offset;
                }
                _ => high = middle,
            }
        }
        self.at = low;
        Ok(())
    }

    /// The next one whose header is whole, and behind it as many bytes as it says.
    pub(super) fn next_block(&mut self) -> io::Result<Option<Placed>> {
        loop {
            if let Some(block) = self.block_here()? {
                self.at = block.end();
                return Ok(Some(block));
            }
            if !self.go_on()? {
                return Ok(None);
            }
        }
    }

    fn block_here(&mut self) -> io::Result<Option<Placed>> {
        let mut header = Header::parse(self.bytes(USUAL_HEADER)?);
        if header == Err(BlockError::Short) {
            header = Header::parse(self.bytes(Header::MOST_BYTES)?);
        }
        let block = header.ok().map(|header| Placed { offset: self.at, header });
        Ok(block.filter(|block| block.end() <= self.length))
    }

    /// Goes to where the next block may begin; `false` where none does.
    fn go_on(&mut self) -> io::Result<bool> {
        self.at += 1;
        loop {
            let bytes = self.bytes(MAGIC.len())?;
            if let Some(n) = bytes.windows(MAGIC.len()).position(|window| window == MAGIC) {
                self.at += n as u64;
                return Ok(true);
            }
            let Some(passed) = (bytes.len() + 1).checked_sub(MAGIC.len()).filter(|n| *n > 0) else {
                return Ok(false);
            };
            self.at += passed as u64;
        }
    }

    /// What stands at `at`: so many bytes at least, or up to the end of the file.
    fn bytes(&mut self, least: usize) -> io::Result<&[u8]> {
        let wanted = self.at.saturating_add(least as u64).min(self.length);
        if self.at < self.begins || wanted > self.begins + self.buffer.len() as u64 {
            self.buffer.clear();
            self.begins = self.at;
            self.file.seek(SeekFrom::Start(self.at))?;
            let most = self.length.saturating_sub(self.at).min(least.max(CHUNK) as u64);
            (&mut self.file).take(most).read_to_end(&mut self.buffer)?;
        }
        let from = (self.at - self.begins) as usize;
        Ok(self.buffer.get(from..).unwrap_or_default())
    }
}
