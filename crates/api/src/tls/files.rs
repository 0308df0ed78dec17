//! A certificate and its key in two files, read anew when they change.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tracing::{error, info};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::time::Time;

/// How often the files are looked at; renewed certificates have weeks left.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Reads a certificate with its chain, and its key, both PEM.
///
/// # Errors
/// Says which file cannot be read, has nothing of the kind in it, or does not fit the other.
pub fn certified_key(cert: &Path, key: &Path) -> Result<CertifiedKey, String> {
    from_pem(&read(cert)?, &read(key)?, cert, key)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| {
        format!("TLS: {} cannot be read ({error}); check [server.tls]", path.display())
    })
}

/// As [`certified_key`], of files that have been read.
///
/// # Errors
/// As there.
pub(super) fn from_pem(
    cert_pem: &[u8],
    key_pem: &[u8],
    cert: &Path,
    key: &Path,
) -> Result<CertifiedKey, String> {
    let chain: Result<Vec<CertificateDer<'static>>, _> =
        CertificateDer::pem_slice_iter(cert_pem).collect();
    let chain = match chain {
        Ok(chain) if !chain.is_empty() => chain,
        _ => return Err(format!("TLS: {} holds no PEM certificate", cert.display())),
    };
    // Never the error itself: it may quote the key.
    let private = PrivateKeyDer::from_pem_slice(key_pem)
        .map_err(|_| format!("TLS: {} holds no PEM private key", key.display()))?;
    CertifiedKey::from_der(chain, private, &super::provider()).map_err(|error| {
        format!("TLS: {} and {} do not go together: {error}", cert.display(), key.display())
    })
}

/// What is wrong with the time in which a certificate holds, at `now_s` (UNIX seconds), if anything is:
/// browsers look at it, the server does not.
///
/// # Errors
/// As [`certified_key`].
pub fn untimely(cert: &Path, key: &Path, now_s: i64) -> Result<Option<String>, String> {
    let (from, until) = validity(&certified_key(cert, key)?, cert)?;
    let seconds = |time: Time| time.to_unix_duration().as_secs().cast_signed();
    let name = cert.display();
    Ok(if seconds(until) < now_s {
        Some(format!("the certificate {name} has expired ({until}); renew it"))
    } else if seconds(from) > now_s {
        Some(format!("the certificate {name} does not hold before {from}; check the clock"))
    } else if seconds(until) < now_s + SOON_S {
        Some(format!("the certificate {name} expires soon ({until}); renew it"))
    } else {
        None
    })
}

/// The names and addresses that the certificate of two files is for (RFC 5280 section 4.2.1.6).
///
/// # Errors
/// As [`certified_key`].
pub(super) fn names(cert: &Path, key: &Path) -> Result<Vec<String>, String> {
    let certificate = certificate(&certified_key(cert, key)?, cert)?;
    let found = certificate.tbs_certificate().get_extension::<SubjectAltName>();
    let (_, SubjectAltName(listed)) =
        found.ok().flatten().unwrap_or((false, SubjectAltName(vec![])));
    let name = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => match bytes.as_bytes() {
            v4 if v4.len() == 4 => Some(IpAddr::from(<[u8; 4]>::try_from(v4).ok()?).to_string()),
            v6 => Some(IpAddr::from(<[u8; 16]>::try_from(v6).ok()?).to_string()),
        },
        _ => None,
    };
    Ok(listed.iter().filter_map(name).collect())
}

/// From when until when the certificate of `path` holds.
pub(super) fn validity(certified: &CertifiedKey, path: &Path) -> Result<(Time, Time), String> {
    let certificate = certificate(certified, path)?;
    let validity = certificate.tbs_certificate().validity();
    Ok((validity.not_before, validity.not_after))
}

/// The first certificate of `path`, which is that of the server itself.
fn certificate(certified: &CertifiedKey, path: &Path) -> Result<Certificate, String> {
    let first = certified.end_entity_cert().map_err(|error| format!("TLS: {error}"))?;
    Certificate::from_der(first).map_err(|error| {
        format!("TLS: the first certificate of {} is no X.509: {error}", path.display())
    })
}

/// What is left of a certificate when it is time to say so: a week.
const SOON_S: i64 = 7 * 24 * 3600;

/// The pair in force.
#[derive(Debug)]
pub(super) struct Files {
    cert: PathBuf,
    key: PathBuf,
    in_force: RwLock<Pair>,
}

#[derive(Debug)]
struct Pair {
    cert_pem: Vec<u8>,
    key_pem: Vec<u8>,
    certified: Arc<CertifiedKey>,
}

impl Pair {
    fn read(cert: &Path, key: &Path) -> Result<Self, String> {
        let (cert_pem, key_pem) = (read(cert)?, read(key)?);
        let certified = Arc::new(from_pem(&cert_pem, &key_pem, cert, key)?);
        Ok(Self { cert_pem, key_pem, certified })
    }
}

impl Files {
    /// Reads both for the first time.
    ///
    /// # Errors
    /// As [`certified_key`].
    pub(super) fn open(cert: PathBuf, key: PathBuf) -> Result<Self, String> {
        let in_force = RwLock::new(Pair::read(&cert, &key)?);
        Ok(Self { cert, key, in_force })
    }

    /// Takes the files over if they are others than those in force; says whether they were.
    ///
    /// # Errors
    /// As [`certified_key`]; what is in force stays, also while one file is new and the other is
    /// not yet.
    pub(super) fn reload(&self) -> Result<bool, String> {
        let new = Pair::read(&self.cert, &self.key)?;
        let mut in_force = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
        if (&new.cert_pem, &new.key_pem) == (&in_force.cert_pem, &in_force.key_pem) {
            return Ok(false);
        }
        *in_force = new;
        Ok(true)
    }

    /// Follows the files for ever.
    pub(super) async fn follow(self: Arc<Self>) {
        let mut said = String::new();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            match self.reload() {
                Ok(changed) => {
                    if changed {
                        info!("TLS: {} has changed and is in force", self.cert.display());
                    }
                    said.clear();
                }
                Err(why) => {
                    if said != why {
                        error!("{why}; the certificate stays as it was");
                        said = why;
                    }
                }
            }
        }
    }
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let in_force = self.in_force.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&in_force.certified))
    }
}
