//! The originals, id for id: every sequence of the test data against what the original put out.

mod mot;

use razz_base::Embedding;
use razz_track::{ByteTrack, DeepSort, DeepSortSettings, Settings};

#[test]
fn bytetrack_is_the_original_id_for_id() {
    let Some(cases) = mot::cases(None) else { return };
    let mut compared = 0;
    let mut wrong = Vec::new();
    for case in &cases {
        for (name, track_threshold, match_threshold) in
            [("byte_050_08_b30", 0.5, 0.8), ("byte_060_09_b30", 0.6, 0.9)]
        {
            let Some(reference) = case.reference(name) else { continue };
            let settings = Settings { track_threshold, match_threshold, ..Settings::default() };
            let mut tracker = ByteTrack::new(&settings);
            let mut ours = mot::Result::new();
            for frame in 1..=case.length {
                tracker.update(&case.frame(frame));
                for output in tracker.outputs() {
                    ours.entry(frame).or_default().insert(output.id, output.bbox);
                }
            }
            compared += 1;
            if let Err(e) = mot::same(&reference, &ours) {
                wrong.push(format!("{}/{} {name}: {e}", case.set, case.name));
            }
        }
    }
    assert!(compared >= 40, "only {compared} references found");
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn deepsort_is_the_original_id_for_id() {
    let Some(cases) = mot::cases(None) else { return };
    let mut compared = 0;
    let mut wrong = Vec::new();
    for case in &cases {
        let (Some(reference), Some(looks)) =
            (case.reference("deepsort_c30_age30"), case.embeddings())
        else {
            continue;
        };
        let settings = DeepSortSettings::default();
        let mut tracker = DeepSort::new(&settings);
        let mut ours = mot::Result::new();
        for frame in 1..=case.length {
            let detections: Vec<_> = case
                .detections
                .get(&frame)
                .into_iter()
                .flatten()
                .map(|(line, d)| (*d, Embedding::normalised(&looks[*line])))
                .collect();
            tracker.update(&detections);
            for output in tracker.outputs() {
                ours.entry(frame).or_default().insert(output.id, output.bbox);
            }
        }
        compared += 1;
        if let Err(e) = mot::same(&reference, &ours) {
            wrong.push(format!("{}/{}: {e}", case.set, case.name));
        }
    }
    assert!(compared >= 2, "only {compared} references found");
    assert!(wrong.is_empty(), "{} of {compared} differ:\n{}", wrong.len(), wrong.join("\n"));
}
