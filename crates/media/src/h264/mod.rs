//! H.264 as far as it must be read to be passed on: NAL units, parameter sets, slice types,
//! recovery points, and grey pictures to begin there.
//!
//! Section numbers are those of Rec. ITU-T H.264 (08/2021).

mod bit_writer;
mod cabac;
mod grey;
mod nal;
mod pps;
mod sei;
mod slice;
mod slice_header;
mod sps;

pub use grey::{Grey, with_frame_num};
pub(crate) use nal::find_start_code;
pub use nal::{
    NalType, NalUnits, nal_type, nal_units, with_emulation_prevention, without_emulation_prevention,
};
pub use pps::pps_ids;
pub use sei::recovery_point;
pub(crate) use sei::recovery_point_of;
pub use slice::{SliceError, SliceType, can_start, has_b_slice, slice_type};
pub use slice_header::frame_num;
pub(crate) use slice_header::{Field, PictureId, SliceStart};
pub use sps::{Sps, sps_id};

pub use crate::colour::{Colour, Matrix};
