//! razz-media
