//! Who has opened how many sessions, and which of them have not connected. Such a session costs its opener
//! nothing, so one opener has few of them, and when places are short they give way.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use razz_base::{CameraId, MonoTime};
use razz_viewer::SessionId;

use super::OpenError;

/// Sessions of one opener that may be connecting at a time: a page of many cameras opens all at once.
/// Raising it lets one opener hold more places for the half minute that connecting may take.
pub(crate) const CONNECTING: usize = 32;
/// The same of one address, behind which there may be several openers.
const CONNECTING_BEHIND_ONE: usize = 64;
/// A session that has been connecting for so long gives way to any other opener's, in µs. Most take less than a
/// second.
const PATIENCE_US: i64 = 5_000_000;
/// One that has not gives way to who has so many fewer of them.
const FAIR: usize = 4;

/// Who opens a session.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Opener {
    /// The account or token, if there is one.
    pub who: Option<String>,
    /// Where from, where that is known.
    pub address: Option<IpAddr>,
    /// Sessions that `who` may have, where there is a limit.
    pub most: Option<usize>,
}

/// Every session by who has opened it.
#[derive(Debug, Default)]
pub(crate) struct Openers(Mutex<Sessions>);

#[derive(Debug, Default)]
struct Sessions {
    by_who: HashMap<String, usize>,
    connecting: HashMap<SessionId, Connecting>,
}

/// A session that has not connected.
#[derive(Debug)]
struct Connecting {
    camera: CameraId,
    who: Option<String>,
    address: Option<IpAddr>,
    since: MonoTime,
}

/// A session's entry, until it is dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    openers: Arc<Openers>,
    id: SessionId,
    who: Option<String>,
}

impl Openers {
    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a session that is opened, unless its opener has as many as it may.
    pub(crate) fn enter(
        self: &Arc<Self>,
        id: SessionId,
        camera: CameraId,
        opener: &Opener,
        now: MonoTime,
    ) -> Result<Entry, OpenError> {
        let Opener { who, address, most } = opener.clone();
        let mut sessions = self.sessions();
        let held = who.as_ref().and_then(|who| sessions.by_who.get(who)).copied().unwrap_or(0);
        if let Some(most) = most.filter(|most| held >= *most) {
            return Err(OpenError::Full(most, "viewers.max_per_token"));
        }
        let (of_who, of_address) = sessions.connecting_of(who.as_deref(), address);
        // This machine has other ways to harm razz, and may be a proxy.
        let bounded = address.is_some_and(|address| !address.is_loopback());
        if of_who >= CONNECTING || (bounded && of_address >= CONNECTING_BEHIND_ONE) {
            return Err(OpenError::Connecting(of_who.max(of_address)));
        }
        if let Some(who) = &who {
            *sessions.by_who.entry(who.clone()).or_default() += 1;
        }
        let connecting = Connecting { camera, who: who.clone(), address, since: now };
        sessions.connecting.insert(id, connecting);
        Ok(Entry { openers: Arc::clone(self), id, who })
    }

    /// The session that gives way where all places are taken, at `camera` or, without one, at all.
    pub(crate) fn gives_way(
        &self,
        camera: Option<CameraId>,
        opener: &Opener,
        now: MonoTime,
    ) -> Option<SessionId> {
        let sessions = self.sessions();
        let of = |who: Option<&str>, address| {
            let (of_who, of_address) = sessions.connecting_of(who, address);
            of_who.max(of_address)
        };
        let own = of(opener.who.as_deref(), opener.address);
        let here = |it: &Connecting| camera.is_none_or(|camera| it.camera == camera);
        let yields = |it: &Connecting| {
            let others = it.who != opener.who || it.address != opener.address;
            let late = now.since_us(it.since) >= PATIENCE_US;
            others && (late || of(it.who.as_deref(), it.address) > own + FAIR)
        };
        let all = sessions.connecting.iter().filter(|(_, it)| here(it) && yields(it));
        all.min_by_key(|(_, it)| it.since).map(|(id, _)| *id)
    }
}

impl Sessions {
    /// How many are connecting of this opener, and from this address.
    fn connecting_of(&self, who: Option<&str>, address: Option<IpAddr>) -> (usize, usize) {
        let of_who = |it: &&Connecting| who.is_some() && it.who.as_deref() == who;
        let of_address = |it: &&Connecting| address.is_some() && it.address == address;
        let all = || self.connecting.values();
        (all().filter(of_who).count(), all().filter(of_address).count())
    }
}

impl Entry {
    /// The session has connected.
    pub(crate) fn connected(&self) {
        self.openers.sessions().connecting.remove(&self.id);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut sessions = self.openers.sessions();
        sessions.connecting.remove(&self.id);
        let Some(who) = &self.who else { return };
        let left = sessions.by_who.get(who).copied().unwrap_or(0).saturating_sub(1);
        if left == 0 {
            sessions.by_who.remove(who);
        } else {
            sessions.by_who.insert(who.clone(), left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> MonoTime {
        MonoTime::from_us(seconds * 1_000_000)
    }

    fn opener(who: &str, last: u8) -> Opener {
        let who = (!who.is_empty()).then(|| who.to_owned());
        Opener { who, address: Some(IpAddr::from([10, 0, 0, last])), most: Some(40) }
    }

    fn camera(id: u32) -> CameraId {
        CameraId::new(id).unwrap()
    }

    #[test]
    fn few_of_one_opener_are_connecting_at_a_time() {
        let openers = Arc::<Openers>::default();
        let mut id = 0;
        let mut enter = |opener: &Opener| {
            id += 1;
            openers.enter(id, camera(1), opener, at(0))
        };
        let one = opener("token", 1);
        let held: Vec<_> = (0..CONNECTING).map(|_| enter(&one).unwrap()).collect();
        assert!(matches!(enter(&one), Err(OpenError::Connecting(CONNECTING))));
        // From elsewhere the token is the same; behind its address there is somebody else.
        assert!(matches!(enter(&opener("token", 2)), Err(OpenError::Connecting(_))));
        let others: Vec<_> = (0..CONNECTING).map(|_| enter(&opener("bob", 1)).unwrap()).collect();
        assert!(matches!(enter(&opener("eve", 1)), Err(OpenError::Connecting(_))), "the address");
        let elsewhere = enter(&opener("eve", 3)).unwrap();
        held.iter().take(8).for_each(Entry::connected);
        // As many again, until the token has all sessions that it may.
        let more: Vec<_> = (0..8).map(|_| enter(&opener("token", 4)).unwrap()).collect();
        held.iter().for_each(Entry::connected);
        let full = enter(&opener("token", 4)).unwrap_err();
        assert!(matches!(full, OpenError::Full(40, "viewers.max_per_token")), "{full:?}");
        drop((held, others, elsewhere, more));
        let left = openers.sessions();
        assert!(left.by_who.is_empty() && left.connecting.is_empty());
    }

    #[test]
    fn this_machine_may_open_as_many_as_there_are_places() {
        let openers = Arc::<Openers>::default();
        let here = Opener { who: None, address: Some(IpAddr::from([127, 0, 0, 1])), most: None };
        let enter = |id| openers.enter(id, camera(1), &here, at(0));
        let all: Vec<_> = (0..200).map(|id| enter(id).unwrap()).collect();
        assert_eq!(all.len(), 200);
    }

    #[test]
    fn who_has_many_that_do_not_connect_gives_way() {
        let openers = Arc::<Openers>::default();
        let mut held = Vec::new();
        for id in 0..8 {
            held.push(openers.enter(id, camera(1), &opener("many", 1), at(id as i64)).unwrap());
        }
        held.push(openers.enter(20, camera(2), &opener("few", 2), at(0)).unwrap());
        let newcomer = opener("new", 3);
        let gives = |camera, now| openers.gives_way(camera, &newcomer, at(now));
        assert_eq!(gives(Some(camera(1)), 0), Some(0), "the oldest of who has many");
        assert_eq!(gives(Some(camera(2)), 4), None, "it may still connect");
        assert_eq!(gives(Some(camera(2)), 5), Some(20), "it has had its time");
        assert_eq!(gives(Some(camera(3)), 9), None);
        // Who has as many makes nobody give way, least of all themselves.
        assert_eq!(openers.gives_way(Some(camera(1)), &opener("many", 1), at(99)), None);
        held[0].connected();
        assert_eq!(gives(Some(camera(1)), 0), Some(1), "whoever watches stays");
        for entry in held.iter().skip(1).take(4) {
            entry.connected();
        }
        assert_eq!(gives(Some(camera(1)), 0), None, "three are not many");
    }
}
