//! Offers as clients write them, and what each is answered.

mod check;

use std::path::PathBuf;
use std::time::Instant;

use razz_base::MonoTime;
use razz_media::h265::ProfileTierLevel;

use razz_viewer::offer::Offer;
use razz_viewer::{OfferError, Session, SessionSettings, Video};

const H264: Video = Video::H264 { high: false };
const HIGH: Video = Video::H264 { high: true };
const H265: Video = Video::H265(ProfileTierLevel { profile: 1, high_tier: false, level: 93 });

const BASE: &str = "\
v=0
o=- 4611686018427387904 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=video 9 UDP/TLS/RTP/SAVPF 102
c=IN IP4 0.0.0.0
a=ice-ufrag:abcd
a=ice-pwd:0123456789abcdef01234567
a=fingerprint:sha-256 AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:AB:CD
a=setup:actpass
a=mid:0
a=recvonly
a=rtcp-mux
a=rtpmap:102 H264/90000
a=rtcp-fb:102 nack
a=rtcp-fb:102 nack pli
a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
";
const FMTP: &str =
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
const AUDIO: &str = "\
m=audio 9 UDP/TLS/RTP/SAVPF 111 0
c=IN IP4 0.0.0.0
a=ice-ufrag:efgh
a=ice-pwd:0123456789abcdef76543210
a=fingerprint:sha-256 EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF:EF
a=setup:actpass
a=mid:a
a=recvonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
";
const DATA: &str = "\
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:d
a=sctp-port:5000
";

fn settings() -> SessionSettings {
    SessionSettings {
        epoch: Instant::now(),
        certificate: None,
        udp: vec!["192.0.2.1:8189".parse().unwrap()],
        tcp: vec!["192.0.2.1:8189".parse().unwrap()],
        replay_bits_per_second: 50_000_000,
        adapt: false,
    }
}

fn answer(offer: &str, video: Video) -> Result<String, OfferError> {
    Session::answer(1, offer, video, &settings(), MonoTime::from_us(0)).map(|is| is.answer)
}

/// The base offer with these pieces replaced, each of which is in it.
fn edited(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(BASE.to_owned(), |offer, (from, to)| {
        assert!(offer.contains(from), "{from:?} is not in {offer}");
        offer.replace(from, to)
    })
}

/// The base offer's section.
fn video() -> &'static str {
    &BASE[BASE.find("m=").unwrap()..]
}

/// The base offer's session with this group, and these sections.
fn sections(group: &str, sections: &[&str]) -> String {
    let session = &BASE[..BASE.find("a=group").unwrap()];
    format!("{session}{group}{}", sections.concat())
}

fn assert_lines(offer: &str, answer: &str, lines: &[&str]) {
    for line in lines {
        let (line, wanted) = line.strip_prefix('!').map_or((*line, true), |line| (line, false));
        let found = answer.split_inclusive('\n').any(|is| is.starts_with(line));
        assert_eq!(found, wanted, "{line:?} in the answer\n{answer}to\n{offer}");
    }
}

/// Pieces of the base offer, and what stands there instead.
type Edits<'a> = &'a [(&'a str, &'a str)];

/// Edits of the base offer that change nothing in whether it is answered; lines that the answer has,
/// or with `!` has not, by how they begin.
#[test]
fn one_section_in_every_spelling() {
    let rows: &[(Edits<'_>, &[&str])] = &[
        (&[], &["a=group:BUNDLE 0", "a=mid:0", FMTP, "a=setup:passive", "!a=extmap-allow-mixed"]),
        (&[("a=group:BUNDLE 0\n", "")], &["!a=group", "a=mid:0"]),
        (&[("a=group:BUNDLE 0\n", "a=group:LS 0\n")], &["!a=group"]),
        (&[("a=group:BUNDLE 0\n", ""), ("a=mid:0\n", "")], &["!a=group", "!a=mid"]),
        // Nothing of the group is named.
        (&[("a=mid:0\n", "")], &["!a=group", "!a=mid"]),
        (&[("BUNDLE 0\n", "BUNDLE 0 1 7\n")], &["a=group:BUNDLE 0"]),
        (&[("BUNDLE 0", "BUNDLE v"), ("mid:0", "mid:v")], &["a=group:BUNDLE v", "a=mid:v"]),
        // Bandwidths of any kind on either level.
        (
            &[("c=IN IP4 0.0.0.0\n", "c=IN IP4 0.0.0.0\nb=AS:4000\nb=TIAS:4000000\nb=X-own:1\n")],
            &[],
        ),
        (&[("t=0 0\n", "b=CT:9000\nb=AS:1\nb=RS:0\nt=0 0\nr=7d 1h 0 25h\n")], &[]),
        (&[("t=0 0\n", "c=IN IP6 ::\ni=a\nu=b\ne=c\np=d\nt=3034423619 0\nz=0 0\nk=x\n")], &[]),
        // Levels and profiles.
        (&[("42e01f", "42e0ff")], &[FMTP]),
        (&[("42e01f", "42E01F")], &[FMTP]),
        (
            &[("level-asymmetry-allowed=1;", ""), ("42e01f", "42e0ff")],
            &["a=fmtp:102 packetization-mode=1;profile-level-id=42e01f"],
        ),
        (
            &[("level-asymmetry-allowed=1;", ""), ("42e01f", "42e00d")],
            &["a=fmtp:102 packetization-mode=1;profile-level-id=42e00d"],
        ),
        (
            &[("level-asymmetry-allowed=1;", ""), ("42e01f", "64003e")],
            &["a=fmtp:102 packetization-mode=1;profile-level-id=64003e"],
        ),
        (
            &[("42e01f", "640c1f")],
            &["a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f"],
        ),
        (
            &[("42e01f", "640032")],
            &["a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f"],
        ),
        (
            &[("42e01f", "f4001f")],
            &["a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=f4001f"],
        ),
        (
            &[(";profile-level-id=42e01f", "")],
            &["a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1\r"],
        ),
        (&[("42e01f", "42e0")], &["a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1\r"]),
        // Packetization mode 0, said or not, is answered as it was offered.
        (
            &[("packetization-mode=1;", "")],
            &["a=fmtp:102 level-asymmetry-allowed=1;profile-level-id=42e01f"],
        ),
        (
            &[("packetization-mode=1", "packetization-mode=0")],
            &["a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f"],
        ),
        (
            &[(FMTP, "a=fmtp:102 x-google-start-bitrate=1000")],
            &["a=rtpmap:102 H264/90000", "!a=fmtp"],
        ),
        (&[(FMTP, "")], &["a=rtpmap:102 H264/90000", "!a=fmtp"]),
        (&[("H264/90000", "h264/90000"), ("packetization-mode", " Packetization-Mode")], &[FMTP]),
        // Feedback: only what was offered.
        (
            &[("a=rtcp-fb:102 nack\n", "")],
            &["a=rtcp-fb:102 nack pli", "!a=rtcp-fb:102 nack\r", "!a=rtcp-fb:102 goog-remb"],
        ),
        (
            &[("a=rtcp-fb:102 nack\n", "a=rtcp-fb:* nack\na=rtcp-fb:* ccm fir\n")],
            &["a=rtcp-fb:102 nack\r", "a=rtcp-fb:102 ccm fir"],
        ),
        (&[("a=rtcp-fb:102 nack\na=rtcp-fb:102 nack pli\n", "")], &["!a=rtcp-fb"]),
        // Header extensions above 14, twice, of one direction, and of the name.
        (
            &[(
                "a=recvonly\n",
                "a=extmap-allow-mixed\na=extmap:15 urn:a\na=extmap:99 urn:b\na=extmap:0 urn:c\n\
                a=extmap:300 urn:d\na=extmap:x urn:e\na=extmap:3 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\n\
                a=extmap:3 urn:f\na=extmap:4 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\n\
                a=extmap:5/sendonly http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time\n\
                a=extmap:6 urn:ietf:params:rtp-hdrext:sdes:mid\na=recvonly\n",
            )],
            &[
                "a=extmap-allow-mixed",
                "a=extmap:3 http",
                "a=extmap:6 urn",
                "!a=extmap:4",
                "!a=extmap:5",
                "!a=extmap:15",
            ],
        ),
        (
            &[
                ("BUNDLE 0", "BUNDLE long-name"),
                ("mid:0", "mid:long-name"),
                ("a=recvonly", "a=extmap:6 urn:ietf:params:rtp-hdrext:sdes:mid\na=recvonly"),
            ],
            &["a=mid:long-name", "!a=extmap:6"],
        ),
        // The transport of the session; several fingerprints; other spellings.
        (
            &[
                ("a=ice-ufrag:abcd\na=ice-pwd:0123456789abcdef01234567\n", ""),
                ("t=0 0\n", "t=0 0\na=ice-ufrag:abcd\na=ice-pwd:0123456789abcdef01234567\n"),
            ],
            &[],
        ),
        (
            &[(
                "a=fingerprint:sha-256 AB",
                "a=fingerprint:sha-512 AB:CD\na=fingerprint:md5 x\na=fingerprint:SHA-256 ab",
            )],
            &[],
        ),
        (&[("a=setup:actpass", "a=setup:active")], &["a=setup:passive"]),
        (&[("a=setup:actpass", "a=setup:passive")], &["a=setup:active"]),
        (
            &[("a=setup:actpass\n", ""), ("t=0 0\n", "t=0 0\na=setup:passive\n")],
            &["a=setup:active"],
        ),
        // RFC 4145 section 4: who says nothing is active.
        (&[("a=setup:actpass\n", "")], &["a=setup:passive"]),
        (&[("a=ice-ufrag", "a=ice-options:ice2 trickle renomination\na=ice-ufrag")], &[]),
        // Candidates of every kind are passed over.
        (
            &[(
                "a=recvonly\n",
                "a=candidate:1 1 TCP 1015021823 192.0.2.2 9 typ host tcptype active\n\
            a=candidate:2 1 udp 1 1f4712db-ea17-4bcf-a596-105139dfd8bf.local 50001 typ host\n\
            a=candidate:3 1 UDP 2015363839 fe80::1%eth0 45324 typ host\n\
            a=candidate:4 2 SCTP x y z typ odd\na=candidate\na=end-of-candidates\na=recvonly\n",
            )],
            &[],
        ),
        (&[("a=recvonly\n", "")], &["a=sendonly"]),
        (&[("a=recvonly", "a=sendrecv")], &["a=sendonly"]),
        (&[("a=recvonly\n", ""), ("t=0 0\n", "t=0 0\na=recvonly\n")], &["a=sendonly"]),
        (&[("UDP/TLS/RTP/SAVPF", "RTP/SAVPF")], &["m=video 9 RTP/SAVPF 102"]),
        (&[("m=video 9 ", "m=video 50000/2 ")], &["m=video 9 UDP"]),
        (
            &[("a=rtcp-mux", "a=rtcp-mux-only\na=rtcp:9 IN IP4 0.0.0.0\na=rtcp-rsize")],
            &["a=rtcp-mux"],
        ),
        // Unknown attributes, numbers that are none, and what is told twice.
        (
            &[(
                "a=recvonly\n",
                "a=\na=x\na=x:\na=:y\nx=1\na=rtpmap\na=rtpmap:x\na=fmtp:\na=rtcp-fb:\na=extmap:\na=rid:1 send\na=simulcast:recv 1\na=recvonly\n",
            )],
            &["!a=rid", "!a=simulcast"],
        ),
        (
            &[
                ("SAVPF 102", "SAVPF 102 102 999 x 103 96"),
                (
                    FMTP,
                    &[
                        "a=rtpmap:102 VP8/90000",
                        FMTP,
                        "a=rtpmap:96 rtx/90000",
                        "a=fmtp:96 rtx-time=3000; apt=102",
                    ]
                    .join("\n"),
                ),
            ],
            &["m=video 9 UDP/TLS/RTP/SAVPF 102 96\r", "a=fmtp:96 apt=102", FMTP],
        ),
    ];
    for (edits, lines) in rows {
        let offer = edited(edits);
        let crlf = offer.replace('\n', "\r\n");
        let trailing = format!("\u{feff}{}\n\n", offer.replace('\n', " \t\n"));
        for offer in [&offer, &crlf, &trailing] {
            let answer = answer(offer, H264).unwrap_or_else(|error| panic!("{error}: {offer}"));
            check::answers(offer.trim_start_matches('\u{feff}'), &answer);
            assert_lines(offer, &answer, lines);
        }
    }
}

#[test]
fn names_of_any_length_and_characters_come_back() {
    for mid in [
        "0",
        "video0",
        "video-receiver-0123456789abcdef-",
        "video_receiver_0123456789abcdef_0",
        "{1f4712db-ea17-4bcf-a596-105139d}",
        "a.b~c!d#e$f%g&h'i*j+k^l`m|n",
        "0123456789abcdef",
        "0123456789abcdefg",
        "_",
        "-",
    ] {
        let offer =
            edited(&[("BUNDLE 0", &format!("BUNDLE {mid}")), ("mid:0", &format!("mid:{mid}"))]);
        let answer = answer(&offer, H264).unwrap_or_else(|error| panic!("{error}: {mid}"));
        check::answers(&offer, &answer);
        assert_lines(&offer, &answer, &[&format!("a=group:BUNDLE {mid}"), &format!("a=mid:{mid}")]);
    }
}

#[test]
fn of_several_sections_one_is_sent_into() {
    let (one, two) = (video(), video().replace("mid:0", "mid:1"));
    let no_h264 = video().replace("H264", "VP8").replace("mid:0", "mid:v8");
    let inactive = video().replace("recvonly", "inactive").replace("mid:0", "mid:i");
    // RFC 9143 section 7.1: it leaves the transport to the tagged section.
    let bundle_only = "m=video 0 UDP/TLS/RTP/SAVPF 102\nc=IN IP4 0.0.0.0\na=bundle-only\na=mid:b\n\
                       a=recvonly\na=rtpmap:102 H264/90000\na=fmtp:102 packetization-mode=1\n";
    let refused = video().replace("video 9", "video 0").replace("mid:0", "mid:r");
    let bare_audio = "m=audio 9 UDP/TLS/RTP/SAVPF 111\na=rtpmap:111 opus/48000/2\n";
    let fax = "m=image 9 udptl t38\n";
    for (group, offered, sent) in [
        ("a=group:BUNDLE 0 1\n", &[one, &two][..], 0),
        ("a=group:BUNDLE 1 0\n", &[one, &two], 0),
        ("", &[one, &two], 0),
        ("a=group:BUNDLE 0\na=group:BUNDLE 1\n", &[one, &two], 0),
        ("a=group:BUNDLE 1\n", &[one, &two], 0),
        ("a=group:BUNDLE v8 1\n", &[&no_h264, &two], 1),
        ("a=group:BUNDLE i 1\n", &[&inactive, &two], 1),
        ("a=group:BUNDLE 1\n", &[&refused, &two], 1),
        ("a=group:BUNDLE a 0\n", &[AUDIO, one], 1),
        ("a=group:BUNDLE 0 a\n", &[AUDIO, one], 1),
        ("a=group:BUNDLE 0\n", &[AUDIO, one], 1),
        ("", &[AUDIO, one], 1),
        ("a=group:BUNDLE a 0 d\n", &[AUDIO, one, DATA], 1),
        ("a=group:BUNDLE d 0\n", &[DATA, one], 1),
        ("a=group:BUNDLE a b\n", &[AUDIO, bundle_only], 1),
        ("", &[bare_audio, one, fax], 1),
    ] {
        let offer = sections(group, offered);
        let answer = answer(&offer, H264).unwrap_or_else(|error| panic!("{error}: {offer}"));
        assert_eq!(check::answers(&offer, &answer), sent, "{answer}");
    }
}

/// Browsers offer again and again a data channel that is refused.
#[test]
fn a_data_channel_beside_the_video_is_taken() {
    let audio_video = "a=group:BUNDLE a 0 d\n";
    for (group, offered, taken) in [
        (audio_video, &[AUDIO, video(), DATA][..], true),
        ("a=group:BUNDLE 0 d\n", &[video(), DATA], true),
        ("a=group:BUNDLE 0\n", &[video(), DATA], false),
        ("a=group:BUNDLE d 0\n", &[DATA, video()], false),
    ] {
        let offer = sections(group, offered);
        let answer = answer(&offer, H264).unwrap_or_else(|error| panic!("{error}: {offer}"));
        let line = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel";
        check::answers(&offer, &answer);
        assert_eq!(answer.contains(line), taken, "{answer}");
        if taken {
            assert_lines(&offer, &answer, &["a=mid:d", "a=sctp-port:5000"]);
        }
    }
}

/// The transport is that of the section that is sent into, not of the first.
#[test]
fn the_transport_is_that_of_the_section_or_of_its_group() {
    let bundle_only =
        "m=video 0 UDP/TLS/RTP/SAVPF 102\na=bundle-only\na=mid:b\na=rtpmap:102 H264/90000\n";
    for (offer, ufrag, fingerprint) in [
        (sections("", &[AUDIO, video()]), "abcd", ":CD\r"),
        (sections("a=group:BUNDLE a 0\n", &[AUDIO, video()]), "efgh", ":EF\r"),
        (sections("a=group:BUNDLE 0 a\n", &[AUDIO, video()]), "abcd", ":CD\r"),
        (sections("a=group:BUNDLE d 0\n", &[DATA, video()]), "abcd", ":CD\r"),
        (sections("a=group:BUNDLE a b\n", &[AUDIO, bundle_only]), "efgh", ":EF\r"),
        (
            sections(
                "a=group:BUNDLE 0 b\n",
                &[AUDIO, &video().replace("H264", "VP8"), bundle_only],
            ),
            "abcd",
            ":CD\r",
        ),
    ] {
        let text = Offer::read(&offer, H264).unwrap().text().to_owned();
        assert!(text.contains(&format!("a=ice-ufrag:{ufrag}\r\n")), "{text}");
        assert!(text.lines().any(|line| format!("{line}\r").ends_with(fingerprint)), "{text}");
    }
}

#[test]
fn payload_types_by_what_the_camera_sends() {
    let offer = |formats: &[&str]| {
        let numbers: Vec<String> = (0..formats.len()).map(|n| (40 + n).to_string()).collect();
        let lines = formats.iter().zip(&numbers).map(|(format, number)| {
            let (name, fmtp) = format.split_once(' ').unwrap_or((format, ""));
            format!("a=rtpmap:{number} {name}/90000\na=fmtp:{number} {fmtp}\n")
        });
        let lines: String = lines.collect();
        edited(&[
            ("a=rtpmap:102 H264/90000\n", ""),
            (FMTP, &lines),
            ("SAVPF 102", &format!("SAVPF {}", numbers.join(" "))),
        ])
    };
    const CB: &str = "H264 packetization-mode=1;profile-level-id=42e01f";
    const CB_0: &str = "H264 profile-level-id=42e01f";
    const HIGH_1: &str = "H264 packetization-mode=1;profile-level-id=64001f";
    const HIGH_0: &str = "H264 profile-level-id=64001f";
    const C_HIGH: &str = "H264 packetization-mode=1;profile-level-id=640c1f";
    const MODE_2: &str = "H264 packetization-mode=2;profile-level-id=42e01f";
    const MAIN: &str = "H265 level-id=180;profile-id=1;tier-flag=0;tx-mode=SRST";
    for (formats, video, first) in [
        // With mode 1 there, nothing else is chosen.
        (&[CB_0, CB][..], H264, Some(41)),
        (&[CB, C_HIGH], H264, Some(40)),
        (&[C_HIGH, CB], HIGH, Some(41)),
        (&[C_HIGH, CB_0], H264, Some(40)),
        (&[CB_0, C_HIGH], HIGH, Some(41)),
        (&[CB_0, HIGH_0], HIGH, Some(41)),
        (&[HIGH_0, CB_0], H264, Some(41)),
        (&[CB_0], H264, Some(40)),
        (&["VP8 x", "H264 "], H264, Some(41)),
        (&[MODE_2], H264, None),
        (&[MODE_2, CB_0], H264, Some(41)),
        (&["VP8 x", "H265 x"], H264, None),
        (&[CB, MAIN], H265, Some(41)),
        (&["H265 Profile-ID=1; x-y=z"], H265, Some(40)),
        (&[CB], H265, None),
        (&[HIGH_1], HIGH, Some(40)),
    ] {
        let offer = offer(formats);
        match (answer(&offer, video), first) {
            (Ok(answer), Some(first)) => {
                check::answers(&offer, &answer);
                let session = Session::answer(1, &offer, video, &settings(), MonoTime::from_us(0));
                let sent = session.unwrap().session.payload_type();
                assert_eq!(sent, first, "{formats:?} for {video:?}: {answer}");
            }
            (Err(OfferError::NoH264 | OfferError::NoH265 { .. }), None) => {}
            (outcome, first) => panic!("{formats:?}: {outcome:?}, not {first:?}"),
        }
    }
}

#[test]
fn what_cannot_be_answered_is_named() {
    let two = |lines: &str| format!("{BASE}{lines}");
    for (offer, words) in [
        (String::new(), "it does not begin with v=0"),
        ("hello\n".to_owned(), "it does not begin with v=0"),
        ("v=0\n".to_owned(), "it has no media section"),
        (
            edited(&[("m=video 9 UDP/TLS/RTP/SAVPF 102", "m=video 9")]),
            "its line m=video 9 is incomplete",
        ),
        (edited(&[("SAVPF 102", "SAVPF 1\u{e9}2")]), "incomplete"),
        (edited(&[("mid:0", "mid:a b")]), "a=mid:a b is no name"),
        (two(video()), "two of its sections are named a=mid:0"),
        (edited(&[("a=ice-ufrag:abcd\n", "")]), "no ICE credentials"),
        (edited(&[("a=ice-pwd:0123456789abcdef01234567\n", "a=ice-pwd:\n")]), "no ICE credentials"),
        (edited(&[("a=fingerprint", "a=fingerprinx")]), "no a=fingerprint"),
        (edited(&[(":CD\n", "\n")]), "none of its fingerprints"),
        (edited(&[("sha-256", "sha-384")]), "none of its fingerprints"),
        (edited(&[("t=0 0\n", "t=0 0\na=ice-lite\n")]), "ICE-Lite"),
        (edited(&[("a=rtcp-mux\n", "")]), "no a=rtcp-mux"),
        (edited(&[("a=recvonly", "a=inactive")]), "it is a=inactive"),
        (edited(&[("a=recvonly", "a=sendonly")]), "it is a=sendonly"),
        (edited(&[("a=recvonly\n", ""), ("t=0 0\n", "t=0 0\na=inactive\n")]), "it is a=inactive"),
        (edited(&[("a=setup:actpass", "a=setup:holdconn")]), "a=setup:holdconn"),
        (edited(&[("UDP/TLS/RTP/SAVPF", "UDP/XYZ")]), "its transport UDP/XYZ"),
        (edited(&[("video 9", "video 0"), ("BUNDLE 0", "BUNDLE 1")]), "its port is 0"),
        (edited(&[("H264", "VP8")]), "no video section with H.264"),
        (edited(&[("H264/90000", "H264/8000")]), "no video section with H.264"),
        (
            edited(&[("packetization-mode=1", "packetization-mode=2")]),
            "no video section with H.264",
        ),
        (sections("a=group:BUNDLE a\n", &[AUDIO]), "no video section with H.264"),
        (sections("", &[DATA]), "no video section with H.264"),
        // What could be cured in the offer is said rather than that another section has no H.264.
        (
            sections(
                "",
                &[
                    &video().replace("H264", "VP8"),
                    &video().replace("recvonly", "inactive").replace("mid:0", "mid:1"),
                ],
            ),
            "it is a=inactive",
        ),
    ] {
        let error = answer(&offer, H264).expect_err(&offer);
        let said = error.to_string();
        assert!(said.contains(words), "{said:?}, not {words:?}, for {offer}");
        assert!(!said.contains('\n'), "{said:?}");
    }
}

/// The offers of `EXPECT.txt` beside the outside test data, as public reports have them.
#[test]
#[ignore = "needs RAZZ_TESTDATA: the offers of clients in ../field/offers beside it"]
fn offers_from_the_field() {
    let folder = std::env::var_os("RAZZ_TESTDATA").map(PathBuf::from);
    let folder = folder.expect("RAZZ_TESTDATA names the folder of the outside test data");
    let folder = folder.join("../field/offers");
    let expected = std::fs::read_to_string(folder.join("EXPECT.txt")).unwrap();
    let mut answered = 0;
    for line in expected.lines().filter(|line| !line.trim().is_empty()) {
        let (name, what) = line.split_once('\t').unwrap();
        let offer = std::fs::read_to_string(folder.join(name).with_extension("sdp")).unwrap();
        assert!(what.starts_with("201"), "{name}: {what}");
        for video in [H264, HIGH] {
            let answer = answer(&offer, video).unwrap_or_else(|error| panic!("{name}: {error}"));
            check::answers(&offer, &answer);
        }
        answered += 1;
    }
    let files = std::fs::read_dir(&folder).unwrap().filter_map(Result::ok);
    let offers = files.filter(|file| file.path().extension().is_some_and(|kind| kind == "sdp"));
    assert_eq!(answered, offers.count(), "every offer has its line");
}
