//! H.265 from a camera's ring to the peer; and which offers take it.

use std::time::Instant;

use razz_base::{Codec, MonoTime};
use razz_media::h264::nal_units;
use razz_media::h265::{NalType, ProfileTierLevel, nal_type};
use razz_viewer::{OfferError, Session, Video};
use str0m::RtcConfig;

use crate::call::{Call, frame, h264_frame, settings, unit};

#[test]
fn what_the_camera_sent_arrives_from_the_ring_and_live_over_the_wrap() {
    let mut call = Call::new();
    for n in 0..14 {
        call.take(n);
    }
    call.connect();
    for n in 14..45 {
        for _ in 0..33 {
            call.step();
        }
        call.take(n);
    }
    for _ in 0..500 {
        call.step();
    }
    let times: Vec<u32> = (10..45).map(|n| ((1i64 << 32) - 9000 + n * 3000) as u32).collect();
    // The peer's own jitter buffer lets the last frame go when the next one is there.
    assert!(call.got.len() >= times.len() - 1, "{} of {}", call.got.len(), times.len());
    for ((time, nals), (n, expected)) in call.got.iter().zip((10..).zip(&times)) {
        assert_eq!(time, expected, "frame {n}");
        let heads = |nals: &[Vec<u8>]| -> Vec<(usize, [u8; 3])> {
            nals.iter().map(|nal| (nal.len(), [nal[0], nal[1], nal[2]])).collect()
        };
        assert_eq!(heads(nals), heads(&frame(n)), "frame {n}");
        assert!(*nals == frame(n), "frame {n} has other contents");
    }
}

#[test]
fn h264_for_a_narrow_path_goes_out_beside_h265_with_numbers_of_its_own() {
    let mut call = Call::new();
    call.connect();
    for n in 0..30 {
        // Our own encoding for a while, then the camera's again.
        let codec = if (10..20).contains(&n) { Codec::H264 } else { Codec::H265 };
        call.take_as(n, codec);
        for _ in 0..33 {
            call.step();
        }
    }
    for _ in 0..500 {
        call.step();
    }
    assert!(!call.session.is_over());
    assert_eq!(call.payload_types.len(), 2, "{:?}", call.payload_types);
    assert!(call.got.len() >= 29, "{}", call.got.len());
    for (n, (time, nals)) in (0..).zip(&call.got) {
        assert_eq!(*time, crate::call::time(n).rtp_timestamp(), "frame {n}");
        let expected = if (10..20).contains(&n) { h264_frame(n) } else { frame(n) };
        assert!(*nals == expected, "frame {n} has other contents");
    }
}

#[test]
fn a_camera_that_turns_to_h264_ends_the_session_of_a_peer_without_it() {
    let mut call = Call::with(RtcConfig::new().clear_codecs().enable_h265(true));
    call.take(0);
    call.connect();
    assert!(!call.session.is_over());
    let now = call.now();
    call.session.handle_unit(now, &unit(1, Codec::H264, now));
    call.flush();
    assert!(call.session.is_over());
    assert!(!call.sent.0.is_empty(), "the peer is told");
}

/// An offer of one video section with these lines for payload type 96.
fn offer(formats: &[&str]) -> String {
    let numbers: Vec<String> = (96..96 + formats.len()).map(|pt| pt.to_string()).collect();
    let mut out = format!(
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
         m=video 9 UDP/TLS/RTP/SAVPF {}\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\n\
         a=ice-pwd:0123456789abcdef01234567\r\na=fingerprint:sha-256 {}\r\na=setup:actpass\r\n\
         a=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n",
        numbers.join(" "),
        ["AB"; 32].join(":"),
    );
    for (format, pt) in formats.iter().zip(&numbers) {
        let (name, parameters) = format.split_once(' ').unwrap_or((format, ""));
        out += &format!("a=rtpmap:{pt} {name}/90000\r\na=rtcp-fb:{pt} nack pli\r\n");
        if !parameters.is_empty() {
            out += &format!("a=fmtp:{pt} {parameters}\r\n");
        }
    }
    out
}

#[test]
fn offers_that_take_h265_and_those_that_do_not() {
    const H264: &str =
        "H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
    const MAIN_6: &str = "H265 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST";
    const MAIN_3: &str = "H265 level-id=90;profile-id=1;tier-flag=0;tx-mode=SRST";
    const MAIN_10: &str = "H265 level-id=180;profile-id=2;tier-flag=0;tx-mode=SRST";
    let sends = |profile, level| Video::H265(ProfileTierLevel { profile, high_tier: false, level });
    let main = |payload_type: u8| Ok(payload_type);
    let no = |profile| Err(OfferError::NoH265 { profile });
    for (formats, video, expected) in [
        (&[MAIN_6][..], sends(1, 93), main(96)),
        (&[H264, MAIN_6], sends(1, 180), main(97)),
        (&["VP8", MAIN_10, MAIN_6], sends(1, 93), main(98)),
        (&[MAIN_10, MAIN_6], sends(2, 93), main(96)),
        // The tiers differ in bit rates only.
        (
            &[MAIN_6],
            Video::H265(ProfileTierLevel { profile: 1, high_tier: true, level: 120 }),
            main(96),
        ),
        // Without a level, or without anything, nothing is said of what it takes.
        (&["H265 profile-id=1"], sends(1, 153), main(96)),
        (&["H265"], sends(1, 153), main(96)),
        (&[MAIN_3], sends(1, 90), main(96)),
        (&[MAIN_3], sends(1, 123), Err(OfferError::H265Level { sent: 123, taken: 90 })),
        (&[MAIN_3, MAIN_6], sends(1, 123), main(97)),
        (&[H264], sends(1, 93), no("Main")),
        (&[MAIN_10, H264], sends(1, 93), no("Main")),
        (&[MAIN_6, H264], sends(2, 93), no("Main 10")),
        (&["H265 sprop-max-don-diff=2"], sends(1, 93), no("Main")),
        (&[MAIN_6], Video::H264 { high: false }, Err(OfferError::NoH264)),
        (&[MAIN_6, H264], Video::H264 { high: true }, main(97)),
    ] {
        let now = MonoTime::from_us(0);
        let outcome = Session::answer(1, &offer(formats), video, &settings(Instant::now()), now);
        let answered = outcome.map(|answered| {
            let section = answered.answer.lines().find(|line| line.starts_with("m=video")).unwrap();
            section.split(' ').nth(3).unwrap().parse::<u8>().unwrap()
        });
        assert_eq!(answered, expected, "{formats:?} for {video:?}");
    }
}

#[test]
fn the_refusals_name_the_cameras_setting() {
    for (error, words) in [
        (OfferError::NoH265 { profile: "Main" }, &["H.265 (Main profile)", "to H.264"][..]),
        (
            OfferError::H265Level { sent: 153, taken: 123 },
            &["level 5.1", "4.1 at most", "resolution", "to H.264"],
        ),
    ] {
        let said = error.to_string();
        assert!(words.iter().all(|words| said.contains(words)), "{said}");
    }
}

#[test]
fn a_delimiter_is_no_part_of_what_is_sent() {
    let unit = unit(0, Codec::H265, MonoTime::from_us(0));
    let delimiters = nal_units(&unit.au.data).filter(|nal| nal_type(nal) == Some(NalType::Aud));
    assert_eq!(delimiters.count(), 1);
    assert!(unit.payloads.iter().all(|payload| payload.data[0] != 0x46));
}
