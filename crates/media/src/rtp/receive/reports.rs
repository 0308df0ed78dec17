//! Which sender reports are the video's.

use super::counts::{Counts, Oddity};

/// What was seen of the reports' sources.
#[derive(Debug, Default)]
pub(super) struct Reports {
    /// One came with the source of the video's packets.
    own_came: bool,
    /// The other source of which the last one came.
    other: Option<u32>,
}

impl Reports {
    /// Whether a report of the source `ssrc` is about the packets of the source `media`.
    ///
    /// Some cameras write 0, or always the same other number: theirs count as long as none came with
    /// the right one.
    pub(super) fn is_own(&mut self, media: u32, ssrc: u32, counts: &mut Counts) -> bool {
        if ssrc == media {
            self.own_came = true;
            return true;
        }
        let consistent = self.other.replace(ssrc) == Some(ssrc);
        let taken = !self.own_came && (ssrc == 0 || consistent);
        counts.add(if taken { Oddity::ReportAdopted } else { Oddity::ForeignReport });
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_of_other_sources_count_while_none_of_the_right_one_came() {
        for (sources, expected) in [
            (&[7, 7][..], &[true, true][..]),
            (&[0, 0], &[true, true]),
            // Another one is taken when it comes again.
            (&[9, 9, 9], &[false, true, true]),
            (&[9, 8, 9, 8], &[false, false, false, false]),
            (&[9, 9, 7, 9, 9, 0], &[false, true, true, false, false, false]),
        ] {
            let (mut reports, mut counts) = (Reports::default(), Counts::default());
            let found: Vec<bool> =
                sources.iter().map(|ssrc| reports.is_own(7, *ssrc, &mut counts)).collect();
            assert_eq!(found, expected, "{sources:?}");
            let counted = counts.of(Oddity::ReportAdopted) + counts.of(Oddity::ForeignReport);
            let own = sources.iter().filter(|ssrc| **ssrc == 7).count();
            assert_eq!(counted as usize, sources.len() - own);
        }
    }
}
