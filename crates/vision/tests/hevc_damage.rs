//! H.265 of which bits flipped, NAL units were lost, or access units end early: no panic, no call without
//! end, and as few wrong pictures as can be told.

#[path = "support/hevc.rs"]
mod support;

use std::time::{Duration, Instant};

use razz_media::h264::nal_units;
use razz_vision::inside::{Decoded, HevcDecoder};
use support::{Clip, checksum, clips};

/// Numbers for everybody (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((value ^ value >> 31) % end as u64) as usize
    }
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Damage {
    /// One to three bits are others.
    Flipped,
    /// A NAL unit is missing.
    Dropped,
    /// An access unit ends early.
    Cut,
}

impl Damage {
    /// Damages one or two access units.
    fn apply(self, units: &mut [Vec<u8>], random: &mut Random) {
        for _ in 0..=random.below(2) {
            let index = random.below(units.len());
            let unit = &mut units[index];
            match self {
                Self::Flipped => {
                    for _ in 0..=random.below(3) {
                        let at = random.below(unit.len());
                        unit[at] ^= 1 << random.below(8);
                    }
                }
                Self::Dropped => {
                    let nals: Vec<&[u8]> = nal_units(unit).collect();
                    let lost = random.below(nals.len().max(1));
                    let kept = nals.iter().enumerate().filter(|(at, _)| *at != lost);
                    *unit = kept.flat_map(|(_, nal)| [&[0, 0, 1], *nal].concat()).collect();
                }
                Self::Cut => unit.truncate(random.below(unit.len().max(1))),
            }
        }
    }
}

/// What came of streams with one kind of damage.
#[derive(Default, PartialEq, Debug)]
struct Outcome {
    streams: usize,
    /// Access units that gave an error.
    errors: usize,
    pictures: usize,
    /// Streams with a picture that is not the undamaged stream's, and such pictures.
    streams_wrong: usize,
    wrong: usize,
    slowest: Duration,
}

impl Outcome {
    fn add(&mut self, clip: &Clip, units: &[Vec<u8>]) {
        let mut decoder = HevcDecoder::new();
        let mut pictures: Vec<Decoded> = Vec::new();
        for (at, unit) in units.iter().enumerate() {
            let begun = Instant::now();
            match decoder.decode(unit, at as u64) {
                Ok(due) => pictures.extend(due),
                Err(_) => self.errors += 1,
            }
            self.slowest = self.slowest.max(begun.elapsed());
        }
        pictures.extend(decoder.flush());
        let right = |picture: &&Decoded| checksum(picture) == clip.checksum(picture.tag());
        let wrong = pictures.len() - pictures.iter().filter(right).count();
        self.streams += 1;
        self.pictures += pictures.len();
        self.streams_wrong += usize::from(wrong > 0);
        self.wrong += wrong;
    }
}

fn damaged(kind: Damage) -> Outcome {
    let mut clips = clips();
    if kind == Damage::Flipped {
        // These have plain samples in them, of which any value makes sense.
        clips.retain(|clip| !clip.name.starts_with("tiles"));
    }
    let mut outcome = Outcome::default();
    for seed in 0..100u64 {
        let mut random = Random(seed);
        let clip = &clips[seed as usize % clips.len()];
        let mut units = clip.units.clone();
        kind.apply(&mut units, &mut random);
        outcome.add(clip, &units);
    }
    outcome
}

/// Much longer than any of them takes in a debug build.
const SLOW: Duration = Duration::from_secs(2);

#[test]
fn lost_units_never_give_a_wrong_picture() {
    let outcome = damaged(Damage::Dropped);
    assert!(outcome.streams == 100 && outcome.errors > 50 && outcome.pictures > 300, "{outcome:?}");
    assert!(outcome.wrong == 0 && outcome.slowest < SLOW, "{outcome:?}");
}

#[test]
fn units_that_end_early_give_no_wrong_picture() {
    let outcome = damaged(Damage::Cut);
    assert!(outcome.streams == 100 && outcome.errors > 50 && outcome.pictures > 300, "{outcome:?}");
    assert!(outcome.wrong == 0 && outcome.slowest < SLOW, "{outcome:?}");
}

/// Few streams say by checksums what a picture should be, and not all that is possible makes no sense.
#[test]
fn flipped_bits_are_noticed_where_the_syntax_breaks() {
    let outcome = damaged(Damage::Flipped);
    assert!(outcome.streams == 100 && outcome.errors > 50 && outcome.pictures > 300, "{outcome:?}");
    assert!(outcome.streams_wrong <= 2 && outcome.slowest < SLOW, "{outcome:?}");
}
