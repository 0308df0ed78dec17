//! Media, pure: bytes and time in, bytes out.
//!
//! Nothing here opens a file or a socket, looks at a clock or needs a runtime. In the order in which a frame walks
//! through:
//!
//! 1. [`rtp::receive`] puts access units together from a camera's RTP packets, whatever is odd about them;
//! 2. [`h264`], [`h265`] and [`jpeg`] read what is in them: NAL units, parameter sets, slice types, headers;
//!    [`Contents`] are the little that is read of every one;
//! 3. [`timeline`] turns a run's RTP timestamps into media time and wall time;
//! 4. [`rtp`] cuts an access unit once into the RTP payloads that all viewers share;
//! 5. [`ring`] keeps the current GOP, so that a viewer can start at once.
//!
//! And for work without a camera, [`mp4`] reads the access units of a file, and [`Orientation`] says how
//! its pictures, or those of a photo, are turned for showing.

mod bits;
mod colour;
mod contents;
pub mod h264;
pub mod h265;
pub mod jpeg;
pub mod mp4;
mod orientation;
pub mod ring;
pub mod rtp;
pub mod timeline;
mod vui;

pub use bits::{OutOfBits, SpsError};
pub use colour::{Colour, Matrix};
pub use contents::{Contents, PictureKind};
pub use orientation::Orientation;
