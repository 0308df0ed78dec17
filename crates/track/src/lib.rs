//! razz-track
