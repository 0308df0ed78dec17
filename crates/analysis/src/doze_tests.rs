//! A camera that dozes, with decoders that razz ships: what it shows once it has caught up is what it
//! would show if it had decoded everything.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec, Detection, Embedding, FrameKey, MediaTime, MonoTime, Rect, RunId,
    Size, StreamFormat, TrackFrame, WallQuality, WallTime,
};
use razz_engine::{
    Audience, Camera, Counted, Decoded, Driver, Event, Frame, Hands, Idling, Settings,
};
use razz_scene::{Canvas, Encoder, Rate, Street};
use razz_vision::{Decoder, DecoderEngine, Decoders, Glance, Hardware, Picture};

use crate::hands::frame_of;

const GOP: i64 = 30;

/// A decoder, and a detector that finds nothing at once.
struct RealHands {
    decoder: Decoder,
    seen: Glance,
    now: MonoTime,
    decoded: Vec<i64>,
    offered: VecDeque<Picture>,
    idling: Option<Idling>,
}

fn number(time: MediaTime) -> i64 {
    time.as_90k() / 3000
}

impl Hands for RealHands {
    type Picture = Picture;

    fn frame(picture: &Picture) -> Frame {
        frame_of(picture)
    }

    fn now(&self) -> MonoTime {
        self.now
    }

    fn begin_run(&mut self, _: RunId) {}

    fn reset_decoder(&mut self) {
        self.decoder.reset();
    }

    fn begins_at(&mut self, au: &AccessUnit) -> bool {
        self.decoder.begins_at(au)
    }

    fn decode(&mut self, au: &AccessUnit, want: bool) -> Option<Decoded<Picture>> {
        let picture = self.decoder.decode(au, want).expect("nothing is missing or damaged");
        self.decoded.push(number(au.key.time));
        let changed = picture.as_ref().and_then(|picture| {
            let mut glance = Glance::default();
            glance.take(picture);
            self.seen.changed(&glance)
        });
        Some(Decoded { picture, step: None, changed })
    }

    fn has_detector(&self) -> bool {
        true
    }

    fn offer(&mut self, picture: Picture) -> bool {
        self.offered.push_back(picture);
        false
    }

    fn freshen(&mut self, _: MediaTime, _: Picture) -> bool {
        false
    }

    fn embed(&mut self, _: &Picture, boxes: &[Rect]) -> Vec<Option<Embedding>> {
        vec![None; boxes.len()]
    }

    fn publish(&mut self, _: TrackFrame, _: MonoTime, _: Audience) {}

    fn count(&mut self, _: Counted) {}

    fn idles(&mut self, idling: Option<Idling>) {
        self.idling = idling;
    }
}

/// A street in which nothing moves up to picture `still`, and then everything does.
fn street(still: i64, pictures: i64) -> Vec<AccessUnit> {
    let street = Street::new(3);
    let mut encoder =
        Encoder::with_size(Size::new(640, 360), Rate::Constant, GOP as u32).expect("it encodes");
    let mut canvas = Canvas::new();
    street.render(200, &mut canvas);
    let format = StreamFormat::new(Codec::H264, Size::new(640, 360));
    let unit = |n: i64| {
        if n >= still {
            street.render((200 + n - still + 1) as u64, &mut canvas);
        }
        let encoded = encoder.encode(&canvas).expect("it encodes");
        let (time, received) = (MediaTime::from_90k(3000 * n), MonoTime::from_us(n * 33_333));
        AccessUnit {
            key: FrameKey { camera: CameraId::new(1).expect("1 is a number of a camera"), time },
            run: RunId(1),
            format: Arc::clone(&format),
            data: Bytes::from(encoded.annex_b),
            idr: encoded.idr,
            lost_packets: 0,
            wall: WallTime { us: n * 33_333, quality: WallQuality::Arrival },
            received,
        }
    };
    (0..pictures).map(unit).collect()
}

fn samples(picture: &Picture) -> Vec<u8> {
    let planes = [picture.luma(), picture.cb(), picture.cr()];
    planes.iter().flat_map(|plane| (0..plane.height).flat_map(|y| plane.row(y))).copied().collect()
}

fn what_is_seen_after_catching_up_is_what_decoding_everything_shows(decoders: &Decoders) {
    let still = 8 * GOP + 17;
    let units = street(still, still + 50);
    let mut decoder = decoders.decoder();
    let all: BTreeMap<i64, Vec<u8>> = units
        .iter()
        .map(|au| {
            let picture = decoder.decode(au, true).expect("it decodes").expect("it is wanted");
            (number(au.key.time), samples(&picture))
        })
        .collect();
    let tracker = razz_track::build(razz_track::Kind::ByteTrack, &razz_track::Settings::default());
    let id = CameraId::new(1).expect("1 is a number of a camera");
    let hands = RealHands {
        decoder: decoders.decoder(),
        seen: Glance::default(),
        now: MonoTime::from_us(0),
        decoded: Vec::new(),
        offered: VecDeque::new(),
        idling: None,
    };
    let mut driver = Driver::new(Camera::new(id, Settings::default(), tracker), hands);
    let mut looked = Vec::new();
    for (n, au) in (0..).zip(&units) {
        driver.hands().now = au.received;
        driver.handle(Event::AccessUnit { au, after_gap: false, queued: 0, idr_waits: false });
        while let Some(picture) = driver.hands().offered.pop_front() {
            assert!(samples(&picture) == all[&number(picture.key.time)], "picture {n}");
            looked.push(number(picture.key.time));
            driver.hands().seen.take(&picture);
            driver.handle(Event::DetectionStarted(picture.key.time));
            let detections: Vec<Detection> = Vec::new();
            driver.handle(Event::Detections { picture, detections });
        }
        if n == still - 1 {
            assert_eq!(driver.hands().idling, Some(Idling::KeyFrames));
        }
    }
    let decoded = &driver.hands().decoded;
    // Of the last GOPs in which nothing moved nothing but the key frames, then everything.
    let began = still / GOP * GOP;
    let before: Vec<i64> =
        decoded.iter().copied().filter(|n| (began - 3 * GOP..began).contains(n)).collect();
    assert_eq!(before, [began - 3 * GOP, began - 2 * GOP, began - GOP]);
    let after: Vec<i64> = decoded.iter().copied().filter(|n| *n >= began).collect();
    assert_eq!(after, (began..still + 50).collect::<Vec<_>>());
    let moving: Vec<i64> = looked.iter().copied().filter(|n| *n >= still).collect();
    assert_eq!(moving[0], still, "{looked:?}");
    assert!(moving.len() >= 9, "{looked:?}");
}

#[test]
fn on_openh264() {
    what_is_seen_after_catching_up_is_what_decoding_everything_shows(&Decoders::builtin());
}

#[test]
#[ignore = "needs libavcodec: `apt install libavcodec-extra`"]
fn on_ffmpeg() {
    let ffmpeg = Decoders::open(DecoderEngine::Ffmpeg, &Hardware::Off).expect("it is here");
    what_is_seen_after_catching_up_is_what_decoding_everything_shows(&ffmpeg);
}
