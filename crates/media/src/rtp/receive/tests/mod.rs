//! Packets in, access units out: the whole receiver, by tables.

mod boundaries;
mod faults;
mod sets_and_reports;
mod stream;

use stream::{Packet, check, packets, receiver, run};
