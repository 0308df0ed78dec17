//! openh264's encoder, set up for one purpose.

use openh264::OpenH264API;
use openh264::encoder::{
    BitRate, ColorPrimaries, Complexity, EncoderConfig, FrameRate, FrameType, IntraFramePeriod,
    MatrixCoefficients, Profile, RateControlMode, TransferCharacteristics, UsageType, VuiConfig,
};
use openh264::formats::YUVSlices;
use razz_base::MediaTime;
use razz_media::h264::{Colour, Matrix};

use super::RenditionError;
use super::scale::Scaled;

/// More than any picture needs: the library wants a number.
const UNBOUND: u32 = 100_000_000;

/// What an encoder aims at.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Aim {
    /// Kept over any second, and pictures are left out for it. `None`: every picture is encoded, all about as well.
    pub(crate) bits_per_second: Option<u32>,
    /// Pictures a second that come at most.
    pub(crate) fps: f64,
}

/// An encoder.
pub(crate) struct Encoder {
    encoder: openh264::encoder::Encoder,
    /// The time of its first picture: the encoder counts from there.
    begun: Option<MediaTime>,
    is_new: bool,
    idr_next: bool,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("begun", &self.begun).finish_non_exhaustive()
    }
}

impl Encoder {
    pub(crate) fn new(aim: &Aim, colour: Colour) -> Result<Self, openh264::Error> {
        let config = EncoderConfig::new()
            .usage_type(UsageType::CameraVideoRealTime)
            .profile(Profile::Baseline)
            // Medium costs 15 % more time for 0.004 of SSIM.
            .complexity(Complexity::Low)
            .rate_control_mode(match aim.bits_per_second {
                Some(_) => RateControlMode::Bitrate,
                // With the library's quantiser for high quality, 26.
                None => RateControlMode::Off,
            })
            .bitrate(BitRate::from_bps(aim.bits_per_second.unwrap_or(UNBOUND)))
            .max_frame_rate(FrameRate::from_hz(aim.fps as f32))
            // Without it the bit rate is not kept.
            .skip_frames(aim.bits_per_second.is_some())
            // Key pictures come when somebody asks for one.
            .intra_frame_period(IntraFramePeriod::from_num_frames(0))
            .scene_change_detect(false)
            .background_detection(true)
            .num_threads(1)
            .vui(vui(colour));
        let encoder =
            openh264::encoder::Encoder::with_api_config(OpenH264API::from_source(), config)?;
        Ok(Self { encoder, begun: None, is_new: true, idr_next: true })
    }

    /// The next picture becomes an IDR.
    pub(crate) fn force_idr(&mut self) {
        self.idr_next = true;
    }

    /// The picture's byte stream, and whether it is an IDR; `None` when it was left out.
    pub(crate) fn encode(
        &mut self,
        scaled: Scaled<'_>,
        time: MediaTime,
    ) -> Result<Option<(Vec<u8>, bool)>, RenditionError> {
        // The first picture sets the encoder up, and is an IDR in any case.
        if self.idr_next && !self.is_new {
            self.encoder.force_intra_frame();
        }
        let begun = *self.begun.get_or_insert(time);
        let ms = time.since_us(begun).max(0) as u64 / 1000;
        let Scaled { size, planes: [y, u, v] } = scaled;
        let (width, height) = (size.width as usize, size.height as usize);
        let source = YUVSlices::new((y, u, v), (width, height), (width, width / 2, width / 2));
        let coded = self.encoder.encode_at(&source, openh264::Timestamp::from_millis(ms))?;
        self.is_new = false;
        let idr = match coded.frame_type() {
            FrameType::Skip | FrameType::Invalid => return Ok(None),
            frame_type => frame_type == FrameType::IDR,
        };
        let annex_b = coded.to_vec();
        if annex_b.is_empty() {
            return Ok(None);
        }
        self.idr_next &= !idr;
        Ok(Some((annex_b, idr)))
    }
}

/// How the samples are meant: always said, since the browsers' guess for 360 lines is another than for
/// the 720 that they were made of.
fn vui(colour: Colour) -> VuiConfig {
    let vui = match colour.matrix {
        Matrix::Bt709 => VuiConfig::bt709(),
        Matrix::Bt601 => VuiConfig::new()
            .color_primaries(ColorPrimaries::Smpte170M)
            .transfer_characteristics(TransferCharacteristics::Smpte170M)
            .matrix_coefficients(MatrixCoefficients::Smpte170M),
        Matrix::Bt2020 => VuiConfig::bt2020(),
    };
    vui.full_range(colour.full_range)
}
