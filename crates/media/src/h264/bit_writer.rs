//! Writes the bits of a NAL unit.

/// Writes an RBSP bit by bit.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    /// Bits used of the last byte, 0 for all of them.
    used: u32,
}

impl BitWriter {
    pub(super) fn flag(&mut self, bit: bool) {
        if self.used == 0 {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << (7 - self.used);
        }
        self.used = (self.used + 1) % 8;
    }

    pub(super) fn u(&mut self, count: u32, value: u32) {
        for shift in (0..count).rev() {
            self.flag(value >> shift & 1 == 1);
        }
    }

    /// `ue(v)` (section 9.1), for values of up to 16 bits.
    pub(super) fn ue(&mut self, value: u32) {
        let length = (value + 1).ilog2();
        self.u(length, 0);
        self.u(length + 1, value + 1);
    }

    pub(super) fn is_aligned(&self) -> bool {
        self.used == 0
    }

    /// What was written, with zeros after it in the last byte.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::Bits;

    #[test]
    fn what_is_written_is_read() {
        for value in [0, 1, 2, 6, 7, 300, 65_534] {
            let mut bits = BitWriter::default();
            bits.u(3, 5);
            bits.ue(value);
            bits.flag(true);
            let mut read = Bits::new(bits.bytes());
            assert_eq!((read.u(3), read.ue(), read.flag()), (Ok(5), Ok(value), Ok(true)));
            assert_eq!(bits.is_aligned(), (4 + 2 * (value + 1).ilog2() + 1) % 8 == 0, "{value}");
        }
    }
}
