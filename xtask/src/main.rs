//! Checks of the tree that cargo alone does not make. `cargo run -p xtask -- floor-plan`
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command that speaks to people")]

mod clocks;
mod floor_plan;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments != ["floor-plan"] {
        eprintln!("usage: cargo run -p xtask -- floor-plan");
        return ExitCode::from(2);
    }
    // Asked for at run time: a target folder that several checkouts share knows only one of them.
    let Some(own_folder) = std::env::var_os("CARGO_MANIFEST_DIR") else {
        eprintln!("run it by cargo: cargo run -p xtask -- floor-plan");
        return ExitCode::from(2);
    };
    let root = Path::new(&own_folder).join("..");
    let mut broken = Vec::new();
    for check in [floor_plan::dependencies, clocks::only_one_file_reads, floor_plan::wasm] {
        match check(&root) {
            Ok(found) => broken.extend(found),
            Err(error) => broken.push(error.to_string()),
        }
    }
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
