//! What is kept and how connections are told apart. Orders are tested end to end, with Pebble.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use super::*;
use crate::connections;
use crate::tls::{Acceptor, HTTP, provider, settings};

/// A folder of its own that goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("razz-acme-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn acme(folder: &Path) -> Acme {
    Acme {
        domains: vec!["a.razz.test".to_owned(), "b.razz.test".to_owned()],
        contact: vec!["mailto:someone@razz.test".to_owned()],
        cache: folder.to_owned(),
        directory: "https://acme.razz.test/directory".to_owned(),
        directory_ca: None,
    }
}

/// The key and the certificate of a name, as PEM, good for 90 days of 2026.
fn issued() -> String {
    let mut params = CertificateParams::new(vec!["a.razz.test".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 4, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    format!("{}\n{}", key.serialize_pem(), certificate.pem())
}

#[test]
fn a_folder_that_rustls_acme_filled_is_taken_over() {
    let folder = Folder::new("folder");
    let cache = Cache::open(&acme(&folder.0)).unwrap();
    assert!(cache.account_key().unwrap().is_none() && cache.certificate().unwrap().is_none());

    // The names that rustls-acme 0.15 gives to the files of these settings.
    let account = folder.0.join("cached_account_Qia0nqSGVAwYLTapA4Vbg7YQv171W1Neqq2V5yzpvo0");
    let certificate = folder.0.join("cached_cert_HYOXw1_4cKzKdRooY3OHxkdTHoWcYQDbVPACyCVsQ9c");
    let (key, der) = instant_acme::Key::generate_pkcs8().unwrap();
    std::fs::write(&account, der.secret_pkcs8_der()).unwrap();
    std::fs::write(&certificate, issued()).unwrap();
    drop(key);
    assert_eq!(cache.account_key().unwrap().unwrap(), der);
    let found = cache.certificate().unwrap().unwrap();
    // 30 of its 90 days are left.
    assert_eq!(found.renew_at_s, date_time_ymd(2026, 3, 2).unix_timestamp());

    // What is written now is found again, and is nobody else's.
    std::fs::remove_file(&account).unwrap();
    cache.keep_account_key(&der).unwrap();
    cache.keep_certificate(&issued()).unwrap();
    assert!(cache.certificate().unwrap().is_some());
    use std::os::unix::fs::PermissionsExt as _;
    for (path, mode) in [(&folder.0, 0o700), (&account, 0o600), (&certificate, 0o600)] {
        let found = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{}", path.display());
    }
}

#[test]
fn a_certificate_of_no_use_is_said_and_quotes_no_key() {
    let folder = Folder::new("broken");
    let cache = Cache::open(&acme(&folder.0)).unwrap();
    let whole = issued();
    let half = &whole[..whole.find("-----BEGIN CERTIFICATE").unwrap()];
    let other = issued();
    let mixed = format!("{half}{}", &other[other.find("-----BEGIN CERTIFICATE").unwrap()..]);
    for (text, said) in [
        ("", "holds no PEM certificate"),
        (half, "holds no PEM certificate"),
        (&whole[half.len()..], "holds no PEM private key"),
        (&mixed, "do not go together"),
    ] {
        std::fs::write(
            folder.0.join("cached_cert_HYOXw1_4cKzKdRooY3OHxkdTHoWcYQDbVPACyCVsQ9c"),
            text,
        )
        .unwrap();
        let error = cache.certificate().unwrap_err();
        assert!(error.contains(said), "{error}");
    }
}

/// Takes any certificate. The signature counts as well, since rustls reads the certificate for it and
/// refuses the critical extension of the check; Pebble looks at all of that in the end-to-end test.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}

/// Connects as the authority does or as a browser; the certificate that was presented.
async fn presented(
    address: SocketAddr,
    name: &'static str,
    protocol: &[u8],
) -> std::io::Result<Vec<u8>> {
    let builder = ClientConfig::builder_with_provider(provider());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut client = builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
    client.dangerous().set_certificate_verifier(Arc::new(AnyCertificate));
    client.alpn_protocols = vec![protocol.to_vec()];
    let name = ServerName::try_from(name).unwrap();
    let stream = TcpStream::connect(address).await?;
    let mut stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await?;
    let (_, connection) = stream.get_ref();
    assert_eq!(connection.alpn_protocol(), Some(protocol));
    let certificate = connection.peer_certificates().unwrap()[0].to_vec();
    if protocol == ALPN {
        // The check is the handshake alone (RFC 8737 section 3); nothing is said inside.
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await?;
        assert_eq!(said, b"");
    }
    Ok(certificate)
}

#[tokio::test]
async fn the_check_gets_its_answer_and_browsers_the_certificate() {
    let certificates = Arc::new(Certificates::default());
    let acceptor = Acceptor {
        settings: settings(certificates.clone(), HTTP).unwrap(),
        challenge: Some(settings(certificates.clone(), ALPN).unwrap()),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = connections::Limits::new(100, 100, Vec::new());
    tokio::spawn(connections::serve(listener, Some(acceptor), axum::Router::new(), limits));
    assert!(presented(address, "a.razz.test", HTTP).await.is_err(), "nothing is in force yet");
    assert!(presented(address, "a.razz.test", ALPN).await.is_err(), "no check is under way");

    let folder = Folder::new("check");
    let cache = Cache::open(&acme(&folder.0)).unwrap();
    let in_force = cache.parse(issued().as_bytes()).unwrap().certified;
    certificates.put_in_force(Arc::clone(&in_force));
    let digest = [7; 32];
    let answer = order::answer("a.razz.test", &digest).unwrap();
    let expected = answer.end_entity_cert().unwrap().to_vec();
    certificates.answer("A.razz.test", answer);
    assert_eq!(presented(address, "a.razz.test", ALPN).await.unwrap(), expected);
    assert!(expected.windows(32).any(|part| part == digest), "the digest is in it");
    assert!(presented(address, "b.razz.test", ALPN).await.is_err(), "not under this name");
    let browser = presented(address, "a.razz.test", HTTP).await.unwrap();
    assert_eq!(browser, in_force.end_entity_cert().unwrap().to_vec());

    certificates.forget_answers();
    assert!(presented(address, "a.razz.test", ALPN).await.is_err(), "the check is over");
}
