//! Proves to a camera who we are: Digest (RFC 7616, RFC 2617, RFC 2069) and Basic (RFC 7617).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Digest as _;

use crate::message::Message;

/// So often one request is sent with another proof: a camera may renew its nonce with every answer, and
/// one that never has enough refuses us.
const MAX_PROOFS: u8 = 4;

/// A user name and a password; `Debug` shows neither.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// As the camera knows it.
    pub username: String,
    /// As the camera knows it.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

/// Hash functions that Digest may ask for; a later one is better.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Hash {
    Md5,
    Sha256,
    /// SHA-512/256, which has initial values of its own and is no truncated SHA-512 (FIPS 180-4 section
    /// 5.3.6; the RFC's own example takes the one for the other, see its erratum 4897).
    Sha512_256,
}

impl Hash {
    fn hex(self, text: &str) -> String {
        match self {
            Self::Md5 => base16ct::lower::encode_string(&md5::Md5::digest(text)),
            Self::Sha256 => base16ct::lower::encode_string(&sha2::Sha256::digest(text)),
            Self::Sha512_256 => base16ct::lower::encode_string(&sha2::Sha512_256::digest(text)),
        }
    }
}

/// What the answer to a challenge covers (`qop`, RFC 7616 section 3.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Quality {
    /// RFC 2069: no counters.
    None,
    Auth,
    /// The body as well, which our requests do not have.
    AuthInt,
}

/// How a camera wants to be answered. It goes along where a camera closes the connection after it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Challenge(Scheme);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Scheme {
    Basic,
    Digest(Digest),
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Digest {
    hash: Hash,
    /// `algorithm` as it was written, to be repeated so; `None` where it was absent.
    algorithm: Option<String>,
    /// `-sess`: the secret is made with the nonces.
    session: bool,
    // Both as they stand between their quotes, with any backslashes.
    realm: String,
    nonce: String,
    opaque: Option<String>,
    quality: Quality,
    stale: bool,
}

impl Scheme {
    /// The better one is larger.
    fn rank(&self) -> u8 {
        match self {
            Self::Basic => 0,
            Self::Digest(digest) => 1 + digest.hash as u8,
        }
    }

    fn nonce(&self) -> &str {
        match self {
            Self::Basic => "",
            Self::Digest(digest) => &digest.nonce,
        }
    }
}

/// What to do after a camera refused a request with 401.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// Send it again, with another proof.
    Again {
        /// A nonce that was in use has been replaced.
        renewed: bool,
    },
    /// There is nothing to prove it with, or what we have is wrong.
    Refused,
}

/// How often and with what the request at hand was tried.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attempts {
    count: u8,
    /// Rank and nonce of the proofs that were refused.
    refused: Vec<(u8, String)>,
}

/// Makes the proofs of one session.
#[derive(Debug)]
pub(crate) struct Authenticator {
    credentials: Option<Credentials>,
    challenge: Option<Scheme>,
    /// How often the nonce was used.
    uses: u32,
    /// Makes our own nonces.
    seed: u64,
}

impl Authenticator {
    /// `seed` makes our own nonces, which nobody should be able to guess.
    pub(crate) fn new(
        credentials: Option<Credentials>,
        challenge: Option<Challenge>,
        seed: u64,
    ) -> Self {
        Self { credentials, challenge: challenge.map(|Challenge(scheme)| scheme), uses: 0, seed }
    }

    /// What the camera asked for last, if we have something to answer it with.
    pub(crate) fn challenge(&self) -> Option<Challenge> {
        self.challenge.clone().map(Challenge)
    }

    pub(crate) fn has_credentials(&self) -> bool {
        self.credentials.is_some()
    }

    /// A request was answered with 401. Wrong credentials are seen by the same nonce being answered
    /// and refused; a nonce that is new says no more than that the one before was used up.
    pub(crate) fn handle_refusal(&mut self, answer: &Message, tried: &mut Attempts) -> Verdict {
        if self.credentials.is_none() {
            return Verdict::Refused;
        }
        if let Some(used) = &self.challenge
            && tried.count > 0
        {
            tried.refused.push((used.rank(), used.nonce().to_owned()));
        }
        let mut offers = challenges(answer);
        offers.sort_by_key(|offer| std::cmp::Reverse(offer.rank()));
        // A camera that says that the nonce was stale says that the password was right.
        let is_stale = |offer: &Scheme| matches!(offer, Scheme::Digest(d) if d.stale);
        let usable = offers.into_iter().find(|offer| {
            let same = (offer.rank(), offer.nonce().to_owned());
            // Twice the same way with new nonces, and not a word of staleness: it is the password.
            let often = tried.refused.iter().filter(|(rank, _)| *rank == offer.rank()).count();
            !tried.refused.contains(&same) && (often < 2 || is_stale(offer))
        });
        match usable {
            Some(offer) if tried.count < MAX_PROOFS => {
                tried.count += 1;
                let renewed = self.challenge.is_some();
                self.challenge = Some(offer);
                self.uses = 0;
                Verdict::Again { renewed }
            }
            _ => Verdict::Refused,
        }
    }

    /// An answer may name the nonce for the next request (RFC 7616 section 3.5).
    pub(crate) fn handle_answer(&mut self, answer: &Message) {
        let info = answer.header("Authentication-Info").map(parameters).unwrap_or_default();
        let next = info.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("nextnonce"));
        if let (Some((_, nonce)), Some(Scheme::Digest(digest))) = (next, &mut self.challenge) {
            digest.nonce = nonce;
            self.uses = 0;
        }
    }

    /// The value of `Authorization` for a request; `None` while nobody asked for it. `tried` notes
    /// that the request has a proof.
    pub(crate) fn authorization(
        &mut self,
        method: &str,
        uri: &str,
        tried: &mut Attempts,
    ) -> Option<String> {
        let credentials = self.credentials.as_ref()?;
        let challenge = self.challenge.as_ref()?;
        tried.count = tried.count.max(1);
        let digest = match challenge {
            Scheme::Basic => {
                let text = format!("{}:{}", credentials.username, credentials.password);
                return Some(format!("Basic {}", STANDARD.encode(text)));
            }
            Scheme::Digest(digest) => digest,
        };
        self.uses += 1;
        let own = Hash::Sha256.hex(&format!("{}:{}:{}", self.seed, digest.nonce, self.uses));
        Some(digest.answer(credentials, method, uri, &own[..16], self.uses))
    }
}

impl Digest {
    /// RFC 7616 section 3.4.
    fn answer(
        &self,
        credentials: &Credentials,
        method: &str,
        uri: &str,
        cnonce: &str,
        count: u32,
    ) -> String {
        let Self { hash, realm, nonce, .. } = self;
        let Credentials { username, password } = credentials;
        let mut secret = hash.hex(&format!("{username}:{realm}:{password}"));
        if self.session {
            secret = hash.hex(&format!("{secret}:{nonce}:{cnonce}"));
        }
        let request = match self.quality {
            Quality::AuthInt => hash.hex(&format!("{method}:{uri}:{}", hash.hex(""))),
            Quality::None | Quality::Auth => hash.hex(&format!("{method}:{uri}")),
        };
        let quality = match self.quality {
            Quality::None => None,
            Quality::Auth => Some("auth"),
            Quality::AuthInt => Some("auth-int"),
        };
        let response = match quality {
            None => hash.hex(&format!("{secret}:{nonce}:{request}")),
            Some(quality) => {
                hash.hex(&format!("{secret}:{nonce}:{count:08x}:{cnonce}:{quality}:{request}"))
            }
        };
        // A quote in the name would end its string.
        let username = username.replace('\\', "\\\\").replace('"', "\\\"");
        let mut value = format!(
            "Digest username=\"{username}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\""
        );
        if let Some(algorithm) = &self.algorithm {
            value.push_str(&format!(", algorithm={algorithm}"));
        }
        if let Some(quality) = quality {
            value.push_str(&format!(", qop={quality}, nc={count:08x}"));
        }
        if quality.is_some() || self.session {
            value.push_str(&format!(", cnonce=\"{cnonce}\""));
        }
        if let Some(opaque) = &self.opaque {
            value.push_str(&format!(", opaque=\"{opaque}\""));
        }
        value
    }
}

/// Those challenges of an answer that we can meet; a header may hold several (RFC 7235 section 4.1).
fn challenges(answer: &Message) -> Vec<Scheme> {
    answer.headers("WWW-Authenticate").flat_map(split_challenges).collect()
}

fn split_challenges(value: &str) -> Vec<Scheme> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    let mut rest = value;
    while let Some((name, after)) = token(rest) {
        let after_blank = after.trim_start();
        if let Some(after_sign) = after_blank.strip_prefix('=') {
            let (value, after) = parameter_value(after_sign.trim_start());
            if let Some((_, parameters)) = found.last_mut() {
                parameters.push((name.to_ascii_lowercase(), value.to_owned()));
            }
            rest = after;
        } else {
            found.push((name.to_ascii_lowercase(), Vec::new()));
            rest = after_blank;
        }
    }
    found.into_iter().filter_map(|(scheme, parameters)| challenge(&scheme, &parameters)).collect()
}

fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = value;
    while let Some((name, after)) = token(rest) {
        let Some(after_sign) = after.trim_start().strip_prefix('=') else { break };
        let (value, after) = parameter_value(after_sign.trim_start());
        found.push((name.to_owned(), value.to_owned()));
        rest = after;
    }
    found
}

/// The next word, behind blanks and commas.
fn token(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches([' ', '\t', ',', ';', '"']);
    let end = text.find([' ', '\t', ',', ';', '=']).unwrap_or(text.len());
    // An equals sign where a name should be.
    let end = if end == 0 { text.chars().next()?.len_utf8() } else { end };
    Some(text.split_at(end))
}

/// The value behind an equals sign, and what follows. A quote ends it where a comma or nothing is
/// behind, so that realms with quotes inside are read.
fn parameter_value(text: &str) -> (&str, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        return text.split_at(text.find([',', ' ', '\t']).unwrap_or(text.len()));
    };
    let ends = |at: &usize| {
        let behind = quoted[at + 1..].trim_start();
        let escaped = quoted[..*at].ends_with('\\');
        !escaped && (behind.is_empty() || behind.starts_with([',', ';']))
    };
    let mut quotes = quoted.match_indices('"').map(|(at, _)| at);
    let first = quotes.clone().next();
    match quotes.find(ends).or(first) {
        Some(at) => (&quoted[..at], &quoted[at + 1..]),
        None => (quoted, ""),
    }
}

fn challenge(scheme: &str, parameters: &[(String, String)]) -> Option<Scheme> {
    let find = |name: &str| {
        parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    };
    match scheme {
        "basic" => Some(Scheme::Basic),
        "digest" => {
            let algorithm = find("algorithm");
            let name = algorithm.unwrap_or("MD5").trim().to_ascii_uppercase();
            let (name, session) = match name.strip_suffix("-SESS") {
                Some(name) => (name, true),
                None => (name.as_str(), false),
            };
            let hash = match name {
                "MD5" | "" => Hash::Md5,
                "SHA-256" => Hash::Sha256,
                "SHA-512-256" => Hash::Sha512_256,
                _ => return None,
            };
            let offers = |quality: &str| {
                let mut offered = find("qop").unwrap_or("").split([',', ' ']);
                offered.any(|own| own.trim().eq_ignore_ascii_case(quality))
            };
            let quality = match (offers("auth"), offers("auth-int")) {
                (true, _) => Quality::Auth,
                (false, true) => Quality::AuthInt,
                (false, false) => Quality::None,
            };
            Some(Scheme::Digest(Digest {
                hash,
                algorithm: algorithm.map(str::to_owned).filter(|name| !name.is_empty()),
                session,
                realm: find("realm").unwrap_or("").to_owned(),
                nonce: find("nonce")?.to_owned(),
                opaque: find("opaque").map(str::to_owned),
                quality,
                stale: find("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
