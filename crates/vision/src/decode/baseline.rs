//! Makes openh264 give each picture at once, by telling it that the stream is Baseline.
//!
//! In any other profile openh264 holds pictures back to put them into output order, one frame
//! longer than a camera's stream without B-frames needs; and flushing them out by force loses
//! track of their buffers (`FlushFrame` never counts down a picture's references), so that
//! decoding ends after a few frames. It decodes the tools of Main and High whatever the profile
//! says. So the sequence parameter set that it is shown names Baseline; output order is restored
//! by us, by media time.

use razz_media::h264::{with_emulation_prevention, without_emulation_prevention};

/// `profile_idc` (H.264 section A.2).
const BASELINE: u8 = 66;
const MAIN: u8 = 77;
const EXTENDED: u8 = 88;
const HIGH: u8 = 100;

/// What High has between `seq_parameter_set_id` and `log2_max_frame_num_minus4` (section
/// 7.3.2.1.1), for 8-bit 4:2:0 without scaling matrices: `chroma_format_idc` 1, two bit depths
/// minus 8, two flags. Baseline has nothing there and means just that.
const HIGH_FIELDS: [u8; 7] = [0, 1, 0, 1, 1, 0, 0];

/// The same sequence parameter set (a NAL unit without start code) under Baseline's name. `None`
/// where it is Baseline already, or says what Baseline cannot.
pub(crate) fn renamed(sps: &[u8]) -> Option<Vec<u8>> {
    let plain = without_emulation_prevention(sps);
    let [header, profile, constraints, level, body @ ..] = plain.as_slice() else { return None };
    let mut bits: Vec<u8> =
        body.iter().flat_map(|byte| (0..8).rev().map(move |shift| byte >> shift & 1)).collect();
    match *profile {
        MAIN | EXTENDED => {}
        HIGH => {
            // seq_parameter_set_id, ue(v): as many zeros as bits follow the one.
            let zeros = bits.iter().position(|bit| *bit == 1)?;
            let after = 2 * zeros + 1;
            if bits.get(after..after + HIGH_FIELDS.len())? != HIGH_FIELDS {
                return None;
            }
            bits.drain(after..after + HIGH_FIELDS.len());
        }
        _ => return None,
    }
    let mut out = vec![*header, BASELINE, *constraints, *level];
    out.extend(
        bits.chunks(8)
            .map(|bits| bits.iter().enumerate().fold(0, |byte, (i, bit)| byte | bit << (7 - i))),
    );
    // The stop bit may have moved into an earlier byte.
    while out.last() == Some(&0) {
        out.pop();
    }
    Some(with_emulation_prevention(&out))
}

#[cfg(test)]
mod tests {
    use razz_media::h264::Sps;

    use super::*;

    /// High, 1280x720, BT.709, of an x264 file; with emulation prevention bytes in its VUI.
    const SPS: [u8; 27] = [
        0x67, 0x64, 0x00, 0x1f, 0xac, 0xd9, 0x40, 0x50, 0x05, 0xbb, 0x01, 0x6a, 0x02, 0x02, 0x02,
        0x80, 0x00, 0x00, 0x03, 0x00, 0x80, 0x00, 0x00, 0x1e, 0x07, 0x8c, 0x18,
    ];

    #[test]
    fn everything_but_the_profile_stays() {
        let want = Sps::parse(&SPS).unwrap();
        let renamed = renamed(&SPS).unwrap();
        let got = Sps::parse(&renamed).unwrap();
        assert_eq!((want.profile_idc, got.profile_idc), (HIGH, BASELINE));
        assert_eq!(Sps { profile_idc: HIGH, ..got }, want);
        assert!(!renamed.windows(3).any(|w| w[..2] == [0, 0] && w[2] < 3), "{renamed:02x?}");
    }

    #[test]
    fn main_changes_one_byte_and_baseline_none() {
        let mut main = SPS;
        main[1] = MAIN;
        let renamed_main = renamed(&main).unwrap();
        assert_eq!(renamed_main[1], BASELINE);
        assert_eq!(renamed_main[2..], main[2..]);
        assert_eq!(renamed(&renamed_main), None);
    }

    #[test]
    fn what_baseline_cannot_say_is_left_alone() {
        for (what, sps) in [
            ("High 10", [0x67, 110, 0, 31, 0xac, 0xd9]),
            // sps id 0 '1', then 4:2:2 '011'.
            ("4:2:2", [0x67, 100, 0, 31, 0b1011_1100, 0xd9]),
            // '1' '010' '1' '1' '0', and a scaling matrix '1'.
            ("scaling matrix", [0x67, 100, 0, 31, 0b1010_1101, 0xd9]),
        ] {
            assert_eq!(renamed(&sps), None, "{what}");
        }
        for end in 0..6 {
            assert_eq!(renamed(&SPS[..end.min(4)]), None);
        }
    }
}
