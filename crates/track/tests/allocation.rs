//! An update allocates nothing once the lists have grown to the scene: a counting allocator says
//! so. (What an update asks of the caller, a list of detections to embed, is one allocation.)

use std::collections::BTreeSet;
use std::f64::consts::TAU;

use razz_base::{ClassId, Detection, Embedding, MediaTime, Rect};
use razz_counting::allocations;
use razz_track::{Kind, Reid, Settings, Tracker, Update, build};

/// People who walk up and down, hide now and then, are faint now and then, and are replaced by
/// others after a while: tracks are born, lost, found and removed throughout. It all repeats after
/// 180 frames, so that the lists have seen their longest after a few such rounds.
fn scene(people: usize, frame: i64) -> Vec<Detection> {
    let person = |i: usize| {
        let own = i as i64 * 7;
        let generation = (frame + own * 3) / 90;
        let hidden = (frame + own) % 36 < 4 || (frame + own) % 180 > 140;
        let x = 60.0
            + 90.0 * (i % 20) as f64
            + 25.0 * (frame as f64 * TAU / 180.0 + i as f64).sin()
            + 40.0 * (generation % 2) as f64;
        let y = 100.0 + 110.0 * (i / 20) as f64;
        let score = if (frame + own) % 10 == 0 { 0.35 } else { 0.9 };
        let bbox = Rect::from_center(x, y, 35.0, 90.0);
        (!hidden).then_some(Detection { bbox, class: ClassId(0), score })
    };
    (0..people).filter_map(person).collect()
}

#[test]
fn an_update_allocates_nothing_after_warm_up() {
    for (kind, reid) in [(Kind::ByteTrack, false), (Kind::Hybrid, false), (Kind::Hybrid, true)] {
        for stride in [1, 5] {
            let settings =
                Settings { reid: Reid { enabled: reid, ..Reid::default() }, ..Settings::default() };
            let mut tracker: Box<dyn Tracker> = build(kind, &settings);
            let look = Embedding::normalised(&[1.0; 128]);
            let mut tracks = Vec::new();
            let (mut asked, mut ids) = (0, BTreeSet::new());
            for frame in (0..2700).step_by(stride) {
                let detections = scene(60, frame);
                let at = MediaTime::from_90k(frame * 3000);
                if frame % 180 == 0 {
                    tracker.move_camera([1.0, 0.0, 3.0, 0.0, 1.0, -2.0]);
                }
                let mut wanted = 0;
                let during = allocations(|| {
                    if let Update::NeedEmbeddings(list) = tracker.update(at, &detections) {
                        wanted = list.len();
                    }
                    tracks.clear();
                    tracker.peek_into(at, &mut tracks);
                    tracker.peek_into(at.plus_90k(1500), &mut tracks);
                });
                if wanted > 0 {
                    // Looks are memory by nature: their galleries grow here, not in the update.
                    tracker.resume(&vec![look.clone(); wanted]);
                    asked += 1;
                }
                if frame >= 1800 {
                    // The list of what is asked for is handed out; nothing else is allocated.
                    let most = u64::from(wanted > 0);
                    assert!(during <= most, "{kind:?} reid {reid} frame {frame}: {during}");
                    ids.extend(tracks.iter().map(|t| t.id));
                }
            }
            assert_eq!(reid, asked > 0, "{kind:?}");
            // Tracks came and went meanwhile.
            assert!(ids.len() > 65, "{kind:?} stride {stride}: only {} ids", ids.len());
        }
    }
}
