//! Tokens: 256 random bits, of which the server keeps no more than a digest.

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

/// So many random bytes are in a token.
const BYTES: usize = 32;

/// A new token, 43 characters that need no escaping anywhere.
///
/// # Panics
/// When the system has no random numbers: nothing could be kept secret then.
pub(super) fn new() -> String {
    BASE64.encode(random())
}

/// 256 random bits.
///
/// # Panics
/// As [`new`].
pub(super) fn random() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).expect("the system has random numbers");
    bytes
}

/// What is kept of a token. One round is enough: nobody guesses 256 random bits.
pub(super) fn digest(token: &str) -> String {
    BASE64.encode(digest::digest(&digest::SHA256, token.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_their_digest_does_not_show_them() {
        let (one, two) = (new(), new());
        assert!(one.len() == 43 && one != two);
        assert_eq!(digest(&one), digest(&one));
        assert!(digest(&one) != digest(&two) && !digest(&one).contains(&one));
        // FIPS 180-2 appendix B.1.
        assert_eq!(digest("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }
}
