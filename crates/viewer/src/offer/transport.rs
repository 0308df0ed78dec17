//! Who the client is and how it is reached, by whichever section says so.

use super::description::{Attributes, Description, is_word};
use crate::error::OfferError;

/// What protects RTP by DTLS, by any of the names that have to be taken for it (RFC 8829 section
/// 5.1.2).
pub(super) const PROTOCOLS: [&str; 8] = [
    "UDP/TLS/RTP/SAVPF",
    "UDP/TLS/RTP/SAVP",
    "TCP/DTLS/RTP/SAVPF",
    "TCP/DTLS/RTP/SAVP",
    "RTP/SAVPF",
    "RTP/SAVP",
    "RTP/AVPF",
    "RTP/AVP",
];

/// Who the peer is and how it is reached.
pub(super) struct Transport {
    pub(super) ufrag: String,
    pub(super) password: String,
    pub(super) fingerprint: String,
    pub(super) setup: Option<&'static str>,
}

/// The section whose transport section `n` uses: the tagged one of its group, where that is another
/// (RFC 9143 section 7.1.1). One that is no RTP cannot be kept without using it: then the group is
/// answered without it, and the transport is that of section `n`.
pub(super) fn lender(description: &Description<'_>, n: usize) -> Option<usize> {
    let tagged = *description.bundle(n).first()?;
    let section = &description.sections[tagged];
    let kept = PROTOCOLS.contains(&section.protocol) && !section.has_no_port();
    (tagged != n && kept).then_some(tagged)
}

/// The transport of section `n`: what the section says counts that lends it one, then what it says
/// itself, then the tagged section of its group, the session, and the rest of the group.
pub(super) fn transport(description: &Description<'_>, n: usize) -> Result<Transport, OfferError> {
    let group = description.bundle(n);
    let of = |at: &usize| &description.sections[*at].attributes;
    let lender = lender(description, n);
    let levels: Vec<&Attributes<'_>> = lender
        .iter()
        .chain([&n])
        .chain(group.first())
        .map(of)
        .chain(std::iter::once(&description.session))
        .chain(group.iter().map(of))
        .collect();
    let bad = |what: &str| OfferError::Bad(what.to_owned());
    let (ufrag, password) = levels
        .iter()
        .find_map(|level| {
            let pair = (level.first("ice-ufrag")?, level.first("ice-pwd")?);
            (is_word(pair.0) && is_word(pair.1)).then_some(pair)
        })
        .ok_or_else(|| bad("its video section has no ICE credentials (a=ice-ufrag, a=ice-pwd)"))?;
    let fingerprints = levels
        .iter()
        .map(|level| level.all("fingerprint").collect::<Vec<_>>())
        .find(|fingerprints| !fingerprints.is_empty())
        .ok_or_else(|| bad("its video section has no a=fingerprint"))?;
    let fingerprint = fingerprint(&fingerprints)
        .ok_or_else(|| bad("none of its fingerprints is a whole one of SHA-256 (a=fingerprint)"))?;
    let setup = levels.iter().find_map(|level| level.first("setup"));
    if setup.is_some_and(|setup| setup.eq_ignore_ascii_case("holdconn")) {
        return Err(OfferError::Unsendable("it is a=setup:holdconn".to_owned()));
    }
    let roles = ["actpass", "active", "passive"];
    let role = |setup: &str| roles.into_iter().find(|role| role.eq_ignore_ascii_case(setup));
    Ok(Transport {
        ufrag: ufrag.to_owned(),
        password: password.to_owned(),
        fingerprint,
        setup: setup.and_then(role),
    })
}

/// The best of the fingerprints that the library can compare (RFC 8122 section 5).
fn fingerprint(offered: &[&str]) -> Option<String> {
    [("sha-256", 32), ("sha-1", 20)].into_iter().find_map(|(function, length)| {
        offered.iter().find_map(|fingerprint| {
            let (is, digest) = fingerprint.split_once(char::is_whitespace)?;
            let digest = digest.trim();
            let byte = |hex: &str| hex.len() == 2 && hex.bytes().all(|b| b.is_ascii_hexdigit());
            let whole = digest.split(':').count() == length && digest.split(':').all(byte);
            (is.eq_ignore_ascii_case(function) && whole)
                .then(|| format!("{function} {}", digest.to_ascii_uppercase()))
        })
    })
}
