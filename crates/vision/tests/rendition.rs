//! Renditions of a street: their sizes, times, bits and likeness, and that decoders take them.

mod support;

use razz_base::{AccessUnit, MediaTime, Rung, Size};
use razz_media::h264::{Sps, nal_units};
use razz_scene::Street;
use razz_vision::{Decoder, Encoded, Matrix, Picture, Plane, Rendition};
use support::access_unit;
use support::street::film;

/// Four seconds of a street in which things move.
fn pictures() -> Vec<Picture> {
    let mut decoder = Decoder::new();
    let units = film(&Street::new(1), 100..220);
    units.iter().map(|unit| decoder.decode(unit, true).unwrap().unwrap()).collect()
}

fn encode(rung: Rung, pictures: &[Picture]) -> Vec<(MediaTime, Encoded)> {
    let mut rendition = Rendition::new(rung);
    let encode = |picture: &Picture| Some((picture.key.time, rendition.encode(picture).unwrap()?));
    pictures.iter().filter_map(encode).collect()
}

fn unit(time: MediaTime, encoded: &Encoded) -> AccessUnit {
    access_unit(encoded.annex_b.clone(), time.as_90k(), encoded.idr)
}

/// The structural similarity of two planes: the mean over blocks of 8 x 8 (Wang and others 2004,
/// equation 13, without its Gaussian window).
fn ssim(a: Plane<'_>, b: Plane<'_>) -> f64 {
    const C1: f64 = (0.01 * 255.0) * (0.01 * 255.0);
    const C2: f64 = (0.03 * 255.0) * (0.03 * 255.0);
    let (mut sum, mut blocks) = (0.0, 0.0);
    for top in (0..a.height - 7).step_by(8) {
        for left in (0..a.width - 7).step_by(8) {
            let [mut sa, mut sb, mut saa, mut sbb, mut sab] = [0.0; 5];
            for y in top..top + 8 {
                for (p, q) in a.row(y)[left..left + 8].iter().zip(&b.row(y)[left..left + 8]) {
                    let (p, q) = (f64::from(*p), f64::from(*q));
                    (sa, sb) = (sa + p, sb + q);
                    (saa, sbb, sab) = (saa + p * p, sbb + q * q, sab + p * q);
                }
            }
            let (ma, mb) = (sa / 64.0, sb / 64.0);
            let (va, vb, cov) = (saa / 64.0 - ma * ma, sbb / 64.0 - mb * mb, sab / 64.0 - ma * mb);
            sum += (2.0 * ma * mb + C1) * (2.0 * cov + C2)
                / ((ma * ma + mb * mb + C1) * (va + vb + C2));
            blocks += 1.0;
        }
    }
    sum / blocks
}

#[test]
fn a_rung_keeps_times_bits_and_likeness() {
    let pictures = pictures();
    for (rung, size, bits, pictures_at_least, least_ssim) in [
        (Rung::P360, Size::new(640, 360), 500_000, 110, 0.95),
        (Rung::P180, Size::new(320, 180), 150_000, 50, 0.93),
        (Rung::Stills, Size::new(320, 180), 40_000, 6, 0.8),
        (Rung::Full, Size::new(1280, 720), 2_000_000, 110, 0.93),
    ] {
        let encoded = encode(rung, &pictures);
        assert!(encoded.len() >= pictures_at_least, "{rung}: {} pictures", encoded.len());
        assert!(encoded[0].1.idr, "{rung} begins with an IDR");
        let idrs = encoded.iter().filter(|(_, encoded)| encoded.idr).count();
        assert_eq!(idrs, 1, "{rung}");
        // Over any second; the first has its IDR in it.
        for (index, (begin, _)) in encoded.iter().enumerate() {
            let second =
                encoded[index..].iter().take_while(|(time, _)| time.since_us(*begin) < 1_000_000);
            let sent: usize = second.map(|(_, encoded)| encoded.annex_b.len() * 8).sum();
            // The first of two stills is an IDR.
            let allowed = match index {
                0 if rung == Rung::Stills => 2.5,
                0 => 1.6,
                _ => 1.25,
            };
            let share = sent as f64 / f64::from(bits);
            assert!(share <= allowed, "{rung}: {share:.2} of its bits from {begin} on");
        }
        let mut decoder = Decoder::new();
        let mut likeness = Vec::new();
        for (time, encoded) in &encoded {
            assert_eq!(encoded.size, size);
            let decoded = decoder.decode(&unit(*time, encoded), true).unwrap().unwrap();
            assert_eq!((decoded.key.time, decoded.size), (*time, size));
            // Browsers would guess another matrix for so few lines.
            assert_eq!((decoded.colour.matrix, decoded.colour.stated), (Matrix::Bt709, true));
            let source = pictures.iter().find(|picture| picture.key.time == *time).unwrap();
            let halvings = (source.size.width / size.width).ilog2();
            let small = (0..halvings).fold(source.clone(), |picture, _| picture.halved());
            likeness.push(ssim(small.luma(), decoded.luma()));
        }
        let mean = likeness.iter().sum::<f64>() / likeness.len() as f64;
        assert!(mean >= least_ssim, "{rung}: {mean:.3}");
        support::note(&format!("{rung}: {} pictures, SSIM {mean:.3}", encoded.len()));
    }
}

#[test]
fn an_idr_comes_when_it_is_asked_for() {
    let pictures = pictures();
    let mut rendition = Rendition::new(Rung::P360);
    let mut idrs = Vec::new();
    for (index, picture) in pictures.iter().enumerate().take(60) {
        if index == 20 || index == 40 {
            rendition.want_idr();
        }
        if let Some(encoded) = rendition.encode(picture).unwrap() {
            let sets =
                nal_units(&encoded.annex_b).filter(|nal| matches!(nal[0] & 31, 7 | 8)).count();
            assert_eq!(sets, if encoded.idr { 2 } else { 0 }, "parameter sets stand before an IDR");
            idrs.extend(encoded.idr.then_some(index));
        }
    }
    // One that was left out to keep the bit rate puts it off to the next picture.
    assert_eq!(idrs[0], 0);
    assert!(
        idrs.len() == 3 && (20..24).contains(&idrs[1]) && (40..44).contains(&idrs[2]),
        "{idrs:?}"
    );
}

#[test]
fn pictures_of_another_size_begin_anew_and_older_ones_are_passed_over() {
    let pictures = pictures();
    let mut rendition = Rendition::new(Rung::P180);
    assert!(rendition.encode(&pictures[0]).unwrap().unwrap().idr);
    // Fifteen a second of thirty.
    assert!(!rendition.takes(pictures[1].key.time) && rendition.takes(pictures[2].key.time));
    assert!(rendition.encode(&pictures[1]).unwrap().is_none());
    let half = pictures[4].halved();
    let encoded = rendition.encode(&half).unwrap().unwrap();
    assert_eq!((encoded.idr, encoded.size), (true, Size::new(320, 180)));
    let sps = nal_units(&encoded.annex_b).find(|nal| nal[0] & 31 == 7).unwrap();
    assert_eq!(Sps::parse(sps).unwrap().size, Size::new(320, 180));
    assert!(rendition.encode(&pictures[3]).unwrap().is_none(), "of the past");
    // Too small for it: no such rung.
    let small = half.halved().halved();
    assert!(rendition.encode(&small).unwrap().is_none());
}
