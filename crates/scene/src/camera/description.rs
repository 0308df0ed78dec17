//! The session description that DESCRIBE answers with (RFC 8866, RFC 6184 section 8.2.1).

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use razz_media::h264::nal_units;

use super::bitstream::with_ids;
use super::dialogue::private;
use super::faults::Description;
use super::packet_stage::PAYLOAD_TYPE;
use super::quirk::{Quirk, Quirks};
use crate::Footage;

/// The video's address, relative to the mount's.
pub(crate) const CONTROL: &str = "trackID=0";
/// The audio's, where there is any.
pub(crate) const AUDIO_CONTROL: &str = "trackID=1";
/// What SETUP has to repeat with [`Quirk::ControlWithQuery`].
pub(crate) const TOKEN: &str = "token=a1b2";

/// The SDP of a footage, or `None` while its first picture is not ready. `base` is the mount's address
/// without a slash at its end.
pub(crate) fn session_description(
    footage: &Footage,
    claim: Description,
    quirks: Quirks,
    host: IpAddr,
    base: &str,
    session: u32,
) -> Option<String> {
    if claim == Description::Garbage {
        return Some("<html><body>Please update your firmware.</body></html>\r\n".to_owned());
    }
    let has = |quirk| quirks.has(quirk);
    let head = session_lines(quirks, host, session);
    let media = match claim {
        Description::NoMedia => return Some(head),
        Description::Mpeg4 => "m=video 0 RTP/AVP 96\r\na=rtpmap:96 MP4V-ES/90000\r\n".to_owned(),
        _ => h264(footage, claim == Description::H264, quirks)?,
    };
    let control = match control(quirks, base) {
        Some(address) => format!("a=control:{address}\r\n"),
        None => String::new(),
    };
    let mut sections = vec![format!("{media}a=framerate:{}\r\n{control}", footage.fps())];
    let audio =
        format!("m=audio 0 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=control:{AUDIO_CONTROL}\r\n");
    let metadata = "m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n\
                    a=recvonly\r\na=control:trackID=2\r\n";
    if has(Quirk::AudioFirst) {
        sections.insert(0, audio);
    } else if quirks.has_any(&[Quirk::AudioLast, Quirk::AudioNeeded]) {
        sections.push(audio);
    }
    if has(Quirk::MetadataSection) {
        sections.push(metadata.to_owned());
    }
    let mut sdp = format!("{head}{}", sections.concat());
    if has(Quirk::SdpUnknownLines) {
        sdp.push_str("y=7\r\n\r\nfirmware\r\n");
    }
    if has(Quirk::SdpCutShort) {
        sdp.truncate(sdp.trim_end().len());
    }
    if has(Quirk::SdpLineFeeds) {
        sdp = sdp.replace("\r\n", "\n");
    }
    Some(sdp)
}

fn session_lines(quirks: Quirks, host: IpAddr, session: u32) -> String {
    let family = if host.is_ipv4() { "IP4" } else { "IP6" };
    let any = if host.is_ipv4() { "0.0.0.0" } else { "::" };
    let version = if quirks.has(Quirk::SdpWithoutVersion) { "" } else { "v=0\r\n" };
    let origin = format!(
        "o=- {session} 1 IN {family} {host}\r\ns=razz demo camera\r\nc=IN {family} {any}\r\n\
         t=0 0\r\n"
    );
    let control = match quirks.has(Quirk::ControlMissing) {
        true => "",
        false => "a=control:*\r\n",
    };
    let attributes = format!("a=range:npt=now-\r\n{control}");
    if quirks.has(Quirk::SdpAttributesFirst) {
        return format!("{version}{attributes}a=type:broadcast\r\n{origin}");
    }
    format!("{version}{origin}{attributes}")
}

/// The medium's control address.
fn control(quirks: Quirks, base: &str) -> Option<String> {
    let has = |quirk| quirks.has(quirk);
    if has(Quirk::ControlMissing) {
        None
    } else if has(Quirk::ControlStar) {
        Some("*".to_owned())
    } else if has(Quirk::ControlAbsolute) {
        Some(format!("{base}/{CONTROL}"))
    } else if has(Quirk::ControlAbsolutePrivate) {
        Some(private(&format!("{base}/{CONTROL}")))
    } else if has(Quirk::ControlAbsolutePath) {
        let path = base.splitn(4, '/').nth(3).unwrap_or("");
        Some(format!("/{path}/{CONTROL}"))
    } else if has(Quirk::ControlWithQuery) {
        Some(format!("{CONTROL}?{TOKEN}"))
    } else {
        Some(CONTROL.to_owned())
    }
}

fn h264(footage: &Footage, with_parameter_sets: bool, quirks: Quirks) -> Option<String> {
    let has = |quirk| quirks.has(quirk);
    let first = footage.frame(0)?;
    let find =
        |kind: u8| nal_units(&first.annex_b).find(|nal| nal.first().map(|b| b & 31) == Some(kind));
    let mut parameters = vec!["packetization-mode=1".to_owned()];
    if let (Some(sps), Some(pps)) = (find(7), find(8)) {
        // profile_idc, constraint flags, level_idc: the three bytes after the NAL header.
        if let Some(bytes) = sps.get(1..4) {
            let level = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
            parameters.push(format!("profile-level-id={level:06x}"));
        }
        if with_parameter_sets && !has(Quirk::SpropMissing) {
            parameters.push(format!("sprop-parameter-sets={}", sprop(quirks, sps, pps)));
        }
    }
    let format = match has(Quirk::FmtpSpaces) {
        true => format!("{} ;", parameters.join(" ; ").replace('=', " = ")),
        false => parameters.join(";"),
    };
    let encoding = if has(Quirk::SdpH265) {
        "H265"
    } else if has(Quirk::EncodingLowerCase) {
        "h264"
    } else {
        "H264"
    };
    let (types, others) = match has(Quirk::PayloadTypesSeveral) {
        true => (
            " 97 98",
            "a=rtpmap:97 MP4V-ES/90000\r\na=rtpmap:98 vnd.onvif.metadata/90000\r\n\
             a=fmtp:97 profile-level-id=1\r\n",
        ),
        false => ("", ""),
    };
    let fmtp = match has(Quirk::FmtpMissing) || has(Quirk::SdpH265) {
        true => String::new(),
        false => format!("a=fmtp:{PAYLOAD_TYPE} {format}\r\n"),
    };
    Some(format!(
        "m=video 0 RTP/AVP {PAYLOAD_TYPE}{types}\r\n\
         a=rtpmap:{PAYLOAD_TYPE} {encoding}/90000\r\n{others}{fmtp}"
    ))
}

/// The value of `sprop-parameter-sets` (RFC 6184 section 8.1).
fn sprop(quirks: Quirks, sps: &[u8], pps: &[u8]) -> String {
    let sets = [sps, pps].map(|set| STANDARD.encode(set)).join(",");
    if quirks.has(Quirk::SpropEmpty) {
        String::new()
    } else if quirks.has(Quirk::SpropTruncated) {
        // Within the SPS, and by no whole number of bytes.
        sets[..9].to_owned()
    } else if quirks.has(Quirk::SpropMany) {
        let spare = [with_ids(sps, 1, 1), with_ids(pps, 1, 1), with_ids(pps, 0, 2)];
        let spare = spare.into_iter().flatten().map(|set| STANDARD.encode(set));
        [sets].into_iter().chain(spare).collect::<Vec<_>>().join(",")
    } else {
        sets
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use razz_base::Size;

    #[test]
    fn each_quirk_shows_in_the_description() {
        let footage = Footage::clip(1, 0, 1, Size::new(320, 180)).unwrap();
        let describe = |quirks: Quirks| {
            let (claim, host) = (Description::H264, IpAddr::from([127, 0, 0, 1]));
            let base = "rtsp://127.0.0.1:8554/camera1";
            session_description(&footage, claim, quirks, host, base, 5).unwrap()
        };
        let plain = describe(Quirks::NONE);
        assert!(plain.starts_with("v=0\r\no=- 5 1 IN IP4 127.0.0.1\r\n"), "{plain}");
        assert!(plain.ends_with("a=framerate:30\r\na=control:trackID=0\r\n"), "{plain}");
        for (quirk, has, has_not) in [
            (Quirk::SdpWithoutVersion, "o=-", "v=0"),
            (Quirk::SdpLineFeeds, "v=0\no=- ", "\r"),
            (
                Quirk::SdpAttributesFirst,
                "v=0\r\na=range:npt=now-\r\na=control:*\r\na=type",
                "0 0\r\na",
            ),
            (Quirk::SdpUnknownLines, "y=7\r\n\r\nfirmware\r\n", "\n\n"),
            (Quirk::SdpCutShort, "a=control:trackID=0", "trackID=0\r\n"),
            (Quirk::SdpH265, "a=rtpmap:96 H265/90000", "H264"),
            (Quirk::ControlAbsolute, "control:rtsp://127.0.0.1:8554/camera1/trackID=0\r\n", "\n\n"),
            (
                Quirk::ControlAbsolutePrivate,
                "control:rtsp://192.168.1.2/camera1/trackID=0",
                ":8554",
            ),
            (Quirk::ControlAbsolutePath, "a=control:/camera1/trackID=0\r\n", "\n\n"),
            (Quirk::ControlStar, "framerate:30\r\na=control:*\r\n", "trackID"),
            (Quirk::ControlMissing, "m=video", "control"),
            (Quirk::ControlWithQuery, "a=control:trackID=0?token=a1b2\r\n", "\n\n"),
            (Quirk::PayloadTypesSeveral, "m=video 0 RTP/AVP 96 97 98\r\n", "\n\n"),
            (Quirk::AudioFirst, "trackID=1\r\nm=video", "\n\n"),
            (Quirk::AudioLast, "trackID=0\r\nm=audio", "\n\n"),
            (Quirk::AudioNeeded, "trackID=0\r\nm=audio", "\n\n"),
            (Quirk::MetadataSection, "trackID=0\r\nm=application", "\n\n"),
            (Quirk::SpropMissing, "profile-level-id=42", "sprop"),
            (Quirk::SpropTruncated, "sprop-parameter-sets=Z0", ","),
            (Quirk::SpropEmpty, "sprop-parameter-sets=\r\n", "=Z0"),
            (Quirk::SpropMany, "sprop-parameter-sets=Z0", "\n\n"),
            (Quirk::FmtpMissing, "rtpmap", "fmtp"),
            (Quirk::FmtpSpaces, "packetization-mode = 1 ; profile-level-id = ", "id=42"),
            (Quirk::EncodingLowerCase, "a=rtpmap:96 h264/90000\r\n", "H264"),
        ] {
            let sdp = describe(quirk.into());
            assert!(sdp.contains(has) && !sdp.contains(has_not), "{quirk:?}: {sdp}");
            assert_ne!(sdp, plain, "{quirk:?}");
        }
        let many = describe(Quirk::SpropMany.into());
        assert_eq!(many.matches(',').count(), 4, "five sets: {many}");
    }
}
