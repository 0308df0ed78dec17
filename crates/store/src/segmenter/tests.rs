use bytes::Bytes;
use proptest::prelude::*;
use razz_base::{CameraId, Codec, FrameKey, MonoTime, Size, WallQuality};

use super::*;

/// x264, 640x360, High; and its picture parameter set.
const SETS: &[u8] = &[
    0, 0, 0, 1, 0x67, 0x64, 0, 0x1E, 0xAC, 0xD9, 0x40, 0xA0, 0x2F, 0xF9, 0x70, 0x11, 0, 0, 3, 0, 1,
    0, 0, 3, 0, 0x3C, 0x0F, 0x16, 0x2D, 0x96, 0, 0, 0, 1, 0x68, 0xEB, 0xE3, 0xCB, 0x22, 0xC0,
];
/// 2026-11-30 14:03 UTC, in µs.
const BEGIN_US: i64 = 1_796_047_380_000_000;

fn format(width: u32) -> Arc<StreamFormat> {
    let format = (*StreamFormat::new(Codec::H264, Size::new(width, 360))).clone();
    Arc::new(StreamFormat { parameter_sets: Bytes::from_static(SETS), ..format })
}

fn unit(n: i64, idr: bool, format: &Arc<StreamFormat>) -> AccessUnit {
    let us = BEGIN_US + n * 1_000_000 / 30;
    let slice: &[u8] = if idr { &[0, 0, 0, 1, 0x65] } else { &[0, 0, 0, 1, 0x41] };
    let filling = vec![n as u8 | 0x80; 40 + (n % 7) as usize];
    let data = [if idr { SETS } else { &[] }, slice, &filling].concat();
    AccessUnit {
        key: FrameKey {
            camera: CameraId::new(1).unwrap(),
            time: MediaTime::from_90k(BEGIN_US / 100 * 9 + n * 3000),
        },
        run: RunId(1),
        format: Arc::clone(format),
        data: data.into(),
        idr,
        lost_packets: 0,
        wall: WallTime { us, quality: WallQuality::Arrival },
        received: MonoTime::from_us(0),
    }
}

/// `count` pictures at 30 a second, of which every `gop`th is a key picture.
pub(crate) fn units(count: i64, gop: i64) -> Vec<AccessUnit> {
    let format = format(640);
    (0..count).map(|n| unit(n, n % gop == 0, &format)).collect()
}

fn steps(units: &[AccessUnit]) -> Vec<Step> {
    let (mut segmenter, mut steps) = (Segmenter::default(), Vec::new());
    for unit in units {
        segmenter.push(unit, 0, &mut steps);
    }
    segmenter.stop(EndReason::Stopped, &mut steps);
    steps
}

/// The file that comes of these, which has to be one.
pub(crate) fn recorded(units: &[AccessUnit]) -> Vec<u8> {
    let mut file = Vec::new();
    for step in steps(units) {
        match step {
            Step::Begin(begin) => {
                assert!(file.is_empty(), "a second file");
                file = begin.header;
            }
            Step::Append(fragment) => file.extend(fragment.bytes),
            Step::End(_) | Step::NotTaken(_) => {}
        }
    }
    file
}

/// In short: `begin`, `end` with its reason, and of fragments how many pictures, `k` where a key picture is first.
fn short(steps: &[Step]) -> String {
    let one = |step: &Step| match step {
        Step::Begin(_) => "begin".to_owned(),
        Step::Append(fragment) => {
            format!("{}{}", if fragment.summary.key { "k" } else { "" }, fragment.summary.frames)
        }
        Step::End(reason) => format!("end:{reason:?}"),
        Step::NotTaken(why) => format!("not:{why:?}"),
    };
    steps.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_key_picture_is_a_fragment_and_what_follows_is_cut_by_the_second() {
    let all = units(150, 75);
    assert_eq!(short(&steps(&all)), "begin k1 30 30 14 k1 30 30 14 end:Stopped");
    // Nothing is taken before a key picture.
    assert_eq!(short(&steps(&all[70..100])), "not:NoKey begin k1 24 end:Stopped");
}

#[test]
fn fragments_follow_one_another_without_a_break() {
    let steps = steps(&units(200, 60));
    let mut until = None;
    for step in &steps {
        if let Step::Append(fragment) = step {
            assert!(until.is_none_or(|until| until == fragment.summary.from), "{step:?}");
            until = Some(fragment.summary.until);
        }
    }
    assert_eq!(until, Some(MediaTime::from_90k(BEGIN_US / 100 * 9 + 200 * 3000)));
}

#[test]
fn files_end_at_the_first_key_picture_of_the_minute() {
    let all = units(4000, 60);
    let begins: Vec<String> = steps(&all)
        .iter()
        .filter_map(|step| match step {
            Step::Begin(begin) => Some(begin.name.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(
        begins,
        [
            "2026-11-30/14-03-00.000Z.mp4",
            "2026-11-30/14-04-00.000Z.mp4",
            "2026-11-30/14-05-00.000Z.mp4",
        ]
    );
    // Another camera's end a little later.
    let (mut segmenter, mut steps) = (Segmenter::default(), Vec::new());
    all.iter().for_each(|unit| segmenter.push(unit, 7_000_000, &mut steps));
    let second = steps.iter().filter_map(|step| match step {
        Step::Begin(begin) => Some(begin.wall.us - BEGIN_US),
        _ => None,
    });
    assert_eq!(second.collect::<Vec<_>>(), [0, 8_000_000, 68_000_000, 128_000_000]);
}

#[test]
fn another_run_and_another_format_are_another_file() {
    let (first, second) = (format(640), format(320));
    let mut all: Vec<AccessUnit> = (0..10).map(|n| unit(n, n == 0, &first)).collect();
    all.extend((10..20).map(|n| unit(n, n == 10, &second)));
    all.extend((30..40).map(|n| AccessUnit { run: RunId(2), ..unit(n, n == 33, &second) }));
    assert_eq!(
        short(&steps(&all)),
        "begin k1 9 end:OtherFormat begin k1 9 end:RunOver not:NoKey begin k1 6 end:Stopped"
    );
    // The same format once more, in other memory, is none.
    let same: Vec<AccessUnit> = (0..20).map(|n| unit(n, n == 0, &format(640))).collect();
    assert_eq!(short(&steps(&same)), "begin k1 19 end:Stopped");
}

#[test]
fn what_is_gathered_is_written_when_nothing_comes() {
    let (mut segmenter, mut out) = (Segmenter::default(), Vec::new());
    for unit in units(12, 30) {
        segmenter.push(&unit, 0, &mut out);
    }
    assert_eq!(short(&out), "begin k1");
    segmenter.flush(&mut out);
    segmenter.flush(&mut out);
    assert_eq!(short(&out), "begin k1 11", "and once only");
    segmenter.push(&units(13, 30)[12], 0, &mut out);
    segmenter.stop(EndReason::RunOver, &mut out);
    assert_eq!(short(&out), "begin k1 11 1 end:RunOver");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_or_written_twice(
        gop in 1..90i64,
        count in 1..400i64,
        runs in prop::collection::vec(0..400i64, 0..3),
    ) {
        let mut all = units(count, gop);
        for unit in &mut all {
            let n = unit.key.time.since_90k(MediaTime::from_90k(BEGIN_US / 100 * 9)) / 3000;
            unit.run = RunId(runs.iter().filter(|run| **run <= n).count() as u32);
        }
        let (mut taken, mut run, mut expected) = (0, None, 0);
        for unit in &all {
            if run != Some(unit.run) && unit.idr {
                run = Some(unit.run);
            }
            expected += u32::from(run == Some(unit.run));
        }
        let mut open = false;
        for step in steps(&all) {
            match step {
                Step::Begin(_) => { prop_assert!(!open); open = true; }
                Step::End(_) => { prop_assert!(open); open = false; }
                Step::Append(fragment) => { prop_assert!(open); taken += fragment.summary.frames; }
                Step::NotTaken(_) => prop_assert!(!open),
            }
        }
        prop_assert!(!open);
        prop_assert_eq!(taken, expected);
    }
}
