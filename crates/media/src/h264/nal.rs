//! Finds the NAL units of an Annex B byte stream and names their types.

/// What a NAL unit holds: its `nal_unit_type` (table 7-1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum NalType {
    /// 1: a slice of a picture that is not an IDR.
    Slice,
    /// 2: partition A of a slice (Extended profile).
    PartitionA,
    /// 3: partition B of a slice.
    PartitionB,
    /// 4: partition C of a slice.
    PartitionC,
    /// 5: a slice of an IDR.
    Idr,
    /// 6: supplemental enhancement information.
    Sei,
    /// 7: sequence parameter set.
    Sps,
    /// 8: picture parameter set.
    Pps,
    /// 9: access unit delimiter.
    Aud,
    /// 10: end of sequence.
    EndOfSequence,
    /// 11: end of stream.
    EndOfStream,
    /// 12: filler data.
    Filler,
    /// Any other type, 0 to 31: extensions, reserved, and what RFC 6184 uses for aggregation.
    Other(u8),
}

impl NalType {
    /// From the low five bits of a NAL unit header.
    pub fn from_header(header: u8) -> Self {
        match header & 0x1F {
            1 => Self::Slice,
            2 => Self::PartitionA,
            3 => Self::PartitionB,
            4 => Self::PartitionC,
            5 => Self::Idr,
            6 => Self::Sei,
            7 => Self::Sps,
            8 => Self::Pps,
            9 => Self::Aud,
            10 => Self::EndOfSequence,
            11 => Self::EndOfStream,
            12 => Self::Filler,
            other => Self::Other(other),
        }
    }

    /// The `nal_unit_type`, 0 to 31.
    pub fn as_u8(self) -> u8 {
        match self {
            Self::Slice => 1,
            Self::PartitionA => 2,
            Self::PartitionB => 3,
            Self::PartitionC => 4,
            Self::Idr => 5,
            Self::Sei => 6,
            Self::Sps => 7,
            Self::Pps => 8,
            Self::Aud => 9,
            Self::EndOfSequence => 10,
            Self::EndOfStream => 11,
            Self::Filler => 12,
            Self::Other(other) => other,
        }
    }

    /// Whether it carries coded picture data (table 7-1: types 1 to 5).
    pub fn is_vcl(self) -> bool {
        matches!(self.as_u8(), 1..=5)
    }
}

/// The type of a NAL unit (without start code); `None` when it is empty.
pub fn nal_type(nal: &[u8]) -> Option<NalType> {
    nal.first().map(|header| NalType::from_header(*header))
}

/// The NAL units of `annex_b`, in order, without start codes (Annex B, section B.1).
///
/// Takes start codes of three and four bytes, trims the zero bytes after each NAL unit, skips empty
/// ones, and ignores what stands before the first start code.
pub fn nal_units(annex_b: &[u8]) -> NalUnits<'_> {
    let rest = after_start_code(annex_b);
    NalUnits { rest }
}

/// Iterator over NAL units; see [`nal_units`].
#[derive(Clone, Debug)]
pub struct NalUnits<'a> {
    /// What follows the last start code found; `None` when none is left.
    rest: Option<&'a [u8]>,
}

impl<'a> Iterator for NalUnits<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while let Some(rest) = self.rest {
            let nal = match find_start_code(rest) {
                Some(at) => {
                    self.rest = Some(&rest[at + 3..]);
                    &rest[..at]
                }
                None => {
                    self.rest = None;
                    rest
                }
            };
            // A NAL unit never ends in a zero byte (section 7.4.1), so what does is padding, or
            // the first byte of a four-byte start code.
            let end = nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if end > 0 {
                return Some(&nal[..end]);
            }
        }
        None
    }
}

impl std::iter::FusedIterator for NalUnits<'_> {}

fn after_start_code(bytes: &[u8]) -> Option<&[u8]> {
    find_start_code(bytes).map(|at| &bytes[at + 3..])
}

/// Where the first `00 00 01` begins.
pub(crate) fn find_start_code(bytes: &[u8]) -> Option<usize> {
    // Looks at the third byte first: above 1 it ends no start code that begins here or at the next
    // two places, so most of a picture is crossed in steps of three.
    let mut at = 0;
    while let Some(&third) = bytes.get(at + 2) {
        match third {
            0 => at += 1,
            1 if bytes[at] == 0 && bytes[at + 1] == 0 => return Some(at),
            _ => at += 3,
        }
    }
    None
}

/// A NAL unit without its emulation prevention bytes (section 7.4.1): what its syntax is read from.
pub fn without_emulation_prevention(nal: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(nal.len());
    let mut zeros = 0;
    for byte in nal {
        if zeros >= 2 && *byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        out.push(*byte);
    }
    out
}

/// The NAL unit of these bytes: no start code can be read in it.
pub fn with_emulation_prevention(plain: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(plain.len() + 4);
    let mut zeros = 0;
    for byte in plain {
        if zeros >= 2 && *byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        out.push(*byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nal_units_are_found() {
        let rows: &[(&[u8], &[&[u8]])] = &[
            (&[], &[]),
            (&[0, 0, 1], &[]),
            (&[1, 2, 3], &[]),
            (&[0, 0, 1, 9], &[&[9]]),
            (&[0, 0, 0, 1, 9], &[&[9]]),
            (&[0, 0, 0, 1, 9, 0xF0, 0, 0, 0, 1, 7, 1], &[&[9, 0xF0], &[7, 1]]),
            (&[0, 0, 1, 9, 0, 0, 1, 7], &[&[9], &[7]]),
            // Trailing zeros, empty units, bytes before the first start code.
            (&[0, 0, 1, 9, 0, 0, 0, 0, 0], &[&[9]]),
            (&[0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 5, 2], &[&[5, 2]]),
            (&[7, 7, 0, 0, 1, 5, 2], &[&[5, 2]]),
            // A 01 after one zero only is data, as are 00 00 02 and 00 00 03.
            (&[0, 0, 1, 5, 0, 1, 1, 0, 0, 2, 0, 0, 3, 1], &[&[5, 0, 1, 1, 0, 0, 2, 0, 0, 3, 1]]),
        ];
        for (bytes, expected) in rows {
            assert_eq!(nal_units(bytes).collect::<Vec<_>>(), *expected, "{bytes:?}");
        }
    }

    #[test]
    fn the_stepping_search_agrees_with_the_plain_one() {
        // Every string of up to 9 bytes over {0, 1, 2}.
        for length in 0..=9u32 {
            for number in 0..3u32.pow(length) {
                let bytes: Vec<u8> =
                    (0..length).map(|place| (number / 3u32.pow(place) % 3) as u8).collect();
                let plain = bytes.windows(3).position(|window| window == [0, 0, 1]);
                assert_eq!(find_start_code(&bytes), plain, "{bytes:?}");
            }
        }
    }

    #[test]
    fn emulation_prevention_goes_in_and_out() {
        for (plain, nal) in [
            (&[][..], &[][..]),
            (&[0, 0, 4], &[0, 0, 4]),
            (&[0, 0, 3], &[0, 0, 3, 3]),
            (&[0, 0, 0, 0, 0, 1], &[0, 0, 3, 0, 0, 3, 0, 1]),
        ] {
            assert_eq!(with_emulation_prevention(plain), nal);
            assert_eq!(without_emulation_prevention(nal), plain);
        }
    }

    #[test]
    fn types_go_both_ways() {
        for header in 0..=255u8 {
            assert_eq!(NalType::from_header(header).as_u8(), header & 0x1F);
        }
        assert_eq!(nal_type(&[0x67, 0x42]), Some(NalType::Sps));
        assert_eq!(nal_type(&[0x65]), Some(NalType::Idr));
        assert_eq!(nal_type(&[0x7C]), Some(NalType::Other(28)));
        assert_eq!(nal_type(&[]), None);
    }
}
