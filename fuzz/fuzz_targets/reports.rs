//! Reports of viewers from any bytes.
#![no_main]

#[path = "../checks_viewer.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::reports(data));
