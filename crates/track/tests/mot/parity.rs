//! Takes sequences through the originals as this crate has them, and compares id for id.
#![allow(dead_code, unreachable_pub, reason = "each test and example uses its own part")]

use razz_base::Embedding;
use razz_track::{ByteTrack, DeepSort, DeepSortSettings, Settings};

use super::{Case, Result, same};

/// How many references there were to compare with, and where a result differs from one.
#[derive(Debug, Default)]
pub struct Comparison {
    pub compared: usize,
    pub differences: Vec<String>,
}

impl Comparison {
    fn add(&mut self, case: &Case, name: &str, reference: &Result, ours: &Result) {
        self.compared += 1;
        if let Err(difference) = same(reference, ours) {
            self.differences.push(format!("{}/{} {name}: {difference}", case.set, case.name));
        }
    }

    /// Panics where anything differs, or where fewer references than `least` were found.
    pub fn assert(&self, least: usize) {
        let Self { compared, differences } = self;
        assert!(*compared >= least, "only {compared} references found");
        let lines = differences.join("\n");
        assert!(differences.is_empty(), "{} of {compared} differ:\n{lines}", differences.len());
    }
}

/// The original ByteTrack at both settings that there are references of.
pub fn bytetrack(cases: &[Case]) -> Comparison {
    let mut out = Comparison::default();
    for case in cases {
        for (name, track_threshold, match_threshold) in
            [("byte_050_08_b30", 0.5, 0.8), ("byte_060_09_b30", 0.6, 0.9)]
        {
            let Some(reference) = case.reference(name) else { continue };
            let settings = Settings { track_threshold, match_threshold, ..Settings::default() };
            let mut tracker = ByteTrack::new(&settings);
            let mut ours = Result::new();
            for frame in 1..=case.length {
                tracker.update(&case.frame(frame));
                for output in tracker.outputs() {
                    ours.entry(frame).or_default().insert(output.id, output.bbox);
                }
            }
            out.add(case, name, &reference, &ours);
        }
    }
    out
}

/// The original DeepSORT, where there are embeddings and a reference.
pub fn deepsort(cases: &[Case]) -> Comparison {
    let mut out = Comparison::default();
    for case in cases {
        let name = "deepsort_c30_age30";
        let (Some(reference), Some(looks)) = (case.reference(name), case.embeddings()) else {
            continue;
        };
        let mut tracker = DeepSort::new(&DeepSortSettings::default());
        let mut ours = Result::new();
        for frame in 1..=case.length {
            let lines = case.detections.get(&frame).into_iter().flatten();
            let with_look = |(line, d): &(usize, _)| (*d, Embedding::normalised(&looks[*line]));
            tracker.update(&lines.map(with_look).collect::<Vec<_>>());
            for output in tracker.outputs() {
                ours.entry(frame).or_default().insert(output.id, output.bbox);
            }
        }
        out.add(case, name, &reference, &ours);
    }
    out
}
