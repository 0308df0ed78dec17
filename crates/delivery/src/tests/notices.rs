//! What a viewer is told beside the pictures: when they were captured, how long they may be held,
//! that it waits; and that all of it comes over IPv6 too.

use std::time::{Duration, UNIX_EPOCH};

use str0m::RtcConfig;
use str0m::media::MediaTime as RtcTime;
use str0m::rtp::Extension;

use super::*;

#[tokio::test]
async fn capture_time_and_playout_delay_come_where_they_are_negotiated() {
    let house = house(limits());
    for n in 0..5 {
        house.frame(n);
    }
    let both = RtcConfig::new()
        .set_extension(9, Extension::PlayoutDelay)
        .set_extension(10, Extension::AbsoluteCaptureTime);
    for (config, negotiated) in [(both, true), (RtcConfig::new(), false)] {
        let (mut peer, _) = Peer::join_configured(Wire::udp(), &house, config).await;
        peer.run("the ring", |peer| peer.frames().last() == Some(&4));
        let mut found = 0;
        for (told, (_, timestamp)) in peer.told.iter().zip(&peer.packets) {
            let n = i64::from(timestamp.wrapping_sub(START as u32)) / FRAME;
            let captured = told.abs_capture_time.map(|captured| captured.capture_time);
            let most = told.play_delay_max;
            assert_eq!(captured.is_some(), most.is_some(), "both stand on the same packets");
            let Some(captured) = captured else { continue };
            found += 1;
            let captured_at = captured.duration_since(UNIX_EPOCH).unwrap();
            let expected = Duration::from_micros(captured_us(n).unsigned_abs());
            let off = captured_at.abs_diff(expected);
            assert!(off < Duration::from_micros(5), "frame {n}: {off:?} off");
            assert_eq!(told.play_delay_min, Some(RtcTime::from_hundredths(0)));
            assert_eq!(most, Some(RtcTime::from_hundredths(50)));
        }
        assert_eq!(found > 0, negotiated, "{found} of {} packets tell", peer.told.len());
    }
}

#[tokio::test]
async fn a_viewer_joins_over_ipv6() {
    let ports = match bind("[::1]:0".parse().unwrap()) {
        Ok(ports) => ports,
        Err(error) => {
            // The test's own voice: there is no log to speak in.
            #[allow(clippy::print_stderr)]
            {
                eprintln!("skipped: this machine has no IPv6 loopback: {error}");
            }
            return;
        }
    };
    let house = house_at(ports, limits());
    for n in 0..5 {
        house.frame(n);
    }
    assert!(house.viewers.udp.is_ipv6());
    let udp = || Wire::Udp(UdpSocket::bind("[::1]:0").unwrap());
    let tcp = Wire::tcp(house.viewers.udp);
    for wire in [udp(), tcp, udp()] {
        let (mut peer, id) = Peer::join_over(wire, &house).await;
        peer.run("the ring", |peer| peer.frames().last() == Some(&4));
        assert_eq!(peer.frames(), (0..5).collect::<Vec<_>>());
        assert!(house.viewers.close(id).await);
    }
}

#[tokio::test]
async fn a_session_tells_that_it_waits_and_how_often_it_had_to() {
    let house = house(limits());
    house.frame(0);
    let (mut peer, id) = Peer::join(&house).await;
    peer.run("the first frame", |peer| !peer.packets.is_empty());
    let told = house.viewers.ask(id).await.unwrap();
    assert_eq!((told.waiting, told.waits, told.replays), (false, 0, 1));
    // A picture that comes a second late to its shard is the past: the session goes on at an IDR.
    let mut late = house.access_unit(1);
    late.received = house.clock.mono().plus_us(-2_000_000);
    house.camera.stream.publish(late);
    // What is asked comes after it.
    let told = house.viewers.ask(id).await.unwrap();
    assert_eq!((told.waiting, told.waits), (true, 1));
    house.frame(30);
    peer.run("the next IDR", |peer| peer.frames().last() == Some(&30));
    let told = house.viewers.ask(id).await.unwrap();
    assert_eq!((told.waiting, told.waits), (false, 1));
    assert!(house.viewers.close(id).await);
    assert!(house.viewers.ask(id).await.is_none(), "it is gone");
}
