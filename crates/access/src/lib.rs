//! Who may do what: users, API tokens, view tokens, sign-ins.
//!
//! Read in this order: [`hosts`] is by which names razz is asked, [`grant`] who asks and what they
//! see, [`policy`] what a route needs and whether they have it, `identify` how a request's credentials
//! become a grant. `store` keeps
//! users, tokens and sign-ins in a file beside the config; `accounts` changes them. `http/guard.rs`
//! asks here on every request. The first four know no request, no file and no clock.

mod accounts;
pub mod grant;
pub mod hosts;
mod identify;
mod limit;
pub mod password;
pub mod policy;
mod secret;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use razz_base::CameraId;
use tracing::info;

pub use self::accounts::{
    AccessError, Attempt, NewToken, NewUser, NewViewToken, SIGN_IN_S, UserEdit, checked_user,
    make_password,
};
pub use self::grant::Grant;
use self::grant::Rank;
pub use self::identify::Credentials;
use self::limit::Limiter;
pub use self::limit::network_of_client;
use self::password::Cost;
use self::store::StoreError;
pub use self::store::{ApiToken, Store, User};
use razz_config::{self as config, Network};
use razz_observe::clock::Clock;

/// The number of a viewer session, as whoever serves it has it.
pub type SessionId = u128;

/// Access control, on or off.
pub struct Access {
    on: Option<On>,
    clock: Clock,
}

/// What there is while it is on.
struct On {
    settings: config::Access,
    store: Store,
    limiter: Mutex<Limiter>,
    cost: Cost,
    /// Digest of the one-time set-up token, until it is used.
    set_up: Mutex<Option<String>>,
    /// Who opened which viewer session, of which camera.
    watching: Mutex<HashMap<SessionId, (CameraId, Grant)>>,
    /// Cameras that were removed, and when, in UNIX seconds: view tokens from before open them no
    /// more, though another camera may have the number now.
    removed: RwLock<BTreeMap<u32, i64>>,
}

impl Access {
    /// Off: everybody may do everything.
    pub fn off(clock: Clock) -> Arc<Self> {
        Arc::new(Self { on: None, clock })
    }

    /// On, with the users of `store`.
    pub fn on(settings: config::Access, store: Store, clock: Clock) -> Arc<Self> {
        Self::on_at(settings, store, clock, Cost::USUAL)
    }

    fn on_at(settings: config::Access, store: Store, clock: Clock, cost: Cost) -> Arc<Self> {
        let on = On {
            settings,
            store,
            limiter: Mutex::default(),
            cost,
            set_up: Mutex::default(),
            watching: Mutex::default(),
            removed: RwLock::default(),
        };
        Arc::new(Self { on: Some(on), clock })
    }

    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.on.is_some()
    }

    /// Where a set-up link is kept that there is no terminal for: beside the users.
    pub fn set_up_file(&self) -> Option<PathBuf> {
        self.on.as_ref().map(|on| on.store.path().with_file_name("razz.set-up-link"))
    }

    /// The header in which a listed proxy names the user, when requests come from `peer`; empty: none.
    pub fn user_header(&self, peer: IpAddr) -> Option<&str> {
        let settings = &self.on.as_ref()?.settings;
        let header = settings.user_header.as_str();
        (!header.is_empty() && self.is_proxy(peer)).then_some(header)
    }

    /// Whether `peer` is a listed proxy, whose word on where its clients are is taken.
    pub fn is_proxy(&self, peer: IpAddr) -> bool {
        let trusted = |on: &On| any_contains(&on.settings.trusted_proxies, peer);
        self.on.as_ref().is_some_and(trusted)
    }

    /// Who carries these credentials; `None`: nobody who is known.
    pub fn identify(&self, credentials: &Credentials) -> Option<Grant> {
        let Some(on) = &self.on else { return Some(Grant::ANYBODY) };
        let networks = &on.settings.open_networks;
        let removed = on.removed.read().unwrap_or_else(PoisonError::into_inner);
        identify::identify(&on.store.records(), networks, &removed, credentials, self.now_s())
    }

    /// Whether `grant` still allows watching `camera`.
    pub fn holds(&self, grant: &Grant, camera: CameraId) -> bool {
        let still = |on: &On| identify::holds(&on.store.records(), grant, camera, self.now_s());
        self.on.as_ref().is_none_or(still)
    }

    /// Whether `grant` still allows looking into the past of `camera`.
    pub fn looks_back(&self, grant: &Grant, camera: CameraId) -> bool {
        let still = |on: &On| {
            let now = identify::renewed(&on.store.records(), grant, self.now_s());
            now.is_some_and(|now| now.rank >= Rank::Viewer && now.scope.sees(camera))
        };
        self.on.as_ref().is_none_or(still)
    }

    /// Remembers who opened a viewer session.
    pub fn opened(&self, session: SessionId, camera: CameraId, grant: &Grant) {
        if let Some(on) = &self.on {
            on.watching().insert(session, (camera, grant.clone()));
        }
    }

    /// Whether `grant` is of the one who opened a viewer session.
    pub fn owns(&self, session: SessionId, grant: &Grant) -> bool {
        let Some(on) = &self.on else { return true };
        on.watching().get(&session).is_some_and(|(_, opener)| opener.who.is_same(&grant.who))
    }

    /// Takes up the users file if it has changed; answers whether it had.
    ///
    /// # Errors
    /// Where it cannot be read; users stay as they were.
    pub fn refresh(&self) -> Result<bool, StoreError> {
        let Some(on) = &self.on else { return Ok(false) };
        let changed = on.store.refresh()?;
        if changed {
            info!("{} has changed", on.store.path().display());
        }
        Ok(changed)
    }

    /// The viewer sessions that were opened and not forgotten yet, each with whether the one who
    /// opened it may still watch.
    pub fn sessions(&self) -> Vec<(SessionId, CameraId, bool)> {
        let Some(on) = &self.on else { return Vec::new() };
        let opened: Vec<_> = on.watching().iter().map(|(id, by)| (*id, by.clone())).collect();
        let checked = opened
            .into_iter()
            .map(|(id, (camera, grant))| (id, camera, self.holds(&grant, camera)));
        checked.collect()
    }

    /// A viewer session is over.
    pub fn forget(&self, session: SessionId) {
        if let Some(on) = &self.on {
            on.watching().remove(&session);
        }
    }

    /// UNIX seconds.
    fn now_s(&self) -> i64 {
        self.clock.wall_us() / 1_000_000
    }
}

impl On {
    fn watching(&self) -> MutexGuard<'_, HashMap<SessionId, (CameraId, Grant)>> {
        self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limiter(&self) -> MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_up(&self) -> MutexGuard<'_, Option<String>> {
        self.set_up.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn any_contains(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}
