//! One order: an account, the proof that the names lead here, a certificate.

use std::time::Duration;

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, Key, NewAccount, NewOrder,
    Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use tracing::{error, info, warn};

use super::cache::Cache;
use super::certificates::Certificates;
use super::client::Client;
use razz_config::Acme;

/// How long the authority may take for its checks, and then for the certificate.
const PATIENCE: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));

/// The kind of problem that says that the authority has no account with this key (RFC 8555 section
/// 7.3.1).
const NO_SUCH_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// A new certificate: PEM of its key, of itself, and of those that signed it.
///
/// # Errors
/// Says what the authority did not like, or did not answer.
pub(super) async fn order(
    acme: &Acme,
    cache: &Cache,
    client: &Client,
    certificates: &Certificates,
) -> Result<String, String> {
    let account = account(acme, cache, client).await?;
    let names: Vec<_> = acme.domains.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&names)).await.map_err(said)?;
    let proven = prove(&mut order, certificates).await;
    certificates.forget_answers();
    proven?;
    let key = order.finalize().await.map_err(said)?;
    let chain = order.poll_certificate(&PATIENCE).await.map_err(said)?;
    Ok(format!("{key}\n{chain}"))
}

fn said(error: Error) -> String {
    error.to_string()
}

/// The account of the key that is kept, or a new one, whose key is kept then.
async fn account(acme: &Acme, cache: &Cache, client: &Client) -> Result<Account, String> {
    let builder = || Account::builder_with_http(Box::new(client.clone()));
    if let Some(kept) = cache.account_key()? {
        match Key::from_pkcs8_der(kept.clone_key()) {
            Ok(key) => {
                let pair = (key, PrivateKeyDer::Pkcs8(kept));
                match builder().from_key(pair, acme.directory.clone()).await {
                    Ok((account, _)) => return Ok(account),
                    Err(Error::Api(problem))
                        if problem.r#type.as_deref() == Some(NO_SUCH_ACCOUNT) =>
                    {
                        info!("TLS: the authority has no account with the key that was kept");
                    }
                    Err(error) => return Err(said(error)),
                }
            }
            Err(error) => warn!("TLS: the account's key that was kept is of no use: {error}"),
        }
    }
    let contact: Vec<_> = acme.contact.iter().map(String::as_str).collect();
    let wanted = NewAccount {
        contact: &contact,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let (account, credentials) =
        builder().create(&wanted, acme.directory.clone(), None).await.map_err(said)?;
    info!("TLS: there is a new account with the authority");
    if let Err(why) = cache.keep_account_key(credentials.private_key()) {
        // The certificate matters more; the next order makes another account.
        error!("TLS: {why}");
    }
    Ok(account)
}

/// Shows for every name that is not shown already that it leads here.
async fn prove(order: &mut Order, certificates: &Certificates) -> Result<(), String> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.map_err(said)?;
        let name = authorization.identifier().to_string();
        match authorization.status {
            AuthorizationStatus::Pending => {}
            AuthorizationStatus::Valid => continue,
            status => return Err(format!("the authorization of {name} is {status:?}")),
        }
        let mut challenge = authorization
            .challenge(ChallengeType::TlsAlpn01)
            .ok_or_else(|| format!("the authority does not check {name} by tls-alpn-01"))?;
        let digest = challenge.key_authorization().digest();
        certificates.answer(&name, answer(&name, digest.as_ref())?);
        challenge.set_ready().await.map_err(said)?;
    }
    match order.poll_ready(&PATIENCE).await {
        Ok(OrderStatus::Ready) => Ok(()),
        Ok(status) => Err(failed(order).await.unwrap_or(format!("the order is {status:?}"))),
        Err(error) => Err(failed(order).await.unwrap_or(said(error))),
    }
}

/// What the authority found wrong with the first name that did not pass.
async fn failed(order: &mut Order) -> Option<String> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.ok()?;
        let state = authorization.refresh().await.ok()?;
        let problem = state.challenges.iter().find_map(|challenge| challenge.error.as_ref());
        if let Some(problem) = problem {
            return Some(format!("{}: {problem}", state.identifier()));
        }
    }
    None
}

/// What the check is answered with: a certificate for the name alone, with the digest of the key
/// authorization in it (RFC 8737 section 3).
pub(super) fn answer(name: &str, digest: &[u8]) -> Result<CertifiedKey, String> {
    let failed = |error: &dyn std::fmt::Display| {
        format!("the answer to the check of {name} cannot be made: {error}")
    };
    let mut params =
        CertificateParams::new(vec![name.to_owned()]).map_err(|error| failed(&error))?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let pair = KeyPair::generate().map_err(|error| failed(&error))?;
    let made = params.self_signed(&pair).map_err(|error| failed(&error))?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.serialize_der()));
    // Not `from_der`, which reads the certificate and refuses the extension, critical as it has to be.
    let key = super::super::provider()
        .key_provider
        .load_private_key(key)
        .map_err(|error| failed(&error))?;
    Ok(CertifiedKey::new(vec![made.der().clone()], key))
}
