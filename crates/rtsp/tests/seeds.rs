//! 10,000 random dialogues: a camera that says the right thing, the wrong thing, and half of either.
//! Nothing panics, nothing grows, and every session ends or plays.

use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use razz_base::MonoTime;
use razz_rtsp::{Client, Credentials, Event, Output, Settings, Transport};

const DIALOGUES: u64 = 10_000;
const SDP: &str = "v=0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
                   a=fmtp:96 sprop-parameter-sets=Z2QAKA==,aO48\r\na=control:trackID=0\r\n";

struct Dice(TestRng);

impl Dice {
    fn new(seed: u64) -> Self {
        let mut bytes = [7; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    fn below(&mut self, end: usize) -> usize {
        (self.0.next_u64() % end as u64) as usize
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    /// Changes, takes out, doubles or inserts some bytes.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..self.below(4) {
            let at = self.below(bytes.len().max(1));
            match self.below(4) {
                0 if at < bytes.len() => bytes[at] = self.below(256) as u8,
                1 if at < bytes.len() => {
                    let end = (at + self.below(20)).min(bytes.len());
                    bytes.drain(at..end);
                }
                2 => {
                    let end = (at + self.below(40)).min(bytes.len());
                    let piece = bytes[at.min(end)..end].to_vec();
                    bytes.splice(at.min(end)..at.min(end), piece);
                }
                _ => bytes.insert(at.min(bytes.len()), self.below(256) as u8),
            }
        }
    }
}

/// What a camera says to a request: mostly right.
fn answer(request: &str, dice: &mut Dice) -> Vec<u8> {
    let cseq = request.split("CSeq: ").nth(1).and_then(|rest| rest.lines().next());
    let cseq = if dice.below(20) == 0 { "9999999999999" } else { cseq.unwrap_or("1") };
    let status = match dice.below(12) {
        0 => "401 Unauthorized",
        1 => {
            dice.pick(&["404 Not Found", "461 Unsupported Transport", "302 Moved", "100 Continue"])
        }
        _ => "200 OK",
    };
    let mut headers = format!("CSeq: {cseq}\r\n");
    headers.push_str(dice.pick(&[
        "",
        "WWW-Authenticate: Digest realm=\"a\", nonce=\"1\", qop=\"auth\"\r\n",
        "WWW-Authenticate: Digest realm=\"a\", nonce=\"2\", stale=true, Basic realm=\"b\"\r\n",
        "Location: rtsp://h/other\r\n",
        "Public: OPTIONS, GET_PARAMETER\r\n",
        "Session: 1;timeout=1\r\nTransport: RTP/AVP/TCP;interleaved=4-5\r\n",
        "Content-Base: rtsp://10.0.0.1/\r\n",
    ]));
    let body = if request.starts_with("DESCRIBE") { SDP } else { "" };
    if !body.is_empty() {
        headers.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    let mut bytes = format!("RTSP/1.0 {status}\r\n{headers}\r\n{body}").into_bytes();
    if dice.below(3) == 0 {
        dice.mutate(&mut bytes);
    }
    bytes
}

fn unasked(dice: &mut Dice) -> Vec<u8> {
    let method = dice.pick(&["OPTIONS *", "ANNOUNCE rtsp://h", "REDIRECT *", "X y", "TEARDOWN *"]);
    let mut bytes = match dice.below(6) {
        0 => format!("{method} RTSP/1.0\r\nCSeq: 3\r\n\r\n").into_bytes(),
        1 => (0..dice.below(80)).map(|_| dice.below(256) as u8).collect(),
        _ => {
            let length = dice.below(60);
            let mut bytes = vec![b'$', dice.below(6) as u8, 0, length as u8];
            bytes.extend((0..length).map(|at| if at == 0 { 0x80 } else { dice.below(256) as u8 }));
            bytes
        }
    };
    if dice.below(4) == 0 {
        dice.mutate(&mut bytes);
    }
    bytes
}

#[test]
fn no_dialogue_panics_hangs_or_grows() {
    let (mut played, mut ended, mut packets) = (0, 0, 0);
    for seed in 0..DIALOGUES {
        let mut dice = Dice::new(seed);
        let credentials =
            (seed % 2 == 0).then(|| Credentials { username: "u".into(), password: "p".into() });
        let mut now = MonoTime::from_us(0);
        let begin_with_options = seed % 3 == 0;
        let settings =
            Settings { credentials, seed, begin_with_options, ..Settings::new("rtsp://h/s") };
        let mut client = Client::new(now, settings);
        let (mut is_playing, mut is_over) = (false, false);
        for _ in 0..80 {
            let mut incoming = Vec::new();
            let mut sent = 0;
            while let Some(output) = client.poll() {
                match output {
                    Output::Send(bytes)
                        if bytes.starts_with(b"$") || bytes.starts_with(b"RTSP") => {}
                    Output::Send(bytes) => {
                        sent += 1;
                        let request = String::from_utf8_lossy(&bytes).into_owned();
                        assert!(request.contains("\r\nCSeq: "), "{request}");
                        if dice.below(10) > 0 {
                            incoming.extend(answer(&request, &mut dice));
                        }
                    }
                    Output::SendRtcp { .. } => {}
                    Output::Packet(packet) => {
                        packets += 1;
                        assert_eq!(packet.media, 0);
                    }
                    Output::Event(Event::Described(description)) => {
                        let transport = Transport::Interleaved { rtp: 0, rtcp: 1 };
                        match description.media.is_empty() {
                            // Nothing to play: whoever asked gives up.
                            true => is_over = true,
                            false => client.set_up(now, 0, transport),
                        }
                    }
                    Output::Event(Event::SetUp { .. }) => client.play(now),
                    Output::Event(Event::TransportRefused { media }) => {
                        let transport = Transport::Udp { client_port: 4000, server_ports: None };
                        client.set_up(now, media, transport);
                    }
                    Output::Event(Event::Playing) => is_playing = true,
                    Output::Event(Event::Announced(_)) => {}
                    Output::Event(Event::Ended(_)) => is_over = true,
                }
                assert!(sent < 20, "seed {seed}: one answer brings a flood of requests");
            }
            if dice.below(2) == 0 {
                incoming.extend(unasked(&mut dice));
            }
            for piece in incoming.chunks(1 + dice.below(200)) {
                client.input().extend_from_slice(piece);
                client.handle_input(now);
            }
            assert!(
                client.input().len() < 1 << 17,
                "seed {seed}: {} bytes wait",
                client.input().len()
            );
            now = match client.deadline() {
                Some(due) if incoming.is_empty() => due.max(now),
                _ => now.plus_us(100_000),
            };
            client.handle_timeout(now);
        }
        // Whoever neither plays nor is over waits for an answer with a deadline.
        assert!(is_playing || is_over || client.deadline().is_some(), "seed {seed} hangs");
        played += u64::from(is_playing);
        ended += u64::from(is_over);
    }
    // The dice are no use if all sessions break at once.
    assert!(played > DIALOGUES / 4, "{played} played");
    assert!(ended > DIALOGUES / 4, "{ended} ended");
    assert!(packets > DIALOGUES, "{packets} packets");
}
