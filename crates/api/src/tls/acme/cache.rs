//! The folder in which the account's key and the certificate are kept.
//!
//! Names and contents are those of the crate rustls-acme, which razz used before: a folder that it
//! filled is taken over as it is.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::sign::CertifiedKey;

use super::super::files;
use razz_config::Acme;
use razz_config::atomic;

/// A certificate that can be put in force.
#[derive(Debug)]
pub(super) struct Issued {
    pub(super) certified: Arc<CertifiedKey>,
    /// When a third of its time is left, in UNIX seconds.
    pub(super) renew_at_s: i64,
}

/// The two files.
#[derive(Debug)]
pub(super) struct Cache {
    /// PKCS #8, as DER.
    account: PathBuf,
    /// PEM: the key, then the certificate, then those that signed it.
    certificate: PathBuf,
}

impl Cache {
    /// Makes the folder if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn open(acme: &Acme) -> Result<Self, String> {
        // It holds the account's key and the certificate's, which are nobody else's business.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&acme.cache).map_err(|error| {
            format!("TLS: {} cannot be made ({error}); see `cache`", acme.cache.display())
        })?;
        let file = |kind: &str, of: &[String]| {
            acme.cache.join(format!("cached_{kind}_{}", hash(of, &acme.directory)))
        };
        Ok(Self {
            account: file("account", &acme.contact),
            certificate: file("cert", &acme.domains),
        })
    }

    /// The account's key, if there is one.
    ///
    /// # Errors
    /// Says why it cannot be read.
    pub(super) fn account_key(&self) -> Result<Option<PrivatePkcs8KeyDer<'static>>, String> {
        let found = if_there(fs::read(&self.account)).map_err(|error| {
            format!("{} cannot be read ({error}); see `cache`", self.account.display())
        })?;
        Ok(found.map(PrivatePkcs8KeyDer::from))
    }

    /// # Errors
    /// Says why it cannot be written.
    pub(super) fn keep_account_key(&self, key: &PrivatePkcs8KeyDer<'_>) -> Result<(), String> {
        replace(&self.account, key.secret_pkcs8_der())
    }

    /// The certificate, if there is one.
    ///
    /// # Errors
    /// Says why it cannot be read or used.
    pub(super) fn certificate(&self) -> Result<Option<Issued>, String> {
        let found = if_there(fs::read(&self.certificate)).map_err(|error| {
            format!("{} cannot be read ({error}); see `cache`", self.certificate.display())
        })?;
        found.map(|pem| self.parse(&pem)).transpose()
    }

    /// # Errors
    /// Says why it cannot be written.
    pub(super) fn keep_certificate(&self, pem: &str) -> Result<(), String> {
        replace(&self.certificate, pem.as_bytes())
    }

    /// Reads a certificate as it stands in the file.
    ///
    /// # Errors
    /// Says what is missing in it, or does not fit.
    pub(super) fn parse(&self, pem: &[u8]) -> Result<Issued, String> {
        let certified = files::from_pem(pem, pem, &self.certificate, &self.certificate)?;
        let (from, until) = files::validity(&certified, &self.certificate)?;
        let [from_s, until_s] =
            [from, until].map(|time| time.to_unix_duration().as_secs().cast_signed());
        let renew_at_s = until_s - (until_s - from_s) / 3;
        Ok(Issued { certified: Arc::new(certified), renew_at_s })
    }
}

/// Other contacts or domains, or another authority, have files of their own.
fn hash(of: &[String], directory: &str) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for one in of {
        context.update(one.as_bytes());
        context.update(&[0]);
    }
    context.update(directory.as_bytes());
    URL_SAFE_NO_PAD.encode(context.finish())
}

fn if_there(read: io::Result<Vec<u8>>) -> io::Result<Option<Vec<u8>>> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn replace(path: &std::path::Path, contents: &[u8]) -> Result<(), String> {
    atomic::replace(path, contents, Permissions::from_mode(0o600))
        .map_err(|error| format!("{} cannot be written ({error}); see `cache`", path.display()))
}
