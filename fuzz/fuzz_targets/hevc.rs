//! Pictures of H.265 from any bytes.
#![no_main]

#[path = "../checks_vision.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    checks::hevc(data);
});
