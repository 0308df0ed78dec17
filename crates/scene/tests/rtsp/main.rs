//! The camera against a client that reads every byte itself.

mod client;
mod quirks;

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use md5::{Digest, Md5};
use razz_base::Size;
use razz_scene::Footage;
use razz_scene::camera::{
    Authentication, CameraOptions, Credentials, Description, Faults, Mount, RtspCamera,
};

use client::{Client, Rtp, parameter, parse_rtp, session_of};

const SMALL: Size = Size::new(640, 360);

/// Encoded once for all tests: three loops, of 20, 20 and 5 pictures.
fn clips() -> &'static [Footage; 3] {
    static CLIPS: OnceLock<[Footage; 3]> = OnceLock::new();
    CLIPS.get_or_init(|| {
        [(1, 20, SMALL), (2, 20, SMALL), (2, 5, Size::new(320, 180))]
            .map(|(seed, count, size)| Footage::clip(seed, 0, count, size).unwrap())
    })
}

fn camera(options: CameraOptions) -> RtspCamera {
    let [first, second, other] = clips().clone();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mounts =
        vec![Mount::new("camera1", first).with_alternative(other), Mount::new("/camera2/", second)];
    let options = CameraOptions { seed: Some(5), ..options };
    RtspCamera::start(listener, mounts, options).unwrap()
}

#[test]
fn a_dialogue_over_the_connection_itself() {
    let camera = camera(CameraOptions::default());
    let mut client = Client::connect(&camera, "camera1");
    let url = client.url.clone();
    let options = client.ask("OPTIONS", "*", "");
    assert_eq!(options.status, 200);
    for method in ["DESCRIBE", "SETUP", "PLAY", "TEARDOWN", "GET_PARAMETER"] {
        assert!(options.header("Public").contains(method), "{method}");
    }
    let describe = client.ask("DESCRIBE", &url, "Accept: application/sdp\r\n");
    assert_eq!(describe.status, 200);
    assert_eq!(describe.header("Content-Type"), "application/sdp");
    assert_eq!(describe.header("Content-Base"), format!("{url}/"));
    let fmtp = describe.body.lines().find(|line| line.starts_with("a=fmtp:96 ")).unwrap();
    assert!(fmtp.contains("packetization-mode=1"), "{fmtp}");
    assert!(fmtp.contains("profile-level-id=42"), "{fmtp}");
    assert!(fmtp.contains("sprop-parameter-sets=Z0"), "an SPS in base64: {fmtp}");
    assert!(describe.body.contains("a=control:trackID=0\r\n"));

    let (setup, play) = client.play();
    let transport = setup.header("Transport");
    assert!(transport.contains("interleaved=0-1"), "{transport}");
    assert!(setup.header("Session").ends_with(";timeout=60"), "{setup:?}");
    let info = play.header("RTP-Info");
    assert_eq!(parameter(info, "url="), Some(format!("{url}/trackID=0")));

    let (packets, reports) = client.packets(120);
    let ssrc = u32::from_str_radix(&parameter(transport, "ssrc=").unwrap(), 16).unwrap();
    assert!(packets.iter().all(|packet| packet.ssrc == ssrc));
    assert_eq!(parameter(info, "seq="), Some(packets[0].sequence.to_string()));
    assert_eq!(parameter(info, "rtptime="), Some(packets[0].timestamp.to_string()));
    for pair in packets.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        // One picture is 3000 ticks; a busy machine may have to leave some out, never half of one.
        let expected = if pair[0].marker { step != 0 && step % 3000 == 0 } else { step == 0 };
        assert!(expected, "step {step} after marker {}", pair[0].marker);
    }
    assert_eq!(packets[0].payload[0] & 31, 24, "SPS and PPS travel first, together");

    let report = &reports[0];
    assert_eq!((report[1], u32::from_be_bytes(report[4..8].try_into().unwrap())), (200, ssrc));
    let ntp = u32::from_be_bytes(report[8..12].try_into().unwrap());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let seconds = i64::from(ntp) - 2_208_988_800 - now.as_secs() as i64;
    assert!(seconds.abs() < 60, "{seconds} s from now");
    let ahead =
        u32::from_be_bytes(report[16..20].try_into().unwrap()).wrapping_sub(packets[0].timestamp);
    assert!(ahead < 90_000, "the first report belongs to the first picture: {ahead} ticks");

    let session = session_of(&setup);
    let alive = client.ask("GET_PARAMETER", &url, &format!("Session: {session}\r\n"));
    assert_eq!(alive.status, 200);
    let end = client.ask("TEARDOWN", &url, &format!("Session: {session}\r\n"));
    assert_eq!(end.status, 200);
    assert_eq!(client.ask("GET_PARAMETER", &url, "Session: 0\r\n").status, 454);
}

#[test]
fn pictures_come_at_their_pace_and_loop_without_a_seam() {
    let camera = camera(CameraOptions::default());
    let mut client = Client::connect(&camera, "camera2");
    client.play();
    let start = Instant::now();
    let (mut pictures, mut late) = (Vec::new(), Vec::new());
    for _ in 0..45 {
        let picture = client.pictures(1).pop().unwrap();
        let first = pictures.first().unwrap_or(&picture)[0].timestamp;
        let ticks = f64::from(picture[0].timestamp.wrapping_sub(first)) / 90_000.0;
        late.push(start.elapsed().as_secs_f64() - ticks);
        pictures.push(picture);
    }
    let ticks = pictures[44][0].timestamp.wrapping_sub(pictures[0][0].timestamp);
    assert!(ticks >= 44 * 3000, "{ticks}");
    // A picture may be late, where a thread had to wait; the least late of many is not.
    let least = |late: &[f64]| late.iter().copied().fold(f64::INFINITY, f64::min);
    let drift = least(&late[30..]) - least(&late[..15]);
    assert!(drift.abs() < 0.3, "{drift} s in {ticks} ticks of video");
    // The loop has 20 pictures and starts with an IDR.
    let starts: Vec<usize> = (0..45).filter(|i| pictures[*i][0].payload[0] & 31 == 24).collect();
    assert_eq!(starts, [0, 20, 40]);
    let bytes = |i: usize| pictures[i].iter().map(|p| p.payload.clone()).collect::<Vec<_>>();
    assert_eq!(bytes(3), bytes(23));
    assert_ne!(bytes(3), bytes(4));
}

#[test]
fn udp_with_sender_reports_and_a_timeout() {
    let camera =
        camera(CameraOptions { session_timeout: Duration::from_secs(1), ..Default::default() });
    let mut client = Client::connect(&camera, "camera1");
    let rtp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let rtcp = UdpSocket::bind("127.0.0.1:0").unwrap();
    rtp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    rtcp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let ports = (rtp.local_addr().unwrap().port(), rtcp.local_addr().unwrap().port());
    let offer = format!(
        "Transport: RTP/AVP;multicast;port=9000-9001,RTP/AVP;unicast;client_port={}-{}\r\n",
        ports.0, ports.1
    );
    let url = client.url.clone();
    let setup = client.ask("SETUP", &format!("{url}/trackID=0"), &offer);
    assert_eq!(setup.status, 200, "{setup:?}");
    let transport = setup.header("Transport").to_owned();
    let server = parameter(&transport, "server_port=").unwrap();
    let (a, b) = server.split_once('-').unwrap();
    let (a, b): (u16, u16) = (a.parse().unwrap(), b.parse().unwrap());
    assert_eq!((a % 2, b), (0, a + 1));
    let session = session_of(&setup);
    let play = client.ask("PLAY", &url, &format!("Session: {session}\r\n"));
    let mut buffer = [0; 2000];
    let (count, from) = rtp.recv_from(&mut buffer).unwrap();
    assert_eq!(from.port(), a);
    let first = parse_rtp(&buffer[..count]);
    assert_eq!(parameter(play.header("RTP-Info"), "seq="), Some(first.sequence.to_string()));
    let (_, from) = rtcp.recv_from(&mut buffer).unwrap();
    assert_eq!((from.port(), buffer[1]), (b, 200));
    // Signs of life keep it, silence ends it.
    for _ in 0..6 {
        std::thread::sleep(Duration::from_millis(300));
        rtcp.send_to(&[0x80, 201, 0, 1, 0, 0, 0, 9], ("127.0.0.1", b)).unwrap();
    }
    client.stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    assert!(!client.is_closed());
    client.stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert!(client.is_closed());
}

#[test]
fn only_the_password_opens_a_guarded_camera() {
    let credentials = Credentials { user: "anna".into(), password: "secret".into() };
    assert!(!format!("{credentials:?}").contains("secret"));
    let options = |authentication| CameraOptions {
        credentials: Some(credentials.clone()),
        authentication,
        ..Default::default()
    };
    let basic = camera(options(Authentication::Basic));
    let mut client = Client::connect(&basic, "camera1");
    assert!(!client.url.contains('@'));
    let url = client.url.clone();
    let refused = client.ask("DESCRIBE", &url, "");
    assert_eq!(refused.status, 401);
    assert!(refused.header("WWW-Authenticate").starts_with("Basic realm="));
    let right = "Authorization: Basic YW5uYTpzZWNyZXQ=\r\n";
    assert_eq!(client.ask("DESCRIBE", &url, right).status, 200);
    assert_eq!(client.ask("DESCRIBE", &url, "Authorization: Basic YW5uYTp4\r\n").status, 401);

    let digest = camera(options(Authentication::Digest));
    let mut client = Client::connect(&digest, "camera1");
    let url = client.url.clone();
    let refused = client.ask("DESCRIBE", &url, "");
    let challenge = refused.header("WWW-Authenticate").to_owned();
    let quoted = |name: &str| {
        challenge.split_once(&format!("{name}=\"")).unwrap().1.split('"').next().unwrap().to_owned()
    };
    let md5 = |text: String| {
        Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    for (password, status) in [("secret", 200), ("wrong", 401)] {
        let (realm, nonce) = (quoted("realm"), quoted("nonce"));
        let secret = md5(format!("anna:{realm}:{password}"));
        let request = md5(format!("DESCRIBE:{url}"));
        let response = md5(format!("{secret}:{nonce}:{request}"));
        let header = format!(
            "Authorization: Digest username=\"anna\", realm=\"{realm}\", nonce=\"{nonce}\", \
             uri=\"{url}\", response=\"{response}\"\r\n"
        );
        assert_eq!(client.ask("DESCRIBE", &url, &header).status, status, "{password}");
    }
}

#[test]
fn nonsense_is_answered_or_dropped_and_hurts_nobody_else() {
    let camera = camera(CameraOptions { max_clients: 2, ..Default::default() });
    let mut watcher = Client::connect(&camera, "camera1");
    watcher.play();
    for (what, method, url, headers, status) in [
        ("unknown mount", "DESCRIBE", "rtsp://127.0.0.1/camera9", "", 404),
        ("climbing out", "DESCRIBE", "rtsp://127.0.0.1/../etc", "", 404),
        ("no transport", "SETUP", "rtsp://127.0.0.1/camera1/trackID=0", "", 461),
        (
            "multicast",
            "SETUP",
            "rtsp://127.0.0.1/camera1/trackID=0",
            "Transport: RTP/AVP;multicast\r\n",
            461,
        ),
        (
            "a channel past 255",
            "SETUP",
            "rtsp://127.0.0.1/camera1/trackID=0",
            "Transport: RTP/AVP/TCP;interleaved=256-257\r\n",
            461,
        ),
        ("PLAY before SETUP", "PLAY", "rtsp://127.0.0.1/camera1", "", 455),
        ("no session", "TEARDOWN", "rtsp://127.0.0.1/camera1", "Session: x\r\n", 454),
        ("recording", "RECORD", "rtsp://127.0.0.1/camera1", "", 405),
    ] {
        let mut client = Client::connect(&camera, "camera1");
        assert_eq!(client.ask(method, url, headers).status, status, "{what}");
    }
    let mut client = Client::connect(&camera, "camera1");
    client.stream.write_all(b"\x16\x03\x01 this is not RTSP\r\n\r\n").unwrap();
    assert!(client.is_closed(), "garbage");
    let mut client = Client::connect(&camera, "camera1");
    let long = format!("OPTIONS * RTSP/1.0\r\nX: {}", "x".repeat(40_000));
    // The camera may have closed before all is written.
    let _ = client.stream.write_all(long.as_bytes());
    assert!(client.is_closed(), "a request without an end");
    // A third connection beside two others is one too many.
    let mut second = Client::connect(&camera, "camera2");
    assert_eq!(second.ask("OPTIONS", "*", "").status, 200);
    assert!(Client::connect(&camera, "camera2").is_closed());
    assert_eq!(watcher.pictures(3).len(), 3, "who watches, watches on");
}

#[test]
fn faults_come_and_go() {
    let camera = camera(CameraOptions::default());
    let faults = camera.faults("camera1").unwrap();
    let mut client = Client::connect(&camera, "camera1");
    let url = client.url.clone();
    client.play();
    let before = client.pictures(2).pop().unwrap().pop().unwrap();

    faults.jump_timestamp(-900_000);
    // What was sent before a fault may still be on its way: the first packet that shows it, and by how
    // many ticks it differs from the last that does not.
    let first = |client: &mut Client, mut last: Rtp, shows: &dyn Fn(&Rtp, &Rtp) -> bool| loop {
        let next = client.packets(1).0.pop().unwrap();
        if shows(&last, &next) {
            return (next.timestamp.wrapping_sub(last.timestamp) as i32, next);
        }
        last = next;
    };
    let (ticks, before) =
        first(&mut client, before, &|a, b| (b.timestamp.wrapping_sub(a.timestamp) as i32) < 0);
    assert!((-900_000..-800_000).contains(&ticks), "{ticks}");

    faults.change_ssrc();
    let (ticks, _) = first(&mut client, before, &|a, b| a.ssrc != b.ssrc);
    assert!((0..90_000).contains(&ticks), "{ticks}");

    faults.set(Faults { loss: 0.5, ..Faults::default() });
    let gap = |a: &Rtp, b: &Rtp| b.sequence.wrapping_sub(a.sequence) > 1;
    let before = client.packets(1).0.pop().unwrap();
    let (_, begun) = first(&mut client, before, &gap);
    let (packets, _) = client.packets(200);
    let span = packets[199].sequence.wrapping_sub(begun.sequence);
    assert!((280..520).contains(&span), "half of the packets are gone: {span}");

    faults.set(Faults { alternative: true, ..Faults::default() });
    let pictures = client.pictures(14);
    let small: Vec<&Rtp> =
        pictures.iter().map(|p| &p[0]).filter(|p| p.payload[0] & 31 == 24).collect();
    assert!(small.len() >= 2, "a loop of 5 starts often");
    let sps = &small[small.len() - 1].payload;
    faults.set(Faults::default());
    let back = client.pictures(25);
    let large = back.iter().map(|p| &p[0]).rfind(|p| p.payload[0] & 31 == 24).unwrap();
    assert_ne!(&large.payload[..12], &sps[..12], "another size, another SPS");

    faults.set(Faults { stall: true, ..Faults::default() });
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(client.ask("GET_PARAMETER", &url, "").status, 200, "alive");
    client.stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(!client.is_closed(), "and silent");
    client.stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    faults.set(Faults { garbage: 1.0, ..Faults::default() });
    client.fill(1).unwrap();
    assert_ne!(client.buffer[0], b'$', "garbage in the channel");
    faults.set(Faults::default());
    faults.close_connections();
    let mut rest = Vec::new();
    let ended = client.stream.read_to_end(&mut rest);
    assert!(ended.is_ok() || ended.unwrap_err().kind() == std::io::ErrorKind::ConnectionReset);

    faults.set(Faults { refuse: true, ..Faults::default() });
    let mut refused = Client::connect(&camera, "camera1");
    refused.send("DESCRIBE", &url, "");
    assert!(refused.is_closed());
    let mut other = Client::connect(&camera, "camera2");
    other.play();
    assert_eq!(other.pictures(1).len(), 1, "the other mount is not concerned");

    faults.set(Faults { no_sender_reports: true, ..Faults::default() });
    let mut client = Client::connect(&camera, "camera1");
    client.play();
    assert_eq!(client.packets(30).1.len(), 0);
    for (description, text) in [
        (Description::Mpeg4, "MP4V-ES/90000"),
        (Description::Garbage, "<html>"),
        (Description::WithoutParameterSets, "H264/90000"),
        (Description::NoMedia, "a=control:*"),
    ] {
        faults.set(Faults { description, ..Faults::default() });
        let mut client = Client::connect(&camera, "camera1");
        let sdp = client.ask("DESCRIBE", &url, "").body;
        assert!(sdp.contains(text) && !sdp.contains("sprop-parameter-sets"), "{sdp}");
    }
}

#[test]
fn a_stopped_camera_closes_and_frees_its_port() {
    let camera = camera(CameraOptions::default());
    let address = camera.address();
    let mut client = Client::connect(&camera, "camera1");
    client.play();
    let start = Instant::now();
    camera.stop();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert!(client.is_closed());
    assert!(TcpListener::bind(address).is_ok(), "the port is free");
}
