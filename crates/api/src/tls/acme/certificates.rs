//! Which certificate a connection gets: the one in force, or the answer to the authority's check.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Whether a connection is the authority's check, which offers nothing but that protocol.
pub(in crate::tls) fn is_challenge(hello: &ClientHello<'_>) -> bool {
    hello.alpn().into_iter().flatten().eq([super::ALPN])
}

/// The certificate in force, and the answers to checks that are under way.
#[derive(Debug, Default)]
pub(in crate::tls) struct Certificates {
    in_force: RwLock<Option<Arc<CertifiedKey>>>,
    /// By domain, in lower case.
    answers: RwLock<HashMap<String, Arc<CertifiedKey>>>,
}

impl Certificates {
    pub(super) fn put_in_force(&self, certified: Arc<CertifiedKey>) {
        *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = Some(certified);
    }

    /// What the authority finds under `domain` from now on.
    pub(super) fn answer(&self, domain: &str, certified: CertifiedKey) {
        let mut answers = self.answers.write().unwrap_or_else(PoisonError::into_inner);
        answers.insert(domain.to_ascii_lowercase(), Arc::new(certified));
    }

    /// The checks are over.
    pub(super) fn forget_answers(&self) {
        self.answers.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if is_challenge(&hello) {
            let answers = self.answers.read().unwrap_or_else(PoisonError::into_inner);
            return answers.get(&hello.server_name()?.to_ascii_lowercase()).cloned();
        }
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
