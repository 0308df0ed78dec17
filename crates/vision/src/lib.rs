//! razz-vision
