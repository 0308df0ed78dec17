//! View tokens: which cameras may be watched until when, signed, so that nothing about them has to be
//! kept.
//!
//! `view.CLAIMS.SIGNATURE`, both base64url: the claims are JSON, the signature is HMAC-SHA-256 (RFC
//! 2104) over `view.CLAIMS` with the key of the users file.

use std::collections::BTreeSet;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::grant::Voucher;

/// What the tokens begin with, to be told from API tokens.
pub(super) const MARK: &str = "view.";

/// What a view token says. Short names: it stands in addresses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    /// The cameras.
    #[serde(rename = "c")]
    pub(super) cameras: BTreeSet<u32>,
    /// Watching may begin before this, in UNIX seconds.
    #[serde(rename = "e")]
    pub(super) until: i64,
    /// Who vouches for it.
    #[serde(flatten)]
    pub(super) by: Voucher,
    /// When it was made, in UNIX seconds. Tokens of an older razz do not say.
    #[serde(rename = "m", default)]
    pub(super) made: i64,
}

/// The token that says `claims`.
pub(super) fn sign(claims: &Claims, key: &[u8]) -> String {
    let json = serde_json::to_vec(claims).expect("numbers and strings always serialise");
    let signed = format!("{MARK}{}", BASE64.encode(json));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes());
    format!("{signed}.{}", BASE64.encode(tag))
}

/// What `token` says and its signature, if it is one of ours; that its time is over is for the
/// caller to see.
pub(super) fn read(token: &str, key: &[u8]) -> Option<(Claims, String)> {
    let (signed, signature) = token.rsplit_once('.')?;
    let json = signed.strip_prefix(MARK)?;
    let tag = BASE64.decode(signature).ok()?;
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), signed.as_bytes(), &tag).ok()?;
    let claims = serde_json::from_slice(&BASE64.decode(json).ok()?).ok()?;
    Some((claims, signature.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::grant::Account;
    use super::*;

    #[test]
    fn a_token_says_what_was_signed_and_no_other_is_believed() {
        let claims = Claims {
            cameras: [1, 7].into(),
            until: 1_700_000_000,
            by: Voucher {
                account: Account::Token("a".into()),
                generation: "g".into(),
                sign_in: None,
            },
            made: 1_699_999_000,
        };
        let (key, other_key) = (b"the key".as_slice(), b"another".as_slice());
        let token = sign(&claims, key);
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)), "{token}");
        let (read_back, signature) = read(&token, key).unwrap();
        assert_eq!(read_back, claims);
        assert!(token.ends_with(&signature));
        assert_eq!(read(&token, other_key), None);
        // Any single character changed.
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            // The last character of base64 holds bits that count for nothing.
            let read = read(&changed, key);
            assert!(read.is_none() || at == token.len() - 1, "{at}: {changed}");
        }
        for token in ["", "view.", "view..", "view.x.y", ".", "view.e30.", &token[1..]] {
            assert_eq!(read(token, key), None, "{token}");
        }
    }

    #[test]
    fn a_token_of_an_older_razz_is_read() {
        let by = Voucher {
            account: Account::User("ann".into()),
            generation: String::new(),
            sign_in: None,
        };
        let claims = Claims { cameras: [1].into(), until: 2, by, made: 0 };
        let json = serde_json::to_string(&claims).unwrap();
        assert_eq!(json, r#"{"c":[1],"e":2,"b":{"u":"ann"},"m":0}"#);
        let old: Claims = serde_json::from_str(r#"{"c":[1],"e":2,"b":{"u":"ann"}}"#).unwrap();
        assert_eq!(old, claims);
    }
}
