//! Which payload type of an offer takes the camera's video.

use razz_base::{Codec, StreamFormat};
use razz_media::h264::nal_units;
use razz_media::h265::{self, ProfileTierLevel};
use str0m::format::{Codec as RtcCodec, FormatParams, PayloadParams};
use str0m::media::{Mid, Pt};
use str0m::{Rtc, RtcConfig};

use crate::OfferError;

/// What a camera sends, as far as an offer is asked whether it takes that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Video {
    /// H.264.
    H264 {
        /// Of a High profile.
        high: bool,
    },
    /// H.265.
    H265(ProfileTierLevel),
}

impl Video {
    /// What a stream of this format asks of an offer.
    pub fn of(format: &StreamFormat) -> Self {
        match format.codec {
            Codec::H264 => Self::H264 { high: format.profile.contains("High") },
            Codec::H265 => {
                let is_sps = |nal: &&[u8]| h265::nal_type(nal) == Some(h265::NalType::Sps);
                let sps = nal_units(&format.parameter_sets).find(is_sps);
                // A format is made from a parameter set that could be read.
                let read = sps.and_then(|nal| h265::Sps::parse(nal).ok());
                read.map_or_else(Self::default, |sps| Self::H265(sps.profile_tier_level))
            }
            // WebRTC cannot carry it: nobody is let in to watch it, and who is in is sent away.
            Codec::Mjpeg => Self::default(),
        }
    }

    /// How it is coded.
    pub fn codec(self) -> Codec {
        match self {
            Self::H264 { .. } => Codec::H264,
            Self::H265(_) => Codec::H265,
        }
    }
}

impl Default for Video {
    /// What is taken for a camera's as long as nothing came from it.
    fn default() -> Self {
        Self::H264 { high: false }
    }
}

/// Level 6.2, the highest: what is answered is the lower of this and the offered one.
const HIGHEST_LEVEL: u8 = 186;

/// What our own encodings are, for an offer: Constrained Baseline.
const OURS: Video = Video::H264 { high: false };

/// Makes `config` answer offers of `video`, and of what we encode; of nothing else.
pub(crate) fn enable(config: RtcConfig, video: Video) -> RtcConfig {
    let mut config = config.clear_codecs();
    match video {
        Video::H264 { .. } => config.codec_config().enable_h264(true),
        Video::H265(sent) => {
            // Of the profiles that SDP has names for (RFC 7798 section 7.1); without one it is Main.
            let profile = if (1..=11).contains(&sent.profile) { sent.profile } else { 1 };
            // Main tier is what browsers offer; the tiers differ in their bit rates only. The numbers
            // give way to the offer's.
            let (pt, resend) = (Pt::from(102), Pt::from(103));
            config.codec_config().add_h265(pt, Some(resend), profile, 0, HIGHEST_LEVEL);
            // Behind it: the camera's own stands first in the answer.
            config.codec_config().enable_h264(true);
        }
    }
    config
}

/// The payload type for our own encodings in an answered offer's media section, where they are not of the codec
/// of `video`, and the offer has one.
pub(crate) fn choose_other(rtc: &Rtc, mid: Mid, video: Video) -> Option<(Codec, Pt)> {
    if video.codec() == OURS.codec() {
        return None;
    }
    choose(rtc, mid, OURS).ok().map(|pt| (OURS.codec(), pt))
}

/// The payload type for `video` in an answered offer's media section.
///
/// # Errors
/// When the offer has none that takes it; the error says what to change on the camera.
pub(crate) fn choose(rtc: &Rtc, mid: Mid, video: Video) -> Result<Pt, OfferError> {
    let offered: Vec<&PayloadParams> = match rtc.media(mid) {
        Some(media) => {
            let params = rtc.codec_config().params().iter();
            params.filter(|params| media.remote_pts().contains(&params.pt())).collect()
        }
        None => Vec::new(),
    };
    let of = |codec| offered.iter().filter(move |params| params.spec().codec == codec);
    match video {
        Video::H264 { high } => of(RtcCodec::H264)
            .filter(|params| params.spec().format.packetization_mode == Some(1))
            .min_by_key(|params| {
                h264_distance(params.spec().format.profile_level_id.unwrap_or(0), high)
            })
            .map(|params| params.pt())
            .ok_or(OfferError::NoH264),
        Video::H265(sent) => {
            let best = of(RtcCodec::H265)
                // Decoding order numbers would stand in every packet (RFC 7798 section 4.4.1).
                .filter(|params| params.spec().format.sprop_max_don_diff.unwrap_or(0) == 0)
                .max_by_key(|params| offered_level(&params.spec().format))
                .ok_or(OfferError::NoH265 { profile: sent.profile_name() })?;
            // An offer without a level says nothing of what it takes.
            match offered_level(&best.spec().format) {
                Some(level) if level < sent.level => {
                    Err(OfferError::H265Level { sent: sent.level, taken: level })
                }
                _ => Ok(best.pt()),
            }
        }
    }
}

/// How far an offered H.264 is from the camera's: browsers decode every profile that they offer, some
/// more.
fn h264_distance(profile_level_id: u32, high: bool) -> u32 {
    match (profile_level_id >> 16, high) {
        (0x64, true) | (0x42, false) => 0,
        (0x4d, _) => 1,
        _ => 2,
    }
}

fn offered_level(format: &FormatParams) -> Option<u8> {
    format.h265_profile_tier_level.map(|offered| offered.level_id())
}
