//! Sequence parameter sets as encoders wrote them, beside what another reader says of each.

use super::*;

fn hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// What ffprobe says of the stream, or for hand-made rows what was written.
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
];

#[test]
fn encoders_parameter_sets_are_read() {
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
