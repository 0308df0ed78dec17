//! Which certificate is taken from a camera that is reached over TLS.

use std::fmt;
use std::str::FromStr;

/// SHA-256 of a certificate (DER), written as `openssl x509 -fingerprint -sha256` prints it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 32]);

/// How a camera's certificate is judged. Cameras sign their own as a rule, so nobody vouches for them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum CertificateCheck {
    /// The one that it shows first is remembered, and no other taken later.
    #[default]
    Pinned,
    /// One that the machine's or the usual public authorities vouch for, of the address's name, and
    /// in its time.
    Checked,
    /// This one and no other.
    Exactly(Fingerprint),
}

/// As the config has it.
impl fmt::Display for CertificateCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pinned => f.write_str("pinned"),
            Self::Checked => f.write_str("checked"),
            Self::Exactly(certificate) => certificate.fmt(f),
        }
    }
}

/// What is no check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "expected \"pinned\", \"checked\", or a fingerprint, sha256: and 32 bytes in hexadecimal such as \
     sha256:0A:1B:…"
)]
pub struct NoCheck;

impl FromStr for CertificateCheck {
    type Err = NoCheck;

    fn from_str(text: &str) -> Result<Self, NoCheck> {
        match text {
            "pinned" => Ok(Self::Pinned),
            "checked" => Ok(Self::Checked),
            _ => text.parse().map(Self::Exactly),
        }
    }
}

impl FromStr for Fingerprint {
    type Err = NoCheck;

    fn from_str(text: &str) -> Result<Self, NoCheck> {
        let hex = text.strip_prefix("sha256:").ok_or(NoCheck)?.replace(':', "");
        let mut bytes = [0; 32];
        let decoded = base16ct::mixed::decode(hex, &mut bytes).map_err(|_| NoCheck)?;
        if decoded.len() != 32 {
            return Err(NoCheck);
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256")?;
        self.0.iter().try_for_each(|byte| write!(f, ":{byte:02X}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_as_people_write_them() {
        let colons = (0..32).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
        let mut bytes = [0; 32];
        (0..32).for_each(|at| bytes[at] = at as u8);
        let print = Fingerprint(bytes);
        let bare = colons.replace(':', "");
        for (text, expected) in [
            ("pinned", Ok(CertificateCheck::Pinned)),
            ("checked", Ok(CertificateCheck::Checked)),
            (&*format!("sha256:{colons}"), Ok(CertificateCheck::Exactly(print))),
            (&*format!("sha256:{bare}"), Ok(CertificateCheck::Exactly(print))),
            (&*print.to_string(), Ok(CertificateCheck::Exactly(print))),
            (&*colons, Err(NoCheck)),
            ("sha256:00", Err(NoCheck)),
            (&*format!("sha256:+{}", &bare[1..]), Err(NoCheck)),
            (&*format!("sha256:{}x", &bare[1..]), Err(NoCheck)),
            ("any", Err(NoCheck)),
        ] {
            assert_eq!(text.parse(), expected, "{text}");
            if let Ok(check) = expected {
                assert_eq!(check.to_string().parse(), expected);
            }
        }
    }
}
