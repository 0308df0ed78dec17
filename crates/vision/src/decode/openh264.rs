//! H.264 by openh264, which razz has in itself.

use openh264::OpenH264API;
use openh264::decoder::{DecodedYUV, DecoderConfig, Flush};
use openh264::formats::YUVSource;

use super::codec::{Codec, Out, Raw};
use crate::picture::Plane;

/// A decoder of openh264, with error concealment off.
pub(super) struct OpenH264 {
    decoder: openh264::decoder::Decoder,
    /// Nothing was decoded since it was made.
    is_fresh: bool,
}

impl OpenH264 {
    pub(super) fn new() -> Result<Self, String> {
        Ok(Self { decoder: start()?, is_fresh: true })
    }
}

impl Codec for OpenH264 {
    fn decode(&mut self, data: &[u8], tag: u64, out: Out<'_>) -> Result<(), String> {
        self.is_fresh = false;
        let decoded = match self.decoder.decode(data) {
            Ok(Some(decoded)) => decoded,
            Ok(None) => return Err("no picture came out".to_owned()),
            Err(error) => return Err(error.to_string()),
        };
        let planes = planes(&decoded).ok_or("the picture has no pixels")?;
        out(tag, &Raw::plain(planes));
        Ok(())
    }

    /// A fresh one is made, so that nothing of a damaged state survives.
    fn restart(&mut self) -> Result<(), String> {
        if !self.is_fresh {
            *self = Self::new()?;
        }
        Ok(())
    }

    fn drain(&mut self, _: Out<'_>) {}

    fn orders(&self) -> bool {
        false
    }
}

fn start() -> Result<openh264::decoder::Decoder, String> {
    // DecoderConfig's defaults: one thread, error concealment off. No flushing: see `baseline`.
    let config = DecoderConfig::new().flush_after_decode(Flush::NoFlush);
    openh264::decoder::Decoder::with_api_config(OpenH264API::from_source(), config)
        .map_err(|error| error.to_string())
}

/// Where openh264 has the picture; `None` when it is empty or its sides are odd: 4:2:0 crops by
/// whole chroma samples (table 6-1).
fn planes<'a>(decoded: &'a DecodedYUV<'_>) -> Option<[Plane<'a>; 3]> {
    let (width, height) = decoded.dimensions();
    if width == 0 || height == 0 || width % 2 != 0 || height % 2 != 0 {
        return None;
    }
    let (luma_stride, cb_stride, cr_stride) = decoded.strides();
    let (chroma_width, chroma_height) = (width / 2, height / 2);
    let plane = |data, stride, width, height| Plane { data, stride, width, height };
    Some([
        plane(decoded.y(), luma_stride, width, height),
        plane(decoded.u(), cb_stride, chroma_width, chroma_height),
        plane(decoded.v(), cr_stride, chroma_width, chroma_height),
    ])
}
