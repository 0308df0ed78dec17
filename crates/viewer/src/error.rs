//! Why an offer has no answer.

/// Why an offer has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OfferError {
    /// Not SDP, or an offer that cannot be answered.
    #[error("the offer cannot be answered: {0}")]
    Bad(String),
    /// The offer has no H.264 that fits.
    #[error("the offer has no video section with H.264 in packetization mode 0 or 1")]
    NoH264,
    /// A section takes the camera's video, but nothing can be sent into it.
    #[error("nothing can be sent into the offer's video section: {0}")]
    Unsendable(String),
    /// The camera sends H.265, and the offer has none of its profile.
    #[error(
        "the camera sends H.265 ({profile} profile), which this browser does not take: set the \
         camera's video codec to H.264, or use a browser that plays H.265 over WebRTC"
    )]
    NoH265 {
        /// The camera's.
        profile: &'static str,
    },
    /// The camera's H.265 is of a higher level than the offer takes.
    #[error(
        "the camera sends H.265 of level {}, and this browser takes {} at most: lower the camera's \
         resolution or frame rate, or set its video codec to H.264",
        f32::from(*sent) / 30.0,
        f32::from(*taken) / 30.0
    )]
    H265Level {
        /// The camera's, times thirty.
        sent: u8,
        /// The offer's, times thirty.
        taken: u8,
    },
}

impl OfferError {
    /// Whether another codec, profile or level would cure it.
    pub fn is_of_codec(&self) -> bool {
        matches!(self, Self::NoH264 | Self::NoH265 { .. } | Self::H265Level { .. })
    }
}
