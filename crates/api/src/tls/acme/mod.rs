//! Certificates from an authority that speaks ACME (RFC 8555), such as Let's Encrypt: ordered at the
//! start, kept in a folder, renewed when a third of their time is left. The authority checks the names
//! by connecting to port 443 of each (tls-alpn-01, RFC 8737).

mod cache;
mod certificates;
mod client;
mod order;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::time::sleep;
use tracing::{error, info, warn};

use self::cache::Cache;
pub(super) use self::certificates::{Certificates, is_challenge};
use self::client::Client;
use razz_config::Acme;
use razz_config::redact;
use razz_observe::clock::Clock;

/// What is spoken in the authority's check (RFC 8737 section 6.2).
const ALPN: &[u8] = b"acme-tls/1";

/// The longest sleep in one piece: clocks are set, and machines suspended, while it lasts.
const LONGEST_SLEEP: Duration = Duration::from_secs(3600);

/// The pause after a failed order doubles from a second up to 2 to the power of this, 18 hours.
const MAX_DOUBLINGS: u32 = 16;

/// Takes the certificate from the folder, or begins to order one; answers what finds the certificates,
/// and the settings for the authority's checks.
///
/// # Errors
/// When the folder cannot be made, or the authority's own certificate cannot be read.
pub(super) fn start(
    acme: &Acme,
    clock: Clock,
) -> Result<(Arc<Certificates>, Arc<ServerConfig>), String> {
    let cache = Cache::open(acme)?;
    let client = Client::new(acme.directory_ca.as_deref())?;
    let certificates = Arc::new(Certificates::default());
    let checks = super::settings(certificates.clone(), ALPN)?;
    let name = acme.domains.join(", ");
    info!("TLS: a certificate for {name} comes from {}", acme.directory);
    let renew_at_s = match cache.certificate() {
        Ok(None) => None,
        Ok(Some(issued)) => {
            info!("TLS: {name}: the certificate that was kept is in force");
            certificates.put_in_force(issued.certified);
            Some(issued.renew_at_s)
        }
        Err(why) => {
            warn!("TLS: {name}: {why}; another one is ordered");
            None
        }
    };
    let keeper = Keeper { acme: acme.clone(), name, cache, client, clock };
    tokio::spawn(keeper.run(Arc::clone(&certificates), renew_at_s));
    Ok((certificates, checks))
}

/// Orders certificates when they are due, for ever.
struct Keeper {
    acme: Acme,
    /// All domains, for the log.
    name: String,
    cache: Cache,
    client: Client,
    clock: Clock,
}

impl Keeper {
    /// `renew_at_s`: UNIX seconds; `None` is at once.
    async fn run(self, certificates: Arc<Certificates>, mut renew_at_s: Option<i64>) {
        let mut failures = 0;
        loop {
            if let Some(at_s) = renew_at_s {
                self.wait_until(at_s).await;
            }
            match self.renew(&certificates).await {
                Ok(at_s) => {
                    failures = 0;
                    renew_at_s = Some(at_s);
                }
                Err(why) => {
                    error!("TLS: {}: {}; it is tried again", self.name, redact::text(&why));
                    sleep(Duration::from_secs(1 << failures)).await;
                    failures = MAX_DOUBLINGS.min(failures + 1);
                }
            }
        }
    }

    /// Gets a new certificate and puts it in force; answers when the next is due.
    async fn renew(&self, certificates: &Certificates) -> Result<i64, String> {
        let pem = order::order(&self.acme, &self.cache, &self.client, certificates).await?;
        let issued = self.cache.parse(pem.as_bytes())?;
        certificates.put_in_force(issued.certified);
        info!("TLS: {}: a new certificate is in force", self.name);
        if let Err(why) = self.cache.keep_certificate(&pem) {
            // It holds until razz is started again, which then orders another.
            error!("TLS: {}: {why}", self.name);
        }
        // Authorities allow a few orders a week: never order again because of a clock that is wrong.
        if issued.renew_at_s <= self.now_s() {
            return Err("the certificate is already due for renewal; check the clock".to_owned());
        }
        Ok(issued.renew_at_s)
    }

    async fn wait_until(&self, at_s: i64) {
        loop {
            let left = u64::try_from(at_s - self.now_s()).unwrap_or(0);
            if left == 0 {
                return;
            }
            sleep(Duration::from_secs(left).min(LONGEST_SLEEP)).await;
        }
    }

    fn now_s(&self) -> i64 {
        self.clock.wall_us() / 1_000_000
    }
}
