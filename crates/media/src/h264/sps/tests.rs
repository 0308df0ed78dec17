//! Sequence parameter sets as encoders wrote them, beside what another reader says of each.

use super::*;
use crate::colour::Matrix;

fn hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// A parameter set and what FFmpeg says of it. Those of cameras are the `sprop-parameter-sets` of
/// their RTSP answers.
struct Row {
    name: &'static str,
    sps: &'static str,
    profile: &'static str,
    level_idc: u8,
    size: (u32, u32),
    colour: Colour,
    frame_rate: Option<f64>,
    frame_mbs_only: bool,
    reorder: Option<u8>,
    may_reorder: bool,
}

const fn stated(matrix: Matrix, full_range: bool) -> Colour {
    Colour { matrix, full_range, stated: true }
}

const fn guessed(matrix: Matrix, full_range: bool) -> Colour {
    Colour { matrix, full_range, stated: false }
}

use Matrix::{Bt601, Bt709, Bt2020};

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { name: "x264 baseline 640x360",
        sps: "6742c01ed900a02ff97011000003000100000300320f162e48",
        profile: "Constrained Baseline", level_idc: 30, size: (640, 360),
        colour: guessed(Bt601, false), frame_rate: Some(25.0), frame_mbs_only: true,
        reorder: Some(0), may_reorder: false },
    Row { name: "x264 main, B-frames, BT.709, 720p",
        sps: "674d401feca02802dd80b501010140000003004000000f03c60c6580",
        profile: "Main", level_idc: 31, size: (1280, 720),
        colour: stated(Bt709, false), frame_rate: Some(30.0), frame_mbs_only: true,
        reorder: Some(2), may_reorder: true },
    Row { name: "x264 main, cropped 426x240, B-pyramid",
        sps: "674d4015eca0d8ff2780880000030008000003019078b16cb0",
        profile: "Main", level_idc: 21, size: (426, 240),
        colour: guessed(Bt601, false), frame_rate: Some(25.0), frame_mbs_only: true,
        reorder: Some(2), may_reorder: true },
    Row { name: "x264 main, no timing fixed, open GOP",
        sps: "674d401eeca05017fcb808800000030080000019078b16cb",
        profile: "Main", level_idc: 30, size: (640, 360),
        colour: guessed(Bt601, false), frame_rate: Some(25.0), frame_mbs_only: true,
        reorder: Some(2), may_reorder: true },
    Row { name: "x264 main with HRD parameters",
        sps: "674d401ed900a02ff9701100000300010000030032604000f424001e84e4c30078b17240",
        profile: "Main", level_idc: 30, size: (640, 360),
        colour: guessed(Bt601, false), frame_rate: Some(25.0), frame_mbs_only: true,
        reorder: Some(0), may_reorder: false },
    Row { name: "x264 high 1080p (8 lines cropped), BT.709",
        sps: "67640028acb200f0044fcb80b502020140000003004000000f03c60c92",
        profile: "High", level_idc: 40, size: (1920, 1080),
        colour: stated(Bt709, false), frame_rate: Some(30.0), frame_mbs_only: true,
        reorder: Some(0), may_reorder: false },
    Row { name: "x264 high 1080i, BT.601 525 lines, B-frames",
        sps: "67640028acd94078044fde02d4080819000003000100000300321f162d96",
        profile: "High", level_idc: 40, size: (1920, 1080),
        colour: stated(Bt601, false), frame_rate: Some(25.0), frame_mbs_only: false,
        reorder: Some(2), may_reorder: true },
    Row { name: "x264 high 704x576, BT.601 625 lines",
        sps: "6764001eacb2016024d80b50202054000003000400000300c83c58b920",
        profile: "High", level_idc: 30, size: (704, 576),
        colour: stated(Bt601, false), frame_rate: Some(25.0), frame_mbs_only: true,
        reorder: Some(0), may_reorder: false },
    Row { name: "x264 high 2160p, BT.2020",
        sps: "67640033acb200780087d80b50202094000003000400000300ca3c60c920",
        profile: "High", level_idc: 51, size: (3840, 2160),
        colour: stated(Bt2020, false), frame_rate: Some(25.0), frame_mbs_only: true,
        reorder: Some(0), may_reorder: false },
    Row { name: "x264 high, full range, matrix unsaid",
        sps: "6764001eacb201405ff2e02d9000000300100000030320f162e480",
        profile: "High", level_idc: 30, size: (640, 360),
        colour: guessed(Bt601, true), frame_rate: Some(25.0), frame_mbs_only: true,
        reorder: Some(0), may_reorder: false },
    Row { name: "x264 high 10",
        sps: "676e001ea6cd940a02ff97011000000300100000030320f162d960",
        profile: "High 10", level_idc: 30, size: (640, 360),
        colour: guessed(Bt601, false), frame_rate: Some(25.0), frame_mbs_only: true,
        reorder: Some(2), may_reorder: true },
    Row { name: "x264 high 4:4:4",
        sps: "67f4001e919b281405ff1380880000030008000003019078b16cb0",
        profile: "High 4:4:4 Predictive", level_idc: 30, size: (640, 360),
        colour: guessed(Bt601, false), frame_rate: Some(25.0), frame_mbs_only: true,
        reorder: Some(2), may_reorder: true },
    Row { name: "x264 high 720p, colour unsaid",
        sps: "6764001facb200a00b760220000003002000000781e30649",
        profile: "High", level_idc: 31, size: (1280, 720),
        colour: guessed(Bt709, false), frame_rate: Some(30.0), frame_mbs_only: true,
        reorder: Some(0), may_reorder: false },
    Row { name: "openh264 640x360",
        sps: "6742c01e8c680a02ff9601e1108d40",
        profile: "Constrained Baseline", level_idc: 30, size: (640, 360),
        colour: guessed(Bt601, false), frame_rate: None, frame_mbs_only: true,
        reorder: Some(0), may_reorder: false },
    Row { name: "openh264 720p, BT.709",
        sps: "6742c01f8c6805005ba6a0202020f08846a0",
        profile: "Constrained Baseline", level_idc: 31, size: (1280, 720),
        colour: stated(Bt709, false), frame_rate: None, frame_mbs_only: true,
        reorder: Some(0), may_reorder: false },
    Row { name: "Hikvision camera",
        sps: "674d00299a6403c0113f2cd404040500000303e80000ea6004",
        profile: "Main", level_idc: 41, size: (1920, 1080),
        colour: stated(Bt709, false), frame_rate: Some(30.0), frame_mbs_only: true,
        reorder: None, may_reorder: true },
    Row { name: "Dahua camera, sub stream, full range",
        sps: "6764001eac2c6a82c0f69b828082a0000003002000000303d08000",
        profile: "High", level_idc: 30, size: (704, 480),
        colour: stated(Bt601, true), frame_rate: Some(15.0), frame_mbs_only: true,
        reorder: None, may_reorder: true },
    Row { name: "Reolink camera, no VUI",
        sps: "67640033ace802800b59",
        profile: "High", level_idc: 51, size: (2560, 1440),
        colour: guessed(Bt709, false), frame_rate: None, frame_mbs_only: true,
        reorder: None, may_reorder: true },
    Row { name: "Foscam camera, no VUI, picture order type 2",
        sps: "674d001f95a814016e40",
        profile: "Main", level_idc: 31, size: (1280, 720),
        colour: guessed(Bt709, false), frame_rate: None, frame_mbs_only: true,
        reorder: None, may_reorder: false },
    Row { name: "GeoVision camera, full range",
        sps: "674d403295a00a80307e266e020202800001f40000753042",
        profile: "Main", level_idc: 50, size: (2688, 1520),
        colour: stated(Bt709, true), frame_rate: Some(30.0), frame_mbs_only: true,
        reorder: None, may_reorder: false },
    Row { name: "Ubiquiti camera, says 45 frames a second",
        sps: "674d402a8d8d403c0113f2e02dc040405000003e800015f909da08846a",
        profile: "Main", level_idc: 42, size: (1920, 1080),
        colour: stated(Bt709, true), frame_rate: Some(45.0), frame_mbs_only: true,
        reorder: Some(0), may_reorder: false },
    Row { name: "VStarcam camera",
        sps: "674d002a9da81e0089f966e02020280000030008000003007c20",
        profile: "Main", level_idc: 42, size: (1920, 1080),
        colour: stated(Bt709, true), frame_rate: Some(7.5), frame_mbs_only: true,
        reorder: None, may_reorder: false },
    Row { name: "H264DVR recorder, baseline",
        sps: "67420029963540f0044fcb37010101400000030040000007a1",
        profile: "Baseline", level_idc: 41, size: (1920, 1080),
        colour: stated(Bt709, true), frame_rate: Some(15.0), frame_mbs_only: true,
        reorder: None, may_reorder: false },
];

#[test]
fn encoders_and_cameras_parameter_sets_are_read() {
    for row in ROWS {
        let sps = Sps::parse(&hex(row.sps)).unwrap_or_else(|error| panic!("{}: {error}", row.name));
        assert_eq!(sps.profile_name(), row.profile, "{}", row.name);
        assert_eq!(sps.level_idc, row.level_idc, "{}", row.name);
        assert_eq!(sps.size, Size::new(row.size.0, row.size.1), "{}", row.name);
        assert_eq!(sps.colour, row.colour, "{}", row.name);
        assert_eq!(sps.frame_rate, row.frame_rate, "{}", row.name);
        assert_eq!(sps.frame_mbs_only, row.frame_mbs_only, "{}", row.name);
        assert_eq!(sps.max_num_reorder_frames, row.reorder, "{}", row.name);
        assert_eq!(sps.may_reorder(), row.may_reorder, "{}", row.name);
        assert!(!sps.vui_damaged, "{}", row.name);
    }
}

/// Writes a parameter set by hand.
#[derive(Default)]
struct Writer {
    bits: Vec<bool>,
}

impl Writer {
    fn u(mut self, count: u32, value: u32) -> Self {
        self.bits.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
        self
    }

    fn ue(self, value: u32) -> Self {
        let code = value + 1;
        let length = code.ilog2();
        self.u(length, 0).u(length + 1, code)
    }

    /// From profile to picture order: Main, type 2.
    fn main() -> Self {
        Self::default().u(8, 77).u(8, 0).u(8, 31).ue(0).ue(0).ue(2).ue(1).u(1, 0)
    }

    /// With the stop bit and emulation prevention (section 7.4.1.1).
    fn nal(self) -> Vec<u8> {
        let bits = self.u(1, 1).bits;
        let mut nal = vec![0x67];
        let mut zeros = 0;
        for byte in bits.chunks(8) {
            let byte = (0..8)
                .fold(0u8, |sum, i| sum << 1 | u8::from(byte.get(i).copied().unwrap_or(false)));
            if zeros == 2 && byte <= 3 {
                nal.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            nal.push(byte);
        }
        nal
    }
}

#[test]
fn picture_order_type_1_and_scaling_lists_are_crossed() {
    let order_1 = Writer::default().u(8, 77).u(16, 31).ue(3).ue(2).ue(1);
    // Always zero: no; two offsets; a cycle of three.
    let order_1 = order_1.u(1, 0).ue(5).ue(6).ue(3).ue(1).ue(200_000).ue(3);
    let sps = order_1.ue(4).u(1, 0).ue(39).ue(29).u(1, 1).u(1, 1).u(1, 0).u(1, 0).nal();
    let sps = Sps::parse(&sps).unwrap();
    assert_eq!((sps.id, sps.log2_max_frame_num, sps.max_num_ref_frames), (3, 6, 4));
    assert_eq!((sps.pic_order_cnt_type, sps.log2_max_poc_lsb), (1, None));
    assert_eq!(sps.size, Size::new(640, 480));

    // High 4:2:2 with a first list of 16 equal steps, a second that falls back at once (delta -8),
    // six absent; cropping in units of 2 by 1.
    let mut high = Writer::default().u(8, 122).u(16, 40).ue(0).ue(2).ue(2).ue(2).u(1, 0).u(1, 1);
    high = high.u(1, 1);
    for _ in 0..16 {
        high = high.ue(1);
    }
    high = high.u(1, 1).ue(16).u(6, 0);
    let rest = high.ue(0).ue(0).ue(4).ue(1).u(1, 0).ue(119).ue(67).u(1, 1).u(1, 1);
    let sps = rest.u(1, 1).ue(1).ue(2).ue(3).ue(5).u(1, 0).nal();
    let sps = Sps::parse(&sps).unwrap();
    assert_eq!((sps.chroma_format, sps.bit_depth), (2, 10));
    assert_eq!((sps.log2_max_poc_lsb, sps.size), (Some(8), Size::new(1914, 1080)));
    assert_eq!(sps.profile_name(), "High 4:2:2");
}

#[test]
fn fields_are_cropped_in_pairs_of_lines() {
    // Interlaced 1080: 34 map units, 4 lines a cropping unit.
    let sps = Writer::main().ue(119).ue(33).u(1, 0).u(1, 1).u(1, 1);
    let sps = Sps::parse(&sps.u(1, 1).ue(0).ue(0).ue(0).ue(2).u(1, 0).nal()).unwrap();
    assert_eq!(sps.size, Size::new(1920, 1080));
    assert!(!sps.frame_mbs_only);
}

#[test]
fn what_is_no_parameter_set_is_refused() {
    let range = |name, value| Err(SpsError::Range { name, value });
    let head = || Writer::default().u(8, 77).u(16, 31);
    let size = |width: u32, height: u32| Writer::main().ue(width).ue(height).u(1, 1).u(1, 1);
    for (name, nal, expected) in [
        ("nothing", vec![], Err(SpsError::NotAnSps(None))),
        ("a PPS", hex("68ee3c80"), Err(SpsError::NotAnSps(Some(8)))),
        ("header only", hex("67"), Err(SpsError::Truncated(OutOfBits { at_bit: 0 }))),
        ("cut", hex("6764001e"), Err(SpsError::Truncated(OutOfBits { at_bit: 24 }))),
        ("id", head().ue(32).nal(), range("seq_parameter_set_id", 32)),
        ("frame_num", head().ue(0).ue(13).nal(), range("log2_max_frame_num_minus4", 13)),
        ("order", head().ue(0).ue(0).ue(3).nal(), range("pic_order_cnt_type", 3)),
        ("references", head().ue(0).ue(0).ue(2).ue(17).nal(), range("max_num_ref_frames", 17)),
        ("width", size(1055, 0).nal(), range("pic_width_in_mbs_minus1", 1055)),
        ("height", size(0, 70_000).nal(), range("pic_height_in_map_units_minus1", 70_000)),
        ("cropped away", size(1, 1).u(1, 1).ue(8).ue(8).ue(0).ue(0).nal(), {
            Err(SpsError::Cropping)
        }),
        ("cropped past all", size(1, 1).u(1, 1).ue(0).ue(u32::MAX - 2).ue(0).ue(0).nal(), {
            Err(SpsError::Cropping)
        }),
        ("cropped to one unit", size(1, 1).u(1, 1).ue(8).ue(7).ue(0).ue(15).u(1, 0).nal(), {
            Ok(Size::new(2, 2))
        }),
    ] {
        assert_eq!(Sps::parse(&nal).map(|sps| sps.size), expected, "{name}");
    }
    let error = Sps::parse(&hex("6764001e")).unwrap_err().to_string();
    assert_eq!(
        error,
        "sequence parameter set: NAL unit ends, or is malformed, 24 bits after its header"
    );
}

#[test]
fn a_damaged_vui_costs_only_what_it_would_have_said() {
    // Full range and BT.709, then the end in the middle of the timing.
    let vui =
        |w: Writer| w.u(1, 1).u(1, 0).u(1, 0).u(1, 1).u(3, 5).u(1, 1).u(1, 1).u(16, 0x101).u(8, 1);
    let cut = vui(Writer::main().ue(39).ue(29).u(1, 1).u(1, 1).u(1, 0)).u(1, 0).u(1, 1).u(20, 1);
    let sps = Sps::parse(&cut.nal()).unwrap();
    assert!(sps.vui_damaged);
    assert_eq!(sps.colour, stated(Bt709, true));
    assert_eq!((sps.frame_rate, sps.max_num_reorder_frames), (None, None));
    // More pictures to reorder than are buffered: not believed.
    let odd = vui(Writer::main().ue(39).ue(29).u(1, 1).u(1, 1).u(1, 0));
    let odd = odd.u(1, 0).u(1, 0).u(1, 0).u(1, 0).u(1, 0).u(1, 1).u(1, 1);
    let odd = odd.ue(0).ue(0).ue(9).ue(9).ue(3).ue(2).nal();
    let sps = Sps::parse(&odd).unwrap();
    assert_eq!((sps.vui_damaged, sps.max_num_reorder_frames), (true, None));
}

#[test]
fn every_cut_of_every_sample_is_an_error_or_a_damaged_vui() {
    for row in ROWS {
        let whole = hex(row.sps);
        let size = Size::new(row.size.0, row.size.1);
        for end in 0..whole.len() {
            if let Ok(sps) = Sps::parse(&whole[..end]) {
                assert_eq!(sps.size, size, "{} cut to {end}", row.name);
            }
        }
    }
}

#[test]
fn profiles_have_their_names() {
    let sps = Sps::parse(&hex(ROWS[0].sps)).unwrap();
    for (profile_idc, constraint_flags, name) in [
        (66, 0x40, "Constrained Baseline"),
        (66, 0x80, "Baseline"),
        (77, 0x00, "Main"),
        (77, 0x40, "Main"),
        (77, 0x80, "Constrained Baseline"),
        (88, 0x00, "Extended"),
        (88, 0x80, "Baseline"),
        (88, 0xC0, "Constrained Baseline"),
        (100, 0x00, "High"),
        (100, 0x08, "Progressive High"),
        (100, 0x0C, "Constrained High"),
        (110, 0x10, "High 10 Intra"),
        (122, 0x00, "High 4:2:2"),
        (244, 0x00, "High 4:4:4 Predictive"),
        (44, 0x10, "CAVLC 4:4:4 Intra"),
        (7, 0x00, "unknown"),
    ] {
        let sps = Sps { profile_idc, constraint_flags, ..sps.clone() };
        assert_eq!(sps.profile_name(), name, "{profile_idc} {constraint_flags:#x}");
    }
    assert_eq!(sps.profile_level_id(), 0x42_C0_1E);
}

/// 704x576 in Baseline, with `aspect_ratio_idc` as it comes.
#[test]
fn the_shape_of_pixels() {
    for (sps, want) in [
        ("6742c01eda02c049a008", (1, 1)),   // not present
        ("6742c01eda02c049b00008", (1, 1)), // 0: not specified
        ("6742c01eda02c049b01008", (1, 1)),
        ("6742c01eda02c049b02008", (12, 11)),
        ("6742c01eda02c049b0e008", (4, 3)),
        ("6742c01eda02c049b10008", (2, 1)),
        ("6742c01eda02c049b11008", (1, 1)), // 17: reserved
        ("6742c01eda02c049bff0010000b008", (16, 11)),
        ("6742c01eda02c049bff0000003005008", (1, 1)), // 0 to 5
        ("6742c01eda02c049bff0040002d008", (64, 45)),
    ] {
        let sps_of = Sps::parse(&hex(sps)).unwrap();
        assert_eq!((sps_of.size, sps_of.vui_damaged), (Size::new(704, 576), false), "{sps}");
        let aspect = sps_of.pixel_aspect;
        assert_eq!((aspect.width, aspect.height), want, "{sps}");
    }
}
