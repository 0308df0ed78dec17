//! Whole calls between a session and a peer, at simulated times.

mod call;
mod h265;
mod requests;
