//! The RTSP client against a server that says anything.
#![no_main]

#[path = "../checks_rtsp.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::rtsp(data));
