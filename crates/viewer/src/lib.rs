//! One viewer session: a WebRTC peer without socket or clock.
//!
//! ```text
//! offer ──► Session::answer ──► answer
//! datagrams, access units, time ──► Session ──► Outlet: datagrams
//! ```
//! Whoever owns the sockets calls the session's `handle_*` methods with what came in, then
//! [`Session::flush`], and calls again no later than at [`Session::deadline`].
//!
//! 1. [`settings`] is what a session needs of the server around it;
//! 2. [`session`] is one peer: replay, pacing, key frame requests, congestion;
//! 3. [`sdp`] is what we make of offers and of ICE fragments;
//! 4. [`mod@format`] chooses the payload type for what the camera sends;
//! 5. [`demux`] finds the session that a datagram is for;
//! 6. [`framing`] carries datagrams over TCP.

mod congestion;
pub mod demux;
mod error;
pub mod format;
pub mod framing;
pub mod pace;
mod queue;
pub mod sdp;
pub mod session;
pub mod settings;

pub use error::OfferError;
pub use format::Video;
pub use session::{Answered, Counts, Session};
pub use settings::{Feed, Outlet, SessionSettings};

/// Names a viewer session in WHEP's `Location`; not guessable, since it allows to end the session.
pub type SessionId = u128;

/// Enough of an id to follow it in the log, too little to end the session with it.
pub fn short(id: SessionId) -> String {
    format!("{:08x}", (id >> 96) as u32)
}
