//! H.265 in Rust alone, against FFmpeg's decoder: every picture of every stream, and what is left of
//! streams that something is missing from.

#[path = "support/hevc.rs"]
mod support;

use razz_media::h264::nal_units;
use razz_media::h265::{NalType, nal_type, picture_type};
use razz_vision::inside::{Decoded, HevcDecoder, HevcError};
use support::{Clip, checksum, clips, units};

fn clip(name: &str) -> Clip {
    clips().into_iter().find(|clip| clip.name == name).unwrap()
}

/// Decodes access units under their places in the stream; those that fail give none.
fn decode<'a>(
    decoder: &mut HevcDecoder,
    units: impl IntoIterator<Item = (usize, &'a Vec<u8>)>,
) -> Vec<Decoded> {
    let mut out: Vec<Decoded> = units
        .into_iter()
        .flat_map(|(at, unit)| decoder.decode(unit, at as u64).unwrap_or_default())
        .collect();
    out.extend(decoder.flush());
    out
}

/// Those pictures that are not what they should be.
fn wrong(clip: &Clip, pictures: &[Decoded]) -> Vec<u64> {
    let differs = |picture: &&Decoded| checksum(picture) != clip.checksum(picture.tag());
    pictures.iter().filter(differs).map(Decoded::tag).collect()
}

fn tags(pictures: &[Decoded]) -> Vec<u64> {
    pictures.iter().map(Decoded::tag).collect()
}

#[test]
fn every_picture_is_ffmpegs() {
    let mut compared = 0;
    for clip in clips() {
        let mut decoder = HevcDecoder::new();
        let mut out = Vec::new();
        for (at, unit) in clip.units.iter().enumerate() {
            let pictures = decoder.decode(unit, at as u64);
            out.extend(pictures.unwrap_or_else(|error| panic!("{} {at}: {error}", clip.name)));
        }
        out.extend(decoder.flush());
        let found: Vec<(u64, u64)> =
            out.iter().map(|picture| (picture.tag(), checksum(picture))).collect();
        assert_eq!(found, clip.pictures, "{}", clip.name);
        compared += found.len();
    }
    assert!(compared > 200, "{compared}");
}

/// Streams with the encoder's checksums are held against those: a picture that differs gives an error.
#[test]
fn every_picture_is_what_its_encoder_had() {
    for name in ["checksums", "wavefronts-16"] {
        let units = units(name);
        let mut decoder = HevcDecoder::new();
        for (at, unit) in units.iter().enumerate() {
            let sums = nal_units(unit).filter(|nal| nal_type(nal) == Some(NalType::Sei(40)));
            assert_eq!(sums.count(), 1, "{name} {at}");
            assert_eq!(tags(&decoder.decode(unit, at as u64).unwrap()), [at as u64], "{name}");
        }
        // And each of them is looked at.
        let mut unit = units[0].clone();
        let last = unit.len() - 2;
        unit[last] ^= 0x10;
        let error = HevcDecoder::new().decode(&unit, 0).unwrap_err();
        assert!(error.to_string().contains("checksum"), "{error}");
    }
}

#[test]
fn without_b_frames_a_picture_comes_out_of_its_own_call() {
    for name in ["main", "slices", "intra-refresh", "weighted", "cropped-10"] {
        let clip = clip(name);
        let mut decoder = HevcDecoder::new();
        for (at, unit) in clip.units.iter().enumerate() {
            assert_eq!(tags(&decoder.decode(unit, at as u64).unwrap()), [at as u64], "{name}");
        }
        assert!(decoder.flush().is_empty(), "{name}");
    }
}

#[test]
fn decoding_begins_at_a_cra_picture_without_those_that_look_back() {
    let clip = clip("open-gop");
    let cra = |unit: &Vec<u8>| picture_type(unit) == Some(NalType::Cra);
    let at = clip.units.iter().position(cra).unwrap();
    let rasl: Vec<u64> = (0..clip.units.len())
        .filter(|at| picture_type(&clip.units[*at]).is_some_and(NalType::is_rasl))
        .map(|at| at as u64)
        .collect();
    let next = at + 1 + clip.units[at + 1..].iter().position(cra).unwrap();
    let skipped = |tag: u64| tag > at as u64 && tag < next as u64 && rasl.contains(&tag);
    assert!((at as u64..next as u64).filter(|tag| skipped(*tag)).count() >= 3, "{rasl:?}");
    // Joined there; and there after a loss that was told.
    for joined in [true, false] {
        let mut decoder = HevcDecoder::new();
        if !joined {
            decode(&mut decoder, clip.units[..2].iter().enumerate().take(2));
            decoder.reset();
        }
        assert!(decoder.is_waiting());
        let out = decode(&mut decoder, clip.units.iter().enumerate().skip(at));
        assert_eq!(wrong(&clip, &out), []);
        let expected: Vec<u64> = clip
            .pictures
            .iter()
            .map(|(tag, _)| *tag)
            .filter(|tag| *tag >= at as u64 && !skipped(*tag))
            .collect();
        assert_eq!(tags(&out), expected);
    }
}

/// The end of a sequence in front of a CRA picture: its RASL pictures are left out, and their numbers may
/// begin anew.
#[test]
fn decoding_begins_anew_after_the_end_of_a_sequence() {
    let mut clip = clip("open-gop");
    let cra = |unit: &Vec<u8>| picture_type(unit) == Some(NalType::Cra);
    let at = clip.units.iter().position(cra).unwrap();
    clip.units[at - 1].extend([0, 0, 1, 0x48, 0x01]);
    let next = at + 1 + clip.units[at + 1..].iter().position(cra).unwrap();
    let mut decoder = HevcDecoder::new();
    let mut out = Vec::new();
    for (place, unit) in clip.units.iter().enumerate() {
        out.extend(decoder.decode(unit, place as u64).unwrap());
    }
    out.extend(decoder.flush());
    assert_eq!(wrong(&clip, &out), []);
    for (place, unit) in clip.units.iter().enumerate().skip(at) {
        let left_out = place < next && picture_type(unit).is_some_and(NalType::is_rasl);
        assert_eq!(tags(&out).contains(&(place as u64)), !left_out, "{place}");
    }
}

#[test]
fn pictures_in_front_of_an_idr_that_do_not_look_back_are_shown() {
    let clip = clip("radl");
    let idr = |unit: &Vec<u8>| matches!(picture_type(unit), Some(NalType::Idr(_)));
    let at = 1 + clip.units[1..].iter().position(idr).unwrap();
    let radl = (at..clip.units.len())
        .filter(|at| picture_type(&clip.units[*at]).is_some_and(NalType::is_radl))
        .count();
    assert!(radl > 0);
    let out = decode(&mut HevcDecoder::new(), clip.units.iter().enumerate().skip(at));
    assert_eq!((wrong(&clip, &out), out.len()), (vec![], clip.units.len() - at));
}

/// Each access unit in turn is left out, and nobody says so.
#[test]
fn a_picture_that_is_missing_never_gives_a_wrong_one() {
    let mut fewer = 0;
    for clip in clips() {
        for left_out in 0..clip.units.len() {
            let units = clip.units.iter().enumerate().filter(|(at, _)| *at != left_out);
            let out = decode(&mut HevcDecoder::new(), units);
            assert_eq!(wrong(&clip, &out), [], "{} without {left_out}", clip.name);
            fewer += u32::from(out.len() + 1 < clip.units.len());
        }
    }
    assert!(fewer > 100, "{fewer}");
}

/// Each slice of streams with several in turn is left out.
#[test]
fn a_slice_that_is_missing_never_gives_a_wrong_picture() {
    for name in ["slices", "slices-wavefronts"] {
        let clip = clip(name);
        for (at, unit) in clip.units.iter().enumerate() {
            let is_slice = |nal: &&[u8]| nal_type(nal).is_some_and(NalType::is_vcl);
            let slices = nal_units(unit).filter(is_slice).count();
            assert!(slices > 2, "{name}");
            for left_out in 0..slices {
                let mut slice = 0;
                let nals = nal_units(unit).filter(|nal| {
                    slice += usize::from(is_slice(nal));
                    !is_slice(nal) || slice != left_out + 1
                });
                let cut: Vec<u8> = nals.flat_map(|nal| [&[0, 0, 1], nal].concat()).collect();
                let mut decoder = HevcDecoder::new();
                for (before, unit) in clip.units[..at].iter().enumerate() {
                    decoder.decode(unit, before as u64).unwrap();
                }
                let error = decoder.decode(&cut, at as u64).unwrap_err();
                assert!(matches!(error, HevcError::Damaged(_)), "{name} {at} {left_out}: {error}");
                assert!(decoder.is_waiting());
                let rest = decode(&mut decoder, clip.units.iter().enumerate().skip(at + 1));
                assert_eq!(wrong(&clip, &rest), [], "{name} {at} {left_out}");
            }
        }
    }
}

#[test]
fn what_is_no_picture_is_said_and_changes_nothing() {
    let clip = clip("main");
    let mut decoder = HevcDecoder::new();
    // From a session description.
    let sets: Vec<u8> = nal_units(&clip.units[0])
        .filter(|nal| nal_type(nal).is_some_and(|kind| !kind.is_vcl()))
        .flat_map(|nal| [&[0, 0, 1], nal].concat())
        .collect();
    decoder.keep_sets(&sets);
    assert_eq!(decoder.decode(&sets, 0).unwrap_err(), HevcError::NoSlice);
    assert_eq!(decoder.decode(&[], 0).unwrap_err(), HevcError::NoSlice);
    let slices: Vec<u8> = nal_units(&clip.units[0])
        .filter(|nal| nal_type(nal).is_some_and(NalType::is_vcl))
        .flat_map(|nal| [&[0, 0, 1], nal].concat())
        .collect();
    let out = decoder.decode(&slices, 0).unwrap();
    assert_eq!((tags(&out), wrong(&clip, &out)), (vec![0], vec![]));
    assert_eq!(decoder.decode(&[0, 0, 1, 0x46, 1, 0x50], 1).unwrap_err(), HevcError::NoSlice);
    let out = decoder.decode(&clip.units[1], 1).unwrap();
    assert_eq!((tags(&out), wrong(&clip, &out)), (vec![1], vec![]));
    // Two pictures in one access unit.
    let two = [&clip.units[2][..], &clip.units[3]].concat();
    assert!(decoder.decode(&two, 2).unwrap_err().to_string().contains("two pictures"));
}

#[test]
fn what_is_not_decoded_is_named() {
    // Sequence parameter sets of x265 and of nobody, each in front of the first picture of "main".
    let hex = |text: &str| -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
        (0..text.len()).step_by(2).map(byte).collect()
    };
    let clip = clip("main");
    for (sps, what) in [
        (
            "4201010408000003009e0800000300003f9000a0402e3e272dd252617ff80008000b5060606040000003004000000642",
            "4:2:0",
        ),
        (
            "42010101600000030090000003000003005da00040020010e165ae493282",
            "8192x4320 with 2 pictures",
        ),
        (
            "42010101600000030090000003000003005da00080080040059610e4932820",
            "4096x4096 with 16 pictures",
        ),
        ("42010101600000030090000003000003005da02081045296b924ca08", "10 bits"),
        ("42010101600000030090000003000003005dc08204165ae4932820", "monochrome"),
    ] {
        let sps = hex(sps);
        let unit: Vec<u8> = nal_units(&clip.units[0])
            .map(|nal| if nal_type(nal) == Some(NalType::Sps) { &sps[..] } else { nal })
            .flat_map(|nal| [&[0, 0, 1], nal].concat())
            .collect();
        let error = HevcDecoder::new().decode(&unit, 0).unwrap_err();
        assert!(matches!(error, HevcError::Unsupported(_)), "{error}");
        assert!(error.to_string().contains(what), "{error}");
    }
}
