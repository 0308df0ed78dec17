//! What must hold for anything that an RTSP server may say. Shared by fuzz targets and tests.
#![allow(dead_code, unreachable_pub)]

use razz_base::MonoTime;
use razz_rtsp::{Client, Credentials, Description, Event, Output, Settings, Transport};

/// The longest message or packet that may wait for its rest, and what comes in at once.
const MOST_WAITING: usize = (1 << 20) + (1 << 17);

/// The connection's bytes in pieces, each behind its length; a length of 0 lets a second pass.
pub fn rtsp(data: &[u8]) {
    let credentials = Some(Credentials { username: "u".into(), password: "p".into() });
    let settings = Settings { credentials, ..Settings::new("rtsp://h/s") };
    let mut now = MonoTime::from_us(0);
    let mut client = Client::new(now, settings);
    let mut is_over = false;
    let mut rest = data;
    while let Some((length, after)) = rest.split_first() {
        let (piece, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        if piece.is_empty() {
            now = now.plus_us(1_000_000);
            client.handle_timeout(now);
        } else {
            client.input().extend_from_slice(piece);
            client.handle_input(now);
        }
        assert!(client.input().len() < MOST_WAITING);
        while let Some(output) = client.poll() {
            assert!(!is_over, "{output:?} after the end");
            match output {
                Output::Send(bytes) => {
                    assert!(bytes.starts_with(b"$") || bytes.ends_with(b"\r\n\r\n"));
                }
                Output::Event(Event::Described(_)) => {
                    client.set_up(now, 0, Transport::Interleaved { rtp: 0, rtcp: 1 });
                }
                Output::Event(Event::SetUp { .. }) => client.play(now),
                Output::Event(Event::TransportRefused { media }) => {
                    let transport = Transport::Udp { client_port: 2, server_ports: None };
                    client.set_up(now, media, transport);
                }
                Output::Event(Event::Ended(_)) => is_over = true,
                Output::Event(Event::Playing | Event::Announced(_))
                | Output::Packet(_)
                | Output::SendRtcp { .. } => {}
            }
        }
    }
}

/// A session description.
pub fn sdp(data: &[u8]) {
    if let Ok(description) = Description::parse(data) {
        for format in description.media.iter().flat_map(|media| &media.formats) {
            assert!(format.payload_type < 128);
            assert!(format.parameter_sets().iter().all(|set| !set.is_empty()));
        }
    }
}
