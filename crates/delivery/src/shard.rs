//! A thread with a share of the sessions, and the deadlines between them.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use razz_base::{CameraId, MonoTime, Quality, Size, StreamId, StreamKind};
use razz_media::ring::Unit;
use razz_viewer::session::RtcError;
use razz_viewer::{Counts, Demand, Request, Session, SessionId, Video, short, steps};
use str0m::net::Protocol;
use tracing::{debug, error, warn};

use super::connection::Connection;
use super::inbox::{BACKLOG, Datagram, Input, ShardHandle, ShardState};
use super::rungs::{Rungs, Sent, Wants};
use super::send::{Batch, Sender, SessionOutlet as Out};
use super::{
    Command, Counters, Encoding, OpenError, Opened, Place, Restarted, SessionStatus, Shared,
};
use razz_hub::health::DeliveryHealth;
use razz_hub::{Attachment, Camera, Policy, Subscriber};
use razz_observe::cpu_usage::VIEWER_THREAD;
use razz_observe::telemetry::ViewerRequests;

/// Bytes of these access units.
const BACKLOG_BYTES: usize = 256 << 20;
/// An access unit that waited longer for its shard is not sent any more. Raising it rides out longer
/// hiccups, and shows the past.
const MAX_LATE_US: i64 = 1_000_000;
/// What is due later than soon is done on a grid, for all sessions together: waking up costs more than most of it.
const SOON_US: i64 = 5_000;
const GRID_US: i64 = 4_000;
/// Connections that one session may have: candidates of the same browser.
const MAX_CONNECTIONS: usize = 4;

/// Starts shard `n`.
pub(crate) fn start(n: usize, sender: Sender, shared: Arc<Shared>) -> std::io::Result<ShardHandle> {
    let (inbox, received) = sync_channel(BACKLOG);
    let state = Arc::new(ShardState::default());
    let (waker, woken) = (inbox.clone(), Arc::clone(&state));
    let wake = move || {
        if !woken.woken.swap(true, Ordering::AcqRel) {
            // With a full inbox the shard is awake, and looks for access units before it goes on.
            let _ = waker.try_send(Input::Unit);
        }
    };
    let policy = Policy::FromKey { max_items: BACKLOG, max_bytes: BACKLOG_BYTES };
    let units = Subscriber::with_wake(policy, Box::new(wake));
    let shard = Shard {
        units,
        sender,
        batch: Batch::new(),
        shared,
        state: Arc::clone(&state),
        entries: HashMap::new(),
        by_camera: HashMap::new(),
        deadlines: BTreeSet::new(),
        delivers: false,
    };
    std::thread::Builder::new()
        .name(format!("{VIEWER_THREAD}s{n}"))
        .spawn(move || shard.run(&received))?;
    Ok(ShardHandle { inbox, state })
}

/// The sessions of one camera.
struct Audience {
    camera: Arc<Camera>,
    sessions: Vec<SessionId>,
    /// While there are sessions, the camera's access units come here.
    _attachment: Attachment<Unit>,
    /// And those of the encodings that sessions are sent.
    rungs: Rungs,
}

struct Entry {
    session: Session,
    demand: Demand,
    /// The encodings of ours that are made for it.
    wants: Wants,
    /// At its camera.
    place: Place,
    connections: Vec<Arc<Connection>>,
    /// Where its last datagram came from.
    source: Option<SocketAddr>,
    /// Under which it stands among the deadlines.
    deadline: Option<MonoTime>,
    /// What was counted of it so far.
    counted: Counts,
    opened: MonoTime,
    connected: bool,
}

struct Shard {
    /// Access units have a queue of their own, since they go before all else that waits: a picture is late
    /// sooner than a report is.
    units: Subscriber<Unit>,
    sender: Sender,
    batch: Batch,
    shared: Arc<Shared>,
    state: Arc<ShardState>,
    entries: HashMap<SessionId, Entry>,
    by_camera: HashMap<CameraId, Audience>,
    deadlines: BTreeSet<(MonoTime, SessionId)>,
    /// Units are being handed to an audience, whose sessions are held elsewhere meanwhile.
    delivers: bool,
}

impl Shard {
    /// Serves until nobody can ask any more.
    fn run(mut self, inbox: &Receiver<Input>) {
        loop {
            let now = self.shared.clock.mono();
            let wait = match self.deadlines.first() {
                Some((at, _)) => now.until(*at),
                None => Duration::from_secs(3600),
            };
            let input = inbox.recv_timeout(wait);
            self.handle_units();
            match input {
                Ok(input) => self.handle_input(input),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.handle_deadlines();
        }
    }

    /// Delivers the access units that there are.
    fn handle_units(&mut self) {
        self.state.woken.store(false, Ordering::Release);
        while let Some(received) = self.units.try_next() {
            let (source, unit) = (received.source, received.item);
            let camera = source.camera;
            if let Some(gap) = received.gap {
                warn!(camera = %camera, units = gap.items, "viewers did not keep up with the camera; they wait for a key frame");
                self.skip(source);
            }
            let now = self.shared.clock.mono();
            if now.since_us(unit.au.received) > MAX_LATE_US {
                self.skip(source);
            } else {
                self.deliver(source, &unit);
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
            Command::Open { id, place, offer, demand, reply } => {
                let outcome = self.open(id, place, &offer, demand);
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
                let _ = reply.send(self.entries.get(&id).map(status));
            }
            Command::Demand { id, change, reply } => {
                if let Some(entry) = self.entries.get_mut(&id) {
                    change.apply(&mut entry.demand);
                    self.choose(id);
                }
                let _ = reply.send(self.entries.get(&id).map(status));
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
        place: Place,
        offer: &str,
        demand: Demand,
    ) -> Result<Opened, OpenError> {
        let now = self.shared.clock.mono();
        let camera = Arc::clone(&place.camera);
        let format = camera.stream.format();
        let video = format.as_deref().map_or_else(Video::default, Video::of);
        let settings = self.shared.settings();
        let answered = Session::answer(id, offer, video, &settings, now).or_else(|error| {
            // What this browser does not take is encoded anew for it.
            let can_make = format.is_some_and(|format| camera.renditions.can_make(&format));
            if !(error.is_of_codec() && can_make) {
                return Err(error);
            }
            Session::answer(id, offer, Video::default(), &settings, now).map_err(|_| error)
        })?;
        let _in = camera.context.span().entered();
        debug!(session = %short(id), "viewer offered");
        let ice = answered.session.ufrag().to_owned();
        self.shared.demux().insert(id, ice.clone());
        self.join(id, camera);
        let entry = Entry {
            session: answered.session,
            demand,
            wants: Wants::default(),
            place,
            connections: Vec::new(),
            source: None,
            deadline: None,
            counted: Counts::default(),
            opened: now,
            connected: false,
        };
        self.entries.insert(id, entry);
        self.state.sessions.fetch_add(1, Ordering::Relaxed);
        self.choose(id);
        self.schedule(id);
        Ok(Opened { id, answer: answered.answer, ice })
    }

    /// Counts a session among its camera's audience; with the first one the camera's access units
    /// come here.
    fn join(&mut self, id: SessionId, camera: Arc<Camera>) {
        let known = self.by_camera.get(&camera.id);
        if known.is_some_and(|audience| !Arc::ptr_eq(&audience.camera, &camera)) {
            // That camera is gone; this one has its number.
            let gone = self.by_camera.remove(&camera.id).map(|audience| audience.sessions);
            gone.into_iter().flatten().for_each(|id| self.close(id));
        }
        let audience = self.by_camera.entry(camera.id).or_insert_with(|| Audience {
            _attachment: camera.stream.attach_live(&self.units),
            camera,
            sessions: Vec::new(),
            rungs: Rungs::default(),
        });
        audience.sessions.push(id);
    }

    /// Says which encodings there are for a session.
    fn choose(&mut self, id: SessionId) {
        let Some(entry) = self.entries.get(&id) else { return };
        let sent = Sent::by(&entry.place.camera, self.shared.clock.mono());
        let (demand, setting) = (entry.demand, self.shared.quality);
        self.with(id, |session, now| {
            choose(session, now, &sent, demand, setting);
            Ok(())
        });
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
        let camera = &entry.place.camera;
        if let Some(audience) = self.by_camera.get_mut(&camera.id) {
            audience.sessions.retain(|other| *other != id);
            entry.wants.end(&mut audience.rungs);
            if audience.sessions.is_empty() && !self.delivers {
                self.by_camera.remove(&camera.id);
            }
        }
        for connection in &entry.connections {
            connection.close();
        }
        self.state.sessions.fetch_sub(1, Ordering::Relaxed);
        let Counts { replays, waits, nacks, plis, .. } = entry.counted;
        let asked = ViewerRequests { nacks, plis, replays, waits };
        self.shared.telemetry.session(camera.id, camera.context.run(), entry.opened, asked);
    }

    // ---- media and datagrams ----

    fn deliver(&mut self, source: StreamId, unit: &Arc<Unit>) {
        let StreamId { camera, kind } = source;
        // Taken out for the while: a session that ends here must not end the audience.
        let Some(audience) = self.by_camera.get_mut(&camera) else { return };
        let mut sessions = std::mem::take(&mut audience.sessions);
        // With a key frame, what the camera sends may have become something else.
        let anew = kind == StreamKind::Main && unit.au.idr;
        let sent = anew.then(|| Sent::by(&audience.camera, self.shared.clock.mono()));
        let setting = self.shared.quality;
        let mut first = None;
        self.delivers = true;
        for id in &sessions {
            let Some(entry) = self.entries.get(id) else { continue };
            let (session, demand) = (&entry.session, entry.demand);
            if sent.is_none() && session.sending() != kind && session.wants() != kind {
                continue;
            }
            let handed = self.with(*id, |session, now| {
                if let Some(sent) = &sent {
                    choose(session, now, sent, demand, setting);
                }
                session.handle_unit_of(now, kind, unit);
                Ok(())
            });
            if handed > 0 && first.is_none() {
                first = Some(self.shared.clock.mono());
            }
        }
        self.delivers = false;
        sessions.retain(|id| self.entries.contains_key(id));
        let Some(audience) = self.by_camera.get_mut(&camera) else { return };
        if let (StreamKind::Main, Some(first)) = (kind, first) {
            let since = |at: MonoTime| at.since_us(unit.au.received) as f64;
            let last = self.shared.clock.mono();
            let delivery = &audience.camera.health.delivery;
            delivery.frame_sent(unit.au.key.time, since(first), since(last));
        }
        audience.sessions = sessions;
        if audience.sessions.is_empty() {
            self.by_camera.remove(&camera);
        }
    }

    /// Viewers have missed pictures of a stream, or there is no time for all of them: live is live, so
    /// they go on at an IDR that is.
    fn skip(&mut self, source: StreamId) {
        let Some(audience) = self.by_camera.get(&source.camera) else { return };
        let now = self.shared.clock.mono();
        for id in &audience.sessions {
            if let Some(entry) = self.entries.get_mut(id)
                && entry.session.sending() == source.kind
            {
                entry.session.handle_gap(now);
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
        self.with(id, |session, now| {
            proved = session.handle_datagram(now, proto, source, destination, &contents)?;
            if proved && !known && proto == Protocol::Udp {
                // Before the answer is out: the next datagram may come faster than we go on.
                shared.demux().learn(id, source);
            }
            Ok(())
        });
        if proved
            && proto == Protocol::Udp
            && let Some(entry) = self.entries.get_mut(&id)
        {
            entry.source = Some(source);
        }
    }

    fn handle_deadlines(&mut self) {
        let now = self.shared.clock.mono();
        while let Some((at, id)) = self.deadlines.first().copied() {
            if at > now {
                break;
            }
            self.deadlines.pop_first();
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.deadline = None;
                if entry.place.camera.is_stopped() {
                    self.close(id);
                    continue;
                }
            }
            self.with(id, Session::handle_timeout);
            self.handle_units();
        }
    }

    /// Runs `work` on a session and flushes it; answers how many datagrams it sent. A session that
    /// fails or panics ends, and no other notices.
    fn with<F>(&mut self, id: SessionId, work: F) -> usize
    where
        F: FnOnce(&mut Session, MonoTime) -> Result<(), RtcError>,
    {
        let now = self.shared.clock.mono();
        let Some(entry) = self.entries.get_mut(&id) else { return 0 };
        // A span costs more than a datagram: only where something may be said in it.
        let said = tracing::enabled!(target: "razz_viewer", tracing::Level::DEBUG);
        let _in = said.then(|| entry.place.camera.context.span().entered());
        let mut out = out(&self.sender, &mut self.batch, &entry.connections, &self.shared);
        let (session, camera) = (&mut entry.session, &entry.place.camera);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            work(session, now)?;
            flush(session, camera, now, &mut out)
        }));
        out.finish();
        let handed = out.handed;
        let delivery = &entry.place.camera.health.delivery;
        delivery.bytes.fetch_add(out.sent_bytes as u64, Ordering::Relaxed);
        count(&mut entry.counted, session.counts(), &self.shared.counters, delivery);
        if entry.wants.are_others(session)
            && let Some(audience) = self.by_camera.get_mut(&camera.id)
        {
            entry.wants.follow(session, camera, &mut audience.rungs, &self.units);
        }
        if session.is_connected() && !std::mem::replace(&mut entry.connected, true) {
            entry.place.connected();
        }
        let over = match outcome {
            Ok(Ok(())) => session.is_over(),
            Ok(Err(error)) => {
                debug!(session = %short(id), "viewer ends: {error}");
                true
            }
            Err(_) => {
                let _in = entry.place.camera.context.span().entered();
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
        let now = self.shared.clock.mono();
        let mut at = entry.session.deadline();
        if at.since_us(now) > SOON_US {
            at = at.plus_us(-at.as_us().rem_euclid(GRID_US) + GRID_US);
        }
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

/// Says which of the encodings that there are a session may be sent.
fn choose(session: &mut Session, now: MonoTime, sent: &Sent, demand: Demand, setting: Quality) {
    let (steps, why) = steps(&sent.encodings(session), demand, setting);
    session.set_steps(now, steps, why);
}

/// Sends what a session has to send; what it requests on the way is answered from its stream.
fn flush(
    session: &mut Session,
    camera: &Camera,
    now: MonoTime,
    out: &mut Out<'_>,
) -> Result<(), RtcError> {
    while let Some(request) = session.flush(now, out)? {
        match request {
            Request::NextIdr { after } => session.handle_next_idr(camera.stream.next_idr_in(after)),
            Request::Replay => session.handle_replay(now, camera.stream.replay()),
            Request::KeyFrame { kind: StreamKind::Rendition(rung), after } => {
                camera.renditions.want_idr(rung, after);
            }
            // Cameras do not listen to who asks for one over RTSP.
            Request::KeyFrame { .. } => {}
        }
    }
    Ok(())
}

fn status(entry: &Entry) -> SessionStatus {
    let session = &entry.session;
    let Counts { replays, waits, keyframe_requests, .. } = session.counts();
    let shown = entry.place.camera.stream.format();
    let shown = shown.map(|format| format.pixel_aspect.shown(format.size)).unwrap_or_default();
    let encodings = session.steps().iter().map(|step| Encoding {
        kind: step.kind,
        size: match step.kind {
            StreamKind::Rendition(rung) => {
                rung.format(shown).map_or_else(Size::default, |format| format.size)
            }
            StreamKind::Main | StreamKind::Sub => shown,
        },
        bits_per_second: step.bits_per_second,
    });
    SessionStatus {
        waiting: session.waits_for_idr(),
        waits,
        replays,
        keyframe_requests,
        sending: session.sending(),
        why: session.why(),
        quality: entry.demand.quality,
        estimate: session.estimate(),
        loss: session.loss(),
        switches: session.switches(),
        encodings: encodings.collect(),
    }
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
fn count(counted: &mut Counts, now: Counts, counters: &Counters, camera: &DeliveryHealth) {
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
