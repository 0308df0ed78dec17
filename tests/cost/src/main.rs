//! Guards of cost: how many instructions and allocations the hot pure paths take, compared with
//! the figures in `figures.toml`. `make cost` builds it optimised and runs it.
//!
//! Neither number depends on how busy the machine is. Allocations are counted by the program's own
//! allocator, everywhere. Instructions are counted by valgrind's `callgrind`, in a second process
//! per case, and are compared only where compiler, C library and valgrind are those the figures
//! were measured with: each of them moves the counts by more than the room that is left. Where they
//! differ, the check is reported as ignored, with its reason.
//!
//! In reading order: [`cases`] are the paths, [`callgrind`] counts instructions, [`figures`] reads,
//! compares and writes the committed numbers.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that speaks to people")]

mod callgrind;
mod cases;
mod figures;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use cases::{CASES, Case};
use figures::{Cost, Figures, Number, Outcome, Tools};

/// How the runner starts itself under valgrind: one case, and nothing else.
const ONE_CASE: &str = "--case";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        [ONE_CASE, name] => return run_one(name),
        [] => check(),
        ["--accept"] => accept(),
        _ => Err("usage: make cost, or make cost ACCEPT=1 to take over new figures".to_owned()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cost: {error}");
            ExitCode::from(2)
        }
    }
}

/// Runs one case, for whoever counts from outside.
fn run_one(name: &str) -> ExitCode {
    let Some(case) = CASES.iter().find(|case| case.name == name) else { return ExitCode::from(2) };
    let mut round = case.prepare();
    for _ in 0..case.rounds {
        callgrind::counted_round(&mut *round);
    }
    ExitCode::SUCCESS
}

/// Allocations of one round, on average. Hash tables with a random seed make it no whole number.
fn allocations(case: &Case) -> f64 {
    let mut round = case.prepare();
    let begun = razz_counting::so_far();
    for _ in 0..case.rounds {
        round();
    }
    (razz_counting::so_far() - begun) as f64 / f64::from(case.rounds)
}

/// Compares every case with its figure; false when one differs by more than the room.
fn check() -> Result<bool, String> {
    refuse_unoptimised()?;
    let committed = Figures::read(&figures_file()?)?;
    let ignored = match Tools::here() {
        Ok(here) => committed.measured_with.differs_from(&here),
        Err(reason) => Some(reason),
    };
    let mut outcomes = Vec::new();
    let mut note = |outcome: Outcome| {
        println!("{outcome}");
        outcomes.push(outcome);
    };
    for case in CASES {
        let figure = committed.cost.get(case.name);
        let before = figure.map(|cost| cost.allocations);
        note(Outcome::of(case.name, Number::Allocations, before, allocations(case)));
        if ignored.is_none() {
            let before = figure.map(|cost| cost.instructions);
            let now = callgrind::instructions(case)?;
            note(Outcome::of(case.name, Number::Instructions, before, now));
        }
    }
    if let Some(reason) = &ignored {
        note(Outcome::ignored("all", Number::Instructions, reason));
    }
    let names = committed.cost.keys().filter(|name| CASES.iter().all(|case| case.name != **name));
    names.map(|name| Outcome::unknown(name)).for_each(&mut note);
    Ok(figures::conclude(&outcomes))
}

/// Measures every case and writes the figures.
fn accept() -> Result<bool, String> {
    refuse_unoptimised()?;
    let measured_with = Tools::here()?;
    let mut cost = BTreeMap::new();
    for case in CASES {
        let instructions = callgrind::instructions(case)?;
        let measured = Cost { instructions, allocations: allocations(case) };
        println!("{}: {measured}", case.name);
        cost.insert(case.name.to_owned(), measured);
    }
    let file = figures_file()?;
    Figures { measured_with, cost }.write(&file)?;
    println!("cost: wrote {}; the commit that holds it says why", file.display());
    Ok(true)
}

/// Counts of an unoptimised build say nothing about the product.
fn refuse_unoptimised() -> Result<(), String> {
    if cfg!(debug_assertions) {
        return Err("this is a debug build; run `make cost`".to_owned());
    }
    Ok(())
}

/// Asked for at run time: a target folder that several checkouts share knows only one of them.
fn figures_file() -> Result<std::path::PathBuf, String> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR").ok_or("run it by cargo: `make cost`")?;
    Ok(Path::new(&folder).join("figures.toml"))
}
