//! Dialogues with cameras, each a table of what is said on either side.

use super::*;

const SDP: &str = "v=0\r\ns=x\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
                   a=control:trackID=0\r\nm=audio 0 RTP/AVP 8\r\na=control:trackID=1\r\n";
const TCP: Transport = Transport::Interleaved { rtp: 0, rtcp: 1 };
const UDP: Transport = Transport::Udp { client_port: 5000, server_ports: None };

/// A camera that says what the test has it say.
struct Dialogue {
    client: Client,
    now: MonoTime,
    transport: Transport,
    events: Vec<Event>,
    packets: Vec<Packet>,
    sent: Vec<String>,
}

impl Dialogue {
    fn new(transport: Transport, credentials: bool) -> Self {
        let credentials =
            credentials.then(|| Credentials { username: "anna".into(), password: "secret".into() });
        Self::begun(transport, Settings { credentials, ..Settings::new("rtsp://h/s") })
    }

    fn begun(transport: Transport, settings: Settings) -> Self {
        let now = MonoTime::from_us(1_000_000);
        let client = Client::new(now, settings);
        let (events, packets, sent) = (Vec::new(), Vec::new(), Vec::new());
        let mut dialogue = Self { client, now, transport, events, packets, sent };
        dialogue.drain();
        dialogue
    }

    /// Does what ingest does: sets up the first medium and plays it.
    fn drain(&mut self) {
        while let Some(output) = self.client.poll() {
            match output {
                Output::Send(bytes) => {
                    self.sent.push(String::from_utf8_lossy(&bytes).into_owned());
                }
                Output::SendRtcp { .. } => self.sent.push("RTCP".to_owned()),
                Output::Packet(packet) => self.packets.push(packet),
                Output::Event(event) => {
                    match &event {
                        Event::Described(_) => self.client.set_up(self.now, 0, self.transport),
                        Event::SetUp { .. } => self.client.play(self.now),
                        Event::TransportRefused { .. } => self.client.set_up(self.now, 0, UDP),
                        _ => {}
                    }
                    self.events.push(event);
                }
            }
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.client.input().extend_from_slice(bytes);
        self.client.handle_input(self.now);
        self.drain();
    }

    /// The newest thing that was sent, and its number.
    fn last(&self) -> (&str, &str) {
        let text = self.sent.last().expect("something was sent");
        let cseq = text.split("CSeq: ").nth(1).and_then(|rest| rest.split("\r\n").next());
        (text, cseq.unwrap_or_default())
    }

    /// Answers the newest request; headers with `\r\n` at their ends.
    fn answer(&mut self, status: &str, headers: &str, body: &str) {
        let cseq = self.last().1;
        let length = match body.len() {
            0 => String::new(),
            length => format!("Content-Length: {length}\r\n"),
        };
        let text = format!("RTSP/1.0 {status}\r\nCSeq: {cseq}\r\n{headers}{length}\r\n{body}");
        self.hear(text.as_bytes());
    }

    fn wait(&mut self, seconds: f64) {
        let end = self.now.plus_us((seconds * 1e6) as i64);
        while let Some(due) = self.client.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.client.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// Through DESCRIBE, SETUP and PLAY, without any oddity.
    fn play(mut self) -> Self {
        self.answer("200 OK", "", SDP);
        let transport = format!("Transport: {}\r\nSession: 77;timeout=20\r\n", self.transport);
        self.answer("200 OK", &transport, "");
        self.answer("200 OK", "Session: 77\r\n", "");
        assert_eq!(self.events.last(), Some(&Event::Playing));
        self
    }

    fn requests(&self) -> Vec<&str> {
        let messages = self.sent.iter().filter(|text| !text.starts_with('$'));
        messages.filter_map(|text| text.split(' ').next()).collect()
    }

    fn ended(&self) -> Option<&End> {
        match self.events.last() {
            Some(Event::Ended(end)) => Some(end),
            _ => None,
        }
    }
}

fn packet(channel: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![b'$', channel];
    bytes.extend_from_slice(&(data.len() as u16).to_be_bytes());
    bytes.extend_from_slice(data);
    bytes
}

#[test]
fn a_session_from_its_first_request_to_its_last() {
    let mut dialogue = Dialogue::new(TCP, false);
    assert!(dialogue.last().0.starts_with("DESCRIBE rtsp://h/s RTSP/1.0\r\nCSeq: 1\r\n"));
    assert!(dialogue.last().0.contains("Accept: application/sdp\r\n"));
    dialogue.answer("200 OK", "Content-Type: application/sdp; charset=utf-8\r\nX-Odd:\r\n", SDP);
    assert!(dialogue.last().0.starts_with("SETUP rtsp://h/s/trackID=0 RTSP/1.0\r\nCSeq: 2\r\n"));
    assert!(dialogue.last().0.contains("Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"));
    let transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= 1A2B\r\n";
    dialogue.answer("200 OK", &format!("{transport}Session: 12 ; timeout = 20;x\r\n"), "");
    assert!(dialogue.last().0.starts_with("PLAY rtsp://h/s RTSP/1.0\r\nCSeq: 3\r\n"));
    assert!(dialogue.last().0.contains("Session: 12\r\n"));
    // Media may come before the answer.
    dialogue.hear(&packet(0, &[0x80, 96, 0, 1]));
    dialogue.answer("200 OK", "RTP-Info: url=x;seq=99999999;rtptime=-1\r\nSession: 13\r\n", "");
    assert_eq!(dialogue.events.len(), 3);
    dialogue.hear(&[packet(1, &[0x80, 200, 0, 1]), packet(0, &[0x80, 96, 0, 2])].concat());
    let kinds: Vec<PacketKind> = dialogue.packets.iter().map(|packet| packet.kind).collect();
    assert_eq!(kinds, [PacketKind::Rtp, PacketKind::Rtcp, PacketKind::Rtp]);
    assert!(dialogue.packets.iter().all(|packet| packet.media == 0));
    assert_eq!(dialogue.client.counts().iter().count(), 0);

    dialogue.wait(0.0);
    assert!(dialogue.last().0.starts_with("OPTIONS rtsp://h/s RTSP/1.0\r\n"));
    dialogue.answer("200 OK", "Public: OPTIONS, PLAY, GET_PARAMETER\r\n", "");
    dialogue.wait(11.0);
    let reports = dialogue.sent.iter().filter(|text| text.starts_with("$\u{1}"));
    assert_eq!(reports.count(), 2);
    assert_eq!(dialogue.requests().last(), Some(&"GET_PARAMETER"));
    let last = dialogue.client.tear_down().unwrap();
    let last = String::from_utf8_lossy(&last).into_owned();
    assert!(last.starts_with("TEARDOWN rtsp://h/s RTSP/1.0\r\n"), "{last}");
    assert!(last.contains("Session: 13\r\n"), "{last}");
}

#[test]
fn what_the_camera_asks_is_answered_and_media_go_on() {
    for (request, answer) in [
        ("OPTIONS *", "200 OK"),
        ("GET_PARAMETER rtsp://h/s", "200 OK"),
        ("SET_PARAMETER rtsp://h/s", "200 OK"),
        ("ANNOUNCE rtsp://h/s", "200 OK"),
        ("RECORD rtsp://h/s", "501 Not Implemented"),
    ] {
        let mut dialogue = Dialogue::new(TCP, false).play();
        dialogue.hear(format!("{request} RTSP/1.0\r\nCSeq: 4711\r\n\r\n").as_bytes());
        let (text, cseq) = dialogue.last();
        assert!(text.starts_with(&format!("RTSP/1.0 {answer}\r\n")), "{text}");
        assert_eq!(cseq, "4711");
        dialogue.hear(&packet(0, &[0x80, 96]));
        assert_eq!(dialogue.packets.len(), 1, "{request}");
        assert_eq!(dialogue.ended(), None, "{request}");
    }
    for (request, expected) in [
        ("TEARDOWN rtsp://h/s RTSP/1.0\r\nCSeq: 1\r\n\r\n", End::TornDown),
        (
            "REDIRECT rtsp://h/s RTSP/1.0\r\nCSeq: 1\r\nLocation: rtsp://other/x\r\n\r\n",
            End::Redirected { to: "rtsp://other/x".into() },
        ),
        ("REDIRECT * RTSP/1.0\r\n\r\n", End::Redirected { to: "rtsp://h/s".into() }),
    ] {
        let mut dialogue = Dialogue::new(TCP, false).play();
        dialogue.hear(request.as_bytes());
        assert_eq!(dialogue.ended(), Some(&expected));
        assert_eq!(dialogue.client.deadline(), None);
    }
}

#[test]
fn keep_alives_that_fail_end_nothing() {
    let oddities = |dialogue: &Dialogue, oddity| dialogue.client.counts().of(oddity);
    // Never answered: each of the three is tried in turn.
    let mut dialogue = Dialogue::new(TCP, false).play();
    dialogue.wait(65.0);
    assert_eq!(dialogue.requests()[3..6], ["OPTIONS", "GET_PARAMETER", "SET_PARAMETER"]);
    assert_eq!(dialogue.ended(), None);
    assert!(oddities(&dialogue, Oddity::KeepAliveUnanswered) >= 5);
    // Refused: the next one is tried at once.
    let mut dialogue = Dialogue::new(TCP, false).play();
    dialogue.wait(0.0);
    dialogue.answer("501 Not Implemented", "", "");
    dialogue.wait(0.0);
    assert_eq!(dialogue.requests().last(), Some(&"GET_PARAMETER"));
    dialogue.answer("454 Session Not Found", "", "");
    dialogue.wait(0.0);
    dialogue.answer("400 Bad Request", "", "");
    let sent = dialogue.sent.len();
    dialogue.wait(4.0);
    assert_eq!(dialogue.sent.len(), sent, "not again and again");
    assert_eq!(oddities(&dialogue, Oddity::KeepAliveRefused), 3);
    assert_eq!(dialogue.ended(), None);
    // Answered with another number.
    let mut dialogue = Dialogue::new(TCP, false).play();
    dialogue.wait(0.0);
    dialogue.hear(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: GET_PARAMETER\r\n\r\n");
    assert_eq!(oddities(&dialogue, Oddity::WrongCseq), 1);
    dialogue.wait(10.0);
    assert_eq!(dialogue.requests().last(), Some(&"GET_PARAMETER"));
    // Answered when nothing was asked.
    dialogue.answer("200 OK", "", "");
    dialogue.answer("200 OK", "", "");
    assert_eq!(oddities(&dialogue, Oddity::UnaskedAnswer), 1);
    assert_eq!(dialogue.ended(), None);
}

#[test]
fn nonces_are_renewed_at_every_request_and_wrong_passwords_are_said() {
    let challenge =
        |nonce: &str| format!("WWW-Authenticate: Digest realm=\"a\", nonce=\"{nonce}\"\r\n");
    let mut dialogue = Dialogue::new(TCP, true);
    let refuse = |dialogue: &mut Dialogue, nonce: &str| {
        dialogue.answer("401 Unauthorized", &challenge(nonce), "");
        let text = dialogue.last().0;
        assert!(text.contains(&format!("nonce=\"{nonce}\"")), "{text}");
    };
    refuse(&mut dialogue, "1");
    dialogue.answer("200 OK", "", SDP);
    refuse(&mut dialogue, "2");
    dialogue.answer("200 OK", "Session: 1\r\n", "");
    refuse(&mut dialogue, "3");
    dialogue.answer("200 OK", "", "");
    assert_eq!(dialogue.events.last(), Some(&Event::Playing));
    dialogue.wait(0.0);
    refuse(&mut dialogue, "4");
    dialogue.answer("200 OK", "", "");
    assert_eq!(dialogue.client.counts().of(Oddity::NonceRenewed), 3);

    for (credentials, answers) in [(true, 2), (false, 1)] {
        let mut dialogue = Dialogue::new(TCP, credentials);
        for _ in 0..answers {
            assert_eq!(dialogue.ended(), None);
            dialogue.answer("401 Unauthorized", &challenge("1"), "");
        }
        let expected = End::Unauthorized { had_credentials: credentials };
        assert_eq!(dialogue.ended(), Some(&expected));
    }
}

#[test]
fn odd_answers_to_set_up_are_taken() {
    let channels = |rtp, rtcp| Transport::Interleaved { rtp, rtcp };
    let ports = |server_ports| Transport::Udp { client_port: 5000, server_ports };
    for (asked, headers, expected, odd) in [
        (TCP, "Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n", channels(2, 3), 0),
        (TCP, "Transport: RTP/AVP/TCP;interleaved=2\r\n", channels(2, 3), 0),
        (TCP, "", TCP, 1),
        (TCP, "Transport:\r\n", TCP, 1),
        (
            UDP,
            "Transport: RTP/AVP;client_port=5000-5001;server_port=7-8\r\n",
            ports(Some((7, 8))),
            0,
        ),
        (UDP, "Transport: RTP/AVP;unicast;source=192.168.1.9\r\n", ports(None), 0),
        (UDP, "Transport: RTP/AVP/TCP;interleaved=0-1\r\n", TCP, 1),
    ] {
        let mut dialogue = Dialogue::new(asked, false);
        dialogue.answer("200 OK", "", SDP);
        dialogue.answer("200 OK", headers, "");
        let set_up = Event::SetUp { media: 0, transport: expected };
        assert_eq!(dialogue.events.last(), Some(&set_up), "{headers}");
        assert_eq!(dialogue.client.counts().of(Oddity::OddTransport), odd, "{headers}");
        dialogue.answer("200 OK", "", "");
        assert_eq!(dialogue.events.last(), Some(&Event::Playing), "{headers}");
    }
    let mut dialogue = Dialogue::new(TCP, false);
    dialogue.answer("200 OK", "", SDP);
    dialogue.answer("461 Unsupported Transport", "", "");
    assert!(dialogue.last().0.contains("RTP/AVP;unicast;client_port=5000-5001"));
}

#[test]
fn packets_on_channels_that_were_not_agreed_on_are_told_apart_by_what_they_hold() {
    let mut dialogue = Dialogue::new(TCP, false).play();
    dialogue.hear(&[packet(2, &[0x80, 0xE0, 0, 1]), packet(3, &[0x80, 200, 0, 1])].concat());
    let kinds: Vec<PacketKind> = dialogue.packets.iter().map(|packet| packet.kind).collect();
    assert_eq!(kinds, [PacketKind::Rtp, PacketKind::Rtcp]);
    assert_eq!(dialogue.client.counts().of(Oddity::OtherChannel), 2);
}

#[test]
fn audio_that_was_set_up_for_the_videos_sake_is_dropped_and_counted() {
    let mut dialogue = Dialogue::new(TCP, false);
    dialogue.answer("200 OK", "", SDP);
    dialogue.client.set_up_to_drop(dialogue.now, 1, Transport::Interleaved { rtp: 2, rtcp: 3 });
    // The table's camera plays at once; this one is asked for its audio first.
    dialogue.drain();
    assert!(dialogue.last().0.starts_with("SETUP rtsp://h/s/trackID=1 "), "{:?}", dialogue.last());
    let set_up = |channels: &str| {
        format!("Transport: RTP/AVP/TCP;unicast;interleaved={channels}\r\nSession: 77\r\n")
    };
    dialogue.answer("200 OK", &set_up("2-3"), "");
    let transport = Transport::Interleaved { rtp: 2, rtcp: 3 };
    assert_eq!(dialogue.events.last(), Some(&Event::SetUp { media: 1, transport }));
    dialogue.client.set_up(dialogue.now, 0, TCP);
    dialogue.drain();
    dialogue.answer("200 OK", &set_up("0-1"), "");
    dialogue.answer("200 OK", "", "");
    assert_eq!(dialogue.events.last(), Some(&Event::Playing));
    let packets = [0, 1, 2, 3].map(|channel| packet(channel, &[0x80, 96, 0, 1]));
    dialogue.hear(&packets.concat());
    let media: Vec<usize> = dialogue.packets.iter().map(|packet| packet.media).collect();
    assert_eq!(media, [0, 0]);
    assert_eq!(dialogue.client.counts().of(Oddity::AudioDropped), 1);
    dialogue.client.handle_dropped(PacketKind::Rtp);
    dialogue.client.handle_dropped(PacketKind::Rtcp);
    assert_eq!(dialogue.client.counts().of(Oddity::AudioDropped), 2);
    // Both hear that somebody listens.
    let sent = dialogue.sent.len();
    dialogue.wait(5.0);
    for channel in ["$\u{1}", "$\u{3}"] {
        assert!(dialogue.sent[sent..].iter().any(|text| text.starts_with(channel)), "{channel:?}");
    }
}

#[test]
fn what_ends_a_session_is_named() {
    let at_describe = |status: &str, headers: &str, body: &str| {
        let mut dialogue = Dialogue::new(TCP, false);
        dialogue.answer(status, headers, body);
        dialogue.ended().cloned().expect("it ended")
    };
    let redirected = |to: &str| End::Redirected { to: to.to_owned() };
    assert_eq!(
        at_describe("302 Moved", "Location: rtsp://h2/x\r\n", ""),
        redirected("rtsp://h2/x")
    );
    assert_eq!(at_describe("301 Moved", "Location: /x\r\n", ""), redirected("rtsp://h/x"));
    let refused = |status, reason: &str| End::Refused {
        method: "DESCRIBE",
        status,
        reason: reason.to_owned(),
    };
    assert_eq!(at_describe("302 Moved", "", ""), refused(302, "Moved"));
    assert_eq!(at_describe("404 Not Found", "", ""), refused(404, "Not Found"));
    let end = at_describe("200 OK", "", "<html>");
    assert!(matches!(&end, End::Nonsense(text) if text.contains("<html>")), "{end:?}");

    let mut dialogue = Dialogue::new(TCP, false);
    dialogue.wait(9.9);
    assert_eq!(dialogue.ended(), None);
    dialogue.wait(0.2);
    assert_eq!(dialogue.ended(), Some(&End::NoAnswer { method: "DESCRIBE" }));

    // A range that a live camera does not know.
    let mut dialogue = Dialogue::new(TCP, false);
    dialogue.answer("200 OK", "", SDP);
    dialogue.answer("200 OK", "Session: 1\r\n", "");
    assert!(dialogue.last().0.contains("Range: npt=0.000-\r\n"));
    dialogue.answer("457 Invalid Range", "", "");
    assert!(!dialogue.last().0.contains("Range"));
    dialogue.answer("503 Service Unavailable", "", "");
    let expected =
        End::Refused { method: "PLAY", status: 503, reason: "Service Unavailable".into() };
    assert_eq!(dialogue.ended(), Some(&expected));
}

#[test]
fn a_second_answer_to_one_request_is_passed_over() {
    let mut dialogue = Dialogue::new(TCP, false);
    dialogue.answer("200 OK", "", SDP);
    dialogue.hear(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n");
    assert_eq!(dialogue.requests(), ["DESCRIBE", "SETUP"]);
    dialogue.hear(b"RTSP/1.0 100 Continue\r\nCSeq: 2\r\n\r\n");
    assert_eq!(dialogue.requests(), ["DESCRIBE", "SETUP"]);
    // A camera that never counts.
    let mut dialogue = Dialogue::new(TCP, false);
    for body in [SDP, "", ""] {
        let length = body.len();
        dialogue
            .hear(format!("RTSP/1.0 200 OK\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes());
    }
    assert_eq!(dialogue.events.last(), Some(&Event::Playing));
    assert_eq!(dialogue.client.counts().of(Oddity::WrongCseq), 3);
}

#[test]
fn options_come_first_where_a_server_wants_that() {
    // Refused without it.
    let mut dialogue = Dialogue::new(TCP, true);
    dialogue.answer("455 Method Not Valid in This State", "", "");
    assert!(dialogue.last().0.starts_with("OPTIONS rtsp://h/s RTSP/1.0\r\nCSeq: 2\r\n"));
    // What OPTIONS is answered with matters as little as a session that nobody began.
    dialogue.answer("501 Not Implemented", "Session: 1\r\n", "");
    assert!(!dialogue.last().0.contains("Session"), "{}", dialogue.last().0);
    dialogue.answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"a\"\r\n", "");
    assert!(dialogue.client.next_begins_with_options() && dialogue.client.challenge().is_some());
    dialogue.answer("200 OK", "", SDP);
    assert_eq!(dialogue.requests(), ["DESCRIBE", "OPTIONS", "DESCRIBE", "DESCRIBE", "SETUP"]);
    assert!(dialogue.client.next_begins_with_options());
    // Refused with it as well: once, and what is said is the last answer.
    let mut dialogue = Dialogue::new(TCP, false);
    dialogue.answer("455 Method Not Valid in This State", "", "");
    dialogue.answer("200 OK", "Public: DESCRIBE\r\n", "");
    dialogue.answer("503 Service Unavailable", "", "");
    let reason = "Service Unavailable".to_owned();
    let expected = End::Refused { method: "DESCRIBE", status: 503, reason };
    assert_eq!(dialogue.ended(), Some(&expected));
    assert_eq!(dialogue.requests(), ["DESCRIBE", "OPTIONS", "DESCRIBE"]);
    assert!(!dialogue.client.next_begins_with_options());
    // Not answered: the next session begins with it.
    let mut dialogue = Dialogue::new(TCP, false);
    dialogue.wait(11.0);
    assert!(dialogue.client.next_begins_with_options());
    let settings = Settings { begin_with_options: true, ..Settings::new("rtsp://h/s") };
    let mut dialogue = Dialogue::begun(TCP, settings.clone());
    dialogue.answer("200 OK", "", "");
    let mut dialogue = dialogue.play();
    dialogue.wait(0.0);
    assert_eq!(dialogue.requests(), ["OPTIONS", "DESCRIBE", "SETUP", "PLAY", "OPTIONS"]);
    assert_eq!(dialogue.client.counts().of(Oddity::OptionsFirst), 1);
    assert!(dialogue.client.next_begins_with_options());
    // And back, where it does not answer that either.
    let mut dialogue = Dialogue::begun(TCP, settings);
    dialogue.wait(11.0);
    assert_eq!(dialogue.ended(), Some(&End::NoAnswer { method: "OPTIONS" }));
    assert!(!dialogue.client.next_begins_with_options());
}
