//! Boxes (ISO/IEC 14496-12 section 4.2) and the numbers in them.

use super::Mp4Error;

/// A box: its type and its content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Atom<'a> {
    pub(super) kind: [u8; 4],
    pub(super) content: &'a [u8],
}

/// The boxes that follow one another in `data`; one that is longer than what is left ends it.
pub(super) fn atoms(data: &[u8]) -> impl Iterator<Item = Atom<'_>> {
    let mut rest = data;
    std::iter::from_fn(move || {
        let (head, _) = rest.split_at_checked(8)?;
        let kind = [head[4], head[5], head[6], head[7]];
        let (header, length) = match u32::from_be_bytes([head[0], head[1], head[2], head[3]]) {
            0 => (8, rest.len()),
            1 => {
                let long = rest.get(8..16)?.try_into().ok()?;
                (16, usize::try_from(u64::from_be_bytes(long)).ok()?)
            }
            length => (8, length as usize),
        };
        let content = rest.get(header..length)?;
        rest = &rest[length..];
        Some(Atom { kind, content })
    })
}

/// The content of the first box of a type; an error where there is none.
pub(super) fn find<'a>(data: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    atoms(data).find(|atom| atom.kind == *kind).map(|atom| atom.content)
}

/// Big-endian numbers, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// From the start of `data`.
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    /// Version and flags of a full box, and what follows them.
    pub(super) fn full_box(data: &'a [u8]) -> Result<(u8, u32, Self), Mp4Error> {
        let mut fields = Self(data);
        let word = fields.u32()?;
        Ok(((word >> 24) as u8, word & 0xFF_FFFF, fields))
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Mp4Error> {
        let split = self.0.split_at_checked(count);
        let (bytes, rest) = split.ok_or(Mp4Error::Damaged("a box ends too early"))?;
        self.0 = rest;
        Ok(bytes)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Mp4Error> {
        self.array().map(u8::from_be_bytes)
    }

    pub(super) fn u16(&mut self) -> Result<u16, Mp4Error> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Mp4Error> {
        self.array().map(u32::from_be_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Mp4Error> {
        self.array().map(u64::from_be_bytes)
    }

    /// 32 bits, or 64 in version 1.
    pub(super) fn by_version(&mut self, version: u8) -> Result<u64, Mp4Error> {
        if version == 0 { self.u32().map(u64::from) } else { self.u64() }
    }

    /// What is left.
    pub(super) fn rest(self) -> &'a [u8] {
        self.0
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Mp4Error> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }
}
