//! The way into a shard: datagrams, commands, and word that there are access units.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};

use razz_viewer::SessionId;
use str0m::net::Protocol;

use super::connection::Connection;
use super::{Command, Counters, OpenError};

/// What may wait for a shard: access units of many cameras, and beside them datagrams and commands.
pub(crate) const BACKLOG: usize = 4096;
/// Of these, datagrams at most: whatever floods them, commands find a place.
const MAX_DATAGRAMS: usize = 2048;
/// The largest datagram that is taken from a viewer.
pub(crate) const MAX_DATAGRAM: usize = 2048;

/// A datagram for a session.
pub(crate) struct Datagram {
    pub(crate) id: SessionId,
    pub(crate) proto: Protocol,
    pub(crate) source: SocketAddr,
    pub(crate) destination: Option<SocketAddr>,
    pub(crate) contents: Vec<u8>,
    /// Where answers go, when it came over TCP.
    pub(crate) connection: Option<Arc<Connection>>,
}

/// What wakes a shard.
pub(crate) enum Input {
    /// There is an access unit.
    Unit,
    Datagram(Datagram),
    Command(Command),
}

/// The way to a shard.
pub(crate) struct ShardHandle {
    pub(crate) inbox: SyncSender<Input>,
    pub(crate) state: Arc<ShardState>,
}

/// What is known of a shard outside it.
#[derive(Default)]
pub(crate) struct ShardState {
    pub(crate) sessions: AtomicUsize,
    pub(crate) datagrams: AtomicUsize,
    /// It was woken for access units and has not looked for them yet.
    pub(crate) woken: AtomicBool,
}

impl ShardHandle {
    /// Hands over a datagram; never waits.
    pub(crate) fn datagram(&self, datagram: Datagram, counters: &Counters) {
        let waiting = self.state.datagrams.fetch_add(1, Ordering::Relaxed);
        if waiting >= MAX_DATAGRAMS || self.inbox.try_send(Input::Datagram(datagram)).is_err() {
            self.state.datagrams.fetch_sub(1, Ordering::Relaxed);
            counters.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Asks something of the shard.
    pub(crate) fn command(&self, command: Command) -> Result<(), OpenError> {
        self.inbox.try_send(Input::Command(command)).map_err(|error| match error {
            TrySendError::Full(_) => OpenError::Busy,
            TrySendError::Disconnected(_) => OpenError::Stopping,
        })
    }

    /// How much it has to do, to be compared with the others'.
    pub(crate) fn load(&self) -> usize {
        self.state.sessions.load(Ordering::Relaxed)
    }
}
