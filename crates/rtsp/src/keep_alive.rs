//! Which request keeps a session alive (RFC 2326 sections 10.1, 10.8, 10.9), as experience says.

use razz_base::MonoTime;

use crate::headers::lists;
use crate::message::Message;

/// A session ends after so many seconds without a sign of life where the camera does not say (RFC 2326
/// section 12.37).
const DEFAULT_TIMEOUT_S: u32 = 60;
/// Longest time between two keep-alives, whatever the camera says, in seconds.
const LONGEST_S: u32 = 30;

/// The requests that may keep a session alive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeepAlive {
    /// The one that every camera knows, though not every one takes it for a sign of life.
    Options,
    /// What most cameras want.
    GetParameter,
    /// What some want instead.
    SetParameter,
}

impl KeepAlive {
    const ALL: [Self; 3] = [Self::Options, Self::GetParameter, Self::SetParameter];

    /// The method's name.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Options => "OPTIONS",
            Self::GetParameter => "GET_PARAMETER",
            Self::SetParameter => "SET_PARAMETER",
        }
    }
}

/// Chooses the request and its time.
#[derive(Debug)]
pub(crate) struct Schedule {
    interval_us: i64,
    due: Option<MonoTime>,
    /// Not to be used: not offered, refused, not answered, or followed by the end of a run.
    refused: [bool; KeepAlive::ALL.len()],
    current: KeepAlive,
}

impl Schedule {
    pub(crate) fn new(avoid: &[KeepAlive]) -> Self {
        let refused = KeepAlive::ALL.map(|kind| avoid.contains(&kind));
        let interval_us = i64::from(DEFAULT_TIMEOUT_S / 2) * 1_000_000;
        let mut schedule = Self { interval_us, due: None, refused, current: KeepAlive::Options };
        schedule.choose(KeepAlive::ALL);
        schedule
    }

    /// The camera ends sessions after so many seconds.
    pub(crate) fn set_timeout(&mut self, seconds: Option<u32>) {
        // 0 makes no sense, and is sent nevertheless.
        let seconds = seconds.filter(|seconds| *seconds > 0).unwrap_or(DEFAULT_TIMEOUT_S);
        // Half of it leaves room for one that is lost.
        let interval_us = i64::from(seconds.min(2 * LONGEST_S)) * 1_000_000 / 2;
        self.interval_us = interval_us;
    }

    /// The session plays: the first one goes out at once, and asks what the camera knows.
    pub(crate) fn start(&mut self, now: MonoTime) {
        self.due = Some(now);
    }

    pub(crate) fn due(&self) -> Option<MonoTime> {
        self.due
    }

    /// The request that is due now.
    pub(crate) fn next(&mut self, now: MonoTime) -> KeepAlive {
        self.due = Some(now.plus_us(self.interval_us));
        self.current
    }

    /// The camera took the one at hand, and may have said which others it knows.
    pub(crate) fn handle_answer(&mut self, answer: &Message) {
        for kind in [KeepAlive::GetParameter, KeepAlive::SetParameter] {
            if lists(answer, kind.method()) == Some(false) {
                self.refused[kind as usize] = true;
            }
        }
        if self.current == KeepAlive::Options && lists(answer, "OPTIONS").is_some() {
            self.choose([KeepAlive::GetParameter, KeepAlive::SetParameter, KeepAlive::Options]);
        }
    }

    /// The one at hand was refused or not answered: another one, at once where that is asked for.
    pub(crate) fn handle_failure(&mut self, now: MonoTime, at_once: bool) {
        self.refused[self.current as usize] = true;
        let usable = self.refused.iter().any(|refused| !refused);
        self.choose([KeepAlive::GetParameter, KeepAlive::SetParameter, KeepAlive::Options]);
        if at_once && usable {
            self.due = Some(now);
        }
    }

    fn choose(&mut self, order: [KeepAlive; 3]) {
        let usable = order.into_iter().find(|kind| !self.refused[*kind as usize]);
        if usable.is_none() {
            // A camera that takes none goes on sending, or it does not; OPTIONS does no harm.
            self.refused = [false; KeepAlive::ALL.len()];
        }
        self.current = usable.unwrap_or(KeepAlive::Options);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &str) -> Message {
        Message::parse(format!("RTSP/1.0 200 OK\r\n{headers}").as_bytes()).unwrap()
    }

    #[test]
    fn what_is_offered_and_works_is_used() {
        use KeepAlive::{GetParameter, Options, SetParameter};
        for (name, avoid, public, failures, expected) in [
            ("all", &[][..], "Public: OPTIONS, GET_PARAMETER, SET_PARAMETER", 0, GetParameter),
            ("no GET_PARAMETER", &[], "Public: OPTIONS, SET_PARAMETER", 0, SetParameter),
            ("nothing", &[], "Public: OPTIONS, PLAY", 0, Options),
            ("no word", &[], "Server: x", 0, Options),
            ("GET_PARAMETER is refused", &[], "Public: OPTIONS, GET_PARAMETER", 1, Options),
            ("both are refused", &[], "Public: GET_PARAMETER, SET_PARAMETER", 2, Options),
            ("all are refused", &[], "Public: GET_PARAMETER, SET_PARAMETER", 3, Options),
            (
                "GET_PARAMETER ended a run",
                &[GetParameter],
                "Public: GET_PARAMETER, SET_PARAMETER",
                0,
                SetParameter,
            ),
            ("OPTIONS ended a run", &[Options], "Server: x", 0, GetParameter),
            ("no word, OPTIONS not answered", &[], "Server: x", 1, GetParameter),
        ] {
            let now = MonoTime::from_us(0);
            let mut schedule = Schedule::new(avoid);
            schedule.start(now);
            let first = if avoid.contains(&Options) { GetParameter } else { Options };
            assert_eq!(schedule.next(now), first, "{name}");
            schedule.handle_answer(&answer(public));
            for _ in 0..failures {
                schedule.handle_failure(now, true);
            }
            assert_eq!(schedule.next(now), expected, "{name}");
        }
    }

    #[test]
    fn half_of_the_timeout_is_the_interval() {
        for (seconds, expected_us) in [
            (None, 30_000_000),
            (Some(60), 30_000_000),
            (Some(0), 30_000_000),
            (Some(5), 2_500_000),
            (Some(1), 500_000),
            (Some(u32::MAX), 30_000_000),
        ] {
            let mut schedule = Schedule::new(&[]);
            schedule.set_timeout(seconds);
            schedule.next(MonoTime::from_us(7));
            assert_eq!(schedule.due(), Some(MonoTime::from_us(7 + expected_us)), "{seconds:?}");
        }
    }
}
