//! Whether a JPEG's scan is whole: decoders make something of one that ends early, and say nothing.
//!
//! Its Huffman codes are read from the first block to the last, and nothing is made of them. That takes
//! about a third of what decoding takes.

use super::header::segment_at;
use super::marker::{DHT, DRI, EOI, SOI, SOS};

/// Why a file is no whole picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ScanError {
    /// It has no scan with all components in it, or what describes the scan is missing.
    #[error("the headers do not describe one scan")]
    Headers,
    /// A code that no table has, or a block that goes past its end.
    #[error("the scan has a code that there is not")]
    Code,
    /// It ends before its last block, or a restart marker comes too early.
    #[error("the scan ends early")]
    Short,
    /// Something comes behind its last block, or a restart marker is missing.
    #[error("the scan goes on behind its end")]
    Long,
}

/// Reads a whole file with one scan (baseline or extended sequential).
///
/// # Errors
/// When it is not whole.
pub fn check_scan(data: &[u8]) -> Result<(), ScanError> {
    let mut tables: [Option<Box<Table>>; 8] = Default::default();
    let (mut frame, mut interval) = (None, 0);
    let mut at = 2;
    loop {
        let (kind, segment, next) = segment_at(data, at).ok_or(ScanError::Headers)?;
        at = next;
        match kind {
            SOI | EOI => return Err(ScanError::Headers),
            DHT => read_tables(segment, &mut tables).ok_or(ScanError::Headers)?,
            DRI => interval = usize::from(u16_at(segment, 0).ok_or(ScanError::Headers)?),
            0xC0 | 0xC1 => frame = Some(Frame::read(segment).ok_or(ScanError::Headers)?),
            SOS => {
                let frame = frame.ok_or(ScanError::Headers)?;
                let blocks = frame.blocks(segment, &tables).ok_or(ScanError::Headers)?;
                return walk(&data[at..], frame.units(), interval, &blocks);
            }
            _ => {}
        }
    }
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*data.get(at..)?.first_chunk()?))
}

/// A frame header (section B.2.2).
struct Frame {
    width: usize,
    height: usize,
    /// Its components: the name, and how many blocks of it an MCU has across and down.
    components: Vec<(u8, usize, usize)>,
}

impl Frame {
    fn read(segment: &[u8]) -> Option<Self> {
        let (height, width) = (u16_at(segment, 1)?, u16_at(segment, 3)?);
        let components = segment.get(6..)?.chunks_exact(3).take(usize::from(*segment.get(5)?));
        let components: Vec<_> = components
            .map(|part| (part[0], usize::from(part[1] >> 4), usize::from(part[1] & 15)))
            .collect();
        let sane = |(_, across, down): &(u8, usize, usize)| {
            (1..=4).contains(across) && (1..=4).contains(down)
        };
        let is_sane = matches!(components.len(), 1 | 3) && components.iter().all(sane);
        let (width, height) = (usize::from(width), usize::from(height));
        is_sane.then_some(Self { width, height, components })
    }

    /// How many MCUs there are (section A.2).
    fn units(&self) -> usize {
        let most = |side: fn(&(u8, usize, usize)) -> usize| match self.components[..] {
            // One alone is not interleaved: its MCU is a block.
            [_] => 1,
            _ => self.components.iter().map(side).max().unwrap_or(1),
        };
        let across = self.width.div_ceil(8 * most(|component| component.1));
        across * self.height.div_ceil(8 * most(|component| component.2))
    }

    /// The blocks of an MCU, each with its tables, by the scan header (section B.2.3).
    fn blocks<'a>(
        &self,
        segment: &[u8],
        tables: &'a [Option<Box<Table>>; 8],
    ) -> Option<Vec<(&'a Table, &'a Table)>> {
        let mut blocks = Vec::new();
        if usize::from(*segment.first()?) != self.components.len() {
            return None;
        }
        for (n, (name, across, down)) in self.components.iter().enumerate() {
            let part = segment.get(1 + 2 * n..3 + 2 * n)?;
            let (dc, ac) = (usize::from(part[1] >> 4), usize::from(part[1] & 15));
            if part[0] != *name || dc > 3 || ac > 3 {
                return None;
            }
            let pair = (tables[dc].as_deref()?, tables[4 + ac].as_deref()?);
            let count = if self.components.len() == 1 { 1 } else { across * down };
            blocks.extend(std::iter::repeat_n(pair, count));
        }
        Some(blocks)
    }
}

/// Bits that are looked up at once: few codes are longer.
const FAST: u32 = 9;

/// A Huffman table (section F.2.2.3, annex C).
struct Table {
    /// By the next bits: length and value of the code; length 0 where it is longer.
    fast: [(u8, u8); 1 << FAST],
    /// By length: the code after the last of it, in 16 bits; and what to add to a code for its value.
    limits: [u32; 17],
    offsets: [i32; 17],
    values: Vec<u8>,
}

impl Table {
    fn new(lengths: &[u8; 16], values: &[u8]) -> Option<Self> {
        let mut table = Self {
            fast: [(0, 0); 1 << FAST],
            limits: [0; 17],
            offsets: [0; 17],
            values: values.to_vec(),
        };
        let (mut code, mut index) = (0u32, 0);
        for (length, count) in (1u32..).zip(lengths) {
            table.offsets[length as usize] = index as i32 - code as i32;
            for _ in 0..*count {
                if code >= 1 << length {
                    return None;
                }
                if length <= FAST {
                    let first = (code << (FAST - length)) as usize;
                    let entry = (length as u8, values[index]);
                    table.fast[first..first + (1 << (FAST - length))].fill(entry);
                }
                code += 1;
                index += 1;
            }
            table.limits[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Some(table)
    }

    /// Length and value of the code at the beginning of these 16 bits; `None` where there is none.
    fn find(&self, bits: u32) -> Option<(u32, u8)> {
        let (length, value) = self.fast[(bits >> (16 - FAST)) as usize];
        if length > 0 {
            return Some((u32::from(length), value));
        }
        let length = (FAST + 1..=16).find(|length| bits < self.limits[*length as usize])?;
        let index = (bits >> (16 - length)) as i32 + self.offsets[length as usize];
        Some((length, *self.values.get(usize::try_from(index).ok()?)?))
    }
}

/// Reads the tables of a segment (section B.2.4.2): those of DC coefficients first, then those of AC.
fn read_tables(mut segment: &[u8], tables: &mut [Option<Box<Table>>; 8]) -> Option<()> {
    while let Some((head, rest)) = segment.split_first() {
        let (lengths, rest) = rest.split_first_chunk::<16>()?;
        let count = lengths.iter().map(|count| usize::from(*count)).sum::<usize>();
        let (values, rest) = rest.split_at_checked(count)?;
        let place = usize::from(head >> 4) * 4 + usize::from(head & 15);
        if head >> 4 > 1 || head & 15 > 3 {
            return None;
        }
        tables[place] = Some(Box::new(Table::new(lengths, values)?));
        segment = rest;
    }
    Some(())
}

/// Reads bits of a scan up to the next marker (section F.1.2.3: a zero byte behind 0xFF is none of it).
struct Bits<'a> {
    rest: &'a [u8],
    held: u64,
    count: u32,
}

impl Bits<'_> {
    /// Holds at least 32 bits, or all up to the marker.
    fn fill(&mut self) {
        while self.count <= 48 {
            let (byte, length) = match self.rest {
                [0xFF, 0x00, ..] => (0xFF, 2),
                [0xFF, ..] | [] => return,
                [byte, ..] => (*byte, 1),
            };
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
            self.rest = &self.rest[length..];
        }
    }

    fn skip(&mut self, count: u32) -> Result<(), ScanError> {
        if count > self.count {
            return Err(ScanError::Short);
        }
        self.held <<= count;
        self.count -= count;
        Ok(())
    }

    /// Reads a code and answers its value.
    fn code(&mut self, table: &Table) -> Result<u8, ScanError> {
        if self.count < 32 {
            self.fill();
        }
        match table.find((self.held >> 48) as u32) {
            Some((length, value)) => self.skip(length).map(|()| value),
            None if self.count < 16 => Err(ScanError::Short),
            None => Err(ScanError::Code),
        }
    }

    /// Goes to the marker behind the last bits, which fill up a byte, and answers it.
    fn marker(&mut self) -> Result<u8, ScanError> {
        self.fill();
        if self.count >= 8 {
            return Err(ScanError::Long);
        }
        (self.held, self.count) = (0, 0);
        loop {
            match self.rest {
                [0xFF, 0xFF, ..] => self.rest = &self.rest[1..],
                [0xFF, marker, rest @ ..] => {
                    let marker = *marker;
                    self.rest = rest;
                    return Ok(marker);
                }
                _ => return Err(ScanError::Short),
            }
        }
    }
}

/// Reads all MCUs of a scan, with the restart markers between them.
fn walk(
    scan: &[u8],
    units: usize,
    interval: usize,
    blocks: &[(&Table, &Table)],
) -> Result<(), ScanError> {
    let mut bits = Bits { rest: scan, held: 0, count: 0 };
    for unit in 0..units {
        if interval > 0 && unit > 0 && unit % interval == 0 {
            // Section B.2.1: RST0 to RST7 by turns.
            let expected = 0xD0 + ((unit / interval - 1) % 8) as u8;
            match bits.marker()? {
                marker if marker == expected => {}
                EOI => return Err(ScanError::Short),
                _ => return Err(ScanError::Long),
            }
        }
        blocks.iter().try_for_each(|(dc, ac)| block(&mut bits, dc, ac))?;
    }
    match bits.marker()? {
        0xD0..=0xD7 => Err(ScanError::Long),
        _ => Ok(()),
    }
}

/// Reads a block of 64 coefficients (sections F.2.2.1 and F.2.2.2).
fn block(bits: &mut Bits<'_>, dc: &Table, ac: &Table) -> Result<(), ScanError> {
    let length = bits.code(dc)?;
    if length > 15 {
        return Err(ScanError::Code);
    }
    bits.skip(u32::from(length))?;
    let mut place = 1;
    while place < 64 {
        let code = bits.code(ac)?;
        let (run, length) = (usize::from(code >> 4), u32::from(code & 15));
        match (length, run) {
            (0, 15) => place += 16,
            (0, _) => return Ok(()),
            _ => {
                place += run + 1;
                bits.skip(length)?;
            }
        }
    }
    if place > 64 { Err(ScanError::Code) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jpeg::{Scan, tables_by_quality, write_headers};

    /// A file of 16x16 pixels in 4:2:0: one MCU, whose blocks have nothing but a DC coefficient of 0. Luma's
    /// codes for that are 00 and 1010, chroma's 00 and 00: 32 bits.
    fn file(size: (u16, u16), restart_interval: u16, scan: &[u8]) -> Vec<u8> {
        let tables = tables_by_quality(50);
        let mut file = Vec::new();
        write_headers(
            &Scan { size, half_rows: true, tables: &tables, restart_interval },
            &mut file,
        );
        file.extend_from_slice(scan);
        file.extend_from_slice(&[0xFF, EOI]);
        file
    }

    #[test]
    fn scans_are_whole_or_not() {
        const UNIT: [u8; 4] = [0b0010_1000, 0b1010_0010, 0b1000_1010, 0];
        let of = |parts: &[&[u8]]| parts.concat();
        let two = of(&[&UNIT, &UNIT]);
        for (size, interval, scan, expected) in [
            ((16, 16), 0, UNIT.to_vec(), Ok(())),
            ((16, 16), 0, UNIT[..3].to_vec(), Err(ScanError::Short)),
            ((16, 16), 0, Vec::new(), Err(ScanError::Short)),
            ((16, 16), 0, of(&[&UNIT, &[0x55]]), Err(ScanError::Long)),
            ((16, 16), 0, of(&[&UNIT, &[0xFF, 0xFF]]), Ok(())),
            ((17, 16), 0, UNIT.to_vec(), Err(ScanError::Short)),
            ((17, 16), 0, two.clone(), Ok(())),
            ((32, 16), 1, of(&[&UNIT, &[0xFF, 0xD0], &UNIT]), Ok(())),
            ((32, 16), 1, of(&[&UNIT, &[0xFF, 0xD1], &UNIT]), Err(ScanError::Long)),
            ((32, 16), 1, two.clone(), Err(ScanError::Long)),
            ((32, 16), 1, UNIT.to_vec(), Err(ScanError::Short)),
            ((32, 16), 0, of(&[&UNIT, &[0xFF, 0xD0], &UNIT]), Err(ScanError::Short)),
            ((48, 16), 2, of(&[&two, &[0xFF, 0xD0], &UNIT]), Ok(())),
            // A code of ones alone is in no table.
            ((16, 16), 0, vec![0xFF, 0, 0xFF, 0, 0xFF, 0, 0xFF, 0], Err(ScanError::Code)),
        ] {
            let found = check_scan(&file(size, interval, &scan));
            assert_eq!(found, expected, "{size:?} {interval} {scan:02x?}");
        }
        let whole = file((16, 16), 0, &UNIT);
        for length in 0..whole.len() {
            assert!(check_scan(&whole[..length]).is_err(), "{length}");
        }
    }
}
