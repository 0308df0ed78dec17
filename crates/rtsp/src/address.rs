//! Resolves the addresses that a camera names against the one that it was asked at.
//!
//! It is done as players do it, which differs from RFC 3986: a relative control address is appended
//! to the base, behind its query as well, since that is what cameras answer to.

/// The address of a medium, or of the whole session, by its `a=control`.
pub(crate) fn control(base: &str, control: &str) -> String {
    match control {
        "" | "*" => base.to_owned(),
        _ if is_absolute(control) => control.to_owned(),
        _ if control.starts_with('/') => format!("{}{control}", origin(base)),
        // A query of its own, as some write the track's number.
        _ if control.starts_with('?') => format!("{base}{control}"),
        _ => format!("{}/{control}", base.strip_suffix('/').unwrap_or(base)),
    }
}

/// Where a redirect leads.
pub(crate) fn redirect(from: &str, location: &str) -> String {
    if is_absolute(location) {
        location.to_owned()
    } else if location.starts_with('/') {
        format!("{}{location}", origin(from))
    } else {
        let path = from.split(['?', '#']).next().unwrap_or(from);
        let begin = origin(from).len();
        let folder = path[begin..].rfind('/').map_or(path, |slash| &path[..begin + slash]);
        format!("{folder}/{location}")
    }
}

fn is_absolute(address: &str) -> bool {
    address.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// Scheme, host and port.
fn origin(address: &str) -> &str {
    let host = address.find("://").map_or(0, |at| at + 3);
    let end = address[host..].find(['/', '?', '#']).map_or(address.len(), |at| host + at);
    &address[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_addresses() {
        for (base, of_media, expected) in [
            ("rtsp://h/s/", "trackID=0", "rtsp://h/s/trackID=0"),
            ("rtsp://h/s", "trackID=0", "rtsp://h/s/trackID=0"),
            ("rtsp://h:554/s?a=1", "trackID=0", "rtsp://h:554/s?a=1/trackID=0"),
            ("rtsp://h/s", "rtsp://10.0.0.1/x/trackID=0", "rtsp://10.0.0.1/x/trackID=0"),
            ("rtsp://h/s/a", "/other", "rtsp://h/other"),
            ("rtsp://h", "/other", "rtsp://h/other"),
            ("rtsp://h/s", "?track=1", "rtsp://h/s?track=1"),
            ("rtsp://h/s", "*", "rtsp://h/s"),
            ("rtsp://h/s", "", "rtsp://h/s"),
        ] {
            assert_eq!(control(base, of_media), expected);
        }
    }

    #[test]
    fn redirects() {
        for (location, expected) in [
            ("rtsp://other/x", "rtsp://other/x"),
            ("/x?y", "rtsp://h:1/x?y"),
            ("x", "rtsp://h:1/a/x"),
        ] {
            assert_eq!(redirect("rtsp://h:1/a/b?c=/d", location), expected);
        }
        assert_eq!(redirect("rtsp://h", "x"), "rtsp://h/x");
    }
}
