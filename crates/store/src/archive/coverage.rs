//! Where there is footage of a camera, where there is none, and why.

use razz_base::{CameraId, MediaTime};

use super::{Archive, Moment, ReadError};
use crate::index::{Dated, Gap, GapReason, Index, IndexError, Span, Stretch};

/// A time without footage.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hole {
    /// From then on.
    pub from: Dated,
    /// Until the next picture.
    pub until: Dated,
    /// Why.
    pub reason: GapReason,
}

/// What there is of a camera in a span of time.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Coverage {
    /// Oldest first.
    pub stretches: Vec<Stretch>,
    /// Oldest first.
    pub holes: Vec<Hole>,
    /// The first picture that is kept of the camera, and behind the last.
    pub kept: Option<[Dated; 2]>,
}

impl Archive {
    /// Where there is footage of a camera.
    ///
    /// # Errors
    /// When the index does not answer.
    pub fn coverage(
        &self,
        camera: CameraId,
        from: Moment,
        until: Moment,
    ) -> Result<Coverage, ReadError> {
        let written = self.now_written.file(camera).map(|entry| entry.span);
        let (first, last) = (from.earliest(), until.latest());
        let mut coverage = self.index().unchanged(|index| -> Result<Coverage, IndexError> {
            let mut stretches = index.stretches(camera, first, last)?;
            let begun = written.filter(|span| span.frames > 0);
            if let Some(span) = begun.filter(|span| span.until > first && span.from < last) {
                take_in(&mut stretches, Stretch::of(&span));
            }
            let gaps = index.gaps(camera, first, last)?;
            let hole = |gap: &Gap| hole(index, camera, gap, &stretches, begun.as_ref());
            let mut holes = gaps.iter().map(hole).collect::<Result<Vec<_>, _>>()?;
            add_unknown(&mut holes, &stretches);
            let newest = match written {
                Some(written) => Some(written),
                None => index.newest(camera)?,
            };
            let oldest = index.oldest(camera)?.or(written);
            let kept = oldest.zip(newest);
            let kept = kept.map(|(first, last)| [first.dated(first.from), last.dated(last.until)]);
            Ok(Coverage { stretches, holes, kept })
        })?;
        // What stands in the index is looked for generously.
        coverage.stretches.retain(|one| from.is_before(&one.until) && !until.is_before(&one.from));
        coverage.holes.retain(|one| from.is_before(&one.until) && !until.is_before(&one.from));
        Ok(coverage)
    }
}

/// The file that is written now: after the last that has ended, and where the clock was set back still where it belongs.
fn take_in(stretches: &mut Vec<Stretch>, written: Stretch) {
    let at = stretches.partition_point(|one| one.until.time < written.until.time);
    // It may have ended meanwhile, and be there already.
    if stretches.get(at).is_some_and(|one| one.from.time <= written.from.time) {
        return;
    }
    stretches.insert(at, written);
    for one in std::mem::take(stretches) {
        one.join(stretches);
    }
}

/// A gap with the time of day that the footage at its ends has.
fn hole(
    index: &Index,
    camera: CameraId,
    gap: &Gap,
    stretches: &[Stretch],
    written: Option<&Span>,
) -> Result<Hole, IndexError> {
    let plain = |time: MediaTime| Dated { time, wall_us: time.since_us(MediaTime::default()) };
    let before = stretches.partition_point(|one| one.until.time < gap.from);
    let before = stretches.get(before).map(|one| one.until).filter(|end| end.time == gap.from);
    let from = match before {
        Some(before) => before,
        None => {
            let file = index.ending_from(camera, gap.from)?.or(written.copied());
            file.filter(|file| file.from <= gap.from)
                .map_or_else(|| plain(gap.from), |file| file.dated(gap.from))
        }
    };
    let after = stretches.partition_point(|one| one.from.time < gap.until);
    let after = stretches.get(after).map(|one| one.from).filter(|begin| begin.time == gap.until);
    let until = match after {
        Some(after) => after,
        None => {
            let file = index.ending_from(camera, gap.until.plus_90k(1))?.or(written.copied());
            file.filter(|file| file.from == gap.until)
                .map_or_else(|| plain(gap.until), |file| file.dated(gap.until))
        }
    };
    Ok(Hole { from, until, reason: gap.reason })
}

/// Each hole between stretches has a reason, if only that nobody knows it.
fn add_unknown(holes: &mut Vec<Hole>, stretches: &[Stretch]) {
    holes.sort_by_key(|hole| hole.from.time);
    // Until when there is a hole of those that begin before each of them, and it.
    let mut latest = MediaTime::from_90k(i64::MIN);
    let reach: Vec<MediaTime> = holes
        .iter()
        .map(|hole| {
            latest = latest.max(hole.until.time);
            latest
        })
        .collect();
    for pair in stretches.windows(2) {
        let (from, until) = (pair[0].until, pair[1].from);
        let begun = holes[..reach.len()].partition_point(|hole| hole.from.time < until.time);
        let is_known = begun.checked_sub(1).is_some_and(|last| reach[last] > from.time);
        if !is_known {
            holes.push(Hole { from, until, reason: GapReason::Unknown });
        }
    }
    holes.sort_by_key(|hole| hole.from.time);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dated(second: i64) -> Dated {
        Dated { time: MediaTime::from_90k(second * 90_000), wall_us: second * 1_000_000 }
    }

    fn stretch(from: i64, until: i64) -> Stretch {
        Stretch { from: dated(from), until: dated(until), bytes: 1 }
    }

    #[test]
    fn each_hole_between_stretches_has_one_reason_at_least() {
        let stretches = [stretch(0, 10), stretch(20, 30), stretch(40, 50), stretch(60, 70)];
        for (known, unknown) in [
            (&[][..], &[(10, 20), (30, 40), (50, 60)][..]),
            (&[(10, 20)], &[(30, 40), (50, 60)]),
            (&[(31, 32), (33, 39)], &[(10, 20), (50, 60)]),
            // One that began long ago, with another within.
            (&[(5, 45), (10, 12)], &[(50, 60)]),
            (&[(50, 60), (12, 38)], &[]),
            (&[(0, 10), (70, 80)], &[(10, 20), (30, 40), (50, 60)]),
        ] {
            let hole =
                |(from, until), reason| Hole { from: dated(from), until: dated(until), reason };
            let mut holes: Vec<Hole> =
                known.iter().map(|times| hole(*times, GapReason::Off)).collect();
            add_unknown(&mut holes, &stretches);
            assert!(holes.is_sorted_by_key(|hole| hole.from.time), "{holes:?}");
            assert_eq!(holes.len(), known.len() + unknown.len());
            holes.retain(|hole| hole.reason == GapReason::Unknown);
            let expected: Vec<Hole> =
                unknown.iter().map(|times| hole(*times, GapReason::Unknown)).collect();
            assert_eq!(holes, expected, "{known:?}");
        }
    }

    #[test]
    fn what_is_written_now_is_taken_in_once() {
        for (written, expected) in [
            (stretch(30, 35), &[stretch(0, 10), Stretch { bytes: 2, ..stretch(20, 35) }][..]),
            (stretch(32, 35), &[stretch(0, 10), stretch(20, 30), stretch(32, 35)]),
            // It has ended meanwhile.
            (stretch(25, 30), &[stretch(0, 10), stretch(20, 30)]),
            // The clock was set back.
            (stretch(10, 20), &[Stretch { bytes: 3, ..stretch(0, 30) }]),
            (stretch(12, 15), &[stretch(0, 10), stretch(12, 15), stretch(20, 30)]),
        ] {
            let mut stretches = vec![stretch(0, 10), stretch(20, 30)];
            take_in(&mut stretches, written);
            assert_eq!(stretches, expected, "{written:?}");
        }
    }
}
