//! `razz demo`.
