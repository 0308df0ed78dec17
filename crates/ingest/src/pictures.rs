//! What a run's access units tell of its video: key frames, size, profile, and whether pictures are
//! reordered.

use std::sync::Arc;

use bytes::Bytes;
use razz_base::{Codec, MonoTime, PixelAspect, Samples, StreamFormat};
use razz_media::h264::{self, nal_units};
use razz_media::{h265, jpeg};
use tracing::{debug, info};

/// A GOP of a minute at 15 frames a second has fewer pictures.
const MANY_WITHOUT_IDR: u32 = 900;
/// Where no IDR has come for so long, recovery points are where decoding begins, in µs. An encoder that
/// sends IDRs mostly does so every 1 to 10 s (x264's 250 pictures are 10 s at 25 frames a second), and
/// then they are the better place: the picture is whole at once. Raising it has viewers of a camera
/// that sends no second IDR wait longer.
const IDR_OVERDUE_US: i64 = 20_000_000;

/// So many pictures with B slices show that the camera sends them: one may have been damaged on its way.
const B_PICTURES: u32 = 2;

/// Reads the access units of one run.
pub(super) struct Pictures {
    codec: Codec,
    /// `None` before the first sequence parameter set.
    format: Option<Arc<StreamFormat>>,
    may_reorder: bool,
    reorders: bool,
    /// Pictures of H.264 with B slices, until they are enough.
    b_pictures: u32,
    /// When the last IDR came; of H.265 any picture that decoding can begin at.
    last_idr: Option<MonoTime>,
    /// Pictures since then, or so far.
    without_idr: u32,
    /// A recovery point has stood in for an IDR since then.
    recovers: bool,
}

impl Pictures {
    /// None was read yet.
    pub(super) fn new(codec: Codec) -> Self {
        Self {
            codec,
            format: None,
            may_reorder: false,
            reorders: false,
            b_pictures: 0,
            last_idr: None,
            without_idr: 0,
            recovers: false,
        }
    }

    /// How they are coded.
    pub(super) fn codec(&self) -> Codec {
        self.codec
    }

    /// The format by the newest sequence parameter set; `None` before the first.
    pub(super) fn format(&self) -> Option<&Arc<StreamFormat>> {
        self.format.as_ref()
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

    /// Whether so many pictures came without an IDR among them that the camera seems to send none, or
    /// none but its first. A long GOP without recovery points is something else.
    pub(super) fn lacks_idr(&self) -> bool {
        self.without_idr >= MANY_WITHOUT_IDR && (self.last_idr.is_none() || self.recovers)
    }

    /// Reads the next access unit, which came at `now`; says whether it is decodable alone, with nothing
    /// after it that looks back. Of H.264 from which no IDR came yet, or none for long, it is where
    /// decoding can begin: at a recovery point, from which on the picture is refreshed bit by bit (Rec.
    /// ITU-T H.264 section D.2.8). Of MJPEG each is.
    pub(super) fn read(&mut self, annex_b: &[u8], now: MonoTime) -> bool {
        let mut key = match self.codec {
            Codec::H264 => self.read_h264(annex_b),
            Codec::H265 => self.read_h265(annex_b),
            Codec::Mjpeg => self.read_jpeg(annex_b),
        };
        if key {
            (self.last_idr, self.without_idr, self.recovers) = (Some(now), 0, false);
        } else {
            self.without_idr = self.without_idr.saturating_add(1);
            let overdue = self.last_idr.is_none_or(|last| now.since_us(last) >= IDR_OVERDUE_US);
            key = overdue && self.codec == Codec::H264 && h264::recovery_point(annex_b).is_some();
            self.recovers |= key;
        }
        if let Some(format) = &mut self.format
            && format.reorders != self.reorders
        {
            Arc::make_mut(format).reorders = self.reorders;
        }
        key
    }

    fn read_h264(&mut self, annex_b: &[u8]) -> bool {
        let mut key = false;
        for nal in nal_units(annex_b) {
            match h264::nal_type(nal) {
                Some(h264::NalType::Idr) => key = true,
                Some(h264::NalType::Sps) => match h264::Sps::parse(nal) {
                    Ok(sps) => {
                        self.may_reorder |= sps.max_num_reorder_frames.is_some_and(|n| n > 0);
                        let is_set = |nal: &[u8]| {
                            use h264::NalType::{Pps, Sps};
                            matches!(h264::nal_type(nal), Some(Sps | Pps))
                        };
                        self.set_format(StreamFormat {
                            codec: self.codec,
                            size: sps.size,
                            pixel_aspect: sps.pixel_aspect,
                            profile: sps.profile_name(),
                            reorders: self.reorders,
                            samples: Samples {
                                interlaced: !sps.frame_mbs_only,
                                chroma_format: sps.chroma_format,
                                bit_depth: sps.bit_depth,
                            },
                            parameter_sets: sets(annex_b, is_set),
                        });
                    }
                    Err(error) => debug!("unreadable SPS: {error}"),
                },
                _ => {}
            }
        }
        // A slice that cannot be read is the decoder's to judge.
        if !self.reorders && h264::has_b_slice(annex_b).unwrap_or(false) {
            self.b_pictures += 1;
            self.may_reorder = true;
            self.reorders = self.b_pictures >= B_PICTURES;
        }
        key
    }

    fn read_h265(&mut self, annex_b: &[u8]) -> bool {
        let mut key = false;
        for nal in nal_units(annex_b) {
            match h265::nal_type(nal) {
                Some(h265::NalType::Sps) => match h265::Sps::parse(nal) {
                    Ok(sps) => {
                        self.reorders |= sps.may_reorder();
                        self.may_reorder = self.reorders;
                        let profile = sps.profile_tier_level.profile_name();
                        let is_set = |nal: &[u8]| {
                            use h265::NalType::{Pps, Sps, Vps};
                            matches!(h265::nal_type(nal), Some(Vps | Sps | Pps))
                        };
                        self.set_format(StreamFormat {
                            codec: self.codec,
                            size: sps.size,
                            pixel_aspect: sps.pixel_aspect,
                            profile,
                            reorders: self.reorders,
                            samples: Samples {
                                interlaced: false,
                                chroma_format: sps.chroma_format,
                                bit_depth: sps.bit_depth,
                            },
                            parameter_sets: sets(annex_b, is_set),
                        });
                    }
                    Err(error) => debug!("unreadable SPS: {error}"),
                },
                Some(kind) => key |= kind.is_key(self.reorders),
                None => {}
            }
        }
        key
    }

    /// Each picture has a header of its own, and stands alone.
    fn read_jpeg(&mut self, file: &[u8]) -> bool {
        let Some(header) = jpeg::Header::read(file) else {
            debug!("a JPEG without a header");
            return true;
        };
        self.set_format(StreamFormat {
            codec: self.codec,
            size: header.size,
            pixel_aspect: PixelAspect::default(),
            profile: if header.sequential { "Baseline" } else { "" },
            reorders: false,
            samples: Samples {
                interlaced: false,
                chroma_format: header.chroma_format,
                bit_depth: header.bit_depth,
            },
            parameter_sets: Bytes::new(),
        });
        true
    }

    fn set_format(&mut self, format: StreamFormat) {
        let size = format.size;
        if let Some(old) = &self.format {
            if **old == format {
                return;
            }
            if old.size != size {
                info!(?size, "the picture's size changed");
            }
        }
        self.format = Some(Arc::new(format));
    }
}

/// Those NAL units of an access unit that are parameter sets, with start codes.
fn sets(annex_b: &[u8], is_set: impl Fn(&[u8]) -> bool) -> Bytes {
    let sets = nal_units(annex_b).filter(|nal| is_set(nal));
    sets.flat_map(|nal| [&[0, 0, 0, 1], nal].concat()).collect()
}

#[cfg(test)]
mod tests {
    use razz_base::{Decodable, Size};

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
    const NOW: MonoTime = MonoTime::from_us(0);

    /// An IDR, another picture, and one with a recovery point at which the picture is whole.
    const IDR: &[u8] = &[0, 0, 1, 0x65, 0x88, 0x80];
    const PLAIN: &[u8] = &[0, 0, 1, 0x41, 0xC0];
    const RECOVERY: &[u8] = &[0, 0, 1, 6, 6, 1, 0xC4, 0x80, 0, 0, 1, 0x41, 0xC0];

    #[test]
    fn recovery_points_stand_in_for_idrs_that_do_not_come() {
        /// What it is called; slices, when they come in seconds, and whether one can begin there.
        type Row = (&'static str, &'static [(&'static [u8], i64, bool)]);
        let rows: &[Row] = &[
            ("none ever", &[(PLAIN, 0, false), (RECOVERY, 1, true), (RECOVERY, 2, true)]),
            (
                "one at first",
                &[
                    (IDR, 0, true),
                    (RECOVERY, 1, false),
                    (RECOVERY, 19, false),
                    (PLAIN, 20, false),
                    (RECOVERY, 20, true),
                    (RECOVERY, 21, true),
                    (PLAIN, 40, false),
                ],
            ),
            (
                "and one later",
                &[
                    (RECOVERY, 0, true),
                    (IDR, 5, true),
                    (RECOVERY, 24, false),
                    (RECOVERY, 25, true),
                    (IDR, 26, true),
                    (RECOVERY, 45, false),
                    (RECOVERY, 46, true),
                ],
            ),
            (
                "every 15 s",
                &[(IDR, 0, true), (RECOVERY, 14, false), (IDR, 15, true), (RECOVERY, 29, false)],
            ),
        ];
        for (name, units) in rows {
            let mut pictures = Pictures::new(Codec::H264);
            for (unit, second, begins) in *units {
                let now = MonoTime::from_us(second * 1_000_000);
                assert_eq!(pictures.read(unit, now), *begins, "{name}, after {second} s");
            }
        }
        // H.265 has its own places to begin at.
        let mut pictures = Pictures::new(Codec::H265);
        assert!(!pictures.read(RECOVERY, NOW));
    }

    #[test]
    fn a_camera_without_idr_is_told_from_one_with_long_gops() {
        // (whether an IDR comes first, whether recovery points do, pictures at 30 a second, verdict)
        for (first, recovery, count, lacks) in [
            (false, true, 899, false),
            (false, true, 900, true),
            (false, false, 900, true),
            (true, false, 30 * 240, false),
            (true, true, 899, false),
            (true, true, 900, true),
        ] {
            let mut pictures = Pictures::new(Codec::H264);
            if first {
                pictures.read(IDR, NOW);
            }
            for number in 1..=count {
                let unit = if recovery && number % 30 == 0 { RECOVERY } else { PLAIN };
                pictures.read(unit, MonoTime::from_us(number * 1_000_000 / 30));
            }
            assert_eq!(pictures.lacks_idr(), lacks, "{first} {recovery} {count}");
            pictures.read(IDR, MonoTime::from_us(1_000_000_000));
            assert!(!pictures.lacks_idr());
        }
    }

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
            (
                Codec::H264,
                &[&[H264, h264_idr], &[h264_b], &[h264_b]],
                &[true, false, false],
                true,
                true,
            ),
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
                    pictures.read(&bytes, NOW)
                })
                .collect();
            assert_eq!(found, *keys, "{units:02x?}");
            let height = if *codec == Codec::H264 { 480 } else { 360 };
            let size = sized.then_some(Size::new(640, height));
            let format = pictures.format();
            assert_eq!(format.map(|format| format.size), size, "{units:02x?}");
            assert_eq!(pictures.reorders(), *reorders, "{units:02x?}");
            assert_eq!(pictures.may_reorder(), *reorders, "{units:02x?}");
        }
    }

    /// x264, 640x360, as GStreamer's encoder wrote them.
    #[test]
    fn what_is_not_decoded_is_told_by_the_parameter_sets() {
        let hex = |text: &str| -> Vec<u8> {
            let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
            (0..text.len()).step_by(2).map(pair).collect()
        };
        for (sps, what) in [
            ("674d4016f20140c7e7c05a8303035280000003008000000f4f8a1524", "interlaced pictures"),
            ("677a0016bcb201405ff1380b506060640000030004000003007a3c58b920", "4:2:2 colour"),
            ("67f40016919640280bfe27016a0c0c0c80000003008000000f478b1724", "4:4:4 colour"),
            ("676e0016a6cb201405ff2e02d418181a940000030004000003007a3c58b920", "8 bits a sample"),
        ] {
            let mut pictures = Pictures::new(Codec::H264);
            pictures.read(&[&[0, 0, 1], &hex(sps)[..]].concat(), NOW);
            let format = pictures.format().unwrap();
            assert_eq!(format.size, Size::new(640, 360));
            assert!(
                format.not_decoded(Decodable::default()).is_some_and(|said| said.contains(what)),
                "{what}"
            );
        }
        let mut pictures = Pictures::new(Codec::H264);
        pictures.read(&[&[0, 0, 1], H264].concat(), NOW);
        assert_eq!(pictures.format().unwrap().not_decoded(Decodable::default()), None);
    }

    /// 704x576 in Baseline, of which the VUI says how wide pixels are; and 128x96 of x265.
    #[test]
    fn the_format_knows_the_shape_of_pixels() {
        let baseline: &[u8] = b"\x67\x42\xc0\x1e\xda\x02\xc0\x49";
        let main: &[u8] = b"\x42\x01\x01\x01\x60\0\0\x03\0\x90\0\0\x03\0\0\x03\0\x1e\xa0\x10\x20\x61\x65\x95\x9a\x49";
        for (codec, sps, vui, size, want) in [
            (Codec::H264, baseline, &b"\xb0\x20\x08"[..], (704, 576), Some([12, 11])),
            (Codec::H264, baseline, b"\xb0\x10\x08", (704, 576), None),
            (Codec::H264, baseline, b"\xbf\xf0\x01\0\0\xb0\x08", (704, 576), Some([16, 11])),
            (Codec::H265, main, b"\x39\x5e\x04\xdc\x04\x04\x04\x10", (128, 96), Some([12, 11])),
            (Codec::H265, main, b"\x32\xbc\x05\xa0\x20", (128, 96), None),
        ] {
            let sps = [sps, vui].concat();
            let mut pictures = Pictures::new(codec);
            pictures.read(&[&[0, 0, 1][..], &sps].concat(), NOW);
            let format = pictures.format().unwrap();
            assert_eq!((format.size, format.stated_aspect()), (Size::new(size.0, size.1), want));
        }
    }

    #[test]
    fn the_format_has_the_parameter_sets_and_what_they_say() {
        for (codec, sps, profile) in [(Codec::H264, H264, "Baseline"), (Codec::H265, H265, "Main")]
        {
            let mut pictures = Pictures::new(codec);
            assert!(!pictures.read(&[&[0, 0, 1], sps].concat(), NOW));
            let format = pictures.format().unwrap();
            assert!(format.profile.contains(profile), "{}", format.profile);
            assert_eq!(format.codec, codec);
            assert_eq!(*format.parameter_sets, [&[0, 0, 0, 1], sps].concat());
        }
    }
}
