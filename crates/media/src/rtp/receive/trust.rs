//! Whether a camera's marker bits say where its pictures end.

/// So many pictures whose marker was right are enough for one of which nothing is known.
const RIGHT_AT_FIRST: u32 = 2;
/// And so many in a row after a marker was wrong; twice as many each further time.
const RIGHT_AFTER_WRONG: u32 = 100;
/// So many pictures in a row without a marker, and nothing is known any more.
const MISSING: u8 = 3;

/// What is known of the marker bits of a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct MarkerTrust {
    state: State,
    /// How many pictures in a row have to be right once more markers were wrong.
    needed: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// So many were right in a row.
    Unknown { right: u32 },
    /// They end pictures. So many were missing in a row.
    Trusted { missing: u8 },
    /// One came in the middle of a picture. So many were right in a row since.
    Distrusted { right: u32 },
}

impl Default for MarkerTrust {
    fn default() -> Self {
        Self { state: State::Unknown { right: 0 }, needed: RIGHT_AFTER_WRONG }
    }
}

impl MarkerTrust {
    /// A marker ends its picture at once.
    pub(super) fn is_trusted(self) -> bool {
        matches!(self.state, State::Trusted { .. })
    }

    /// A marker means nothing.
    pub(super) fn is_distrusted(self) -> bool {
        matches!(self.state, State::Distrusted { .. })
    }

    /// A picture ended with a marker, and the next one came.
    pub(super) fn handle_right(&mut self) {
        self.state = match self.state {
            State::Unknown { right } if right + 1 < RIGHT_AT_FIRST => {
                State::Unknown { right: right + 1 }
            }
            State::Distrusted { right } if right + 1 < self.needed => {
                State::Distrusted { right: right + 1 }
            }
            _ => State::Trusted { missing: 0 },
        };
    }

    /// A picture ended without a marker, though nothing was lost.
    pub(super) fn handle_missing(&mut self) {
        self.state = match self.state {
            State::Trusted { missing } if missing + 1 < MISSING => {
                State::Trusted { missing: missing + 1 }
            }
            State::Trusted { .. } | State::Unknown { .. } => State::Unknown { right: 0 },
            State::Distrusted { .. } => State::Distrusted { right: 0 },
        };
    }

    /// A picture went on after a marker.
    pub(super) fn handle_wrong(&mut self) {
        if self.is_trusted() && self.needed < 1 << 20 {
            // It was trusted in vain: some cameras are right in long rows of small pictures and wrong
            // in each large one.
            self.needed *= 2;
        }
        self.state = State::Distrusted { right: 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_won_and_lost() {
        // r: right, m: missing, w: wrong; what is then known.
        let hundred = "r".repeat(100);
        for (events, expected) in [
            (String::new(), "unknown"),
            ("r".into(), "unknown"),
            ("rr".into(), "trusted"),
            ("rmr".into(), "unknown"),
            ("rmrr".into(), "trusted"),
            ("mmmm".into(), "unknown"),
            ("rrmm".into(), "trusted"),
            ("rrmmrmm".into(), "trusted"),
            ("rrmmm".into(), "unknown"),
            ("w".into(), "distrusted"),
            (format!("w{hundred}"), "trusted"),
            (format!("w{}", "r".repeat(99)), "distrusted"),
            (format!("w{}mr", "r".repeat(99)), "distrusted"),
            (format!("w{}wr", "r".repeat(99)), "distrusted"),
            // Each time in vain costs twice as many.
            (format!("rrw{hundred}"), "distrusted"),
            (format!("rrw{hundred}{hundred}"), "trusted"),
            (format!("rrw{hundred}{hundred}w{hundred}{hundred}{hundred}"), "distrusted"),
        ] {
            let mut trust = MarkerTrust::default();
            for event in events.chars() {
                match event {
                    'r' => trust.handle_right(),
                    'm' => trust.handle_missing(),
                    _ => trust.handle_wrong(),
                }
            }
            let found = match (trust.is_trusted(), trust.is_distrusted()) {
                (true, false) => "trusted",
                (false, true) => "distrusted",
                _ => "unknown",
            };
            assert_eq!(found, expected, "{events}");
        }
    }
}
