//! What is detected in H.265 is what is detected in H.264 of the same pictures, with every decoder.

mod support;

use std::path::Path;

use bytes::Bytes;
use razz_base::{AccessUnit, Codec, Detection, Rect, Size, StreamFormat};
use razz_media::h264::nal_units;
use razz_media::h265;
use razz_scene::{Street, Truth};
use razz_vision::{Decoders, EngineChoice};
use support::street::{average_precision, detector};
use support::{access_unit, note, on_each_decoder, units_of};

on_each_decoder!(boxes_in_h265_are_those_in_h264);

/// The pictures of `data/street-boxes.*` are every twelfth frame of this street, from this one on.
const STREET: u64 = 1;
const FIRST: u64 = 100;
const STEP: u64 = 12;
const PICTURES: usize = 12;
/// They have half the street's width and height.
const SCALE: f64 = 2.0;
/// So far may the mean average precision be off, of 1.
const OFF: f64 = 0.005;
/// People, and cars.
const CLASSES: [u16; 2] = [0, 2];

fn stream(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");
    std::fs::read(Path::new(folder).join(name)).unwrap()
}

/// The access units of a stream of H.265 with one slice to a picture.
fn h265_units(stream: &[u8]) -> Vec<AccessUnit> {
    let format = StreamFormat::new(Codec::H265, Size::new(640, 360));
    let (mut units, mut data) = (Vec::new(), Vec::new());
    for nal in nal_units(stream) {
        data.extend_from_slice(&[0, 0, 0, 1]);
        data.extend_from_slice(nal);
        let kind = h265::nal_type(nal).unwrap();
        if kind.is_vcl() {
            let idr = matches!(kind, h265::NalType::Idr(_));
            let unit = access_unit(std::mem::take(&mut data), 6000 * units.len() as i64, idr);
            let data = Bytes::clone(&unit.data);
            units.push(AccessUnit { format: format.clone(), data, ..unit });
        }
    }
    units
}

/// What the demo's detector finds on each picture, with the truth about it.
fn found(decoders: &Decoders, units: &[AccessUnit]) -> Vec<(Vec<Detection>, Vec<Truth>)> {
    let (mut decoder, mut detector) = (decoders.decoder(), detector(EngineChoice::Rten, 0.05));
    let street = Street::new(STREET);
    let mut pictures = Vec::new();
    for unit in units {
        pictures.extend(decoder.decode(unit, true).unwrap());
    }
    pictures.extend(decoder.flush());
    let look = |(n, picture): (usize, &razz_vision::Picture)| {
        let mut out = Vec::new();
        detector.detect(picture, &mut out).unwrap();
        for one in &mut out {
            let [left, top, right, bottom] = one.bbox.to_array().map(|side| SCALE * side);
            one.bbox = Rect::new(left, top, right, bottom);
        }
        (out, street.truth(FIRST + STEP * n as u64))
    };
    pictures.iter().enumerate().map(look).collect()
}

fn mean_precision(pictures: &[(Vec<Detection>, Vec<Truth>)]) -> f64 {
    let sum: f64 = CLASSES.iter().map(|class| average_precision(pictures, *class)).sum();
    sum / CLASSES.len() as f64
}

fn boxes_in_h265_are_those_in_h264(decoders: &Decoders) {
    let of = |units: &[AccessUnit]| {
        let pictures = found(decoders, units);
        assert_eq!(pictures.len(), PICTURES);
        mean_precision(&pictures)
    };
    let h264 = of(&units_of(&stream("street-boxes.h264")));
    let h265 = of(&h265_units(&stream("street-boxes.h265")));
    note(&format!("mAP against the truth: {h264:.4} in H.264, {h265:.4} in H.265"));
    assert!(h264 > 0.8, "{h264}");
    assert!((h264 - h265).abs() <= OFF, "{h264} in H.264, {h265} in H.265");
}
