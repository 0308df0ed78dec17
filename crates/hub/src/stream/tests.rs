//! A stream's subscribers: what who comes later gets, and that nobody gets a unit twice.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use razz_base::{
    CameraId, Codec, FrameKey, MonoTime, RunId, Size, StreamFormat, WallQuality, WallTime,
};

use super::*;

/// A coded picture of 640x360 by openh264: what a decoder can begin with.
const IDR: &[u8] = &[
    0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1e, 0x8c, 0x8d, 0x40, 0x50, 0x17, 0xfc, 0xb0, 0x0f, 0x08, 0x84,
    0x6a, 0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80, 0, 0, 0, 1, 0x65, 0xb8, 0, 0x04, 0, 0, 0x05, 0x39,
];
const OTHER: &[u8] = &[0, 0, 0, 1, 0x41, 0x9a, 0x24, 0x6c];

fn unit(format: &Arc<StreamFormat>, n: i64) -> AccessUnit {
    let idr = n % 10 == 0;
    let camera = CameraId::new(1).expect("1 is an id");
    AccessUnit {
        key: FrameKey { camera, time: MediaTime::from_90k(3000 * n) },
        run: RunId(1),
        format: Arc::clone(format),
        data: Bytes::from_static(if idr { IDR } else { OTHER }),
        idr,
        lost_packets: 0,
        wall: WallTime { us: 0, quality: WallQuality::Arrival },
        received: MonoTime::from_us(33_333 * n),
    }
}

fn stream() -> Stream {
    Stream::new(StreamId::main(CameraId::new(1).expect("1 is an id")), 1 << 20)
}

const WHOLE: Policy = Policy::FromKey { max_items: 1000, max_bytes: 1 << 20 };

fn numbers(subscription: &Subscription) -> Vec<i64> {
    std::iter::from_fn(|| subscription.try_next())
        .map(|received| received.item.au.key.time.as_90k() / 3000)
        .collect()
}

#[test]
fn who_comes_in_the_middle_of_a_gop_gets_it_from_its_idr_on() {
    let (stream, format) = (stream(), StreamFormat::new(Codec::H264, Size::new(640, 360)));
    assert_eq!(stream.format(), None);
    (0..14).for_each(|n| stream.publish(unit(&format, n)));
    let late = stream.subscribe(WHOLE);
    let newest = stream.subscribe(Policy::Newest);
    (14..16).for_each(|n| stream.publish(unit(&format, n)));
    assert_eq!(numbers(&late), (10..16).collect::<Vec<_>>());
    assert_eq!(numbers(&newest), [15]);
    assert_eq!(stream.format().as_deref(), Some(&*format));
    assert_eq!(stream.gop_frames(), Some(10));
    // After the run's end nothing of it is shown to anybody new.
    stream.end_run();
    assert_eq!(numbers(&stream.subscribe(WHOLE)), [0; 0]);
}

#[test]
fn streams_with_reordered_pictures_are_published_with_their_format() {
    let stream = stream();
    let plain = StreamFormat::new(Codec::H264, Size::new(640, 360));
    let format = Arc::new(StreamFormat { reorders: true, ..(*plain).clone() });
    let recorder = stream.subscribe(Policy::Lossless { max_bytes: 1 << 20 });
    // Decode order: pictures 2 and 1 wait for 3.
    for n in [0, 3, 1, 2, 6, 4, 5] {
        stream.publish(unit(&format, n));
    }
    assert_eq!(numbers(&recorder), [0, 3, 1, 2, 6, 4, 5]);
    assert!(stream.format().is_some_and(|format| format.reorders));
}

#[test]
fn nobody_misses_a_unit_or_gets_one_twice_who_subscribes_while_it_is_published() {
    let (stream, format) = (stream(), StreamFormat::new(Codec::H264, Size::new(640, 360)));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            (0..20_000).for_each(|n| stream.publish(unit(&format, n)));
            done.store(true, Ordering::Release);
        });
        let mut subscriptions = 0;
        while !done.load(Ordering::Acquire) || subscriptions == 0 {
            let subscription = stream.subscribe(WHOLE);
            std::thread::yield_now();
            let mut last = None;
            while let Some(received) = subscription.try_next() {
                let n = received.item.au.key.time.as_90k() / 3000;
                match (last, received.gap) {
                    (None, _) => assert_eq!(n % 10, 0, "it begins with an IDR"),
                    (Some(last), None) => assert_eq!(n, last + 1),
                    // Who is held up while the queue fills is told what is missing.
                    (Some(last), Some(gap)) => assert_eq!(n, last + 1 + gap.items as i64),
                }
                last = Some(n);
            }
            subscriptions += 1;
        }
    });
}
