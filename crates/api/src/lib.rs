//! How clients reach the server: HTTP, the tracking WebSocket, WHEP and the RTSPtoWebRTC endpoints,
//! with or without TLS. [`connections`] are where they come in.
//!
//! Only this crate knows the formats that pages and scripts read ([`wire`]). It stands on the rooms of
//! the server and asks them; whatever changes a setting goes through [`Control`], which the binary
//! implements.

pub mod connections;
mod control;
mod facts_feed;
mod http;
mod metrics;
mod offline;
mod playback_feed;
pub mod tls;
mod track_feed;
pub mod wire;

pub use control::{ChangeError, Control};
pub use http::{App, compat_router, router};
pub use offline::presentation;
