//! The demo's detector on streets that are painted here: against what OpenCV and ONNX Runtime make of
//! the same model without razz, one engine against the other, and against the truth.

mod support;

use razz_base::{Detection, Size};
use razz_scene::Street;
use razz_vision::{Colour, Decoder, EngineChoice, Matrix, Picture};
use support::street::{average_precision, detector, film, painted};
use support::{mean_difference, note, on_each_engine, read_json, reference, unmatched};

on_each_engine!(every_box_is_the_references, what_is_there_is_found);

/// `data/street.json` holds what `data/reference.py` found.
fn every_box_is_the_references(engine: EngineChoice) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/street.json");
    let want = read_json(path.as_ref());
    let mut detector = detector(engine, 0.1);
    let (mut boxes, mut out) = (0, Vec::new());
    for (name, rows) in want["images"].as_object().unwrap() {
        let numbers: Vec<u64> =
            name.trim_end_matches(".png").split('-').skip(1).map(|n| n.parse().unwrap()).collect();
        let picture = painted(&Street::new(numbers[0]), numbers[1]);
        detector.detect_rgb(&picture.data, picture.size, &mut out).unwrap();
        let want = reference(rows);
        // Scores at the limit of 0.1 may fall on either side.
        let missing = unmatched(&want, &out, 0.11, 0.01, 0.98);
        let invented = unmatched(&out, &want, 0.11, 0.01, 0.98);
        assert!(
            missing.is_empty() && invented.is_empty(),
            "{} {name}: missing {missing:#?}, not in the reference {invented:#?}",
            detector.engine_name()
        );
        boxes += want.len();
    }
    assert!(boxes > 300, "{boxes}");
}

/// What the detector finds on every ninth frame of the two streets of the demo.
fn found(engine: EngineChoice, confidence: f32) -> Vec<(Vec<Detection>, Vec<razz_scene::Truth>)> {
    let mut detector = detector(engine, confidence);
    let mut all = Vec::new();
    for street in [1, 2].map(Street::new) {
        for frame in (5..Street::PERIOD).step_by(45) {
            let picture = painted(&street, frame);
            let mut out = Vec::new();
            detector.detect_rgb(&picture.data, picture.size, &mut out).unwrap();
            all.push((out, street.truth(frame)));
        }
    }
    all
}

#[test]
#[ignore = "needs ONNX Runtime: scripts/onnxruntime.sh fetches it"]
fn both_engines_find_the_same_boxes() {
    let [rten, ort] = [EngineChoice::Rten, EngineChoice::Ort].map(|engine| found(engine, 0.1));
    let mut boxes = 0;
    for (n, ((a, _), (b, _))) in rten.iter().zip(&ort).enumerate() {
        for (one, other) in [(a, b), (b, a)] {
            // Scores at the limit of 0.1 may fall on either side.
            let alone = unmatched(one, other, 0.105, 0.002, 0.99);
            assert!(alone.is_empty(), "picture {n}: {alone:#?}");
            boxes += one.len();
        }
    }
    assert!(boxes > 1000, "{boxes} boxes");
}

fn what_is_there_is_found(engine: EngineChoice) {
    let pictures = found(engine, 0.05);
    let precisions = [0, 2].map(|class| average_precision(&pictures, class));
    note(&format!("average precision of people and cars: {precisions:.3?}"));
    // What was reached when this was written, less a little.
    let floors = [0.91, 0.98];
    for (precision, floor) in precisions.iter().zip(floors) {
        assert!(*precision >= floor, "average precision of people and cars: {precisions:.3?}");
    }
}

/// Means of blocks of 16 by 16 pixels, in which neither the codec's loss nor its halved chroma shows.
fn blocks(rgb: &[u8]) -> Vec<u8> {
    let Size { width, height } = Street::SIZE;
    let (width, height) = (width as usize, height as usize);
    let mut sums = vec![0_u32; 3 * (width / 16) * (height / 16)];
    for (at, value) in rgb.iter().enumerate() {
        let (x, y, channel) = (at / 3 % width, at / 3 / width, at % 3);
        sums[3 * (y / 16 * (width / 16) + x / 16) + channel] += u32::from(*value);
    }
    sums.iter().map(|sum| (sum / 256) as u8).collect()
}

#[test]
fn decoded_colours_are_those_that_were_painted() {
    let street = Street::new(1);
    let mut decoder = Decoder::new();
    let mut rgb = Vec::new();
    for (n, unit) in film(&street, 200..206).iter().enumerate() {
        let picture = decoder.decode(unit, true).unwrap().unwrap();
        picture.write_rgb(&mut rgb);
        let painted = painted(&street, 200 + n as u64).data;
        let difference = mean_difference(&blocks(&rgb), &blocks(&painted));
        // With the colours of another standard it would be more, or this would show nothing.
        let mut other: Picture = picture.clone();
        other.colour = Colour { matrix: Matrix::Bt601, ..picture.colour };
        other.write_rgb(&mut rgb);
        let wrong = mean_difference(&blocks(&rgb), &blocks(&painted));
        note(&format!("frame {n}: off by {difference:.2?}; with BT.601 by {wrong:.2?}"));
        assert!(difference.iter().all(|d| *d < 1.3), "frame {n}: off by {difference:?}");
        assert!(wrong.iter().any(|d| *d > 2.0), "frame {n}: with BT.601 by {wrong:?}");
    }
}
