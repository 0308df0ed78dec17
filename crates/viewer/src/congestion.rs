//! Whether the path to a viewer can carry the video, by the losses that its peer reports.

/// A report of this share of packets lost is heavy. Wi-Fi loses a few in a hundred and lives; two
/// heavy reports in a row are a path that cannot carry the video.
const HEAVY_LOSS: f32 = 0.2;
/// Heavy reports from which on the path counts as congested, and the most that are remembered.
const CONGESTED_STRIKES: u8 = 2;
const MAX_STRIKES: u8 = 3;

/// What the reports of the last seconds say.
#[derive(Debug, Default)]
pub(crate) struct Congestion {
    /// Heavy losses reported one after the other.
    strikes: u8,
    /// Whether media went out since the last report.
    flowing: bool,
}

impl Congestion {
    /// Media goes out.
    pub(crate) fn note_sent(&mut self) {
        self.flowing = true;
    }

    /// The peer reports this share of packets lost over the last second; true when that is heavy. A
    /// report on nothing sent says nothing good.
    pub(crate) fn handle_report(&mut self, loss: f32) -> bool {
        let heavy = loss >= HEAVY_LOSS;
        if heavy {
            self.strikes = (self.strikes + 1).min(MAX_STRIKES);
        } else if self.flowing {
            self.strikes = self.strikes.saturating_sub(1);
        }
        self.flowing = false;
        heavy
    }

    /// Whether every byte more would make it worse.
    pub(crate) fn is_congested(&self) -> bool {
        self.strikes >= CONGESTED_STRIKES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_heavy_reports_are_congestion_and_good_ones_end_it() {
        // Reports one a second: the share lost, and whether media went out before it; then whether
        // the path counts as congested.
        let rows: [&[(f32, bool, bool)]; 4] = [
            &[(0.05, true, false), (0.19, true, false), (0.1, true, false)],
            &[(0.3, true, false), (0.0, true, false), (0.3, true, false)],
            &[(0.3, true, false), (0.2, true, true), (0.0, true, false)],
            // Silence mends nothing, and after long congestion one good report is not enough.
            &[
                (0.9, true, false),
                (0.9, true, true),
                (0.9, true, true),
                (0.0, false, true),
                (0.0, true, true),
                (0.0, true, false),
            ],
        ];
        for reports in rows {
            let mut congestion = Congestion::default();
            for (n, (loss, sent, congested)) in reports.iter().enumerate() {
                if *sent {
                    congestion.note_sent();
                }
                assert_eq!(congestion.handle_report(*loss), *loss >= 0.2);
                assert_eq!(congestion.is_congested(), *congested, "{n} of {reports:?}");
            }
        }
    }
}
