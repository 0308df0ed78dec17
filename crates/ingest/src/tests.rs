//! Ingest against the scene's RTSP camera, whose faults come on demand.

mod encrypted;
mod quirks;
mod reports;

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use razz_base::{AccessUnit, CameraId, Decodable, MediaTime, Size, WallQuality};
use razz_scene::Footage;
use razz_scene::camera::{
    Authentication, CameraOptions, Credentials, Description, FaultHandle, Faults, Mount, Quirk,
    RtspCamera,
};

use tokio::sync::{mpsc, watch};

use super::*;
use razz_config::Transport;
use razz_config::redact::Secret;

const WITHIN: Duration = Duration::from_secs(20);

/// What ingest report of a camera.
#[derive(Default)]
struct Report {
    state: CameraState,
    last_error: Option<String>,
    advice: Vec<String>,
    received: u64,
    lost_packets: u64,
    runs: u32,
    restarts: u32,
    oddities: BTreeMap<&'static str, u64>,
}

/// Notes what is report, and hands access units on.
struct Listener {
    report: Mutex<Report>,
    units: Box<dyn Fn(AccessUnit) + Send + Sync>,
}

impl Listener {
    fn new(units: impl Fn(AccessUnit) + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { report: Mutex::default(), units: Box::new(units) })
    }

    fn report(&self) -> MutexGuard<'_, Report> {
        razz_hub::lock(&self.report)
    }
}

impl Sink for Listener {
    fn handle(&self, event: Event) {
        match event {
            Event::Unit(au) => {
                {
                    let mut report = self.report();
                    report.received += 1;
                    report.lost_packets += u64::from(au.lost_packets);
                }
                (self.units)(au);
            }
            Event::State { state, error, advice, .. } => {
                let mut report = self.report();
                report.state = state;
                report.last_error = error.or(report.last_error.take());
                report.advice = advice;
            }
            Event::RunBegun => self.report().runs += 1,
            Event::Restarted => self.report().restarts += 1,
            Event::Oddities(news) => {
                let mut report = self.report();
                for (kind, count) in news {
                    *report.oddities.entry(kind).or_default() += count;
                }
            }
            Event::SenderReport | Event::Refused { .. } | Event::RunEnded => {}
        }
    }
}

fn intake(source: Source, listener: &Arc<Listener>, clock: Clock) -> Arc<Intake> {
    let context = RunContext::new(CameraId::new(1).unwrap());
    let sink = Arc::clone(listener) as Arc<dyn Sink>;
    let certificates = Arc::new(probe::Shown::default());
    Intake::new(
        source,
        context,
        sink,
        Arc::new(probe::FromZero),
        certificates,
        Decodable::default(),
        clock,
    )
}

/// Watches over a camera until what is answered says stop.
fn supervised(intake: Arc<Intake>) -> (watch::Sender<bool>, tokio::task::JoinHandle<()>) {
    let (stop, mut stopped) = watch::channel(false);
    let task = tokio::spawn(async move {
        let stopped = async {
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        intake.supervise(stopped).await;
    });
    (stop, task)
}

struct House {
    rtsp: RtspCamera,
    camera: Arc<Listener>,
    units: mpsc::UnboundedReceiver<AccessUnit>,
    clock: Clock,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

#[derive(Clone, Default)]
struct Setting {
    transport: Transport,
    asks: Option<Authentication>,
    says: Option<(&'static str, &'static str)>,
    faults: Faults,
}

const SMALL: Size = Size::new(320, 180);
const LARGE: Size = Size::new(640, 360);

/// A second of the street, made once for all tests.
fn footage(size: Size) -> Footage {
    static MADE: [OnceLock<Footage>; 2] = [OnceLock::new(), OnceLock::new()];
    MADE[usize::from(size == LARGE)].get_or_init(|| Footage::clip(1, 0, 30, size).unwrap()).clone()
}

impl House {
    fn new(setting: &Setting) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::at(listener, setting)
    }

    fn at(listener: TcpListener, setting: &Setting) -> Self {
        let mount = Mount::new("camera1", footage(SMALL)).with_alternative(footage(LARGE));
        mount.faults().set(setting.faults);
        let options = CameraOptions {
            credentials: setting.asks.map(|_| Credentials {
                user: "anna".to_owned(),
                password: "p@ss:word/1".to_owned(),
            }),
            authentication: setting.asks.unwrap_or_default(),
            seed: Some(7),
            ..CameraOptions::default()
        };
        let rtsp = RtspCamera::start(listener, vec![mount], options).unwrap();
        let url = rtsp.url("camera1").unwrap();
        let (user, password) = match setting.says {
            Some((user, password)) => (Some(Secret::new(user)), Some(Secret::new(password))),
            None => (None, None),
        };
        let clock = Clock::start();
        let (sender, units) = mpsc::unbounded_channel();
        let camera = Listener::new(move |au| drop(sender.send(au)));
        let source = Source::new(&url, user, password, setting.transport).unwrap();
        let (stop, task) = supervised(intake(source, &camera, clock));
        Self { rtsp, camera, units, clock, stop, task }
    }

    fn faults(&self) -> FaultHandle {
        self.rtsp.faults("camera1").unwrap()
    }

    /// The next access unit.
    async fn next(&mut self) -> AccessUnit {
        match timeout(WITHIN, self.units.recv()).await {
            Ok(Some(unit)) => unit,
            _ => panic!("no access unit came; the camera: {:?}", self.camera.report().last_error),
        }
    }

    /// So many access units.
    async fn take(&mut self, count: usize) -> Vec<AccessUnit> {
        let mut units = Vec::with_capacity(count);
        for _ in 0..count {
            units.push(self.next().await);
        }
        units
    }

    /// Waits for the first access unit that `fits`; answers it and the one before.
    async fn until(
        &mut self,
        fits: impl Fn(&AccessUnit) -> bool,
    ) -> (Option<AccessUnit>, AccessUnit) {
        let mut before = None;
        loop {
            let unit = self.next().await;
            if fits(&unit) {
                return (before, unit);
            }
            before = Some(unit);
        }
    }

    /// Waits for a state and answers what is said of it.
    async fn state(&self, wanted: CameraState) -> (String, Vec<String>) {
        let reached = async {
            loop {
                {
                    let status = self.camera.report();
                    if status.state == wanted {
                        return (
                            status.last_error.clone().unwrap_or_default(),
                            status.advice.clone(),
                        );
                    }
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        match timeout(WITHIN, reached).await {
            Ok(said) => said,
            Err(_) => panic!("not {wanted:?} but {:?}", self.camera.report().state),
        }
    }

    async fn end(self) {
        self.stop.send_replace(true);
        let _ = self.task.await;
        self.rtsp.stop();
    }
}

fn times(units: &[AccessUnit]) -> Vec<MediaTime> {
    units.iter().map(|unit| unit.key.time).collect()
}

/// Media time across a break goes on by the mono time that passed, give or take.
fn assert_continuous(before: &AccessUnit, after: &AccessUnit) {
    let media_us = after.key.time.since_us(before.key.time);
    let mono_us = after.received.since_us(before.received);
    assert!(media_us > 0, "media time ran backwards by {} us", -media_us);
    assert!((media_us - mono_us).abs() < 500_000, "{media_us} us of media in {mono_us} us");
}

#[tokio::test]
async fn access_units_come_with_their_timestamps_over_tcp_and_udp_with_every_authentication() {
    let known = Some(("anna", "p@ss:word/1"));
    for (transport, asks, says) in [
        (Transport::Tcp, None, None),
        (Transport::Udp, None, None),
        (Transport::Tcp, Some(Authentication::Digest), known),
        (Transport::Tcp, Some(Authentication::Basic), known),
        (Transport::Udp, Some(Authentication::Digest), known),
    ] {
        let mut house = House::new(&Setting { transport, asks, says, ..Setting::default() });
        let units = house.take(20).await;
        let steps: BTreeSet<i64> =
            times(&units).windows(2).map(|pair| pair[1].since_90k(pair[0])).collect();
        assert_eq!(steps, [3000].into(), "{transport:?} {asks:?}");
        assert!(units[0].idr, "a run begins with what can be decoded");
        assert_eq!(units[0].size(), SMALL);
        assert_eq!(house.camera.report().state, CameraState::Online);
        house.end().await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_said_and_never_shown() {
    let asks = Some(Authentication::Digest);
    for (says, words) in [
        (Some(("anna", "geheim-0815")), "refuses the user name or password"),
        (None, "asks for a user name and password"),
    ] {
        let house = House::new(&Setting { asks, says, ..Setting::default() });
        let (error, advice) = house.state(CameraState::Offline).await;
        assert!(error.contains(words), "{error}");
        assert!(advice.iter().any(|text| text.contains("`password`")), "{advice:?}");
        assert!(!format!("{error}{advice:?}").contains("geheim"), "{error}");
        house.end().await;
    }
}

#[tokio::test]
async fn cameras_that_send_something_else_are_told_from_those_that_are_broken() {
    let faults = Faults { description: Description::Mpeg4, ..Faults::default() };
    let house = House::new(&Setting { faults, ..Setting::default() });
    let (error, advice) = house.state(CameraState::Unsupported).await;
    assert!(error.contains("MPEG-4"), "{error}");
    assert!(advice[0].contains("H.264"), "{advice:?}");
    house.end().await;
}

#[tokio::test]
async fn media_time_survives_a_jump_of_the_cameras_timestamps() {
    for jump in [1_000_000_000, -500_000_000, i64::from(i32::MAX)] {
        let mut house = House::new(&Setting::default());
        let mut units = house.take(10).await;
        house.faults().jump_timestamp(jump);
        units.extend(house.take(50).await);
        assert!(times(&units).is_sorted_by(|a, b| a < b), "after a jump by {jump}");
        // How much later than its media time a unit came, beside the first: never less than the way
        // takes, and more where a thread had to wait. The least of many is the way.
        let lateness = |unit: &AccessUnit| {
            let (au, first) = (unit, &units[0]);
            au.received.since_us(first.received) - au.key.time.since_us(first.key.time)
        };
        let least = |units: &[AccessUnit]| units.iter().map(lateness).min().unwrap();
        // Media time goes on by the mono time that passed, give or take.
        let moved = least(&units[40..]) - least(&units[..10]);
        assert!(moved.abs() < 500_000, "a jump by {jump} moved media time by {moved} us");
        house.end().await;
    }
}

#[tokio::test]
async fn a_timestamp_that_is_hours_off_costs_its_own_wall_time_and_no_more() {
    let faults = Faults { quirks: Quirk::TimestampOdd.into(), ..Faults::default() };
    let mut house = House::new(&Setting { faults, ..Setting::default() });
    // The first sender report is behind the first picture.
    let units = house.take(101).await.split_off(1);
    let odd: Vec<usize> = (0..units.len())
        .filter(|at| units[*at].wall.quality != WallQuality::SenderReport)
        .collect();
    // Pictures 10, 30 and so on. The timeline's own tests are exact; here one may come so late that media
    // time moves with it, which takes the report of some more.
    assert!([9, 29, 49, 69, 89].iter().all(|at| odd.contains(at)), "{odd:?}");
    assert!(odd.len() < 40, "{odd:?}");
    let gaps = [8, 28, 48, 68].map(|at| units[at + 20].key.time.since_90k(units[at].key.time));
    assert!(gaps.iter().filter(|gap| **gap == 20 * 3000).count() >= 2, "{gaps:?}");
    assert!(times(&units).is_sorted_by(|a, b| a < b));
    house.end().await;
}

#[tokio::test]
async fn another_ssrc_costs_no_run_and_no_frame() {
    let mut house = House::new(&Setting::default());
    let mut units = house.take(10).await;
    house.faults().change_ssrc();
    units.extend(house.take(60).await);
    let run = units[0].run;
    assert!(units.iter().all(|unit| unit.run == run && unit.lost_packets == 0));
    for pair in units.windows(2) {
        assert_continuous(&pair[0], &pair[1]);
        let media_us = pair[1].key.time.since_us(pair[0].key.time);
        assert!(media_us < 500_000, "a gap of {media_us} us");
    }
    house.end().await;
}

#[tokio::test]
async fn a_closed_connection_is_dialled_again() {
    let mut house = House::new(&Setting::default());
    let before = house.take(10).await.pop().unwrap();
    house.faults().close_connections();
    let (last, first) = house.until(|unit| unit.run != before.run).await;
    assert_continuous(&last.unwrap_or(before), &first);
    assert_eq!(house.camera.report().state, CameraState::Online);
    assert_eq!(house.camera.report().runs, 2, "runs that brought pictures, not dials");
    house.end().await;
}

#[tokio::test]
async fn a_camera_that_falls_silent_is_stalled_then_dialled_until_it_speaks() {
    let mut house = House::new(&Setting::default());
    let before = house.take(10).await.pop().unwrap();
    house.faults().set(Faults { stall: true, ..Faults::default() });
    let asked = house.clock.mono();
    let (error, _) = house.state(CameraState::Stalled).await;
    assert!(error.contains("nothing for 5 seconds"), "{error}");
    let silent_us = house.clock.mono().since_us(asked);
    assert!((4_500_000..8_000_000).contains(&silent_us), "{silent_us} us");
    house.faults().set(Faults::default());
    let (last, first) = house.until(|unit| unit.run != before.run).await;
    assert_continuous(&last.unwrap_or(before), &first);
    house.end().await;
}

#[tokio::test]
async fn another_size_in_mid_session_is_followed() {
    let mut house = House::new(&Setting::default());
    house.take(5).await;
    house.faults().set(Faults { alternative: true, ..Faults::default() });
    let (_, first) = house.until(|unit| unit.size() == LARGE).await;
    assert!(first.idr);
    house.faults().set(Faults::default());
    house.until(|unit| unit.size() == SMALL).await;
    house.end().await;
}

#[tokio::test]
async fn lost_packets_damage_a_gop_and_end_nothing() {
    let faults = Faults { loss: 0.1, ..Faults::default() };
    let mut house =
        House::new(&Setting { transport: Transport::Udp, faults, ..Setting::default() });
    let units = house.take(120).await;
    assert!(times(&units).is_sorted_by(|a, b| a < b));
    assert!(units.iter().any(|unit| unit.lost_packets > 0));
    // The status may be ahead of what was taken: units that wait count as well, once all is still.
    house.stop.send_replace(true);
    let House { rtsp, camera, units: mut waiting, task, .. } = house;
    let _ = task.await;
    let rest = std::iter::from_fn(|| waiting.try_recv().ok());
    let lost = units.into_iter().chain(rest).map(|unit| u64::from(unit.lost_packets));
    assert_eq!(camera.report().lost_packets, lost.sum::<u64>());
    rtsp.stop();
}

#[tokio::test]
async fn a_camera_that_was_away_is_seen_as_soon_as_it_is_back() {
    // A port that nobody listens at until the camera is switched on.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut house = {
        let house = House::at(TcpListener::bind(port).unwrap(), &Setting::default());
        let House { rtsp, camera, units, clock, stop, task } = house;
        rtsp.stop();
        let mount = Mount::new("camera1", footage(SMALL));
        // Away for long enough that pauses between dials have grown past the probes' two seconds.
        sleep(Duration::from_secs(8)).await;
        let listener = TcpListener::bind(port).unwrap();
        let rtsp = RtspCamera::start(listener, vec![mount], CameraOptions::default()).unwrap();
        House { rtsp, camera, units, clock, stop, task }
    };
    let back = house.clock.mono();
    // What was sent before the camera went away is not what is meant.
    let (_, unit) = house.until(|unit| unit.received > back).await;
    let waited_us = unit.received.since_us(back);
    assert!(waited_us < 5_000_000, "{waited_us} us until the first access unit");
    house.end().await;
}

/// Passes connections on to a camera, with its answers and packets spoilt as a seed says: bytes
/// changed, left out, doubled, or the rest cut off.
async fn spoil(listener: tokio::net::TcpListener, camera: std::net::SocketAddr, seed: u64) {
    use rand::{RngExt as _, SeedableRng as _};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut random = rand::rngs::SmallRng::seed_from_u64(seed);
    // From one byte in thirty to one in three thousand.
    let rarity = [30, 300, 3000][seed as usize % 3];
    while let Ok((client, _)) = listener.accept().await {
        let Ok(server) = TcpStream::connect(camera).await else { return };
        let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
            (client.into_split(), server.into_split());
        let asked = tokio::spawn(async move {
            let _ = tokio::io::copy(&mut from_client, &mut to_server).await;
        });
        let mut bytes = [0; 4096];
        while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
            let mut spoilt = Vec::with_capacity(length);
            let mut cut = false;
            for byte in &bytes[..length] {
                match if random.random_ratio(1, rarity) { random.random_range(0..16) } else { 16 } {
                    0 => {}
                    1 => spoilt.extend([*byte, *byte]),
                    2 if random.random_ratio(1, 8) => {
                        cut = true;
                        break;
                    }
                    3..16 => spoilt.push(random.random()),
                    _ => spoilt.push(*byte),
                }
            }
            if to_client.write_all(&spoilt).await.is_err() || cut {
                break;
            }
        }
        asked.abort();
    }
}

#[tokio::test]
async fn a_camera_that_talks_nonsense_ends_its_run_and_nothing_else() {
    let footage = footage(SMALL);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = CameraOptions { seed: Some(7), max_clients: 100, ..CameraOptions::default() };
    let rtsp = RtspCamera::start(listener, vec![Mount::new("camera1", footage)], options).unwrap();
    let mut runs = tokio::task::JoinSet::new();
    for seed in 1000..1060 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("rtsp://{}/camera1", listener.local_addr().unwrap());
        let spoiling = tokio::spawn(spoil(listener, rtsp.address(), seed));
        let clock = Clock::start();
        let source = Source::new(&url, None, None, Transport::Tcp).unwrap();
        let camera = Listener::new(drop);
        runs.spawn(async move {
            let intake = intake(source, &camera, clock);
            let ended = intake.try_once(sleep(Duration::from_secs(3))).await;
            spoiling.abort();
            (seed, ended, camera.report().received)
        });
    }
    let (mut said, mut saw) = (BTreeSet::new(), 0);
    while let Some(run) = runs.join_next().await {
        // A panic would be an error here.
        let (seed, ended, received) = run.unwrap();
        saw += u64::from(received > 0);
        if let Some((error, _)) = ended {
            let shown = error.chars().all(|c| !c.is_control()) && error.len() < 500;
            assert!(!error.is_empty() && shown, "seed {seed}: {error:?}");
            said.insert(error);
        }
    }
    // Some were spoilt at once, some only on the way, and what was wrong was report apart.
    assert!(said.len() >= 5, "{said:?}");
    assert!(saw >= 3, "only {saw} of 60 saw a picture");
    rtsp.stop();
}

#[tokio::test]
async fn a_camera_where_razz_may_not_connect_is_said_and_not_dialled() {
    // A name, so to speak: one number is what name resolution makes an address of.
    let source = Source::new("rtsp://2852039166/latest", None, None, Transport::Tcp).unwrap();
    let clock = Clock::start();
    let camera = Listener::new(drop);
    let (stop, task) = supervised(intake(source, &camera, clock));
    let said = async {
        while camera.report().last_error.is_none() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(WITHIN, said).await.unwrap();
    let error = camera.report().last_error.clone().unwrap();
    assert!(error.contains("169.254.169.254 is a cloud's metadata service"), "{error}");
    assert!(camera.report().advice[0].contains("camera_networks"));
    assert_eq!(camera.report().state, CameraState::Offline);
    stop.send_replace(true);
    task.await.unwrap();
}

#[tokio::test]
async fn a_panic_in_one_camera_begins_it_anew_and_leaves_the_others_alone() {
    let mut other = House::new(&Setting::default());
    let source = Source::new(&other.rtsp.url("camera1").unwrap(), None, None, Transport::Tcp);
    let units = AtomicU32::new(0);
    let (sender, mut after) = mpsc::unbounded_channel();
    let camera = Listener::new(move |_| match units.fetch_add(1, Ordering::Relaxed) {
        20 => panic!("forced"),
        unit if unit > 20 => drop(sender.send(())),
        _ => {}
    });
    let (stop, task) = supervised(intake(source.unwrap(), &camera, other.clock));
    for _ in 0..20 {
        timeout(WITHIN, after.recv()).await.unwrap().unwrap();
    }
    assert_eq!(camera.report().restarts, 1);
    assert_eq!(camera.report().state, CameraState::Online);
    let units = other.take(60).await;
    assert_eq!(other.camera.report().restarts, 0);
    let runs: BTreeSet<u32> = units.iter().map(|unit| unit.run.0).collect();
    assert_eq!(runs.len(), 1, "one unbroken run");
    stop.send_replace(true);
    task.await.unwrap();
}
