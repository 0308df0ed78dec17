//! Session descriptions from any bytes.
#![no_main]

#[path = "../checks_rtsp.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::sdp(data));
