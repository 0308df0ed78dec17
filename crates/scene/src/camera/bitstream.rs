//! Rewrites H.264's parameter sets and slices by the bit: other ids, and intra pictures that are no
//! IDR. Slices must be coded without CABAC, whose alignment would move.

use razz_media::h264::{Sps, nal_units, with_emulation_prevention, without_emulation_prevention};

use crate::EncodedFrame;

/// Reads the bits of a NAL unit without its emulation prevention.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn bit(&mut self) -> Option<u32> {
        let byte = *self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(u32::from(bit))
    }

    fn bits(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value, _| Some(value << 1 | self.bit()?))
    }

    /// H.264 section 9.1.
    fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.bit()? == 0 {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1u32 << zeros) - 1 + self.bits(zeros)?)
    }
}

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
    at: usize,
}

impl Writer {
    fn bit(&mut self, bit: u32) {
        if self.at.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= ((bit & 1) as u8) << (7 - self.at % 8);
        }
        self.at += 1;
    }

    fn bits(&mut self, value: u32, count: u32) {
        (0..count).rev().for_each(|shift| self.bit(value >> shift));
    }

    fn ue(&mut self, value: u32) {
        let length = 32 - (value + 1).leading_zeros();
        self.bits(0, length - 1);
        self.bits(value + 1, length);
    }

    /// The rest up to the stop bit (section 7.3.2.11), and the NAL unit that all of it makes.
    fn finish(mut self, mut rest: Reader<'_>) -> Option<Vec<u8>> {
        let last = rest.bytes.iter().rposition(|byte| *byte != 0)?;
        let end = last * 8 + 8 - rest.bytes[last].trailing_zeros() as usize;
        while rest.at < end {
            self.bit(rest.bit()?);
        }
        Some(with_emulation_prevention(&self.bytes))
    }
}

/// The NAL unit with other ids: an SPS gets `sps_id`, a PPS both, a slice `pps_id`. `None` for others,
/// and for what cannot be read.
pub(crate) fn with_ids(nal: &[u8], sps_id: u32, pps_id: u32) -> Option<Vec<u8>> {
    let bytes = without_emulation_prevention(nal);
    let mut from = Reader { bytes: &bytes, at: 0 };
    let mut to = Writer::default();
    let header = from.bits(8)?;
    to.bits(header, 8);
    match header & 31 {
        7 => {
            // profile_idc, constraint flags, level_idc.
            to.bits(from.bits(24)?, 24);
            from.ue()?;
            to.ue(sps_id);
        }
        8 => {
            from.ue()?;
            from.ue()?;
            to.ue(pps_id);
            to.ue(sps_id);
        }
        1 | 5 => {
            // first_mb_in_slice, slice_type.
            to.ue(from.ue()?);
            to.ue(from.ue()?);
            from.ue()?;
            to.ue(pps_id);
        }
        _ => return None,
    }
    to.finish(from)
}

/// A slice as picture `number` of a sequence that has no IDR but its first: an IDR becomes an intra
/// picture like any other. Every picture must be a reference, and none be reordered.
pub(crate) fn without_idr(nal: &[u8], sps: &Sps, number: u32) -> Option<Vec<u8>> {
    let bytes = without_emulation_prevention(nal);
    let mut from = Reader { bytes: &bytes, at: 0 };
    let mut to = Writer::default();
    let header = from.bits(8)?;
    let idr = header & 31 == 5;
    to.bits(header & 0xE0 | 1, 8);
    // Section 7.3.3: first_mb_in_slice, slice_type, pic_parameter_set_id.
    for _ in 0..3 {
        to.ue(from.ue()?);
    }
    let width = u32::from(sps.log2_max_frame_num);
    from.bits(width)?;
    to.bits(number & ((1 << width) - 1), width);
    if idr {
        from.ue()?;
    }
    if sps.pic_order_cnt_type == 0 {
        let width = u32::from(sps.log2_max_poc_lsb?);
        from.bits(width)?;
        to.bits((number * 2) & ((1 << width) - 1), width);
    }
    if idr {
        // Section 7.3.3.3: two flags of an IDR, one of others.
        from.bits(2)?;
        to.bit(0);
    }
    to.finish(from)
}

/// Pictures of a camera that sends no IDR, as [`Quirk::NoKeyFrame`](super::Quirk::NoKeyFrame) sends
/// them: each IDR becomes an intra picture with a recovery point in front. For pictures coded without
/// CABAC, none reordered; `None` for others.
pub fn without_key_frames(frames: &[EncodedFrame]) -> Option<Vec<EncodedFrame>> {
    let sps = nal_units(&frames.first()?.annex_b).find_map(|nal| Sps::parse(nal).ok())?;
    let picture = |(number, frame): (u32, &EncodedFrame)| {
        let mut annex_b = Vec::new();
        let mut marked = !frame.idr;
        for nal in nal_units(&frame.annex_b) {
            let slice = matches!(nal.first()? & 31, 1 | 5);
            if slice && !std::mem::replace(&mut marked, true) {
                annex_b.extend_from_slice(&[&[0, 0, 0, 1], &RECOVERY_POINT[..]].concat());
            }
            annex_b.extend_from_slice(&[0, 0, 0, 1]);
            match slice {
                true => annex_b.extend_from_slice(&without_idr(nal, &sps, number)?),
                false => annex_b.extend_from_slice(nal),
            }
        }
        Some(EncodedFrame { annex_b, ..frame.clone() })
    };
    (0..).zip(frames).map(picture).collect()
}

/// An SEI that says: decode from here (section D.1.8, `recovery_frame_cnt` 0, exact).
pub(crate) const RECOVERY_POINT: [u8; 5] = [0x06, 6, 1, 0xC4, 0x80];

#[cfg(test)]
mod tests {
    use openh264::decoder::Decoder;
    use openh264::formats::YUVSource;
    use razz_base::Size;

    use super::*;
    use crate::Footage;

    /// The mean brightness of every row of every picture.
    fn decoded(stream: &[Vec<Vec<u8>>]) -> Vec<Vec<u64>> {
        let mut decoder = Decoder::new().unwrap();
        let mut pictures = Vec::new();
        for nals in stream {
            let unit: Vec<u8> =
                nals.iter().flat_map(|nal| [&[0, 0, 0, 1][..], nal].concat()).collect();
            if let Some(picture) = decoder.decode(&unit).unwrap() {
                let rows = picture.y().chunks(picture.strides().0);
                pictures.push(rows.map(|row| row.iter().map(|y| u64::from(*y)).sum()).collect());
            }
        }
        pictures
    }

    fn loops(count: usize) -> Vec<Vec<Vec<u8>>> {
        let footage = Footage::clip(3, 0, 6, Size::new(320, 180)).unwrap();
        let picture = |index: usize| {
            let frame = footage.frame(index % 6).unwrap();
            nal_units(&frame.annex_b).map(<[u8]>::to_vec).collect()
        };
        (0..6 * count).map(picture).collect()
    }

    #[test]
    fn other_ids_show_the_same_pictures() {
        let plain = loops(1);
        for (sps_id, pps_id) in [(0, 0), (1, 0), (3, 5), (31, 200)] {
            let other: Vec<Vec<Vec<u8>>> = plain
                .iter()
                .map(|nals| nals.iter().map(|nal| with_ids(nal, sps_id, pps_id).unwrap()).collect())
                .collect();
            if (sps_id, pps_id) == (0, 0) {
                assert_eq!(other, plain, "nothing but the ids changes");
            }
            assert_eq!(decoded(&other), decoded(&plain), "{sps_id} {pps_id}");
        }
        let sps = &with_ids(&plain[0][0], 3, 5).unwrap();
        assert_eq!(Sps::parse(sps).unwrap().id, 3);
        assert_eq!(with_ids(&[0x06, 1, 2], 0, 0), None);
        assert_eq!(with_ids(&[0x67, 66], 0, 0), None);
    }

    #[test]
    fn intra_pictures_that_are_no_idr_show_the_same_pictures() {
        let plain = loops(3);
        let sps = Sps::parse(&plain[0][0]).unwrap();
        let mut other = plain.clone();
        for (number, nals) in other.iter_mut().enumerate().skip(1) {
            for nal in nals.iter_mut().filter(|nal| matches!(nal[0] & 31, 1 | 5)) {
                *nal = without_idr(nal, &sps, number as u32).unwrap();
                assert_eq!(nal[0] & 31, 1);
            }
        }
        // The decoder wants one IDR to begin with.
        assert_eq!(decoded(&other), decoded(&plain));
        assert_eq!(decoded(&plain).len(), 18);
    }
}
