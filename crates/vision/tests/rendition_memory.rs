//! What an encoder says of its memory, beside what the process takes for it. A test of its own, since it looks at the
//! whole process.

#![cfg(target_os = "linux")]

mod support;

use razz_base::Rung;
use razz_scene::Street;
use razz_vision::{Decoder, Picture, Rendition};
use support::street::film;

/// Memory of this process that is in use, in bytes.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[test]
fn an_encoder_takes_about_as_much_memory_as_it_says() {
    let mut decoder = Decoder::new();
    let units = film(&Street::new(1), 100..130);
    let pictures: Vec<Picture> =
        units.iter().map(|unit| decoder.decode(unit, true).unwrap().unwrap()).collect();
    // Several of each, and all kept: none finds memory that others have left.
    const MANY: u64 = 4;
    let mut kept = Vec::new();
    for rung in [Rung::P180, Rung::P360, Rung::Full] {
        let before = resident();
        let mut all: Vec<Rendition> = (0..MANY).map(|_| Rendition::new(rung)).collect();
        assert!(all.iter().all(|rendition| rendition.memory_bytes() == 0), "nothing was given yet");
        for rendition in &mut all {
            for picture in &pictures {
                rendition.encode(picture).unwrap();
            }
        }
        let (takes, says) = ((resident() - before) / MANY, all[0].memory_bytes());
        let ratio = takes as f64 / says as f64;
        assert!((0.7..1.4).contains(&ratio), "{rung}: {takes} bytes, says {says}");
        kept.extend(all);
    }
}
