use bytes::Bytes;
use razz_base::{
    AccessUnit, CameraId, Codec, FrameKey, MediaTime, RunId, Size, StreamFormat, WallQuality,
    WallTime,
};
use std::net::SocketAddr;
use str0m::crypto::dtls::SrtpProfile;

use str0m::net::Protocol;

use super::*;

/// Keeps what is sent, still protected.
#[derive(Default)]
struct Sent(Vec<Vec<u8>>);

impl Outlet for Sent {
    fn send(&mut self, _: Route, length: usize, write: &mut dyn FnMut(&mut [u8])) {
        let mut datagram = vec![0; length];
        write(&mut datagram);
        self.0.push(datagram);
    }

    fn has_room(&mut self, _: Protocol, _: SocketAddr) -> bool {
        true
    }
}

impl Sent {
    /// Payload type, sequence number and SSRC of each, and whether it is padding.
    fn heads(&mut self) -> Vec<(u8, u16, u32, bool)> {
        let head = |datagram: Vec<u8>| {
            let ssrc = u32::from_be_bytes(datagram[8..12].try_into().unwrap());
            let sequence = u16::from_be_bytes([datagram[2], datagram[3]]);
            (datagram[1] & 0x7F, sequence, ssrc, datagram[0] & 0x20 != 0)
        };
        self.0.drain(..).map(head).collect()
    }
}

const ROUTE: Route = Route {
    proto: Protocol::Udp,
    source: SocketAddr::V4(std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 1)),
    destination: SocketAddr::V4(std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 2)),
};
const SSRC: u32 = 42;
const AGAIN: (u8, u32) = (103, 43);

fn sender(again: Option<(u8, u32)>) -> Sender {
    let profile = SrtpProfile::AEAD_AES_128_GCM;
    let material = (0..profile.keying_material_len()).map(|n| n as u8).collect();
    let keys = Keys { profile, material, is_client: false };
    let layout = Layout::for_tests(102, SSRC, again);
    let mut sender = Sender::new(layout, &keys, MonoTime::from_us(0), true).unwrap();
    sender.allow_again(0.4);
    (sender.next, sender.next_again) = (65_530, 10);
    sender
}

/// A frame of about so many bytes.
fn unit(n: i64, bytes: usize) -> Arc<Unit> {
    let mut data = b"\0\0\0\x01\x41\x9a".to_vec();
    data.resize(bytes, 0x55);
    let au = AccessUnit {
        key: FrameKey { camera: CameraId::new(1).unwrap(), time: MediaTime::from_90k(n * 3000) },
        run: RunId(1),
        format: StreamFormat::new(Codec::H264, Size::new(640, 360)),
        data: Bytes::from(data),
        idr: false,
        lost_packets: 0,
        wall: WallTime { us: 1_700_000_000_000_000, quality: WallQuality::Arrival },
        received: MonoTime::from_us(n * 33_333),
    };
    Arc::new(Unit::new(au, 1000))
}

fn send(sender: &mut Sender, n: i64, bytes: usize, sent: &mut Sent) {
    let unit = unit(n, bytes);
    for packet in 0..unit.payloads.len() {
        sender.send(MonoTime::from_us(n * 33_333), ROUTE, &unit, packet, n == 0, sent);
    }
}

/// Asks for these packets again.
fn nack(sender: &mut Sender, ssrc: u32, sequences: &[u16]) {
    let items: Vec<u8> =
        sequences.iter().flat_map(|first| [&first.to_be_bytes()[..], &[0, 0]].concat()).collect();
    sender.handle(MonoTime::from_us(0), rtcp::Message::Nack { ssrc, items: &items });
}

#[test]
fn numbers_go_on_over_the_rollover_and_padding_has_its_own() {
    let (mut sender, mut sent) = (sender(Some(AGAIN)), Sent::default());
    for n in 0..4 {
        send(&mut sender, n, 3500, &mut sent);
    }
    let heads = sent.heads();
    let expected: Vec<_> = (0..16u32).map(|n| (102, (65_530 + n) as u16, SSRC, false)).collect();
    assert_eq!(heads, expected);
    assert_eq!(sender.estimator().map(Estimator::is_known), Some(false));
    // A packet that was sent: about a thousand bytes each.
    let bytes = sender.pad(MonoTime::from_us(200_000), ROUTE, 2500, &mut sent);
    let heads = sent.heads();
    assert!(bytes >= 2500 && heads.len() == 3, "{bytes} {heads:?}");
    assert_eq!(heads[2], (103, 12, 43, false));
    sender.forget();
    // There is none any more.
    let bytes = sender.pad(MonoTime::from_us(200_000), ROUTE, 600, &mut sent);
    let heads = sent.heads();
    assert!(bytes >= 600 && heads.len() == 3, "{bytes} {heads:?}");
    assert_eq!(heads[0], (103, 13, 43, true));
}

#[test]
fn what_is_lacking_is_sent_again_once_a_round_trip() {
    let (mut sender, mut sent) = (sender(Some(AGAIN)), Sent::default());
    for n in 0..2 {
        send(&mut sender, n, 3500, &mut sent);
    }
    sent.heads();
    let mut at = |us: i64, sequences: &[u16], ssrc| {
        nack(&mut sender, ssrc, sequences);
        sender.report_at = MonoTime::from_us(i64::MAX);
        sender.flush(MonoTime::from_us(us), ROUTE, &mut sent);
        sent.heads().len()
    };
    // Two that were sent over the rollover, one that was not sent yet, one long ago.
    assert_eq!(at(70_000, &[65_535, 0, 2, 3000], SSRC), 2);
    assert_eq!(at(80_000, &[65_535, 1], SSRC), 1, "one of them is under way");
    assert_eq!(at(100_000, &[65_535], SSRC), 1);
    assert_eq!(at(180_000, &[65_534], 7), 0, "of another stream");
    assert_eq!(at(3_000_000, &[65_534], SSRC), 0, "late");
    assert_eq!(sender.hear().nacks, 4);
}

#[test]
fn without_numbers_of_their_own_packets_are_sent_again_bit_for_bit() {
    let (mut sender, mut sent) = (sender(None), Sent::default());
    assert!(sender.estimator().is_none(), "packets that are the same twice tell no times");
    send(&mut sender, 0, 3500, &mut sent);
    let first = std::mem::take(&mut sent.0);
    sender.report_at = MonoTime::from_us(i64::MAX);
    sender.reports.any = true;
    nack(&mut sender, SSRC, &[65_530, 65_532]);
    sender.flush(MonoTime::from_us(50_000), ROUTE, &mut sent);
    assert_eq!(sent.0, [first[0].clone(), first[2].clone()]);
    assert_eq!(sender.pad(MonoTime::from_us(50_000), ROUTE, 1000, &mut sent), 0);
}

#[test]
fn no_more_than_the_share_is_sent_again() {
    let (mut sender, mut sent) = (sender(Some(AGAIN)), Sent::default());
    sender.report_at = MonoTime::from_us(i64::MAX);
    for n in 0..30 {
        send(&mut sender, n, 10_000, &mut sent);
    }
    let media: usize = sent.0.drain(..).map(|datagram| datagram.len()).sum();
    let asked: Vec<u16> = (0..300u16).map(|n| 65_530u16.wrapping_add(n)).collect();
    nack(&mut sender, SSRC, &asked);
    sender.flush(MonoTime::from_us(1_000_000), ROUTE, &mut sent);
    let again: usize = sent.0.iter().map(Vec::len).sum();
    let share = again as f64 / (media + again) as f64;
    assert!((0.2..=0.45).contains(&share), "{share}");
}

#[test]
fn reports_tell_the_time_and_theirs_the_way() {
    let (mut sender, mut sent) = (sender(Some(AGAIN)), Sent::default());
    send(&mut sender, 3, 3500, &mut sent);
    sent.0.clear();
    sender.flush(MonoTime::from_us(100_000), ROUTE, &mut sent);
    assert_eq!(sent.0.len(), 1);
    // What the peer would have read: the report's time is in the clear nowhere, so it is made again.
    let wall_us = 1_700_000_000_000_000 - 99_999;
    let middle = |us: i64| (ntp::from_unix_us(wall_us + us) >> 16) as u32;
    let mut block = rtcp::ReportBlock {
        ssrc: SSRC,
        lost: 0,
        highest: 65_530,
        last_report: middle(100_000),
        since: 65_536 / 10,
    };
    sender.handle(MonoTime::from_us(250_000), rtcp::Message::Report(block));
    let round_trip = sender.round_trip_us().unwrap();
    assert!((49_000..51_000).contains(&round_trip), "{round_trip}");
    assert_eq!(sender.hear().loss, None, "one report is no span");
    (block.lost, block.highest) = (5, 65_630);
    sender.handle(MonoTime::from_us(600_000), rtcp::Message::Report(block));
    assert_eq!(sender.hear().loss, None, "too soon");
    sender.handle(MonoTime::from_us(1_300_000), rtcp::Message::Report(block));
    assert_eq!(sender.hear().loss, Some(0.05));
}

#[test]
fn headers_say_what_was_agreed_on() {
    let layout = Layout::for_tests(102, SSRC, Some(AGAIN));
    let header = Header {
        payload_type: 102,
        ssrc: SSRC,
        sequence: 7,
        timestamp: 9,
        marker: true,
        padded: false,
        named: true,
        captured_us: Some(0),
    };
    let fixed = |first: u8, second: u8| vec![first, second, 0, 7, 0, 0, 0, 9, 0, 0, 0, 42];
    let captured = ntp::from_unix_us(0).to_be_bytes();
    for (layout, header, expected, number_at) in [
        (
            layout.clone(),
            header,
            [
                &fixed(0x90, 0xE6)[..],
                // Number, name "v0", delays of 0 and 500 ms, time of capture, and padding to the word.
                &[0xBE, 0xDE, 0, 5, 0x31, 0, 0, 0x41, b'v', b'0', 0xC2, 0, 0, 50, 0xD7],
                &captured,
                &[0],
            ]
            .concat(),
            Some(17),
        ),
        (
            layout.clone(),
            Header { named: false, captured_us: None, marker: false, padded: true, ..header },
            [&fixed(0xB0, 0x66)[..], &[0xBE, 0xDE, 0, 1, 0x31, 0, 0, 0]].concat(),
            Some(17),
        ),
        (
            layout.without_number(),
            Header { named: false, captured_us: None, ..header },
            fixed(0x80, 0xE6),
            None,
        ),
    ] {
        let mut out = [0xFF; MAX_HEADER];
        let (length, at) = layout.write(header, &mut out);
        // The number's place is left at zero.
        assert_eq!((&out[..length], at), (&expected[..], number_at), "{header:?}");
    }
}
