//! What is read of MJPEG before it is decoded: each picture is a JPEG file that stands alone.

use razz_base::{AccessUnit, PixelAspect};
use razz_media::h264::{Colour, Matrix};
use razz_media::jpeg::{Header, check_scan};

use super::DecodeError;
use super::frames::{Look, Prepared};

/// As many as H.264's largest level has (table A-1: 139,264 macroblocks): what is larger is nobody's
/// camera, and would take memory to no end.
const MOST_PIXELS: u64 = 139_264 * 256;
/// Narrower pictures are nobody's either, and less than what is read at a time.
const LEAST_SIDE: u32 = 16;

/// JFIF's samples: full-range BT.601.
const LOOK: Look = Look {
    colour: Colour { matrix: Matrix::Bt601, full_range: true, stated: true },
    pixel_aspect: PixelAspect { width: 1, height: 1 },
};

/// Readies a picture. Packets that were lost before it are nothing to it.
pub(super) fn prepare(au: &AccessUnit) -> Result<Prepared<'_>, DecodeError> {
    let (key, run) = (au.key, au.run);
    let Some(header) = Header::read(&au.data) else {
        return Err(DecodeError::NoSlice { key, run, bytes: au.data.len(), codec: au.codec() });
    };
    let (width, height) = (header.size.width, header.size.height);
    let sound = u64::from(width) * u64::from(height) <= MOST_PIXELS
        && width.min(height) >= LEAST_SIDE
        && header.sequential
        && header.bit_depth == 8
        && header.scan.is_some();
    if !sound {
        let what = format!("a JPEG of {width}x{height} and {} bits", header.bit_depth);
        return Err(DecodeError::Damaged { key, run, codec: au.codec(), what });
    }
    // Neither library minds a scan that ends early.
    check_scan(&au.data).map_err(|error| {
        let what = error.to_string();
        DecodeError::Damaged { key, run, codec: au.codec(), what }
    })?;
    Ok(Prepared { data: &au.data, whole: true, look: LOOK, depth: 0, at_once: true })
}
