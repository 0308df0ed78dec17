//! Edit lists (ISO/IEC 14496-12 section 8.6.6): which parts of a track are shown, and when.

use razz_base::CLOCK_RATE;

use super::atom::{Fields, find};

/// More parts than any clip is cut into.
const MOST: usize = 1000;
/// Before everything that is shown: half a century at 90 kHz.
const CUT_OFF: i128 = 1 << 47;

/// What of a track is shown.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Edits {
    /// Of the track, a second.
    timescale: i128,
    /// In the order in which they are shown; never empty.
    parts: Vec<ShownPart>,
}

/// A part of the track that is shown in one go.
#[derive(Clone, Copy, PartialEq, Debug)]
struct ShownPart {
    /// Where it begins in the track, in the track's time.
    from: i128,
    /// Where it ends; `None` where the track ends.
    until: Option<i128>,
    /// When it is shown, at 90 kHz.
    shown_90k: i128,
}

impl Edits {
    /// Of a `trak`; `movie` is the scale of the edits' lengths.
    pub(super) fn read(track: &[u8], timescale: u32, movie: Option<u32>) -> Self {
        let timescale = i128::from(timescale);
        let whole = ShownPart { from: 0, until: None, shown_90k: 0 };
        let parts = Self::parts(track, timescale, movie).filter(|parts| !parts.is_empty());
        Self { timescale, parts: parts.unwrap_or_else(|| vec![whole]) }
    }

    fn parts(track: &[u8], timescale: i128, movie: Option<u32>) -> Option<Vec<ShownPart>> {
        let list = find(find(track, b"edts")?, b"elst")?;
        let (version, _, mut fields) = Fields::full_box(list).ok()?;
        let (mut parts, mut shown_90k) = (Vec::new(), 0);
        for _ in 0..fields.u32().ok()?.min(MOST as u32) {
            let (Ok(length), Ok(time), Ok(_rate)) =
                (fields.by_version(version), fields.by_version(version), fields.u32())
            else {
                break;
            };
            let from = if version == 0 { i64::from(time as u32 as i32) } else { time as i64 };
            // Without a scale nothing is known of lengths.
            let length = movie.map(|scale| (i128::from(length), i128::from(scale)));
            if from >= 0 {
                let from = i128::from(from);
                // Of length 0 where fragments were to follow; the last one goes on to the end.
                let until = length.filter(|(length, _)| *length > 0);
                // Lengths are rounded to the file's scale: less half a unit, so that the next picture
                // is not taken in.
                let until = until.map(|(length, scale)| {
                    from + ((2 * length - 1) * timescale + 2 * scale - 1) / (2 * scale)
                });
                parts.push(ShownPart { from, until, shown_90k });
            }
            // An empty edit shows nothing for a while.
            shown_90k +=
                length.map_or(0, |(length, scale)| length * i128::from(CLOCK_RATE) / scale);
        }
        Some(parts)
    }

    /// When a picture of this time in the track is shown, at 90 kHz; negative where it is not. `None`
    /// beyond all bounds.
    pub(super) fn time_90k(&self, time: i128) -> Option<i64> {
        let at = |part: &ShownPart| {
            part.shown_90k + (time - part.from) * i128::from(CLOCK_RATE) / self.timescale
        };
        let holds =
            |part: &&ShownPart| time >= part.from && part.until.is_none_or(|until| time < until);
        let time_90k = match self.parts.iter().find(holds) {
            Some(part) => at(part),
            None => {
                let near = at(&self.parts[0]);
                if near < 0 { near } else { near - CUT_OFF }
            }
        };
        i64::try_from(time_90k).ok()
    }
}
