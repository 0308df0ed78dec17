//! Scores the trackers on the sequences of the outside data, by the HOTA that TrackEval computes.
//!
//! `RAZZ_TESTDATA=… cargo run --release -p razz-track --example evaluate -- [COMMAND]`
//! - `table` (the default): both settings of ByteTrack and the hybrid tracker on all sets, at full
//!   rate and on every fifth frame, with and without camera motion and embeddings.
//! - `without`: what each addition of the hybrid tracker is worth, on disturbed copies.
//! - `leave-one-out`: chooses the hybrid tracker's numbers once for each set from the others alone,
//!   and scores the set with them.
#![allow(clippy::print_stdout, reason = "a command-line tool")]

#[path = "../tests/mot/mod.rs"]
mod mot;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use mot::hota::{self, Tally, Truth};
use mot::pass::{Outcome, Pass};
use razz_track::{HybridSettings, Kind, Settings};

/// Disturbed copies that numbers are chosen on.
const COPIES: u64 = 4;

struct Bench {
    cases: Vec<(mot::Case, BTreeMap<u64, Truth>)>,
}

/// By set.
type Scores = BTreeMap<String, f64>;

impl Bench {
    fn read() -> Self {
        let cases = mot::outside_cases();
        let scored = cases.into_iter().filter(mot::Case::is_scored);
        let with_truth = |case: mot::Case| {
            let truth = hota::truth(&case);
            (case, truth)
        };
        Self { cases: scored.map(with_truth).collect() }
    }

    /// Takes all cases through all passes, on all cores; by pass and case.
    fn run(&self, passes: &[Pass]) -> Vec<Vec<(Outcome, Tally)>> {
        let jobs = passes.len() * self.cases.len();
        let next = AtomicUsize::new(0);
        let done = Mutex::new((0..jobs).map(|_| None).collect::<Vec<_>>());
        let work = || {
            loop {
                let job = next.fetch_add(1, Ordering::Relaxed);
                if job >= jobs {
                    return;
                }
                let pass = &passes[job / self.cases.len()];
                let (case, truth) = &self.cases[job % self.cases.len()];
                let outcome = pass.run(case);
                let tally = hota::score(case, truth, pass.frames(case), &outcome.rows);
                done.lock().expect("no case panics")[job] = Some((outcome, tally));
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(work);
            }
        });
        let mut done = done.into_inner().expect("no case panics").into_iter().flatten();
        passes.iter().map(|_| done.by_ref().take(self.cases.len()).collect()).collect()
    }

    /// The combined HOTA of each pass, by set.
    fn scores(&self, passes: &[Pass]) -> Vec<Scores> {
        let combined = |results: Vec<(Outcome, Tally)>| {
            let mut sets: BTreeMap<String, Tally> = BTreeMap::new();
            for ((case, _), (_, tally)) in self.cases.iter().zip(&results) {
                sets.entry(case.set.clone()).or_default().add(tally);
            }
            sets.into_iter().map(|(set, tally)| (set, tally.scores()[0])).collect()
        };
        self.run(passes).into_iter().map(combined).collect()
    }

    /// Mean HOTA by set over the disturbed copies at full rate and, with and without camera
    /// motion, on every fifth frame.
    fn steady(&self, hybrid: &HybridSettings) -> Scores {
        let settings = Settings { hybrid: hybrid.clone(), ..Settings::default() };
        let pass = |stride, camera, copy| Pass {
            settings: settings.clone(),
            first: 1 + copy % stride,
            stride,
            camera,
            copy,
            ..Pass::default()
        };
        let ways = [(1, true), (5, true), (5, false)];
        let passes: Vec<Pass> = (1..=COPIES)
            .flat_map(|copy| ways.map(|(stride, camera)| pass(stride, camera, copy)))
            .collect();
        let mut means = Scores::new();
        for scores in self.scores(&passes) {
            for (set, score) in scores {
                *means.entry(set).or_default() += score / passes.len() as f64;
            }
        }
        means
    }
}

/// A line of a Markdown table.
fn line<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) {
    let mut out = String::from("|");
    for cell in cells {
        out = out + " " + cell.as_ref() + " |";
    }
    println!("{out}");
}

fn heading(cells: &[&str]) {
    line(cells);
    line(cells.iter().map(|_| "---"));
}

fn table(bench: &Bench) {
    let bytetrack = |track_threshold, match_threshold, stride| {
        let settings = Settings { track_threshold, match_threshold, ..Settings::default() };
        Pass { kind: None, settings, stride, ..Pass::default() }
    };
    let hybrid = |stride, camera, looks| Pass { stride, camera, looks, ..Pass::default() };
    let clocked = Pass { kind: Some(Kind::ByteTrack), stride: 5, ..Pass::default() };
    let rows = [
        ("ByteTrack 0.5/0.8", bytetrack(0.5, 0.8, 1)),
        ("ByteTrack 0.6/0.9", bytetrack(0.6, 0.9, 1)),
        ("hybrid, no camera motion", hybrid(1, false, false)),
        ("hybrid", hybrid(1, true, false)),
        ("1/5: ByteTrack 0.5/0.8", bytetrack(0.5, 0.8, 5)),
        ("1/5: ByteTrack 0.6/0.9", bytetrack(0.6, 0.9, 5)),
        ("1/5: ByteTrack on a clock", clocked),
        ("1/5: hybrid, no camera motion", hybrid(5, false, false)),
        ("1/5: hybrid", hybrid(5, true, false)),
    ];
    let scores = bench.scores(&rows.each_ref().map(|row| row.1.clone()));
    let sets: Vec<&str> = scores[0].keys().map(String::as_str).collect();
    heading(&[&["combined HOTA"], &sets[..]].concat());
    for ((name, _), scores) in rows.iter().zip(&scores) {
        let cells = scores.values().map(|score| format!("{score:.2}"));
        line(std::iter::once((*name).to_owned()).chain(cells));
    }

    println!();
    heading(&["sequence", "HOTA", "DetA", "AssA", "fit", "1/5"]);
    let results = bench.run(&[hybrid(1, true, false), hybrid(5, true, false)]);
    for (place, (case, _)) in bench.cases.iter().enumerate() {
        let [full, slow] = [0, 1].map(|pass: usize| &results[pass][place]);
        let [hota, det, ass] = full.1.scores().map(|score| format!("{score:.2}"));
        let fit = format!("{:.3}", full.0.fit[0] / full.0.fit[1].max(1.0));
        let slow = format!("{:.2}", slow.1.scores()[0]);
        line([format!("{}/{}", case.set, case.name), hota, det, ass, fit, slow]);
    }

    println!();
    heading(&["with embeddings", "HOTA", "without", "asked for", "boxes", "found again"]);
    for stride in [1, 5] {
        let results = bench.run(&[hybrid(stride, true, false), hybrid(stride, true, true)]);
        for (place, (case, _)) in bench.cases.iter().enumerate() {
            if case.embeddings().is_none() {
                continue;
            }
            let [(_, plain), (outcome, looks)] = [0, 1].map(|pass: usize| &results[pass][place]);
            line([
                format!("1/{stride}: {}/{}", case.set, case.name),
                format!("{:.2}", looks.scores()[0]),
                format!("{:.2}", plain.scores()[0]),
                outcome.asked.to_string(),
                outcome.fit[1].to_string(),
                outcome.reidentified.to_string(),
            ]);
        }
    }
}

/// A number of the hybrid tracker: what turns it off, and what else it may be.
struct Choice {
    name: &'static str,
    set: fn(&mut HybridSettings, f64),
    off: f64,
    levels: &'static [f64],
}

#[rustfmt::skip]
const CHOICES: &[Choice] = &[
    Choice { name: "widening", set: |h, v| h.widening = v, off: 0.0, levels: &[0.2, 0.35, 0.5] },
    Choice { name: "lost_faint_threshold", set: |h, v| h.lost_faint_threshold = v, off: 0.0, levels: &[0.2, 0.3, 0.4, 0.5] },
    Choice { name: "calming", set: |h, v| h.calming = v, off: 0.0, levels: &[0.005, 0.01, 0.02] },
    Choice { name: "patience", set: |h, v| h.patience = v, off: 1.0, levels: &[4.0 / 3.0, 5.0 / 3.0, 2.0] },
    Choice { name: "agility", set: |h, v| h.agility = v, off: 1.0, levels: &[0.5, 0.7, 0.85] },
    Choice { name: "score_noise", set: |h, v| h.score_noise = v, off: 0.0, levels: &[1.0, 2.0, 3.0] },
    Choice { name: "instant_score", set: |h, v| h.instant_score = v, off: 2.0, levels: &[0.7, 0.8, 0.9] },
];

fn without(bench: &Bench) {
    let default = HybridSettings::default();
    let all = bench.steady(&default);
    let sets: Vec<&str> = all.keys().map(String::as_str).collect();
    heading(&[&["mean HOTA"], &sets[..]].concat());
    let row = |name: String, cell: &dyn Fn(&str) -> String| {
        line(std::iter::once(name).chain(sets.iter().map(|set| cell(set))));
    };
    row("defaults".to_owned(), &|set| format!("{:.2}", all[set]));
    let mut plain = default.clone();
    for choice in CHOICES {
        let mut one = default.clone();
        (choice.set)(&mut one, choice.off);
        (choice.set)(&mut plain, choice.off);
        let scores = bench.steady(&one);
        row(format!("without {}", choice.name), &|set| format!("{:+.2}", scores[set] - all[set]));
    }
    let scores = bench.steady(&plain);
    row("without all of them".to_owned(), &|set| format!("{:+.2}", scores[set] - all[set]));
}

fn leave_one_out(bench: &Bench) {
    let mut known: BTreeMap<Vec<u64>, Scores> = BTreeMap::new();
    let mut steady = |values: &[f64]| -> Scores {
        let measure = || {
            let mut hybrid = HybridSettings::default();
            for (choice, value) in CHOICES.iter().zip(values) {
                (choice.set)(&mut hybrid, *value);
            }
            bench.steady(&hybrid)
        };
        let key = values.iter().map(|v| v.to_bits()).collect();
        known.entry(key).or_insert_with(measure).clone()
    };
    let plain: Vec<f64> = CHOICES.iter().map(|choice| choice.off).collect();
    let all_off = steady(&plain);
    let defaults = bench.steady(&HybridSettings::default());
    let names: Vec<&str> = CHOICES.iter().map(|choice| choice.name).collect();
    heading(&[&["left out"], &names[..], &["all off", "chosen without it", "defaults"]].concat());
    for left_out in all_off.keys() {
        let of_others = |scores: &Scores| -> f64 {
            scores.iter().filter(|(set, _)| *set != left_out).map(|(_, score)| score).sum()
        };
        let mut chosen = plain.clone();
        for (place, choice) in CHOICES.iter().enumerate() {
            let mut best = of_others(&steady(&chosen));
            let mut tried = chosen.clone();
            for level in choice.levels {
                tried[place] = *level;
                let score = of_others(&steady(&tried));
                if score > best {
                    best = score;
                    chosen[place] = *level;
                }
            }
        }
        let values = chosen.iter().map(|value| format!("{value:.3}"));
        let scores = [&all_off, &steady(&chosen), &defaults].map(|s| format!("{:.2}", s[left_out]));
        line(std::iter::once(left_out.clone()).chain(values).chain(scores));
    }
}

fn main() {
    let command = std::env::args().nth(1).unwrap_or_else(|| "table".to_owned());
    let bench = Bench::read();
    match command.as_str() {
        "table" => table(&bench),
        "without" => without(&bench),
        "leave-one-out" => leave_one_out(&bench),
        other => panic!("{other:?} is neither table nor without nor leave-one-out"),
    }
}
