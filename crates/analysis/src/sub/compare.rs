//! Compares key frames of the main stream with the pictures of the sub-stream, once in a while: where
//! one belongs among the others says how the two timelines lie.

use razz_base::{AccessUnit, Decodable, MediaTime, MonoTime};
use razz_vision::{Decoders, Glance, Moments, Plane};
use tracing::debug;

/// Between two rounds of comparisons.
const EVERY_US: i64 = 30_000_000;
/// After a round that found nothing, since nothing moved.
const AGAIN_US: i64 = 10_000_000;
/// Comparisons of a round that shall succeed...
const WANTED: u32 = 3;
/// ...and that may fail.
const MAY_FAIL: u32 = 3;
/// Pictures of the sub-stream come for so long before a key frame is taken.
const BEFORE_US: i64 = 1_500_000;
/// And so much of its own time goes on after it.
const AFTER_US: i64 = 1_500_000;
/// A comparison that has waited for so long will not come to anything.
const LONGEST_US: i64 = 4_000_000;

/// What of the two streams' pictures is at hand.
pub(super) struct Comparison {
    decoders: Decoders,
    decodable: Decodable,
    moments: Moments,
    round: Round,
    /// A key frame of the main stream, until the sub-stream has gone on far enough.
    key: Option<Key>,
}

struct Key {
    time: MediaTime,
    glance: Glance,
    since: MonoTime,
}

#[derive(Clone, Copy)]
enum Round {
    /// The next begins then.
    Waits(MonoTime),
    /// Pictures have been kept since then.
    Runs { since: MonoTime, found: u32, failed: u32 },
}

impl Comparison {
    pub(super) fn new(decoders: Decoders) -> Self {
        let decodable = decoders.decodable();
        let (moments, round) = (Moments::default(), Round::Waits(MonoTime::from_us(i64::MIN)));
        Self { decoders, decodable, moments, round, key: None }
    }

    /// What is known holds no longer: another round begins at once.
    pub(super) fn begin_anew(&mut self) {
        self.round = Round::Waits(MonoTime::from_us(i64::MIN));
        self.stop();
    }

    fn stop(&mut self) {
        self.moments.clear();
        self.key = None;
    }

    /// The sub-stream's picture of `time` was decoded.
    pub(super) fn see_sub(&mut self, time: MediaTime, luma: Plane<'_>, now: MonoTime) {
        if let Round::Waits(until) = self.round
            && now >= until
        {
            self.round = Round::Runs { since: now, found: 0, failed: 0 };
        }
        if matches!(self.round, Round::Runs { .. }) {
            if self.moments.newest().is_some_and(|newest| time <= newest) {
                self.stop();
            }
            self.moments.add(time, luma);
        }
    }

    /// A frame of the main stream is here. Decodes it where it is a key frame that is to be compared.
    pub(super) fn see_main(&mut self, au: &AccessUnit, now: MonoTime) {
        let Round::Runs { since, .. } = self.round else { return };
        let due = au.idr && self.key.is_none() && now.since_us(since) >= BEFORE_US;
        if !due || au.format.reorders || au.format.not_decoded(self.decodable).is_some() {
            return;
        }
        let mut glance = None;
        // A decoder of its own each time: it would keep megabytes for a picture in half a minute.
        let decoded = self.decoders.decoder().decode_and_look(au, false, &mut |luma| {
            glance.get_or_insert_with(Glance::default).take_luma(luma);
        });
        match (decoded, glance) {
            (Ok(_), Some(glance)) => {
                self.key = Some(Key { time: au.key.time, glance, since: now });
            }
            (Err(error), _) => debug!(frame = %au.key, "not compared: {error}"),
            (Ok(_), None) => {}
        }
    }

    /// The outcome of a comparison that is due by now: main time minus sub time, in µs. `offset_us` is what
    /// is known of it.
    pub(super) fn outcome(&mut self, offset_us: i64, now: MonoTime) -> Option<i64> {
        let Round::Runs { since, found, failed } = self.round else { return None };
        let key = self.key.as_ref()?;
        let newest = self.moments.newest()?;
        let ahead_us = newest.since_us(key.time).saturating_add(offset_us);
        if ahead_us < AFTER_US && now.since_us(key.since) < LONGEST_US {
            return None;
        }
        let at = self.moments.of(&key.glance);
        let outcome = at.map(|at| key.time.since_us(at));
        self.key = None;
        let (found, failed) = match outcome {
            Some(_) => (found + 1, failed),
            None => (found, failed + 1),
        };
        self.round = if found >= WANTED || failed >= MAY_FAIL {
            self.stop();
            Round::Waits(now.plus_us(if found > 0 { EVERY_US } else { AGAIN_US }))
        } else {
            Round::Runs { since, found, failed }
        };
        outcome
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use razz_base::{CameraId, Codec, FrameKey, RunId, Size, StreamFormat, WallQuality, WallTime};

    use super::*;
    use crate::tests::film;

    /// The sub-stream's own time at the main stream's 0, in ticks.
    const SUB_BEGINS: i64 = 777_000;

    fn access_unit(annex_b: Vec<u8>, idr: bool, n: i64) -> AccessUnit {
        let camera = CameraId::new(1).expect("1 is a number of a camera");
        AccessUnit {
            key: FrameKey { camera, time: MediaTime::from_90k(n * 3000) },
            run: RunId(1),
            format: StreamFormat::new(Codec::H264, Size::new(640, 360)),
            data: Bytes::from(annex_b),
            idr,
            lost_packets: 0,
            wall: WallTime { us: 0, quality: WallQuality::Arrival },
            received: MonoTime::from_us(0),
        }
    }

    /// What comparisons find in twelve seconds of a street in which these frames are seen, where what is
    /// known of the offset is wrong by so much.
    fn outcomes(frames: impl Iterator<Item = u64>, wrong_us: i64) -> (Vec<i64>, usize) {
        let decoders = Decoders::builtin();
        let mut decoder = decoders.decoder();
        let mut comparison = Comparison::new(decoders);
        let (mut found, mut keys) = (Vec::new(), 0);
        for (n, frame) in (0..).zip(film(frames)) {
            let now = MonoTime::from_us(n * 33_333);
            let au = access_unit(frame.annex_b, frame.idr, n);
            let picture = decoder.decode(&au, true).unwrap().unwrap();
            if n % 2 == 0 {
                let own = MediaTime::from_90k(SUB_BEGINS + n * 3000);
                comparison.see_sub(own, picture.luma(), now);
            }
            comparison.see_main(&au, now);
            let waiting = comparison.key.is_some();
            found.extend(comparison.outcome(-SUB_BEGINS * 100 / 9 + wrong_us, now));
            keys += usize::from(waiting && comparison.key.is_none());
        }
        (found, keys)
    }

    #[test]
    fn key_frames_say_how_the_timelines_lie() {
        let expected = -SUB_BEGINS * 100 / 9;
        for wrong_us in [0, 900_000, -900_000] {
            let (found, _) = outcomes(200..560, wrong_us);
            assert!(found.len() >= 3, "{found:?}");
            for offset_us in &found {
                let off_us = (offset_us - expected).abs();
                assert!(off_us < 15_000, "{off_us} µs off, of {found:?}");
            }
        }
    }

    #[test]
    fn where_nothing_moves_nothing_is_said_and_little_is_decoded() {
        let (found, keys) = outcomes((0..360).map(|_| 200), 0);
        assert!(found.is_empty(), "{found:?}");
        assert_eq!(keys, MAY_FAIL as usize, "then it pauses");
    }
}
