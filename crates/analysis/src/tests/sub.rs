//! A camera whose sub-stream is detected on.

use razz_base::{DetectFrom, MonoTime, Rect};
use razz_observe::clock::Clock;

use super::*;

/// The sub-stream's own time, in ticks, at the main stream's 0.
const SUB_BEGINS: i64 = 123_456_789;
/// Frames of the main stream after which the street comes by again.
const LAP: i64 = 120;

impl Bench {
    fn detect_from(&self, from: DetectFrom) {
        self.analysis.reconfigure(AnalysisSettings { from, ..self.settings.clone() });
    }

    /// Publishes a frame of the sub-stream that was taken with frame `n` of the main stream.
    fn publish_sub(&self, frame: &EncodedFrame, n: i64, received: MonoTime) {
        let au = access_unit(frame.annex_b.clone(), SUB_BEGINS + n * 3000, frame.idr);
        self.camera.sub.stream.publish(AccessUnit {
            key: FrameKey { camera: self.camera.id, ..au.key },
            format: StreamFormat::new(Codec::H264, Size::new(640, 360)),
            wall: taken(n),
            run: RunId(7),
            received,
            ..au
        });
    }

    /// Publishes frame `n` of the main stream, of which only the times are of use.
    fn publish_main(&self, n: i64, received: MonoTime) {
        let au = access_unit(vec![0, 0, 1, 0x41, 0x9a], n * 3000, n == 0);
        let key = FrameKey { camera: self.camera.id, ..au.key };
        self.camera.stream.publish(AccessUnit { key, wall: taken(n), received, ..au });
    }

    /// The tracks of frame `n`.
    fn tracks_of(&self, n: i64) -> Arc<Published> {
        loop {
            let next = self.frames.next_within(WITHIN);
            let next = next.unwrap_or_else(|| panic!("no tracks of frame {n}"));
            if next.item.frame.key.time.as_90k() == n * 3000 {
                return next.item;
            }
        }
    }
}

/// When frame `n` was taken, by the camera's clock.
fn taken(n: i64) -> WallTime {
    WallTime { us: 1_700_000_000_000_000 + n * 100_000 / 3, quality: WallQuality::SenderReport }
}

/// Those that the detector saw in this frame.
fn matched(published: &Published) -> Vec<Rect> {
    let tracks = published.frame.tracks.iter();
    tracks.filter(|track| track.state == TrackState::Matched).map(|track| track.bbox).collect()
}

#[test]
fn tracks_of_the_smaller_stream_go_out_on_the_main_streams_frames() {
    // At 15 frames a second, of a street that was seen 30 times a second.
    let pictures = film((200..200 + LAP as u64).step_by(2));
    let street = Street::new(3);
    let bench = Bench::of_street(false);
    bench.detect_from(DetectFrom::Sub);
    let begun = Clock::start();
    // It is asked for as soon as the main stream is there.
    let wanted = bench.camera.sub.wanted();
    let (mut compared, mut fed) = (0, 0);
    // The slower the machine, the fewer pictures are looked at: the street comes by again.
    while compared < 12 {
        assert!(begun.uptime() < WITHIN, "{compared} of {fed} frames compared");
        let n = fed;
        fed += 1;
        // Later than now: so that a frame waits for its detection, however slow the machine.
        let received = bench.clock.mono().plus_us(60_000_000);
        if n % 2 == 0 {
            bench.publish_sub(&pictures[(n % LAP) as usize / 2], n, received);
        }
        bench.publish_main(n, received);
        if n == 0 {
            while !*wanted.borrow() {
                assert!(begun.uptime() < WITHIN, "nobody wants the sub-stream");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        // A frame may wait for the next picture of the sub-stream, which may be nearer to it.
        let n = n - 2;
        if n < 0 {
            continue;
        }
        let published = bench.tracks_of(n);
        assert_eq!(published.frame.size, Size::new(1280, 720), "frame {n}");
        // What is not followed yet is not asked for.
        if n % LAP < 30 {
            continue;
        }
        let near = published.near_ms.unwrap_or_else(|| panic!("frame {n} is said to be exact"));
        assert!((1.0..=250.0).contains(&near), "frame {n}: {near} ms");
        if published.frame.detected {
            // In the main stream's pixels: twice as many as were detected on.
            let truth = street.truth(200 + (n % LAP) as u64);
            let found: Vec<Rect> = matched(&published);
            let right = found
                .iter()
                .filter(|one| truth.iter().any(|true_one| one.iou(&true_one.bbox) > 0.5))
                .count();
            assert!(
                right > 0 && 10 * right >= 8 * found.len(),
                "frame {n}: {right} of {}",
                found.len()
            );
            compared += 1;
        }
    }
    let detection = bench.camera.sub.snapshot(bench.clock.mono()).detection;
    assert!(detection.used && detection.mapping.is_some(), "{detection:?}");
    let decoded = bench.camera.health.analysis().decoded.total();
    let sent = (fed as u64).div_ceil(2);
    assert!(decoded <= sent, "{decoded} pictures of {sent} decoded");
    // And back to the main stream: nothing of the other is wanted any more.
    bench.detect_from(DetectFrom::Main);
    while *wanted.borrow() {
        assert!(begun.uptime() < WITHIN, "the sub-stream is still wanted");
        std::thread::sleep(Duration::from_millis(5));
    }
}
