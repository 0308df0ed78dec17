//! H.265 as far as it must be read to be passed on: NAL unit headers and the sequence parameter set.
//!
//! The byte stream is H.264's (Annex B of both), so [`crate::h264::nal_units`] takes it apart. Section
//! numbers are those of Rec. ITU-T H.265 (08/2021).

mod ids;
mod nal;
mod sps;

pub use ids::{pps_ids, slice_start, vps_id};
pub use nal::{NalType, can_start, is_well_formed, nal_type, picture_type};
pub use sps::{ProfileTierLevel, Sps, sps_id};
