//! One subscriber: a bounded queue, and what it loses when its reader is slow.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use razz_base::MediaTime;
use tokio::sync::Notify;

use crate::lock;

/// What can be published.
pub trait Item: Send + Sync + 'static {
    /// What tells the publishers of this kind of item apart.
    type Source: Copy + Eq + Hash + Send + Sync + std::fmt::Debug + 'static;
    /// Media time.
    fn time(&self) -> MediaTime;
    /// Bytes of memory that it keeps alive.
    fn bytes(&self) -> usize;
    /// Whether a reader that knows nothing can begin with it.
    fn is_key(&self) -> bool;
}

/// What a subscriber gets, and what it loses when its reader is slow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Policy {
    /// The newest item of each source; the one before it gives way.
    Newest,
    /// Every item from a key frame on. When more than `max_items` or `max_bytes` wait, all that wait
    /// of the source give way, and it goes on at the next key frame. Raising the bounds rides out
    /// longer hiccups of the reader, and shows it an older past.
    FromKey {
        /// Items that may wait.
        max_items: usize,
        /// Bytes that may wait.
        max_bytes: usize,
    },
    /// Every item, whatever comes. When more than `max_bytes` would wait, the new ones are given up
    /// until there is room and a key frame comes: a counted gap. Raising the bound costs that memory.
    Lossless {
        /// Bytes that may wait.
        max_bytes: usize,
    },
}

/// Items of one source that a subscriber did not get.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// The first of them.
    pub from: MediaTime,
    /// The last of them.
    pub to: MediaTime,
    /// How many.
    pub items: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Gap {
    fn add(gap: &mut Option<Self>, item: &impl Item) {
        let (time, bytes) = (item.time(), item.bytes() as u64);
        match gap {
            None => *gap = Some(Self { from: time, to: time, items: 1, bytes }),
            Some(gap) => {
                // What gives way may be older than what was given up before.
                gap.from = gap.from.min(time);
                gap.to = gap.to.max(time);
                gap.items += 1;
                gap.bytes += bytes;
            }
        }
    }
}

/// What a subscriber gets.
#[derive(Debug)]
pub struct Received<T: Item> {
    /// Who published it.
    pub source: T::Source,
    /// What was published.
    pub item: Arc<T>,
    /// What the subscriber did not get of this source since the item before.
    pub gap: Option<Gap>,
}

/// Called whenever there is something new, on the publisher's thread: it must not wait.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// The reader's end of a queue that any number of topics write to.
pub struct Subscriber<T: Item> {
    pub(crate) queue: Arc<Queue<T>>,
}

impl<T: Item> Subscriber<T> {
    /// A subscriber that is attached to nothing yet.
    pub fn new(policy: Policy) -> Self {
        Self::build(policy, None)
    }

    /// The same, for a reader that waits for other things besides.
    pub fn with_wake(policy: Policy, wake: Wake) -> Self {
        Self::build(policy, Some(wake))
    }

    fn build(policy: Policy, wake: Option<Wake>) -> Self {
        let state = State {
            waiting: VecDeque::new(),
            bytes: 0,
            keys: 0,
            sources: HashMap::new(),
            missed: 0,
            attached: 0,
        };
        let queue = Queue {
            policy,
            state: Mutex::new(state),
            news: Condvar::new(),
            notify: Notify::new(),
            wake,
        };
        Self { queue: Arc::new(queue) }
    }

    /// The next item, if one waits.
    pub fn try_next(&self) -> Option<Received<T>> {
        lock(&self.queue.state).pop()
    }

    /// Waits for the next item; `None` once every topic that it was attached to is gone.
    pub async fn next(&self) -> Option<Received<T>> {
        loop {
            let notified = self.queue.notify.notified();
            {
                let mut state = lock(&self.queue.state);
                if let Some(received) = state.pop() {
                    return Some(received);
                }
                if state.attached == 0 {
                    return None;
                }
            }
            notified.await;
        }
    }

    /// As [`Self::next`] for a thread, for at most `longest`; `None` also when that is over.
    pub fn next_within(&self, longest: Duration) -> Option<Received<T>> {
        let state = lock(&self.queue.state);
        let idle = |state: &mut State<T>| state.waiting.is_empty() && state.attached > 0;
        let waited = self.queue.news.wait_timeout_while(state, longest, idle);
        waited.unwrap_or_else(PoisonError::into_inner).0.pop()
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        lock(&self.queue.state).waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many of the items that wait are key frames.
    pub fn keys_waiting(&self) -> usize {
        lock(&self.queue.state).keys
    }

    /// How many items it did not get, since it began.
    pub fn missed(&self) -> u64 {
        lock(&self.queue.state).missed
    }
}

/// The queue that topics and the subscriber share.
pub(crate) struct Queue<T: Item> {
    policy: Policy,
    state: Mutex<State<T>>,
    news: Condvar,
    notify: Notify,
    wake: Option<Wake>,
}

struct State<T: Item> {
    waiting: VecDeque<Received<T>>,
    bytes: usize,
    keys: usize,
    sources: HashMap<T::Source, Source>,
    missed: u64,
    /// Topics that write here.
    attached: usize,
}

/// What is to be remembered of one publisher.
#[derive(Default)]
struct Source {
    /// Given up since the last item that was queued.
    gap: Option<Gap>,
    /// Nothing is queued before the next key frame.
    waits_for_key: bool,
}

impl<T: Item> Queue<T> {
    /// Takes an item; never waits for the reader.
    pub(crate) fn push(&self, source: T::Source, item: &Arc<T>) {
        if lock(&self.state).push(self.policy, source, item) {
            self.tell();
        }
    }

    /// A topic writes here from now on. `from_key`: of it, nothing before a key frame is of use.
    pub(crate) fn attach(&self, source: T::Source, from_key: bool) {
        let mut state = lock(&self.state);
        state.attached += 1;
        let waits_for_key = from_key && self.policy != Policy::Newest;
        state.sources.insert(source, Source { gap: None, waits_for_key });
    }

    /// A topic writes here no more. What waits of it can still be read.
    pub(crate) fn detach(&self, source: T::Source) {
        {
            let mut state = lock(&self.state);
            state.attached -= 1;
            state.sources.remove(&source);
        }
        self.tell();
    }

    fn tell(&self) {
        self.news.notify_one();
        self.notify.notify_one();
        if let Some(wake) = &self.wake {
            wake();
        }
    }
}

impl<T: Item> State<T> {
    /// Says whether there is something new to read.
    fn push(&mut self, policy: Policy, id: T::Source, item: &Arc<T>) -> bool {
        let bytes = item.bytes();
        match policy {
            Policy::Newest => {
                if let Some(old) = self.waiting.iter_mut().find(|waiting| waiting.source == id) {
                    self.bytes = self.bytes + bytes - old.item.bytes();
                    self.keys =
                        self.keys + usize::from(item.is_key()) - usize::from(old.item.is_key());
                    Gap::add(&mut old.gap, &*old.item);
                    old.item = Arc::clone(item);
                    self.missed += 1;
                    return false;
                }
            }
            Policy::FromKey { max_items, max_bytes } => {
                if self.waits(id, item) {
                    return false;
                }
                if self.waiting.len() >= max_items || self.bytes + bytes > max_bytes {
                    self.give_way(id);
                    let fits = self.waiting.len() < max_items && self.bytes + bytes <= max_bytes;
                    if !item.is_key() || !fits {
                        self.give_up(id, item);
                        return false;
                    }
                }
            }
            Policy::Lossless { max_bytes } => {
                if self.waits(id, item) {
                    return false;
                }
                if self.bytes + bytes > max_bytes {
                    self.give_up(id, item);
                    return false;
                }
            }
        }
        let state = self.sources.entry(id).or_default();
        state.waits_for_key = false;
        let gap = state.gap.take();
        self.bytes += bytes;
        self.keys += usize::from(item.is_key());
        self.waiting.push_back(Received { source: id, item: Arc::clone(item), gap });
        true
    }

    /// Whether nothing of this source is of use before a key frame, and this is none.
    fn waits(&mut self, id: T::Source, item: &Arc<T>) -> bool {
        let source = self.sources.entry(id).or_default();
        let waits = source.waits_for_key && !item.is_key();
        // Before its first key frame a subscriber has lost nothing.
        if waits && source.gap.is_some() {
            Gap::add(&mut source.gap, &**item);
            self.missed += 1;
        }
        waits
    }

    fn give_up(&mut self, id: T::Source, item: &Arc<T>) {
        let source = self.sources.entry(id).or_default();
        Gap::add(&mut source.gap, &**item);
        source.waits_for_key = true;
        self.missed += 1;
    }

    /// All that waits of a source gives way.
    fn give_way(&mut self, id: T::Source) {
        let mut kept = VecDeque::with_capacity(self.waiting.len());
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.source != id {
                kept.push_back(waiting);
                continue;
            }
            self.bytes -= waiting.item.bytes();
            self.keys -= usize::from(waiting.item.is_key());
            self.missed += 1;
            let source = self.sources.entry(id).or_default();
            if let Some(before) = waiting.gap {
                match &mut source.gap {
                    None => source.gap = Some(before),
                    Some(gap) => {
                        gap.from = gap.from.min(before.from);
                        gap.to = gap.to.max(before.to);
                        gap.items += before.items;
                        gap.bytes += before.bytes;
                    }
                }
            }
            Gap::add(&mut source.gap, &*waiting.item);
        }
        self.waiting = kept;
    }

    fn pop(&mut self) -> Option<Received<T>> {
        let received = self.waiting.pop_front()?;
        self.bytes -= received.item.bytes();
        self.keys -= usize::from(received.item.is_key());
        Some(received)
    }
}

#[cfg(test)]
mod tests;
