//! TLS on the HTTP addresses: certificates from files, made here, or from an ACME authority.
//!
//! [`Acceptor`] is what a certificate makes of connections.

mod acme;
mod files;
mod handshake;
mod self_signed;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::ResolvesServerCert;

pub use self::files::{certified_key, untimely};
use razz_config::{self as config, Tls};
use razz_observe::clock::Clock;

/// What is spoken inside: HTTP/1.1, which WebSockets need as well.
const HTTP: &[u8] = b"http/1.1";

/// What makes TLS of a connection. Cloning shares the certificate.
#[derive(Clone)]
pub struct Acceptor {
    settings: Arc<ServerConfig>,
    /// For the authority that checks whether this machine answers for its names (RFC 8737).
    challenge: Option<Arc<ServerConfig>>,
}

/// Finds or makes the certificate, and follows it from then on; to be called inside the runtime.
///
/// # Errors
/// When there is no certificate that can be used, with what to do.
pub fn start(server: &config::Server, tls: &Tls, clock: Clock) -> Result<Acceptor, String> {
    let (cert, key) = match tls {
        Tls::Acme(acme) => {
            let (certificates, challenge) = acme::start(acme, clock)?;
            return Ok(Acceptor {
                settings: settings(certificates, HTTP)?,
                challenge: Some(challenge),
            });
        }
        Tls::Files { cert, key } => (cert.clone(), key.clone()),
        Tls::SelfSigned { folder } => self_signed::find_or_make(folder, server, clock)?,
    };
    let files = Arc::new(files::Files::open(cert, key)?);
    tokio::spawn(Arc::clone(&files).follow());
    Ok(Acceptor { settings: settings(files, HTTP)?, challenge: None })
}

/// The names that the certificate is for, once it is started: some with `*.` in front.
///
/// # Errors
/// When it cannot be read.
pub fn names(tls: &Tls) -> Result<Vec<String>, String> {
    match tls {
        Tls::Acme(acme) => Ok(acme.domains.clone()),
        Tls::Files { cert, key } => files::names(cert, key),
        Tls::SelfSigned { folder } => {
            let (cert, key) = self_signed::paths(folder);
            files::names(&cert, &key)
        }
    }
}

/// `protocol` is what is spoken inside.
fn settings(
    certificates: Arc<dyn ResolvesServerCert>,
    protocol: &[u8],
) -> Result<Arc<ServerConfig>, String> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS: {error}"))?;
    let mut settings = builder.with_no_client_auth().with_cert_resolver(certificates);
    settings.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(settings))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}
