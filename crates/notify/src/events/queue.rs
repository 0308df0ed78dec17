//! Events that wait for one who is to be told of them: bounded in number and bytes, the oldest give
//! way, and what gave way is counted.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Event;
use razz_base::EventKind;

/// Most events that wait.
const MAX_EVENTS: usize = 256;
/// Most bytes of snapshots that wait.
const MAX_BYTES: usize = 8 << 20;

/// What became of the events, since start.
#[derive(Default, Debug)]
pub struct Tally {
    /// Told.
    pub delivered: AtomicU64,
    /// Given up.
    pub dropped: AtomicU64,
    /// Tries that failed: to connect, or to deliver.
    pub failures: AtomicU64,
    /// Whether the other side answered last time.
    pub up: AtomicBool,
}

/// The events that wait.
pub struct Queue {
    /// Whose they are, as metrics name it.
    pub name: String,
    /// What became of the others.
    pub tally: Tally,
    wanted: Vec<EventKind>,
    inner: Mutex<Inner>,
    news: Condvar,
}

#[derive(Default)]
struct Inner {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    closed: bool,
}

impl Queue {
    /// An empty one, for events of the `wanted` kinds.
    pub fn new(name: String, wanted: Vec<EventKind>) -> Arc<Self> {
        Arc::new(Self {
            name,
            wanted,
            tally: Tally::default(),
            inner: Mutex::default(),
            news: Condvar::new(),
        })
    }

    /// Whether any of these is wanted.
    pub(crate) fn wants(&self, kinds: &[EventKind]) -> bool {
        self.wanted.iter().any(|kind| kinds.contains(kind))
    }

    /// Puts one in line if it is wanted; never waits.
    pub fn push(&self, event: Arc<Event>) {
        let mut inner = self.lock();
        if inner.closed || !self.wanted.contains(&event.message.kind) {
            return;
        }
        inner.bytes += bytes(&event);
        inner.events.push_back(event);
        self.make_room(&mut inner);
        drop(inner);
        self.news.notify_one();
    }

    /// Puts back what could not be told: it is the next again.
    pub fn push_front(&self, event: Arc<Event>) {
        let mut inner = self.lock();
        inner.bytes += bytes(&event);
        inner.events.push_front(event);
        self.make_room(&mut inner);
    }

    fn make_room(&self, inner: &mut Inner) {
        while inner.events.len() > MAX_EVENTS || inner.bytes > MAX_BYTES {
            let Some(oldest) = inner.events.pop_front() else { return };
            inner.bytes -= bytes(&oldest);
            self.tally.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The next, if there is one.
    pub fn pop(&self) -> Option<Arc<Event>> {
        let mut inner = self.lock();
        let event = inner.events.pop_front()?;
        inner.bytes -= bytes(&event);
        Some(event)
    }

    /// Waits for the next; `None` when the queue is closed.
    pub fn wait(&self) -> Option<Arc<Event>> {
        let mut inner = self.lock();
        loop {
            if inner.closed {
                return None;
            }
            if let Some(event) = inner.events.pop_front() {
                inner.bytes -= bytes(&event);
                return Some(event);
            }
            inner = self.news.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Pauses for so long, or until the queue is closed; says whether it is.
    pub fn pause(&self, pause: Duration) -> bool {
        let open = |inner: &mut Inner| !inner.closed;
        let waited = self.news.wait_timeout_while(self.lock(), pause, open);
        waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    /// Nothing more is told.
    pub fn close(&self) {
        self.lock().closed = true;
        self.news.notify_all();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.lock().events.len()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bytes(event: &Event) -> usize {
    event.snapshot.as_ref().map_or(0, bytes::Bytes::len)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::message::Message;

    fn event(n: usize, snapshot: usize) -> Arc<Event> {
        let message = Message {
            id: n.to_string(),
            kind: EventKind::CameraOnline,
            timestamp: 0.0,
            camera_id: 1,
            camera_name: String::new(),
            track: None,
            alert: None,
            fact: None,
            link: None,
            error: None,
        };
        let snapshot = (snapshot > 0).then(|| Bytes::from(vec![0; snapshot]));
        Arc::new(Event { message, snapshot })
    }

    #[test]
    fn the_oldest_give_way_and_are_counted() {
        for (events, snapshot, kept) in [
            (10, 0, 10),
            (MAX_EVENTS, 100, MAX_EVENTS),
            (MAX_EVENTS + 7, 0, MAX_EVENTS),
            (20, MAX_BYTES / 8, 8),
            (3, MAX_BYTES + 1, 0),
        ] {
            let queue = Queue::new("test".to_owned(), vec![EventKind::CameraOnline]);
            for n in 0..events {
                queue.push(event(n, snapshot));
            }
            assert_eq!(queue.waiting(), kept);
            assert_eq!(queue.tally.dropped.load(Ordering::Relaxed), (events - kept) as u64);
            let left: Vec<_> =
                std::iter::from_fn(|| queue.pop()).map(|e| e.message.id.clone()).collect();
            let newest: Vec<_> = (events - kept..events).map(|n| n.to_string()).collect();
            assert_eq!(left, newest);
        }
    }

    #[test]
    fn only_what_is_wanted_waits() {
        let queue = Queue::new("test".to_owned(), vec![EventKind::TrackEnded]);
        queue.push(event(1, 0));
        assert_eq!((queue.waiting(), queue.tally.dropped.load(Ordering::Relaxed)), (0, 0));
    }

    #[test]
    fn what_is_put_back_is_next_and_a_closed_queue_ends() {
        let queue = Queue::new("test".to_owned(), vec![EventKind::CameraOnline]);
        queue.push(event(1, 0));
        queue.push(event(2, 0));
        let first = queue.wait().unwrap();
        queue.push_front(first);
        assert_eq!(queue.wait().unwrap().message.id, "1");
        queue.close();
        assert!(queue.wait().is_none() && queue.pause(Duration::from_secs(60)));
    }
}
