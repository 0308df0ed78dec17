//! Blocks of tracks from any bytes.
#![no_main]

#[path = "../checks_store.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    checks::track_block(data);
});
