//! Between the offers that clients write and the few that the library takes.
//!
//! ```text
//! the client's offer ──► Offer::read ──► an offer of one section ──► library
//! the client's answer ◄── Offer::answer ◄──────────── its answer ◄──────┘
//! ```
//! The library wants every section to be in one BUNDLE group, in the group's order, each with a name
//! of letters and digits, one `b=` line at most, candidates that it can read, levels and profiles that
//! it knows. What clients write is more than that, and all of it is allowed. So the library gets an
//! offer of ours with the one section that is sent into, and its answer is made into one to what the
//! client wrote: as many sections in the same order (RFC 8829 section 5.3.1), with their own names,
//! all but one refused, and a data channel beside it. If that one shares the transport of an earlier section, the earlier one stays as
//! well, inactive: GStreamer and others lose the transport of a whole group with its first section.

mod description;
mod formats;
mod h264;
mod transport;

use description::{Attributes, Description, Section, is_word};
use formats::Formats;
use transport::{PROTOCOLS, Transport, lender, transport};

use crate::error::OfferError;
use crate::format::Video;

/// What goes for a section's name where the library cannot take the client's.
const STAND_IN: &str = "0";
/// The same for the section of a data channel.
const CHANNEL_STAND_IN: &str = "channel";
/// The transports of data channels (RFC 8841 section 4), the library's first.
const CHANNEL_PROTOCOLS: [&str; 3] = ["UDP/DTLS/SCTP", "TCP/DTLS/SCTP", "DTLS/SCTP"];
/// The RTP header extension that repeats the section's name in packets (RFC 9143 section 15).
const MID_EXTENSION: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// A client's offer, and what its answer is made of.
#[derive(Debug)]
pub struct Offer {
    text: String,
    /// The group that is answered, as a line; none where none was offered.
    group: Option<String>,
    extensions_mixed: bool,
    formats: Formats,
    sections: Vec<Reply>,
}

/// What a section is answered.
#[derive(Debug)]
enum Reply {
    /// These lines, without a port.
    Refused(String),
    /// These lines, with the transport that the section lends to the one that is sent into.
    Inactive(String),
    /// By the library, but for these.
    Sent { protocol: String, mid: Option<String> },
    /// By the library as well, a data channel beside the video. Nothing comes of it, but pages written
    /// for RTSPtoWebRTC open one, and browsers offer again and again what is refused.
    Channel { protocol: String, mid: Option<String> },
}

impl Offer {
    /// Reads an offer to watch a camera that sends `video`, and chooses the section for it: the first
    /// one that takes it.
    ///
    /// # Errors
    /// When the offer is not SDP or incomplete, or has no section that the video can go into.
    pub fn read(offer: &str, video: Video) -> Result<Self, OfferError> {
        let description = Description::read(offer)?;
        let mut why: Option<OfferError> = None;
        for (n, section) in description.sections.iter().enumerate() {
            if section.media != "video" {
                continue;
            }
            match Self::with(&description, n, video) {
                Ok(offer) => return Ok(offer),
                // Something else than the codec says more of what to do.
                Err(error) if why.as_ref().is_none_or(OfferError::is_of_codec) => why = Some(error),
                Err(_) => {}
            }
        }
        Err(why.unwrap_or_else(|| match video {
            Video::H264 { .. } => OfferError::NoH264,
            Video::H265(sent) => OfferError::NoH265 { profile: sent.profile_name() },
        }))
    }

    /// The same offer for the library.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Takes `text` for what the library gets: an ICE restart is a new offer that differs in its
    /// credentials only.
    pub(crate) fn restarted(&mut self, text: String) {
        self.text = text;
    }

    fn with(description: &Description<'_>, n: usize, video: Video) -> Result<Self, OfferError> {
        let section = &description.sections[n];
        let formats = Formats::choose(section, video)?;
        sendable(description, n)?;
        let transport = transport(description, n)?;
        let mid = section.mid();
        let told = mid.filter(|mid| is_library_mid(mid)).unwrap_or(STAND_IN);
        let has_name = mid == Some(told);
        let mixed = |attributes: &Attributes<'_>| attributes.has("extmap-allow-mixed");
        let lender = lender(description, n);
        let channel = channel(description, n);
        let bundled = !description.bundle(n).is_empty();
        // RFC 9143 section 7.3: only what was offered in a group is answered in one, and a section that
        // is refused leaves it.
        let answered = lender.into_iter().chain([n]).chain(channel);
        let mids = answered.filter_map(|at| description.sections[at].mid());
        let group = format!("a=group:BUNDLE {}\r\n", mids.collect::<Vec<_>>().join(" "));
        let sections = description.sections.iter().enumerate().map(|(at, section)| {
            if at == n {
                let protocol = section.protocol.to_owned();
                Reply::Sent { protocol, mid: mid.map(str::to_owned) }
            } else if lender == Some(at) {
                Reply::Inactive(inactive(section))
            } else if channel == Some(at) {
                let protocol = section.protocol.to_owned();
                Reply::Channel { protocol, mid: section.mid().map(str::to_owned) }
            } else {
                Reply::Refused(refused(section))
            }
        });
        let channel = channel.and_then(|at| description.sections[at].mid());
        let usable = channel.filter(|mid| is_library_mid(mid) && *mid != told);
        let channel = channel.map(|_| usable.unwrap_or(CHANNEL_STAND_IN));
        Ok(Self {
            text: for_library(
                description,
                section,
                [Some(told), channel],
                has_name,
                &transport,
                &formats,
            ),
            group: bundled.then_some(group),
            extensions_mixed: mixed(&description.session) || mixed(&section.attributes),
            formats,
            sections: sections.collect(),
        })
    }

    /// Makes the library's answer to [`Self::text`] the answer to the client's offer.
    pub fn answer(&self, answer: &str) -> String {
        let begin = answer.find("\nm=").map_or(answer.len(), |at| at + 1);
        let (session, sections) = answer.split_at(begin);
        // The library's first section is the video's, and there may be the data channel's behind.
        let end = sections.find("\nm=").map_or(sections.len(), |at| at + 1);
        let (section, channel) = sections.split_at(end);
        let mut out = String::with_capacity(answer.len() + 256);
        for line in session.lines() {
            if line.starts_with("a=group:BUNDLE") {
                out.extend(self.group.as_deref());
            } else if line != "a=extmap-allow-mixed" || self.extensions_mixed {
                out.extend([line, "\r\n"]);
            }
        }
        let lent = self.sections.iter().any(|reply| matches!(reply, Reply::Inactive(_)));
        for reply in &self.sections {
            match reply {
                Reply::Refused(text) => {
                    out.push_str(text);
                    // Nobody needs a transport where nothing is transported, but GStreamer takes no
                    // answer that has a section without one.
                    copy(&mut out, section, is_identity);
                }
                Reply::Inactive(text) => {
                    out.push_str(text);
                    copy(&mut out, section, |line| is_identity(line) || is_candidate(line));
                }
                Reply::Channel { protocol, mid } => {
                    for line in channel.lines() {
                        if line.starts_with("m=") {
                            let line = line.replacen(CHANNEL_PROTOCOLS[0], protocol, 1);
                            out.extend([line.as_str(), "\r\n"]);
                        } else if !line.starts_with("a=mid:") {
                            out.extend([line, "\r\n"]);
                        } else if let Some(mid) = mid {
                            out.push_str(&format!("a=mid:{mid}\r\n"));
                        }
                    }
                }
                Reply::Sent { protocol, mid } => {
                    // Candidates stand where the transport is (RFC 9143 section 10).
                    let lines = section.lines().filter(|line| !(lent && is_candidate(line)));
                    for line in lines {
                        if let Some(line) = self.line(line, protocol, mid.as_deref()) {
                            out.extend([line.as_str(), "\r\n"]);
                        }
                    }
                }
            }
        }
        out
    }

    fn line(&self, line: &str, protocol: &str, mid: Option<&str>) -> Option<String> {
        if line.starts_with("m=") {
            // RFC 3264 section 6: the transport is the offered one.
            return Some(line.replacen(PROTOCOLS[0], protocol, 1));
        }
        let Some(attribute) = line.strip_prefix("a=") else { return Some(line.to_owned()) };
        if attribute.starts_with("mid:") {
            return mid.map(|mid| format!("a=mid:{mid}"));
        }
        self.formats.answer(attribute)
    }
}

fn copy(out: &mut String, section: &str, which: impl Fn(&str) -> bool) {
    for line in section.lines().filter(|line| which(line)) {
        out.extend([line, "\r\n"]);
    }
}

/// Whether a line says who we are, for any section alike.
fn is_identity(line: &str) -> bool {
    ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=setup:"]
        .iter()
        .any(|name| line.starts_with(name))
}

fn is_candidate(line: &str) -> bool {
    line.starts_with("a=candidate:") || line.starts_with("a=end-of-candidates")
}

/// A name of which the library keeps every character.
fn is_library_mid(mid: &str) -> bool {
    mid.len() <= 16 && mid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The section of a data channel that uses the transport of section `n`: one behind it in its group,
/// since the group's first would have to lend it instead (RFC 9143 section 7.3.1).
fn channel(description: &Description<'_>, n: usize) -> Option<usize> {
    let group = description.bundle(n);
    group.into_iter().skip_while(|at| *at != n).find(|at| {
        let section = &description.sections[*at];
        section.media == "application"
            && CHANNEL_PROTOCOLS.contains(&section.protocol)
            && section.formats == ["webrtc-datachannel"]
            && section.attributes.first("sctp-port").is_some()
    })
}

/// Looks for what keeps video out of section `n`.
fn sendable(description: &Description<'_>, n: usize) -> Result<(), OfferError> {
    let section = &description.sections[n];
    let group = description.bundle(n);
    let no = |why: String| Err(OfferError::Unsendable(why));
    if section.has_no_port() && !section.attributes.has("bundle-only") && group.is_empty() {
        return no("its port is 0, so it is refused by the one who offers it".to_owned());
    }
    if !PROTOCOLS.contains(&section.protocol) {
        return no(format!("its transport {} is none of WebRTC", section.protocol));
    }
    // RFC 8866 section 6.7: a direction of the session is that of sections without one.
    let direction = |attributes: &Attributes<'_>| {
        let known = ["sendrecv", "recvonly", "sendonly", "inactive"];
        known.into_iter().find(|direction| attributes.has(direction))
    };
    let direction = direction(&section.attributes).or_else(|| direction(&description.session));
    if let Some(direction @ ("sendonly" | "inactive")) = direction {
        return no(format!("it is a={direction}, so nothing may be sent into it"));
    }
    // The attribute is left to the tagged section in sections without a port (RFC 9143 section 7.1).
    let mut levels = std::iter::once(n).chain(group.first().copied());
    let muxed = levels.any(|at| {
        let attributes = &description.sections[at].attributes;
        attributes.has("rtcp-mux") || attributes.has("rtcp-mux-only")
    });
    if !muxed {
        return no("it has no a=rtcp-mux, and RTCP goes over the port of RTP here, as RFC 8834 \
                   section 4.5 requires of every WebRTC client"
            .to_owned());
    }
    Ok(())
}

/// The RTP header extensions that may be sent: in the one-byte form (RFC 8285 section 4.2), each once,
/// and not such as the client only sends itself.
fn extensions(levels: [&Attributes<'_>; 2], with_mid: bool) -> Vec<String> {
    let (mut lines, mut ids, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for value in levels.into_iter().flat_map(|level| level.all("extmap")) {
        let mut words = value.split_ascii_whitespace();
        let (Some(id), Some(name)) = (words.next(), words.next()) else { continue };
        let (id, direction) = id.split_once('/').unwrap_or((id, "sendrecv"));
        let Some(id) = id.parse::<u8>().ok().filter(|id| (1..=14).contains(id)) else { continue };
        if !matches!(direction, "sendrecv" | "recvonly")
            || !is_word(name)
            || (name == MID_EXTENSION && !with_mid)
            || ids.contains(&id)
            || names.contains(&name)
        {
            continue;
        }
        ids.push(id);
        names.push(name);
        lines.push(format!("a=extmap:{id} {name}\r\n"));
    }
    lines
}

/// The offer that the library gets. It has no candidates: the client's addresses are learnt from its
/// checks, and candidates of any kind are as good as none.
fn for_library(
    description: &Description<'_>,
    section: &Section<'_>,
    mids: [Option<&str>; 2],
    has_name: bool,
    transport: &Transport,
    formats: &Formats,
) -> String {
    let mut out = String::with_capacity(2048);
    out.push_str("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n");
    let mids_of_group: Vec<&str> = mids.into_iter().flatten().collect();
    out.push_str(&format!("a=group:BUNDLE {}\r\n", mids_of_group.join(" ")));
    if description.session.has("ice-lite") {
        // The library refuses it: neither side would begin.
        out.push_str("a=ice-lite\r\n");
    }
    let numbers: Vec<String> = formats.numbers.iter().map(u8::to_string).collect();
    out.push_str(&format!("m=video 9 {} {}\r\n", PROTOCOLS[0], numbers.join(" ")));
    let of_transport = {
        let Transport { ufrag, password, fingerprint, setup, .. } = transport;
        let setup = setup.map(|setup| format!("a=setup:{setup}\r\n")).unwrap_or_default();
        format!(
            "c=IN IP4 0.0.0.0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:{password}\r\n\
             a=fingerprint:{fingerprint}\r\n{setup}"
        )
    };
    out.push_str(&of_transport);
    out.push_str(&format!("a=mid:{}\r\n", mids[0].unwrap_or(STAND_IN)));
    // A name of our own would mean nothing to the client.
    out.extend(extensions([&section.attributes, &description.session], has_name));
    // Whatever else the client would do, here it receives: pages written for RTSPtoWebRTC offer
    // sendrecv, and the answer has to be sendonly (RFC 8829 section 5.3.1).
    out.push_str("a=recvonly\r\na=rtcp-mux\r\n");
    for attribute in &formats.attributes {
        out.push_str(&format!("a={attribute}\r\n"));
    }
    if let Some(mid) = mids[1] {
        let protocol = CHANNEL_PROTOCOLS[0];
        out.push_str(&format!("m=application 9 {protocol} webrtc-datachannel\r\n{of_transport}"));
        out.push_str(&format!("a=mid:{mid}\r\na=sctp-port:5000\r\na=max-message-size:262144\r\n"));
    }
    out
}

/// The answer to a section that nothing is sent into (RFC 3264 section 6): without a port, and
/// otherwise as offered.
fn refused(section: &Section<'_>) -> String {
    let mut out = head(section, "0", &section.formats);
    if PROTOCOLS.contains(&section.protocol) {
        out.push_str("a=inactive\r\n");
        out.extend(formats::names(section, &section.formats));
    }
    out
}

/// The answer to a section that is kept for its transport alone. Its first format stands for all:
/// there has to be one.
fn inactive(section: &Section<'_>) -> String {
    let formats = &section.formats[..1];
    let mut out = head(section, "9", formats);
    out.push_str("a=inactive\r\na=rtcp-mux\r\n");
    out.extend(formats::names(section, formats));
    out
}

fn head(section: &Section<'_>, port: &str, formats: &[&str]) -> String {
    let (media, protocol, formats) = (section.media, section.protocol, formats.join(" "));
    let mut out = format!("m={media} {port} {protocol} {formats}\r\nc=IN IP4 0.0.0.0\r\n");
    if let Some(mid) = section.mid() {
        out.push_str(&format!("a=mid:{mid}\r\n"));
    }
    out
}
