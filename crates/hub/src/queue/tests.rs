//! What each policy keeps and what it says it lost: tables.

use super::*;
use crate::topic::Topic;

#[derive(Debug)]
struct Thing {
    time: i64,
    bytes: usize,
    key: bool,
}

impl Item for Thing {
    type Source = u32;

    fn time(&self) -> MediaTime {
        MediaTime::from_90k(self.time)
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn is_key(&self) -> bool {
        self.key
    }
}

/// `K3` is a key frame at 3, `p4` another frame at 4; each of ten bytes.
fn thing(text: &str) -> Arc<Thing> {
    let (kind, time) = text.split_at(1);
    Arc::new(Thing { time: time.parse().unwrap(), bytes: 10, key: kind == "K" })
}

/// `K3` for an item, `2-4:3` in front of it for a gap of three from 2 to 4.
fn shown(received: &Received<Thing>) -> String {
    let kind = if received.item.key { "K" } else { "p" };
    let item = format!("{kind}{}", received.item.time);
    match received.gap {
        None => item,
        Some(Gap { from, to, items, bytes }) => {
            assert_eq!(bytes, 10 * items);
            format!("{}-{}:{items} {item}", from.as_90k(), to.as_90k())
        }
    }
}

/// Publishes the words of `script` one after the other; at `.` the subscriber reads one, at `*` all.
/// Answers what it read.
fn run(policy: Policy, from_key: bool, script: &str) -> (String, u64) {
    let topic = Topic::new(7);
    let subscriber = Subscriber::new(policy);
    let _attached = topic.attach(&subscriber, from_key);
    let mut read = Vec::new();
    for word in script.split_whitespace() {
        match word {
            "." => read.extend(subscriber.try_next()),
            "*" => read.extend(std::iter::from_fn(|| subscriber.try_next())),
            item => topic.publish(&thing(item)),
        }
    }
    assert_eq!(subscriber.keys_waiting(), 0, "{script}: all was read");
    (read.iter().map(shown).collect::<Vec<_>>().join(", "), subscriber.missed())
}

#[test]
fn each_policy_keeps_what_it_says_and_names_what_it_lost() {
    let from_key = Policy::FromKey { max_items: 3, max_bytes: 1000 };
    let few_bytes = Policy::FromKey { max_items: 100, max_bytes: 30 };
    let lossless = Policy::Lossless { max_bytes: 30 };
    for (policy, begins_at_key, script, read, missed) in [
        (Policy::Newest, true, "p1 p2 p3 . p4 *", "1-2:2 p3, p4", 2),
        (Policy::Newest, true, "p1 . p2 . *", "p1, p2", 0),
        // Nothing before the first key frame, and that is no loss.
        (from_key, true, "p1 p2 K3 p4 *", "K3, p4", 0),
        (from_key, false, "p1 p2 K3 *", "p1, p2, K3", 0),
        // The fourth finds no room: all give way until the next key frame.
        (from_key, true, "K1 p2 p3 p4 p5 K6 p7 *", "1-5:5 K6, p7", 5),
        (few_bytes, true, "K1 p2 p3 p4 p5 K6 p7 *", "1-5:5 K6, p7", 5),
        // One that comes as a key frame itself begins anew at once.
        (from_key, true, "K1 p2 p3 K4 p5 *", "1-3:3 K4, p5", 3),
        // A reader that keeps up loses nothing.
        (from_key, true, "K1 p2 . . p3 p4 . . p5 *", "K1, p2, p3, p4, p5", 0),
        // Two overflows before anything is read are one gap.
        (from_key, true, "K1 p2 p3 p4 K5 p6 p7 p8 K9 *", "1-8:8 K9", 8),
        // Lossless gives up the new, not what waits.
        (lossless, true, "K1 p2 p3 p4 p5 . . . K6 p7 *", "K1, p2, p3, 4-5:2 K6, p7", 2),
        // After a gap it goes on with what decodes.
        (lossless, true, "K1 p2 p3 p4 . . . p5 K6 *", "K1, p2, p3, 4-5:2 K6", 2),
        (lossless, true, "K1 . p2 . p3 . p4 . *", "K1, p2, p3, p4", 0),
    ] {
        let got = run(policy, begins_at_key, script);
        assert_eq!(got, (read.to_owned(), missed), "{policy:?}, {script}");
    }
}

#[test]
fn one_slow_source_costs_no_other_source_anything() {
    let (loud, quiet) = (Topic::new(1), Topic::new(2));
    let subscriber = Subscriber::new(Policy::FromKey { max_items: 4, max_bytes: 1000 });
    let _both = (loud.attach(&subscriber, true), quiet.attach(&subscriber, true));
    quiet.publish(&thing("K1"));
    for item in ["K1", "p2", "p3", "p4", "p5", "K6"] {
        loud.publish(&thing(item));
    }
    let read: Vec<_> = std::iter::from_fn(|| subscriber.try_next())
        .map(|received| format!("{}: {}", received.source, shown(&received)))
        .collect();
    assert_eq!(read, ["2: K1", "1: 1-5:5 K6"]);
}

#[test]
fn a_subscription_ends_with_its_topic_or_its_attachment() {
    let subscriber = Subscriber::new(Policy::Newest);
    let topic = Topic::new(1);
    let attached = topic.attach(&subscriber, false);
    topic.publish(&thing("K1"));
    drop(attached);
    topic.publish(&thing("K2"));
    // What waits can still be read.
    assert_eq!(subscriber.next_within(Duration::ZERO).map(|r| r.item.time), Some(1));
    assert!(subscriber.next_within(Duration::from_secs(60)).is_none(), "nobody can write here");
    assert_eq!(topic.subscribers(), 0);
    let attached = topic.attach(&subscriber, false);
    drop(topic);
    assert!(subscriber.next_within(Duration::from_secs(60)).is_none());
    drop(attached);
}

#[tokio::test]
async fn a_reader_that_waits_is_woken_and_hears_of_the_end() {
    let subscriber = Subscriber::new(Policy::Lossless { max_bytes: 1000 });
    let topic = Topic::new(1);
    let attached = topic.attach(&subscriber, false);
    let writer = tokio::spawn(async move {
        for n in 0..100 {
            topic.publish(&thing(&format!("p{n}")));
            tokio::task::yield_now().await;
        }
    });
    let mut times = Vec::new();
    while let Some(received) = subscriber.next().await {
        times.push(received.item.time);
    }
    assert_eq!(times, (0..100).collect::<Vec<_>>());
    writer.await.unwrap();
    drop(attached);
}

#[test]
fn a_reader_of_its_own_kind_is_woken_for_every_item_that_it_can_read() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let woken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&woken);
    let wake = Box::new(move || {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let policy = Policy::FromKey { max_items: 2, max_bytes: 1000 };
    let subscriber = Subscriber::with_wake(policy, wake);
    let topic = Topic::new(1);
    let _attached = topic.attach(&subscriber, true);
    for (item, wakes) in [("p1", 0), ("K2", 1), ("p3", 2), ("p4", 2), ("p5", 2), ("K6", 3)] {
        topic.publish(&thing(item));
        assert_eq!(woken.load(Ordering::Relaxed), wakes, "{item}");
    }
}
