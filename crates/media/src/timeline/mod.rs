//! From a run's RTP timestamps to media time and wall time.

mod mapping;
mod media;
mod wall;

pub use mapping::{MappedBy, MappingQuality, StreamMapping};
pub use media::{Fit, Placed, Timeline};
pub use wall::WallClock;
