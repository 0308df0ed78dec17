//! `razz detect`: detections of a clip or of pictures.

pub(crate) mod output;
