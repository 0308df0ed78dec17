//! The settings as the parts of the server get them: typed, checked, complete.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use razz_alert::Rule;
use razz_analytics::{Anchor, Shape};
use razz_base::{CameraId, DetectFrom, DetectRate, EventKind, Quality, RecordMode};
use razz_vision::{DecoderEngine, Device, EngineChoice, Hardware, Precision};

use super::base::Base;
use super::camera_networks::CameraNetworks;
use super::model::ModelChoice;
use super::network::Network;
use super::source::Source;
use crate::redact::Secret;

/// Everything `razz.toml` says. Each part of the server is given its own group and no other.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    /// Where razz listens.
    pub server: Server,
    /// Who may watch.
    pub access: Access,
    /// Limits and helpers of the WebRTC viewers.
    pub viewers: Viewers,
    /// The RTSPtoWebRTC endpoints.
    pub compat: Compat,
    /// How the log is written.
    pub log: Log,
    /// Traces; `None`: off.
    pub telemetry: Option<Telemetry>,
    /// What decodes the video.
    pub decoder: Decoder,
    /// What is found in the pictures.
    pub detector: Detector,
    /// How detections become tracks.
    pub tracker: Tracker,
    /// What is recorded; `None`: nothing.
    pub record: Option<Record>,
    /// The MQTT broker that is told what happens; `None`: off.
    pub mqtt: Option<Mqtt>,
    /// Addresses that are told what happens.
    pub webhooks: Vec<Webhook>,
    /// In the file's order; ids differ.
    pub cameras: Vec<Camera>,
    /// Lines and zones that are counted at.
    pub areas: Vec<Area>,
    /// Where alerts go.
    pub alert: Alert,
    /// What raises them.
    pub rules: Vec<Rule>,
}

/// Where razz listens. Port 0 lets the system choose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// App, API, WebSocket, WHEP (TCP).
    pub listen: SocketAddr,
    /// RTSPtoWebRTC endpoints (TCP); `None`: off.
    pub compat_listen: Option<SocketAddr>,
    /// The port of all viewers (UDP, and TCP on the same number).
    pub webrtc_udp: SocketAddr,
    /// The folder in which clients see the app, as a proxy has it.
    pub base: Base,
    /// Further IP addresses or host names for ICE candidates.
    pub advertise: Vec<String>,
    /// TCP connections at a time, of all clients.
    pub connections: usize,
    /// The same of one address.
    pub connections_per_address: usize,
    /// The certificate; `None`: plain HTTP.
    pub tls: Option<Tls>,
    /// Whether `compat_listen` uses it as well.
    pub compat_tls: bool,
    /// For how many seconds browsers are told to use TLS alone; `None`: they are not told.
    pub hsts_s: Option<u64>,
}

/// Where the certificate comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tls {
    /// PEM files.
    Files {
        /// The certificate and its chain.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// Made at the first start.
    SelfSigned {
        /// Kept here.
        folder: PathBuf,
    },
    /// From an authority.
    Acme(Acme),
}

/// A certificate by ACME.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acme {
    /// Host names; at least one.
    pub domains: Vec<String>,
    /// As `mailto:` addresses.
    pub contact: Vec<String>,
    /// Folder for account and certificate.
    pub cache: PathBuf,
    /// The authority's directory, an `https://` address.
    pub directory: String,
    /// PEM file of what signs the directory's certificate.
    pub directory_ca: Option<PathBuf>,
}

/// Who may watch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Access {
    /// Whether clients sign in.
    pub mode: AccessMode,
    /// Clients from here may watch without signing in.
    pub open_networks: Vec<Network>,
    /// Proxies whose word on their clients is taken.
    pub trusted_proxies: Vec<Network>,
    /// The header in which they name the user; empty: none.
    pub user_header: String,
    /// Where the users are kept; `None`: beside the config file.
    pub users_file: Option<PathBuf>,
    /// Further names and addresses under which razz is opened: in lower case, without a trailing dot.
    pub hosts: Vec<String>,
    /// Origins whose pages may show cameras, as browsers write them.
    pub embed_origins: Vec<String>,
    /// Where cameras may be.
    pub cameras: CameraNetworks,
}

impl Access {
    /// Where the users are kept, by the settings in the file at `config`.
    pub fn users_file(&self, config: &Path) -> PathBuf {
        self.users_file.clone().unwrap_or_else(|| config.with_extension("users.json"))
    }

    /// Whether all but where cameras may be is the same: that alone is followed while running.
    pub fn is_same_but_for_cameras(&self, other: &Self) -> bool {
        *self == Self { cameras: self.cameras.clone(), ..other.clone() }
    }
}

/// Whether clients sign in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AccessMode {
    /// When other machines reach us.
    #[default]
    Auto,
    /// Always.
    On,
    /// Never.
    Off,
}

/// Limits and helpers of the WebRTC viewers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Viewers {
    /// At a time, all cameras together.
    pub max: usize,
    /// At a time, of one camera.
    pub max_per_camera: usize,
    /// Viewers that one view token lets in at a time.
    pub max_per_token: usize,
    /// Size of the GOP ring of each camera, in bytes.
    pub ring_bytes: usize,
    /// How fast a new viewer is sent what the ring holds, in Mbit/s.
    pub replay_mbps: u64,
    /// Whether who has a narrow path gets a smaller picture.
    pub adapt: bool,
    /// The most that viewers are sent.
    pub quality: Quality,
    /// TURN servers.
    pub turn: Vec<Turn>,
}

/// A TURN server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Turn {
    /// `turn:` or `turns:` address.
    pub url: String,
    /// Signs time-limited credentials.
    pub secret: Secret,
}

/// The RTSPtoWebRTC endpoints.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Compat {
    /// Whether `POST /stream` takes addresses of cameras that are not configured.
    pub allow_adhoc: bool,
    /// Origins whose pages may watch, as browsers send them; `*`: every page.
    pub origins: Vec<String>,
}

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Log {
    /// As text or as JSON.
    pub format: LogFormat,
}

/// What decodes the video.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Decoder {
    /// Which library.
    pub engine: DecoderEngine,
    /// Whether in the graphics card or the chip.
    pub hardware: Hardware,
}

/// What is found in the pictures.
#[derive(Clone, PartialEq, Debug)]
pub struct Detector {
    /// The model.
    pub model: ModelChoice,
    /// What runs it.
    pub engine: EngineChoice,
    /// With how many bits it computes, where it can.
    pub precision: Precision,
    /// Threads on the CPU; `None`: as many as usual.
    pub threads: Option<usize>,
    /// On which device, where the engine leaves the choice.
    pub device: Device,
    /// The longer side of an input that the model leaves open.
    pub input_size: u32,
    /// Smallest score, 0 to 1.
    pub confidence: f64,
    /// Largest overlap of two boxes of a class, as IoU, 0 to 1.
    pub iou: f64,
    /// Whether to slow down while nothing moves.
    pub idle: bool,
    /// Names of the classes to report; empty: all.
    pub classes: Vec<String>,
}

/// How detections become tracks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tracker {
    /// The method.
    pub kind: TrackerKind,
    /// What describes appearance.
    pub embedder: EmbedderChoice,
    /// How long a predicted box is still published, in milliseconds.
    pub publish_lost_ms: u64,
}

/// What is recorded, and for how long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The folder.
    pub path: PathBuf,
    /// What all of it takes at most, in bytes; `None`: as much as there is room for.
    pub max_bytes: Option<u64>,
    /// What is left free on the disk, in bytes.
    pub keep_free: u64,
    /// Days for footage with nobody in it; `None`: while there is room.
    pub keep_days: Option<u32>,
    /// Days for footage with somebody in it.
    pub visits_days: Option<u32>,
    /// Days for tracks and visits.
    pub tracks_days: Option<u32>,
    /// Days for which exported files are kept; `None`: until somebody deletes them.
    pub exports_days: Option<u32>,
    /// What kind of disk it is.
    pub disk: Disk,
}

/// What kind of disk is written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Disk {
    /// As the system says.
    #[default]
    Auto,
    /// One without an arm.
    Ssd,
    /// One whose arm has to move.
    Hdd,
}

/// Traces for an OpenTelemetry collector.
#[derive(Clone, PartialEq, Debug)]
pub struct Telemetry {
    /// Where they go.
    pub collector: Collector,
    /// How many of the detected frames are traced, 0 to 1.
    pub frames: f64,
    /// How many of the requests are traced, 0 to 1.
    pub requests: f64,
    /// What the server is called there.
    pub service: String,
}

/// A collector that takes OTLP over HTTP; shows itself as scheme, host and port.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Collector {
    /// Where traces are posted to, without user name and password. Secret, since path and query may
    /// hold a key.
    pub url: Secret,
    /// User name, colon, password.
    pub credentials: Option<Secret>,
    /// What is shown of it.
    pub origin: String,
}

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

/// The MQTT broker that is told what happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mqtt {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Whether to speak TLS.
    pub tls: bool,
    /// Certificates in place of the usual ones.
    pub ca: Option<PathBuf>,
    /// User name, and password.
    pub credentials: Option<(String, Secret)>,
    /// What every topic begins with, without the slash that follows.
    pub prefix: String,
    /// What the topics of Home Assistant's discovery begin with; `None`: off.
    pub discovery: Option<String>,
    /// Whether pictures are sent.
    pub snapshots: bool,
}

/// An address that is told what happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Webhook {
    /// Secret, since such addresses often are their own password.
    pub url: Secret,
    /// What it is told of.
    pub events: Vec<EventKind>,
    /// Signs the messages.
    pub secret: Option<Secret>,
    /// Whether pictures are sent.
    pub snapshots: bool,
}

/// A tracking method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrackerKind {
    /// ByteTrack, with appearance for what it lost.
    Hybrid,
    /// Motion and overlap.
    ByteTrack,
    /// Appearance.
    DeepSort,
}

/// What describes appearance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EmbedderChoice {
    /// A descriptor that needs no model file.
    Builtin,
    /// An ONNX model.
    File(PathBuf),
}

/// A camera.
#[derive(Clone, PartialEq, Debug)]
pub struct Camera {
    /// Its number.
    pub id: CameraId,
    /// What people call it; never empty.
    pub name: String,
    /// Where it is.
    pub source: Source,
    /// Where its smaller stream is.
    pub sub: Option<Source>,
    /// Which of them is decoded and detected on. [`DetectFrom::Sub`] only where there is one.
    pub detect_from: DetectFrom,
    /// How often to detect.
    pub detect_fps: DetectRate,
    /// What it weighs while capacity is short.
    pub priority: f64,
    /// What of it is recorded, where anything is.
    pub record: RecordMode,
    /// With [`RecordMode::Visits`]: how long before and after one, in µs.
    pub around_us: [i64; 2],
    /// Zones in which nothing of their classes is detected.
    pub masks: Vec<Area>,
}

/// A line or a zone in the picture of a camera, whose drawing is checked.
#[derive(Clone, PartialEq, Debug)]
pub struct Area {
    /// Whose picture.
    pub camera: CameraId,
    /// What people call it; another for each area of a camera.
    pub name: String,
    /// The drawing.
    pub shape: Shape,
    /// Where an object is.
    pub anchor: Anchor,
    /// The names of the classes that count; empty: all.
    pub classes: Vec<String>,
}

/// A way that alerts go.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Channel {
    /// The broker of `[mqtt]`.
    Mqtt,
    /// Every `[[webhook]]` that takes alerts.
    Webhook,
    /// `[alert.mail]`.
    Mail,
    /// `[alert.ntfy]`.
    Ntfy,
    /// `[alert.telegram]`.
    Telegram,
    /// `[alert.apprise]`.
    Apprise,
}

impl Channel {
    /// Every channel, by its name in settings.
    pub const ALL: [(&'static str, Self); 6] = [
        ("mqtt", Self::Mqtt),
        ("webhook", Self::Webhook),
        ("mail", Self::Mail),
        ("ntfy", Self::Ntfy),
        ("telegram", Self::Telegram),
        ("apprise", Self::Apprise),
    ];

    /// Its name in settings.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.into_iter().find(|(_, channel)| *channel == self);
        named.map_or("", |(name, _)| name)
    }
}

/// Where alerts go, besides MQTT and webhooks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Alert {
    /// The app's address as people reach it, without a slash at its end.
    pub link: Option<String>,
    /// E-mail.
    pub mail: Option<Mail>,
    /// ntfy.
    pub ntfy: Option<Ntfy>,
    /// Telegram.
    pub telegram: Option<Telegram>,
    /// Apprise.
    pub apprise: Option<Apprise>,
}

impl Alert {
    /// Whether there is such a way; MQTT and webhooks are elsewhere.
    pub fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Mqtt | Channel::Webhook => false,
            Channel::Mail => self.mail.is_some(),
            Channel::Ntfy => self.ntfy.is_some(),
            Channel::Telegram => self.telegram.is_some(),
            Channel::Apprise => self.apprise.is_some(),
        }
    }
}

/// A server that takes mail for delivery.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    /// `smtp` or `smtps`, with user name and password in it.
    pub server: Secret,
    /// Whom to; never empty.
    pub to: Vec<String>,
    /// Whom from.
    pub from: Option<String>,
}

/// A topic of ntfy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ntfy {
    /// Secret, since who knows it can read along.
    pub url: Secret,
    /// An access token.
    pub token: Option<Secret>,
    /// 1 to 5.
    pub priority: u8,
    /// Whether pictures are sent.
    pub snapshots: bool,
}

/// A chat of Telegram.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Telegram {
    /// The bot's.
    pub token: Secret,
    /// A number, or a channel's name.
    pub chat: String,
    /// Where it is asked, without a slash at its end.
    pub api: String,
    /// Whether pictures are sent.
    pub snapshots: bool,
}

/// An Apprise server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Apprise {
    /// Secret, since its key is in it.
    pub url: Secret,
}

/// razz would listen where other machines reach it, with nobody asked who they are.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{} can be reached from other machines, where anyone could watch, since `access.mode` is \
     \"off\"; take that out, use 127.0.0.1, or start with --open if that is wanted",
    .0.join(", ")
)]
pub struct OpenAddress(Vec<String>);

impl Config {
    /// The numbers of the cameras.
    pub fn camera_ids(&self) -> BTreeSet<u32> {
        self.cameras.iter().map(|camera| camera.id.as_u32()).collect()
    }

    /// Whether clients have to sign in. `open`: `--open` is given.
    ///
    /// # Errors
    /// When they need not though other machines reach us, and `open` is not given.
    pub fn wants_sign_in(&self, open: bool) -> Result<bool, OpenAddress> {
        match (self.access.mode, self.is_loopback_only()) {
            _ if open => Ok(false),
            (AccessMode::On, _) | (AccessMode::Auto, Err(_)) => Ok(true),
            (AccessMode::Auto | AccessMode::Off, Ok(())) => Ok(false),
            (AccessMode::Off, Err(error)) => Err(error),
        }
    }

    /// Whether this machine alone can reach every address that razz listens on.
    ///
    /// # Errors
    /// Names the keys and addresses that others reach, and the flag that allows it.
    pub fn is_loopback_only(&self) -> Result<(), OpenAddress> {
        let server = &self.server;
        let addresses = [
            ("listen", Some(server.listen)),
            ("compat_listen", server.compat_listen),
            ("webrtc_udp", Some(server.webrtc_udp)),
        ];
        let open = |address: &SocketAddr| !address.ip().to_canonical().is_loopback();
        let named: Vec<String> = addresses
            .into_iter()
            .filter_map(|(key, address)| Some((key, address.filter(open)?)))
            .map(|(key, address)| format!("{key} = \"{address}\""))
            .collect();
        if named.is_empty() { Ok(()) } else { Err(OpenAddress(named)) }
    }
}

/// How a line of the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs that collect logs.
    Json,
}

impl LogFormat {
    /// Every format by the name that the config and the command line have for it.
    pub const ALL: [(&'static str, Self); 2] = [("text", Self::Text), ("json", Self::Json)];
}
