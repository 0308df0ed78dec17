//! The pool with real detectors and pictures of one colour.

use razz_base::{FrameKey, MonoTime, Size, WallQuality, WallTime};
use razz_vision::{Colour, DetectorSettings, Matrix, ModelSource, Plane};

use super::*;
use crate::inbox::Mailbox;

/// A grey picture of a camera.
fn picture(camera: u32) -> Picture {
    let key = FrameKey { camera: CameraId::new(camera).unwrap(), time: MediaTime::from_90k(7) };
    let wall = WallTime { us: 0, quality: WallQuality::Arrival };
    let colour = Colour { matrix: Matrix::Bt709, full_range: false, stated: true };
    let plane = |side| Plane { data: &[128; 16], stride: side, width: side, height: side };
    let (now, size) = (MonoTime::from_us(0), Size::new(4, 4));
    let planes = [plane(4), plane(2), plane(2)];
    Picture::from_planes(key, wall, now, size, colour, planes).unwrap()
}

#[test]
fn a_batch_takes_one_picture_of_each_camera_that_waits() {
    let pool = Pool::start("test".to_owned(), None, 1, Clock::start());
    lock(&pool.queue).state = ModelState::Ready { engine: "test".to_owned(), remarks: Vec::new() };
    let mailbox = Mailbox::default();
    let reply = mailbox.reply(|result| result);
    let mut slots = Vec::new();
    for (offered, most, runs) in [
        (&[1, 2, 3, 4][..], 3, &[3, 1][..]),
        // The newest picture of a camera only.
        (&[5, 5, 6], 3, &[2]),
        (&[1, 2], 1, &[1, 1]),
    ] {
        for camera in offered {
            pool.offer(picture(*camera), 6.0, &reply);
        }
        let mut served = Vec::new();
        for run in runs {
            assert!(pool.next(0, most, None, &mut slots));
            assert_eq!(slots.len(), *run, "{offered:?}");
            let cameras: Vec<_> = slots.drain(..).map(|slot| slot.picture.key.camera).collect();
            pool.looked(&cameras, 1);
            served.extend(cameras.iter().map(|camera| camera.as_u32()));
        }
        // Whose turn it is is the scheduler's to say.
        served.sort_unstable();
        let mut wanted = offered.to_vec();
        wanted.dedup();
        assert_eq!(served, wanted);
    }
    pool.close();
    assert!(!pool.next(0, 3, None, &mut slots));
}

/// Whether the picture that was next at the detector could be looked at; `None` while nobody has
/// said.
fn answer_in(mailbox: &Mailbox) -> Option<bool> {
    mailbox.results().iter().find_map(|result| match result {
        Found::Done { .. } => Some(true),
        Found::Failed(_) => Some(false),
        Found::Started(_) => None,
    })
}

/// Loads the demo's detector, and counts how often. One more than `limit` is refused.
fn demo(limit: usize) -> (Load, Arc<Mutex<Vec<WorkerShare>>>) {
    let parts = Arc::new(Mutex::new(Vec::new()));
    let loaded = Arc::clone(&parts);
    let load = move |part: WorkerShare| {
        lock(&loaded).push(part);
        if lock(&loaded).len() > limit {
            return Err("no memory".to_owned());
        }
        let source = ModelSource::Bytes { name: "demo", data: razz_scene::DEMO_MODEL };
        let engine = EngineChoice::Rten;
        let settings = DetectorSettings { engine, threads: part.threads, ..Default::default() };
        Detector::load(source, &settings).map_err(|error| error.to_string())
    };
    (Arc::new(load), parts)
}

fn until(what: &str, done: impl Fn() -> bool) {
    let begun = Clock::start();
    while !done() {
        assert!(begun.uptime() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn crews_of_several_sizes_serve_one_after_the_other() {
    let (load, parts) = demo(5);
    let pool = Pool::start("test".to_owned(), Some(load), 2, Clock::start());
    until("the model is ready", || matches!(pool.state(), ModelState::Ready { .. }));
    let mailbox = Mailbox::default();
    let reply = mailbox.reply(|result| result);
    let mut answered = 0;
    let mut looks = |count: usize| {
        for n in 0..count {
            pool.offer(picture(1 + n as u32 % 3), 6.0, &reply);
            until("an answer", || answer_in(&mailbox) == Some(true));
            answered += 1;
        }
    };
    looks(3);
    for (workers, loaded) in [(2, 3), (1, 4)] {
        pool.form(&mut lock(&pool.queue), workers, Some(EngineChoice::Rten));
        until("the crew is on duty", || pool.workers() == workers);
        assert_eq!(lock(&parts).len(), loaded);
        looks(6);
    }
    // The first of two loads, the second does not: all stays as it is.
    pool.form(&mut lock(&pool.queue), 2, Some(EngineChoice::Rten));
    until("the crew is given up", || {
        lock(&parts).len() == 6 && lock(&pool.queue).forming.is_none()
    });
    assert_eq!(pool.workers(), 1);
    looks(3);
    assert_eq!(answered, 18);
    let threads: Vec<usize> = lock(&parts).iter().map(|part| part.threads).collect();
    assert_eq!(threads, [2, 1, 1, 2, 1, 1]);
    let infer = |pool: &Pool| pool.stage_times().seconds()[3];
    assert!(infer(&pool).1 > 0.0, "{:?}", infer(&pool));
    pool.close();
    until("the threads end", || Arc::strong_count(&pool) == 1);
}

#[test]
fn an_engine_that_is_lost_gives_way_to_the_next_and_the_last_one_stays() {
    let (load, parts) = demo(usize::MAX);
    let pool = Pool::start("test".to_owned(), Some(load), 2, Clock::start());
    until("the model is ready", || matches!(pool.state(), ModelState::Ready { .. }));
    let engines = || lock(&parts).iter().map(|part| part.engine).collect::<Vec<_>>();
    let on_duty = || lock(&pool.queue).on_duty;
    // Of another crew, which has gone meanwhile.
    pool.lost(7, "ort/openvino", "test");
    assert_eq!((engines(), on_duty()), (vec![None], 1));
    pool.lost(1, "ort/openvino", "test");
    until("the next engine serves", || on_duty() == 2);
    pool.lost(2, "ort/cpu", "test");
    until("the last engine serves", || on_duty() == 3);
    pool.lost(3, "rten", "test");
    let expected = [None, Some(EngineChoice::OrtCpu), Some(EngineChoice::Rten)];
    assert_eq!((engines(), on_duty()), (expected.to_vec(), 3));
    let mailbox = Mailbox::default();
    let reply = mailbox.reply(|result| result);
    pool.offer(picture(1), 6.0, &reply);
    until("an answer", || answer_in(&mailbox) == Some(true));
    pool.close();
}

#[test]
fn a_picture_that_waits_is_freshened_and_one_that_is_taken_is_not() {
    let pool = Pool::start("test".to_owned(), None, 1, Clock::start());
    lock(&pool.queue).state = ModelState::Ready { engine: "test".to_owned(), remarks: Vec::new() };
    let mailbox = Mailbox::default();
    let reply = mailbox.reply(|result| result);
    let at = |ticks| {
        let mut picture = picture(1);
        picture.key.time = MediaTime::from_90k(ticks);
        picture
    };
    let time = MediaTime::from_90k;
    assert!(!pool.freshen(time(0), at(3)));
    assert!(!pool.offer(at(6), 6.0, &reply), "nothing waited");
    assert!(pool.offer(at(7), 6.0, &reply), "the one before gives way");
    assert!(pool.freshen(time(7), at(8)));
    assert!(!pool.freshen(time(7), at(9)), "another one waits");
    let mut slots = Vec::new();
    assert!(pool.next(0, 3, None, &mut slots));
    assert_eq!(slots.iter().map(Slot::time).collect::<Vec<_>>(), [time(8)]);
    assert!(!pool.freshen(time(8), at(9)));
    assert!(lock(&pool.queue).slots.is_empty());
}

#[test]
fn a_camera_has_one_picture_at_a_worker() {
    let pool = Pool::start("test".to_owned(), None, 2, Clock::start());
    lock(&pool.queue).state = ModelState::Ready { engine: "test".to_owned(), remarks: Vec::new() };
    let mailbox = Mailbox::default();
    let reply = mailbox.reply(|result| result);
    let (mut mine, mut others) = (Vec::new(), Vec::new());
    pool.offer(picture(1), 6.0, &reply);
    assert!(pool.next(0, 3, None, &mut mine));
    pool.offer(picture(1), 6.0, &reply);
    pool.offer(picture(2), 6.0, &reply);
    assert!(pool.next(0, 3, None, &mut others));
    let cameras = |slots: &[Slot]| -> Vec<u32> {
        slots.iter().map(|slot| slot.picture.key.camera.as_u32()).collect()
    };
    assert_eq!((cameras(&mine), cameras(&others)), (vec![1], vec![2]));
    let looked_at: Vec<_> = mine.drain(..).map(|slot| slot.picture.key.camera).collect();
    pool.looked(&looked_at, 1);
    assert!(pool.next(0, 3, None, &mut mine));
    assert_eq!(cameras(&mine), [1]);
}
