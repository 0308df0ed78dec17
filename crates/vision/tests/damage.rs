//! Damaged streams: what comes out is right, or it does not come out.

mod support;

use std::collections::HashMap;

use razz_base::AccessUnit;
use razz_scene::Street;
use razz_vision::{Decoders, Picture};
use support::street::film;
use support::{Random, note, on_each_decoder, units_of};

on_each_decoder!(damaged_streams_give_hardly_a_wrong_picture);

/// Streams that are damaged.
const STREAMS: u64 = 300;

/// Luma, blue and red of a picture.
fn samples(picture: &Picture) -> Vec<u8> {
    let planes = [picture.luma(), picture.cb(), picture.cr()];
    planes.iter().flat_map(|plane| (0..plane.height).flat_map(|y| plane.row(y).to_vec())).collect()
}

/// One of its pictures' bits turned, its end cut off, or the whole of it gone: as a faulty camera or a
/// faulty switch does it, with nothing said of lost packets.
fn damage(units: &mut Vec<AccessUnit>, random: &mut Random) {
    for _ in 0..=random.below(3) {
        let at = random.below(units.len());
        let mut data = units[at].data.to_vec();
        match random.below(4) {
            0 => {
                units.remove(at);
                continue;
            }
            1 => data.truncate(data.len() / 2 + random.below(data.len() / 2)),
            _ => {
                for _ in 0..=random.below(3) {
                    let bit = random.below(8 * data.len());
                    data[bit / 8] ^= 1 << (bit % 8);
                }
            }
        }
        units[at].data = data.into();
    }
}

fn damaged_streams_give_hardly_a_wrong_picture(decoders: &Decoders) {
    let sources =
        [film(&Street::new(1), 0..40), units_of(include_bytes!("data/refresh-cabac.h264"))];
    let whole: Vec<HashMap<_, _>> = sources
        .iter()
        .map(|units| {
            let mut decoder = decoders.decoder();
            let pictures = units.iter().map(|au| decoder.decode(au, true).unwrap().unwrap());
            pictures.map(|picture| (picture.key.time, samples(&picture))).collect()
        })
        .collect();
    let mut random = Random(0x2545_F491_4F6C_DD1D);
    let (mut right, mut wrong, mut bad_streams, mut missing) = (0, 0, 0, 0);
    for n in 0..STREAMS {
        let which = (n % 2) as usize;
        let mut units = sources[which].clone();
        damage(&mut units, &mut random);
        let mut decoder = decoders.decoder();
        let before = wrong;
        for unit in &units {
            match decoder.decode(unit, true) {
                Ok(Some(picture)) if samples(&picture) == whole[which][&picture.key.time] => {
                    right += 1
                }
                Ok(Some(_)) => wrong += 1,
                Ok(None) | Err(_) => missing += 1,
            }
        }
        bad_streams += usize::from(wrong > before);
    }
    let mut decoder = decoders.decoder();
    decoder.decode(&sources[0][0], true).unwrap();
    let name = decoder.name().unwrap();
    note(&format!(
        "{name}: {STREAMS} damaged streams: {right} pictures right, {missing} not there, {wrong} wrong in {bad_streams} streams"
    ));
    // A turned bit may well give another valid stream; no decoder can tell.
    assert!(right > 4000 && missing > 4000, "{right} {missing}");
    assert!(bad_streams <= 15 && wrong * 25 < right, "{wrong} wrong in {bad_streams} streams");
}
