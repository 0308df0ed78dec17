//! Hosts and origins in the form in which browsers send them.

use std::net::IpAddr;

use url::Url;

/// A host as browsers write it: in lower case, in ASCII, without a trailing dot. `None`: it is none.
pub(super) fn host_of(text: &str) -> Option<String> {
    if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Some(address.to_canonical().to_string());
    }
    match url::Host::parse(text).ok()? {
        url::Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            (!name.is_empty() && name.bytes().all(plain)).then(|| name.to_owned())
        }
        // 10.300 is a mistyped address.
        url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
    }
}

/// An origin as browsers write it (RFC 6454 section 6.2). `None`: it is none.
pub(super) fn origin_of(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    // What a URL may hold beyond a host's usual characters means more in a policy: `;`, `*`.
    host_of(url.host_str()?)?;
    let origin = matches!(url.scheme(), "http" | "https").then(|| url.origin())?;
    (bare && nobody).then(|| origin.ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_become_what_browsers_send() {
        for (text, host) in [
            ("Razz.Example.ORG.", Some("razz.example.org")),
            ("b\u{fc}ro.example", Some("xn--bro-hoa.example")),
            ("my_razz", Some("my_razz")),
            ("10.0.0.7", Some("10.0.0.7")),
            ("[2001:DB8::1]", Some("2001:db8::1")),
            ("::ffff:10.0.0.7", Some("10.0.0.7")),
            ("", None),
            (".", None),
            ("http://razz.example", None),
            ("razz.example:8003", None),
            ("razz.example/x", None),
            ("u@razz.example", None),
            ("a b", None),
            ("10.300", None),
            ("0x7f.1", None),
            ("*.example", None),
        ] {
            assert_eq!(host_of(text).as_deref(), host, "{text}");
        }
    }

    #[test]
    fn origins_become_what_browsers_send() {
        for (text, origin) in [
            ("https://Home.example.org", Some("https://home.example.org")),
            ("http://192.168.1.5:8123/", Some("http://192.168.1.5:8123")),
            ("https://a.example:443", Some("https://a.example")),
            ("http://[::1]:80", Some("http://[::1]")),
            ("", None),
            ("home.example", None),
            ("*", None),
            ("null", None),
            ("https://home.example/x", None),
            ("https://home.example/?x", None),
            ("https://u@home.example", None),
            ("ftp://home.example", None),
            ("file:///x", None),
            ("https://home.example; script-src *", None),
            ("https://home.example;x", None),
            ("https://*.example", None),
        ] {
            assert_eq!(origin_of(text).as_deref(), origin, "{text}");
        }
    }
}
