//! An RTSP 1.0 client (RFC 2326) without socket or clock, for cameras as they are in the field.
//!
//! ```text
//! bytes of the connection, time ──► Client ──► bytes for the connection
//!                   set_up, play ──►        ──► RTP and RTCP packets
//!                                           ──► events: described, set up, playing, ended
//! ```
//! Whoever owns the connection
//! 1. appends what came in to [`Client::input`] and calls [`Client::handle_input`];
//! 2. calls [`Client::poll`] until it answers `None`, and sends what is to be sent;
//! 3. calls [`Client::handle_timeout`] no later than at [`Client::deadline`].
//!
//! After [`Event::Described`] it chooses with [`Client::set_up`], and after the last
//! [`Event::SetUp`] it calls [`Client::play`].
//!
//! ```
//! use razz_base::MonoTime;
//! use razz_rtsp::{Client, Event, Output, Settings, Transport};
//!
//! let now = MonoTime::from_us(0);
//! let mut client = Client::new(now, Settings::new("rtsp://10.0.0.5/stream1"));
//! let Some(Output::Send(request)) = client.poll() else { panic!("it asks at once") };
//! assert!(request.starts_with(b"DESCRIBE rtsp://10.0.0.5/stream1 RTSP/1.0\r\n"));
//!
//! client.input().extend_from_slice(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 46\r\n\r\n\
//!     m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n");
//! client.handle_input(now);
//! let Some(Output::Event(Event::Described(description))) = client.poll() else { panic!() };
//! assert_eq!(description.media[0].formats[0].encoding, "h264");
//! client.set_up(now, 0, Transport::Interleaved { rtp: 0, rtcp: 1 });
//! assert!(matches!(client.poll(), Some(Output::Send(_))));
//! ```
//!
//! What it forgives it counts, see [`Counts`]. It has a parser of its own, not the crate rtsp-types',
//! which refuses a whole answer for one odd header: players go on with such cameras.
//!
//! The modules, in reading order: [`client`] is the machine, `framing` cuts the connection's bytes into
//! messages and packets, `message` reads and writes messages, `headers` the values of some of them,
//! `set_up_media` knows whose packets are whose, `authentication` proves who we are, `opening` knows whether OPTIONS has to come first, [`description`] reads SDP, `address` resolves control
//! addresses, `tunnel` carries all of it through HTTP, `pieces` cuts a copy of it to be kept.

mod address;
mod authentication;
pub mod client;
mod counts;
pub mod description;
mod framing;
mod headers;
mod keep_alive;
mod message;
mod opening;
mod pieces;
mod set_up_media;
mod tunnel;

pub use authentication::{Challenge, Credentials};
pub use client::{Client, End, Event, Output, Packet, Settings};
pub use counts::{Counts, Oddity};
pub use description::{Description, Format, Media};
pub use headers::Transport;
pub use keep_alive::KeepAlive;
pub use pieces::{Piece, Pieces};
pub use set_up_media::PacketKind;
pub use tunnel::{Tunnel, TunnelAnswer, TunnelError};
