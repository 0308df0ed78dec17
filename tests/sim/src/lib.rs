//! A camera, a network and a clock from a seed, around the pure crates.
//!
//! Nothing here waits or draws on chance: time is a number that the simulation moves on, and every
//! fault comes from the seed, so that a failure is repeated by its seed and an hour of a bad
//! network takes a second. In the order of the flow:
//!
//! 1. [`camera`] sends frames that carry their own number, as RTP packets, and misbehaves;
//! 2. [`network`] loses, delays and disorders packets;
//! 3. [`ingest`] makes access units of what arrives, with media and wall time;
//! 4. [`viewer`] joins at any moment and checks what it is sent;
//! 5. [`analysis`] drives the engine with a detector that sees where things really were;
//! 6. [`simulation`] moves the clock and ties them together;
//! 7. [`delivery`] is the other side of the server: one viewer over a bad network;
//! 8. [`machine`] is a server with many cameras on a machine with few [`cores`];
//! 9. [`dozing`] is one camera at which mostly nothing moves.
//!
//! The tests are in `tests/`.

pub mod analysis;
pub mod camera;
pub mod cores;
pub mod delivery;
pub mod depacketize;
pub mod depacketize_h265;
pub mod dozing;
pub mod ingest;
pub mod machine;
pub mod network;

pub mod random;
pub mod simulation;
pub mod viewer;
