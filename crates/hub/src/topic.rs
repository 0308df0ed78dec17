//! One publisher and its subscribers.

use std::sync::{Arc, Mutex, Weak};

use crate::lock;
use crate::queue::{Item, Queue, Subscriber};

/// Where items of one source are published.
pub struct Topic<T: Item> {
    source: T::Source,
    queues: Arc<Mutex<Queues<T>>>,
}

/// The queues of those who subscribe, each with a number of its own.
struct Queues<T: Item> {
    all: Vec<(u64, Arc<Queue<T>>)>,
    next: u64,
}

impl<T: Item> Topic<T> {
    /// A topic without subscribers.
    pub fn new(source: T::Source) -> Self {
        Self { source, queues: Arc::new(Mutex::new(Queues { all: Vec::new(), next: 0 })) }
    }

    /// What its items are known by.
    pub fn source(&self) -> T::Source {
        self.source
    }

    /// Hands an item to every subscriber; waits for none of them.
    pub fn publish(&self, item: &Arc<T>) {
        for (_, queue) in &lock(&self.queues).all {
            queue.push(self.source, item);
        }
    }

    /// From now on what is published goes to `subscriber`, until what this answers is dropped.
    /// `from_key`: nothing before a key frame is of use to it.
    pub fn attach(&self, subscriber: &Subscriber<T>, from_key: bool) -> Attachment<T> {
        let mut queues = lock(&self.queues);
        let number = queues.next;
        queues.next += 1;
        subscriber.queue.attach(self.source, from_key);
        queues.all.push((number, Arc::clone(&subscriber.queue)));
        Attachment { number, queues: Arc::downgrade(&self.queues), source: self.source }
    }

    /// How many subscribe.
    pub fn subscribers(&self) -> usize {
        lock(&self.queues).all.len()
    }
}

impl<T: Item> Drop for Topic<T> {
    fn drop(&mut self) {
        for (_, queue) in lock(&self.queues).all.drain(..) {
            queue.detach(self.source);
        }
    }
}

/// A subscriber's hold on a topic; dropping it ends the subscription.
pub struct Attachment<T: Item> {
    number: u64,
    source: T::Source,
    queues: Weak<Mutex<Queues<T>>>,
}

impl<T: Item> Drop for Attachment<T> {
    fn drop(&mut self) {
        let Some(queues) = self.queues.upgrade() else { return };
        let mut queues = lock(&queues);
        if let Some(at) = queues.all.iter().position(|(number, _)| *number == self.number) {
            queues.all.remove(at).1.detach(self.source);
        }
    }
}
