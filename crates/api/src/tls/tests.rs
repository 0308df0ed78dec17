//! TLS as clients see it: the certificate that is presented, taken over while the server runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;

use super::*;
use crate::connections;
use razz_config::Config;

/// A folder of its own that goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("razz-tls-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn self_signed(folder: &Path) -> (PathBuf, PathBuf) {
    let config = Config::parse("", "razz.toml", folder, &|_| None).unwrap();
    self_signed::find_or_make(folder, &config.server, Clock::start()).unwrap()
}

/// A server that says "fine", and where it is.
async fn serve(acceptor: Acceptor) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(|| async { "fine" }));
    let limits = connections::Limits::new(1000, 1000, Vec::new());
    tokio::spawn(connections::serve(listener, Some(acceptor), router, limits));
    address
}

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// What the server answers to a client that trusts `cert` alone.
async fn answer(address: std::net::SocketAddr, cert: &Path) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates([CertificateDer::from_pem_file(cert).unwrap()]);
    let builder = ClientConfig::builder_with_provider(provider());
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let client = builder.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).await?;
    let mut stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await?;
    stream.write_all(REQUEST).await?;
    let mut said = String::new();
    stream.read_to_string(&mut said).await?;
    Ok(said)
}

#[tokio::test]
async fn a_self_signed_certificate_is_made_once_and_kept() {
    let folder = Folder::new("made");
    let (cert, key) = self_signed(&folder.0);
    let made = std::fs::read(&cert).unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "the key is its owner's alone");
    assert_eq!(self_signed(&folder.0).0, cert);
    assert_eq!(std::fs::read(&cert).unwrap(), made, "kept");

    let files = Arc::new(files::Files::open(cert.clone(), key.clone()).unwrap());
    let acceptor = Acceptor { settings: settings(files, HTTP).unwrap(), challenge: None };
    let address = serve(acceptor).await;
    assert!(answer(address, &cert).await.unwrap().ends_with("fine"));

    // Half a certificate, as a full disk leaves it, is made anew.
    std::fs::write(&cert, &made[..made.len() / 2]).unwrap();
    self_signed(&folder.0);
    assert!(certified_key(&cert, &key).is_ok());
    let nowhere = Path::new("/proc/nowhere");
    let config = Config::parse("", "razz.toml", nowhere, &|_| None).unwrap();
    let error = self_signed::find_or_make(nowhere, &config.server, Clock::start()).unwrap_err();
    assert!(error.contains("make that folder writable"), "{error}");
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_over_and_a_broken_one_is_not() {
    let (old, new) = (Folder::new("old"), Folder::new("new"));
    let (cert, key) = self_signed(&old.0);
    let (new_cert, new_key) = self_signed(&new.0);
    let old_cert = old.0.join("before.pem");
    std::fs::copy(&cert, &old_cert).unwrap();
    let files = Arc::new(files::Files::open(cert.clone(), key.clone()).unwrap());
    let acceptor = Acceptor { settings: settings(files.clone(), HTTP).unwrap(), challenge: None };
    let address = serve(acceptor).await;
    assert!(!files.reload().unwrap());

    std::fs::copy(&new_cert, &cert).unwrap();
    let error = files.reload().unwrap_err();
    assert!(error.contains("do not go together"), "{error}");
    assert!(answer(address, &old_cert).await.is_ok(), "the old pair while one file is new");
    std::fs::copy(&new_key, &key).unwrap();
    assert!(files.reload().unwrap());
    assert!(answer(address, &new_cert).await.unwrap().ends_with("fine"));
    assert!(answer(address, &old_cert).await.is_err());

    for (broken, says) in [("", "no PEM private key"), ("nonsense", "no PEM private key")] {
        std::fs::write(&key, broken).unwrap();
        assert!(files.reload().unwrap_err().contains(says));
    }
    std::fs::remove_file(&cert).unwrap();
    assert!(files.reload().unwrap_err().contains("cannot be read"));
    assert!(answer(address, &new_cert).await.unwrap().ends_with("fine"));
}

#[test]
fn what_would_keep_it_from_starting_or_browsers_from_trusting_it_is_said_beforehand() {
    let (folder, other) = (Folder::new("check"), Folder::new("check-other"));
    let (cert, key) = self_signed(&folder.0);
    let (_, other_key) = self_signed(&other.0);
    let (nothing, junk) = (folder.0.join("nothing.pem"), folder.0.join("junk.pem"));
    std::fs::write(&junk, "-----BEGIN CERTIFICATE-----\nhello\n").unwrap();
    let (now, day) = (Clock::start().wall_us() / 1_000_000, 24 * 3600);
    for (cert, key, at, said) in [
        (&cert, &key, now, Ok("")),
        (&cert, &key, now + 819 * day, Ok("expires soon")),
        (&cert, &key, now + 826 * day, Ok("has expired")),
        (&cert, &key, now - 2 * day, Ok("does not hold before")),
        (&nothing, &key, now, Err("nothing.pem cannot be read")),
        (&cert, &nothing, now, Err("nothing.pem cannot be read")),
        (&junk, &key, now, Err("junk.pem holds no PEM certificate")),
        (&key, &key, now, Err("holds no PEM certificate")),
        (&cert, &cert, now, Err("holds no PEM private key")),
        (&cert, &other_key, now, Err("do not go together")),
    ] {
        let found = untimely(cert, key, at);
        match (&found, said) {
            (Ok(None), Ok("")) => {}
            (Ok(Some(found)), Ok(said)) if !said.is_empty() => {
                assert!(found.contains(said), "{found}");
            }
            (Err(error), Err(said)) => assert!(error.contains(said), "{error}"),
            _ => panic!("{found:?}, not {said:?}"),
        }
    }
}

#[tokio::test]
async fn who_dawdles_or_speaks_plain_http_keeps_nobody_waiting() {
    let folder = Folder::new("plain");
    let (cert, key) = self_signed(&folder.0);
    let files = Arc::new(files::Files::open(cert.clone(), key).unwrap());
    let acceptor = Acceptor { settings: settings(files, HTTP).unwrap(), challenge: None };
    let address = serve(acceptor).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(REQUEST).await.unwrap();
    let mut said = Vec::new();
    // The rest of the request is unread when the connection is closed, which may reset it.
    let _ = plain.read_to_end(&mut said).await;
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(said.starts_with("HTTP/1.1 400 ") && said.contains("https://"), "{said}");
    let body = said.split("\r\n\r\n").nth(1).unwrap();
    assert!(said.contains(&format!("Content-Length: {}\r\n", body.len())), "{said}");
    let answered = tokio::time::timeout(Duration::from_secs(5), answer(address, &cert)).await;
    assert!(answered.unwrap().unwrap().ends_with("fine"));
}
