//! Reads bits and Exp-Golomb numbers from a NAL unit, without its emulation prevention bytes.

/// The NAL unit ended in the middle of a value, or a number was longer than H.264 and H.265 allow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("NAL unit ends, or is malformed, {at_bit} bits after its header")]
pub struct OutOfBits {
    /// Where reading stopped, in bits of the payload without emulation prevention bytes.
    pub at_bit: usize,
}

/// What is not a usable sequence parameter set, of H.264 or of H.265.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SpsError {
    /// Another NAL unit type, or nothing.
    #[error("sequence parameter set: not one (NAL unit type {0:?})")]
    NotAnSps(Option<u8>),
    /// Too short.
    #[error("sequence parameter set: {0}")]
    Truncated(#[from] OutOfBits),
    /// A value outside the range that the standard gives it.
    #[error("sequence parameter set: {name} is {value}, outside its range")]
    Range {
        /// The syntax element, named as in section 7.3.2.1.1 of H.264, 7.3.2.2.1 of H.265.
        name: &'static str,
        /// What stands there.
        value: u32,
    },
    /// Cropped to nothing.
    #[error("sequence parameter set: the cropping leaves no picture")]
    Cropping,
}

/// A reader over the payload of a NAL unit (the RBSP, section 7.3.1).
///
/// The `03` of each `00 00 03` is skipped on the way (section 7.4.1.1), so nothing is copied.
pub(crate) struct Bits<'a> {
    bytes: std::slice::Iter<'a, u8>,
    /// How many zero bytes came last, at most 2.
    zeros: u8,
    /// The byte being read, and how many of its bits are left.
    current: u8,
    left: u8,
    read: usize,
}

impl<'a> Bits<'a> {
    /// Reads `payload`, the bytes after the one-byte NAL unit header.
    pub(crate) fn new(payload: &'a [u8]) -> Self {
        Self { bytes: payload.iter(), zeros: 0, current: 0, left: 0, read: 0 }
    }

    /// The error for what was read last.
    pub(crate) fn error(&self) -> OutOfBits {
        OutOfBits { at_bit: self.read }
    }

    fn next_byte(&mut self) -> Option<u8> {
        let mut byte = *self.bytes.next()?;
        if self.zeros == 2 && byte == 3 {
            self.zeros = 0;
            byte = *self.bytes.next()?;
        }
        self.zeros = if byte == 0 { (self.zeros + 1).min(2) } else { 0 };
        Some(byte)
    }

    /// `u(1)`.
    pub(crate) fn flag(&mut self) -> Result<bool, OutOfBits> {
        if self.left == 0 {
            self.current = self.next_byte().ok_or(self.error())?;
            self.left = 8;
        }
        self.left -= 1;
        self.read += 1;
        Ok(self.current >> self.left & 1 == 1)
    }

    /// `u(count)`, for `count` up to 32.
    pub(crate) fn u(&mut self, count: u32) -> Result<u32, OutOfBits> {
        debug_assert!(count <= 32);
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.flag()?);
        }
        Ok(value)
    }

    /// `u(8)`.
    pub(crate) fn u8(&mut self) -> Result<u8, OutOfBits> {
        // Eight bits always fit.
        Ok(self.u(8)? as u8)
    }

    /// Skips `count` bytes where a byte begins.
    pub(crate) fn skip_bytes(&mut self, count: u32) -> Result<(), OutOfBits> {
        debug_assert_eq!(self.left, 0);
        for _ in 0..count {
            self.next_byte().ok_or(self.error())?;
            self.read += 8;
        }
        Ok(())
    }

    /// `ue(v)` (section 9.1): 0 to 2^32 - 2.
    pub(crate) fn ue(&mut self) -> Result<u32, OutOfBits> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return Err(self.error());
            }
        }
        // 2^zeros - 1 + u(zeros), at most 2^32 - 2.
        Ok(((1u64 << zeros) - 1 + u64::from(self.u(zeros)?)) as u32)
    }

    /// `se(v)` (section 9.1.1): 0, 1, -1, 2, -2, ...
    pub(crate) fn se(&mut self) -> Result<i32, OutOfBits> {
        let code = i64::from(self.ue()?);
        let magnitude = (code + 1) / 2;
        Ok(if code % 2 == 1 { magnitude } else { -magnitude } as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_golomb_by_the_standards_table() {
        // Table 9-2 and 9-3: bit string, ue(v), se(v).
        for (bits, ue, se) in [
            ("1", 0, 0),
            ("010", 1, 1),
            ("011", 2, -1),
            ("00100", 3, 2),
            ("00111", 6, -3),
            ("0001000", 7, 4),
            ("0001010", 9, 5),
        ] {
            let mut bytes = vec![0u8; 4];
            for (i, bit) in bits.bytes().enumerate() {
                bytes[i / 8] |= (bit - b'0') << (7 - i % 8);
            }
            assert_eq!(Bits::new(&bytes).ue(), Ok(ue), "{bits}");
            assert_eq!(Bits::new(&bytes).se(), Ok(se), "{bits}");
        }
        // The largest: 31 zeros, then 32 ones.
        let largest = [0x00, 0x00, 0x00, 0x01, 0xFF, 0xFF, 0xFF, 0xFE];
        assert_eq!(Bits::new(&largest).ue(), Ok(u32::MAX - 1));
        assert_eq!(Bits::new(&largest).se(), Ok(-i32::MAX));
        // More than 31 zeros is no number.
        assert!(Bits::new(&[0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]).ue().is_err());
    }

    #[test]
    fn emulation_prevention_bytes_are_skipped() {
        for (bytes, read) in [
            (&[0, 0, 3, 1][..], &[0, 0, 1][..]),
            (&[0, 0, 3, 0, 0, 3, 1], &[0, 0, 0, 0, 1]),
            (&[0, 3, 1], &[0, 3, 1]),
            (&[0, 0, 3, 3], &[0, 0, 3]),
            (&[0, 0, 3], &[0, 0]),
            (&[0, 0, 0, 3, 5], &[0, 0, 0, 5]),
        ] {
            let mut bits = Bits::new(bytes);
            let mut out = Vec::new();
            while let Ok(byte) = bits.u8() {
                out.push(byte);
            }
            assert_eq!(out, read, "{bytes:?}");
        }
    }

    #[test]
    fn bytes_are_skipped_without_emulation_prevention() {
        let mut bits = Bits::new(&[9, 0, 0, 3, 1, 7]);
        assert_eq!(bits.skip_bytes(4), Ok(()));
        assert_eq!(bits.u8(), Ok(7));
        assert_eq!(bits.skip_bytes(0), Ok(()));
        assert_eq!(bits.skip_bytes(1), Err(OutOfBits { at_bit: 40 }));
    }

    #[test]
    fn the_end_is_an_error_that_says_where() {
        let mut bits = Bits::new(&[0xAB]);
        assert_eq!(bits.u(4), Ok(0xA));
        assert_eq!(bits.u(5), Err(OutOfBits { at_bit: 8 }));
    }
}
