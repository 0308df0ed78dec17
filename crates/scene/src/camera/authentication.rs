//! Basic and Digest: who may watch.

use std::fmt;

use base16ct::lower::encode_string;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

/// The name of what the password is for.
const REALM: &str = "razz demo camera";

/// A user and a password; never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// How a client proves that it knows the password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Authentication {
    /// Digest with MD5 (RFC 2617 section 3, RFC 7616), with `qop=auth` or without.
    #[default]
    Digest,
    /// Basic (RFC 7617): the password itself, readable by everyone on the way.
    Basic,
}

/// Guards one connection.
pub(crate) struct Gate {
    credentials: Option<Credentials>,
    scheme: Authentication,
    nonce: String,
}

impl Gate {
    /// `nonce` is new for each connection.
    pub(crate) fn new(
        credentials: Option<Credentials>,
        scheme: Authentication,
        nonce: String,
    ) -> Self {
        Self { credentials, scheme, nonce }
    }

    /// The value of `WWW-Authenticate`.
    pub(crate) fn challenge(&self) -> String {
        match self.scheme {
            Authentication::Basic => format!("Basic realm=\"{REALM}\""),
            Authentication::Digest => format!(
                "Digest realm=\"{REALM}\", nonce=\"{}\", algorithm=MD5, qop=\"auth\"",
                self.nonce
            ),
        }
    }

    /// Whether a request of `method` for `path` with this `Authorization` may pass.
    pub(crate) fn admits(&self, method: &str, path: &str, authorization: Option<&str>) -> bool {
        let Some(credentials) = &self.credentials else { return true };
        let Some((scheme, rest)) = authorization.and_then(|value| value.trim().split_once(' '))
        else {
            return false;
        };
        match self.scheme {
            Authentication::Basic => {
                let expected =
                    STANDARD.encode(format!("{}:{}", credentials.user, credentials.password));
                scheme.eq_ignore_ascii_case("basic") && same(rest.trim(), &expected)
            }
            Authentication::Digest => {
                scheme.eq_ignore_ascii_case("digest")
                    && self.digest_fits(credentials, method, path, rest)
            }
        }
    }

    /// RFC 2617 section 3.2.2.1: with `qop`, the answer covers the counters; without, not.
    fn digest_fits(
        &self,
        credentials: &Credentials,
        method: &str,
        path: &str,
        parameters: &str,
    ) -> bool {
        let parameters = parse_parameters(parameters);
        let find = |name: &str| {
            parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| &v[..])
        };
        let (Some(user), Some(realm), Some(nonce), Some(uri), Some(response)) =
            (find("username"), find("realm"), find("nonce"), find("uri"), find("response"))
        else {
            return false;
        };
        if user != credentials.user || realm != REALM || nonce != self.nonce {
            return false;
        }
        // The answer is for this resource and no other.
        if uri_path(uri).trim_end_matches('/') != path.trim_end_matches('/') {
            return false;
        }
        let secret = md5_hex(&format!("{user}:{realm}:{}", credentials.password));
        let request = md5_hex(&format!("{method}:{uri}"));
        let expected = match find("qop") {
            None => md5_hex(&format!("{secret}:{nonce}:{request}")),
            Some("auth") => {
                let (Some(nc), Some(cnonce)) = (find("nc"), find("cnonce")) else { return false };
                md5_hex(&format!("{secret}:{nonce}:{nc}:{cnonce}:auth:{request}"))
            }
            Some(_) => return false,
        };
        same(&response.to_ascii_lowercase(), &expected)
    }
}

/// The path of an absolute URI or of a bare path.
fn uri_path(uri: &str) -> &str {
    let after_host = uri
        .split_once("://")
        .map_or(uri, |(_, rest)| rest.find('/').map_or("/", |slash| &rest[slash..]));
    after_host.split(['?', '#']).next().unwrap_or(after_host)
}

/// `name=value, name="quoted, value"` (RFC 7235 section 2.1).
fn parse_parameters(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => {
                let end = after.find(',').unwrap_or(after.len());
                (after[..end].trim_end(), &after[end..])
            }
        };
        found.push((name.trim_matches([' ', ',', '\t']).to_owned(), value.to_owned()));
        rest = after.trim_start_matches([' ', ',', '\t']);
    }
    found
}

/// Compares without telling by its duration where the difference is.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

fn md5_hex(text: &str) -> String {
    encode_string(&Md5::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(scheme: Authentication) -> Gate {
        let credentials = Credentials { user: "anna".into(), password: "p:w, x".into() };
        Gate::new(Some(credentials), scheme, "n0".into())
    }

    #[test]
    fn basic_takes_the_password_and_nothing_else() {
        let right = format!("Basic {}", STANDARD.encode("anna:p:w, x"));
        for (value, admitted) in [
            (Some(right.as_str()), true),
            (Some("Basic YW5uYTp4"), false),
            (Some("Basic"), false),
            (Some("Digest username=\"anna\""), false),
            (None, false),
        ] {
            let admits = gate(Authentication::Basic).admits("DESCRIBE", "/camera1", value);
            assert_eq!(admits, admitted, "{value:?}");
        }
        assert!(Gate::new(None, Authentication::Digest, "n".into()).admits("PLAY", "/", None));
    }

    #[test]
    fn digest_takes_the_right_answer_for_the_right_request() {
        let answer = |method: &str, uri: &str, password: &str, nonce: &str, qop: bool| {
            let secret = md5_hex(&format!("anna:{REALM}:{password}"));
            let request = md5_hex(&format!("{method}:{uri}"));
            let (middle, extra) = if qop {
                (":00000001:c0:auth", ", qop=auth, nc=00000001, cnonce=\"c0\"")
            } else {
                ("", "")
            };
            let response = md5_hex(&format!("{secret}:{nonce}{middle}:{request}"));
            format!(
                "Digest username=\"anna\", realm=\"{REALM}\", nonce=\"{nonce}\", uri=\"{uri}\", \
                 response=\"{response}\"{extra}"
            )
        };
        let uri = "rtsp://127.0.0.1:8554/camera1";
        let gate = gate(Authentication::Digest);
        for (what, value, admitted) in [
            ("RFC 2069", answer("DESCRIBE", uri, "p:w, x", "n0", false), true),
            ("qop=auth", answer("DESCRIBE", uri, "p:w, x", "n0", true), true),
            ("bare path", answer("DESCRIBE", "/camera1", "p:w, x", "n0", true), true),
            ("wrong password", answer("DESCRIBE", uri, "guess", "n0", true), false),
            ("other nonce", answer("DESCRIBE", uri, "p:w, x", "n1", true), false),
            ("other method", answer("PLAY", uri, "p:w, x", "n0", true), false),
            ("other resource", answer("DESCRIBE", "/camera2", "p:w, x", "n0", true), false),
            ("nothing", "Digest ".to_owned(), false),
            ("no end of quote", "Digest username=\"anna".to_owned(), false),
        ] {
            assert_eq!(gate.admits("DESCRIBE", "/camera1", Some(&value)), admitted, "{what}");
        }
        assert!(gate.challenge().contains("nonce=\"n0\""));
    }
}
