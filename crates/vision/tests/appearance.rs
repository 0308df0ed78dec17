//! What the embedders can tell apart, on the people of a real clip.

mod support;

use std::collections::BTreeMap;

use razz_base::{Detection, Embedding, Rect};
use razz_vision::{Decoder, Embedder, EngineChoice, OnnxEmbedder, builtin_embedder};
use support::{mp4, note, read_json, reference, testdata};

/// Frames looked at: one in ten, so three a second.
const STEP: usize = 10;

/// People of the reference by overlap from frame to frame: an id for each box, as long as it is not
/// near another.
fn people(frames: &[Vec<Detection>]) -> Vec<Vec<(usize, Rect)>> {
    let mut alive: Vec<(usize, Rect)> = Vec::new();
    let mut next = 0;
    frames
        .iter()
        .map(|boxes| {
            let mut now = Vec::new();
            for one in boxes.iter().filter(|one| one.class.0 == 0 && one.score > 0.5) {
                let near = |r: &Rect| r.iou(&one.bbox);
                let crowded =
                    boxes.iter().filter(|o| o.class.0 == 0 && near(&o.bbox) > 0.05).count() > 1;
                let best = alive.iter().max_by(|a, b| near(&a.1).total_cmp(&near(&b.1)));
                let id = match best {
                    Some((id, bbox)) if near(bbox) > 0.7 => *id,
                    _ => {
                        next += 1;
                        next
                    }
                };
                now.push((id, one.bbox, crowded));
            }
            alive = now.iter().map(|(id, bbox, _)| (*id, *bbox)).collect();
            now.into_iter().filter(|(_, _, crowded)| !crowded).map(|(id, b, _)| (id, b)).collect()
        })
        .collect()
}

struct Similarities {
    same: Vec<f64>,
    different: Vec<f64>,
}

impl Similarities {
    /// The share of pairs of one of each in which the same person is the more similar.
    fn area(&self) -> f64 {
        let wins: usize = self.same.iter().map(|s| self.different.partition_point(|d| d < s)).sum();
        wins as f64 / (self.same.len() * self.different.len()) as f64
    }

    fn quantile(values: &[f64], part: f64) -> f64 {
        values[((values.len() - 1) as f64 * part) as usize]
    }
}

/// The same person one second later, and different people in one frame.
fn measure(embedder: &mut dyn Embedder, data: &std::path::Path) -> Similarities {
    let want = read_json(&data.join("clips/people-walking.yolo11n.json"));
    let frames: Vec<_> = want["frames"].as_array().unwrap().iter().map(reference).collect();
    let people = people(&frames);
    let mut decoder = Decoder::new().unwrap();
    let mut seen: Vec<BTreeMap<usize, Embedding>> = Vec::new();
    let mut result = Similarities { same: Vec::new(), different: Vec::new() };
    for (i, unit) in mp4::read(&data.join("clips/people-walking.mp4")).iter().enumerate() {
        let picture = decoder.decode(unit, i % STEP == 0).unwrap();
        let Some(picture) = picture else { continue };
        let boxes: Vec<Rect> = people[i].iter().map(|(_, bbox)| *bbox).collect();
        let embeddings = embedder.embed(&picture, &boxes);
        assert_eq!(embeddings.len(), boxes.len());
        let now: BTreeMap<usize, Embedding> = people[i]
            .iter()
            .zip(embeddings)
            .filter_map(|((id, _), embedding)| Some((*id, embedding?)))
            .collect();
        for (id, one) in &now {
            result.different.extend(now.range(id + 1..).map(|(_, other)| one.similarity(other)));
        }
        if let Some(before) = seen.len().checked_sub(3).map(|at| &seen[at]) {
            let both = now.iter().filter_map(|(id, one)| Some(one.similarity(before.get(id)?)));
            result.same.extend(both);
        }
        seen.push(now);
    }
    result.same.sort_by(f64::total_cmp);
    result.different.sort_by(f64::total_cmp);
    result
}

fn report(name: &str, s: &Similarities) {
    let line = |values: &[f64]| {
        let q = |part| Similarities::quantile(values, part);
        format!("{:.2} / {:.2} / {:.2} ({})", q(0.05), q(0.5), q(0.95), values.len())
    };
    note(&format!(
        "{name}: cosine similarity, 5 / 50 / 95 %: same person after 1 s {}, different people of a \
         frame {}; same above different {:.3}",
        line(&s.same),
        line(&s.different),
        s.area()
    ));
}

#[test]
fn the_builtin_embedder_tells_people_apart() {
    let Some(data) = testdata("the_builtin_embedder_tells_people_apart") else { return };
    let similarities = measure(builtin_embedder().as_mut(), &data);
    report("builtin", &similarities);
    assert!(similarities.same.len() > 40 && similarities.different.len() > 200);
    assert!(similarities.area() > 0.97, "{}", similarities.area());
    assert!(Similarities::quantile(&similarities.same, 0.05) > 0.7);
    assert!(Similarities::quantile(&similarities.different, 0.5) < 0.4);
}

#[test]
fn osnet_tells_people_apart() {
    let Some(data) = testdata("osnet_tells_people_apart") else { return };
    let model = data.join("models/osnet_x0_25_msmt17.onnx");
    let mut osnet = OnnxEmbedder::load(&model, EngineChoice::Rten, 2).unwrap();
    let similarities = measure(&mut osnet, &data);
    report("OSNet x0.25", &similarities);
    assert!(similarities.area() > 0.9, "{}", similarities.area());
}
