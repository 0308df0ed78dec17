//! razz-scene
