//! What goes wrong with cameras, on demand.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::quirk::Quirks;

/// What is wrong with a mount for as long as it is set. The default is a camera without fault.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Faults {
    /// Share of the RTP packets that are lost on their way, 0 to 1; the sequence number counts on.
    pub loss: f64,
    /// No pictures come; connections and sender reports live on.
    pub stall: bool,
    /// Whoever asks for this mount has the connection closed without an answer.
    pub refuse: bool,
    /// No RTCP at all.
    pub no_sender_reports: bool,
    /// Share of the pictures that are preceded by bytes which belong to no message (interleaved
    /// transport only), 0 to 1.
    pub garbage: f64,
    /// The mount's other footage is played, from its start: parameter sets change in mid-stream.
    pub alternative: bool,
    /// What DESCRIBE claims.
    pub description: Description,
    /// What the camera does otherwise than others.
    pub quirks: Quirks,
}

/// What a camera's SDP says that it sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Description {
    /// The truth: H.264 with its parameter sets.
    #[default]
    H264,
    /// H.264, but no `sprop-parameter-sets`: they come in-band only.
    WithoutParameterSets,
    /// MPEG-4 (RFC 6416).
    Mpeg4,
    /// No SDP at all.
    Garbage,
    /// A session without any media.
    NoMedia,
}

/// Sets a mount's faults while it is being watched. Clones share it.
#[derive(Clone, Default)]
pub struct FaultHandle {
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    faults: Mutex<Faults>,
    jumped_90k: AtomicI64,
    sources: AtomicU32,
    closings: AtomicU32,
    dials: AtomicU32,
    pictures: AtomicU64,
    redirected: AtomicBool,
}

/// The one-time faults that a session has already obeyed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Obeyed {
    pub(crate) jumped_90k: i64,
    pub(crate) sources: u32,
    pub(crate) closings: u32,
}

impl FaultHandle {
    /// Replaces all lasting faults.
    pub fn set(&self, faults: Faults) {
        *self.state.faults.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// The lasting faults now.
    pub fn now(&self) -> Faults {
        *self.state.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Once: all RTP timestamps from now on differ by so many 90 kHz ticks from where they were.
    pub fn jump_timestamp(&self, ticks_90k: i64) {
        self.state.jumped_90k.fetch_add(ticks_90k, Ordering::Relaxed);
    }

    /// Once: running sessions go on with another SSRC and another sequence number.
    pub fn change_ssrc(&self) {
        self.state.sources.fetch_add(1, Ordering::Relaxed);
    }

    /// Once: running sessions of this mount have their connections closed.
    pub fn close_connections(&self) {
        self.state.closings.fetch_add(1, Ordering::Relaxed);
    }

    /// How often the mount was dialled: DESCRIBE answered otherwise than with 401, or left without an
    /// answer. A redirect counts at the mount that sends it, and what follows at the other.
    pub fn dials(&self) -> u32 {
        self.state.dials.load(Ordering::Relaxed)
    }

    /// Pictures that were sent whole, to all clients together: as many as a perfect receiver gets.
    /// One of which a packet was lost on purpose does not count.
    pub fn pictures_sent(&self) -> u64 {
        self.state.pictures.load(Ordering::Relaxed)
    }

    pub(crate) fn count_dial(&self) {
        self.state.dials.fetch_add(1, Ordering::Relaxed);
    }

    /// True once.
    pub(crate) fn redirects_now(&self) -> bool {
        !self.state.redirected.swap(true, Ordering::Relaxed)
    }

    pub(crate) fn count_picture(&self) {
        self.state.pictures.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn demanded(&self) -> Obeyed {
        Obeyed {
            jumped_90k: self.state.jumped_90k.load(Ordering::Relaxed),
            sources: self.state.sources.load(Ordering::Relaxed),
            closings: self.state.closings.load(Ordering::Relaxed),
        }
    }
}
