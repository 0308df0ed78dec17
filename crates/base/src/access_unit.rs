//! The unit of video that every floor passes on.

use bytes::Bytes;

use crate::{FrameKey, MonoTime, RunId, Size, WallTime};

/// All NAL units of one coded picture, untouched, with the times that name it.
#[derive(Clone, Debug)]
pub struct AccessUnit {
    /// Camera and media time.
    pub key: FrameKey,
    /// The RTSP session it came by.
    pub run: RunId,
    /// The NAL units with Annex B start codes (H.264 Annex B); an IDR has its SPS and PPS in front.
    pub data: Bytes,
    /// Decodable alone, and nothing after it looks back.
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
