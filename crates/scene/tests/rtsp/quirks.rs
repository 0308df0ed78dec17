//! Quirks on the wire.

use std::io::{Read, Write};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use md5::{Digest, Md5};
use razz_scene::camera::{
    Area, CameraOptions, Credentials, FaultHandle, Faults, Outcome, Over, Quirk, RtspCamera,
};

use crate::camera;
use crate::client::{Answer, Client, Item, session_of};

const WITHIN: Duration = Duration::from_secs(20);

fn set(camera: &RtspCamera, quirk: Quirk) -> FaultHandle {
    let handle = camera.faults("camera1").unwrap();
    handle.set(Faults { quirks: quirk.into(), ..Faults::default() });
    handle
}

fn odd(quirk: Quirk, options: CameraOptions) -> (RtspCamera, Client, FaultHandle) {
    let camera = camera(options);
    let handle = set(&camera, quirk);
    let client = Client::connect(&camera, "camera1");
    (camera, client, handle)
}

/// SETUP and PLAY of a client that looks at nothing but the session's id, and takes that from
/// whatever comes: answers, spaces, blank lines, packets.
fn play_blindly(client: &mut Client, transport: &str) {
    let url = client.url.clone();
    client.send("SETUP", &format!("{url}/trackID=0?token=a1b2"), transport);
    let session = loop {
        client.fill(client.buffer.len() + 1).unwrap();
        let text = String::from_utf8_lossy(&client.buffer).into_owned();
        if let Some((_, after)) = text.split_once("ession")
            && let Some(id) = after.trim_start_matches([' ', ':']).get(..8)
            && text.ends_with('\n')
        {
            break id.to_owned();
        }
    };
    client.send("PLAY", &url, &format!("Session: {session}\r\n"));
}

/// Whatever the quirk, a camera goes on sending; what one of them wants in return has its own test.
#[test]
fn every_quirk_leaves_a_camera_that_sends() {
    let run = |quirks: &[Quirk]| {
        for quirk in quirks.iter().filter(|quirk| **quirk != Quirk::AudioNeeded) {
            for udp in [false, true] {
                let (_camera, mut client, handle) = odd(*quirk, CameraOptions::default());
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                let port = socket.local_addr().unwrap().port();
                let transport = match udp {
                    true => format!("RTP/AVP;unicast;client_port={port}-{port}"),
                    false => "RTP/AVP/TCP;unicast;interleaved=0-1".to_owned(),
                };
                play_blindly(&mut client, &format!("Transport: {transport}\r\n"));
                let start = Instant::now();
                client.stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
                while handle.pictures_sent() < 3 {
                    assert!(start.elapsed() < WITHIN, "{quirk:?} {udp}");
                    // Nothing to read over UDP, and nothing to be kept of what comes.
                    let _ = client.stream.read(&mut [0; 65536]);
                }
                assert_eq!(handle.dials(), 0, "DESCRIBE was not asked");
            }
        }
    };
    std::thread::scope(|scope| {
        for quirks in Quirk::ALL.chunks(Quirk::ALL.len().div_ceil(8)) {
            scope.spawn(move || run(quirks));
        }
    });
}

#[test]
fn what_is_said_to_be_over_one_transport_or_lost_is_marked_so() {
    for (quirk, area, over, outcome) in [
        (Quirk::AsksOptions, Area::Dialogue, Over::Both, Outcome::Kept),
        (Quirk::ChannelsMoved, Area::Dialogue, Over::Tcp, Outcome::Kept),
        (Quirk::OtherPort, Area::Packets, Over::Udp, Outcome::Kept),
        (Quirk::RedirectLoop, Area::Dialogue, Over::Both, Outcome::Unplayable),
        (Quirk::AsksRedirect, Area::Dialogue, Over::Both, Outcome::Redialled),
        (Quirk::NextNonce, Area::SigningIn, Over::Both, Outcome::Kept),
        (Quirk::SdpH265, Area::Description, Over::Both, Outcome::Kept),
    ] {
        assert_eq!((quirk.area(), quirk.over(), quirk.outcome()), (area, over, outcome));
    }
}

#[test]
fn dials_and_pictures_are_counted() {
    let camera = camera(CameraOptions::default());
    let handle = camera.faults("camera1").unwrap();
    let mut client = Client::connect(&camera, "camera1");
    let url = client.url.clone();
    assert_eq!(client.ask("DESCRIBE", &url, "").status, 200);
    let (setup, _) = client.play();
    let mut pictures = client.pictures(10).len() as u64;
    client.send("PAUSE", &url, &format!("Session: {}\r\n", session_of(&setup)));
    while let Item::Data(channel, bytes) = client.item().unwrap() {
        pictures += u64::from(channel == 0 && bytes[1] & 0x80 != 0);
    }
    assert_eq!((handle.pictures_sent(), handle.dials()), (pictures, 1));
    client.stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(client.item().is_err(), "a pause sends nothing");
    assert_eq!(handle.pictures_sent(), pictures);
    assert_eq!(camera.faults("camera2").unwrap().pictures_sent(), 0);
    // A picture that lost a packet is not one that was sent; the report follows the first of them.
    handle.set(Faults { loss: 1.0, ..Faults::default() });
    let mut other = Client::connect(&camera, "camera1");
    other.play();
    assert!(matches!(other.item().unwrap(), Item::Data(1, _)));
    assert_eq!(handle.pictures_sent(), pictures);
}

/// The next request of the camera; answers to ours and packets are passed over.
fn request(client: &mut Client) -> Option<(String, String)> {
    loop {
        client.fill(4).ok()?;
        if client.buffer[0] == b'$' {
            let Item::Data(..) = client.item().ok()? else { continue };
            continue;
        }
        let end = loop {
            match client.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                Some(end) => break end + 4,
                None => client.fill(client.buffer.len() + 1).ok()?,
            }
        };
        let head: Vec<u8> = client.buffer.drain(..end).collect();
        let head = String::from_utf8(head).unwrap();
        let field = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or("").trim().to_owned()
        };
        let length: usize = field("Content-Length:").parse().unwrap_or(0);
        client.fill(length).ok()?;
        client.buffer.drain(..length);
        if !head.starts_with("RTSP/") {
            return Some((head.split(' ').next().unwrap().to_owned(), field("CSeq:")));
        }
    }
}

#[test]
fn the_camera_asks_and_hangs_up_where_nobody_answers() {
    let rows = [
        // (quirk, its method, what is answered with which CSeq, whether the camera goes on)
        (Quirk::AsksOptions, "OPTIONS", Some(("200 OK", 0)), true),
        (Quirk::AsksOptions, "OPTIONS", Some(("200 OK", 7)), false),
        (Quirk::AsksOptions, "OPTIONS", Some(("501 Not Implemented", 0)), false),
        (Quirk::AsksOptions, "OPTIONS", None, false),
        (Quirk::AsksGetParameter, "GET_PARAMETER", Some(("200 OK", 0)), true),
        (Quirk::AsksSetParameter, "SET_PARAMETER", Some(("200 OK", 0)), true),
        (Quirk::AsksAnnounce, "ANNOUNCE", Some(("200 OK", 0)), true),
        (Quirk::AsksUnknown, "X-PROBE", Some(("501 Not Implemented", 0)), true),
        (Quirk::AsksUnknown, "X-PROBE", None, false),
    ];
    std::thread::scope(|scope| {
        for (quirk, method, answer, goes_on) in rows {
            scope.spawn(move || {
                let (_camera, mut client, _) = odd(quirk, CameraOptions::default());
                client.play();
                let (asked, cseq) = request(&mut client).unwrap();
                assert_eq!(asked, method, "{quirk:?}");
                if let Some((status, off)) = answer {
                    let cseq = cseq.parse::<u32>().unwrap() + off;
                    let text = format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n\r\n");
                    client.stream.write_all(text.as_bytes()).unwrap();
                }
                // It asks again after three seconds, or hangs up after five.
                assert_eq!(request(&mut client).is_some(), goes_on, "{quirk:?} {answer:?}");
            });
        }
    });
}

#[test]
fn describe_wants_options_before_it() {
    // (quirk, status of DESCRIBE without OPTIONS, whether the connection lives on)
    for (quirk, status, lives) in [
        (Quirk::OptionsFirst, Some(455), true),
        (Quirk::OptionsFirstThenCloses, Some(455), false),
        (Quirk::OptionsFirstSilent, None, false),
    ] {
        let (camera, mut client, handle) = odd(quirk, CameraOptions::default());
        let url = client.url.clone();
        client.send("DESCRIBE", &url, "");
        let answered = match client.item() {
            Ok(Item::Answer(answer)) => Some(answer.status),
            _ => None,
        };
        assert_eq!(answered, status, "{quirk:?}");
        client.stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        assert_eq!(!client.is_closed(), lives, "{quirk:?}");
        assert_eq!(handle.dials(), 0, "{quirk:?}");
        let mut other = Client::connect(&camera, "camera1");
        assert_eq!(other.ask("OPTIONS", &url, "").status, 200);
        assert_eq!(other.ask("DESCRIBE", &url, "").status, 200, "{quirk:?}");
    }
}

#[test]
fn video_comes_only_with_audio() {
    let (camera, mut client, handle) = odd(Quirk::AudioNeeded, CameraOptions::default());
    let url = client.url.clone();
    let description = client.ask("DESCRIBE", &url, "").body;
    assert!(description.contains("m=audio"), "{description}");
    // Without its audio, nothing but a report for as long as a second.
    client.play();
    client.stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    assert!(matches!(client.item().unwrap(), Item::Data(1, _)));
    assert!(client.item().is_err());
    // With it, both.
    let mut client = Client::connect(&camera, "camera1");
    let transport = |channels: &str| format!("Transport: RTP/AVP/TCP;interleaved={channels}\r\n");
    let (video, audio) = (format!("{url}/trackID=0"), format!("{url}/trackID=1"));
    assert_eq!(client.ask("SETUP", &audio, &transport("0-1")).status, 455, "the video is first");
    let id = session_of(&client.ask("SETUP", &video, &transport("0-1")));
    let session = format!("Session: {id}\r\n");
    for (headers, status) in [
        (transport("2-3"), 454),
        (format!("{session}Transport: RAW\r\n"), 461),
        (format!("{session}{}", transport("2-3")), 200),
    ] {
        assert_eq!(client.ask("SETUP", &audio, &headers).status, status, "{headers}");
    }
    assert_eq!(client.ask("PLAY", &url, &session).status, 200);
    let mut channels = [0; 4];
    while channels[0] < 3 || channels[2] < 3 {
        if let Item::Data(channel, bytes) = client.item().unwrap() {
            channels[usize::from(channel)] += 1;
            assert!(channel != 2 || bytes[1] == 8 && bytes.len() == 12 + 266, "{bytes:?}");
        }
    }
    assert!(handle.pictures_sent() > 0);
}

#[test]
fn a_redirect_is_sent_once() {
    let (camera, mut client, _) = odd(Quirk::AsksRedirect, CameraOptions::default());
    client.play();
    assert_eq!(request(&mut client).map(|(method, _)| method), Some("REDIRECT".to_owned()));
    let mut again = Client::connect(&camera, "camera1");
    again.play();
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(1500) {
        assert!(matches!(again.item().unwrap(), Item::Data(..)));
    }
}

/// Whether a session of one second is alive after it was kept alive for more than two by `method`.
fn lives_by(quirk: Quirk, method: &str) -> bool {
    let options =
        CameraOptions { session_timeout: Duration::from_secs(1), ..CameraOptions::default() };
    let (_camera, mut client, _) = odd(quirk, options);
    let (setup, _) = client.play();
    let (url, session) = (client.url.clone(), session_of(&setup));
    let start = Instant::now();
    let mut asked = start;
    while start.elapsed() < Duration::from_millis(2500) {
        if asked.elapsed() > Duration::from_millis(300) {
            asked = Instant::now();
            client.cseq += 1;
            let request = format!(
                "{method} {url} RTSP/1.0\r\nCSeq: {}\r\nSession: {session}\r\n\r\n",
                client.cseq
            );
            if client.stream.write_all(request.as_bytes()).is_err() {
                return false;
            }
        }
        if client.item().is_err() {
            return false;
        }
    }
    true
}

#[test]
fn sessions_live_by_the_method_that_the_quirk_names() {
    let rows = [
        (Quirk::KeepAliveOnlyGetParameter, [false, true, false]),
        (Quirk::KeepAliveOnlySetParameter, [false, false, true]),
        (Quirk::KeepAliveOnlyOptions, [true, false, false]),
        (Quirk::KeepAliveGetParameterCloses, [true, false, false]),
        (Quirk::KeepAliveUnanswered, [true, true, true]),
        (Quirk::KeepAliveHidden, [false, true, false]),
    ];
    std::thread::scope(|scope| {
        for (quirk, lives) in rows {
            for (method, lives) in
                ["OPTIONS", "GET_PARAMETER", "SET_PARAMETER"].into_iter().zip(lives)
            {
                scope.spawn(move || {
                    assert_eq!(lives_by(quirk, method), lives, "{quirk:?} {method}");
                });
            }
        }
    });
}

/// Signs in with Digest as RFC 2617 has it, with the newest nonce.
struct Guest {
    client: Client,
    challenge: Option<(String, String)>,
    stale: bool,
}

impl Guest {
    fn new(quirk: Quirk) -> (RtspCamera, Self, FaultHandle) {
        let credentials = Some(Credentials { user: "anna".into(), password: "secret".into() });
        let options = CameraOptions { credentials, ..CameraOptions::default() };
        let (camera, client, handle) = odd(quirk, options);
        (camera, Self { client, challenge: None, stale: false }, handle)
    }

    fn ask(&mut self, method: &str, url: &str, headers: &str) -> Answer {
        let md5 = |text: String| {
            Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let authorization = self.challenge.as_ref().map(|(realm, nonce)| {
            let secret = md5(format!("anna:{realm}:secret"));
            let request = md5(format!("{method}:{url}"));
            let response = md5(format!("{secret}:{nonce}:{request}"));
            format!(
                "Authorization: Digest username=\"anna\", realm=\"{realm}\", nonce=\"{nonce}\", \
                 uri=\"{url}\", response=\"{response}\"\r\n"
            )
        });
        let headers = format!("{headers}{}", authorization.unwrap_or_default());
        let answer = self.client.ask(method, url, &headers);
        let quoted = |header: &str, name: &str| {
            let after = answer.header(header).split_once(&format!("{name}=\""))?.1.to_owned();
            Some(after.split('"').next()?.to_owned())
        };
        let named = |name: &str| quoted("WWW-Authenticate", name);
        if let (Some(realm), Some(nonce)) = (named("realm"), named("nonce")) {
            self.challenge = Some((realm, nonce));
            self.stale = answer.header("WWW-Authenticate").contains("stale=TRUE");
        }
        if let (Some(nonce), Some((_, old))) =
            (quoted("Authentication-Info", "nextnonce"), &mut self.challenge)
        {
            *old = nonce;
        }
        answer
    }

    /// The status of every answer from the first DESCRIBE to the second keep-alive, each request sent
    /// again once where it is refused.
    fn statuses(&mut self) -> Vec<u16> {
        let url = self.client.url.clone();
        let track = format!("{url}/trackID=0");
        let mut statuses = Vec::new();
        let mut session = String::new();
        for (method, at) in [
            ("DESCRIBE", &url),
            ("SETUP", &track),
            ("PLAY", &url),
            ("GET_PARAMETER", &url),
            ("GET_PARAMETER", &url),
        ] {
            for _ in 0..2 {
                let headers = match method {
                    "SETUP" => "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n".to_owned(),
                    "DESCRIBE" => String::new(),
                    _ => format!("Session: {session}\r\n"),
                };
                let answer = self.ask(method, at, &headers);
                statuses.push(answer.status);
                if method == "SETUP" {
                    session = session_of(&answer);
                }
                if answer.status != 401 {
                    break;
                }
            }
        }
        statuses
    }
}

#[test]
fn nonces_last_as_long_as_the_quirk_says() {
    for (quirk, expected, stale) in [
        (Quirk::DigestWithoutQop, &[401, 200, 200, 200, 200, 200][..], false),
        (Quirk::NonceOnceStale, &[401, 200, 401, 200, 401, 200, 401, 200, 401, 200], true),
        (Quirk::NonceOnceSilent, &[401, 200, 401, 200, 401, 200, 401, 200, 401, 200], false),
        (Quirk::NonceAtSetup, &[401, 200, 401, 200, 200, 200, 200], false),
        (Quirk::NextNonce, &[401, 200, 200, 200, 200, 200], false),
        (Quirk::KeepAliveNewNonce, &[401, 200, 200, 200, 401, 200, 401, 200], false),
        (Quirk::KeepAliveRefused, &[401, 200, 200, 200, 401, 401, 401, 401], false),
    ] {
        let (_camera, mut guest, handle) = Guest::new(quirk);
        assert_eq!(guest.statuses(), expected, "{quirk:?}");
        assert_eq!(guest.stale, stale, "{quirk:?}");
        assert_eq!(handle.dials(), 1, "the round that was refused is no dial");
    }
    let (camera, mut guest, handle) = Guest::new(Quirk::ClosesAfterChallenge);
    let url = guest.client.url.clone();
    assert_eq!(guest.ask("DESCRIBE", &url, "").status, 401);
    assert!(guest.client.is_closed());
    guest.client = Client::connect(&camera, "camera1");
    assert_eq!(guest.ask("DESCRIBE", &url, "").status, 200);
    assert_eq!(handle.dials(), 1);
}

#[test]
fn describe_is_redirected() {
    for (quirk, status, location) in [
        (Quirk::Redirect301, 301, "rtsp://HOST/camera2"),
        (Quirk::Redirect302Relative, 302, "/camera2"),
        (Quirk::RedirectLoop, 302, "rtsp://HOST/camera1"),
    ] {
        let (camera, mut client, handle) = odd(quirk, CameraOptions::default());
        let url = client.url.clone();
        let answer = client.ask("DESCRIBE", &url, "");
        let expected = location.replace("HOST", &camera.address().to_string());
        assert_eq!((answer.status, answer.header("Location")), (status, &expected[..]));
        assert_eq!(handle.dials(), 1);
    }
}

#[test]
fn the_answer_to_play_comes_late_or_in_pieces() {
    for (quirk, media_first, at_least_ms) in [
        (Quirk::MediaBeforePlayAnswer, true, 0),
        (Quirk::PlayAnswerInTwo, false, 30),
        (Quirk::PlayAnswerByteByByte, false, 20),
        (Quirk::BlankLines, false, 0),
    ] {
        let (_camera, mut client, _) = odd(quirk, CameraOptions::default());
        let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n";
        let url = client.url.clone();
        client.send("SETUP", &format!("{url}/trackID=0"), transport);
        let skip_blank = |client: &mut Client| {
            client.fill(8).unwrap();
            let blank = client.buffer.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
            client.buffer.drain(..blank);
            blank
        };
        let blank = skip_blank(&mut client);
        assert_eq!(blank > 0, quirk == Quirk::BlankLines);
        let Item::Answer(setup) = client.item().unwrap() else { panic!("media before SETUP") };
        let start = Instant::now();
        client.send("PLAY", &url, &format!("Session: {}\r\n", session_of(&setup)));
        skip_blank(&mut client);
        let first = client.item().unwrap();
        assert_eq!(matches!(first, Item::Data(..)), media_first, "{quirk:?}");
        assert!(start.elapsed() >= Duration::from_millis(at_least_ms), "{quirk:?}");
        let mut rest = std::iter::from_fn(|| client.item().ok());
        let answered = matches!(first, Item::Answer(_))
            || rest.any(|item| matches!(item, Item::Answer(answer) if answer.status == 200));
        assert!(answered);
    }
}

#[test]
fn channels_and_sessions_are_other_than_agreed() {
    for (quirk, said, used) in [
        (Quirk::ChannelsMoved, "interleaved=2-3", [2, 3]),
        (Quirk::ChannelsUnlikeAnswer, "interleaved=0-1", [2, 3]),
        (Quirk::ChannelSingle, "interleaved=0;", [0, 1]),
    ] {
        let (_camera, mut client, _) = odd(quirk, CameraOptions::default());
        let (setup, _) = client.play();
        assert!(setup.header("Transport").contains(said), "{setup:?}");
        let mut seen = [false; 2];
        while seen != [true; 2] {
            let Item::Data(channel, _) = client.item().unwrap() else { panic!("unasked") };
            seen[used.iter().position(|used| *used == channel).unwrap()] = true;
        }
    }
    let (_camera, mut client, _) = odd(Quirk::SessionIdChanges, CameraOptions::default());
    let (setup, play) = client.play();
    assert_ne!(session_of(&setup), session_of(&play));
    for id in [session_of(&setup), session_of(&play)] {
        let url = client.url.clone();
        let answer = client.ask("GET_PARAMETER", &url, &format!("Session: {id}\r\n"));
        assert_eq!(answer.status, 200);
    }
    let (_camera, mut client, _) = odd(Quirk::KeepAliveOtherCseq, CameraOptions::default());
    client.play();
    let url = client.url.clone();
    client.send("GET_PARAMETER", &url, "");
    let mut items = std::iter::from_fn(|| client.item().ok());
    let answer = items.find_map(|item| match item {
        Item::Answer(answer) => Some(answer),
        Item::Data(..) => None,
    });
    assert_eq!(answer.unwrap().header("CSeq"), "99999");
}

#[test]
fn datagrams_come_from_elsewhere() {
    for (quirk, same_port, ip) in [
        (Quirk::BlankLines, true, "127.0.0.1"),
        (Quirk::OtherPort, false, "127.0.0.1"),
        (Quirk::OtherAddress, false, "127.0.0.2"),
        (Quirk::LateTenth, true, "127.0.0.1"),
    ] {
        let (_camera, mut client, handle) = odd(quirk, CameraOptions::default());
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(WITHIN)).unwrap();
        let port = socket.local_addr().unwrap().port();
        let transport = format!("Transport: RTP/AVP;unicast;client_port={port}-{port}\r\n");
        play_blindly(&mut client, &transport);
        let text = String::from_utf8_lossy(&client.buffer).into_owned();
        let said = text.split_once("server_port=").unwrap().1.split('-').next().unwrap();
        let said: u16 = said.parse().unwrap();
        let mut sequences = Vec::new();
        while sequences.len() < 60 {
            let mut buffer = [0; 2000];
            let (count, from) = socket.recv_from(&mut buffer).unwrap();
            assert_eq!(from.ip().to_string(), ip, "{quirk:?}");
            // RTCP comes to the same port here.
            if buffer[1] & 0x7F == 96 && count > 12 {
                assert_eq!(from.port() == said, same_port, "{quirk:?}");
                sequences.push(u16::from_be_bytes([buffer[2], buffer[3]]));
            }
        }
        let backwards =
            sequences.windows(2).filter(|pair| pair[1].wrapping_sub(pair[0]) > 0x8000).count();
        // A late one is behind its neighbours, unless it was the last of its picture.
        assert_eq!(backwards > 0, quirk == Quirk::LateTenth, "{sequences:?}");
        assert!(handle.pictures_sent() > 0);
    }
}

#[test]
fn clocks_and_counters_wrap_in_the_first_seconds() {
    let (_camera, mut client, _) = odd(Quirk::SequenceWrap, CameraOptions::default());
    client.play();
    let (packets, _) = client.packets(60);
    let wraps = packets.windows(2).filter(|pair| pair[1].sequence < pair[0].sequence).count();
    assert_eq!((wraps, packets[0].sequence), (1, 65515));
    let (_camera, mut client, _) = odd(Quirk::TimestampWrap, CameraOptions::default());
    client.play();
    let pictures = client.pictures(40);
    let times: Vec<u32> = pictures.iter().map(|picture| picture[0].timestamp).collect();
    assert_eq!(times.windows(2).filter(|pair| pair[1] < pair[0]).count(), 1, "{times:?}");
    let (_camera, mut client, _) = odd(Quirk::TimestampsShared, CameraOptions::default());
    client.play();
    let times: Vec<u32> = client.pictures(20).iter().map(|picture| picture[0].timestamp).collect();
    let shared = times.windows(2).filter(|pair| pair[0] == pair[1]).count();
    // Of twenty pictures ten have that of the one before; a busy machine may leave some out.
    assert!((5..=10).contains(&shared), "{times:?}");
}
