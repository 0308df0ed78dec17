//! What a camera does that RTSP does not allow, and how often.

razz_base::oddities! {
    /// Bytes between messages and packets that belong to neither; counted in bytes.
    SkippedBytes = "rtsp_skipped_bytes",
    /// An answer with no `CSeq`, or another one than its request's.
    WrongCseq = "rtsp_wrong_cseq",
    /// A packet on a channel that was not agreed on.
    OtherChannel = "rtsp_other_channel",
    /// A keep-alive that was not answered before the next one was due.
    KeepAliveUnanswered = "rtsp_keep_alive_unanswered",
    /// A keep-alive that was answered with an error.
    KeepAliveRefused = "rtsp_keep_alive_refused",
    /// A request that razz does not know.
    UnknownRequest = "rtsp_unknown_request",
    /// An answer to no request.
    UnaskedAnswer = "rtsp_unasked_answer",
    /// A nonce that was replaced while it was in use.
    NonceRenewed = "rtsp_nonce_renewed",
    /// SETUP was answered without a readable `Transport`, or with another one than was asked for.
    OddTransport = "rtsp_odd_transport",
    /// A camera that described itself only after OPTIONS was asked.
    OptionsFirst = "rtsp_options_first",
    /// A packet of audio, which was set up because the camera sent no video without it.
    AudioDropped = "rtsp_audio_dropped",
    /// A session description that does not begin with `v=`, or has lines that are none.
    OddDescription = "rtsp_odd_description",
}
