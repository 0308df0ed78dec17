//! HTTP that razz speaks as a client: to webhooks, to a collector of traces, to where models come from.

use std::sync::Arc;

use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

/// What every client has in common: razz's name, its cryptography, the authorities that browsers
/// trust, and answers of any status taken for answers.
pub fn client() -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .tls_config(tls(RootCerts::WebPki))
        .http_status_as_error(false)
        .user_agent(concat!("razz/", env!("CARGO_PKG_VERSION")))
}

/// TLS by razz's cryptography, with servers that `authorities` signed.
pub fn tls(authorities: RootCerts) -> TlsConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    TlsConfig::builder()
        .root_certs(authorities)
        .unversioned_rustls_crypto_provider(provider)
        .build()
}
