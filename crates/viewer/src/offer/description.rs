//! A session description as its lines say it, read with tolerance: what is not known is passed over,
//! and a line that is wrong spoils nothing but what it speaks of.

use crate::error::OfferError;

/// A session description (RFC 8866).
#[derive(Debug)]
pub(super) struct Description<'a> {
    /// What holds for all sections.
    pub(super) session: Attributes<'a>,
    /// In the order of the description; never empty.
    pub(super) sections: Vec<Section<'a>>,
}

/// A media section: its `m=` line and the attributes below it.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// `video`, `audio`, `application` or something else.
    pub(super) media: &'a str,
    /// As written: `0` says that there is no transport, `9` that it follows by ICE.
    pub(super) port: &'a str,
    /// Such as `UDP/TLS/RTP/SAVPF`.
    pub(super) protocol: &'a str,
    /// Payload types, or `webrtc-datachannel`; never empty.
    pub(super) formats: Vec<&'a str>,
    pub(super) attributes: Attributes<'a>,
}

/// The `a=` lines of one level, without `a=`.
#[derive(Debug, Default)]
pub(super) struct Attributes<'a>(Vec<&'a str>);

impl<'a> Attributes<'a> {
    /// What stands behind `name:`, once for each line that has it.
    pub(super) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a str> + 's {
        self.0.iter().filter_map(move |line| {
            let (is, value) = line.split_once(':')?;
            (is == name).then_some(value.trim())
        })
    }

    /// What stands behind the first `name:`.
    pub(super) fn first(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Whether there is the property attribute `name`, which has no value.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains(&name)
    }
}

impl<'a> Section<'a> {
    /// The name of the section (RFC 5888 section 4).
    pub(super) fn mid(&self) -> Option<&'a str> {
        self.attributes.first("mid").filter(|mid| !mid.is_empty())
    }

    /// Whether the section has no transport of its own: it is refused, or shares that of its group
    /// (RFC 9143 section 6).
    pub(super) fn has_no_port(&self) -> bool {
        self.port == "0" || self.port.starts_with("0/")
    }
}

impl<'a> Description<'a> {
    /// Reads `text`, whatever its line ends.
    ///
    /// # Errors
    /// When it is no session description, or has no media section, or one that an answer could not
    /// repeat.
    pub(super) fn read(text: &'a str) -> Result<Self, OfferError> {
        let bad = |what: &str| Err(OfferError::Bad(what.to_owned()));
        let mut lines = text
            .trim_start_matches('\u{feff}')
            .lines()
            .map(str::trim_end)
            .filter(|l| !l.is_empty());
        if lines.next() != Some("v=0") {
            return bad("it is no SDP: it does not begin with v=0");
        }
        let mut session = Attributes::default();
        let mut sections: Vec<Section<'a>> = Vec::new();
        for line in lines {
            if let Some(media) = line.strip_prefix("m=") {
                sections.push(section(media)?);
            } else if let Some(attribute) = line.strip_prefix("a=") {
                let level = sections.last_mut().map_or(&mut session, |last| &mut last.attributes);
                level.0.push(attribute);
            }
            // Bandwidths, addresses, times and the rest say nothing that an answer depends on.
        }
        if sections.is_empty() {
            return bad("it has no media section");
        }
        let mids: Vec<&str> = sections.iter().filter_map(Section::mid).collect();
        if let Some(mid) = mids.iter().find(|mid| !is_word(mid)) {
            return bad(&format!("a=mid:{} is no name", mid.escape_debug()));
        }
        // RFC 5888 section 4.
        if let Some((_, mid)) = mids.iter().enumerate().find(|(n, mid)| mids[..*n].contains(mid)) {
            return bad(&format!("two of its sections are named a=mid:{mid}"));
        }
        Ok(Self { session, sections })
    }

    /// The BUNDLE group that section `n` is in (RFC 9143 section 7): the sections' numbers, the tagged
    /// one first, whose transport is that of all.
    pub(super) fn bundle(&self, n: usize) -> Vec<usize> {
        let Some(mid) = self.sections[n].mid() else { return Vec::new() };
        let mut groups = self.session.all("group").map(str::split_ascii_whitespace);
        let group = groups.find_map(|mut words| {
            (words.next() == Some("BUNDLE") && words.clone().any(|named| named == mid))
                .then_some(words)
        });
        let number = |mid| self.sections.iter().position(|section| section.mid() == Some(mid));
        group.into_iter().flatten().filter_map(number).collect()
    }
}

fn section(media: &str) -> Result<Section<'_>, OfferError> {
    let mut words = media.split_ascii_whitespace();
    let (media_type, port, protocol) = (words.next(), words.next(), words.next());
    let formats: Vec<&str> = words.collect();
    match (media_type, port, protocol) {
        (Some(media), Some(port), Some(protocol))
            if !formats.is_empty()
                && [media, port, protocol].into_iter().all(is_word)
                && formats.iter().all(|format| is_word(format)) =>
        {
            Ok(Section { media, port, protocol, formats, attributes: Attributes::default() })
        }
        _ => {
            let line: String = media.chars().take(60).collect();
            Err(OfferError::Bad(format!("its line m={} is incomplete", line.escape_debug())))
        }
    }
}

/// Whether `text` may stand in a line of ours: the tokens of RFC 8866 section 9, and what some
/// clients write besides.
pub(super) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}
