//! From a run's RTP timestamps to media time and wall time.

mod media;
mod wall;

pub use media::{Fit, Placed, Timeline};
pub use wall::WallClock;
