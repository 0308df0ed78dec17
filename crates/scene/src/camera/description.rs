//! The session description that DESCRIBE answers with (RFC 8866, RFC 6184 section 8.2.1).

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use razz_media::h264::nal_units;

use super::faults::Description;
use crate::Footage;

/// The payload type of H.264 here, a dynamic one (RFC 3551 section 3).
pub(crate) const PAYLOAD_TYPE: u8 = 96;
/// The one medium's address, relative to the mount's.
pub(crate) const CONTROL: &str = "trackID=0";

/// The SDP of a footage, or `None` while its first picture is not ready.
pub(crate) fn session_description(
    footage: &Footage,
    claim: Description,
    host: IpAddr,
    session: u32,
) -> Option<String> {
    if claim == Description::Garbage {
        return Some("<html><body>Please update your firmware.</body></html>\r\n".to_owned());
    }
    let family = if host.is_ipv4() { "IP4" } else { "IP6" };
    let any = if host.is_ipv4() { "0.0.0.0" } else { "::" };
    let head = format!(
        "v=0\r\no=- {session} 1 IN {family} {host}\r\ns=razz demo camera\r\n\
         c=IN {family} {any}\r\nt=0 0\r\na=range:npt=now-\r\na=control:*\r\n"
    );
    let media = match claim {
        Description::NoMedia => return Some(head),
        Description::Mjpeg => "m=video 0 RTP/AVP 26\r\n".to_owned(),
        _ => h264(footage, claim == Description::H264)?,
    };
    let fps = footage.fps();
    Some(format!("{head}{media}a=framerate:{fps}\r\na=control:{CONTROL}\r\n"))
}

fn h264(footage: &Footage, with_parameter_sets: bool) -> Option<String> {
    let first = footage.frame(0)?;
    let find =
        |kind: u8| nal_units(&first.annex_b).find(|nal| nal.first().map(|b| b & 31) == Some(kind));
    let mut format = format!("a=fmtp:{PAYLOAD_TYPE} packetization-mode=1");
    if let (Some(sps), Some(pps)) = (find(7), find(8)) {
        // profile_idc, constraint flags, level_idc: the three bytes after the NAL header.
        if let Some(bytes) = sps.get(1..4) {
            let level = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
            format.push_str(&format!(";profile-level-id={level:06x}"));
        }
        if with_parameter_sets {
            let (sps, pps) = (STANDARD.encode(sps), STANDARD.encode(pps));
            format.push_str(&format!(";sprop-parameter-sets={sps},{pps}"));
        }
    }
    Some(format!(
        "m=video 0 RTP/AVP {PAYLOAD_TYPE}\r\na=rtpmap:{PAYLOAD_TYPE} H264/90000\r\n{format}\r\n"
    ))
}
