//! A thread with a share of the sessions, and the deadlines between them.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use razz_base::{CameraId, MediaTime, MonoTime};
use razz_media::ring::Unit;
use razz_viewer::session::RtcError;
use razz_viewer::{Counts, Feed, Session, SessionId, Video, short};
use str0m::net::Protocol;
use tracing::{debug, error, warn};

use super::dispatch::Dispatch;
use super::send::{Batch, Sender, Way as Out};
use super::tcp::Connection;
use super::{Command, Counters, OpenError, Opened, Restarted, Shared};
use crate::camera::{Camera, Delivery};
use crate::wire::ViewerSession;
use razz_observe::telemetry::Asked;

/// What may wait for a shard: access units of many cameras, and beside them datagrams and commands.
const BACKLOG: usize = 4096;
/// Of these, datagrams at most: whatever floods them, commands find a place.
const MAX_DATAGRAMS: usize = 2048;
/// An access unit that waited longer for its shard is not sent any more. Raising it rides out longer
/// hiccups, and shows the past.
const MAX_LATE_US: i64 = 1_000_000;
/// Connections that one session may have: candidates of the same browser.
const MAX_CONNECTIONS: usize = 4;

/// A datagram for a session.
pub(super) struct Datagram {
    pub(super) id: SessionId,
    pub(super) proto: Protocol,
    pub(super) source: SocketAddr,
    pub(super) destination: Option<SocketAddr>,
    pub(super) contents: Vec<u8>,
    /// Where answers go, when it came over TCP.
    pub(super) connection: Option<Arc<Connection>>,
}

/// What wakes a shard.
enum Input {
    /// There is an access unit.
    Unit,
    Datagram(Datagram),
    Command(Command),
}

/// An access unit, with how many had been dropped when it was sent: that is where the gap is.
type Arrived = (Arc<Dispatch>, u64);

/// The ends of a shard's queues. Access units have one of their own, since they go before all else
/// that waits: a picture is late sooner than a report is.
struct Inputs {
    units: Receiver<Arrived>,
    inbox: Receiver<Input>,
}

/// The way to a shard.
pub(super) struct Way {
    units: SyncSender<Arrived>,
    inbox: SyncSender<Input>,
    state: Arc<State>,
}

/// What is known of a shard outside it.
#[derive(Default)]
struct State {
    sessions: AtomicUsize,
    datagrams: AtomicUsize,
    /// Access units dropped.
    overruns: AtomicU64,
}

impl Way {
    /// Hands over an access unit; never waits.
    pub(super) fn unit(&self, dispatch: &Arc<Dispatch>) {
        if self.state.sessions.load(Ordering::Relaxed) == 0 {
            dispatch.finish(None);
            return;
        }
        let overruns = self.state.overruns.load(Ordering::SeqCst);
        if let Err(TrySendError::Full(_)) = self.units.try_send((Arc::clone(dispatch), overruns)) {
            self.state.overruns.fetch_add(1, Ordering::SeqCst);
            dispatch.finish(None);
        }
        // With a full inbox the shard is awake, and looks for access units before it goes on.
        let _ = self.inbox.try_send(Input::Unit);
    }

    /// Hands over a datagram; never waits.
    pub(super) fn datagram(&self, datagram: Datagram, counters: &Counters) {
        let waiting = self.state.datagrams.fetch_add(1, Ordering::Relaxed);
        if waiting >= MAX_DATAGRAMS || self.inbox.try_send(Input::Datagram(datagram)).is_err() {
            self.state.datagrams.fetch_sub(1, Ordering::Relaxed);
            counters.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Asks something of the shard.
    pub(super) fn command(&self, command: Command) -> Result<(), OpenError> {
        self.inbox.try_send(Input::Command(command)).map_err(|error| match error {
            TrySendError::Full(_) => OpenError::Busy,
            TrySendError::Disconnected(_) => OpenError::Stopping,
        })
    }

    /// How much it has to do, to be compared with the others'.
    pub(super) fn load(&self) -> usize {
        self.state.sessions.load(Ordering::Relaxed)
    }
}

/// Starts shard `n`.
pub(super) fn start(n: usize, sender: Sender, shared: Arc<Shared>) -> std::io::Result<Way> {
    let (units, arrived) = sync_channel(BACKLOG);
    let (inbox, inputs) = sync_channel(BACKLOG);
    let inputs = Inputs { units: arrived, inbox: inputs };
    let state = Arc::new(State::default());
    let shard = Shard {
        sender,
        batch: Batch::new(),
        shared,
        state: Arc::clone(&state),
        entries: HashMap::new(),
        by_camera: HashMap::new(),
        deadlines: BTreeSet::new(),
        overruns: 0,
    };
    std::thread::Builder::new().name(format!("viewers{n}")).spawn(move || shard.run(&inputs))?;
    Ok(Way { units, inbox, state })
}

struct Entry {
    session: Session,
    camera: Arc<Camera>,
    connections: Vec<Arc<Connection>>,
    /// Where its last datagram came from.
    source: Option<SocketAddr>,
    /// Under which it stands among the deadlines.
    deadline: Option<MonoTime>,
    /// What was counted of it so far.
    counted: Counts,
    opened: MonoTime,
}

struct Shard {
    sender: Sender,
    batch: Batch,
    shared: Arc<Shared>,
    state: Arc<State>,
    entries: HashMap<SessionId, Entry>,
    by_camera: HashMap<CameraId, Vec<SessionId>>,
    deadlines: BTreeSet<(MonoTime, SessionId)>,
    /// Access units that had been dropped before the last one.
    overruns: u64,
}

/// The camera as sessions see it.
struct CameraFeed(Arc<Camera>);

impl Feed for CameraFeed {
    fn replay(&self) -> Option<Vec<Arc<Unit>>> {
        self.0.replay()
    }

    fn next_idr_us(&self, now: MediaTime) -> Option<i64> {
        self.0.ring().next_idr_in(now)
    }

    fn video(&self) -> Video {
        self.0.status().video
    }
}

impl Shard {
    /// Serves until nobody can ask any more.
    fn run(mut self, inputs: &Inputs) {
        loop {
            let now = self.shared.clock.mono();
            let wait = match self.deadlines.first() {
                Some((at, _)) => now.until(*at),
                None => Duration::from_secs(3600),
            };
            let input = inputs.inbox.recv_timeout(wait);
            self.handle_units(inputs);
            match input {
                Ok(input) => self.handle_input(input),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.handle_deadlines(inputs);
        }
    }

    /// Delivers the access units that there are.
    fn handle_units(&mut self, inputs: &Inputs) {
        while let Ok((dispatch, overruns)) = inputs.units.try_recv() {
            if overruns > self.overruns {
                self.overruns = overruns;
                warn!("viewers did not keep up with the cameras; all wait for key frames");
                for entry in self.entries.values_mut() {
                    entry.session.handle_gap();
                }
            }
            let now = self.shared.clock.mono();
            if now.since_us(dispatch.unit.au.received) > MAX_LATE_US {
                self.skip(&dispatch.unit);
                dispatch.finish(None);
            } else {
                self.deliver(&dispatch);
            }
        }
    }

    fn handle_input(&mut self, input: Input) {
        match input {
            Input::Unit => {}
            Input::Datagram(datagram) => {
                self.state.datagrams.fetch_sub(1, Ordering::Relaxed);
                self.handle_datagram(datagram);
            }
            Input::Command(command) => self.handle_command(command),
        }
    }

    // ---- commands ----

    fn handle_command(&mut self, command: Command) {
        match command {
            Command::Open { id, camera, offer, reply } => {
                let outcome = self.open(id, camera, &offer);
                // The one who asked may be gone: nobody will come then.
                if reply.send(outcome).is_err() {
                    self.close(id);
                }
            }
            Command::RestartIce { id, fragment, reply } => {
                let _ = reply.send(self.restart_ice(id, &fragment));
            }
            Command::Close { id, reply } => {
                let known = self.entries.contains_key(&id);
                self.close(id);
                let _ = reply.send(known);
            }
            Command::Ice { id, reply } => {
                let ice = self.entries.get(&id).map(|entry| entry.session.ufrag().to_owned());
                let _ = reply.send(ice);
            }
            Command::Ask { id, reply } => {
                let _ = reply.send(self.entries.get(&id).map(|entry| told(&entry.session)));
            }
            Command::Stop { reply } => {
                for id in self.entries.keys().copied().collect::<Vec<_>>() {
                    self.close(id);
                }
                let _ = reply.send(true);
            }
        }
    }

    fn open(
        &mut self,
        id: SessionId,
        camera: Arc<Camera>,
        offer: &str,
    ) -> Result<Opened, OpenError> {
        let now = self.shared.clock.mono();
        let feed = Arc::new(CameraFeed(Arc::clone(&camera)));
        let terms = self.shared.terms();
        let answered = Session::answer(id, offer, feed, &terms, now)?;
        let _in = camera.span().entered();
        debug!(session = %short(id), "viewer offered");
        let ice = answered.session.ufrag().to_owned();
        self.shared.demux().insert(id, ice.clone());
        self.by_camera.entry(camera.id).or_default().push(id);
        camera.viewers().fetch_add(1, Ordering::SeqCst);
        let entry = Entry {
            session: answered.session,
            camera,
            connections: Vec::new(),
            source: None,
            deadline: None,
            counted: Counts::default(),
            opened: now,
        };
        self.entries.insert(id, entry);
        self.count_sessions(1);
        self.schedule(id);
        Ok(Opened { id, answer: answered.answer, ice })
    }

    fn restart_ice(&mut self, id: SessionId, fragment: &str) -> Result<Restarted, OpenError> {
        let entry = self.entries.get_mut(&id).ok_or(OpenError::Unknown)?;
        let old = entry.session.ufrag().to_owned();
        let fragment = entry.session.restart_ice(fragment)?;
        let ice = entry.session.ufrag().to_owned();
        self.shared.demux().rename(id, &old, ice.clone());
        self.schedule(id);
        Ok(Restarted { fragment, ice })
    }

    fn close(&mut self, id: SessionId) {
        let now = self.shared.clock.mono();
        if let Some(entry) = self.entries.get_mut(&id) {
            let mut out =
                out(&self.sender, &mut self.batch, entry.connections.as_slice(), &self.shared);
            entry.session.close(now, &mut out);
            out.finish();
        }
        self.remove(id);
    }

    fn remove(&mut self, id: SessionId) {
        let Some(entry) = self.entries.remove(&id) else { return };
        self.shared.demux().remove(id, entry.session.ufrag());
        if let Some(at) = entry.deadline {
            self.deadlines.remove(&(at, id));
        }
        if let Some(ids) = self.by_camera.get_mut(&entry.camera.id) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_camera.remove(&entry.camera.id);
            }
        }
        for connection in &entry.connections {
            connection.close();
        }
        entry.camera.viewers().fetch_sub(1, Ordering::SeqCst);
        self.count_sessions(-1);
        let Counts { replays, waits, nacks, plis, .. } = entry.counted;
        let (camera, asked) = (&entry.camera, Asked { nacks, plis, replays, waits });
        self.shared.telemetry.session(camera.id, camera.run(), entry.opened, asked);
    }

    fn count_sessions(&self, change: isize) {
        for count in [&self.state.sessions, &self.shared.total] {
            count.fetch_add(change as usize, Ordering::Relaxed); // Wraps: −1 takes one away.
        }
    }

    // ---- media and datagrams ----

    fn deliver(&mut self, dispatch: &Dispatch) {
        let unit = &dispatch.unit;
        let received = unit.au.received;
        let ids = self.by_camera.get_mut(&unit.au.key.camera).map(std::mem::take);
        let ids = ids.unwrap_or_default();
        let (mut first, mut any) = (None, false);
        for id in &ids {
            let handed = self.with(*id, |session, now, out| {
                session.handle_unit(now, unit);
                session.flush(now, out)
            });
            if handed > 0 && !any {
                any = true;
                first = dispatch.begin().then(|| self.shared.clock.mono());
            }
        }
        let sent = ids.iter().find_map(|id| self.entries.get(id)).filter(|_| any);
        let sent = sent.map(|entry| (self.shared.clock.mono(), Arc::clone(&entry.camera)));
        if let (Some(first), Some((_, camera))) = (first, &sent) {
            camera.status().first_packet_us.add(first.since_us(received) as f64);
        }
        dispatch.finish(sent);
        let ids: Vec<SessionId> =
            ids.into_iter().filter(|id| self.entries.contains_key(id)).collect();
        if !ids.is_empty() {
            self.by_camera.insert(unit.au.key.camera, ids);
        }
    }

    /// The processor has no time for all viewers: live is live, so they go on at an IDR that is.
    fn skip(&mut self, unit: &Unit) {
        for id in self.by_camera.get(&unit.au.key.camera).into_iter().flatten() {
            if let Some(entry) = self.entries.get_mut(id) {
                entry.session.handle_gap();
            }
        }
    }

    fn handle_datagram(&mut self, datagram: Datagram) {
        let Datagram { id, proto, source, destination, contents, connection } = datagram;
        if let (Some(connection), Some(entry)) = (connection, self.entries.get_mut(&id))
            && !entry.connections.iter().any(|known| Arc::ptr_eq(known, &connection))
        {
            if entry.connections.len() >= MAX_CONNECTIONS {
                entry.connections.remove(0).close();
            }
            entry.connections.push(connection);
        }
        let known = self.entries.get(&id).and_then(|entry| entry.source) == Some(source);
        let (shared, mut proved) = (Arc::clone(&self.shared), false);
        self.with(id, |session, now, out| {
            proved = session.handle_datagram(now, proto, source, destination, &contents)?;
            if proved && !known && proto == Protocol::Udp {
                // Before the answer is out: the next datagram may come faster than we go on.
                shared.demux().learn(id, source);
            }
            session.flush(now, out)
        });
        if proved
            && proto == Protocol::Udp
            && let Some(entry) = self.entries.get_mut(&id)
        {
            entry.source = Some(source);
        }
    }

    fn handle_deadlines(&mut self, inputs: &Inputs) {
        let now = self.shared.clock.mono();
        while let Some((at, id)) = self.deadlines.first().copied() {
            if at > now {
                break;
            }
            self.deadlines.pop_first();
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.deadline = None;
            }
            self.with(id, |session, now, out| {
                session.handle_timeout(now)?;
                session.flush(now, out)
            });
            self.handle_units(inputs);
        }
    }

    /// Runs `work` on a session; answers how many datagrams it sent. A session that fails or panics
    /// ends, and no other notices.
    fn with<F>(&mut self, id: SessionId, work: F) -> usize
    where
        F: FnOnce(&mut Session, MonoTime, &mut Out<'_>) -> Result<(), RtcError>,
    {
        let now = self.shared.clock.mono();
        let Some(entry) = self.entries.get_mut(&id) else { return 0 };
        // A span costs more than a datagram: only where something may be said in it.
        let said = tracing::enabled!(target: "razz_viewer", tracing::Level::DEBUG);
        let _in = said.then(|| entry.camera.span().entered());
        let mut out = out(&self.sender, &mut self.batch, &entry.connections, &self.shared);
        let session = &mut entry.session;
        let outcome = catch_unwind(AssertUnwindSafe(|| work(session, now, &mut out)));
        out.finish();
        let handed = out.handed;
        let delivery = entry.camera.delivery();
        delivery.bytes.fetch_add(out.sent_bytes as u64, Ordering::Relaxed);
        count(&mut entry.counted, session.counts(), &self.shared.counters, delivery);
        let over = match outcome {
            Ok(Ok(())) => session.is_over(),
            Ok(Err(error)) => {
                debug!(session = %short(id), "viewer ends: {error}");
                true
            }
            Err(_) => {
                let _in = entry.camera.span().entered();
                error!(session = %short(id), "viewer session panicked");
                true
            }
        };
        if over {
            self.remove(id);
        } else {
            self.schedule(id);
        }
        handed
    }

    fn schedule(&mut self, id: SessionId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let at = entry.session.deadline();
        match entry.deadline.replace(at) {
            Some(old) if old == at => return,
            Some(old) => {
                self.deadlines.remove(&(old, id));
            }
            None => {}
        }
        self.deadlines.insert((at, id));
    }
}

fn told(session: &Session) -> ViewerSession {
    let Counts { replays, waits, keyframe_requests, .. } = session.counts();
    ViewerSession { waiting: session.waits_for_idr(), waits, replays, keyframe_requests }
}

fn out<'a>(
    sender: &'a Sender,
    batch: &'a mut Batch,
    connections: &'a [Arc<Connection>],
    shared: &'a Shared,
) -> Out<'a> {
    Out { sender, batch, connections, counters: &shared.counters, handed: 0, sent_bytes: 0 }
}

/// Adds what happened since `counted` to the counters of all and to those of the camera.
fn count(counted: &mut Counts, now: Counts, counters: &Counters, camera: &Delivery) {
    if *counted == now {
        return;
    }
    for (counter, before, after) in [
        (&camera.replays, counted.replays, now.replays),
        (&camera.waits, counted.waits, now.waits),
        (&camera.keyframe_requests, counted.keyframe_requests, now.keyframe_requests),
        (&camera.nacks, counted.nacks, now.nacks),
        (&camera.plis, counted.plis, now.plis),
        (&counters.replays, counted.replays, now.replays),
        (&counters.waits, counted.waits, now.waits),
        (&counters.keyframe_requests, counted.keyframe_requests, now.keyframe_requests),
    ] {
        counter.fetch_add(after - before, Ordering::Relaxed);
    }
    *counted = now;
}
