//! Which request keeps a session alive (RFC 2326 sections 10.1, 10.8, 10.9), as experience says.

use razz_base::MonoTime;

use crate::headers::lists;
use crate::message::Message;

/// A session ends after so many seconds without a sign of life where the camera does not say (RFC 2326
/// section 12.37).
const DEFAULT_TIMEOUT_S: u32 = 60;
/// Longest time between two keep-alives, whatever the camera says, in seconds.
const LONGEST_S: u32 = 30;
/// A session that ends so soon after a keep-alive ends because of it, in µs.
const BLAME_US: i64 = 1_000_000;

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
    timeout_us: i64,
    interval_us: i64,
    began: Option<MonoTime>,
    /// The one that was sent last, and when.
    sent: Option<(KeepAlive, MonoTime)>,
    /// The one that was answered well last.
    answered: Option<KeepAlive>,
    due: Option<MonoTime>,
    /// Not to be used: not offered, refused, not answered, or followed by the end of a run.
    refused: [bool; KeepAlive::ALL.len()],
    current: KeepAlive,
}

impl Schedule {
    pub(crate) fn new(avoid: &[KeepAlive]) -> Self {
        let refused = KeepAlive::ALL.map(|kind| avoid.contains(&kind));
        let mut schedule = Self {
            timeout_us: 0,
            interval_us: 0,
            began: None,
            sent: None,
            answered: None,
            due: None,
            refused,
            current: KeepAlive::Options,
        };
        schedule.set_timeout(None);
        schedule.choose(KeepAlive::ALL);
        schedule
    }

    /// The camera ends sessions after so many seconds.
    pub(crate) fn set_timeout(&mut self, seconds: Option<u32>) {
        // 0 makes no sense, and is sent nevertheless.
        let seconds = seconds.filter(|seconds| *seconds > 0).unwrap_or(DEFAULT_TIMEOUT_S);
        // Half of it leaves room for one that is lost.
        self.interval_us = i64::from(seconds.min(2 * LONGEST_S)) * 1_000_000 / 2;
        self.timeout_us = i64::from(seconds) * 1_000_000;
    }

    /// The session plays: the first one goes out at once, and asks what the camera knows.
    pub(crate) fn start(&mut self, now: MonoTime) {
        (self.began, self.due) = (Some(now), Some(now));
    }

    pub(crate) fn due(&self) -> Option<MonoTime> {
        self.due
    }

    /// The request that is due now.
    pub(crate) fn next(&mut self, now: MonoTime) -> KeepAlive {
        self.due = Some(now.plus_us(self.interval_us));
        self.sent = Some((self.current, now));
        self.current
    }

    /// The camera took the one at hand, and may have said which others it knows.
    pub(crate) fn handle_answer(&mut self, answer: &Message) {
        self.answered = Some(self.current);
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

    /// The keep-alive that may be why the camera ends the session now. Either it was sent just before, or
    /// it was answered and did not count: the session lasted as long as one without a sign of life
    /// does, since cameras look for those now and then.
    pub(crate) fn suspect(&self, now: MonoTime) -> Option<KeepAlive> {
        if let Some((sent, at)) = self.sent
            && now.since_us(at) < BLAME_US
        {
            return Some(sent);
        }
        let lasted_us = now.since_us(self.began?);
        let for_want = (self.timeout_us / 4 * 3..self.timeout_us * 2).contains(&lasted_us);
        self.answered.filter(|_| for_want)
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
    fn what_did_not_keep_a_session_alive_is_suspected() {
        use KeepAlive::{GetParameter, Options};
        let public = "Public: OPTIONS, GET_PARAMETER";
        // (timeout, seconds between the session's beginning and its end, whether and how its keep-alives
        // are answered, suspect)
        for (timeout, end_s, answered, suspect) in [
            // 20 s: keep-alives after 0, 10, 20, 30 s.
            (Some(20), 25.0, Some("Server: x"), Some(Options)),
            (Some(20), 15.5, Some("Server: x"), Some(Options)),
            (Some(20), 25.0, Some(public), Some(GetParameter)),
            // A camera of which it is known that keep-alives count, or that ends sooner.
            (Some(20), 45.0, Some("Server: x"), None),
            (Some(20), 14.0, Some("Server: x"), None),
            // None of them was answered.
            (Some(20), 25.0, None, None),
            // Just behind one, whenever that was.
            (Some(20), 10.9, None, Some(GetParameter)),
            (Some(20), 0.5, Some(public), Some(Options)),
            (Some(20), 90.9, Some("Server: x"), Some(Options)),
            // Without a timeout it is the standard's.
            (None, 70.0, Some("Server: x"), Some(Options)),
            (None, 44.0, Some("Server: x"), None),
            (None, 125.0, Some("Server: x"), None),
        ] {
            let at = |s: f64| MonoTime::from_us((s * 1e6) as i64);
            let mut schedule = Schedule::new(&[]);
            assert_eq!(schedule.suspect(at(end_s)), None, "nothing was played");
            schedule.set_timeout(timeout);
            schedule.start(at(0.0));
            while let Some(due) = schedule.due().filter(|due| *due <= at(end_s)) {
                let unanswered = schedule.sent.is_some() && answered.is_none();
                // The next one is tried.
                if unanswered {
                    schedule.handle_failure(due, false);
                }
                schedule.next(due);
                answered.into_iter().for_each(|said| schedule.handle_answer(&answer(said)));
            }
            let name = format!("{timeout:?}, {end_s} s, {answered:?}");
            assert_eq!(schedule.suspect(at(end_s)), suspect, "{name}");
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
