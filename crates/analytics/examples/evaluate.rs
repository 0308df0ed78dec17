//! Scores counting against ground truth, beside the rules of other programs.
//!
//! `RAZZ_TESTDATA=… cargo run --release -p razz-analytics --example evaluate -- [--tracks FOLDER] [WHAT]`
//! `FOLDER` has tracks as `razz track` writes them, as `SET-SEQUENCE-STRIDE.txt`; without it the original
//! ByteTrack's are counted. `WHAT`: `gates` (default), `lines`, `zones`.
#![allow(clippy::print_stdout, reason = "a command-line tool")]

#[path = "../tests/evaluation/mod.rs"]
mod evaluation;

use std::collections::BTreeMap;

use evaluation::measure::{PER_SEQUENCE, our_crossings, our_zones};
use evaluation::peers::{Rule, ZoneRule};
use evaluation::score::{Tally, ZoneTally, gate};
use evaluation::sequences::{Sequence, Tracks, by_id, outside, sequences};
use evaluation::{Crossing, Line, Stay, drawings, truth};
use razz_analytics::Settings;
use razz_analytics::offline::CountedOccupancy;

const TRUTHS: [f64; 3] = [0.03, 0.1, 0.2];

fn main() {
    let Some(root) = outside() else {
        println!("skipped: RAZZ_TESTDATA names no folder with sequences");
        return;
    };
    let mut tracks = Tracks::ByteTrack;
    let mut what = "gates".to_owned();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--tracks" => tracks = Tracks::Folder(arguments.next().expect("a folder").into()),
            other => other.clone_into(&mut what),
        }
    }
    let sequences = sequences(&root);
    for source in [Tracks::Truth, tracks] {
        for stride in [1, 5] {
            match what.as_str() {
                "zones" => zones(&sequences, &source, stride),
                "lines" => lines(&sequences, &source, stride, drawings::random_lines),
                _ => lines(&sequences, &source, stride, drawings::gates),
            }
        }
    }
}

/// By group of sequences, then by rule, one tally for each truth.
type Table = BTreeMap<String, BTreeMap<usize, [Tally; TRUTHS.len()]>>;

/// The groups that a sequence belongs to: its set, and all of cameras that stand still.
fn groups(sequence: &Sequence) -> Vec<String> {
    let part = if sequence.is_held_out() { "held out" } else { "chosen on" };
    let mut groups = vec![format!("{} ({part})", sequence.set)];
    if sequence.stands_still() {
        groups.push(format!("= all that stand still ({part})"));
    }
    groups
}

/// Scores every rule on gates or lines, and prints a table for each group.
fn lines(
    sequences: &[Sequence],
    source: &Tracks,
    stride: u32,
    draw: fn(&Sequence, usize) -> Vec<Line>,
) {
    let mut names = vec!["razz".to_owned(), "razz, nothing joined".to_owned()];
    names.extend(Rule::ALL.iter().map(|(name, _)| (*name).to_owned()));
    let mut table = Table::new();
    for sequence in sequences {
        let Some(rows) = sequence.rows(source, stride) else { continue };
        let tracks = by_id(&rows);
        let gates = draw(sequence, PER_SEQUENCE);
        let mut counted = vec![our_crossings(sequence, &rows, &gates, Settings::default())];
        let alone = Settings { join: false, ..Settings::default() };
        counted.push(our_crossings(sequence, &rows, &gates, alone));
        for (_, rule) in Rule::ALL {
            let of_gate =
                |gate: &Line| tracks.values().flat_map(|t| rule.crossings(t, gate)).collect();
            counted.push(gates.iter().map(of_gate).collect());
        }
        for (index, line) in gates.iter().enumerate() {
            for (level, share) in TRUTHS.into_iter().enumerate() {
                let of = |tracks: &BTreeMap<u64, evaluation::Track>| -> Vec<Crossing> {
                    tracks.values().flat_map(|t| truth::crossings(t, line, share)).collect()
                };
                let (truth, ignored) = (of(&sequence.truth), of(&sequence.ignored));
                for (rule, counted) in counted.iter().enumerate() {
                    let height = f64::from(sequence.size.height);
                    let tally = gate(&truth, &ignored, &counted[index], sequence.fps, height);
                    for group in groups(sequence) {
                        table.entry(group).or_default().entry(rule).or_default()[level].add(&tally);
                    }
                }
            }
        }
    }
    println!("\n## {source:?}, every {stride}. frame; truth by {TRUTHS:?} of a height");
    for (group, rules) in &table {
        println!("\n{group}: {} true", rules[&0].map(|t| t.truth.to_string()).join(" / "));
        println!("| rule | F1 | count error % | bias % | P / R at 0.1 |\n|---|---|---|---|---|");
        for (rule, tallies) in rules {
            let each = |f: fn(&Tally) -> f64| {
                tallies.iter().map(|t| format!("{:.1}", f(t))).collect::<Vec<_>>().join(" / ")
            };
            println!(
                "| {} | {} | {} | {} | {:.0} / {:.0} |",
                names[*rule],
                each(Tally::f1),
                each(Tally::error),
                each(Tally::bias),
                tallies[1].precision(),
                tallies[1].recall(),
            );
        }
    }
}

/// The same on zones.
fn zones(sequences: &[Sequence], source: &Tracks, stride: u32) {
    let mut names = vec!["razz".to_owned(), "razz, nothing joined".to_owned()];
    names.extend(ZoneRule::ALL.iter().map(|(name, _)| (*name).to_owned()));
    let mut table: BTreeMap<String, BTreeMap<usize, [ZoneTally; TRUTHS.len()]>> = BTreeMap::new();
    for sequence in sequences {
        let Some(rows) = sequence.rows(source, stride) else { continue };
        let tracks = by_id(&rows);
        let zones = drawings::zones(sequence, PER_SEQUENCE);
        let mut counted: Vec<Vec<Vec<Stay>>> = Vec::new();
        let mut occupancies: Vec<BTreeMap<(usize, u32), u32>> = Vec::new();
        for join in [true, false] {
            let settings = Settings { join, ..Settings::default() };
            let (by_zone, occupancy) = our_zones(sequence, &rows, &zones, settings);
            counted.push(by_zone);
            let entry =
                |o: &CountedOccupancy| ((o.area.parse::<usize>().unwrap(), o.frame), o.count);
            occupancies.push(occupancy.iter().map(entry).collect());
        }
        for (_, rule) in ZoneRule::ALL {
            let of_zone = |zone: &Vec<[f64; 2]>| {
                tracks.values().flat_map(|t| rule.stays(t, zone, sequence.fps)).collect()
            };
            counted.push(zones.iter().map(of_zone).collect());
            occupancies.push(BTreeMap::new());
        }
        // Raw occupancy: who has a row on the frame.
        for (index, zone) in zones.iter().enumerate() {
            for row in &rows {
                if truth::depth(zone, evaluation::foot(&row.bbox)) > 0.0 {
                    *occupancies[2].entry((index, row.frame)).or_default() += 1;
                }
            }
        }
        for (index, zone) in zones.iter().enumerate() {
            let mut present: BTreeMap<u32, u32> = BTreeMap::new();
            for (frame, bbox) in sequence.truth.values().flatten() {
                if truth::depth(zone, evaluation::foot(bbox)) > 0.0 {
                    *present.entry(*frame).or_default() += 1;
                }
            }
            for (level, share) in TRUTHS.into_iter().enumerate() {
                let stays: Vec<Stay> = sequence
                    .truth
                    .values()
                    .flat_map(|t| truth::stays(t, zone, share, sequence.fps))
                    .collect();
                for (rule, counted) in counted.iter().enumerate() {
                    let mut tally = ZoneTally::default();
                    tally.add_stays(&stays, &counted[index], sequence.fps);
                    for frame in (1..=sequence.length).step_by(stride as usize) {
                        let truth = present.get(&frame).copied().unwrap_or(0);
                        let counted = occupancies[rule].get(&(index, frame)).copied().unwrap_or(0);
                        tally.occupancy += f64::from(truth);
                        tally.occupancy_off += f64::from(truth.abs_diff(counted));
                    }
                    for group in groups(sequence) {
                        table.entry(group).or_default().entry(rule).or_default()[level].add(&tally);
                    }
                }
            }
        }
    }
    println!("\n## Zones, {source:?}, every {stride}. frame; truth by {TRUTHS:?} of a height");
    for (group, rules) in &table {
        println!(
            "\n{group}: {} true",
            rules[&0].each_ref().map(|t| t.truth.len().to_string()).join(" / ")
        );
        println!(
            "| rule | bias of visits % | error of visits % | median dwell, s (truth) | occupancy error % |\n|---|---|---|---|---|"
        );
        for (rule, tallies) in rules {
            let each = |f: &dyn Fn(&ZoneTally) -> String| {
                tallies.iter().map(f).collect::<Vec<_>>().join(" / ")
            };
            println!(
                "| {} | {} | {} | {} | {:.1} |",
                names[*rule],
                each(&|t| format!("{:+.1}", t.bias())),
                each(&|t| format!("{:.1}", t.error())),
                each(&|t| format!("{:.1} ({:.1})", t.dwell()[1], t.dwell()[0])),
                tallies[0].occupancy_error(),
            );
        }
    }
}
