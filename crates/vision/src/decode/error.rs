//! Why an access unit gave no picture.

use razz_base::{Codec, FrameKey, RunId};
use razz_media::SpsError;

/// Why an access unit gave no picture. All but `Start` name the access unit.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DecodeError {
    /// There is no decoder for the codec, or it did not start.
    #[error("no decoder of {}: {what}", codec.name())]
    Start {
        /// Of what.
        codec: Codec,
        /// Why not.
        what: String,
    },
    /// No NAL unit with a slice in it.
    #[error("{key}, run {run}: {bytes} bytes without a slice of {}", codec.name())]
    NoSlice {
        /// The access unit.
        key: FrameKey,
        /// Its RTSP session.
        run: RunId,
        /// What it should be.
        codec: Codec,
        /// Its length.
        bytes: usize,
    },
    /// The sequence parameter set cannot be read.
    #[error("{key}, run {run}: {error}")]
    Sps {
        /// The access unit.
        key: FrameKey,
        /// Its RTSP session.
        run: RunId,
        /// What is wrong with it.
        error: SpsError,
    },
    /// A kind of H.264 that is not decoded here.
    #[error(
        "{key}, run {run}: {what} is not supported; set the camera to 8-bit 4:2:0 progressive H.264"
    )]
    Unsupported {
        /// The access unit.
        key: FrameKey,
        /// Its RTSP session.
        run: RunId,
        /// Which kind.
        what: &'static str,
    },
    /// Packets were lost on the way to us; what refers to them would be smeared.
    #[error(
        "{key}, run {run}: {packets} packets lost before it; waiting for the next IDR or recovery point"
    )]
    Lost {
        /// The access unit.
        key: FrameKey,
        /// Its RTSP session.
        run: RunId,
        /// How many.
        packets: u32,
    },
    /// The library found it damaged, or it refers to pictures that are not there.
    #[error(
        "{key}, run {run}: damaged {} ({what}); waiting for the next IDR or recovery point", codec.name()
    )]
    Damaged {
        /// The access unit.
        key: FrameKey,
        /// Its RTSP session.
        run: RunId,
        /// How it is coded.
        codec: Codec,
        /// What the library said.
        what: String,
    },
}
