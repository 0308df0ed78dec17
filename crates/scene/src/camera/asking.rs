//! When a camera asks its client something, and when it gives up on an answer.

use std::time::{Duration, Instant};

use super::dialogue::ServerRequest;
use super::quirk::Quirks;

/// It begins so long after PLAY, and asks again so long after an answer.
const BEGINS_AFTER: Duration = Duration::from_secs(1);
const AGAIN_AFTER: Duration = Duration::from_secs(3);
/// It closes the connection of a client that has not answered for so long.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The camera's own requests in one session.
pub(crate) struct Asking {
    cseq: u32,
    /// When to ask next, or until when the answer to the last must be there.
    due: Instant,
    unanswered: Option<ServerRequest>,
}

/// What is to be done now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    Wait,
    /// To be sent with this CSeq.
    Ask(ServerRequest, u32),
    /// The last request was not answered in time.
    Close,
}

impl Asking {
    /// Playing begins.
    pub(crate) fn new(now: Instant) -> Self {
        Self { cseq: 0, due: now + BEGINS_AFTER, unanswered: None }
    }

    pub(crate) fn poll(&mut self, now: Instant, quirks: Quirks) -> Step {
        match ServerRequest::of(quirks) {
            Some(_) if self.due > now => Step::Wait,
            Some(_) if self.unanswered.is_some() => Step::Close,
            Some(request) => {
                self.cseq += 1;
                self.due = now + ANSWER_WITHIN;
                self.unanswered = Some(request);
                Step::Ask(request, self.cseq)
            }
            None => Step::Wait,
        }
    }

    /// An answer of the client with this CSeq.
    pub(crate) fn handle_answer(&mut self, now: Instant, cseq: Option<u32>, is_ok: bool) {
        if let Some(request) = self.unanswered
            && cseq == Some(self.cseq)
            && (is_ok || !request.wants_ok)
        {
            self.unanswered = None;
            self.due = now + AGAIN_AFTER;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::camera::Quirk;

    #[test]
    fn it_asks_again_after_an_answer_and_closes_without() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        // (quirk, the answer's CSeq and whether it is 200, whether it goes on)
        for (quirk, answer, goes_on) in [
            (Quirk::AsksOptions, Some((Some(1), true)), true),
            (Quirk::AsksOptions, Some((Some(1), false)), false),
            (Quirk::AsksOptions, Some((Some(2), true)), false),
            (Quirk::AsksOptions, Some((None, true)), false),
            (Quirk::AsksOptions, None, false),
            (Quirk::AsksUnknown, Some((Some(1), false)), true),
            (Quirk::AsksUnknown, Some((Some(2), true)), false),
        ] {
            let mut asking = Asking::new(start);
            assert_eq!(asking.poll(at(999), quirk.into()), Step::Wait);
            let request = ServerRequest::of(quirk.into()).unwrap();
            assert_eq!(asking.poll(at(1000), quirk.into()), Step::Ask(request, 1));
            assert_eq!(asking.poll(at(1100), quirk.into()), Step::Wait);
            if let Some((cseq, is_ok)) = answer {
                asking.handle_answer(at(1500), cseq, is_ok);
            }
            let expected = if goes_on { Step::Ask(request, 2) } else { Step::Wait };
            assert_eq!(asking.poll(at(4500), quirk.into()), expected, "{quirk:?} {answer:?}");
            if !goes_on {
                assert_eq!(asking.poll(at(6000), quirk.into()), Step::Close);
            }
        }
        let mut silent = Asking::new(start);
        assert_eq!(silent.poll(at(60_000), Quirks::NONE), Step::Wait);
    }
}
