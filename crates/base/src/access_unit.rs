//! The unit of video that every floor passes on.

use std::sync::Arc;

use bytes::Bytes;

use crate::{Codec, FrameKey, MonoTime, RunId, Size, StreamFormat, WallTime};

/// All NAL units of one coded picture (of MJPEG a JPEG file), untouched, with the times that name it.
#[derive(Clone, Debug)]
pub struct AccessUnit {
    /// Camera and media time.
    pub key: FrameKey,
    /// The RTSP session it came by.
    pub run: RunId,
    /// How its stream is coded.
    pub format: Arc<StreamFormat>,
    /// The NAL units with Annex B start codes (H.264 and H.265 Annex B); an IDR has its parameter
    /// sets in front: SPS and PPS, of H.265 the VPS before them. Of MJPEG a JPEG file (JFIF).
    pub data: Bytes,
    /// Decodable alone, and nothing after it looks back: an IDR, or of H.265 another IRAP
    /// picture that no reordered one follows, of MJPEG each.
    pub idr: bool,
    /// RTP packets lost on the way to us just before or inside this access unit; of MJPEG before it, since
    /// pictures that lack some are dropped.
    pub lost_packets: u32,
    /// When the camera took it, as well as is known.
    pub wall: WallTime,
    /// When its last packet was in.
    pub received: MonoTime,
}

impl AccessUnit {
    /// How it is coded.
    pub fn codec(&self) -> Codec {
        self.format.codec
    }

    /// Picture size by the sequence parameter set in force, of MJPEG by the picture's header.
    pub fn size(&self) -> Size {
        self.format.size
    }
}
