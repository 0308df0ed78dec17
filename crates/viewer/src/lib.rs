//! One viewer session: a WebRTC peer without socket or clock.
//!
//! ```text
//! offer ──► Session::answer ──► answer
//! datagrams, access units, time ──► Session ──► Outlet: datagrams
//!          replay, next IDR due ──►         ──► Request
//! ```
//! The session calls nobody but the outlet. Whoever owns the sockets and knows the camera
//! 1. calls the session's `handle_*` methods with what came in;
//! 2. calls [`Session::flush`] until it answers `None`, and before each further call answers the
//!    [`Request`] that came out, from the camera's ring;
//! 3. does so again when something comes in, and no later than at [`Session::deadline`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use razz_base::MonoTime;
//! use razz_media::ring::{GopRing, Unit};
//! use razz_viewer::session::RtcError;
//! use razz_viewer::{Outlet, Request, Session};
//!
//! fn deliver(
//!     session: &mut Session,
//!     now: MonoTime,
//!     unit: &Arc<Unit>,
//!     ring: &GopRing,
//!     outlet: &mut dyn Outlet,
//! ) -> Result<MonoTime, RtcError> {
//!     session.handle_unit(now, unit);
//!     while let Some(request) = session.flush(now, outlet)? {
//!         match request {
//!             Request::NextIdr { after } => session.handle_next_idr(ring.next_idr_in(after)),
//!             Request::Replay => session.handle_replay(now, ring.replay()),
//!             // Of an encoding that razz makes, for a session that adapts.
//!             Request::KeyFrame { .. } => {}
//!         }
//!     }
//!     // `handle_timeout` and the same loop are due then.
//!     Ok(session.deadline())
//! }
//! ```
//!
//! The modules, in reading order:
//!
//! 1. [`settings`] is what a session needs of the server around it;
//! 2. [`session`] is one peer: replay, pacing, key frame requests, congestion, and the encoding that its
//!    path carries (`ladder`) of those that it may be sent (`choice`);
//! 3. [`rtp`] is the way of its media: numbers, encryption, what is sent again, what the path carries;
//! 4. [`offer`] stands between what clients write and what the library takes;
//! 5. [`sdp`] reads ICE fragments and answers offers;
//! 6. [`mod@format`] chooses the payload type for what the camera sends;
//! 7. [`dtls`] is the handshake, with RSA certificates too;
//! 8. [`demux`] finds the session that a datagram is for;
//! 9. [`framing`] carries datagrams over TCP.

mod choice;
mod congestion;
pub mod demux;
pub mod dtls;
mod error;
pub mod format;
pub mod framing;
mod ladder;
pub mod offer;
pub mod pace;
mod queue;
pub mod rtp;
pub mod sdp;
pub mod session;
pub mod settings;

pub use choice::{Demand, Encodings, Why, steps};
pub use error::OfferError;
pub use format::Video;
pub use ladder::Step;
pub use session::{Answered, Counts, Session};
pub use settings::{Outlet, Request, Route, SessionSettings};

/// Names a viewer session in WHEP's `Location`; not guessable, since it allows to end the session.
pub type SessionId = u128;

/// Enough of an id to follow it in the log, too little to end the session with it.
pub fn short(id: SessionId) -> String {
    format!("{:08x}", (id >> 96) as u32)
}
