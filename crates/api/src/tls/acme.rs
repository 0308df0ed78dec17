//! Certificates from an authority that speaks ACME (RFC 8555), such as Let's Encrypt: asked for at
//! the start, kept in a folder, renewed in time. The authority checks the names by connecting to port
//! 443 of each (tls-alpn-01, RFC 8737).

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;

use futures_util::StreamExt as _;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_acme::AcmeConfig;
use rustls_acme::caches::DirCache;
use tracing::{error, info};

use razz_config::Acme;
use razz_config::redact;

/// Begins asking; answers what finds the certificates, and the settings for the authority's checks.
///
/// # Errors
/// When the folder cannot be made, or the authority's own certificate cannot be read.
pub(super) fn start(
    acme: &Acme,
) -> Result<(Arc<rustls_acme::ResolvesServerCertAcme>, Arc<ServerConfig>), String> {
    // It holds the account's key and the certificate's, which are nobody else's business.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&acme.cache).map_err(|error| {
        format!("TLS: {} cannot be made ({error}); see `cache`", acme.cache.display())
    })?;
    let mut config = AcmeConfig::new(&acme.domains)
        .contact(&acme.contact)
        .directory(&acme.directory)
        .cache(DirCache::new(acme.cache.clone()));
    if let Some(path) = &acme.directory_ca {
        let pem = fs::read(path).map_err(|error| {
            format!("TLS: {} cannot be read ({error}); see `directory_ca`", path.display())
        })?;
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&pem).flatten());
        if roots.is_empty() {
            return Err(format!("TLS: {} holds no PEM certificate", path.display()));
        }
        let builder = ClientConfig::builder_with_provider(super::provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS: {error}"))?;
        let client = builder.with_root_certificates(roots).with_no_client_auth();
        config = config.client_tls_config(Arc::new(client));
    }
    let mut state = config.state();
    let (resolver, challenge) =
        (state.resolver(), state.challenge_rustls_config_with_provider(super::provider()));
    let domains = acme.domains.join(", ");
    info!("TLS: a certificate for {domains} comes from {}", acme.directory);
    tokio::spawn(async move {
        while let Some(event) = state.next().await {
            match event {
                Ok(event) => info!("TLS: {domains}: {event:?}"),
                Err(why) => {
                    let why = why.to_string();
                    error!("TLS: {domains}: {}; it is tried again", redact::text(&why));
                }
            }
        }
    });
    Ok((resolver, challenge))
}
