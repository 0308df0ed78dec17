//! Where a request comes from, as far as the way here tells.

use std::net::IpAddr;

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    /// The client's address, also from behind a listed proxy; unspecified where it cannot be told.
    pub(super) address: IpAddr,
    /// Whether the client's side of the way is TLS.
    pub(super) tls: bool,
    /// Whether it sees razz in the folder `server.base`, as far as can be told.
    pub(super) in_folder: bool,
}
