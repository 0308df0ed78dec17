//! What must hold for any bytes that are decoded. Shared by fuzz targets and tests.
#![allow(dead_code, unreachable_pub)]

use std::collections::HashSet;

use razz_base::{CameraId, FrameKey, MediaTime, MonoTime, WallQuality, WallTime};
use razz_media::h264::nal_units;
use razz_media::h265::{NalType, nal_type, slice_start};
use razz_vision::inside::{Decoded, HevcDecoder, HevcError};

/// `data` as an Annex B byte stream of H.265; answers how many pictures came out.
pub fn hevc(data: &[u8]) -> usize {
    let units = access_units(data);
    let mut decoder = HevcDecoder::new();
    let mut seen = HashSet::new();
    for (at, unit) in units.iter().enumerate() {
        match decoder.decode(unit, at as u64) {
            Ok(due) => due.iter().for_each(|picture| check(picture, at, &mut seen)),
            Err(HevcError::NoSlice) => {}
            Err(HevcError::Failed(what)) => panic!("{what}"),
            Err(error) => assert!(decoder.is_waiting(), "{error}"),
        }
    }
    decoder.flush().iter().for_each(|picture| check(picture, units.len(), &mut seen));
    assert!(decoder.is_waiting());
    seen.len()
}

/// Of an access unit that is in already, once, and whole.
fn check(decoded: &Decoded, newest: usize, seen: &mut HashSet<u64>) {
    assert!(decoded.tag() <= newest as u64 && seen.insert(decoded.tag()), "{}", decoded.tag());
    let key = FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(0) };
    let wall = WallTime { us: 0, quality: WallQuality::Arrival };
    let picture = decoded.picture(key, wall, MonoTime::from_us(0));
    let (width, height) = (picture.size.width as usize, picture.size.height as usize);
    assert!(width > 0 && height > 0 && width * height <= 4096 * 4096, "{width}x{height}");
    let planes = [picture.luma(), picture.cb(), picture.cr()];
    assert_eq!(planes[0].data.len(), width * height);
    let chroma = width.div_ceil(2) * height.div_ceil(2);
    assert!(planes[1..].iter().all(|plane| plane.data.len() == chroma));
}

/// Cuts a byte stream of H.265 where a picture begins (section 7.4.2.4.4).
pub fn access_units(annex_b: &[u8]) -> Vec<Vec<u8>> {
    let mut units: Vec<Vec<u8>> = vec![Vec::new()];
    let mut has_slice = false;
    for nal in nal_units(annex_b) {
        let Some(kind) = nal_type(nal) else { continue };
        let leads = matches!(
            kind,
            NalType::Aud | NalType::Vps | NalType::Sps | NalType::Pps | NalType::Sei(39)
        );
        let first = slice_start(nal).is_some_and(|(_, first)| first);
        if has_slice && (leads || first) {
            units.push(Vec::new());
            has_slice = false;
        }
        has_slice |= kind.is_vcl();
        if let Some(unit) = units.last_mut() {
            unit.extend_from_slice(&[0, 0, 0, 1]);
            unit.extend_from_slice(nal);
        }
    }
    units
}
