//! Tells the program which compiler built it: figures of two compilers are not compared.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let rustc = std::env::var_os("RUSTC").expect("cargo names its compiler");
    let output = Command::new(rustc).arg("--version").output().expect("the compiler runs");
    println!("cargo::rustc-env=RAZZ_COST_RUSTC={}", String::from_utf8_lossy(&output.stdout).trim());
}
