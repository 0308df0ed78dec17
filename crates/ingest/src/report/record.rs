//! Writes a report while a camera is looked at.

use std::sync::Mutex;

use razz_base::{Codec, MonoTime};
use razz_config::{Source, Transport, redact};
use razz_hub::lock;
use razz_observe::clock::Clock;
use razz_rtsp::{PacketKind, Piece, Pieces};

use super::{Header, Line, Packet, Report, VERSION, What};

/// Packets are kept for so long after the first, in µs.
const MEDIA_US: i64 = 10_000_000;
/// The most packets that are kept.
const MAX_PACKETS: usize = 50_000;
/// The most messages that are kept.
const MAX_MESSAGES: usize = 5_000;
/// So many bytes of a packet are kept behind its RTP header: the headers of NAL unit and slice, and
/// hardly more.
const KEPT: usize = 24;
/// Of what belongs to no message and no packet.
const KEPT_SKIPPED: usize = 64;

/// Notes what happens.
pub struct Recorder {
    clock: Clock,
    begun: MonoTime,
    noted: Mutex<Noted>,
}

struct Noted {
    report: Report,
    /// What the packets carry.
    codec: Codec,
    /// The channels of audio, of which nothing but headers is kept.
    audio: Option<(u8, u8)>,
    first_packet: Option<i64>,
    packets: usize,
    messages: usize,
}

impl Recorder {
    /// Of the camera at `source`.
    pub fn new(source: &Source, clock: Clock) -> Self {
        let transport = match source.transport {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
            Transport::Http => "http",
        };
        let header = Header {
            razz_report: VERSION,
            razz: env!("CARGO_PKG_VERSION").to_owned(),
            url: source.to_string(),
            transport: transport.to_owned(),
            credentials: source.credentials.is_some(),
        };
        let report = Report { header, lines: Vec::new() };
        let (codec, audio, first_packet) = (Codec::default(), None, None);
        let noted = Noted { report, codec, audio, first_packet, packets: 0, messages: 0 };
        Self { clock, begun: clock.mono(), noted: Mutex::new(noted) }
    }

    /// What was noted so far, and what was found.
    pub fn report(&self, found: serde_json::Value) -> Report {
        self.note(What::Found(found));
        lock(&self.noted).report.clone()
    }

    /// A connection begins.
    pub(crate) fn connected(&self, to: &str) {
        lock(&self.noted).audio = None;
        self.note(What::Connected(to.to_owned()));
    }

    /// The connection is over.
    pub(crate) fn closed(&self, why: &str) {
        self.note(What::Closed(redact::text(why).into_owned()));
    }

    /// We said something.
    pub(crate) fn sent(&self, bytes: &[u8]) {
        // Receiver reports are not the dialogue.
        if bytes.first() != Some(&b'$') {
            let what = What::Sent(masked(bytes));
            self.message(what);
        }
    }

    /// Pieces came over the connection.
    pub(crate) fn came(&self, pieces: &mut Pieces) {
        while let Some(piece) = pieces.pop() {
            match piece {
                Piece::Message(bytes) => {
                    let text = masked(&bytes);
                    if let Some(codec) = described(&text) {
                        lock(&self.noted).codec = codec;
                    }
                    self.message(What::Came(text));
                }
                Piece::Packet { channel, data } => {
                    let audio = lock(&self.noted).audio;
                    let kept = match audio {
                        Some((rtp, _)) if channel == rtp => payload_at(&data),
                        Some((_, rtcp)) if channel == rtcp => data.len(),
                        _ if channel % 2 == 0 => self.kept(&data),
                        _ => data.len(),
                    };
                    self.packet(What::Packet(Packet::of(channel, &data, kept)));
                }
                Piece::Skipped(bytes) => {
                    self.packet(What::Skipped(Packet::of(0, &bytes, KEPT_SKIPPED)));
                }
            }
        }
    }

    /// Audio will come on these channels of the connection.
    pub(crate) fn audio_on(&self, rtp: u8, rtcp: u8) {
        lock(&self.noted).audio = Some((rtp, rtcp));
    }

    /// A datagram of audio came.
    pub(crate) fn audio_datagram(&self, kind: PacketKind, data: &[u8]) {
        let packet = match kind {
            PacketKind::Rtp => Packet::of(2, data, payload_at(data)),
            PacketKind::Rtcp => Packet::of(3, data, data.len()),
        };
        self.packet(What::Datagram(packet));
    }

    /// A datagram came.
    pub(crate) fn datagram(&self, kind: PacketKind, data: &[u8]) {
        let packet = match kind {
            PacketKind::Rtp => Packet::of(0, data, self.kept(data)),
            PacketKind::Rtcp => Packet::of(1, data, data.len()),
        };
        self.packet(What::Datagram(packet));
    }

    fn kept(&self, data: &[u8]) -> usize {
        kept(data, lock(&self.noted).codec)
    }

    fn message(&self, what: What) {
        let mut noted = lock(&self.noted);
        noted.messages += 1;
        let room = noted.messages <= MAX_MESSAGES;
        drop(noted);
        if room {
            self.note(what);
        }
    }

    fn packet(&self, what: What) {
        let now = self.clock.mono().since_us(self.begun);
        let mut noted = lock(&self.noted);
        let first = *noted.first_packet.get_or_insert(now);
        noted.packets += 1;
        let room = noted.packets <= MAX_PACKETS && now - first <= MEDIA_US;
        drop(noted);
        if room {
            self.note(what);
        }
    }

    fn note(&self, what: What) {
        let t = self.clock.mono().since_us(self.begun);
        lock(&self.noted).report.lines.push(Line { t, what });
    }
}

/// A message's bytes as text, each byte a character, without credentials. Where the body is masked, its
/// announced length is as well.
fn masked(bytes: &[u8]) -> String {
    let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return redact::text(&text).into_owned();
    };
    let (head, masked) = (redact::text(head), redact::text(body));
    let mut lines: Vec<String> = head.split("\r\n").map(str::to_owned).collect();
    if masked.len() != body.len() {
        // Each character is a byte, and none is masked but by ASCII.
        let length = masked.chars().count();
        for line in &mut lines {
            if let Some((name, _)) = line.split_once(':')
                && name.trim().eq_ignore_ascii_case("Content-Length")
            {
                *line = format!("{name}: {length}");
            }
        }
    }
    format!("{}\r\n\r\n{masked}", lines.join("\r\n"))
}

/// Which of a session description's videos is taken: see `Run::choose`.
fn described(text: &str) -> Option<Codec> {
    let upper = text.to_ascii_uppercase();
    let names = |name: &str| upper.contains(name);
    if names("H264/") {
        Some(Codec::H264)
    } else if names("H265/") || names("HEVC/") {
        Some(Codec::H265)
    } else {
        // Payload type 26 is JPEG without being described.
        let is_jpeg = names("JPEG/") || (names("M=VIDEO") && names("RTP/AVP 26"));
        is_jpeg.then_some(Codec::Mjpeg)
    }
}

/// How many bytes of an RTP packet are kept: parameter sets and tables whole, since it takes all of them to
/// know what follows, of everything else no more than its headers.
fn kept(packet: &[u8], codec: Codec) -> usize {
    let payload = payload_at(packet);
    let end = match codec {
        Codec::H264 => sets_end(&packet[payload..], false),
        Codec::H265 => sets_end(&packet[payload..], true),
        Codec::Mjpeg => return payload + jpeg_headers(&packet[payload..]),
    };
    payload + end.max(KEPT)
}

/// How long the headers of a JPEG payload are, with the quantisation tables (RFC 2435 section 3.1); of
/// the picture nothing is kept.
fn jpeg_headers(payload: &[u8]) -> usize {
    let Some(&[_, o1, o2, o3, kind, quality, _, _]) = payload.first_chunk::<8>() else {
        return payload.len();
    };
    let mut end = if kind & 64 == 0 { 8 } else { 12 };
    if quality >= 128 && [o1, o2, o3] == [0; 3] {
        let length = payload
            .get(end + 2..end + 4)
            .map_or(0, |length| usize::from(u16::from_be_bytes([length[0], length[1]])));
        end += 4 + length;
    }
    end.min(payload.len())
}

/// Where the payload of an RTP packet begins (RFC 3550 section 5.1).
fn payload_at(packet: &[u8]) -> usize {
    let Some(first) = packet.first() else { return 0 };
    let sources = 12 + 4 * usize::from(first & 15);
    let extension = match packet.get(sources + 2..sources + 4) {
        Some(length) if first & 16 != 0 => {
            4 + 4 * usize::from(u16::from_be_bytes([length[0], length[1]]))
        }
        _ => 0,
    };
    (sources + extension).min(packet.len())
}

/// Where the last parameter set of a payload ends (RFC 6184 sections 5.6 and 5.7.1, RFC 7798 sections
/// 4.4.1 and 4.4.2); 0 where there is none.
fn sets_end(payload: &[u8], h265: bool) -> usize {
    let Some(first) = payload.first() else { return 0 };
    let kind = |byte: u8| if h265 { byte >> 1 & 63 } else { byte & 31 };
    let is_set = |byte: u8| match h265 {
        true => matches!(kind(byte), 32..=34),
        false => matches!(kind(byte), 7 | 8),
    };
    if is_set(*first) {
        return payload.len();
    }
    let header = match (h265, kind(*first)) {
        (false, 24) => 1,
        (true, 48) => 2,
        _ => return 0,
    };
    let (mut at, mut end) = (header, 0);
    while let Some(&[high, low, first]) = payload.get(at..at + 3) {
        let next = at + 2 + usize::from(u16::from_be_bytes([high, low]));
        if is_set(first) {
            end = next.min(payload.len());
        }
        at = next;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_sets_are_kept_and_pictures_are_not() {
        let rtp = |payload: &[u8]| [&[0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7], payload].concat();
        let long = |begin: &[u8]| [begin, &[0x55; 300]].concat();
        let aggregate = |begin: &[u8]| {
            [begin, &[0, 40, 0x67], &[1; 39], &[0, 4, 0x68, 1, 1, 1, 1, 0, 0x65], &[9; 255]]
                .concat()
        };
        for (payload, codec, expected) in [
            (long(&[0x67]), Codec::H264, 301),
            (long(&[0x68]), Codec::H264, 301),
            (long(&[0x41]), Codec::H264, KEPT),
            (long(&[0x65]), Codec::H264, KEPT),
            (long(&[0x7C, 0x85]), Codec::H264, KEPT),
            (long(&[0x42, 1]), Codec::H265, 302),
            (long(&[0x02, 1]), Codec::H265, KEPT),
            // 0x41 is a slice of H.264 and would be a parameter set of H.265.
            (long(&[0x40, 1]), Codec::H264, KEPT),
            (aggregate(&[0x78]), Codec::H264, 1 + 42 + 6),
            (Vec::new(), Codec::H264, KEPT),
            // Of JPEG its headers, and tables where the first packet of a picture has some.
            (long(&[0, 0, 0, 0, 1, 75, 80, 45]), Codec::Mjpeg, 8),
            (long(&[0, 0, 0, 0, 65, 75, 80, 45, 0, 40, 0xFF, 0xFF]), Codec::Mjpeg, 12),
            (long(&[0, 0, 0, 0, 1, 255, 80, 45, 0, 0, 0, 128]), Codec::Mjpeg, 140),
            (long(&[0, 0, 5, 0, 1, 255, 80, 45, 0, 0, 0, 128]), Codec::Mjpeg, 8),
            (vec![0, 0, 0, 0, 1, 255, 80, 45, 0, 0, 0, 128, 3], Codec::Mjpeg, 13),
        ] {
            assert_eq!(kept(&rtp(&payload), codec), 12 + expected, "{payload:02x?}");
        }
        let extended =
            [0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0xBE, 0xDE, 0, 1, 1, 2, 3, 4, 0x67, 9];
        assert_eq!(payload_at(&extended), 20);
        assert_eq!(kept(&extended, Codec::H264), 20 + KEPT);
        for cut in 0..extended.len() {
            kept(&extended[..cut], Codec::H265);
            kept(&extended[..cut], Codec::Mjpeg);
        }
    }

    #[test]
    fn the_video_that_is_taken_is_known_by_its_description() {
        for (text, expected) in [
            ("m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000", Some(Codec::H264)),
            ("m=video 0 RTP/AVP 96\r\na=rtpmap:96 hevc/90000", Some(Codec::H265)),
            ("m=video 0 RTP/AVP 26\r\na=rtpmap:26 JPEG/90000", Some(Codec::Mjpeg)),
            ("m=video 0 RTP/AVP 26\r\na=control:trackID=1", Some(Codec::Mjpeg)),
            (
                "m=video 0 RTP/AVP 26\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000",
                Some(Codec::H264),
            ),
            ("RTSP/1.0 200 OK\r\nCSeq: 26", None),
        ] {
            assert_eq!(described(text), expected, "{text}");
        }
    }

    #[test]
    fn messages_lose_their_credentials_and_nothing_else() {
        let request = b"DESCRIBE rtsp://h/s?password=hunter2 RTSP/1.0\r\nCSeq: 2\r\n\
                        Authorization: Digest username=\"u\", response=\"0123\"\r\n\r\n";
        let text = masked(request);
        assert!(
            text.starts_with("DESCRIBE rtsp://h/s?password=*** RTSP/1.0\r\nCSeq: 2\r\n"),
            "{text}"
        );
        assert!(!text.contains("0123") && !text.contains("hunter2"), "{text}");
        let body = "v=0\r\na=control:rtsp://u:hunter2@h/s\r\n";
        let answer = format!("RTSP/1.0 200 OK\r\nContent-length : {}\r\n\r\n{body}", body.len());
        let text = masked(answer.as_bytes());
        let (head, masked) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-length : {}", masked.len())), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(
            super::masked(b"RTSP/1.0 200 OK\r\nServer: caf\xe9\r\n\r\n").chars().count(),
            33
        );
    }
}
