//! The unit of video that every floor passes on.

use bytes::Bytes;

use crate::{FrameKey, MonoTime, RunId, Size, WallTime};

/// How a camera's video is coded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Codec {
    /// Rec. ITU-T H.264: passed on and decoded.
    #[default]
    H264,
    /// Rec. ITU-T H.265 (HEVC): passed on to those who play it, not decoded.
    H265,
}

/// All NAL units of one coded picture, untouched, with the times that name it.
#[derive(Clone, Debug)]
pub struct AccessUnit {
    /// Camera and media time.
    pub key: FrameKey,
    /// The RTSP session it came by.
    pub run: RunId,
    /// How it is coded.
    pub codec: Codec,
    /// The NAL units with Annex B start codes (H.264 and H.265 Annex B); an IDR has its parameter
    /// sets in front: SPS and PPS, of H.265 the VPS before them.
    pub data: Bytes,
    /// Decodable alone, and nothing after it looks back: an IDR, or of H.265 another IRAP
    /// picture that no reordered one follows.
    pub idr: bool,
    /// RTP packets lost on the way to us just before or inside this access unit.
    pub lost_packets: u32,
    /// Picture size by the SPS in force.
    pub size: Size,
    /// When the camera took it, as well as is known.
    pub wall: WallTime,
    /// When its last packet was in.
    pub received: MonoTime,
}
