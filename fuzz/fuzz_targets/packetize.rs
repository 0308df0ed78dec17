//! RTP payloads from any bytes, and back.
#![no_main]

#[path = "../checks_media.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::packetize(data));
