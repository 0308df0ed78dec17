//! Anything into the viewers' side; see `checks_viewer.rs`.
#![no_main]

#[path = "../checks_viewer.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::offer(data));
