//! Reads session descriptions (SDP, RFC 8866), as far as playing needs it and as cameras write them.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

/// What a camera offers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Description {
    /// Its media sections, in order.
    pub media: Vec<Media>,
    /// The address of the whole session, as written; empty where it is not.
    pub(crate) control: String,
    /// It does not begin with `v=`, or has lines that are none.
    pub(crate) odd: bool,
}

/// A media section.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Media {
    /// `video`, `audio`, `application` and others, in lower case.
    pub kind: String,
    /// How it may be encoded, in the order of the section's first line.
    pub formats: Vec<Format>,
    /// Its packets are encrypted (SRTP).
    pub is_srtp: bool,
    /// Width and height of its pictures, where it says them (`a=framesize`, `a=x-dimensions`).
    pub picture_size: Option<(u32, u32)>,
    pub(crate) control: String,
}

/// An encoding of a media section.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Format {
    /// RTP's payload type.
    pub payload_type: u8,
    /// Such as `h264`, in lower case; empty where nothing says it.
    pub encoding: String,
    /// RTP's clock, in Hz; 0 where nothing says it.
    pub clock_rate: u32,
    /// `a=fmtp`, as name and value, names in lower case.
    pub parameters: Vec<(String, String)>,
}

impl Format {
    /// A parameter's value.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The parameter sets of H.264 (RFC 6184 section 8.1) or H.265 (RFC 7798 section 7.1), as NAL units
    /// without start codes. One that cannot be read is left out.
    pub fn parameter_sets(&self) -> Vec<Bytes> {
        // Some leave the padding away, some cut it.
        let config = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        let base64 = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
        ["sprop-vps", "sprop-sps", "sprop-pps", "sprop-parameter-sets"]
            .into_iter()
            .filter_map(|name| self.parameter(name))
            .flat_map(|value| value.split(','))
            .filter_map(|set| base64.decode(set.trim()).ok())
            // Some write start codes in front.
            .map(|set| without_start_code(set.into()))
            .filter(|set| !set.is_empty())
            .collect()
    }
}

fn without_start_code(set: Bytes) -> Bytes {
    let zeros = set.iter().take_while(|byte| **byte == 0).count();
    if zeros >= 2 && set.get(zeros) == Some(&1) { set.slice(zeros + 1..) } else { set }
}

/// What is no session description.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the answer to DESCRIBE is no session description; it begins with {0:?}")]
pub struct NotADescription(String);

impl Description {
    /// Reads the body of an answer to DESCRIBE.
    ///
    /// # Errors
    /// When no line of it is one of SDP's.
    pub fn parse(body: &[u8]) -> Result<Self, NotADescription> {
        let text = String::from_utf8_lossy(body);
        let mut description = Self::default();
        let mut known = 0;
        let lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
        for (number, line) in lines.enumerate() {
            let Some((kind, value)) = line.split_once('=').filter(|(kind, _)| is_type(kind)) else {
                description.odd = true;
                continue;
            };
            known += 1;
            description.odd |= number == 0 && kind != "v";
            match (kind, description.media.last_mut()) {
                ("m", _) => description.media.push(media(value)),
                ("a", None) => {
                    if let Some(control) = value.strip_prefix("control:") {
                        description.control = control.trim().to_owned();
                    }
                }
                ("a", Some(media)) => attribute(media, value),
                _ => {}
            }
        }
        if known == 0 {
            let begin: String = text.trim_start().chars().take(40).collect();
            return Err(NotADescription(begin));
        }
        for format in description.media.iter_mut().flat_map(|media| &mut media.formats) {
            name_static(format);
        }
        Ok(description)
    }
}

fn is_type(kind: &str) -> bool {
    matches!(kind.as_bytes(), [byte] if byte.is_ascii_lowercase())
}

/// `video 0 RTP/AVP 96 97` (section 5.14).
fn media(value: &str) -> Media {
    let mut words = value.split_whitespace();
    let kind = words.next().unwrap_or_default().to_ascii_lowercase();
    let protocol = words.nth(1).unwrap_or_default();
    // RTP/SAVP and RTP/SAVPF (RFC 3711 section 10, RFC 5124 section 4.1).
    let is_srtp = protocol.to_ascii_uppercase().contains("SAVP");
    let formats = words
        .filter_map(|word| word.parse().ok().filter(|payload_type| *payload_type < 128))
        .map(|payload_type| Format { payload_type, ..Format::default() })
        .collect();
    Media { kind, is_srtp, formats, ..Media::default() }
}

fn attribute(media: &mut Media, value: &str) {
    let (name, value) = value.split_once(':').unwrap_or((value, ""));
    let value = value.trim();
    match name.trim() {
        "control" => media.control = value.to_owned(),
        "rtpmap" => {
            let Some((format, value)) = format(media, value) else { return };
            // `H264/90000`, of audio with `/channels` behind.
            let mut parts = value.split('/').map(str::trim);
            format.encoding = parts.next().unwrap_or_default().to_ascii_lowercase();
            format.clock_rate = parts.next().and_then(|rate| rate.parse().ok()).unwrap_or(0);
        }
        "fmtp" => {
            let Some((format, value)) = format(media, value) else { return };
            let parameters = value.split(';').map(str::trim).filter(|part| !part.is_empty());
            format.parameters.extend(parameters.map(|part| {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                (name.trim().to_ascii_lowercase(), value.trim().to_owned())
            }));
        }
        // RFC 6064 section 5.1.1.1: `96 1920-1080`.
        "framesize" => {
            let size = value.split_once([' ', '\t']).and_then(|(_, size)| pair(size, '-'));
            media.picture_size = size.or(media.picture_size);
        }
        // What GStreamer writes where pictures are too large for RFC 2435: `1920,1080`.
        "x-dimensions" => media.picture_size = pair(value, ',').or(media.picture_size),
        _ => {}
    }
}

/// Two numbers above 0, such as a width and a height.
fn pair(value: &str, between: char) -> Option<(u32, u32)> {
    let (width, height) = value.trim().split_once(between)?;
    let number = |text: &str| text.trim().parse().ok().filter(|number| *number > 0);
    Some((number(width)?, number(height)?))
}

/// The format that an attribute is about, and the rest of the attribute. One that the first line does
/// not list is added: some cameras list 96 there and describe 97.
fn format<'a, 'b>(media: &'a mut Media, value: &'b str) -> Option<(&'a mut Format, &'b str)> {
    let (number, rest) = value.split_once([' ', '\t'])?;
    let payload_type = number.trim().parse().ok().filter(|number| *number < 128)?;
    let at = media.formats.iter().position(|format| format.payload_type == payload_type);
    let at = at.unwrap_or_else(|| {
        media.formats.push(Format { payload_type, ..Format::default() });
        media.formats.len() - 1
    });
    Some((&mut media.formats[at], rest.trim()))
}

/// The encodings of RFC 3551 section 6 that cameras use without describing them.
fn name_static(format: &mut Format) {
    if !format.encoding.is_empty() {
        return;
    }
    let (encoding, clock_rate) = match format.payload_type {
        0 => ("pcmu", 8000),
        8 => ("pcma", 8000),
        9 => ("g722", 8000),
        14 => ("mpa", 90_000),
        26 => ("jpeg", 90_000),
        31 => ("h261", 90_000),
        32 => ("mpv", 90_000),
        33 => ("mp2t", 90_000),
        34 => ("h263", 90_000),
        _ => return,
    };
    format.encoding = encoding.to_owned();
    format.clock_rate = clock_rate;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_with_video_audio_and_metadata() {
        let sdp = b"v=0\r\no=- 1 1 IN IP4 10.0.0.5\r\ns=Media\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n\
            a=control:rtsp://10.0.0.5/s/\r\nm=audio 0 RTP/AVP 8\r\na=control:trackID=1\r\n\
            m=video 0 RTP/AVP 96\r\nb=AS:4000\r\na=rtpmap:96 H264/90000\r\na=control:trackID=0\r\n\
            a=fmtp:96 packetization-mode=1; profile-level-id=640028;sprop-parameter-sets=Z2QAKA==,aO48\r\n\
            m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n\
            m=audio 0 RTP/AVP 0\r\na=sendonly\r\n";
        let found = Description::parse(sdp).unwrap();
        assert!(!found.odd);
        assert_eq!(found.control, "rtsp://10.0.0.5/s/");
        let kinds: Vec<&str> = found.media.iter().map(|media| media.kind.as_str()).collect();
        assert_eq!(kinds, ["audio", "video", "application", "audio"]);
        assert_eq!(found.media[0].formats[0].encoding, "pcma");
        let video = &found.media[1];
        assert_eq!(video.control, "trackID=0");
        let format = &video.formats[0];
        assert_eq!((format.payload_type, format.clock_rate), (96, 90_000));
        assert_eq!(format.encoding, "h264");
        assert_eq!(format.parameter("profile-level-id"), Some("640028"));
        assert_eq!(format.parameter_sets(), [&[0x67, 0x64, 0, 0x28][..], &[0x68, 0xEE, 0x3C]]);
    }

    #[test]
    fn the_size_of_pictures_is_read_where_it_is_said() {
        for (attribute, expected) in [
            ("a=framesize:26 2592-1944", Some((2592, 1944))),
            ("a=x-dimensions:2592,1944", Some((2592, 1944))),
            ("a=x-dimensions: 640 , 360", Some((640, 360))),
            ("a=framesize:26 0-1944", None),
            ("a=framesize:2592-1944", None),
            ("a=x-dimensions:2592", None),
            ("a=x-dimensions:640,360\r\na=framesize:26 x", Some((640, 360))),
        ] {
            let sdp = format!("v=0\r\nm=video 0 RTP/AVP 26\r\n{attribute}\r\n");
            let found = Description::parse(sdp.as_bytes()).unwrap();
            assert_eq!(found.media[0].picture_size, expected, "{attribute}");
            let format = &found.media[0].formats[0];
            assert_eq!((format.encoding.as_str(), format.clock_rate), ("jpeg", 90_000));
        }
    }

    #[test]
    fn encrypted_packets_are_told_by_their_protocol() {
        for (protocol, is_srtp) in [
            ("RTP/AVP", false),
            ("RTP/AVPF", false),
            ("RTP/SAVP", true),
            ("rtp/savpf", true),
            ("UDP/TLS/RTP/SAVPF", true),
        ] {
            let sdp = format!("v=0\r\nm=video 0 {protocol} 96\r\na=rtpmap:96 H264/90000\r\n");
            let found = Description::parse(sdp.as_bytes()).unwrap();
            assert_eq!(found.media[0].is_srtp, is_srtp, "{protocol}");
            assert_eq!(found.media[0].formats[0].encoding, "h264");
        }
    }

    #[test]
    fn what_is_odd_is_read_as_far_as_it_goes() {
        for (sdp, encoding, sets) in [
            ("m=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\n", "h265", 0),
            ("m=video 0 RTP/AVP 96\r\ra=rtpmap: 96  H264/90000\r", "h264", 0),
            ("v=0\nm=video 0 RTP/AVP 96\na=rtpmap:96 h264/90000\nnonsense\n\n=\n", "h264", 0),
            (
                "v=0\nm=VIDEO 0 RTP/AVP 96 97\na=rtpmap:96 H264\na=fmtp:96 sprop-parameter-sets=\n",
                "h264",
                0,
            ),
            // No padding; cut in the middle; a start code; three sets.
            (
                "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=Z2QAKA,aO48,!!,AAAAAWjuPA==\n",
                "h264",
                3,
            ),
            (
                "m=video 0 RTP/AVP 96\na=rtpmap:96 H265/90000\na=fmtp:96 sprop-vps=QAE=; sprop-sps=QgE=;sprop-pps=RAE=\n",
                "h265",
                3,
            ),
            ("m=video 0 RTP/AVP 96\na=rtpmap:97 H264/90000\n", "", 0),
            ("m=video 0 RTP/AVP 26\n", "jpeg", 0),
        ] {
            let found = Description::parse(sdp.as_bytes()).unwrap();
            let video = &found.media[0];
            assert_eq!(video.kind, "video", "{sdp}");
            assert_eq!(video.formats[0].encoding, encoding, "{sdp}");
            assert_eq!(video.formats[0].parameter_sets().len(), sets, "{sdp}");
        }
        // What the first line does not list.
        let found = Description::parse(b"m=video 0 RTP/AVP 96\na=rtpmap:97 H264/90000\n").unwrap();
        assert_eq!(found.media[0].formats[1].encoding, "h264");
    }

    #[test]
    fn what_is_no_description_is_said_with_its_beginning() {
        let error = Description::parse(b"\r\n<html><body>Please update</body>").unwrap_err();
        assert!(error.to_string().contains("<html><body>"), "{error}");
        assert!(Description::parse(b"").is_err());
        assert!(Description::parse(b"v=0\r\n").unwrap().media.is_empty());
    }
}
