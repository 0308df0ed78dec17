//! Parameter sets of encoders and cameras, and of nobody.

use super::*;
use crate::colour::Matrix;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// x265 3.5, 640x360, no B-frames.
const MAIN: &str = "42010101600000030090000003000003003fa005020171f2e5ba4a4c2fff000100016a0c0c0c080000\
                    03000800000300c840";
/// The same with three B-frames and its pyramid.
const B_FRAMES: &str = "42010101600000030090000003000003003fa005020171f2e595952930bffc00040005a8303030\
                        2000000300200000030321";
const MAIN_1080: &str = "420101016000000300900000030000030078a003c0801107cb96e92930bffc00040005a8080808\
                         2000000300200000030321";
const MAIN_10: &str = "42010102200000030090000003000003003fa005020171f2b65ba4a4c2fff000100016a0c0c0c08\
                       0000003008000000c84";
const MAIN_444: &str = "4201010408000003009e0800000300003f9000a0402e3e272dd252617ff80008000b5060606040\
                        000003004000000642";
const CROPPED: &str = "42010101600000030090000003000003003fa00d880f1c9e5ba4a4c2fff000100016a0c0c0c0800\
                       00003008000000c84";

#[test]
fn parameter_sets_of_an_encoder() {
    for (hex, name, profile, level, size, chroma, depth, reorder) in [
        (MAIN, "Main", 1, 63, (640, 360), 1, 8, 0),
        (B_FRAMES, "Main", 1, 63, (640, 360), 1, 8, 2),
        (MAIN_1080, "Main", 1, 120, (1920, 1080), 1, 8, 0),
        (MAIN_10, "Main 10", 2, 63, (640, 360), 1, 10, 0),
        (MAIN_444, "Format Range Extensions", 4, 63, (640, 360), 3, 8, 0),
        (CROPPED, "Main", 1, 63, (426, 240), 1, 8, 0),
    ] {
        let sps = Sps::parse(&bytes(hex)).unwrap();
        assert_eq!(sps.profile_tier_level.profile_name(), name, "{hex}");
        let expected = ProfileTierLevel { profile, high_tier: false, level };
        assert_eq!(sps.profile_tier_level, expected, "{hex}");
        assert_eq!(sps.size, Size::new(size.0, size.1), "{hex}");
        assert_eq!((sps.chroma_format, sps.bit_depth), (chroma, depth), "{hex}");
        assert_eq!(sps.max_num_reorder_pics, reorder, "{hex}");
        assert!(!sps.rest_damaged && sps.max_dec_pic_buffering > reorder, "{hex}");
        assert_eq!(sps.may_reorder(), reorder > 0);
    }
}

#[test]
fn every_beginning_of_one_ends_early() {
    let whole = bytes(MAIN);
    let read = Sps::parse(&whole).unwrap();
    assert!(!read.rest_damaged);
    let enough = (0..whole.len()).find(|end| Sps::parse(&whole[..*end]).is_ok()).unwrap();
    for end in 2..enough {
        assert!(matches!(Sps::parse(&whole[..end]), Err(SpsError::Truncated(_))), "{end}");
    }
    // What follows the order of pictures may be missing.
    let mut damaged = 0;
    for end in enough..=whole.len() {
        let cut = Sps::parse(&whole[..end]).unwrap();
        damaged += u32::from(cut.rest_damaged);
        let expected = Sps {
            rest_damaged: cut.rest_damaged,
            coding_tree_block: cut.coding_tree_block,
            colour: cut.colour,
            ..read.clone()
        };
        assert_eq!(cut, expected, "{end}");
        assert!(cut.colour == read.colour || cut.colour == Colour::unstated(360), "{end}");
    }
    assert!(damaged > 3);
    assert_eq!(Sps::parse(&[]), Err(SpsError::NotAnSps(None)));
    assert_eq!(Sps::parse(&[0x44, 1, 0]), Err(SpsError::NotAnSps(Some(34))));
}

/// x265 3.5, 128x96, beside what FFmpeg says of each.
#[test]
fn the_shape_of_pixels_and_the_colour() {
    let stated = |matrix, full_range| Colour { matrix, full_range, stated: true };
    for (hex, aspect, colour, block) in [
        // Default scaling lists, BT.709, full range, pixels of 12 to 11.
        (
            "42010101600000030090000003000003001ea010206165959a49395e04dc0404041000000300100000030190\
             80",
            (12, 11),
            stated(Matrix::Bt709, true),
            64,
        ),
        // Four B-frames, SMPTE 170M, pixels of 64 to 45.
        (
            "42010101600000030090000003000003001ea010206165959a49395ffe0080005ad40808181000000300100\
             00003019080",
            (64, 45),
            stated(Matrix::Bt601, false),
            64,
        ),
        // Main 10, blocks of 32, BT.2020, pixels of 4 to 3, HRD parameters after it.
        (
            "42010102200000030090000003000003003ca0102061365959ae4caf0e6a040412080000030008000003\
             00cb0064b2f000f420003d0910",
            (4, 3),
            stated(Matrix::Bt2020, false),
            32,
        ),
        (
            "42010101600000030090000003000003001ea010206165959a4932bc05a02000000300200000030321",
            (1, 1),
            Colour::unstated(96),
            64,
        ),
    ] {
        let sps = Sps::parse(&bytes(hex)).unwrap();
        assert!(!sps.rest_damaged, "{hex}");
        assert_eq!((sps.pixel_aspect.width, sps.pixel_aspect.height), aspect, "{hex}");
        assert_eq!(sps.colour, colour, "{hex}");
        assert_eq!(sps.coding_tree_block, Some(block), "{hex}");
        assert_eq!((sps.size, sps.coded), (Size::new(128, 96), Size::new(128, 96)));
    }
}

/// Writes bits, with emulation prevention.
#[derive(Default)]
pub(super) struct Writer {
    bits: Vec<bool>,
}

impl Writer {
    pub(super) fn u(&mut self, count: u32, value: u64) -> &mut Self {
        self.bits.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    pub(super) fn ue(&mut self, value: u64) -> &mut Self {
        let length = 64 - (value + 1).leading_zeros();
        self.u(length - 1, 0).u(length, value + 1)
    }

    pub(super) fn nal(&mut self) -> Vec<u8> {
        self.bits.push(true);
        let mut nal = vec![0x42, 0x01];
        let mut zeros = 0;
        for bits in self.bits.chunks(8) {
            let byte = (0..8).fold(0, |byte, at| byte << 1 | u8::from(bits.get(at) == Some(&true)));
            if zeros >= 2 && byte <= 3 {
                nal.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            nal.push(byte);
        }
        nal
    }
}

/// What the tables below change.
struct Made {
    sub_layers: u64,
    tier: u64,
    profile: u64,
    compatible: u64,
    chroma: u64,
    size: (u64, u64),
    window: Option<[u64; 4]>,
    /// Buffered and reordered pictures of each sub-layer, from the one that is told first.
    ordering: Vec<(u64, u64)>,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            sub_layers: 0,
            tier: 0,
            profile: 1,
            compatible: 0b11 << 29,
            chroma: 1,
            size: (64, 48),
            window: None,
            ordering: vec![(4, 0)],
        }
    }
}

impl Made {
    fn parse(&self) -> Result<Sps, SpsError> {
        let mut out = Writer::default();
        out.u(4, 0).u(3, self.sub_layers).u(1, 1);
        out.u(2, 0).u(1, self.tier).u(5, self.profile).u(32, self.compatible).u(48, 0).u(8, 93);
        for _ in 0..self.sub_layers {
            out.u(2, 0b11);
        }
        if self.sub_layers > 0 {
            out.u(2 * (8 - self.sub_layers as u32), 0);
        }
        for _ in 0..self.sub_layers {
            out.u(48, 0xFFFF_FFFF_FFFF).u(40, 0xFF_FFFF_FFFF).u(8, 90);
        }
        out.ue(3).ue(self.chroma);
        if self.chroma == 3 {
            out.u(1, 0);
        }
        out.ue(self.size.0).ue(self.size.1);
        out.u(1, self.window.is_some().into());
        for side in self.window.into_iter().flatten() {
            out.ue(side);
        }
        out.ue(0).ue(0).ue(4);
        out.u(1, (self.ordering.len() as u64 > 1).into());
        for (buffered, reorder) in &self.ordering {
            out.ue(*buffered).ue(*reorder).ue(0);
        }
        Sps::parse(&out.nal())
    }
}

#[test]
fn sub_layers_are_skipped_and_the_highest_ones_order_counts() {
    for (sub_layers, ordering, reorder) in [
        (0, vec![(4, 0)], 0),
        (0, vec![(4, 2)], 2),
        (2, vec![(4, 3)], 3),
        (2, vec![(1, 0), (2, 1), (4, 2)], 2),
        (6, vec![(15, 15)], 15),
    ] {
        let sps = Made { sub_layers, ordering, ..Made::default() }.parse().unwrap();
        assert_eq!((sps.id, sps.size), (3, Size::new(64, 48)), "{sub_layers}");
        assert_eq!(sps.profile_tier_level.level, 93);
        assert_eq!(sps.max_num_reorder_pics, reorder, "{sub_layers}");
    }
    let outside = |name, value| Err(SpsError::Range { name, value });
    for (sub_layers, ordering, error) in [
        (7, vec![(4, 0)], outside("sps_max_sub_layers_minus1", 7)),
        (0, vec![(16, 0)], outside("sps_max_dec_pic_buffering_minus1", 16)),
        (0, vec![(2, 3)], outside("sps_max_num_reorder_pics", 3)),
    ] {
        assert_eq!(Made { sub_layers, ordering, ..Made::default() }.parse(), error);
    }
}

#[test]
fn the_least_demanding_profile_counts() {
    let flag = |profile: u32| 1u64 << (31 - profile);
    for (profile, compatible, tier, expected) in [
        (1, flag(1) | flag(2), 0, 1),
        (2, flag(2), 0, 2),
        (2, flag(1) | flag(2), 0, 1),
        // Some encoders set no flag at all.
        (1, 0, 0, 1),
        (4, flag(4), 1, 4),
        (0, 0, 0, 0),
    ] {
        let made = Made { profile, compatible, tier, ..Made::default() }.parse().unwrap();
        let expected = ProfileTierLevel { profile: expected, high_tier: tier == 1, level: 93 };
        assert_eq!(made.profile_tier_level, expected, "{profile} {compatible:x}");
    }
}

#[test]
fn the_conformance_window_crops() {
    for (chroma, window, expected) in [
        (1, None, Ok((64, 48))),
        (1, Some([0, 0, 0, 4]), Ok((64, 40))),
        (1, Some([1, 2, 0, 0]), Ok((58, 48))),
        (2, Some([1, 0, 1, 0]), Ok((62, 47))),
        (3, Some([1, 0, 0, 1]), Ok((63, 47))),
        (0, Some([0, 1, 1, 0]), Ok((63, 47))),
        (1, Some([16, 16, 0, 0]), Err(SpsError::Cropping)),
        (1, Some([0, 0, 0, u64::from(u32::MAX) - 1]), Err(SpsError::Cropping)),
    ] {
        let size = Made { chroma, window, ..Made::default() }.parse().map(|sps| sps.size);
        assert_eq!(size, expected.map(|(w, h)| Size::new(w, h)), "{chroma} {window:?}");
    }
    for size in [(0, 48), (64, 0), (16_889, 48), (64, 16_889)] {
        assert!(matches!(Made { size, ..Made::default() }.parse(), Err(SpsError::Range { .. })));
    }
}
