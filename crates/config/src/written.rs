//! The keys of `razz.toml` as they are written: names, types, defaults, meaning.
//!
//! This is the one place where a key is declared. The reader, the suggestion for a mistyped key
//! `docs/reference/config.md` and the JSON Schema all follow from it. What the values mean is decided in
//! `resolve.rs`.

use razz_base::CameraId;
use razz_vision::{DecoderEngine, EngineChoice};
use serde_json::json;
use toml::de::{DeTable, DeValue};

use super::document::{
    At, Declared, FromToml, Group, Inner, Key, Limit, Scalar, Table, read_group, unknown,
};
use super::problem::Problems;
use crate::redact::Secret;
use razz_base::EventKind;

/// Most viewers that a limit may name.
pub(super) const MAX_VIEWERS: i64 = 100_000;
/// Smallest and largest GOP ring in bytes: a short GOP at low rate, and what a machine can spare.
pub(super) const RING_BYTES: (i64, i64) = (1 << 20, 1 << 30);
/// Fastest replay: more than a key frame at once to every viewer.
pub(super) const MAX_REPLAY_MBPS: i64 = 1000;
/// Rarest and most frequent detection, per second.
pub(super) const DETECT_FPS: (f64, f64) = (0.01, 240.0);
/// How much a camera may weigh.
pub(super) const PRIORITY: (f64, f64) = (0.1, 10.0);
/// Longest time that a predicted box may be published.
pub(super) const MAX_PUBLISH_LOST_MS: i64 = 60_000;
/// Fewest and most TCP connections that a limit may name: in all, and of one address.
pub(super) const CONNECTIONS: (i64, i64) = (64, 100_000);
pub(super) const CONNECTIONS_OF_ONE: (i64, i64) = (8, 100_000);
/// Days for which browsers may be told to use TLS.
pub(super) const HSTS_DAYS: (i64, i64) = (0, 730);
/// Longest name of a camera, in characters.
pub(super) const MAX_NAME: usize = 100;

/// An IP address and a port.
const ADDRESS: &str = r"^([0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$";
const ADDRESS_OR_NOTHING: &str =
    r"^$|^([0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}$";

/// A folder of an address.
const FOLDER: &str = r"^/([A-Za-z0-9_~-][A-Za-z0-9._~-]*/)*$";

/// What MQTT topics begin with.
const TOPIC: &str = r"^[^+#$/\x00-\x1f]+(/[^+#$/\x00-\x1f]+)*$";
const TOPIC_OR_NOTHING: &str = r"^$|^[^+#$/\x00-\x1f]+(/[^+#$/\x00-\x1f]+)*$";

/// The names that a setting may have.
const fn names<T, const N: usize>(all: &[(&'static str, T); N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut i = 0;
    while i < N {
        names[i] = all[i].0;
        i += 1;
    }
    names
}

const EVENTS: [&str; EventKind::ALL.len()] = names(&EventKind::ALL);
/// The most that viewers may be sent.
pub(super) const QUALITIES: [&str; 4] = ["auto", "540p", "360p", "180p"];
const ENGINES: [&str; EngineChoice::ALL.len()] = names(&EngineChoice::ALL);
const DECODERS: [&str; DecoderEngine::ALL.len()] = names(&DecoderEngine::ALL);

/// [`Limit::Any`] where no other is given.
macro_rules! limit {
    () => {
        Limit::Any
    };
    ($limit:expr) => {
        $limit
    };
}

/// A key's name without what makes a word of Rust's own a name in it.
const fn plain(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// Declares a group: a struct with one [`At`] per key, and its [`Group`] implementation.
///
/// A default is TOML; `""` says that there is none (the key is required unless its type is an
/// `Option`). Behind the type may stand its [`Limit`] in brackets.
macro_rules! group {
    (
        $(#[doc = $group_doc:literal])+
        $name:ident = $header:literal {
            $(
                $(#[doc = $doc:literal])+
                $key:ident: $type:ty $([$limit:expr])? = $default:literal,
            )+
        }
    ) => {
        $(#[doc = $group_doc])+
        pub(crate) struct $name {
            $( $(#[doc = $doc])+ pub(crate) $key: At<$type>, )+
        }

        impl Group for $name {
            const HEADER: &'static str = $header;
            const DOC: &'static [&'static str] = &[$($group_doc),+];
            const KEYS: &'static [Key] = &[$(
                Key {
                    name: $crate::written::plain(stringify!($key)),
                    default: $default,
                    doc: &[$($doc),+],
                    limit: limit!($($limit)?),
                    optional: <$type as FromToml>::OPTIONAL,
                    schema: <$type as FromToml>::schema,
                },
            )+];

            fn take(table: &mut Table<'_, '_, '_>) -> Option<Self> {
                let mut keys = Self::KEYS.iter();
                // Every key is taken, so that every problem is noted, before any may be missing.
                $( let $key = keys.next().and_then(|key| table.take(key)); )+
                Some(Self { $( $key: $key? ),+ })
            }
        }
    };
}

mod area;
mod record;
mod rule;

pub(crate) use self::area::{ANCHORS, Area, MAX_AREA_NAME, SIDES};
pub(crate) use self::record::{DAYS, DISKS, Record};
pub(crate) use self::rule::{
    ABOVE, Alert, Apprise, BELOW, Mail, NTFY_PRIORITY, Ntfy, Rule, Telegram, WAYS,
};

group! {
    /// Where razz listens.
    Server = "[server]" {
        /// IP address and TCP port of the app, API, WebSocket and WHEP. Port 0 lets the system
        /// choose.
        listen: String [Limit::Pattern(ADDRESS)] = r#""127.0.0.1:8003""#,
        /// IP address and TCP port of the RTSPtoWebRTC endpoints; `""` turns them off.
        compat_listen: String [Limit::Pattern(ADDRESS_OR_NOTHING)] = r#""127.0.0.1:8083""#,
        /// IP address and UDP port that all viewers share. The TCP candidate has the same number.
        webrtc_udp: String [Limit::Pattern(ADDRESS)] = r#""127.0.0.1:8189""#,
        /// The folder of an address, as `"/razz/"`, in which a reverse proxy shows `listen` to
        /// clients; `"/"` where razz has a host name of its own. The proxy may take the folder off or
        /// leave it on: razz takes paths with it and without. Cookies are for the folder, and
        /// addresses that razz prints have it. `compat_listen` has none.
        base: String [Limit::Pattern(FOLDER)] = r#""/""#,
        /// Further IP addresses or host names by which browsers reach this machine (NAT, Docker).
        advertise: Vec<At<String>> = "[]",
        /// TCP connections at a time, `listen` and `compat_listen` together; 64 to 100000. Fewer are
        /// taken where the system allows the process too few open files, which the log says. More:
        /// more viewers, and more memory that strangers can claim.
        connections: i64 [Limit::Whole(CONNECTIONS.0, CONNECTIONS.1)] = "4096",
        /// The same of one address (an IPv6 /64 counts as one), 8 to 100000; proxies listed in
        /// `access.trusted_proxies` may have as many as there are. A browser has one for each camera that
        /// it shows, and up to six more.
        connections_per_address: i64 [Limit::Whole(CONNECTIONS_OF_ONE.0, CONNECTIONS_OF_ONE.1)] = "512",
        /// HTTPS and WSS instead of plain HTTP; see `[server.tls]`.
        tls: Inner<Tls> = "",
    }
}

group! {
    /// The certificate of `listen` and `compat_listen`: `cert` with `key`, or `self_signed`, or
    /// `acme`.
    Tls = "[server.tls]" {
        /// PEM file of the certificate, with the chain behind it. Read anew when it changes.
        cert: Option<String> = "",
        /// PEM file of its private key.
        key: Option<String> = "",
        /// Make a certificate at the first start and keep it beside this file, as `razz.cert.pem`
        /// and `razz.key.pem`. Browsers warn until they are told to trust it.
        self_signed: bool = "false",
        /// A certificate from an authority such as Let's Encrypt; see `[server.tls.acme]`.
        acme: Inner<Acme> = "",
        /// Whether the RTSPtoWebRTC endpoints speak TLS as well: pages opened over `https://` reach
        /// nothing else.
        compat: bool = "true",
        /// For how many days browsers that have been here use nothing but TLS with this host name
        /// (Strict-Transport-Security), 0 to 730. 0: not said. It holds for every port of the name, so
        /// turn it on once all of them speak TLS, with a certificate that browsers trust.
        hsts_days: i64 [Limit::Whole(HSTS_DAYS.0, HSTS_DAYS.1)] = "0",
    }
}

group! {
    /// A certificate by ACME (RFC 8555), renewed in time. The authority connects to port 443 of each
    /// name to check it, so that port has to lead to `listen`.
    Acme = "[server.tls.acme]" {
        /// The host names to be certified.
        domains: Vec<At<String>> = "",
        /// E-mail addresses at which the authority finds someone.
        contact: Vec<At<String>> = "[]",
        /// Folder, relative to this file, that keeps the account and the certificate.
        cache: String = r#""acme""#,
        /// Where the authority's directory is.
        directory: String [Limit::Pattern("^https://")] =
            r#""https://acme-v02.api.letsencrypt.org/directory""#,
        /// PEM file of the certificate that signs the directory's own, where that is no public one.
        directory_ca: Option<String> = "",
    }
}

group! {
    /// Who may watch, and who may change things.
    Access = "[access]" {
        /// Whether clients sign in: `"auto"`, when other machines reach any address that razz listens
        /// on; `"on"`, always; or `"off"`, never: such addresses are refused then unless `--open` is
        /// given. `--open` turns signing in off in any case.
        mode: String [Limit::Words(&["auto", "on", "off"])] = r#""auto""#,
        /// Networks, as `10.0.0.0/8`, whose clients may watch without signing in (old pages cannot
        /// send a token). They may watch every camera and change nothing.
        open_networks: Vec<At<String>> = "[]",
        /// Networks, as `10.0.0.5`, of proxies before razz. Their word is taken on where a client is
        /// (`X-Forwarded-For`), whether it came over TLS (`X-Forwarded-Proto`), and who it is
        /// (`user_header`). Nobody else's is.
        trusted_proxies: Vec<At<String>> = "[]",
        /// The header in which a listed proxy names the user whom it has signed in, such as
        /// `"Remote-User"`; the user has to be one of razz's. `""`: none.
        user_header: String = r#""""#,
        /// Where users, tokens and sign-ins are kept, relative to this file; `""` is beside it, as
        /// `razz.users.json` for `razz.toml`.
        users_file: String = r#""""#,
        /// Further names and IP addresses, as `cameras.example.org`, under which browsers may open razz
        /// where nobody signs in. Names of this machine alone, those in `server.advertise` and
        /// those of the certificate are taken anyhow, and every IP address where other machines
        /// reach `listen`. Any other is refused, also one that a proxy names in `X-Forwarded-Host`: a
        /// page elsewhere could let its own name lead to razz.
        hosts: Vec<At<String>> = "[]",
        /// Origins, as `https://home.example.org`, whose pages may show cameras: in frames, and by
        /// the player. See the guide to embedding.
        embed_origins: Vec<At<String>> = "[]",
        /// Networks, as `169.254.0.0/16`, in which cameras may be although razz connects to no such
        /// address otherwise: link-local, a cloud's metadata service, multicast, broadcast,
        /// reserved, `0.0.0.0` and `::`. What a camera's name leads to is checked before every
        /// connection.
        camera_networks: Vec<At<String>> = "[]",
    }
}

group! {
    /// Limits and helpers of the WebRTC viewers.
    Viewers = "[viewers]" {
        /// Viewers at a time, all cameras together; 1 to 100000. Each costs about 0.4 MB and its
        /// share of the uplink.
        max: i64 [Limit::Whole(1, MAX_VIEWERS)] = "500",
        /// Viewers at a time of one camera; 1 to 100000.
        max_per_camera: i64 [Limit::Whole(1, MAX_VIEWERS)] = "200",
        /// The same that one view token may have at a time, over all cameras: who has the token cannot
        /// take every place.
        max_per_token: i64 [Limit::Whole(1, MAX_VIEWERS)] = "100",
        /// Bytes of video kept per camera, 1 MiB to 1 GiB. A new viewer starts from it; a GOP that
        /// does not fit makes it wait for the next one.
        ring_bytes: i64 [Limit::Whole(RING_BYTES.0, RING_BYTES.1)] = "16777216",
        /// How fast a new viewer is sent the video kept for it, in Mbit/s, 1 to 1000. Higher: live
        /// sooner, at 50 after 0.5 s where 10 s of 2.5 Mbit/s are kept; slower links overflow.
        replay_mbps: i64 [Limit::Whole(1, MAX_REPLAY_MBPS)] = "50",
        /// A viewer whose path does not carry the camera's stream gets a smaller picture, which razz
        /// encodes. `false`: it gets nothing until the path does.
        adapt: bool = "true",
        /// The most that viewers are sent: `auto` what the camera sends, `540p`, `360p` or `180p` that
        /// many lines, for a thin uplink.
        quality: String [Limit::Words(&QUALITIES)] = r#""auto""#,
        /// TURN servers as `{url = "turn:…", secret = "…"}`; the secret, which signs time-limited
        /// credentials, may be `env:NAME`.
        turn: Vec<At<Turn>> = "[]",
    }
}

group! {
    /// A TURN server.
    Turn = "{url = \"turn:host:3478\", secret = \"…\"}" {
        /// `turn:` or `turns:` address.
        url: String [Limit::Pattern("^turns?:[^/@][^@]*$")] = "",
        /// The secret that it shares with razz.
        secret: Secret = "",
    }
}

group! {
    /// The RTSPtoWebRTC endpoints.
    Compat = "[compat]" {
        /// Let a page name any RTSP address in `POST /stream`. Off, since that is a way into the
        /// network.
        allow_adhoc: bool = "false",
        /// Origins, as `http://192.168.1.5:8123`, of pages written for RTSPtoWebRTC. Pages of this machine
        /// and those of `access.embed_origins` may watch in any case. While only this machine reaches
        /// razz and nobody signs in, no others may. Where other machines reach it without signing in,
        /// every page may as long as this list is empty, and none but the listed ones after that. `"*"`
        /// is every page.
        origins: Vec<At<String>> = "[]",
    }
}

group! {
    /// How razz says what it does, on standard error.
    Log = "[log]" {
        /// `"text"` for people, or `"json"`: an object a line. The option `--log-format` wins.
        format: String [Limit::Words(&["text", "json"])] = r#""text""#,
    }
}

group! {
    /// Traces for an OpenTelemetry collector: what a frame's time goes into on its way from the camera
    /// to its tracks, requests, and viewer sessions. See the guide to integrations.
    Telemetry = "[telemetry]" {
        /// The collector as `http://HOST:4318` or `https://HOST:4318`, or `env:NAME`: OTLP over HTTP
        /// with protobuf, posted to `/v1/traces` there. Without it, or with `""`, nothing is traced.
        otlp: Option<Secret> [Limit::Pattern("^$|^(https?://.|env:.|credential:.)")] = "",
        /// How many of the frames that are detected on are traced, 0 to 1, evenly per camera. At
        /// 0.01, 100 cameras of 6 detections a second make 6 traces a second, of 7 spans each.
        frames: f64 [Limit::Number(0.0, 1.0)] = "0.01",
        /// How many of the HTTP requests are traced, 0 to 1. Viewer sessions always are.
        requests: f64 [Limit::Number(0.0, 1.0)] = "0.1",
        /// What this server is called there (`service.name`).
        service: String [Limit::Length(MAX_NAME)] = r#""razz""#,
    }
}

group! {
    /// What decodes the cameras' video for detection and snapshots; viewers get it untouched.
    Decoder = "[decoder]" {
        /// `"auto"`: FFmpeg's libavcodec (5.1 to 9) where the machine has it, which takes half the time,
        /// else what is built in: openh264 for H.264, rusty_h265 for H.265, and zune-jpeg for MJPEG.
        /// `"ffmpeg"`: libavcodec for certain; `"openh264"`: what is built in. The variable `RAZZ_LIBAVCODEC` names
        /// libavcodec's file where the system does not find it.
        engine: String [Limit::Words(&DECODERS)] = r#""auto""#,
        /// `"auto"`: in the graphics card or the chip, where libavcodec has a decoder for a device that
        /// is there and that decodes a clip right; `"off"`; the name of one of FFmpeg's decoders, such as
        /// `"h264_cuvid"`, `"h264_qsv"`, `"h264_v4l2m2m"`; or `"vaapi"`, with the device behind a colon if
        /// it is not `/dev/dri/renderD128`.
        hardware: String [Limit::Pattern("^(auto|off|vaapi|vaapi:/.+|(h264|hevc|mjpeg)_[a-z0-9]+)$")] = r#""auto""#,
    }
}

group! {
    /// What is found in the pictures.
    Detector = "[detector]" {
        /// The name of a pulled model (`razz models list`), the path of an `.onnx` file (relative
        /// to this file), or `"demo"`.
        model: String = r#""yolo11n""#,
        /// What runs the model: `"auto"`, the fastest that is found, as measured when the model is
        /// loaded; `"ort"`, the same but ONNX Runtime for certain, or one of its providers,
        /// `"ort/cpu"`, `"ort/openvino"`, `"ort/cuda"`, `"ort/tensorrt"`; or `"rten"`, built in.
        engine: String [Limit::Words(&ENGINES)] = r#""auto""#,
        /// With how many bits it computes: `"f32"`, or `"bf16"`, which is faster and moves boxes
        /// and scores a little. Only OpenVINO, on a CPU with bf16, and TensorRT have that; elsewhere
        /// f32 is used, and the log says so.
        precision: String [Limit::Words(&["f32", "bf16"])] = r#""f32""#,
        /// How many threads the engine has on the CPU, 0 to 64; 0: one less than the machine has
        /// cores, or both of two. More: sooner tracks, less left for decoding.
        threads: i64 [Limit::Whole(0, 64)] = "0",
        /// On which device: `""` for the usual one, which is the CPU for `"ort/openvino"` and the first
        /// GPU for `"ort/cuda"` and `"ort/tensorrt"`; the number of a GPU, such as `"1"`; for
        /// `"ort/openvino"` also `"gpu"`, `"npu"`, or `"auto"`. An engine that cannot have it gives
        /// way to another, and the log says so.
        device: String [Limit::Pattern("^(|gpu|npu|auto|[0-9]{1,2})$")] = r#""""#,
        /// The longer side of a model's input where the model leaves it open, 64 to 2048, in whole
        /// steps of 32: the shorter one follows the picture. More: smaller objects found, slower.
        input_size: i64 [Limit::Whole(64, 2048)] = "640",
        /// Detections below this score are dropped, 0 to 1. Higher: fewer false boxes, more
        /// objects missed.
        confidence: f64 [Limit::Number(0.0, 1.0)] = "0.25",
        /// Of two boxes of a class that overlap more than this, the weaker is dropped, 0 to 1.
        /// Higher: more neighbours kept, more doubles as well.
        iou: f64 [Limit::Number(0.0, 1.0)] = "0.7",
        /// Detect once a second while nothing has moved for two seconds, and as often as wanted again
        /// within one interval of something moving. Where the sizes of a camera's pictures tell
        /// when that is, only key frames are decoded meanwhile.
        idle: bool = "true",
        /// The classes to report, by the model's names; `[]` is all of them.
        classes: Vec<At<String>> = r#"["person", "bicycle", "car", "motorcycle", "bus", "truck"]"#,
    }
}

group! {
    /// How detections become tracks.
    Tracker = "[tracker]" {
        /// `"bytetrack"` (motion and overlap), `"deepsort"` (appearance), or `"hybrid"`: ByteTrack,
        /// with appearance for what it lost.
        kind: String [Limit::Words(&["hybrid", "bytetrack", "deepsort"])] = r#""hybrid""#,
        /// What describes appearance: `"builtin"`, or the path of an `.onnx` file.
        embedder: String [Limit::Pattern(r"^builtin$|\.onnx$")] = r#""builtin""#,
        /// Milliseconds that a predicted box is still published, 0 to 60000. Higher: fewer gaps
        /// behind obstacles, more boxes with nobody in them.
        publish_lost_ms: i64 [Limit::Whole(0, MAX_PUBLISH_LOST_MS)] = "500",
    }
}

group! {
    /// What happens is told to an MQTT broker, and so to Home Assistant. See the guide to
    /// integrations.
    Mqtt = "[mqtt]" {
        /// The broker as `mqtt://HOST:1883`, or `mqtts://HOST:8883` over TLS; `""` turns MQTT off.
        url: String [Limit::Pattern("^$|^mqtts?://[^/@]+/?$")] = r#""""#,
        /// User name at the broker, or `env:NAME`.
        username: Option<Secret> = "",
        /// Password that goes with it, or `env:NAME`.
        password: Option<Secret> = "",
        /// A PEM file with the certificates that the broker's may come from; without it, the usual
        /// public ones.
        ca: Option<String> = "",
        /// What every topic begins with. Of several razz at one broker each needs its own.
        prefix: String [Limit::Pattern(TOPIC)] = r#""razz""#,
        /// What topics of Home Assistant's discovery begin with; `""` turns discovery off.
        discovery: String [Limit::Pattern(TOPIC_OR_NOTHING)] = r#""homeassistant""#,
        /// Whether pictures of what came are sent along.
        snapshots: bool = "true",
    }
}

group! {
    /// An address that is told what happens by HTTP POST; repeat the table for each. See the guide
    /// to integrations.
    Webhook = "[[webhook]]" {
        /// Where to, `https://…` or `http://…`, or `env:NAME`.
        url: Secret [Limit::Pattern("^(https?://.|env:.|credential:.)")] = "",
        /// What of: `"track_started"`, `"track_ended"`, `"camera_online"`, `"camera_offline"`,
        /// `"recording_stopped"`, `"recording_resumed"`; `"alert_firing"`, `"alert_resolved"` of the rules whose
        /// `notify` names webhooks; `"line_crossed"`, `"zone_entered"`, `"zone_left"` of what is counted.
        events: Vec<At<String>> [Limit::Words(&EVENTS)] = r#"["track_started", "track_ended", "camera_online", "camera_offline", "recording_stopped", "recording_resumed", "alert_firing", "alert_resolved"]"#,
        /// What signs the messages (HMAC-SHA256), or `env:NAME`; without it they are not signed.
        secret: Option<Secret> = "",
        /// Whether pictures of what came are sent along, as base64 in the message.
        snapshots: bool = "false",
    }
}

group! {
    /// A camera; repeat the table for each.
    Camera = "[[camera]]" {
        /// A whole number from 1 to 999999999, each camera its own. Camera 1 has the stream id
        /// `camera1`.
        id: i64 [Limit::Whole(1, CameraId::FIRST_AD_HOC as i64 - 1)] = "",
        /// What people call it; by default `Camera 1`.
        name: Option<String> [Limit::Length(MAX_NAME)] = "",
        /// Its address, `rtsp://…` or `rtsps://…`, with or without user name and password, or
        /// `env:NAME`.
        url: Secret [Limit::Pattern("^([Rr][Tt][Ss][Pp][Ss]?://.|env:.|credential:.)")] = "",
        /// User name where the address has none, or `env:NAME`.
        username: Option<Secret> = "",
        /// Password that goes with it, as it is (nothing percent-encoded), or `env:NAME`.
        password: Option<Secret> = "",
        /// How its video travels to razz: `"tcp"`, `"udp"`, or `"http"` where networks let nothing but
        /// HTTP pass (RTSP in HTTP, port 80, or 443 of an `rtsps://` address).
        transport: String [Limit::Words(&["tcp", "udp", "http"])] = r#""tcp""#,
        /// Which certificate is taken of an `rtsps://` camera: `"pinned"` the one it shows first and no
        /// other later, `"checked"` one that the machine's authorities vouch for, or the one of this
        /// fingerprint, `"sha256:0A:1B:…"`.
        certificate: String [Limit::Pattern("^(pinned|checked|sha256:([0-9A-Fa-f]{2}:?){32})$")] = r#""pinned""#,
        /// Address of the smaller stream that the camera sends besides (its sub-stream), `rtsp://…` or
        /// `rtsps://…`, with or without user name and password, or `env:NAME`. Without, and at the
        /// host and port of `url`, razz signs in as it does there.
        sub_url: Option<Secret> [Limit::Pattern("^([Rr][Tt][Ss][Pp][Ss]?://.|env:.|credential:.)")] = "",
        /// Which stream is decoded and detected on: `"main"`, that of `url`, whose boxes are exact;
        /// or `"sub"`, that of `sub_url`, which takes a fraction of the work, and whose boxes are near
        /// the frame that they are shown on.
        detect_from: String [Limit::Words(&["main", "sub"])] = r#""main""#,
        /// Detections per second, 0.01 to 240; 0 turns detection off; `"max"` is every frame that
        /// capacity allows.
        detect_fps: Fps = "6",
        /// What the camera weighs while the machine cannot detect as often as all cameras want, 0.1 to
        /// 10: one with 2 keeps twice the share of its `detect_fps` that one with 1 keeps.
        priority: f64 [Limit::Number(PRIORITY.0, PRIORITY.1)] = "1.0",
        /// What of it is kept where `[record]` names a folder: `"always"` all of it, `"visits"` while somebody is seen,
        /// which needs detection, or `"off"`.
        record: String [Limit::Words(&record::MODES)] = r#""always""#,
        /// With `"visits"`: how long before somebody came it begins, as `"5s"`, at most `"60s"`; exactly so, and from the key
        /// picture before that.
        pre: String [Limit::Pattern(record::SECONDS)] = r#""5s""#,
        /// With `"visits"`: how long after everybody left it ends, at most `"10m"`.
        post: String [Limit::Pattern(record::SECONDS)] = r#""10s""#,
    }
}

/// A rate as written: a number, or a word.
pub(super) enum Fps {
    /// Per second.
    Number(f64),
    /// Such as `"max"`.
    Word(String),
}

impl Scalar for Fps {
    const EXPECTED: &'static str = "a number of detections per second, 0, or \"max\"";

    fn schema() -> serde_json::Value {
        json!({"anyOf": [
            {"type": "number", "minimum": DETECT_FPS.0, "maximum": DETECT_FPS.1},
            {"enum": [0, "max"]},
        ]})
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::String(word) => Some(Self::Word(word.to_string())),
            number => f64::from_value(number).map(Self::Number),
        }
    }
}

/// The whole file as written.
pub(super) struct Written {
    pub(super) server: Server,
    pub(super) access: Access,
    pub(super) viewers: Viewers,
    pub(super) compat: Compat,
    pub(super) log: Log,
    pub(super) telemetry: Telemetry,
    pub(super) decoder: Decoder,
    pub(super) detector: Detector,
    pub(super) tracker: Tracker,
    pub(super) record: Record,
    pub(super) mqtt: Mqtt,
    pub(super) webhooks: Vec<At<Webhook>>,
    pub(super) cameras: Vec<At<Camera>>,
    pub(super) areas: Vec<At<Area>>,
    pub(super) alert: Alert,
    pub(super) rules: Vec<At<Rule>>,
}

/// Every group.
pub(super) const GROUPS: [Declared; 16] = [
    (Server::HEADER, Server::DOC, Server::KEYS),
    (Access::HEADER, Access::DOC, Access::KEYS),
    (Viewers::HEADER, Viewers::DOC, Viewers::KEYS),
    (Compat::HEADER, Compat::DOC, Compat::KEYS),
    (Log::HEADER, Log::DOC, Log::KEYS),
    (Telemetry::HEADER, Telemetry::DOC, Telemetry::KEYS),
    (Decoder::HEADER, Decoder::DOC, Decoder::KEYS),
    (Detector::HEADER, Detector::DOC, Detector::KEYS),
    (Tracker::HEADER, Tracker::DOC, Tracker::KEYS),
    (Record::HEADER, Record::DOC, Record::KEYS),
    (Mqtt::HEADER, Mqtt::DOC, Mqtt::KEYS),
    (Webhook::HEADER, Webhook::DOC, Webhook::KEYS),
    (Camera::HEADER, Camera::DOC, Camera::KEYS),
    (Area::HEADER, Area::DOC, Area::KEYS),
    (Alert::HEADER, Alert::DOC, Alert::KEYS),
    (Rule::HEADER, Rule::DOC, Rule::KEYS),
];

impl Written {
    /// Reads a parsed document. `None` where something required is missing; the problems say what.
    pub(super) fn read(document: &DeTable<'_>, problems: &mut Problems<'_>) -> Option<Self> {
        let known = GROUPS.map(|(header, ..)| header.trim_matches(['[', ']']));
        for (name, value) in document {
            if !known.contains(&name.get_ref().as_ref()) {
                let what = if value.get_ref().is_table() { "table" } else { "key" };
                let message = unknown(what, name.get_ref(), &known, &GROUPS);
                problems.add(name.span().start, message);
            }
        }
        let server = group(document, problems);
        let access = group(document, problems);
        let viewers = group(document, problems);
        let compat = group(document, problems);
        let log = group(document, problems);
        let telemetry = group(document, problems);
        let decoder = group(document, problems);
        let detector = group(document, problems);
        let tracker = group(document, problems);
        let record = group(document, problems);
        let mqtt = group(document, problems);
        let webhooks = list(document, problems);
        let cameras = list(document, problems);
        let areas = list(document, problems);
        let alert = group(document, problems);
        let rules = list(document, problems);
        Some(Self {
            server: server?,
            access: access?,
            viewers: viewers?,
            compat: compat?,
            log: log?,
            telemetry: telemetry?,
            decoder: decoder?,
            detector: detector?,
            tracker: tracker?,
            record: record?,
            mqtt: mqtt?,
            webhooks,
            cameras,
            areas,
            alert: alert?,
            rules,
        })
    }
}

/// The group `G` of the document; its defaults where it is absent.
fn group<G: Group>(document: &DeTable<'_>, problems: &mut Problems<'_>) -> Option<G> {
    let name = G::HEADER.trim_matches(['[', ']']);
    let found = document.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value);
    let nothing = DeTable::new();
    let (table, at) = match found {
        Some(value) => match value.get_ref().as_table() {
            Some(table) => (table, value.span().start),
            None => {
                let message = format!("`{name}` is a table; write {} on a line", G::HEADER);
                problems.add(value.span().start, message);
                (&nothing, 0)
            }
        },
        None => (&nothing, 0),
    };
    read_group(table, at, &GROUPS, problems)
}

/// Every table of the list `G`, such as `[[camera]]`, that could be read.
fn list<G: Group>(document: &DeTable<'_>, problems: &mut Problems<'_>) -> Vec<At<G>> {
    let name = G::HEADER.trim_matches(['[', ']']);
    let Some((_, value)) = document.iter().find(|(key, _)| key.get_ref() == name) else {
        return Vec::new();
    };
    let Some(list) = value.get_ref().as_array() else {
        let message = format!("write {} with two brackets: there may be several", G::HEADER);
        problems.add(value.span().start, message);
        return Vec::new();
    };
    let mut read = Vec::new();
    for item in list.iter() {
        let at = item.span().start;
        match item.get_ref().as_table() {
            Some(table) => {
                let group = read_group(table, at, &GROUPS, problems);
                read.extend(group.map(|value| At { value, at }));
            }
            None => {
                problems.add(at, format!("a {name} is a table; write {} on a line", G::HEADER));
            }
        }
    }
    read
}
