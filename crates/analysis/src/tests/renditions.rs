//! Encodings that viewers want, made of a real camera's pictures.

use razz_base::Rung;
use razz_hub::stream::Subscription;
use razz_media::ring::Unit;
use razz_vision::{Decoder, Picture};

use super::*;
use crate::renditions::IDR_EVERY_US;

const POLICY: Policy = Policy::FromKey { max_items: 100, max_bytes: 1 << 24 };

/// Some pictures are left out to keep the bit rate.
const SOON: Duration = Duration::from_millis(500);

fn next(units: &Subscription, within: Duration) -> Option<Arc<Unit>> {
    units.subscriber().next_within(within).map(|received| received.item)
}

fn shown(decoder: &mut Decoder, unit: &Unit) -> Picture {
    decoder.decode(&unit.au, true).expect("it is whole").expect("none is out of order")
}

#[test]
fn what_is_wanted_is_made_of_the_very_pictures_and_begins_at_once() {
    let pictures = film(200..300);
    let mut bench = Bench::of_street(false);
    let renditions = Arc::clone(&bench.camera.renditions);
    // Half of a GOP of 30 has passed since its key frame.
    for frame in &pictures[..45] {
        bench.publish(frame);
    }
    let units = renditions.stream(Rung::P180).subscribe(POLICY);
    let want = renditions.want(Rung::P180);
    let mut decoder = Decoder::new();
    let first = next(&units, WITHIN).expect("a picture is encoded");
    assert!(first.au.idr, "nothing was there before");
    let at = |unit: &Unit| unit.au.key.time.as_90k() / 3000;
    assert!(
        (42..45).contains(&at(&first)),
        "the newest pictures of the GOP at hand: {}",
        at(&first)
    );
    assert_eq!(shown(&mut decoder, &first).size, Size::new(320, 180));
    let mut last = at(&first);
    let (mut made, mut idrs) = (0, 0);
    for (n, pair) in pictures[45..].chunks_exact(2).enumerate() {
        if n == 10 {
            // The rule that is measured: one IDR in so long is enough for all who ask.
            std::thread::sleep(Duration::from_micros(IDR_EVERY_US.unsigned_abs()));
            let after = MediaTime::from_90k((last + 2) * 3000);
            renditions.want_idr(Rung::P180, Some(after));
        }
        pair.iter().for_each(|frame| {
            bench.publish(frame);
        });
        let Some(unit) = next(&units, SOON) else { continue };
        assert!(
            at(&unit) > last && (at(&unit) - at(&first)) % 2 == 0,
            "{} after {last}",
            at(&unit)
        );
        made += 1;
        last = at(&unit);
        assert_eq!((unit.au.run, unit.au.size()), (RunId(1), Size::new(320, 180)));
        let picture = shown(&mut decoder, &unit);
        assert_eq!(picture.key.time, unit.au.key.time);
        idrs += usize::from(unit.au.idr);
    }
    assert_eq!(idrs, 1, "the one that was asked for");
    assert!(made >= 15, "{made} of 27 that were due");
    let made = renditions.snapshot(bench.clock.mono());
    let [rung] = made.rungs[..] else { panic!("{made:?}") };
    assert_eq!((rung.rung, rung.viewers, rung.idrs), (Rung::P180, 1, 2));
    assert!(rung.cpu_seconds > 0.0 && made.decode_cpu_seconds > 0.0, "{made:?}");
    drop(want);
    assert_eq!(renditions.snapshot(bench.clock.mono()).rungs[0].viewers, 0);
}

#[test]
fn a_camera_that_is_not_analysed_has_them_as_well() {
    let pictures = film(200..230);
    let bench = Bench::of_street(false);
    let settings = AnalysisSettings { rate: DetectRate::Off, ..bench.settings.clone() };
    bench.analysis.reconfigure(settings);
    let renditions = Arc::clone(&bench.camera.renditions);
    let units = renditions.stream(Rung::Full).subscribe(POLICY);
    let _want = renditions.want(Rung::Full);
    let mut bench = bench;
    let mut made = 0;
    for frame in &pictures {
        let time = bench.publish(frame);
        let Some(unit) = next(&units, SOON) else { continue };
        assert_eq!((unit.au.key.time, unit.au.size()), (time, Size::new(640, 360)));
        made += 1;
    }
    assert!(made >= 15, "{made} of 30");
}
