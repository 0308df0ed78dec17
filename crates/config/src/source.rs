//! Where a camera is, and who razz is to it.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use razz_base::Transport;
use url::Url;

use super::camera_networks::{CameraNetworks, Forbidden};
use super::certificate::CertificateCheck;
use crate::redact::{self, Secret};

/// Where the camera is and who we are to it. `Debug` and `Display` never show the credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    /// The RTSP address, without user name and password.
    pub url: Url,
    /// What to log in with.
    pub credentials: Option<Credentials>,
    /// How RTP travels.
    pub transport: Transport,
    /// Where it may be found.
    pub reach: CameraNetworks,
    /// Which certificate is taken from it, where the address is `rtsps://`.
    pub certificate: CertificateCheck,
    /// The network interface that a link-local IPv6 address is reached by (RFC 4007 section 11).
    pub zone: Option<String>,
}

/// A user name and its password; `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// As the camera knows it, not percent-encoded.
    pub username: String,
    /// As the camera knows it, not percent-encoded; may be empty.
    pub password: Secret,
}

/// What is wrong with an address; says nothing of its content.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SourceError {
    /// Not an address with a scheme.
    #[error("expected an address that begins with rtsp://, such as rtsp://10.0.0.5/stream1")]
    NoScheme,
    /// RTSP over TLS, and the video beside it.
    #[error(
        "rtsps:// is encrypted, and transport = \"udp\" would send the video in the clear; leave \
         `transport` out, or use the camera's rtsp:// address"
    )]
    TlsOverUdp,
    /// The interface behind an IPv6 address is none.
    #[error(
        "the address has a % in its host with no network interface behind it; a link-local address \
         is written rtsp://[fe80::1%eth0]/stream1"
    )]
    Zone,
    /// Another scheme.
    #[error("{0}:// is not supported; give the camera's rtsp:// address")]
    Scheme(String),
    /// Not an address at all.
    #[error(
        "not a valid address ({0}); if the password has special characters, put it into the key \
         `password`, or percent-encode it"
    )]
    Malformed(url::ParseError),
    /// What looks like an unencoded password.
    #[error(
        "the address has an `@` or `#` behind its host; if it belongs to the password, put that \
         into the key `password`, or write it percent-encoded (@ is %40, # is %23)"
    )]
    SplitPassword,
    /// Bytes that are no text.
    #[error("the user name or password is not UTF-8 once it is percent-decoded")]
    NotUtf8,
    /// In the address and beside it.
    #[error("user name and password are in the address and beside it; give them once")]
    Twice,
    /// A password and nobody it belongs to.
    #[error("there is a password but no user name; add the key `username`")]
    NoUsername,
}

impl Source {
    /// From the parts as written; user name and password either in `address` (percent-encoded) or
    /// beside it (as they are).
    pub fn new(
        address: &str,
        username: Option<Secret>,
        password: Option<Secret>,
        transport: Transport,
    ) -> Result<Self, SourceError> {
        let scheme = address.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
        match scheme.as_deref() {
            Some("rtsp") => {}
            Some("rtsps") if transport == Transport::Udp => return Err(SourceError::TlsOverUdp),
            Some("rtsps") => {}
            Some(other)
                if !other.is_empty() && other.bytes().all(|b| b.is_ascii_alphanumeric()) =>
            {
                return Err(SourceError::Scheme(other.to_owned()));
            }
            _ => return Err(SourceError::NoScheme),
        }
        let (zone, address) = split_zone(address)?;
        let mut url = Url::parse(&address).map_err(SourceError::Malformed)?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(SourceError::Malformed(url::ParseError::EmptyHost));
        }
        if url.fragment().is_some() || url.path().contains('@') {
            return Err(SourceError::SplitPassword);
        }
        let inside = credentials_in(&url)?;
        let beside = match (username, password) {
            (None, None) => None,
            (None, Some(_)) if inside.is_none() => return Err(SourceError::NoUsername),
            (username, password) => Some(Credentials {
                username: username.map(|name| name.reveal().to_owned()).unwrap_or_default(),
                password: password.unwrap_or_else(|| Secret::new("")),
            }),
        };
        if inside.is_some() && beside.is_some() {
            return Err(SourceError::Twice);
        }
        // Neither fails on an address with a host.
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        cleared.map_err(|()| SourceError::Malformed(url::ParseError::EmptyHost))?;
        Ok(Self {
            url,
            credentials: inside.or(beside),
            transport,
            reach: CameraNetworks::default(),
            certificate: CertificateCheck::default(),
            zone,
        })
    }

    /// Whether the connection is encrypted.
    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "rtsps"
    }

    /// The TCP port that is dialled: the address's own, or the usual one (RFC 9110 section 4.2 for HTTP and
    /// HTTPS).
    pub fn port(&self) -> u16 {
        match (self.transport, self.is_tls()) {
            (Transport::Http, tls) => self.url.port().unwrap_or(if tls { 443 } else { 80 }),
            (Transport::Tcp | Transport::Udp, _) => rtsp_port(&self.url),
        }
    }

    /// Where this camera refers to. The credentials go along to the same host alone, and the address is
    /// checked before it is connected to as any other is.
    ///
    /// # Errors
    /// When it is no camera's address.
    pub fn redirected(&self, address: &str) -> Result<Self, SourceError> {
        let mut source = Self::new(address, None, None, self.transport)?;
        let same_host = source.url.host() == self.url.host();
        // What was encrypted so far is not sent in the clear because somebody says so.
        let as_safe = source.is_tls() || !self.is_tls();
        if source.credentials.is_none() && same_host && as_safe {
            source.credentials.clone_from(&self.credentials);
        }
        if same_host && source.zone.is_none() {
            source.zone.clone_from(&self.zone);
        }
        source.reach.clone_from(&self.reach);
        source.certificate.clone_from(&self.certificate);
        Ok(source)
    }

    /// Where another stream of this camera is. Who we are to the camera holds there too, at the same
    /// host and port and unless `address` says it itself; so does how its video travels and which
    /// certificate is taken of it.
    ///
    /// # Errors
    /// When it is no camera's address.
    pub fn beside(&self, address: &str) -> Result<Self, SourceError> {
        let own = Self::new(address, None, None, self.transport)?.credentials;
        let mut source = self.redirected(address)?;
        // Another port is another program.
        if rtsp_port(&source.url) != rtsp_port(&self.url) {
            source.credentials = own;
        }
        Ok(source)
    }

    /// Whether both are one camera's address, however it is written: with or without credentials and the
    /// port that goes without saying, in capitals or not, with or without percent-encoding.
    pub fn is_at(&self, other: &Url) -> bool {
        Place::of(&self.url) == Place::of(other)
    }

    /// Whether the camera may be where the address says, if it says so by number. Names are looked
    /// up when razz connects.
    pub fn check_literal(&self) -> Option<Result<(), Forbidden>> {
        let host = self.url.host_str()?;
        let ip: IpAddr = host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
        Some(self.reach.check(ip))
    }
}

/// Takes the interface out of an address: `[fe80::1%eth0]`, or `[fe80::1%25eth0]` (RFC 6874). It means
/// something on this machine alone, so the camera is not told of it.
fn split_zone(address: &str) -> Result<(Option<String>, Cow<'_, str>), SourceError> {
    let behind_scheme = address.find("://").map_or(0, |at| at + 3);
    let end =
        address[behind_scheme..].find(['/', '?']).map_or(address.len(), |at| at + behind_scheme);
    let authority = &address[behind_scheme..end];
    let host = authority.rfind('@').map_or(0, |at| at + 1) + behind_scheme;
    let bracketed = address[host..end].strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let Some((ip, zone)) = bracketed.and_then(|(inside, _)| inside.split_once('%')) else {
        return Ok((None, address.into()));
    };
    let name = zone.strip_prefix("25").filter(|name| !name.is_empty()).unwrap_or(zone);
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if name.is_empty() || !name.bytes().all(is_name) {
        return Err(SourceError::Zone);
    }
    let behind = host + 1 + ip.len() + 1 + zone.len();
    let without = format!("{}[{ip}{}", &address[..host], &address[behind..]);
    Ok((Some(name.to_owned()), without.into()))
}

/// The port of an address of RTSP: its own, or the usual one (RFC 2326 section 3.2; over TLS, RFC 7826
/// section 4.2).
pub(super) fn rtsp_port(url: &Url) -> u16 {
    url.port().unwrap_or(if url.scheme() == "rtsps" { 322 } else { 554 })
}

/// What of an address says where a camera is.
#[derive(PartialEq, Eq)]
struct Place {
    scheme: String,
    host: String,
    port: u16,
    path: Vec<u8>,
    query: Vec<(String, String)>,
}

impl Place {
    fn of(url: &Url) -> Self {
        let path = match url.path() {
            "" => "/",
            path => path,
        };
        let query = url.query_pairs().filter(|(key, _)| !redact::names_a_secret(key));
        Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_ascii_lowercase(),
            port: rtsp_port(url),
            path: percent_decode_str(path).collect(),
            query: query.map(|(key, value)| (key.into_owned(), value.into_owned())).collect(),
        }
    }
}

fn credentials_in(url: &Url) -> Result<Option<Credentials>, SourceError> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    if url.username().is_empty() {
        return Err(SourceError::NoUsername);
    }
    let decode = |text: &str| match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(SourceError::NotUtf8),
    };
    Ok(Some(Credentials {
        username: decode(url.username())?,
        password: Secret::new(decode(url.password().unwrap_or(""))?),
    }))
}

/// The address, fit to be shown: without credentials, also where a camera takes them in the query.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = redact::text(self.url.as_str());
        match self.zone.as_deref().and_then(|zone| Some((zone, shown.split_once(']')?))) {
            Some((zone, (before, behind))) => write!(f, "{before}%{zone}]{behind}"),
            None => f.write_str(&shown),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.password)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({self}, {:?}", self.transport)?;
        f.write_str(if self.credentials.is_some() { ", with credentials)" } else { ")" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(
        address: &str,
        username: Option<&str>,
        password: Option<&str>,
    ) -> Result<Source, SourceError> {
        Source::new(address, username.map(Secret::new), password.map(Secret::new), Transport::Tcp)
    }

    #[test]
    fn credentials_come_from_the_address_or_from_beside_it() {
        for (address, username, password, shown, expected) in [
            ("rtsp://10.0.0.5/s", None, None, "rtsp://10.0.0.5/s", None),
            ("RTSP://10.0.0.5:8554", None, None, "rtsp://10.0.0.5:8554", None),
            ("rtsp://u:p@10.0.0.5/s", None, None, "rtsp://10.0.0.5/s", Some(("u", "p"))),
            ("rtsp://u@h/s", None, None, "rtsp://h/s", Some(("u", ""))),
            ("rtsp://a%40b:p%2F%23@h/s", None, None, "rtsp://h/s", Some(("a@b", "p/#"))),
            ("rtsp://u:p@ss@h/s", None, None, "rtsp://h/s", Some(("u", "p@ss"))),
            ("rtsp://h/s", Some("u"), Some("p%40"), "rtsp://h/s", Some(("u", "p%40"))),
            ("rtsp://h/s", Some("u"), None, "rtsp://h/s", Some(("u", ""))),
            ("rtsp://h/s?c=1&password=p", None, None, "rtsp://h/s?c=1&password=***", None),
            ("rtsp://[fe80::1]:554/s", None, None, "rtsp://[fe80::1]:554/s", None),
            ("rtsp://[fe80::1%eth0]:554/s", None, None, "rtsp://[fe80::1%eth0]:554/s", None),
            ("rtsp://[fe80::1%25br-1.7]/s", None, None, "rtsp://[fe80::1%br-1.7]/s", None),
            ("rtsp://[fe80::1%2]/s", None, None, "rtsp://[fe80::1%2]/s", None),
            (
                "rtsp://u:p%25@[fe80::1%3]/%41",
                None,
                None,
                "rtsp://[fe80::1%3]/%41",
                Some(("u", "p%")),
            ),
            ("rtsps://u:p@h/s", None, None, "rtsps://h/s", Some(("u", "p"))),
        ] {
            let source = source(address, username, password).unwrap();
            assert_eq!(source.to_string(), shown, "{address}");
            let credentials = source.credentials.as_ref();
            let credentials = credentials.map(|c| (c.username.as_str(), c.password.reveal()));
            assert_eq!(credentials, expected, "{address}");
        }
        assert_eq!(
            source("rtsp://h/s?password=p", None, None).unwrap().url.query(),
            Some("password=p")
        );
    }

    #[test]
    fn the_camera_is_not_told_of_the_interface() {
        let source = source("rtsp://[fe80::1%25eth0]:8554/s", None, None).unwrap();
        assert_eq!(source.url.as_str(), "rtsp://[fe80::1]:8554/s");
        assert_eq!(source.zone.as_deref(), Some("eth0"));
        let there = source.redirected("rtsp://[fe80::1]/t").unwrap();
        assert_eq!(there.zone.as_deref(), Some("eth0"));
        assert_eq!(source.redirected("rtsp://[fe80::2]/t").unwrap().zone, None);
    }

    #[test]
    fn ports_by_scheme_and_transport() {
        for (address, transport, port) in [
            ("rtsp://h/s", Transport::Tcp, 554),
            ("rtsp://h/s", Transport::Udp, 554),
            ("rtsp://h/s", Transport::Http, 80),
            ("rtsps://h/s", Transport::Tcp, 322),
            ("rtsps://h/s", Transport::Http, 443),
            ("rtsps://h:7441/s", Transport::Tcp, 7441),
        ] {
            let source = Source::new(address, None, None, transport).unwrap();
            assert_eq!(source.port(), port, "{address} {transport:?}");
        }
        let refused = Source::new("rtsps://h/s", None, None, Transport::Udp).unwrap_err();
        assert!(matches!(refused, SourceError::TlsOverUdp));
    }

    #[test]
    fn what_was_encrypted_stays_so() {
        let camera = source("rtsps://u:p@10.0.0.5/s", None, None).unwrap();
        assert!(camera.redirected("rtsp://10.0.0.5/s").unwrap().credentials.is_none());
        assert!(camera.redirected("rtsps://10.0.0.5/t").unwrap().credentials.is_some());
    }

    #[test]
    fn one_address_is_known_however_it_is_written() {
        for (configured, named, same) in [
            ("rtsp://10.0.0.5/s", "rtsp://10.0.0.5/s", true),
            ("rtsp://10.0.0.5/s", "rtsp://u:p@10.0.0.5:554/s", true),
            ("rtsp://u:p@10.0.0.5:554/s", "RTSP://10.0.0.5/s", true),
            ("rtsp://u:p@10.0.0.5/s", "rtsp://v:q@10.0.0.5/s", true),
            ("rtsp://Gate.Local", "rtsp://gate.local:554/", true),
            ("rtsp://[fd00::5]/s", "rtsp://[FD00:0::5]:554/s", true),
            ("rtsp://h/a%20b", "rtsp://h/%61%20b", true),
            ("rtsp://h/cam?channel=1&user=a&password=b", "rtsp://h/cam?channel=1", true),
            ("rtsp://h/cam?channel=1", "rtsp://h/cam?user=a&channel=%31&password=b", true),
            ("rtsp://h/cam?channel=1", "rtsp://h/cam?channel=2", false),
            ("rtsp://h/cam?channel=1", "rtsp://h/cam", false),
            ("rtsp://10.0.0.5/s", "rtsp://10.0.0.5:8554/s", false),
            ("rtsp://10.0.0.5/s", "rtsp://10.0.0.6/s", false),
            ("rtsp://10.0.0.5/s", "rtsp://10.0.0.5/S", false),
            ("rtsp://10.0.0.5/s", "rtsp://10.0.0.5/s/", false),
            ("rtsp://10.0.0.5/s", "rtsp://10.0.0.5/t/../s", true),
        ] {
            let camera = source(configured, None, None).unwrap();
            let named_here = source(named, None, None).unwrap();
            assert_eq!(camera.is_at(&named_here.url), same, "{configured} {named}");
            assert_eq!(named_here.is_at(&camera.url), same, "{named} {configured}");
        }
    }

    #[test]
    fn credentials_go_along_to_the_same_host_alone() {
        let camera = source("rtsp://u:p@10.0.0.5/s", None, None).unwrap();
        for (address, shown, username) in [
            ("rtsp://10.0.0.5:8554/t", "rtsp://10.0.0.5:8554/t", Some("u")),
            ("rtsp://10.0.0.6/s", "rtsp://10.0.0.6/s", None),
            ("rtsp://v:q@10.0.0.6/s", "rtsp://10.0.0.6/s", Some("v")),
        ] {
            let there = camera.redirected(address).unwrap();
            assert_eq!(there.to_string(), shown);
            let credentials = there.credentials.as_ref();
            assert_eq!(credentials.map(|c| c.username.as_str()), username, "{address}");
        }
        assert_eq!(
            camera.redirected("file:///etc/passwd").unwrap_err().to_string(),
            SourceError::Scheme("file".into()).to_string()
        );
    }

    #[test]
    fn what_is_no_source_is_refused_without_a_word_of_the_password() {
        for (address, username, password, message) in [
            ("", None, None, "begins with rtsp://"),
            ("10.0.0.5/s", None, None, "begins with rtsp://"),
            ("u:hunter2@h/s", None, None, "begins with rtsp://"),
            ("hunter2 ://h", None, None, "begins with rtsp://"),
            ("http://u:hunter2@h/s", None, None, "http:// is not supported"),
            ("rtsp://u:hunter2@[fe80::1%]/s", None, None, "no network interface"),
            ("rtsp://u:hunter2@[fe80::1%a b]/s", None, None, "no network interface"),
            ("rtsp://", None, None, "not a valid address"),
            ("rtsp:///s", None, None, "not a valid address"),
            ("rtsp://u:hunter2/@h/s", None, None, "not a valid address (invalid port number)"),
            ("rtsp://u:99/hunter2@h/s", None, None, "`@` or `#`"),
            ("rtsp://u:99#hunter2@h/s", None, None, "`@` or `#`"),
            ("rtsp://u:hunter2%FF@h/s", None, None, "not UTF-8"),
            ("rtsp://:hunter2@h/s", None, None, "no user name"),
            ("rtsp://h/s", None, Some("hunter2"), "no user name"),
            ("rtsp://u:hunter2@h/s", Some("u"), Some("hunter2"), "give them once"),
            ("rtsp://u@h/s", None, Some("hunter2"), "give them once"),
        ] {
            let error = source(address, username, password).unwrap_err();
            let shown = error.to_string();
            assert!(shown.contains(message), "{address}: {shown}");
            assert!(!format!("{shown}{error:?}").contains("hunter2"), "{shown}");
        }
        let source = source("rtsp://admin:hunter2@h/s?pwd=hunter2", None, None).unwrap();
        let shown = format!("{source} {source:?} {:?}", source.credentials);
        assert!(!shown.contains("hunter2") && !shown.contains("admin"), "{shown}");
    }
}
