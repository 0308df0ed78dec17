//! What a run's access units tell of its video: key frames, size, profile, and whether pictures are
//! reordered.

use razz_base::{Codec, Size};
use razz_media::h264::{self, nal_units};
use razz_media::h265;
use razz_viewer::Video;
use tracing::{debug, info};

/// Reads the access units of one run.
pub(super) struct Pictures {
    codec: Codec,
    size: Option<Size>,
    may_reorder: bool,
    reorders: bool,
}

/// What one access unit tells.
pub(super) struct Seen {
    /// It is decodable alone, and nothing after it looks back.
    pub(super) key: bool,
    /// What its sequence parameter set says, if it has one that can be read.
    pub(super) described: Option<Described>,
}

/// What a sequence parameter set says.
pub(super) struct Described {
    pub(super) profile: &'static str,
    pub(super) video: Video,
}

impl Pictures {
    /// None was read yet.
    pub(super) fn new(codec: Codec) -> Self {
        Self { codec, size: None, may_reorder: false, reorders: false }
    }

    /// How they are coded.
    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    /// Their size by the newest sequence parameter set; `None` before the first.
    pub(super) fn size(&self) -> Option<Size> {
        self.size
    }

    /// Whether pictures may come out of order: known before the first one's timestamp steps back.
    pub(super) fn may_reorder(&self) -> bool {
        self.may_reorder
    }

    /// Whether WebRTC cannot show them for that: there were B-frames in H.264, or H.265 says that
    /// decoders have to hold pictures back. (B slices alone tell nothing there: low-delay encoders use
    /// them without reordering.)
    pub(super) fn reorders(&self) -> bool {
        self.reorders
    }

    /// Reads the next access unit.
    pub(super) fn read(&mut self, annex_b: &[u8]) -> Seen {
        match self.codec {
            Codec::H264 => self.read_h264(annex_b),
            Codec::H265 => self.read_h265(annex_b),
        }
    }

    fn read_h264(&mut self, annex_b: &[u8]) -> Seen {
        let mut seen = Seen { key: false, described: None };
        for nal in nal_units(annex_b) {
            match h264::nal_type(nal) {
                Some(h264::NalType::Idr) => seen.key = true,
                Some(h264::NalType::Sps) => match h264::Sps::parse(nal) {
                    Ok(sps) => {
                        self.set_size(sps.size);
                        self.may_reorder |= sps.max_num_reorder_frames.is_some_and(|n| n > 0);
                        let profile = sps.profile_name();
                        let video = Video::H264 { high: profile.contains("High") };
                        seen.described = Some(Described { profile, video });
                    }
                    Err(error) => debug!("unreadable SPS: {error}"),
                },
                _ => {}
            }
        }
        // A slice that cannot be read is the decoder's to judge.
        self.reorders = self.reorders || h264::has_b_slice(annex_b).unwrap_or(false);
        self.may_reorder |= self.reorders;
        seen
    }

    fn read_h265(&mut self, annex_b: &[u8]) -> Seen {
        let mut seen = Seen { key: false, described: None };
        for nal in nal_units(annex_b) {
            match h265::nal_type(nal) {
                Some(h265::NalType::Sps) => match h265::Sps::parse(nal) {
                    Ok(sps) => {
                        self.set_size(sps.size);
                        self.reorders |= sps.may_reorder();
                        self.may_reorder = self.reorders;
                        let profile = sps.profile_tier_level.profile_name();
                        let video = Video::H265(sps.profile_tier_level);
                        seen.described = Some(Described { profile, video });
                    }
                    Err(error) => debug!("unreadable SPS: {error}"),
                },
                Some(kind) => seen.key |= kind.is_key(self.reorders),
                None => {}
            }
        }
        seen
    }

    fn set_size(&mut self, size: Size) {
        if self.size.replace(size).is_some_and(|old| old != size) {
            info!(?size, "the picture's size changed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x265, 640x360, without and with B-frames.
    const H265: &[u8] = &[
        0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
        0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x71, 0xf2, 0xe5, 0xba, 0x4a, 0x4c, 0x2f,
    ];
    const H265_B: &[u8] = &[
        0x42, 0x01, 0x01, 0x01, 0x60, 0x00, 0x00, 0x03, 0x00, 0x90, 0x00, 0x00, 0x03, 0x00, 0x00,
        0x03, 0x00, 0x3f, 0xa0, 0x05, 0x02, 0x01, 0x71, 0xf2, 0xe5, 0x95, 0x95, 0x29, 0x30,
    ];
    /// Baseline profile, 640x480.
    const H264: &[u8] = b"\x67\x42\xc0\x1f\x8c\x8d\x40\x50\x1e\x80";

    #[test]
    fn key_frames_sizes_and_order() {
        let (h264_idr, h264_b): (&[u8], &[u8]) = (&[0x65, 0x88, 0x80], &[0x01, 0b1010_0000]);
        let (idr, cra, p): (&[u8], &[u8], &[u8]) =
            (&[0x26, 1, 0xAF], &[0x2A, 1, 0xAF], &[0x02, 1, 0xD0]);
        // (codec, access units, key frames among them, size known, may reorder, reorders)
        type Row<'a> = (Codec, &'a [&'a [&'a [u8]]], &'a [bool], bool, bool);
        let rows: &[Row<'_>] = &[
            (Codec::H264, &[&[h264_idr]], &[true], false, false),
            (Codec::H264, &[&[H264, h264_idr], &[&[0x41, 0xC0]]], &[true, false], true, false),
            (Codec::H264, &[&[H264, h264_idr], &[h264_b]], &[true, false], true, true),
            (Codec::H265, &[&[H265, idr], &[p], &[cra]], &[true, false, true], true, false),
            // With reordering a CRA may have pictures after it that look back.
            (Codec::H265, &[&[H265_B, idr], &[p], &[cra]], &[true, false, false], true, true),
            (Codec::H265, &[&[p], &[&[0x42, 1]]], &[false, false], false, false),
        ];
        for (codec, units, keys, sized, reorders) in rows {
            let mut pictures = Pictures::new(*codec);
            let found: Vec<bool> = units
                .iter()
                .map(|nals| {
                    let bytes: Vec<u8> =
                        nals.iter().flat_map(|nal| [&[0, 0, 1], *nal].concat()).collect();
                    pictures.read(&bytes).key
                })
                .collect();
            assert_eq!(found, *keys, "{units:02x?}");
            let height = if *codec == Codec::H264 { 480 } else { 360 };
            let size = sized.then_some(Size::new(640, height));
            assert_eq!(pictures.size(), size, "{units:02x?}");
            assert_eq!(pictures.reorders(), *reorders, "{units:02x?}");
            assert_eq!(pictures.may_reorder(), *reorders, "{units:02x?}");
        }
    }

    #[test]
    fn the_parameter_set_says_what_an_offer_has_to_take() {
        for (codec, sps, profile) in [(Codec::H264, H264, "Baseline"), (Codec::H265, H265, "Main")]
        {
            let seen = Pictures::new(codec).read(&[&[0, 0, 1], sps].concat());
            let described = seen.described.unwrap();
            assert!(described.profile.contains(profile), "{}", described.profile);
            assert_eq!(described.video.codec(), codec);
            assert!(!seen.key);
        }
    }
}
