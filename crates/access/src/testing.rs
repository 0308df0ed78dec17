//! What tests of access share.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Access, AccessError, Cost, Store};
use razz_config as config;
use razz_observe::clock::Clock;

/// A folder of its own that goes with it.
pub struct Folder(PathBuf);

impl Folder {
    /// One that `name` is part of.
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(format!("razz-{name}-{process}-{count}"));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// A path in it.
    pub fn path(&self, file: &str) -> PathBuf {
        self.0.join(file)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Access {
    /// Signs in without waiting; answers the cookie.
    pub fn sign_in_from(
        &self,
        address: IpAddr,
        name: &str,
        password: &str,
    ) -> Result<String, AccessError> {
        self.sign_in(&self.attempt(name, address)?, password)
    }
}

/// Access control that is on, with hashing that costs next to nothing, and no users.
pub fn access(folder: &Folder, settings: config::Access) -> Arc<Access> {
    let store = Store::open(&folder.path("razz.users.json")).unwrap();
    Access::on_at(settings, store, Clock::start(), Cost::LEAST)
}
