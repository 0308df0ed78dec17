//! Checks of the tree that cargo alone does not make. `cargo run -p xtask -- floor-plan`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that speaks to people")]

mod arrows;
mod check;
mod circles;
mod clocks;
mod dependencies;
mod files;
mod modules;
mod plan;
mod sizes;
mod source;
#[cfg(test)]
mod testing;
mod words;
mod write;

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use crate::check::House;
use crate::plan::Plan;

const USAGE: &str = "\
usage: cargo run -p xtask -- floor-plan           checks crates, modules, sizes, words and clock reads
       cargo run -p xtask -- floor-plan --write   writes the modules' arrows into xtask/floor-plan.toml";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let write = match arguments[..] {
        ["floor-plan"] => false,
        ["floor-plan", "--write"] => true,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    // Asked for at run time: a target folder that several checkouts share knows only one of them.
    let Some(own_folder) = std::env::var_os("CARGO_MANIFEST_DIR") else {
        eprintln!("run it by cargo: cargo run -p xtask -- floor-plan");
        return ExitCode::from(2);
    };
    let root = Path::new(&own_folder).join("..");
    let broken = match if write { write_plan(&root) } else { floor_plan(&root) } {
        Ok(broken) => broken,
        Err(error) => vec![error.to_string()],
    };
    if broken.is_empty() {
        println!("floor plan: holds");
        return ExitCode::SUCCESS;
    }
    for line in &broken {
        eprintln!("floor plan: {line}");
    }
    eprintln!("floor plan: {} broken; ARCHITECTURE.md says why each line is there", broken.len());
    ExitCode::FAILURE
}

/// Prints the house and answers what breaks its plan.
fn floor_plan(root: &Path) -> io::Result<Vec<String>> {
    let plan = Plan::open(root)?;
    let house = House::read(root, &plan)?;
    println!("{}", house.text(&plan));
    let mut broken = house.broken(root, &plan)?;
    for check in [dependencies::check, dependencies::wasm] {
        match check(root, &plan) {
            Ok(found) => broken.extend(found),
            Err(error) => broken.push(error.to_string()),
        }
    }
    Ok(broken)
}

/// Rewrites the plan from the code and answers what is broken nevertheless.
fn write_plan(root: &Path) -> io::Result<Vec<String>> {
    let plan = Plan::open(root)?;
    let house = House::read(root, &plan)?;
    let broken = house.broken(root, &plan)?;
    let file = root.join(plan::FILE);
    let text = write::rewritten(&fs::read_to_string(&file)?, &plan, &house, &broken);
    fs::write(&file, text)?;
    house.broken(root, &Plan::open(root)?)
}
