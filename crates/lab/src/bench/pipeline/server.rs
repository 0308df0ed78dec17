//! The server that is measured: this program once more, in a process of its own.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use tungstenite::{Error, Message};

use crate::terminal::Failure;
use razz_observe::clock::Clock;
use razz_observe::process;

/// A model that some engine compiles takes its time.
const READY_WITHIN: Duration = Duration::from_secs(180);
/// Once one camera is detected on, how long the others may take.
const ALL_WITHIN: Duration = Duration::from_secs(30);
/// What came when everything began is not what goes on; and threads are divided among several copies
/// of the model only when pictures have gone by unlooked at for a few seconds.
const WARM_UP: Duration = Duration::from_secs(8);
/// How long cameras at which nothing moves may take to be idle. They are measured then, idle or not.
const IDLE_WITHIN: Duration = Duration::from_secs(90);
const STOP_WITHIN: Duration = Duration::from_secs(5);
const EVERY: Duration = Duration::from_millis(100);
/// How long it may take to join the tracks of a camera.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// A running server and its folder; both are gone when it is dropped.
pub(super) struct Server {
    child: Child,
    folder: PathBuf,
    address: SocketAddr,
    agent: ureq::Agent,
    clock: Clock,
}

/// What a server did in a while.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Window {
    pub(super) seconds: f64,
    pub(super) cameras: Vec<Frames>,
    /// From a frame's last packet in to its tracks out, in milliseconds, of all cameras.
    pub(super) delay_ms: Vec<f64>,
    /// How many were detected on by their sub-streams at the end.
    pub(super) from_sub: usize,
    /// Seconds of CPU, by what they went into.
    pub(super) cpu: Vec<(String, f64)>,
    /// By the system's account, all threads.
    pub(super) cpu_seconds: f64,
    /// Resident at the end.
    pub(super) memory_bytes: u64,
}

/// Of a camera, in the window.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Frames {
    pub(super) received: f64,
    pub(super) decoded: f64,
    pub(super) detected: f64,
    /// Answered by the detection before, since nothing had moved.
    pub(super) unchanged: f64,
    pub(super) skipped: f64,
}

impl Frames {
    /// Detections, and those that were repeated.
    pub(super) fn got(&self) -> f64 {
        self.detected + self.unchanged
    }
}

/// Metrics by name and labels, as they are written.
type Metrics = HashMap<String, f64>;

impl Server {
    /// Starts it with these settings and waits until it listens.
    ///
    /// # Errors
    /// When it ends instead: with the last that it said.
    pub(super) fn start(settings: &toml::Table) -> Result<Self, Failure> {
        let name = format!("razz-bench-{}-{:08x}", std::process::id(), rand::random::<u32>());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).map_err(failed("a temporary folder"))?;
        let config = folder.join("razz.toml");
        fs::write(&config, settings.to_string()).map_err(failed("the server's razz.toml"))?;
        let log = File::create(folder.join("log")).map_err(failed("the server's log"))?;
        let program = std::env::current_exe().map_err(failed("this program's file"))?;
        let mut command = Command::new(program);
        command.arg("serve").arg("--config").arg(&config);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().map_err(failed("the server"))?;
        let stdout = child.stdout.take().expect("it is piped");
        let agent = ureq::Agent::config_builder()
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(10)))
            .build()
            .new_agent();
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        let mut server = Self { child, folder, address: unknown, agent, clock: Clock::start() };
        let mut line = String::new();
        let _ = BufReader::new(stdout).read_line(&mut line);
        let said: Option<Value> = serde_json::from_str(&line).ok();
        let listen = said.as_ref().and_then(|said| said["listen"].as_str()?.parse().ok());
        server.address = listen.ok_or_else(|| server.ended("it did not start"))?;
        Ok(server)
    }

    /// Waits until every camera's pictures are detected on; answers which engine does it. With more
    /// cameras than the machine carries some may never be: so it waits for those no longer once it
    /// has waited [`ALL_WITHIN`] since the first was. With `sub` a camera counts once it is detected on by
    /// its sub-stream.
    ///
    /// # Errors
    /// When the model cannot be used, no camera is detected on, or the server ends.
    pub(super) fn wait_until_ready(&self, cameras: u32, sub: bool) -> Result<String, Failure> {
        let begun = self.clock.uptime();
        let mut first = None;
        loop {
            let stats: Value = serde_json::from_str(&self.get("/api/stats")?)
                .map_err(|error| self.ended(&error.to_string()))?;
            if let Some(error) = stats["model_error"].as_str() {
                return Err(Failure::Failed(format!("the server: {error}")));
            }
            let detected = |camera: &Value| {
                camera["fps"]["detected"].as_f64() > Some(0.0) && (!sub || uses_sub(camera))
            };
            let all = stats["cameras"].as_object();
            let ready = all.map_or(0, |all| all.values().filter(|one| detected(one)).count());
            let now = self.clock.uptime();
            if ready > 0 {
                first.get_or_insert(now);
            }
            let enough =
                ready == cameras as usize || first.is_some_and(|first| now - first > ALL_WITHIN);
            if enough && let Some(engine) = stats["engine"].as_str() {
                return Ok(engine.to_owned());
            }
            if now - begun > READY_WITHIN {
                let s = READY_WITHIN.as_secs();
                return Err(self.ended(&format!("no camera is detected on after {s} s")));
            }
            thread::sleep(EVERY);
        }
    }

    /// Waits until of every camera only key frames are decoded.
    ///
    /// # Errors
    /// When the server ends.
    pub(super) fn wait_until_idle(&self, cameras: u32) -> Result<(), Failure> {
        let begun = self.clock.uptime();
        while self.clock.uptime() - begun < IDLE_WITHIN {
            let stats: Value = serde_json::from_str(&self.get("/api/stats")?)
                .map_err(|error| self.ended(&error.to_string()))?;
            let all = stats["cameras"].as_object();
            let idle = |camera: &&Value| camera["idle"] == "key_frames";
            let count = all.map_or(0, |all| all.values().filter(idle).count());
            if count == cameras as usize {
                break;
            }
            thread::sleep(EVERY);
        }
        Ok(())
    }

    /// What it does in so long, once it has warmed up.
    ///
    /// # Errors
    /// When it ends.
    pub(super) fn watch(&self, cameras: u32, long: Duration) -> Result<Window, Failure> {
        thread::sleep(WARM_UP);
        let pid = self.child.id();
        let listen = |camera: u32| {
            let url = format!("ws://{}/ws/tracking/{camera}", self.address);
            let (address, clock) = (self.address, self.clock);
            thread::spawn(move || delays(&url, address, clock, long))
        };
        let listeners: Vec<_> = (1..=cameras).map(listen).collect();
        let (before, begun) = (self.metrics()?, self.clock.uptime());
        thread::sleep(long);
        let (after, seconds) = (self.metrics()?, (self.clock.uptime() - begun).as_secs_f64());
        let grown = |key: &str| {
            let value = |metrics: &Metrics| metrics.get(key).copied().unwrap_or_default();
            value(&after) - value(&before)
        };
        let frames = |camera: u32, what: &str| {
            grown(&format!("razz_camera_frames_{what}_total{{camera=\"{camera}\"}}"))
        };
        let of_camera = |camera| Frames {
            received: frames(camera, "received"),
            decoded: frames(camera, "decoded"),
            detected: frames(camera, "detected"),
            unchanged: frames(camera, "unchanged"),
            skipped: frames(camera, "skipped"),
        };
        // Of one that has fallen back to its main stream nothing else is to be concluded.
        let stats: Value = serde_json::from_str(&self.get("/api/stats")?)
            .map_err(|error| self.ended(&error.to_string()))?;
        let from_sub = |camera: &u32| uses_sub(&stats["cameras"][camera.to_string()]);
        let from_sub = (1..=cameras).filter(from_sub).count();
        let mut delay_ms = Vec::new();
        for listener in listeners {
            let heard = listener.join().unwrap_or_else(|_| Err("a listener panicked".to_owned()));
            // Of a camera that nothing was found on in time there is nothing to hear; how many
            // detections each got is counted all the same.
            delay_ms.extend(heard.unwrap_or_default());
        }
        let stage = |key: &String| {
            let stage = key.strip_prefix("razz_cpu_seconds_total{stage=\"")?.strip_suffix("\"}")?;
            Some((stage.to_owned(), grown(key)))
        };
        Ok(Window {
            seconds,
            cameras: (1..=cameras).map(of_camera).collect(),
            delay_ms,
            from_sub,
            cpu: after.keys().filter_map(stage).collect(),
            cpu_seconds: grown("process_cpu_seconds_total"),
            memory_bytes: process::resident_bytes(pid).unwrap_or_default(),
        })
    }

    /// Lets it end by itself.
    pub(super) fn stop(mut self) {
        self.terminate();
    }

    fn terminate(&mut self) {
        let Ok(pid) = libc::pid_t::try_from(self.child.id()) else { return };
        // SAFETY: kill takes no pointers; the process is our child and has not been waited for, so
        // that the number is still its own.
        #[allow(unsafe_code)]
        unsafe {
            libc::kill(pid, libc::SIGTERM);
        }
        let begun = self.clock.uptime();
        while self.clock.uptime() - begun < STOP_WITHIN {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(EVERY);
        }
    }

    fn get(&self, path: &str) -> Result<String, Failure> {
        let answer = self.agent.get(format!("http://{}{path}", self.address)).call();
        let text = answer.and_then(|mut answer| answer.body_mut().read_to_string());
        text.map_err(|error| self.ended(&error.to_string()))
    }

    fn metrics(&self) -> Result<Metrics, Failure> {
        let text = self.get("/metrics")?;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let parsed = lines.filter_map(|line| {
            let (key, value) = line.rsplit_once(' ')?;
            Some((key.to_owned(), value.parse().ok()?))
        });
        Ok(parsed.collect())
    }

    /// What went wrong, with the last line of the server's log.
    fn ended(&self, why: &str) -> Failure {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let last = log.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("nothing");
        Failure::Failed(format!("the server: {why}; it said last: {}", last.trim()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What has ended by itself is not there to be killed, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // What stays behind is a few kilobytes in the folder for such.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Whether a camera's sub-stream is what is detected on, by its status.
fn uses_sub(camera: &Value) -> bool {
    camera["sub"]["used"] == true
}

/// For an error with its `what`.
fn failed(what: &'static str) -> impl Fn(std::io::Error) -> Failure {
    move |error| Failure::Failed(format!("{what}: {error}"))
}

/// Listens to a camera's tracks for so long; how old each frame was when they went out.
fn delays(
    url: &str,
    address: SocketAddr,
    clock: Clock,
    long: Duration,
) -> Result<Vec<f64>, String> {
    let begun = clock.uptime();
    let stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
    // A server with more to do than it can takes its time to answer.
    let patience = |long| stream.set_read_timeout(Some(long)).map_err(|error| error.to_string());
    patience(ANSWER_WITHIN)?;
    let joined = tungstenite::client(url, &stream);
    let (mut socket, _) = joined.map_err(|error| format!("{url}: {error}"))?;
    patience(EVERY)?;
    let (mut delays, mut first) = (Vec::new(), true);
    while clock.uptime() - begun < long {
        match socket.read() {
            Ok(Message::Text(text)) => {
                let told: Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
                // The first one tells what was there before.
                if !std::mem::take(&mut first) && !told["rtp_timestamp"].is_null() {
                    delays.extend(told["stats"]["latency_ms"].as_f64());
                }
            }
            Ok(_) => {}
            Err(Error::Io(error))
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(format!("{url}: {error}")),
        }
    }
    Ok(delays)
}
