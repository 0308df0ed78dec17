//! Pictures of a street to H.264.

use openh264::OpenH264API;
use openh264::encoder::{
    BitRate, Complexity, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, Profile,
    RateControlMode, UsageType, VuiConfig,
};
use openh264::formats::YUVSlices;

use razz_base::Size;

use crate::yuv::Planes;
use crate::{Canvas, Street};

/// One encoded picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EncodedFrame {
    /// Its NAL units with Annex B start codes; an IDR has its SPS and PPS in front.
    pub annex_b: Vec<u8>,
    /// Decodable alone.
    pub idr: bool,
    /// So many pictures later than it is sent it is to be shown: not 0 with B-frames only.
    pub reorder: u32,
}

/// Why a picture was not encoded.
#[derive(Debug, thiserror::Error)]
#[error("the H.264 encoder: {0}")]
pub struct EncodeError(#[from] openh264::Error);

/// How the encoder spends bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rate {
    /// The same quantiser (OpenH264's own, 26) for every picture; nothing depends on timing. A
    /// street takes about 1.4 Mbit/s.
    Constant,
    /// About so many bits per second, at any cost in quality.
    Bitrate(u32),
}

/// Encodes a street's pictures: Constrained Baseline unless told otherwise, BT.709 limited range by
/// its VUI (H.264 Annex E), no B-frames, one slice a picture.
pub struct Encoder {
    encoder: openh264::encoder::Encoder,
    planes: Planes,
    /// Pixels of the street's picture that become one, in each direction.
    shrink: usize,
}

impl Encoder {
    /// Pictures of full size, an IDR every `gop_frames`.
    pub fn new(rate: Rate, gop_frames: u32) -> Result<Self, EncodeError> {
        Self::with_size(Street::SIZE, rate, gop_frames)
    }

    /// Pictures of full size in High profile, which is what most cameras send, an IDR every
    /// `gop_frames`. Of what that profile allows OpenH264 is asked for nothing more than the
    /// Baseline has.
    pub fn high(rate: Rate, gop_frames: u32) -> Result<Self, EncodeError> {
        Self::open(Street::SIZE, rate, gop_frames, Some(Profile::High), None)
    }

    /// Pictures shrunk to `size`, an IDR every `gop_frames`. The street's sides must be the same
    /// whole number of times as large, and `size` even, as 640x360 is; else it panics.
    pub fn with_size(size: Size, rate: Rate, gop_frames: u32) -> Result<Self, EncodeError> {
        Self::open(size, rate, gop_frames, None, None)
    }

    /// As [`Self::with_size`], in slices of at most `slice_bytes`, as cameras send them that hand on
    /// what they have before a picture is done.
    pub fn in_slices(
        size: Size,
        rate: Rate,
        gop_frames: u32,
        slice_bytes: u32,
    ) -> Result<Self, EncodeError> {
        Self::open(size, rate, gop_frames, None, Some(slice_bytes))
    }

    fn open(
        size: Size,
        rate: Rate,
        gop_frames: u32,
        profile: Option<Profile>,
        slice_bytes: Option<u32>,
    ) -> Result<Self, EncodeError> {
        let shrink = Street::SIZE.width / size.width.max(1);
        let fits = size.width * shrink == Street::SIZE.width
            && size.height * shrink == Street::SIZE.height;
        assert!(fits, "a street does not shrink to {size:?}");
        let (mode, bitrate_bps) = match rate {
            Rate::Constant => (RateControlMode::Off, 3_000_000),
            Rate::Bitrate(bps) => (RateControlMode::Bitrate, bps),
        };
        let config = EncoderConfig::new()
            .rate_control_mode(mode)
            .bitrate(BitRate::from_bps(bitrate_bps))
            .max_frame_rate(FrameRate::from_hz(Street::FPS as f32))
            .usage_type(UsageType::CameraVideoRealTime)
            .complexity(Complexity::Low)
            .intra_frame_period(IntraFramePeriod::from_num_frames(gop_frames))
            // Every picture has its place on the timeline.
            .skip_frames(false)
            .scene_change_detect(false)
            .num_threads(1)
            .vui(VuiConfig::bt709());
        let config = match profile {
            Some(profile) => config.profile(profile),
            None => config,
        };
        let config = match slice_bytes {
            Some(bytes) => config.max_slice_len(bytes),
            None => config,
        };
        let encoder =
            openh264::encoder::Encoder::with_api_config(OpenH264API::from_source(), config)?;
        Ok(Self { encoder, planes: Planes::new(size), shrink: shrink as usize })
    }

    /// Makes the next picture an IDR.
    pub fn restart(&mut self) {
        self.encoder.force_intra_frame();
    }

    /// Encodes the next picture.
    pub fn encode(&mut self, canvas: &Canvas) -> Result<EncodedFrame, EncodeError> {
        if self.shrink == 1 {
            self.planes.fill(canvas.rgba());
        } else {
            self.planes.fill(&shrunk(canvas, self.shrink));
        }
        let size = self.planes.size();
        let (width, height) = (size.width as usize, size.height as usize);
        let source = YUVSlices::new(
            (&self.planes.y, &self.planes.u, &self.planes.v),
            (width, height),
            (width, width / 2, width / 2),
        );
        let stream = self.encoder.encode(&source)?;
        let idr = matches!(stream.frame_type(), FrameType::IDR);
        Ok(EncodedFrame { annex_b: stream.to_vec(), idr, reorder: 0 })
    }
}

/// Each pixel the mean of `by` times `by`.
fn shrunk(canvas: &Canvas, by: usize) -> Vec<u8> {
    let width = canvas.size().width as usize;
    let mut out = Vec::with_capacity(canvas.rgba().len() / (by * by));
    for rows in canvas.rgba().chunks_exact(width * 4 * by) {
        for x in 0..width / by {
            for channel in 0..4 {
                let sum: usize = (0..by * by)
                    .map(|i| rows[((i / by) * width + x * by + i % by) * 4 + channel])
                    .map(usize::from)
                    .sum();
                out.push((sum / (by * by)) as u8);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `profile_idc` of the first sequence parameter set (H.264 section 7.3.2.1.1).
    fn profile_idc(annex_b: &[u8]) -> Option<u8> {
        let is_sps = |window: &&[u8]| window[..3] == [0, 0, 1] && window[3] & 31 == 7;
        annex_b.windows(5).find(is_sps).map(|window| window[4])
    }

    #[test]
    fn slices_are_as_many_as_it_takes() -> Result<(), EncodeError> {
        let mut canvas = Canvas::new();
        Street::new(1).render(0, &mut canvas);
        let mut encoder = Encoder::in_slices(Size::new(320, 180), Rate::Constant, 60, 1000)?;
        let frame = encoder.encode(&canvas)?;
        let slices = razz_media::h264::nal_units(&frame.annex_b).filter(|nal| nal[0] & 31 == 5);
        let lengths: Vec<usize> = slices.map(<[u8]>::len).collect();
        assert!(lengths.len() > 3 && lengths.iter().all(|length| *length <= 1000), "{lengths:?}");
        Ok(())
    }

    #[test]
    fn the_profile_is_the_one_asked_for() -> Result<(), EncodeError> {
        let canvas = Canvas::new();
        for (mut encoder, profile) in
            [(Encoder::new(Rate::Constant, 60)?, 66), (Encoder::high(Rate::Constant, 60)?, 100)]
        {
            let frame = encoder.encode(&canvas)?;
            assert!(frame.idr);
            assert_eq!(profile_idc(&frame.annex_b), Some(profile));
        }
        Ok(())
    }
}
