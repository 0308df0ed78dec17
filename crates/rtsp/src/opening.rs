//! Which request a session begins with: DESCRIBE, or OPTIONS where a server wants that first.
//!
//! RFC 2326 section 10.1 leaves OPTIONS to the client, and DESCRIBE alone is the shorter way to the first
//! picture. Some servers take no DESCRIBE before it all the same: they refuse it, do not answer, or hang
//! up.

/// What became of the first requests of a session.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    /// The session began with OPTIONS.
    began_with_options: bool,
    /// OPTIONS was asked, at the beginning or after DESCRIBE was refused.
    asked_options: bool,
    is_answered: bool,
    /// The camera described itself, or said why not.
    is_decided: bool,
    is_described: bool,
}

impl Opening {
    pub(crate) fn new(begin_with_options: bool) -> Self {
        Self {
            began_with_options: begin_with_options,
            asked_options: begin_with_options,
            ..Self::default()
        }
    }

    /// An answer came, to whatever.
    pub(crate) fn handle_answer(&mut self) {
        self.is_answered = true;
    }

    /// DESCRIBE was answered with a description. Answers whether OPTIONS came before it.
    pub(crate) fn handle_description(&mut self) -> bool {
        (self.is_decided, self.is_described) = (true, true);
        self.asked_options
    }

    /// An answer of the camera ended the session.
    pub(crate) fn handle_end(&mut self) {
        self.is_decided = true;
    }

    /// DESCRIBE was refused with this status. Answers whether OPTIONS may cure it; it is asked once.
    /// Who is not known or not allowed, and what is not there, it does not change.
    pub(crate) fn asks_options_after(&mut self, status: u16) -> bool {
        let asks = !self.asked_options && !matches!(status, 300..=399 | 401 | 403 | 404);
        self.asked_options |= asks;
        asks
    }

    /// Whether the next session had better begin with OPTIONS, as far as this one shows.
    pub(crate) fn next_begins_with_options(&self, is_challenged: bool) -> bool {
        let began = self.began_with_options;
        if self.is_described {
            return self.asked_options;
        }
        // It broke off, or nothing was answered in time: at the request that it began with, at the OPTIONS
        // that a refusal called for, or at DESCRIBE after OPTIONS. The other way is tried next. Where
        // the camera asked for a password and hung up, that is the reason.
        let other_way = !self.is_answered || self.asked_options && (!began || !is_challenged);
        if !self.is_decided && other_way { !began } else { began }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_asked_once_and_only_where_they_may_help() {
        for (status, asks) in [
            (400, true),
            (454, true),
            (455, true),
            (500, true),
            (501, true),
            (551, true),
            (302, false),
            (401, false),
            (403, false),
            (404, false),
        ] {
            let mut opening = Opening::new(false);
            assert_eq!(opening.asks_options_after(status), asks, "{status}");
            assert!(!asks || !opening.asks_options_after(status), "{status}, for the second time");
            assert!(!Opening::new(true).asks_options_after(status), "{status} after OPTIONS");
        }
    }

    #[test]
    fn the_next_session_begins_as_this_one_suggests() {
        #[derive(Clone, Copy)]
        enum Step {
            Answered,
            Refused,
            Described,
            Ended,
        }
        use Step::{Answered, Described, Ended, Refused};
        for (name, began, challenged, steps, next) in [
            ("described at once", false, false, &[Answered, Described][..], false),
            ("described after OPTIONS", true, false, &[Answered, Answered, Described], true),
            ("OPTIONS cured it", false, false, &[Answered, Refused, Answered, Described], true),
            ("no answer", false, false, &[], true),
            ("no answer to OPTIONS either", true, false, &[], false),
            ("hung up after it refused", false, false, &[Answered, Refused], true),
            ("refused both times", false, false, &[Answered, Refused, Answered, Ended], false),
            ("not found", false, false, &[Answered, Ended], false),
            ("not found after OPTIONS", true, false, &[Answered, Answered, Ended], true),
            ("hung up at DESCRIBE after OPTIONS", true, false, &[Answered], false),
            ("hung up after its challenge", false, true, &[Answered], false),
            ("hung up after its challenge, after OPTIONS", true, true, &[Answered], true),
        ] {
            let mut opening = Opening::new(began);
            for step in steps {
                match step {
                    Answered => opening.handle_answer(),
                    Refused => assert!(opening.asks_options_after(455), "{name}"),
                    Described => assert_eq!(opening.handle_description(), next, "{name}"),
                    Ended => opening.handle_end(),
                }
            }
            assert_eq!(opening.next_begins_with_options(challenged), next, "{name}");
        }
    }
}
