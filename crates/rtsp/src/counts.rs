//! What a camera does that RTSP does not allow, and how often.

/// A kind of oddity. Each costs itself and no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Oddity {
    /// Bytes between messages and packets that belong to neither; counted in bytes.
    SkippedBytes,
    /// An answer with no `CSeq`, or another one than its request's.
    WrongCseq,
    /// A packet on a channel that was not agreed on.
    OtherChannel,
    /// A keep-alive that was not answered before the next one was due.
    KeepAliveUnanswered,
    /// A keep-alive that was answered with an error.
    KeepAliveRefused,
    /// A request that razz does not know.
    UnknownRequest,
    /// An answer to no request.
    UnaskedAnswer,
    /// A nonce that was replaced while it was in use.
    NonceRenewed,
    /// SETUP was answered without a readable `Transport`, or with another one than was asked for.
    OddTransport,
    /// A session description that does not begin with `v=`, or has lines that are none.
    OddDescription,
}

impl Oddity {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::SkippedBytes,
        Self::WrongCseq,
        Self::OtherChannel,
        Self::KeepAliveUnanswered,
        Self::KeepAliveRefused,
        Self::UnknownRequest,
        Self::UnaskedAnswer,
        Self::NonceRenewed,
        Self::OddTransport,
        Self::OddDescription,
    ];

    /// Its name in status and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SkippedBytes => "rtsp_skipped_bytes",
            Self::WrongCseq => "rtsp_wrong_cseq",
            Self::OtherChannel => "rtsp_other_channel",
            Self::KeepAliveUnanswered => "rtsp_keep_alive_unanswered",
            Self::KeepAliveRefused => "rtsp_keep_alive_refused",
            Self::UnknownRequest => "rtsp_unknown_request",
            Self::UnaskedAnswer => "rtsp_unasked_answer",
            Self::NonceRenewed => "rtsp_nonce_renewed",
            Self::OddTransport => "rtsp_odd_transport",
            Self::OddDescription => "rtsp_odd_description",
        }
    }
}

/// How often each kind occurred in a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts([u64; Oddity::ALL.len()]);

impl Counts {
    pub(crate) fn add(&mut self, oddity: Oddity, count: usize) {
        self.0[oddity as usize] += count as u64;
    }

    /// How often it occurred.
    pub fn of(&self, oddity: Oddity) -> u64 {
        self.0[oddity as usize]
    }

    /// Those that occurred.
    pub fn iter(&self) -> impl Iterator<Item = (Oddity, u64)> + '_ {
        Oddity::ALL.into_iter().map(|oddity| (oddity, self.of(oddity))).filter(|(_, n)| *n > 0)
    }
}
