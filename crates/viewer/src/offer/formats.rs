//! Which payload types of a video section take what the camera sends, and what the answer says of them.

use super::description::{Attributes, Section};
use super::h264::{Parameters, Profile};
use crate::error::OfferError;
use crate::format::Video;

/// The payload types that are kept of a section.
#[derive(Debug, Default)]
pub(super) struct Formats {
    /// Their numbers, in the offer's order.
    pub(super) numbers: Vec<u8>,
    /// Their attributes for the library, without `a=`.
    pub(super) attributes: Vec<String>,
    /// What the answer says of each.
    answers: Vec<Answer>,
}

#[derive(Debug)]
struct Answer {
    number: u8,
    /// What to answer instead of what the library does: `Some(None)` is no line at all.
    fmtp: Option<Option<String>>,
    feedback: Vec<String>,
}

/// A payload type of the offer.
struct Payload<'a> {
    number: u8,
    encoding: &'a str,
    clock_rate: &'a str,
    fmtp: Option<&'a str>,
}

impl Formats {
    /// Chooses among a section's payload types.
    ///
    /// # Errors
    /// When none of them takes `video`.
    pub(super) fn choose(section: &Section<'_>, video: Video) -> Result<Self, OfferError> {
        let payloads = payloads(section);
        let of = |encoding: &str| -> Vec<&Payload<'_>> {
            let is = |payload: &&Payload<'_>| {
                payload.encoding.eq_ignore_ascii_case(encoding) && payload.clock_rate == "90000"
            };
            payloads.iter().filter(is).collect()
        };
        let mut kept = match video {
            Video::H264 { high } => h264(&of("H264"), high),
            Video::H265(_) => of("H265").iter().map(|payload| h265(payload)).collect(),
        };
        if kept.is_empty() {
            return Err(match video {
                Video::H264 { .. } => OfferError::NoH264,
                Video::H265(sent) => OfferError::NoH265 { profile: sent.profile_name() },
            });
        }
        if let Video::H265(_) = video {
            // What we encode of it for narrow paths.
            kept.extend(h264(&of("H264"), false));
        }
        let mut chosen = Self::default();
        for payload in &payloads {
            if let Some(kept) = kept.iter().find(|kept| kept.number == payload.number) {
                chosen.keep(&section.attributes, kept);
            } else if let Some(repaired) = repaired(payload)
                && kept.iter().any(|kept| kept.number == repaired)
            {
                let number = payload.number;
                chosen.numbers.push(number);
                chosen.attributes.push(format!("rtpmap:{number} rtx/90000"));
                chosen.attributes.push(format!("fmtp:{number} apt={repaired}"));
            }
        }
        Ok(chosen)
    }

    fn keep(&mut self, attributes: &Attributes<'_>, kept: &Kept) {
        let Kept { encoding, number, told, fmtp } = kept;
        let (number, fmtp) = (*number, fmtp.clone());
        let feedback = feedback(attributes, number);
        self.numbers.push(number);
        self.attributes.push(format!("rtpmap:{number} {encoding}/90000"));
        for kind in &feedback {
            self.attributes.push(format!("rtcp-fb:{number} {kind}"));
        }
        if !told.is_empty() {
            self.attributes.push(format!("fmtp:{number} {told}"));
        }
        self.answers.push(Answer { number, fmtp, feedback });
    }

    /// The line of the answer to this offer that stands for the library's line `a=attribute`; `None`
    /// where there is none.
    pub(super) fn answer(&self, attribute: &str) -> Option<String> {
        let of = |value: &str| {
            let (number, rest) = value.split_once(' ')?;
            let number: u8 = number.parse().ok()?;
            let answer = self.answers.iter().find(|answer| answer.number == number)?;
            Some((answer, rest.to_owned()))
        };
        if let Some((answer, kind)) = attribute.strip_prefix("rtcp-fb:").and_then(of) {
            // Only what was offered may be answered (RFC 4585 section 4.2).
            return answer.feedback.contains(&kind).then(|| format!("a={attribute}"));
        }
        if let Some((answer, _)) = attribute.strip_prefix("fmtp:").and_then(of)
            && let Some(fmtp) = &answer.fmtp
        {
            return fmtp.as_ref().map(|fmtp| format!("a=fmtp:{} {fmtp}", answer.number));
        }
        Some(format!("a={attribute}"))
    }
}

/// A payload type that is kept.
struct Kept {
    encoding: &'static str,
    number: u8,
    /// Its parameters for the library.
    told: String,
    /// Those to answer instead of the library's own: see [`Answer`].
    fmtp: Option<Option<String>>,
}

impl Kept {
    fn h264(number: u8, told: String, is: &Parameters) -> Self {
        Self { encoding: "H264", number, told, fmtp: Some(is.answer()) }
    }
}

/// The library answers Baseline, Main and High: where the offer has one of them in packetization mode
/// 1, all of them are for it to pair. Otherwise one payload type is left, the one nearest to what the
/// camera sends, and the library is told that it is one that it knows; what is sent is the same.
fn h264(offered: &[&Payload<'_>], high: bool) -> Vec<Kept> {
    let known = |profile| !matches!(profile, Profile::ConstrainedHigh | Profile::Other);
    let read: Vec<(u8, Parameters)> = offered
        .iter()
        .map(|payload| (payload.number, Parameters::read(payload.fmtp)))
        // Interleaved packets have a decoding order number of their own.
        .filter(|(_, parameters)| parameters.mode() <= 1)
        .collect();
    let mut pairs: Vec<Kept> = Vec::new();
    if read.iter().any(|(_, is)| is.mode() == 1 && known(is.profile())) {
        for (number, is) in read.iter().filter(|(_, is)| known(is.profile())) {
            pairs.push(Kept::h264(*number, is.for_library(is.profile(), is.mode()), is));
        }
        return pairs;
    }
    // What is sent to a payload type of mode 0 is packets of mode 1 all the same: slices are larger
    // than datagrams, and every receiver that is known to leave the mode out takes them apart by their
    // type, whatever was agreed on: GStreamer's rtph264depay, Janus, Jitsi's bridge, Pion's
    // codecs.H264Packet and libwebrtc's VideoRtpDepacketizerH264. The answer repeats the offer's mode,
    // since another would be no answer to it (RFC 6184 section 8.2.2).
    let nearest = read.iter().min_by_key(|(_, is)| (is.mode() != 1, distance(is.profile(), high)));
    if let Some((number, is)) = nearest {
        pairs.push(Kept::h264(*number, is.for_library(is.profile(), 1), is));
    }
    pairs
}

/// How far an offered profile is from what the camera sends.
fn distance(profile: Profile, high: bool) -> u8 {
    match (profile, high) {
        (Profile::High | Profile::ConstrainedHigh, true) => 0,
        (Profile::Baseline | Profile::ConstrainedBaseline, false) => 0,
        (Profile::Main, _) => 1,
        (Profile::Other, _) => 3,
        _ => 2,
    }
}

/// H.265 with those parameters that an answer depends on (RFC 7798 section 7.2.2).
fn h265(payload: &Payload<'_>) -> Kept {
    const NAMES: [&str; 4] = ["level-id", "profile-id", "tier-flag", "sprop-max-don-diff"];
    let parameters = payload.fmtp.unwrap_or_default().split(';').filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let name = NAMES.iter().find(|is| is.eq_ignore_ascii_case(name.trim()))?;
        value.trim().parse::<u16>().ok().map(|value| format!("{name}={value}"))
    });
    let told = parameters.collect::<Vec<_>>().join(";");
    Kept { encoding: "H265", number: payload.number, told, fmtp: None }
}

/// The payload types of the `m=` line that have a name, each once.
fn payloads<'a>(section: &Section<'a>) -> Vec<Payload<'a>> {
    let mut payloads: Vec<Payload<'a>> = Vec::new();
    for number in section.formats.iter().filter_map(|format| format.parse::<u8>().ok()) {
        // RFC 3551 section 6: seven bits.
        if number > 127 || payloads.iter().any(|known| known.number == number) {
            continue;
        }
        let of = |name| numbered(&section.attributes, name, number).next();
        let Some((encoding, rate)) = of("rtpmap").and_then(|map| map.split_once('/')) else {
            continue;
        };
        let clock_rate = rate.split('/').next().unwrap_or_default().trim();
        payloads.push(Payload { number, encoding: encoding.trim(), clock_rate, fmtp: of("fmtp") });
    }
    payloads
}

/// The payload type whose packets are sent again as `payload` (RFC 4588 section 8.6).
fn repaired(payload: &Payload<'_>) -> Option<u8> {
    if !payload.encoding.eq_ignore_ascii_case("rtx") || payload.clock_rate != "90000" {
        return None;
    }
    payload.fmtp?.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("apt").then(|| value.trim().parse().ok())?
    })
}

/// The values of `name:` that speak of payload type `number`, without it.
fn numbered<'a, 's>(
    attributes: &'s Attributes<'a>,
    name: &'s str,
    number: u8,
) -> impl Iterator<Item = &'a str> + 's {
    attributes.all(name).filter_map(move |value| {
        let (is, rest) = value.split_once(char::is_whitespace)?;
        (is.parse() == Ok(number)).then_some(rest.trim())
    })
}

/// The RTCP feedback that is offered for payload type `number`; `*` stands for all (RFC 4585 section
/// 4.2).
fn feedback(attributes: &Attributes<'_>, number: u8) -> Vec<String> {
    let mut kinds: Vec<String> = Vec::new();
    for value in attributes.all("rtcp-fb") {
        let mut words = value.split_ascii_whitespace();
        let of = words.next().unwrap_or_default();
        let kind = words.collect::<Vec<_>>().join(" ");
        let known = kind.is_empty() || kinds.contains(&kind);
        if (of == "*" || of.parse() == Ok(number)) && !known && kind.is_ascii() {
            kinds.push(kind);
        }
    }
    kinds
}

/// The lines that name `formats` of a section.
pub(super) fn names(section: &Section<'_>, formats: &[&str]) -> Vec<String> {
    let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    let maps = formats.iter().filter_map(|format| {
        let number: u8 = format.parse().ok()?;
        let map = numbered(&section.attributes, "rtpmap", number).next()?;
        plain(map).then(|| format!("a=rtpmap:{number} {map}\r\n"))
    });
    maps.collect()
}
