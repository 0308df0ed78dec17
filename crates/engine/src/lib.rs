//! razz-engine
