//! Passwords: argon2id (RFC 9106), kept as PHC strings.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

use super::secret;

/// Fewest characters of a password (NIST SP 800-63B section 5.1.1.2 asks for 8).
pub const SHORTEST: usize = 10;
/// Most bytes: hashing time grows with them.
pub const LONGEST: usize = 1024;

/// What hashing costs: memory in KiB and passes. More is slower for who guesses and for who signs
/// in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Cost {
    /// 19 MiB and 2 passes, some 20 ms: OWASP's least for argon2id.
    pub const USUAL: Self = Self { memory_kib: 19_456, passes: 2 };
    /// Next to nothing, for tests.
    #[cfg(any(test, feature = "testing"))]
    pub const LEAST: Self = Self { memory_kib: 8, passes: 1 };
}

/// What is kept of `password`.
pub(super) fn hash(password: &str, cost: Cost) -> String {
    let salt = &secret::random()[..16];
    let params =
        Params::new(cost.memory_kib, cost.passes, 1, None).expect("the costs are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(password.as_bytes(), salt)
        .expect("a password within its limits can be hashed")
        .to_string()
}

/// Whether `password` is the one that `kept` was made of.
pub(super) fn verify(password: &str, kept: &str) -> bool {
    PasswordHash::new(kept)
        .is_ok_and(|kept| Argon2::default().verify_password(password.as_bytes(), &kept).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_own_hash_alone() {
        let kept = hash("correct horse", Cost::LEAST);
        assert!(kept.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{kept}");
        assert!(verify("correct horse", &kept));
        assert_ne!(kept, hash("correct horse", Cost::LEAST), "salted");
        for (password, kept) in [
            ("correct horsf", kept.as_str()),
            ("", kept.as_str()),
            ("correct horse", ""),
            ("correct horse", "$argon2id$v=19$m=8,t=1,p=1$AAAA"),
            ("correct horse", "correct horse"),
        ] {
            assert!(!verify(password, kept), "{password} {kept}");
        }
    }

    #[test]
    fn the_usual_cost_is_what_owasp_asks_for() {
        assert!(hash("x", Cost::USUAL).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }
}
