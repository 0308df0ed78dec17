//! What reaches a camera's thread: access units from the hub, results from the detector.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use razz_base::{Detection, MediaTime, MonoTime};
use razz_hub::{Policy, Received, Stream, Subscriber, lock};
use razz_media::ring::Unit;
use razz_vision::Picture;

/// Past this many waiting access units they give way to the next key frame: the thread hangs. The
/// engine skips to a newer IDR long before that.
const MAX_WAITING: usize = 600;
/// Their bytes.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// What the detector says of a picture.
#[derive(Debug)]
pub(crate) enum Result {
    /// It took the picture of this time out of its slot.
    Started(MediaTime),
    /// It is done with a picture.
    Done {
        /// Which.
        picture: Picture,
        /// What it found.
        detections: Vec<Detection>,
        /// From when to when it looked.
        looked: (MonoTime, MonoTime),
    },
    /// It failed on the picture of this time, or dropped it.
    Failed(MediaTime),
}

/// Where the detector's results on a camera's pictures go. It must not wait.
pub(crate) type Reply = Arc<dyn Fn(Result) + Send + Sync>;

/// What is next for a camera's thread.
pub(crate) enum Message {
    /// Goes before access units that wait.
    Result(Result),
    /// Of either stream, as the unit's source says.
    AccessUnit {
        unit: Received<Unit>,
        /// How many wait behind it.
        queued: usize,
        /// Whether an IDR is among those.
        idr_waits: bool,
    },
    /// The settings are others now.
    StartAnew,
    /// Nothing came for as long as it was waited.
    Timeout,
    /// The camera is gone.
    Stop,
}

/// The way into a camera's thread, for results and for the orders of whoever holds the camera.
#[derive(Clone, Default)]
pub(crate) struct Mailbox(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Default)]
struct State {
    results: Vec<Result>,
    start_anew: bool,
    stop: bool,
    /// An access unit has come since it was last looked.
    unit: bool,
}

impl Mailbox {
    /// Takes results, as `filter` leaves them.
    pub(crate) fn reply(&self, filter: impl Fn(Result) -> Result + Send + Sync + 'static) -> Reply {
        let mailbox = self.clone();
        Arc::new(move |result| mailbox.result(filter(result)))
    }

    /// The detector says something.
    pub(crate) fn result(&self, result: Result) {
        self.change(|state| state.results.push(result));
    }

    /// The settings are others now.
    pub(crate) fn start_anew(&self) {
        self.change(|state| state.start_anew = true);
    }

    /// The camera's thread shall end.
    pub(crate) fn stop(&self) {
        self.change(|state| state.stop = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.0.state));
        self.0.news.notify_one();
    }

    /// What the detector has said so far; for tests that stand in for a camera's thread.
    #[cfg(test)]
    pub(crate) fn results(&self) -> Vec<Result> {
        std::mem::take(&mut lock(&self.0.state).results)
    }
}

/// The reader's end.
pub(crate) struct Inbox {
    shared: Arc<Shared>,
    units: Subscriber<Unit>,
    /// Those of the camera's sub-stream, while that sends.
    sub_units: Subscriber<Unit>,
    _attachments: [razz_hub::Attachment<Unit>; 2],
}

impl Inbox {
    /// Of a thread that takes the units of `main` and of `sub`, each from its next key frame on.
    pub(crate) fn new(mailbox: &Mailbox, main: &Stream, sub: &Stream) -> Self {
        let subscriber = || {
            let waker = mailbox.clone();
            let wake = Box::new(move || waker.change(|state| state.unit = true));
            let policy = Policy::FromKey { max_items: MAX_WAITING, max_bytes: MAX_WAITING_BYTES };
            Subscriber::with_wake(policy, wake)
        };
        let (units, sub_units) = (subscriber(), subscriber());
        // Not from the middle of a GOP, and not the past either.
        let attachments = [main.attach_live(&units), sub.attach_live(&sub_units)];
        Self { shared: Arc::clone(&mailbox.0), units, sub_units, _attachments: attachments }
    }

    /// Waits for at most `longest` for what is next.
    pub(crate) fn next(&self, longest: Duration) -> Message {
        let mut state = lock(&self.shared.state);
        loop {
            if state.stop {
                return Message::Stop;
            }
            if !state.results.is_empty() {
                return Message::Result(state.results.remove(0));
            }
            if std::mem::take(&mut state.start_anew) {
                return Message::StartAnew;
            }
            state.unit = false;
            drop(state);
            for units in [&self.units, &self.sub_units] {
                if let Some(unit) = units.try_next() {
                    let (queued, idr_waits) = (units.len(), units.keys_waiting() > 0);
                    return Message::AccessUnit { unit, queued, idr_waits };
                }
            }
            state = lock(&self.shared.state);
            if state.unit || state.stop || state.start_anew || !state.results.is_empty() {
                continue;
            }
            let waited = self.shared.news.wait_timeout(state, longest);
            let (woken, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if timeout.timed_out() {
                return Message::Timeout;
            }
        }
    }
}
