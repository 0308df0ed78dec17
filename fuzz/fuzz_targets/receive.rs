//! A camera's packets from any bytes.
#![no_main]

#[path = "../checks_media.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    checks::receive(data);
});
