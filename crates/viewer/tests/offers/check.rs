//! What every answer has to be, whatever was offered.

/// A section of an offer or an answer, as far as both are compared.
#[derive(Debug)]
struct MediaSection<'a> {
    media: &'a str,
    port: &'a str,
    protocol: &'a str,
    formats: Vec<&'a str>,
    attributes: Vec<&'a str>,
}

impl<'a> MediaSection<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        self.attributes.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    }
}

/// The lines of the session, and the sections.
fn parts(text: &str) -> (Vec<&str>, Vec<MediaSection<'_>>) {
    let (mut session, mut parts) = (Vec::new(), Vec::<MediaSection<'_>>::new());
    for line in text.lines().map(str::trim_end) {
        if let Some(media) = line.strip_prefix("m=") {
            let mut words = media.split(' ').filter(|word| !word.is_empty());
            parts.push(MediaSection {
                media: words.next().unwrap(),
                port: words.next().unwrap(),
                protocol: words.next().unwrap(),
                formats: words.collect(),
                attributes: Vec::new(),
            });
        } else if let Some(part) = parts.last_mut() {
            part.attributes.extend(line.strip_prefix("a="));
        } else {
            session.push(line);
        }
    }
    (session, parts)
}

/// Compares `answer` with `offer` by the rules of offer and answer; the number of the section that is
/// sent into.
pub(crate) fn answers(offer: &str, answer: &str) -> usize {
    assert!(answer.ends_with("\r\n"), "{answer}");
    assert!(answer.split_inclusive('\n').all(|line| line.ends_with("\r\n")), "{answer}");
    let ((offered_session, offered), (session, answered)) = (parts(offer), parts(answer));
    // RFC 3264 section 6: as many sections, in the same order.
    assert_eq!(answered.len(), offered.len(), "{answer}");
    let (mut sent, mut kept, mut channels) = (Vec::new(), Vec::new(), Vec::new());
    for (n, (offered, answered)) in offered.iter().zip(&answered).enumerate() {
        assert_eq!(
            (answered.media, answered.protocol, answered.value("mid")),
            (offered.media, offered.protocol, offered.value("mid").map(str::trim)),
            "section {n}: {answer}"
        );
        let mut formats = answered.formats.iter();
        assert!(formats.all(|format| offered.formats.contains(format)), "section {n}: {answer}");
        assert!(!answered.formats.is_empty(), "section {n}: {answer}");
        if answered.port == "0" {
            assert!(answered.value("candidate").is_none(), "section {n}: {answer}");
            continue;
        }
        if answered.attributes.contains(&"inactive") {
            kept.push(n);
            continue;
        }
        if answered.media == "application" {
            channels.push(n);
            channel(answered, answer);
            continue;
        }
        sent.push(n);
        section(offered, answered, answer);
    }
    let [sent] = sent[..] else { panic!("one section is sent into, not {sent:?}: {answer}") };
    let group = |lines: &[&str]| -> Vec<Vec<String>> {
        let groups = lines.iter().filter_map(|line| line.strip_prefix("a=group:BUNDLE"));
        groups.map(|mids| mids.split_whitespace().map(str::to_owned).collect()).collect()
    };
    // RFC 9143 section 7.3: the group has what was offered in one, and nothing that is refused; what is
    // kept lends it the transport, so it is the tagged section of the offer's group.
    let mid = answered[sent].value("mid").unwrap_or_default();
    let offered_groups = group(&offered_session);
    let bundled = offered_groups.iter().find(|group| group.iter().any(|named| named == mid));
    let mut expected: Vec<&str> = kept.iter().filter_map(|n| answered[*n].value("mid")).collect();
    assert!(kept.len() <= 1, "{answer}");
    if let Some(kept) = kept.first() {
        assert_eq!(Some(expected[0]), bundled.and_then(|group| group.first()).map(|mid| &**mid));
        assert!(answered[*kept].value("candidate").is_some(), "{answer}");
        assert!(answered[*kept].attributes.contains(&"rtcp-mux"), "{answer}");
    } else {
        assert!(answered[sent].value("candidate").is_some(), "{answer}");
    }
    expected.extend(bundled.map(|_| mid));
    // A data channel is taken only where it uses the video's transport, behind it in the group.
    assert!(channels.len() <= 1 && (channels.is_empty() || bundled.is_some()), "{answer}");
    for channel in channels.iter().filter_map(|n| answered[*n].value("mid")) {
        let place = |mid| bundled.and_then(|group| group.iter().position(|named| named == mid));
        assert!(place(channel) > place(mid), "{answer}");
        expected.push(channel);
    }
    let expected = if expected.is_empty() { vec![] } else { vec![expected] };
    assert_eq!(group(&session), expected, "{answer}");
    assert!(session.contains(&"a=ice-lite"), "{answer}");
    sent
}

/// A data channel beside the video (RFC 8841).
fn channel(answered: &MediaSection<'_>, answer: &str) {
    assert_eq!(answered.formats, ["webrtc-datachannel"], "{answer}");
    assert!(answered.value("candidate").is_none(), "{answer}");
    for name in ["sctp-port", "ice-ufrag", "ice-pwd", "fingerprint", "setup"] {
        assert!(answered.value(name).is_some(), "a={name} is missing: {answer}");
    }
}

/// The section that is sent into.
fn section(offered: &MediaSection<'_>, answered: &MediaSection<'_>, answer: &str) {
    let has = |line: &str| answered.attributes.contains(&line);
    assert_eq!(answered.media, "video", "{answer}");
    assert!(has("sendonly") && has("rtcp-mux"), "{answer}");
    assert!(!has("sendrecv") && !has("recvonly") && !has("inactive"), "{answer}");
    for name in ["ice-ufrag", "ice-pwd", "fingerprint", "msid"] {
        assert!(answered.value(name).is_some(), "a={name} is missing: {answer}");
    }
    let setup = answered.value("setup").unwrap();
    assert!(matches!(setup, "active" | "passive"), "{answer}");
    if let Some("active" | "passive") = offered.value("setup") {
        assert_ne!(offered.value("setup"), Some(setup), "{answer}");
    }
    let mut seen = Vec::new();
    for line in &answered.attributes {
        let Some((name, value)) = line.split_once(':') else { continue };
        let (first, rest) = value.split_once(' ').unwrap_or((value, ""));
        match name {
            "rtpmap" | "fmtp" => {
                assert!(answered.formats.contains(&first), "a={line}: {answer}");
                assert!(!seen.contains(&(name, first)), "a={line} twice: {answer}");
                seen.push((name, first));
            }
            "rtcp-fb" => {
                let kinds = offered.attributes.iter().filter_map(|l| l.strip_prefix("rtcp-fb:"));
                let mut kinds = kinds.filter_map(|kind| kind.trim_end().split_once(' '));
                let fits = kinds.any(|(of, kind)| (of == "*" || of == first) && kind == rest);
                assert!(fits, "a={line} was not offered: {answer}");
            }
            "extmap" => {
                let as_offered = offered.attributes.iter().any(|offered| {
                    let Some(offered) = offered.strip_prefix("extmap:") else { return false };
                    let (id, name) = offered.split_once(' ').unwrap_or_default();
                    id.split('/').next() == Some(first) && name.starts_with(rest)
                });
                assert!(as_offered, "a={line} was not offered: {answer}");
            }
            _ => {}
        }
    }
}
