//! What a config file means, and what is said about one that is wrong: tables.

mod access;
mod areas;
mod secrets;
mod sub;

use std::fs;
use std::path::{Path, PathBuf};

use razz_base::{DetectRate, Quality};
use razz_vision::{Device, EngineChoice, Precision};

use super::reference::repository;
use super::resolved::{AccessMode, Decoder, Log, Server};
use super::*;
use crate::LogFormat;

fn env(name: &str) -> Option<String> {
    match name {
        "CAMERA_URL" => Some("rtsp://u:hunter2@10.0.0.7/s".to_owned()),
        "CAMERA_PASSWORD" => Some("hunter2".to_owned()),
        "NOT_AN_ADDRESS" => Some("hunter2".to_owned()),
        _ => None,
    }
}

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(text, "razz.toml", Path::new("/etc/razz"), &env)
}

/// The lines said about `text`, without the file's name.
fn complaints(text: &str) -> Vec<String> {
    let errors = parse(text).expect_err(text).to_string();
    assert!(!errors.contains("hunter2"), "a credential shows: {errors}");
    errors.lines().map(|line| line.strip_prefix("razz.toml:").unwrap_or(line).to_owned()).collect()
}

const CAMERA: &str = "[[camera]]\nid = 1\nurl = \"rtsp://h/s\"\n";

#[test]
fn an_empty_file_means_the_defaults() {
    let config = parse("").unwrap();
    let address = |text: &str| text.parse().unwrap();
    assert_eq!(
        config,
        Config {
            server: Server {
                listen: address("127.0.0.1:8003"),
                compat_listen: Some(address("127.0.0.1:8083")),
                webrtc_udp: address("127.0.0.1:8189"),
                base: Base::default(),
                advertise: vec![],
                connections: 4096,
                connections_per_address: 512,
                hsts_s: None,
                tls: None,
                compat_tls: false,
            },
            access: Access {
                mode: AccessMode::Auto,
                open_networks: vec![],
                trusted_proxies: vec![],
                user_header: String::new(),
                users_file: None,
                hosts: vec![],
                embed_origins: vec![],
                cameras: CameraNetworks::default(),
            },
            viewers: Viewers {
                max: 500,
                max_per_camera: 200,
                max_per_token: 100,
                ring_bytes: 16_777_216,
                replay_mbps: 50,
                adapt: true,
                quality: Quality::Auto,
                turn: vec![]
            },
            compat: Compat { allow_adhoc: false, origins: Vec::new() },
            log: Log { format: LogFormat::Text },
            telemetry: None,
            decoder: Decoder::default(),
            detector: Detector {
                model: ModelChoice::Named("yolo11n".to_owned()),
                engine: EngineChoice::Auto,
                precision: Precision::F32,
                threads: None,
                device: Device::Usual,
                input_size: 640,
                confidence: 0.25,
                iou: 0.7,
                idle: true,
                classes: ["person", "bicycle", "car", "motorcycle", "bus", "truck"]
                    .map(str::to_owned)
                    .to_vec(),
            },
            tracker: Tracker {
                kind: TrackerKind::Hybrid,
                embedder: EmbedderChoice::Builtin,
                publish_lost_ms: 500,
            },
            record: None,
            mqtt: None,
            webhooks: Vec::new(),
            areas: Vec::new(),
            alert: Alert::default(),
            rules: Vec::new(),
            cameras: vec![],
        }
    );
    let camera = &parse(CAMERA).unwrap().cameras[0];
    assert_eq!((camera.name.as_str(), camera.detect_fps), ("Camera 1", DetectRate::PerSecond(6.0)));
    assert_eq!(camera.source.transport, Transport::Tcp);
    assert_eq!(camera.source.credentials, None);
}

#[test]
fn every_key_is_read() {
    let config = parse(
        r#"
        [server]
        listen = "[::1]:0"
        compat_listen = ""
        webrtc_udp = "10.0.0.1:9"
        base = "/razz/"
        advertise = ["203.0.113.7", "cam.example.org"]
        connections = 1000
        connections_per_address = 100
        [access]
        mode = "on"
        open_networks = ["10.0.0.0/8"]
        trusted_proxies = ["10.0.0.5", "fd00::/8"]
        user_header = "Remote-User"
        users_file = "state/users.json"
        hosts = ["Razz.Example.ORG.", "b\u00fcro.example", "[2001:DB8::1]", "10.0.0.7", "my_razz"]
        embed_origins = ["https://Home.example.org", "http://192.168.1.5:8123/", "https://a.example:443"]
        [viewers]
        max = 2
        max_per_camera = 1
        ring_bytes = 2_097_152
        replay_mbps = 8
        turn = [{ url = "turn:t.example.org", secret = "env:CAMERA_PASSWORD" }]
        [compat]
        allow_adhoc = true
        [detector]
        model = "m/mine.onnx"
        engine = "ort/openvino"
        precision = "bf16"
        confidence = 0
        iou = 1.0
        idle = false
        classes = []
        [tracker]
        kind = "deepsort"
        embedder = "/opt/osnet.onnx"
        publish_lost_ms = 0
        [[camera]]
        id = 7
        name = " Gate "
        url = "rtsp://u:p%40@10.0.0.5/stream1"
        detect_fps = 0
        [[camera]]
        id = 2
        url = "env:CAMERA_URL"
        transport = "udp"
        detect_fps = "max"
        [[camera]]
        id = 3
        name = ""
        url = "rtsp://h/s"
        username = "u"
        password = "env:CAMERA_PASSWORD"
        detect_fps = 0.5
        "#,
    )
    .unwrap();
    assert_eq!(config.server.listen, "[::1]:0".parse().unwrap());
    assert_eq!(config.server.compat_listen, None);
    assert_eq!(config.server.base.as_str(), "/razz/");
    assert_eq!(config.server.advertise, ["203.0.113.7", "cam.example.org"]);
    let access = &config.access;
    assert_eq!(access.mode, AccessMode::On);
    assert_eq!(access.open_networks, ["10.0.0.0/8".parse().unwrap()]);
    assert_eq!(access.trusted_proxies, ["10.0.0.5".parse().unwrap(), "fd00::/8".parse().unwrap()]);
    assert_eq!(access.user_header, "remote-user");
    let users_file = access.users_file(Path::new("/etc/razz/razz.toml"));
    assert_eq!(users_file, Path::new("/etc/razz/state/users.json"));
    let hosts = ["razz.example.org", "xn--bro-hoa.example", "2001:db8::1", "10.0.0.7", "my_razz"];
    assert_eq!(access.hosts, hosts);
    let origins = ["https://home.example.org", "http://192.168.1.5:8123", "https://a.example"];
    assert_eq!(access.embed_origins, origins);
    assert_eq!((config.server.connections, config.server.connections_per_address), (1000, 100));
    let beside = parse("").unwrap().access.users_file(Path::new("/etc/razz/razz.toml"));
    assert_eq!(beside, Path::new("/etc/razz/razz.users.json"));
    assert_eq!((config.viewers.max, config.viewers.max_per_camera), (2, 1));
    assert_eq!(config.viewers.ring_bytes, 2 << 20);
    assert_eq!(config.viewers.replay_mbps, 8);
    assert_eq!(config.viewers.turn[0].url, "turn:t.example.org");
    assert_eq!(config.viewers.turn[0].secret.reveal(), "hunter2");
    assert!(config.compat.allow_adhoc);
    assert_eq!(config.detector.model, ModelChoice::File(PathBuf::from("/etc/razz/m/mine.onnx")));
    assert_eq!(config.detector.engine, EngineChoice::OrtOpenVino);
    assert_eq!(config.detector.precision, Precision::Bf16);
    assert_eq!((config.detector.confidence, config.detector.iou), (0.0, 1.0));
    assert!(!config.detector.idle && config.detector.classes.is_empty());
    assert_eq!(config.tracker.kind, TrackerKind::DeepSort);
    assert_eq!(config.tracker.embedder, EmbedderChoice::File(PathBuf::from("/opt/osnet.onnx")));
    assert_eq!(config.tracker.publish_lost_ms, 0);

    let rows: Vec<_> = config
        .cameras
        .iter()
        .map(|c| (c.id.as_u32(), c.name.as_str(), c.source.url.as_str(), c.detect_fps))
        .collect();
    assert_eq!(
        rows,
        [
            (7, "Gate", "rtsp://10.0.0.5/stream1", DetectRate::Off),
            (2, "Camera 2", "rtsp://10.0.0.7/s", DetectRate::Max),
            (3, "Camera 3", "rtsp://h/s", DetectRate::PerSecond(0.5)),
        ]
    );
    let passwords: Vec<_> = config
        .cameras
        .iter()
        .map(|c| c.source.credentials.as_ref().unwrap().password.reveal())
        .collect();
    assert_eq!(passwords, ["p@", "hunter2", "hunter2"]);
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("p@"), "{shown}");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, complaint) in [
        // Keys and tables.
        ("[server]\nlistn = \"\"", "2:1: unknown key `listn`; did you mean `listen`?"),
        (
            "[[camera]]\nid = 1\nurl = \"rtsp://h/s\"\ndetect_fsp = 6",
            "4:1: unknown key `detect_fsp`; did you mean `detect_fps`?",
        ),
        ("[sever]\n", "1:2: unknown table `sever`; did you mean `server`?"),
        ("[[cameras]]\n", "1:3: unknown key `cameras`; did you mean `camera`?"),
        ("iou = 0.5", "1:1: unknown key `iou` here; it belongs in [detector]"),
        (
            "[server]\ndetect_fps = 6",
            "2:1: unknown key `detect_fps` here; it belongs in [[camera]]",
        ),
        ("[compat]\nport = 1", "2:1: unknown key `port`; known here: allow_adhoc, origins"),
        (
            "[compat]\n\"rtsp://u:hunter2@h\" = 1",
            "2:1: unknown key; known here: allow_adhoc, origins",
        ),
        ("server = 1", "1:10: `server` is a table; write [server] on a line"),
        ("[camera]\nid = 1", "1:1: write [[camera]] with two brackets: there may be several"),
        ("camera = [1]", "1:11: a camera is a table; write [[camera]] on a line"),
        ("[[camera]]\nurl = \"rtsp://h/s\"", "1:1: `id` is missing in [[camera]]; add it"),
        ("\n[[camera]]\nid = 1", "2:1: `url` is missing in [[camera]]; add it"),
        (
            "[mqtt]\nurl = \"mqtt://u:hunter2@h\"",
            "2:7: `url` of [mqtt] expects mqtt://HOST:1883 or mqtts://HOST:8883; user name and \
             password go into `username` and `password`",
        ),
        (
            "[mqtt]\nurl = \"mqtt://h\"\nprefix = \"a/#\"",
            "3:10: `prefix` expects what topics begin with, such as \"razz\" or \"home/razz\": \
             without +, # and $, and no slash at either end",
        ),
        (
            "[[webhook]]\nurl = \"ftp://h/hunter2\"",
            "2:7: `url` of [[webhook]] expects an address such as \"https://example.org/hook\"",
        ),
        (
            "[[webhook]]\nurl = \"https://h/\"\nevents = [\"track_start\"]",
            "3:11: `events` expects one of \"track_started\", \"track_ended\", \"camera_online\", \
             \"camera_offline\", \"recording_stopped\", \"recording_resumed\", \"alert_firing\", \
             \"alert_resolved\", \"line_crossed\", \"zone_entered\", \"zone_left\"; did you mean \"track_started\"?",
        ),
        ("[[webhook]]\nsecret = \"x\"", "1:1: `url` is missing in [[webhook]]; add it"),
        (
            "[telemetry]\notlp = \"hunter2@h:4318\"",
            "2:8: `otlp` expects a collector's address, such as \"http://127.0.0.1:4318\"",
        ),
        ("[telemetry]\nframes = 2", "2:10: `frames` expects a number from 0 to 1, not 2"),
        (
            "[telemetry]\nservice = \" \"",
            "2:11: `service` expects a name of at most 100 characters",
        ),
        // Types.
        ("[viewers]\nmax = \"5\"", "2:7: `max` expects a whole number, such as 500, not a string"),
        (
            "[viewers]\nmax = 5.5",
            "2:7: `max` expects a whole number, such as 500, not a decimal number",
        ),
        (
            "[viewers]\nmax = 99999999999999999999",
            "2:7: `max` expects a whole number, such as 500, not a whole number this large",
        ),
        (
            "[detector]\nidle = 1",
            "2:8: `idle` expects true or false, such as true, not a whole number",
        ),
        ("[detector]\niou = \"x\"", "2:7: `iou` expects a number, such as 0.7, not a string"),
        (
            "[server]\nadvertise = \"x\"",
            "2:13: `advertise` expects a list of strings, such as [], not a string",
        ),
        (
            "[server]\nlisten = [1]",
            "2:10: `listen` expects a string in quotes, such as \"127.0.0.1:8003\", not a list",
        ),
        (
            "[access]\nopen_networks = [1]",
            "2:18: `open_networks` expects strings in its list, not a whole number",
        ),
        ("[viewers]\nturn = {}", "2:8: `turn` expects a list of tables, such as [], not a table"),
        (
            "[viewers]\nturn = [\"x\"]",
            "2:9: `turn` expects tables like {url = \"turn:host:3478\", secret = \"…\"}",
        ),
        (
            "[viewers]\nturn = [{url = \"turn:h\"}]",
            "2:9: `secret` is missing in {url = \"turn:host:3478\", secret = \"…\"}; add it",
        ),
        (
            "[[camera]]\nid = \"camera1\"\nurl = \"rtsp://h/s\"",
            "2:6: `id` expects a whole number, not a string",
        ),
        (
            "[[camera]]\nid = 1\nurl = 5",
            "3:7: `url` expects a string in quotes, not a whole number",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"rtsp://h/s\"\ndetect_fps = true",
            "4:14: `detect_fps` expects a number of detections per second, 0, or \"max\", such as 6, not true or false",
        ),
        // Values.
        (
            "[server]\nlisten = \"localhost:8003\"",
            "2:10: `listen` expects an IP address and a port, such as \"127.0.0.1:8003\" or \"[::1]:8003\"",
        ),
        (
            "[server]\nwebrtc_udp = \"\"",
            "2:14: `webrtc_udp` expects an IP address and a port, such as \"127.0.0.1:8003\" or \"[::1]:8003\"",
        ),
        (
            "[server]\ncompat_listen = \"127.0.0.1:8003\"",
            "2:17: `compat_listen` is the same as `listen`; give it another port",
        ),
        (
            "[server]\nadvertise = [\"1.2.3.4\", \"1.2.3.4:5\"]",
            "2:25: `advertise` expects IP addresses or host names, such as \"203.0.113.7\", without a port",
        ),
        (
            "[server]\nbase = \"/razz\"",
            "2:8: `base` expects a slash at the beginning and at the end: \"/razz/\"",
        ),
        (
            "[server]\nbase = \"https://cameras.example.org/razz/\"",
            "2:8: `base` expects the folder of an address, such as \"/razz/\": names of letters, digits and - . _ ~ between slashes, without a host name",
        ),
        (
            "[server]\nbase = \"/api/\"",
            "2:8: `base` cannot begin with \"/api\": razz has a path of that name itself",
        ),
        (
            "[access]\nhosts = [\"razz.example:8003\"]",
            "2:10: `hosts` expects host names or IP addresses, such as \"cameras.example.org\", without a scheme or a port",
        ),
        (
            "[access]\nembed_origins = [\"https://home.example/x\"]",
            "2:18: `embed_origins` expects origins, such as \"https://home.example.org\" or \"http://192.168.1.5:8123\", without a path",
        ),
        (
            "[server]\nconnections = 1",
            "2:15: `connections` expects a whole number from 64 to 100000, not 1",
        ),
        (
            "[server]\nconnections_per_address = 0",
            "2:27: `connections_per_address` expects a whole number from 8 to 100000, not 0",
        ),
        (
            "[server]\ntls = {}",
            "2:7: `tls` expects one of three: `cert` with `key`, `self_signed = true`, or `acme`",
        ),
        (
            "[server.tls]\nself_signed = true\ncert = \"a.pem\"",
            "1:1: `tls` expects one of three: `cert` with `key`, `self_signed = true`, or `acme`",
        ),
        (
            "[server.tls]\nself_signed = true\nselfsigned = true",
            "3:1: unknown key `selfsigned`; did you mean `self_signed`?",
        ),
        (
            "[server.tls.acme]\ndomains = [\"10.0.0.5\"]",
            "2:12: `domains` expects host names, such as \"cameras.example.org\"",
        ),
        ("[server]\ntls = true", "2:7: `tls` expects a table, not true or false"),
        (
            "[server]\nadvertise = [\"10.0.0.300\"]",
            "2:14: `advertise` expects IP addresses or host names, such as \"203.0.113.7\", without a port",
        ),
        ("[access]\nmode = \"maybe\"", "2:8: `mode` expects one of \"auto\", \"on\", \"off\""),
        (
            "[access]\nuser_header = \"Remote-User\"",
            "2:15: `user_header` needs `trusted_proxies`: without them nobody's word is taken",
        ),
        (
            "[access]\ntrusted_proxies = [\"10.0.0.5\"]\nuser_header = \"Remote User\"",
            "3:15: `user_header` expects the name of a header, such as \"Remote-User\"",
        ),
        (
            "[access]\nopen_networks = [\"10.0.0.5/8\"]",
            "2:18: `open_networks`: bits behind the prefix are set; did you mean 10.0.0.0/8?",
        ),
        ("[viewers]\nmax = 0", "2:7: `max` expects a whole number from 1 to 100000, not 0"),
        (
            "[viewers]\nring_bytes = 1000",
            "2:14: `ring_bytes` expects a whole number from 1048576 to 1073741824, not 1000",
        ),
        (
            "[viewers]\nturn = [{url = \"http://t\", secret = \"hunter2\"}]",
            "2:16: `url` of a TURN server expects turn:HOST or turns:HOST, such as \"turn:turn.example.org:3478\"",
        ),
        (
            "[detector]\nmodel = \"yolo 11\"",
            "2:9: `model` expects a model's name such as \"yolo11n\", the path of an .onnx file, or \"demo\"",
        ),
        (
            "[decoder]\nengine = \"vaapi\"",
            "2:10: `engine` expects one of \"auto\", \"ffmpeg\", \"openh264\"",
        ),
        (
            "[decoder]\nhardware = \"h264\"",
            "2:12: `hardware`: \"auto\", \"off\", \"vaapi\" (or \"vaapi:/dev/dri/renderD129\", with the device), or \
             one of FFmpeg's decoders of H.264, H.265 or MJPEG, such as \"h264_cuvid\", \"hevc_qsv\", \
             \"h264_v4l2m2m\", not \"h264\"",
        ),
        (
            "[detector]\nengine = \"onnx\"",
            "2:10: `engine` expects one of \"auto\", \"ort\", \"ort/cpu\", \"ort/openvino\", \"ort/cuda\", \"ort/tensorrt\", \"rten\"",
        ),
        (
            "[detector]\ndevice = \"cpu\"",
            "2:10: `device`: there is no device \"cpu\"; it is \"gpu\", \"npu\", \"auto\", a GPU's number, or \"\" for the usual one",
        ),
        ("[detector]\nthreads = 65", "2:11: `threads` expects a whole number from 0 to 64, not 65"),
        (
            "[detector]\ninput_size = 32",
            "2:14: `input_size` expects a whole number from 64 to 2048, not 32",
        ),
        (
            "[detector]\nprecision = \"int8\"",
            "2:13: `precision`: there is no precision \"int8\"; it is one of \"f32\", \"bf16\" (for int8, name a model file that was quantised to int8)",
        ),
        (
            "[tracker]\nkind = \"bytetrak\"",
            "2:8: `kind` expects one of \"hybrid\", \"bytetrack\", \"deepsort\"; did you mean \"bytetrack\"?",
        ),
        ("[detector]\nconfidence = 25", "2:14: `confidence` expects a number from 0 to 1, not 25"),
        ("[detector]\niou = nan", "2:7: `iou` expects a number from 0 to 1, not NaN"),
        ("[detector]\nclasses = [\"car\", \"\"]", "2:19: `classes` has an empty name; take it out"),
        (
            "[tracker]\nembedder = \"osnet\"",
            "2:12: `embedder` expects \"builtin\" or the path of an .onnx file",
        ),
        (
            "[tracker]\npublish_lost_ms = -1",
            "2:19: `publish_lost_ms` expects a whole number from 0 to 60000, not -1",
        ),
        (
            "[[camera]]\nid = 0\nurl = \"rtsp://h/s\"",
            "2:6: `id` expects a whole number from 1 to 999999999; higher ones are for ad-hoc cameras",
        ),
        (
            "[[camera]]\nid = 1000000000\nurl = \"rtsp://h/s\"",
            "2:6: `id` expects a whole number from 1 to 999999999; higher ones are for ad-hoc cameras",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"rtsp://h/s\"\n[[camera]]\nid = 1\nurl = \"rtsp://h/s\"",
            "5:6: camera id 1 is taken by the camera on line 2; give each its own",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"rtsp://h/s\"\nname = \"a\\nb\"",
            "4:8: `name` expects one line of at most 100 characters",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"rtsp://h/s\"\ntransport = \"TCP\"",
            "4:13: `transport` expects one of \"tcp\", \"udp\", \"http\"; did you mean \"tcp\"?",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"rtsps://h/s\"\ncertificate = \"sha1:00\"",
            "4:15: `certificate`: expected \"pinned\", \"checked\", or a fingerprint, sha256: and 32 \
             bytes in hexadecimal such as sha256:0A:1B:…",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"rtsps://h/s\"\ntransport = \"udp\"",
            "3:7: `url`: rtsps:// is encrypted, and transport = \"udp\" would send the video in the \
             clear; leave `transport` out, or use the camera's rtsp:// address",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"http://u:hunter2@h/s\"",
            "3:7: `url`: http:// is not supported; give the camera's rtsp:// address",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"rtsp://h/s\"\npassword = \"hunter2\"",
            "3:7: `url`: there is a password but no user name; add the key `username`",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"env:CAMERA_ADDRESS\"",
            "3:7: `url`: the environment variable CAMERA_ADDRESS is not set; set it",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"env:NOT_AN_ADDRESS\"",
            "3:7: `url`: expected an address that begins with rtsp://, such as rtsp://10.0.0.5/stream1",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"rtsp://h/s\"\nusername = \"u\"\npassword = \"env:hunter2 x\"",
            "5:12: `password` expects the name of an environment variable behind env:",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"rtsp://u:hunter2@169.254.169.254/s\"",
            "3:7: `url`: 169.254.169.254 is a cloud's metadata service, which razz does not connect \
             to; if a camera is there, add its network to `camera_networks` in [access]",
        ),
        (
            "[access]\ncamera_networks = [\"fe80::/10\"]\n[[camera]]\nid = 1\nurl = \"rtsp://[ff02::1]/s\"",
            "5:7: `url`: ff02::1 is a multicast address, which razz does not connect to; if a camera \
             is there, add its network to `camera_networks` in [access]",
        ),
        (
            "[access]\ncamera_networks = [\"169.254.1.1/16\"]",
            "2:20: `camera_networks`: bits behind the prefix are set; did you mean 169.254.0.0/16?",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"credential:../hunter2\"",
            "3:7: `url`: expects the name of a systemd credential behind credential:",
        ),
        (
            "[[camera]]\nid = 1\nurl = \"credential:camera-url\"",
            "3:7: `url`: there are no systemd credentials here, so no camera-url; start razz as a \
             service with LoadCredential=camera-url:FILE",
        ),
    ] {
        assert_eq!(complaints(text), [complaint], "{text}");
    }
    for fps in ["-1", "0.001", "241", "nan", "inf", "\"all\""] {
        let text = format!("{CAMERA}detect_fps = {fps}");
        let complaint =
            "4:14: `detect_fps` expects detections per second from 0.01 to 240, 0, or \"max\"";
        assert_eq!(complaints(&text), [complaint], "{fps}");
    }
    for priority in ["0", "0.09", "11", "-1", "nan"] {
        let text = format!("{CAMERA}priority = {priority}");
        let complaint = "4:12: `priority` expects a number from 0.1 to 10";
        assert_eq!(complaints(&text), [complaint], "{priority}");
    }
}

#[test]
fn syntax_errors_have_a_place_and_quote_nothing() {
    for (text, start) in [
        ("[server\n", "1:8: not valid TOML: "),
        ("[[camera]]\nurl = rtsp://u:hunter2@h/s\n", "2:7: not valid TOML: "),
        ("[[camera]]\nurl = \"rtsp://u:hunter2@h/s\n", "2:"),
        ("[server]\nlisten = \"a\"\nlisten = \"hunter2\"\n", "3:1: not valid TOML: duplicate key"),
        ("hunter2 hunter2", "1:"),
        ("a = \"\\hunter2\"", "1:"),
        ("a = 1979-hunter2", "1:"),
    ] {
        let complaints = complaints(text);
        assert!(complaints[0].starts_with(start), "{text}: {complaints:?}");
    }
}

/// Every truncation of the example, and every value of it replaced by every kind of value, is read
/// or refused: no panic, and no word of a password.
#[test]
fn mangled_files_are_read_or_refused() {
    let text = fs::read_to_string(repository().join("razz.example.toml")).unwrap();
    let text = text.replace("user:secret@", "user:hunter2@").replace("p@ss/word", "hunter2");
    let mut refused = 0;
    let mut check = |mangled: &str| {
        if let Err(errors) = parse(mangled) {
            let errors = errors.to_string();
            assert!(!errors.contains("hunter2") && !errors.is_empty(), "{mangled}\n{errors}");
            refused += 1;
        }
    };
    for (end, _) in text.char_indices() {
        check(&text[..end]);
    }
    let lines: Vec<&str> = text.lines().collect();
    let values =
        ["", "0", "-7", "1e400", "true", "\"\"", "\"é\"", "[]", "[[]]", "{}", "1979-05-27"];
    for (n, line) in lines.iter().enumerate() {
        let Some((key, _)) = line.split_once(" = ") else { continue };
        for value in values {
            let changed = format!("{key} = {value}");
            let mut lines = lines.clone();
            lines[n] = &changed;
            check(&lines.join("\n"));
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn everything_wrong_is_said_at_once_from_the_top_down() {
    let text =
        "[viewers]\nmax = 0\nmaxx = 1\n[[camera]]\nid = 0\nurl = \"x\"\n[server]\nlisten = 5\n";
    let places: Vec<String> = complaints(text).iter().map(|line| line[..3].to_owned()).collect();
    assert_eq!(places, ["2:7", "3:1", "5:6", "6:7", "8:1"]);
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = std::env::temp_dir().join(format!("razz-config-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("razz.toml");
    let missing = Config::load(&path).unwrap_err().to_string();
    fs::write(&path, b"[server]\nlisten = \"\xff\"\n").unwrap();
    let not_text = Config::load(&path).unwrap_err().to_string();
    fs::write(&path, CAMERA).unwrap();
    let fine = Config::load(&path);
    fs::remove_dir_all(&folder).unwrap();

    let name = path.display();
    assert!(missing.starts_with(&format!("{name}: cannot be read (")), "{missing}");
    assert!(!missing.contains('\n') && missing.ends_with("name the file with --config"));
    assert_eq!(not_text, format!("{name}: line 2 is not UTF-8; save the file as UTF-8"));
    assert_eq!(fine.unwrap().cameras.len(), 1);
}

#[test]
fn the_example_shows_every_key_with_its_default() {
    let text = fs::read_to_string(repository().join("razz.example.toml")).unwrap();
    let example = parse(&text).unwrap();
    let Config { cameras, areas, rules, .. } = example.clone();
    let defaults = Config { cameras, areas, rules, ..parse("").unwrap() };
    assert_eq!(example, defaults);
    // Of what is off by default the header is commented out.
    let text = text.replace("\n# [[", "\n[[");
    for (header, _, keys) in written::GROUPS {
        let group =
            text.split(&format!("\n{header}\n")).nth(1).unwrap_or_else(|| panic!("{header}"));
        for key in keys {
            let shown = group
                .lines()
                .take_while(|line| !line.starts_with('['))
                .any(|line| line.trim_start_matches("# ").starts_with(&format!("{} = ", key.name)));
            assert!(shown || header == "[[camera]]", "{header} {}", key.name);
        }
    }
    for key in <written::Camera as super::document::Group>::KEYS {
        assert!(text.contains(&format!("\n{} = ", key.name)), "{}", key.name);
    }
}

#[test]
fn a_collector_is_named_by_its_base_address() {
    for (written, posted, credentials, shown) in [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces", None, "http://127.0.0.1:4318"),
        (
            "https://otel.example.org/",
            "https://otel.example.org/v1/traces",
            None,
            "https://otel.example.org:443",
        ),
        ("http://[::1]:9/v1/traces", "http://[::1]:9/v1/traces", None, "http://[::1]:9"),
        (
            "http://u:p%40@h:1/a/?key=k#x",
            "http://h:1/a/v1/traces?key=k",
            Some("u:p@"),
            "http://h:1",
        ),
    ] {
        let config = parse(&format!("[telemetry]\notlp = \"{written}\"\nframes = 1")).unwrap();
        let telemetry = config.telemetry.clone().unwrap();
        assert_eq!((telemetry.frames, telemetry.requests), (1.0, 0.1));
        assert_eq!(telemetry.service, "razz");
        let collector = telemetry.collector;
        assert_eq!(collector.url.reveal(), posted);
        assert_eq!(collector.credentials.as_ref().map(|it| it.reveal()), credentials);
        assert_eq!(collector.to_string(), shown);
        let debug = format!("{config:?}");
        assert!(!debug.contains("p@") && !debug.contains("key=k"), "{debug}");
    }
    assert_eq!(parse("[telemetry]\nframes = 0.5\notlp = \"\"").unwrap().telemetry, None);
    let from_env = parse("[telemetry]\notlp = \"env:OTLP\"").unwrap_err().to_string();
    assert!(from_env.contains("OTLP is not set"), "{from_env}");
}
