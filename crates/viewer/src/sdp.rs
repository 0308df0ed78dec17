//! Session descriptions and ICE fragments as far as a session needs them, and how the library answers
//! an offer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use str0m::Rtc;
use str0m::change::SdpOffer;

use crate::error::OfferError;

/// The name (`a=mid`, RFC 8843) of the first video section that is not refused (its port is not 0).
pub fn video_mid(sdp: &str) -> Option<&str> {
    let mut in_video = false;
    for line in sdp.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            in_video = media.starts_with("video ") && !media.starts_with("video 0 ");
        } else if in_video && let Some(mid) = line.strip_prefix("a=mid:") {
            return Some(mid.trim());
        }
    }
    None
}

/// The first ICE user fragment and password (RFC 8839 section 5.4).
pub fn credentials(sdp: &str) -> Option<(&str, &str)> {
    let value = |name| sdp.lines().find_map(|line| line.trim().strip_prefix(name));
    let (ufrag, password) = (value("a=ice-ufrag:")?, value("a=ice-pwd:")?);
    let sound = |text: &str, least: usize| {
        (least..=256).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'))
    };
    (sound(ufrag, 4) && sound(password, 22)).then_some((ufrag, password))
}

/// `offer` with other ICE credentials; `None` when it has these already.
pub fn with_credentials(offer: &str, ufrag: &str, password: &str) -> Option<String> {
    if credentials(offer)? == (ufrag, password) {
        return None;
    }
    let mut out = String::with_capacity(offer.len() + 64);
    for line in offer.lines() {
        if line.starts_with("a=ice-ufrag:") {
            out.push_str("a=ice-ufrag:");
            out.push_str(ufrag);
        } else if line.starts_with("a=ice-pwd:") {
            out.push_str("a=ice-pwd:");
            out.push_str(password);
        } else {
            out.push_str(line);
        }
        out.push_str("\r\n");
    }
    Some(out)
}

/// What of an answer belongs into an SDP fragment: ICE credentials and candidates of its first
/// section that is not refused (RFC 8840 section 9).
pub fn fragment(answer: &str) -> String {
    let mut out = String::from("a=ice-lite\r\n");
    if let Some((ufrag, password)) = credentials(answer) {
        out.push_str(&format!("a=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\n"));
    }
    let mut sections = 0;
    for line in answer.lines() {
        if line.starts_with("m=") && (sections > 0 || line.split(' ').nth(1) != Some("0")) {
            sections += 1;
        }
        let of_media = line.starts_with("m=") || line.starts_with("a=mid:");
        let of_ice = line.starts_with("a=candidate:") || line.starts_with("a=end-of-candidates");
        if sections == 1 && (of_media || of_ice) {
            out.push_str(line);
            out.push_str("\r\n");
        }
    }
    out
}

/// The library's error on one line, without the addresses in memory that its parser tells.
pub fn in_words(error: &dyn std::error::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let told: Vec<&str> = lines.filter(|line| !line.contains("PointerOffset")).collect();
    if told.is_empty() { "it is no SDP".to_owned() } else { told.join("; ") }
}

pub(crate) fn parse_offer(offer: &str) -> Result<SdpOffer, OfferError> {
    SdpOffer::from_sdp_string(offer).map_err(|error| OfferError::Bad(in_words(&error)))
}

/// Some offers that contradict themselves, such as one payload type for two codecs, make the library
/// panic: that is their sender's trouble alone.
pub(crate) fn accept(rtc: &mut Rtc, offer: SdpOffer) -> Result<String, OfferError> {
    let outcome = catch_unwind(AssertUnwindSafe(|| rtc.sdp_api().accept_offer(offer)));
    match outcome {
        Ok(Ok(answer)) => Ok(answer.to_sdp_string()),
        Ok(Err(error)) => Err(OfferError::Bad(in_words(&error))),
        Err(_) => {
            rtc.disconnect();
            Err(OfferError::Bad("it contradicts itself".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_errors_are_one_line_without_addresses() {
        for (text, words) in [
            ("Parse error at PointerOffset(0x7f69c0034adb)\nExpected a=mid\n", "Expected a=mid"),
            ("Parse error at PointerOffset(0x7f69c0034adb)\n", "it is no SDP"),
            ("missing a=fingerprint", "missing a=fingerprint"),
        ] {
            assert_eq!(in_words(&std::io::Error::other(text)), words);
        }
    }

    #[test]
    fn the_first_video_section_that_is_not_refused() {
        for (sdp, mid) in [
            ("m=audio 9 x\r\na=mid:0\r\nm=video 9 x\r\na=mid:1\r\n", Some("1")),
            ("m=video 0 x\r\na=mid:0\r\nm=video 9 x\r\na=mid:v\r\n", Some("v")),
            ("m=video 0 x\r\na=mid:0\r\n", None),
            ("m=video 9 x\r\n", None),
            ("", None),
        ] {
            assert_eq!(video_mid(sdp), mid, "{sdp}");
        }
    }
}
