//! Counting on real sequences, which are no part of the repository: `docs/testing.md` says where they come
//! from. What is demanded here was reached when this was written, less a little; the whole tables are in
//! `docs/design/analytics.md`.

mod evaluation;

use std::collections::BTreeMap;

use evaluation::measure::{PER_SEQUENCE, our_crossings, our_stays};
use evaluation::score::{Tally, ZoneTally, gate};
use evaluation::sequences::{Sequence, Tracks, outside, sequences};
use evaluation::{Crossing, Stay, Track, drawings, truth};
use razz_analytics::Settings;

/// Sequences of cameras that stand still, on which no number was chosen.
fn held_out() -> Vec<Sequence> {
    let root = outside().expect("RAZZ_TESTDATA names the folder of the outside test data");
    let wanted = |s: &Sequence| s.is_held_out() && s.stands_still() && s.set != "dancetrack_oracle";
    sequences(&root).into_iter().filter(wanted).collect()
}

fn gates(tracks: &Tracks, stride: u32, share: f64) -> Tally {
    let mut all = Tally::default();
    for sequence in held_out() {
        let Some(rows) = sequence.rows(tracks, stride) else { continue };
        let gates = drawings::gates(&sequence, PER_SEQUENCE);
        let counted = our_crossings(&sequence, &rows, &gates, Settings::default());
        for (line, counted) in gates.iter().zip(&counted) {
            let of = |tracks: &BTreeMap<u64, Track>| -> Vec<Crossing> {
                tracks.values().flat_map(|t| truth::crossings(t, line, share)).collect()
            };
            let height = f64::from(sequence.size.height);
            let (truth, ignored) = (of(&sequence.truth), of(&sequence.ignored));
            all.add(&gate(&truth, &ignored, counted, sequence.fps, height));
        }
    }
    all
}

#[test]
#[ignore = "needs RAZZ_TESTDATA: MOT17 and MOT15 with their ground truth"]
fn true_tracks_are_counted_right() {
    for (stride, share, least) in [(1, 0.03, 92.0), (1, 0.2, 92.0), (5, 0.03, 90.0), (5, 0.2, 90.0)]
    {
        let tally = gates(&Tracks::Truth, stride, share);
        assert!(tally.f1() >= least, "1/{stride}, truth {share}: {:.1} {tally:?}", tally.f1());
        assert!(tally.error() <= 12.5, "1/{stride}, truth {share}: {:.1} {tally:?}", tally.error());
    }
    let same = gates(&Tracks::Truth, 1, 0.1);
    assert!(same.f1() >= 99.0, "{:.1} {same:?}", same.f1());
}

#[test]
#[ignore = "needs RAZZ_TESTDATA: MOT17 with its ground truth"]
fn true_visits_are_counted_right() {
    for stride in [1, 5] {
        let mut all = ZoneTally::default();
        for sequence in held_out() {
            let rows = sequence.rows(&Tracks::Truth, stride).expect("the truth is there");
            let zones = drawings::zones(&sequence, PER_SEQUENCE);
            let counted = our_stays(&sequence, &rows, &zones, Settings::default());
            for (zone, counted) in zones.iter().zip(&counted) {
                let stays = |t: &Track| truth::stays(t, zone, 0.1, sequence.fps);
                let truth: Vec<Stay> = sequence.truth.values().flat_map(stays).collect();
                all.add_stays(&truth, counted, sequence.fps);
            }
        }
        let [truth, counted] = all.dwell();
        assert!(all.error() <= 8.0, "1/{stride}: {:.1} %", all.error());
        assert!((counted / truth - 1.0).abs() <= 0.1, "1/{stride}: {counted} s, truly {truth} s");
    }
}
