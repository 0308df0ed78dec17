//! From settings as written to settings as used: every value is checked here, once.

mod areas;
mod cameras;
mod record;
mod rules;

use std::fmt::Display;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use razz_base::{EventKind, Quality};
use razz_vision::{DecoderEngine, EngineChoice};
use url::Url;

use super::base::Base;
use super::camera_networks::CameraNetworks;
use super::document::{At, closest};
use super::hosts::{host_of, origin_of};
use super::model::ModelChoice;
use super::problem::Problems;
use super::resolved::{
    Access, AccessMode, Acme, Collector, Compat, Config, Decoder, Detector, EmbedderChoice, Log,
    Mqtt, Server, Telemetry, Tls, Tracker, TrackerKind, Turn, Viewers, Webhook,
};
use super::secret_reference;
use super::written::{
    self, CONNECTIONS, CONNECTIONS_OF_ONE, HSTS_DAYS, MAX_NAME, MAX_PUBLISH_LOST_MS,
    MAX_REPLAY_MBPS, MAX_VIEWERS, QUALITIES, RING_BYTES, Written,
};
use crate::LogFormat;
use crate::redact::Secret;

/// Resolves what was read, noting every problem. `None` only where one was noted.
pub(super) fn resolve(
    written: Written,
    base_dir: &Path,
    env: &dyn Fn(&str) -> Option<String>,
    problems: &mut Problems<'_>,
) -> Option<Config> {
    let mut resolver = Resolver { base_dir, env, problems };
    let server = resolver.server(written.server);
    let access = resolver.access(&written.access);
    let viewers = resolver.viewers(written.viewers);
    let compat = resolver.compat(&written.compat);
    let log =
        resolver.word("format", &written.log.format, &LogFormat::ALL).map(|format| Log { format });
    let telemetry = resolver.telemetry(written.telemetry);
    let decoder = resolver.decoder(&written.decoder);
    let detector = resolver.detector(written.detector);
    let tracker = resolver.tracker(&written.tracker);
    let record = resolver.record(&written.record);
    let mqtt = resolver.mqtt(written.mqtt);
    let webhooks: Vec<_> =
        written.webhooks.into_iter().map(|webhook| resolver.webhook(webhook.value)).collect();
    let reach = access.as_ref().map(|access| access.cameras.clone()).unwrap_or_default();
    let mut cameras = resolver.cameras(written.cameras, &reach);
    let areas = resolver.areas(written.areas, cameras.as_deref_mut());
    let alert = resolver.alert(written.alert);
    let rules = resolver.rules(written.rules, cameras.as_deref(), areas.as_deref(), alert.as_ref());
    Some(Config {
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
        webhooks: webhooks.into_iter().collect::<Option<_>>()?,
        cameras: cameras?,
        areas: areas?,
        alert: alert?,
        rules: rules?,
    })
}

struct Resolver<'r, 'a> {
    base_dir: &'r Path,
    env: &'r dyn Fn(&str) -> Option<String>,
    problems: &'r mut Problems<'a>,
}

impl Resolver<'_, '_> {
    fn server(&mut self, written: written::Server) -> Option<Server> {
        let listen = self.address("listen", &written.listen);
        let compat_listen = match written.compat_listen.value.as_str() {
            "" => Some(None),
            _ => self.address("compat_listen", &written.compat_listen).map(Some),
        };
        let webrtc_udp = self.address("webrtc_udp", &written.webrtc_udp);
        let base = Base::parse(&written.base.value);
        let base =
            base.map_err(|error| self.problems.add(written.base.at, format!("`base` {error}")));
        let advertise = self.each(&written.advertise.value, |host| {
            if is_host(host) {
                return Ok(host.to_owned());
            }
            Err("`advertise` expects IP addresses or host names, such as \"203.0.113.7\", without a \
                 port"
                .to_owned())
        });
        let (low, high) = CONNECTIONS;
        let connections = self.whole("connections", &written.connections, low, high);
        let (low, high) = CONNECTIONS_OF_ONE;
        let of_one = &written.connections_per_address;
        let connections_per_address = self.whole("connections_per_address", of_one, low, high);
        if let (Some(listen), Some(Some(compat))) = (listen, compat_listen)
            && listen == compat
            && listen.port() != 0
        {
            let message = "`compat_listen` is the same as `listen`; give it another port";
            self.problems.add(written.compat_listen.at, message);
        }
        let hsts_days = match &written.tls.value.0 {
            Some(tls) => self.whole("hsts_days", &tls.hsts_days, HSTS_DAYS.0, HSTS_DAYS.1),
            None => Some(0),
        };
        Some(Server {
            hsts_s: Some(hsts_days?.unsigned_abs() * 86_400).filter(|seconds| *seconds > 0),
            listen: listen?,
            compat_listen: compat_listen?,
            webrtc_udp: webrtc_udp?,
            base: base.ok()?,
            advertise: advertise?,
            connections: usize::try_from(connections?).ok()?,
            connections_per_address: usize::try_from(connections_per_address?).ok()?,
            compat_tls: written.tls.value.0.as_ref().is_some_and(|tls| tls.compat.value),
            tls: match written.tls.value.0 {
                Some(tls) => Some(self.tls(tls, written.tls.at)?),
                None => None,
            },
        })
    }

    fn tls(&mut self, written: written::Tls, at: usize) -> Option<Tls> {
        let self_signed = written.self_signed.value;
        let acme = match written.acme.value.0 {
            Some(acme) => Some(self.acme(acme)?),
            None => None,
        };
        let file = |written: At<Option<String>>| written.value.map(|path| self.path(&path));
        match (file(written.cert), file(written.key), self_signed, acme) {
            (Some(cert), Some(key), false, None) => Some(Tls::Files { cert, key }),
            (None, None, true, None) => Some(Tls::SelfSigned { folder: self.base_dir.to_owned() }),
            (None, None, false, Some(acme)) => Some(Tls::Acme(acme)),
            _ => {
                let message = "`tls` expects one of three: `cert` with `key`, `self_signed = true`, \
                               or `acme`";
                self.problems.add(at, message);
                None
            }
        }
    }

    fn acme(&mut self, written: written::Acme) -> Option<Acme> {
        let domains = self.each(&written.domains.value, |name| {
            if is_host(name) && name.parse::<IpAddr>().is_err() {
                return Ok(name.to_owned());
            }
            Err("`domains` expects host names, such as \"cameras.example.org\"".to_owned())
        });
        if written.domains.value.is_empty() {
            let message = "`domains` is empty; name the host names to be certified";
            self.problems.add(written.domains.at, message);
            return None;
        }
        let contact = self.each(&written.contact.value, |contact| {
            let address = contact.strip_prefix("mailto:").unwrap_or(contact);
            match address.split_once('@') {
                Some((name, host)) if !name.is_empty() && is_host(host) => {
                    Ok(format!("mailto:{address}"))
                }
                _ => Err("`contact` expects e-mail addresses".to_owned()),
            }
        });
        let directory = written.directory.value;
        if !directory.starts_with("https://") {
            self.problems.add(written.directory.at, "`directory` expects an https:// address");
            return None;
        }
        Some(Acme {
            domains: domains?,
            contact: contact?,
            cache: self.path(&written.cache.value),
            directory,
            directory_ca: written.directory_ca.value.map(|path| self.path(&path)),
        })
    }

    fn access(&mut self, written: &written::Access) -> Option<Access> {
        let open_networks = self.each(&written.open_networks.value, |network| {
            network.parse().map_err(|error| format!("`open_networks`: {error}"))
        });
        let trusted_proxies = self.each(&written.trusted_proxies.value, |network| {
            network.parse().map_err(|error| format!("`trusted_proxies`: {error}"))
        });
        let modes = [("auto", AccessMode::Auto), ("on", AccessMode::On), ("off", AccessMode::Off)];
        let mode = self.word("mode", &written.mode, &modes);
        let user_header = written.user_header.value.to_ascii_lowercase();
        if !user_header.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            let message = "`user_header` expects the name of a header, such as \"Remote-User\"";
            self.problems.add(written.user_header.at, message);
        }
        let trusted_proxies = trusted_proxies?;
        if !user_header.is_empty() && trusted_proxies.is_empty() {
            let message =
                "`user_header` needs `trusted_proxies`: without them nobody's word is taken";
            self.problems.add(written.user_header.at, message);
        }
        let users_file = match written.users_file.value.as_str() {
            "" => None,
            path => Some(self.path(path)),
        };
        let hosts = self.each(&written.hosts.value, |host| {
            host_of(host).ok_or_else(|| {
                "`hosts` expects host names or IP addresses, such as \"cameras.example.org\", without \
                 a scheme or a port"
                    .to_owned()
            })
        });
        let embed_origins = self.each(&written.embed_origins.value, |origin| {
            origin_of(origin).ok_or_else(|| {
                "`embed_origins` expects origins, such as \"https://home.example.org\" or \
                 \"http://192.168.1.5:8123\", without a path"
                    .to_owned()
            })
        });
        let cameras = self.each(&written.camera_networks.value, |network| {
            network.parse().map_err(|error| format!("`camera_networks`: {error}"))
        });
        Some(Access {
            mode: mode?,
            open_networks: open_networks?,
            trusted_proxies,
            user_header,
            users_file,
            hosts: hosts?,
            embed_origins: embed_origins?,
            cameras: CameraNetworks::with(cameras?),
        })
    }

    fn compat(&mut self, written: &written::Compat) -> Option<Compat> {
        let origins = self.each(&written.origins.value, |origin| match origin {
            "*" => Ok("*".to_owned()),
            _ => origin_of(origin).ok_or_else(|| {
                "`origins` expects origins, such as \"http://192.168.1.5:8123\", without a path, or \
                 \"*\" for every page"
                    .to_owned()
            }),
        });
        Some(Compat { allow_adhoc: written.allow_adhoc.value, origins: origins? })
    }

    fn viewers(&mut self, written: written::Viewers) -> Option<Viewers> {
        let max = self.whole("max", &written.max, 1, MAX_VIEWERS);
        let max_per_camera = self.whole("max_per_camera", &written.max_per_camera, 1, MAX_VIEWERS);
        let max_per_token = self.whole("max_per_token", &written.max_per_token, 1, MAX_VIEWERS);
        let ring_bytes = self.whole("ring_bytes", &written.ring_bytes, RING_BYTES.0, RING_BYTES.1);
        let replay_mbps = self.whole("replay_mbps", &written.replay_mbps, 1, MAX_REPLAY_MBPS);
        let named = QUALITIES.map(|name| (name, Quality::named(name).unwrap_or_default()));
        let quality = self.word("quality", &written.quality, &named);
        let turn: Vec<_> =
            written.turn.value.into_iter().map(|turn| self.turn(turn.value)).collect();
        Some(Viewers {
            max: max? as usize,
            max_per_camera: max_per_camera? as usize,
            max_per_token: max_per_token? as usize,
            ring_bytes: ring_bytes? as usize,
            replay_mbps: replay_mbps?.unsigned_abs(),
            adapt: written.adapt.value,
            quality: quality?,
            turn: turn.into_iter().collect::<Option<_>>()?,
        })
    }

    fn turn(&mut self, written: written::Turn) -> Option<Turn> {
        let url = written.url.value;
        let host = url.strip_prefix("turn:").or_else(|| url.strip_prefix("turns:"));
        if host.is_none_or(|host| host.is_empty() || host.starts_with('/') || host.contains('@')) {
            let message = "`url` of a TURN server expects turn:HOST or turns:HOST, such as \
                           \"turn:turn.example.org:3478\"";
            self.problems.add(written.url.at, message);
            return None;
        }
        Some(Turn { secret: self.secret("secret", written.secret)?, url })
    }

    fn decoder(&mut self, written: &written::Decoder) -> Option<Decoder> {
        let engine = self.word("engine", &written.engine, &DecoderEngine::ALL);
        let hardware = self.parsed("hardware", &written.hardware);
        Some(Decoder { engine: engine?, hardware: hardware? })
    }

    fn detector(&mut self, written: written::Detector) -> Option<Detector> {
        let model = ModelChoice::parse(&written.model.value, self.base_dir);
        if model.is_none() {
            let message = "`model` expects a model's name such as \"yolo11n\", the path of an .onnx \
                           file, or \"demo\"";
            self.problems.add(written.model.at, message);
        }
        let engine = self.word("engine", &written.engine, &EngineChoice::ALL);
        let precision = self.parsed("precision", &written.precision);
        let threads = self.whole("threads", &written.threads, 0, 64);
        let device = self.parsed("device", &written.device);
        let input_size = self.whole("input_size", &written.input_size, 64, 2048);
        let confidence = self.share("confidence", &written.confidence);
        let iou = self.share("iou", &written.iou);
        let classes = self.each(&written.classes.value, |class| match class.trim() {
            "" => Err("`classes` has an empty name; take it out".to_owned()),
            name => Ok(name.to_owned()),
        });
        Some(Detector {
            model: model?,
            engine: engine?,
            precision: precision?,
            threads: usize::try_from(threads?).ok().filter(|threads| *threads > 0),
            device: device?,
            input_size: u32::try_from(input_size?).ok()?,
            confidence: confidence?,
            iou: iou?,
            idle: written.idle.value,
            classes: classes?,
        })
    }

    /// The outer `None` says that a problem was noted, the inner one that nothing is traced.
    fn telemetry(&mut self, written: written::Telemetry) -> Option<Option<Telemetry>> {
        let frames = self.share("frames", &written.frames);
        let requests = self.share("requests", &written.requests);
        let service = written.service.value.trim().to_owned();
        if service.is_empty() || service.chars().count() > MAX_NAME {
            let message = format!("`service` expects a name of at most {MAX_NAME} characters");
            self.problems.add(written.service.at, message);
        }
        let at = written.otlp.at;
        let collector = match self.optional_secret("otlp", written.otlp)? {
            Some(address) if !address.reveal().is_empty() => Some(self.collector(&address, at)?),
            _ => None,
        };
        let (frames, requests) = (frames?, requests?);
        Some(collector.map(|collector| Telemetry { collector, frames, requests, service }))
    }

    /// A collector by its base address, to which the way of the traces is added (OTLP specification,
    /// "OTLP/HTTP Request").
    fn collector(&mut self, address: &Secret, at: usize) -> Option<Collector> {
        const TRACES: &str = "v1/traces";
        let url = Url::parse(address.reveal()).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(mut url) = url else {
            let message = "`otlp` expects a collector's address, such as \"http://127.0.0.1:4318\"";
            self.problems.add(at, message);
            return None;
        };
        let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let user = plain(url.username());
        let password = plain(url.password().unwrap_or_default());
        let named = !user.is_empty() || !password.is_empty();
        let credentials = named.then(|| Secret::new(format!("{user}:{password}")));
        // Cannot fail: the address has a host.
        let _ = (url.set_username(""), url.set_password(None));
        if !url.path().ends_with(TRACES) {
            let path = format!("{}/{TRACES}", url.path().trim_end_matches('/'));
            url.set_path(&path);
        }
        url.set_fragment(None);
        let port = url.port_or_known_default().unwrap_or_default();
        let origin = format!("{}://{}:{port}", url.scheme(), url.host_str().unwrap_or_default());
        Some(Collector { url: Secret::new(url.to_string()), credentials, origin })
    }

    /// What its own type reads.
    fn parsed<T: FromStr<Err: Display>>(&mut self, key: &str, written: &At<String>) -> Option<T> {
        let parsed = written.value.parse();
        parsed.map_err(|error| self.problems.add(written.at, format!("`{key}`: {error}"))).ok()
    }

    fn tracker(&mut self, written: &written::Tracker) -> Option<Tracker> {
        let kinds = [
            ("hybrid", TrackerKind::Hybrid),
            ("bytetrack", TrackerKind::ByteTrack),
            ("deepsort", TrackerKind::DeepSort),
        ];
        let kind = self.word("kind", &written.kind, &kinds);
        let embedder = match written.embedder.value.as_str() {
            "builtin" => Some(EmbedderChoice::Builtin),
            path if path.ends_with(".onnx") => Some(EmbedderChoice::File(self.path(path))),
            _ => {
                let message = "`embedder` expects \"builtin\" or the path of an .onnx file";
                self.problems.add(written.embedder.at, message);
                None
            }
        };
        let lost = &written.publish_lost_ms;
        let publish_lost_ms = self.whole("publish_lost_ms", lost, 0, MAX_PUBLISH_LOST_MS);
        Some(Tracker {
            kind: kind?,
            embedder: embedder?,
            publish_lost_ms: publish_lost_ms?.unsigned_abs(),
        })
    }

    /// The outer `None` says that a problem was noted, the inner one that MQTT is off.
    fn mqtt(&mut self, written: written::Mqtt) -> Option<Option<Mqtt>> {
        let username = self.optional_secret("username", written.username)?;
        let password = self.optional_secret("password", written.password)?;
        if written.url.value.is_empty() {
            return Some(None);
        }
        let url = Url::parse(&written.url.value).ok().filter(|url| {
            matches!(url.scheme(), "mqtt" | "mqtts")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && matches!(url.path(), "" | "/")
        });
        let Some(url) = url else {
            let message = "`url` of [mqtt] expects mqtt://HOST:1883 or mqtts://HOST:8883; user name \
                           and password go into `username` and `password`";
            self.problems.add(written.url.at, message);
            return None;
        };
        let tls = url.scheme() == "mqtts";
        let prefix = self.topic("prefix", &written.prefix);
        let discovery = match written.discovery.value.as_str() {
            "" => Some(None),
            _ => self.topic("discovery", &written.discovery).map(Some),
        };
        let host = url.host_str().unwrap_or_default();
        Some(Some(Mqtt {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port: url.port().unwrap_or(if tls { 8883 } else { 1883 }),
            tls,
            ca: written.ca.value.map(|path| self.path(&path)),
            credentials: username.map(|username| {
                let password = password.unwrap_or_else(|| Secret::new(""));
                (username.reveal().to_owned(), password)
            }),
            prefix: prefix?,
            discovery: discovery?,
            snapshots: written.snapshots.value,
        }))
    }

    /// What topics begin with (MQTT 3.1.1 section 4.7: no wildcard, no NUL).
    fn topic(&mut self, key: &str, written: &At<String>) -> Option<String> {
        let topic = written.value.as_str();
        let fits = (1..=100).contains(&topic.len())
            && !topic.contains(['+', '#', '$'])
            && !topic.chars().any(char::is_control)
            && topic.split('/').all(|level| !level.is_empty());
        if !fits {
            let message = format!(
                "`{key}` expects what topics begin with, such as \"razz\" or \"home/razz\": \
                 without +, # and $, and no slash at either end"
            );
            self.problems.add(written.at, message);
            return None;
        }
        Some(topic.to_owned())
    }

    fn webhook(&mut self, written: written::Webhook) -> Option<Webhook> {
        let at = written.url.at;
        let url = self.secret("url", written.url)?;
        let parsed = Url::parse(url.reveal()).ok();
        if !parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
            let message = "`url` of [[webhook]] expects an address such as \
                           \"https://example.org/hook\"";
            self.problems.add(at, message);
            return None;
        }
        let mut events = Vec::new();
        for event in &written.events.value {
            events.push(self.word("events", event, &EventKind::ALL));
        }
        let secret = self.optional_secret("secret", written.secret)?;
        Some(Webhook {
            url,
            events: events.into_iter().collect::<Option<_>>()?,
            secret,
            snapshots: written.snapshots.value,
        })
    }

    /// An IP address and a port.
    fn address(&mut self, key: &str, written: &At<String>) -> Option<SocketAddr> {
        let address = written.value.parse().ok();
        if address.is_none() {
            let message = format!(
                "`{key}` expects an IP address and a port, such as \"127.0.0.1:8003\" or \
                 \"[::1]:8003\""
            );
            self.problems.add(written.at, message);
        }
        address
    }

    /// A whole number from `low` to `high`.
    fn whole(&mut self, key: &str, written: &At<i64>, low: i64, high: i64) -> Option<i64> {
        let value = written.value;
        if !(low..=high).contains(&value) {
            let message =
                format!("`{key}` expects a whole number from {low} to {high}, not {value}");
            self.problems.add(written.at, message);
            return None;
        }
        Some(value)
    }

    /// A number from 0 to 1.
    fn share(&mut self, key: &str, written: &At<f64>) -> Option<f64> {
        let value = written.value;
        if !(0.0..=1.0).contains(&value) {
            let message = format!("`{key}` expects a number from 0 to 1, not {value}");
            self.problems.add(written.at, message);
            return None;
        }
        Some(value)
    }

    /// One of a few words.
    fn word<T: Copy>(&mut self, key: &str, written: &At<String>, words: &[(&str, T)]) -> Option<T> {
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == written.value) {
            return Some(*value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let meant = match closest(&written.value, &known) {
            Some(word) => format!("; did you mean \"{word}\"?"),
            None => String::new(),
        };
        let known = known.join("\", \"");
        self.problems.add(written.at, format!("`{key}` expects one of \"{known}\"{meant}"));
        None
    }

    /// Every item of a list, by `parse`.
    fn each<T>(
        &mut self,
        written: &[At<String>],
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let items: Vec<Option<T>> = written
            .iter()
            .map(|item| parse(&item.value).map_err(|m| self.problems.add(item.at, m)).ok())
            .collect();
        items.into_iter().collect()
    }

    /// A value; with `env:NAME` that of the environment variable, with `credential:NAME` that of
    /// systemd's credential (systemd.exec(5), `LoadCredential=`).
    fn secret(&mut self, key: &str, written: At<Secret>) -> Option<Secret> {
        if let Some(name) = written.value.reveal().strip_prefix(secret_reference::CREDENTIAL) {
            return credential(name, self.env)
                .map_err(|why| self.problems.add(written.at, format!("`{key}`: {why}")))
                .ok();
        }
        let Some(name) = written.value.reveal().strip_prefix(secret_reference::ENV) else {
            return Some(written.value);
        };
        // What is no name of a variable may be a password that happens to begin with "env:".
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            let message =
                format!("`{key}` expects the name of an environment variable behind env:");
            self.problems.add(written.at, message);
            return None;
        }
        let value = (self.env)(name).map(Secret::new);
        if value.is_none() {
            let message = format!("`{key}`: the environment variable {name} is not set; set it");
            self.problems.add(written.at, message);
        }
        value
    }

    /// As [`secret`](Self::secret); the outer `None` says that a problem was noted.
    fn optional_secret(
        &mut self,
        key: &str,
        written: At<Option<Secret>>,
    ) -> Option<Option<Secret>> {
        match written.value {
            None => Some(None),
            Some(value) => self.secret(key, At { value, at: written.at }).map(Some),
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.base_dir.join(path)
    }
}

/// The content of the file `name` in the folder that systemd made for this service's credentials,
/// without the line end that editors leave behind.
fn credential(name: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Secret, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err("expects the name of a systemd credential behind credential:".to_owned());
    }
    let folder = env("CREDENTIALS_DIRECTORY").ok_or_else(|| {
        format!(
            "there are no systemd credentials here, so no {name}; start razz as a service with \
             LoadCredential={name}:FILE"
        )
    })?;
    let content = std::fs::read_to_string(Path::new(&folder).join(name)).map_err(|error| {
        format!("the systemd credential {name} cannot be read ({error}); check LoadCredential=")
    })?;
    let value = content.strip_suffix('\n').unwrap_or(&content);
    Ok(Secret::new(value.strip_suffix('\r').unwrap_or(value)))
}

/// An IP address or a host name (RFC 1123 section 2.1).
fn is_host(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.parse::<IpAddr>().is_ok()
        || (text.len() <= 253
            && text.split('.').all(label)
            // 10.0.0.300 is a mistyped address, not a name.
            && !text.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}
