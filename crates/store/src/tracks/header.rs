//! What stands in clear in front of a block.
//!
//! ```text
//!  0  "rzt", and the version, 2; 1 has twice as many steps of confidence
//!  4  u16  bytes of the header, with its checksum
//!  6  u32  bytes of the body behind it, compressed by zstd
//! 10  u32  bytes of that when it is unpacked
//! 14  i64  media time of the first frame, in ticks of 90 kHz
//! 22  i64  media time of the last frame
//! 30  i64  when the first frame was taken, in UTC µs since 1970
//! 38  u32  frames
//! 42  u32  boxes
//! 46       144 bits: the cells of the picture that foot points were in
//! 64  u32  CRC-32 of the body
//! 68       the names of the classes, each behind its length in a byte
//!  …  u32  CRC-32 of the header up to here
//! ```
//!
//! All numbers are big endian, as in MP4. Both parts have a checksum, so that who looks for a time need not read
//! what is in between, and never goes astray.

use razz_base::MediaTime;

use super::cells::Cells;

/// The first bytes of a block.
pub(super) const MAGIC: [u8; 3] = *b"rzt";
/// The version that is written, and the one before, which is read.
const VERSION: u8 = 2;
const FINER: u8 = 1;
/// Steps of confidence from 0 to 1 in each: half as many take an eighth of a byte less for each box, and are finer than
/// any detector means it.
pub(super) const CONFIDENCE_STEPS: u16 = 128;
const FINER_STEPS: u16 = 256;
/// Where the checksum of the body is, where the names begin, and the checksum behind them.
const BODY_CHECKSUM: usize = 64;
const NAMES: usize = 68;
const CHECKSUM_BYTES: usize = 4;

/// No block has more frames, boxes, names of classes, or bytes in one of them. What says so is damaged.
pub(super) const MOST_FRAMES: usize = 4096;
pub(super) const MOST_BOXES: usize = 1 << 18;
pub(super) const MOST_NAMES: usize = 255;
pub(super) const MOST_NAME_BYTES: usize = 100;
/// No body is larger, unpacked or packed.
pub(super) const MOST_BYTES: usize = 16 << 20;

/// Why a block cannot be written, or read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BlockError {
    /// More of it is needed to tell, or it was cut short.
    #[error("a block of tracks is cut short")]
    Short,
    /// Its bytes make no sense.
    #[error("no block of tracks, or a damaged one: {0}")]
    Damaged(&'static str),
    /// A newer razz has written it.
    #[error(
        "a block of tracks of version {0}; this razz reads version {VERSION}, a newer one reads both"
    )]
    Version(u8),
    /// There is nothing to write.
    #[error("a block of tracks has at least one frame")]
    Empty,
    /// Each frame has to be later than the one before it.
    #[error("a frame at {0} is not later than the one before it")]
    NotInOrder(MediaTime),
    /// What is to be written does not fit into one block.
    #[error("{frames} frames with {boxes} boxes are more than a block of tracks holds")]
    TooMuch {
        /// How many there are: up to 4096 fit.
        frames: usize,
        /// In all of them: up to 262,144 fit.
        boxes: usize,
    },
}

/// What a block says of itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Bytes of the header.
    pub bytes: usize,
    /// Bytes of the body, which stands behind it.
    pub body_bytes: usize,
    /// Its first frame.
    pub from: MediaTime,
    /// Its last frame.
    pub until: MediaTime,
    /// When the first was taken, in UTC µs since 1970.
    pub wall_us: i64,
    /// How many frames it has.
    pub frames: usize,
    /// How many boxes they have together.
    pub boxes: usize,
    /// Where the foot points of those were.
    pub cells: Cells,
    /// What their classes are called.
    pub classes: Vec<String>,
    pub(super) unpacked_bytes: usize,
    pub(super) body_checksum: u32,
    pub(super) confidence_steps: u16,
}

impl Header {
    /// No header is longer, in bytes.
    pub(super) const MOST_BYTES: usize =
        NAMES + MOST_NAMES * (1 + MOST_NAME_BYTES) + CHECKSUM_BYTES;

    /// Bytes of header and body.
    pub const fn block_bytes(&self) -> usize {
        self.bytes + self.body_bytes
    }

    /// Reads the header that `data` begins with.
    ///
    /// # Errors
    /// When it is no header, a damaged one, or only a part of one.
    pub fn parse(data: &[u8]) -> Result<Self, BlockError> {
        const LENGTH: BlockError = BlockError::Damaged("its header has no such length");
        let known = data.len().min(MAGIC.len());
        if data[..known] != MAGIC[..known] {
            return Err(BlockError::Damaged("it does not begin as one"));
        }
        let confidence_steps = match data.get(MAGIC.len()) {
            None => return Err(BlockError::Short),
            Some(&VERSION) => CONFIDENCE_STEPS,
            Some(&FINER) => FINER_STEPS,
            Some(other) => return Err(BlockError::Version(*other)),
        };
        let bytes = usize::from(u16::from_be_bytes(array(data, 4)?));
        if !(NAMES + CHECKSUM_BYTES..=Self::MOST_BYTES).contains(&bytes) {
            return Err(LENGTH);
        }
        let (header, checksum) = data
            .get(..bytes)
            .and_then(<[u8]>::split_last_chunk::<CHECKSUM_BYTES>)
            .ok_or(BlockError::Short)?;
        if crc32fast::hash(header).to_be_bytes() != *checksum {
            return Err(BlockError::Damaged("its header is not what was written"));
        }
        let u32_at = |at| array(header, at).map(u32::from_be_bytes);
        let i64_at = |at| array(header, at).map(i64::from_be_bytes);
        let header = Self {
            bytes,
            body_bytes: u32_at(6)? as usize,
            unpacked_bytes: u32_at(10)? as usize,
            from: MediaTime::from_90k(i64_at(14)?),
            until: MediaTime::from_90k(i64_at(22)?),
            wall_us: i64_at(30)?,
            frames: u32_at(38)? as usize,
            boxes: u32_at(42)? as usize,
            cells: Cells::from_bytes(array(header, 46)?),
            body_checksum: u32_at(BODY_CHECKSUM)?,
            classes: names(&header[NAMES..])?,
            confidence_steps,
        };
        let fits = header.frames <= MOST_FRAMES
            && header.boxes <= MOST_BOXES
            && header.unpacked_bytes <= MOST_BYTES
            && header.body_bytes <= MOST_BYTES
            && header.from <= header.until;
        if fits { Ok(header) } else { Err(LENGTH) }
    }

    /// As it stands in front of a body; sets its own length.
    pub(super) fn write(&mut self) -> Vec<u8> {
        let names: usize = self.classes.iter().map(|name| 1 + name.len()).sum();
        self.bytes = NAMES + names + CHECKSUM_BYTES;
        let mut out = Vec::with_capacity(self.block_bytes());
        out.extend_from_slice(&MAGIC);
        out.push(VERSION);
        out.extend_from_slice(&(self.bytes as u16).to_be_bytes());
        out.extend_from_slice(&(self.body_bytes as u32).to_be_bytes());
        out.extend_from_slice(&(self.unpacked_bytes as u32).to_be_bytes());
        for number in [self.from.as_90k(), self.until.as_90k(), self.wall_us] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&(self.frames as u32).to_be_bytes());
        out.extend_from_slice(&(self.boxes as u32).to_be_bytes());
        out.extend_from_slice(self.cells.as_bytes());
        out.extend_from_slice(&self.body_checksum.to_be_bytes());
        for name in &self.classes {
            out.push(name.len() as u8);
            out.extend_from_slice(name.as_bytes());
        }
        let checksum = crc32fast::hash(&out);
        out.extend_from_slice(&checksum.to_be_bytes());
        out
    }
}

fn array<const N: usize>(data: &[u8], at: usize) -> Result<[u8; N], BlockError> {
    data.get(at..).and_then(<[u8]>::first_chunk).copied().ok_or(BlockError::Short)
}

fn names(mut rest: &[u8]) -> Result<Vec<String>, BlockError> {
    const NAMES: BlockError = BlockError::Damaged("its classes have no names");
    let mut names = Vec::new();
    while let Some((length, after)) = rest.split_first() {
        if usize::from(*length) > MOST_NAME_BYTES || names.len() == MOST_NAMES {
            return Err(NAMES);
        }
        let (name, after) = after.split_at_checked(usize::from(*length)).ok_or(NAMES)?;
        names.push(std::str::from_utf8(name).map_err(|_| NAMES)?.to_owned());
        rest = after;
    }
    Ok(names)
}
