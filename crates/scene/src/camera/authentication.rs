//! Basic and Digest: who may watch.

use std::fmt;

use base16ct::lower::encode_string;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use sha2::{Sha256, Sha512_256};

use super::quirk::{Quirk, Quirks};

/// The name of what the password is for.
const REALM: &str = "razz demo camera";
/// What has to come back with [`Quirk::DigestOpaque`].
const OPAQUE: &str = "5ccc069c403ebaf9f0171e9517f40e41";
const OPAQUE_PARAMETER: &str = ", opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";

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
    /// Nonces that were good once.
    used: Vec<String>,
}

/// Whether a request may pass.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Admission {
    /// It may.
    Granted,
    /// It has no proof, or a wrong one.
    Refused,
    /// Its proof is right for a nonce that is no longer good.
    Stale,
}

impl Gate {
    /// `nonce` is new for each connection.
    pub(crate) fn new(
        credentials: Option<Credentials>,
        scheme: Authentication,
        nonce: String,
    ) -> Self {
        Self { credentials, scheme, nonce, used: Vec::new() }
    }

    /// From now on only `nonce` is good.
    pub(crate) fn renew(&mut self, nonce: String) {
        self.used.push(std::mem::replace(&mut self.nonce, nonce));
    }

    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Whether there is anything to guard.
    pub(crate) fn is_guarded(&self) -> bool {
        self.credentials.is_some()
    }

    /// The values of `WWW-Authenticate`, one a header (RFC 7235 section 4.1).
    pub(crate) fn challenges(&self, quirks: Quirks, stale: bool) -> Vec<String> {
        let has = |quirk| quirks.has(quirk);
        let basic = || format!("Basic realm=\"{}\"", realm(quirks));
        if has(Quirk::BasicOnly) || self.scheme == Authentication::Basic {
            return vec![basic()];
        }
        let unknown = || "Negotiate bm90IGtub3du".to_owned();
        let digest = |hash| self.digest(quirks, hash, stale);
        if has(Quirk::SchemesInOneHeader) {
            vec![format!("{}, {}, {}", unknown(), digest(None), basic())]
        } else if has(Quirk::SchemesInSeveralHeaders) {
            vec![unknown(), digest(None), basic()]
        } else if has(Quirk::BasicFirst) {
            vec![basic(), digest(None)]
        } else if has(Quirk::DigestUnknownFirst) {
            vec![digest(Some("SHAKE-512")), digest(None)]
        } else if has(Quirk::DigestTwoAlgorithms) {
            vec![digest(Some("SHA-256")), digest(None)]
        } else {
            vec![digest(None)]
        }
    }

    /// A challenge (RFC 7616 section 3.3), with the algorithm that is named or that the quirks say.
    fn digest(&self, quirks: Quirks, algorithm: Option<&str>, stale: bool) -> String {
        let has = |quirk| quirks.has(quirk);
        let algorithm = match algorithm {
            Some(name) => format!(", algorithm={name}"),
            None if has(Quirk::DigestAlgorithmAbsent) => String::new(),
            None if has(Quirk::DigestAlgorithmQuoted) => ", algorithm=\"MD5\"".to_owned(),
            None if has(Quirk::DigestAlgorithmLowerCase) => ", algorithm=md5".to_owned(),
            None => format!(", algorithm={}", self::algorithm(quirks)),
        };
        let quality = if has(Quirk::DigestWithoutQop) {
            ""
        } else if has(Quirk::DigestAuthIntOnly) {
            ", qop=\"auth-int\""
        } else if has(Quirk::DigestAuthIntToo) {
            ", qop=\"auth,auth-int\""
        } else {
            ", qop=\"auth\""
        };
        let opaque = if has(Quirk::DigestOpaque) { OPAQUE_PARAMETER } else { "" };
        let stale = if stale { ", stale=TRUE" } else { "" };
        let (realm, nonce) = (realm(quirks), &self.nonce);
        let challenge = format!(
            "Digest realm=\"{realm}\", nonce=\"{nonce}\"{algorithm}{quality}{opaque}{stale}"
        );
        if has(Quirk::DigestTight) {
            return challenge.replace(", ", ",").replacen("Digest", "digest", 1);
        }
        challenge
    }

    /// What becomes of a request of `method` for `path` with this `Authorization`.
    pub(crate) fn admits(
        &self,
        quirks: Quirks,
        method: &str,
        path: &str,
        authorization: Option<&str>,
    ) -> Admission {
        let Some(credentials) = &self.credentials else { return Admission::Granted };
        let Some((scheme, rest)) = authorization.and_then(|value| value.trim().split_once(' '))
        else {
            return Admission::Refused;
        };
        let offers_basic =
            [Quirk::BasicOnly, Quirk::SchemesInOneHeader, Quirk::SchemesInSeveralHeaders];
        if scheme.eq_ignore_ascii_case("basic") {
            let expected =
                STANDARD.encode(format!("{}:{}", credentials.user, credentials.password));
            let takes = self.scheme == Authentication::Basic || quirks.has_any(&offers_basic);
            return granted(takes && same(rest.trim(), &expected));
        }
        let takes = self.scheme == Authentication::Digest && !quirks.has(Quirk::BasicOnly);
        if !takes || !scheme.eq_ignore_ascii_case("digest") {
            return Admission::Refused;
        }
        self.digest_fits(quirks, credentials, method, path, rest)
    }

    /// RFC 7616 section 3.4.1: with `qop`, the answer covers the counters; without, not.
    fn digest_fits(
        &self,
        quirks: Quirks,
        credentials: &Credentials,
        method: &str,
        path: &str,
        parameters: &str,
    ) -> Admission {
        let parameters = parse_parameters(parameters);
        let find = |name: &str| {
            parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| &v[..])
        };
        let (Some(user), Some(named_realm), Some(nonce), Some(uri), Some(response)) =
            (find("username"), find("realm"), find("nonce"), find("uri"), find("response"))
        else {
            return Admission::Refused;
        };
        let stale = self.used.iter().any(|used| used == nonce);
        let realm = realm(quirks);
        // Clients differ in whether they take the backslashes out before they answer.
        let realms = [realm.to_owned(), realm.replace('\\', "")];
        if user != credentials.user
            || !realms.contains(&named_realm.replace('\\', "")) && named_realm != realm
            || nonce != self.nonce && !stale
        {
            return Admission::Refused;
        }
        // The answer is for this resource and no other.
        if uri_path(uri).trim_end_matches('/') != path.trim_end_matches('/') {
            return Admission::Refused;
        }
        if quirks.has(Quirk::DigestOpaque) && find("opaque") != Some(OPAQUE) {
            return Admission::Refused;
        }
        let name = find("algorithm").unwrap_or("MD5").to_ascii_uppercase();
        let (hash_name, session) = match name.strip_suffix("-SESS") {
            Some(name) => (name, true),
            None => (&name[..], false),
        };
        let hash: fn(&str) -> String = match hash_name {
            "SHA-256" => sha256_hex,
            "SHA-512-256" => sha512_256_hex,
            _ => md5_hex,
        };
        let asked = name.eq_ignore_ascii_case(algorithm(quirks))
            || quirks.has(Quirk::DigestTwoAlgorithms) && name == "SHA-256";
        let (nc, cnonce) = (find("nc"), find("cnonce"));
        let quality_fits = match find("qop") {
            None => !quirks.has(Quirk::DigestAuthIntOnly),
            Some("auth") => !quirks.has_any(&[Quirk::DigestAuthIntOnly, Quirk::DigestWithoutQop]),
            Some("auth-int") => {
                quirks.has_any(&[Quirk::DigestAuthIntOnly, Quirk::DigestAuthIntToo])
            }
            Some(_) => false,
        };
        if !asked || !quality_fits || find("qop").is_some() && (nc.is_none() || cnonce.is_none()) {
            return Admission::Refused;
        }
        let (nc, cnonce) = (nc.unwrap_or(""), cnonce.unwrap_or(""));
        let request = match find("qop") {
            // Our clients' requests have no body.
            Some("auth-int") => hash(&format!("{method}:{uri}:{}", hash(""))),
            _ => hash(&format!("{method}:{uri}")),
        };
        let fits = realms.iter().any(|realm| {
            let mut secret = hash(&format!("{user}:{realm}:{}", credentials.password));
            if session {
                secret = hash(&format!("{secret}:{nonce}:{cnonce}"));
            }
            let expected = match find("qop") {
                None => hash(&format!("{secret}:{nonce}:{request}")),
                Some(qop) => hash(&format!("{secret}:{nonce}:{nc}:{cnonce}:{qop}:{request}")),
            };
            same(&response.to_ascii_lowercase(), &expected)
        });
        match granted(fits) {
            Admission::Granted if stale => Admission::Stale,
            admission => admission,
        }
    }
}

fn granted(fits: bool) -> Admission {
    if fits { Admission::Granted } else { Admission::Refused }
}

/// What a challenge asks for, where it does not ask for several or hide it.
fn algorithm(quirks: Quirks) -> &'static str {
    let named = [
        (Quirk::DigestMd5Sess, "MD5-sess"),
        (Quirk::DigestSha256, "SHA-256"),
        (Quirk::DigestSha256Sess, "SHA-256-sess"),
        (Quirk::DigestSha512, "SHA-512-256"),
        (Quirk::DigestSha512Sess, "SHA-512-256-sess"),
    ];
    let found = named.into_iter().find(|(quirk, _)| quirks.has(*quirk));
    found.map_or("MD5", |(_, name)| name)
}

/// The realm as it stands between its quotes.
fn realm(quirks: Quirks) -> &'static str {
    if quirks.has(Quirk::RealmEmpty) {
        ""
    } else if quirks.has(Quirk::RealmCommas) {
        "IP Camera, nonce=none, qop=x"
    } else if quirks.has(Quirk::RealmEscapedQuotes) {
        "the \\\"front\\\" door"
    } else if quirks.has(Quirk::RealmBareQuotes) {
        "the \"front\" door"
    } else {
        REALM
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
            Some(quoted) => {
                let end = closing_quote(quoted);
                (&quoted[..end], quoted.get(end + 1..).unwrap_or(""))
            }
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

/// Where a quoted value ends: at a quote that only a comma or nothing follows, since a realm may have
/// quotes within.
fn closing_quote(quoted: &str) -> usize {
    let ends = |(at, _): &(usize, &str)| {
        let behind = quoted[at + 1..].trim_start();
        !quoted[..*at].ends_with('\\') && (behind.is_empty() || behind.starts_with(','))
    };
    quoted.match_indices('"').find(ends).map_or(quoted.len(), |(at, _)| at)
}

/// Compares without telling by its duration where the difference is.
fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |diff, (a, b)| diff | (a ^ b)) == 0
}

fn md5_hex(text: &str) -> String {
    encode_string(&Md5::digest(text))
}

fn sha256_hex(text: &str) -> String {
    encode_string(&Sha256::digest(text))
}

fn sha512_256_hex(text: &str) -> String {
    encode_string(&Sha512_256::digest(text))
}

#[cfg(test)]
mod tests;
