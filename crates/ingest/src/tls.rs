//! TLS to a camera, and what is made of its certificate.
//!
//! Cameras sign their certificates themselves, with the tools of the year they were built in: version
//! 1 of X.509, RSA keys of 1024 bits, names that are not theirs. So a certificate that is pinned is
//! judged by its fingerprint alone, and what remains to be checked is that the camera has its key.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use aws_lc_rs::digest;
use aws_lc_rs::signature::{self as signatures, UnparsedPublicKey, VerificationAlgorithm};
use razz_config::{CertificateCheck, Fingerprint, Source};
use razz_hub::lock;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

/// Certificates that cameras have shown, by host and port.
pub trait Certificates: Send + Sync {
    /// The one that was pinned.
    fn pinned(&self, host: &str) -> Option<Fingerprint>;

    /// From now on this one alone.
    fn pin(&self, host: &str, certificate: Fingerprint);
}

/// Why there is no encrypted connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TlsError {
    /// Another certificate than the one that is taken.
    Other { host: String, taken: Fingerprint, shown: Fingerprint, is_pinned: bool },
    /// One that nobody vouches for.
    Unchecked { shown: Fingerprint, why: String },
    /// The other side speaks TLS that we do not, or none.
    Failed(String),
}

/// Encrypts a connection to the camera at `source`.
pub(super) async fn connect(
    source: &Source,
    stream: TcpStream,
    certificates: &dyn Certificates,
) -> Result<TlsStream<TcpStream>, TlsError> {
    let name = source.url.host_str().unwrap_or_default();
    let host = format!("{name}:{}", source.port());
    let (taken, is_pinned) = match source.certificate {
        CertificateCheck::Pinned => (certificates.pinned(&host), true),
        CertificateCheck::Exactly(certificate) => (Some(certificate), false),
        CertificateCheck::Checked => (None, false),
    };
    let authorities = match source.certificate {
        CertificateCheck::Checked => Some(authorities().map_err(TlsError::Failed)?),
        CertificateCheck::Pinned | CertificateCheck::Exactly(_) => None,
    };
    // Names that DNS would not have are told to nobody.
    let bare = name.trim_start_matches('[').trim_end_matches(']').to_owned();
    let server_name = match (ServerName::try_from(bare), stream.peer_addr()) {
        (Ok(name), _) => name,
        (Err(_), Ok(peer)) => ServerName::IpAddress(peer.ip().into()),
        (Err(error), Err(_)) => return Err(TlsError::Failed(error.to_string())),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let judge = Arc::new(Judge { taken, authorities, shown: Mutex::default() });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Failed(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&judge) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let connected = TlsConnector::from(Arc::new(config)).connect(server_name, stream).await;
    let shown = *lock(&judge.shown);
    match (connected, taken, shown) {
        (Ok(stream), None, Some(shown)) if is_pinned => {
            certificates.pin(&host, shown);
            Ok(stream)
        }
        (Ok(stream), ..) => Ok(stream),
        (Err(_), Some(taken), Some(shown)) if taken != shown => {
            Err(TlsError::Other { host, taken, shown, is_pinned })
        }
        (Err(error), _, Some(shown)) if judge.authorities.is_some() => {
            Err(TlsError::Unchecked { shown, why: in_words(&error) })
        }
        (Err(error), ..) => Err(TlsError::Failed(in_words(&error))),
    }
}

/// What people know these faults by.
fn in_words(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        Some(Error::InvalidMessage(_)) => "it does not speak TLS on this port".to_owned(),
        Some(Error::AlertReceived(_) | Error::PeerIncompatible(_)) => {
            format!("it speaks no TLS 1.2 or 1.3 with safe keys ({error})")
        }
        _ if error.kind() == io::ErrorKind::UnexpectedEof => {
            "it hung up instead of speaking TLS".to_owned()
        }
        _ => error.to_string(),
    }
}

/// Those that the machine trusts, or the usual public ones where it has none.
fn authorities() -> Result<Arc<WebPkiServerVerifier>, String> {
    static READ: OnceLock<Result<Arc<WebPkiServerVerifier>, String>> = OnceLock::new();
    let read = || {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        verifier.build().map_err(|error| error.to_string())
    };
    READ.get_or_init(read).clone()
}

/// SHA-256 of a certificate.
fn fingerprint(certificate: &CertificateDer<'_>) -> Fingerprint {
    let hash = digest::digest(&digest::SHA256, certificate);
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.as_ref());
    Fingerprint(bytes)
}

/// Judges the certificate of one connection.
#[derive(Debug)]
struct Judge {
    /// The only one that is taken.
    taken: Option<Fingerprint>,
    /// Who has to vouch for it.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    shown: Mutex<Option<Fingerprint>>,
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = fingerprint(end_entity);
        *lock(&self.shown) = Some(shown);
        if self.taken.is_some_and(|taken| taken != shown) {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        match &self.authorities {
            Some(authorities) => authorities.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            None => Ok(ServerCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.authorities {
            Some(authorities) => authorities.verify_tls12_signature(message, certificate, signed),
            None => verify(message, certificate, signed),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        match &self.authorities {
            Some(authorities) => authorities.verify_tls13_signature(message, certificate, signed),
            // RFC 8446 section 4.2.3: PKCS #1 1.5 is for certificates alone.
            None if is_pkcs1(signed.scheme) => Err(CertificateError::BadSignature.into()),
            None => verify(message, certificate, signed),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        match &self.authorities {
            Some(authorities) => authorities.supported_verify_schemes(),
            None => SCHEMES.to_vec(),
        }
    }
}

/// In the order of our preference.
const SCHEMES: [SignatureScheme; 10] = [
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ED25519,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
    SignatureScheme::RSA_PKCS1_SHA1,
];

fn is_pkcs1(scheme: SignatureScheme) -> bool {
    use SignatureScheme as S;
    matches!(
        scheme,
        S::RSA_PKCS1_SHA1 | S::RSA_PKCS1_SHA256 | S::RSA_PKCS1_SHA384 | S::RSA_PKCS1_SHA512
    )
}

/// Whether the camera has the key of its certificate.
fn verify(
    message: &[u8],
    certificate: &CertificateDer<'_>,
    signed: &DigitallySignedStruct,
) -> Result<HandshakeSignatureValid, Error> {
    let bad = |error: CertificateError| Error::from(error);
    let certificate =
        Certificate::from_der(certificate).map_err(|_| bad(CertificateError::BadEncoding))?;
    let key = certificate.tbs_certificate().subject_public_key_info();
    let algorithm = algorithm(signed.scheme).ok_or(bad(CertificateError::BadSignature))?;
    UnparsedPublicKey::new(algorithm, key.subject_public_key.raw_bytes())
        .verify(message, signed.signature())
        .map(|()| HandshakeSignatureValid::assertion())
        .map_err(|_| bad(CertificateError::BadSignature))
}

fn algorithm(scheme: SignatureScheme) -> Option<&'static dyn VerificationAlgorithm> {
    use SignatureScheme as S;
    Some(match scheme {
        S::ECDSA_NISTP256_SHA256 => &signatures::ECDSA_P256_SHA256_ASN1,
        S::ECDSA_NISTP384_SHA384 => &signatures::ECDSA_P384_SHA384_ASN1,
        S::ED25519 => &signatures::ED25519,
        S::RSA_PSS_SHA256 => &signatures::RSA_PSS_2048_8192_SHA256,
        S::RSA_PSS_SHA384 => &signatures::RSA_PSS_2048_8192_SHA384,
        S::RSA_PSS_SHA512 => &signatures::RSA_PSS_2048_8192_SHA512,
        S::RSA_PKCS1_SHA256 => &signatures::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        S::RSA_PKCS1_SHA384 => &signatures::RSA_PKCS1_2048_8192_SHA384,
        S::RSA_PKCS1_SHA512 => &signatures::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        S::RSA_PKCS1_SHA1 => &signatures::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use rustls::internal::msgs::codec::{Codec as _, Reader};

    use super::*;

    /// Version 1, SHA-1, RSA of 1024 bits (`openssl req`, `openssl x509 -req -sha1`).
    const CERTIFICATE: &str = "MIIBpjCCAQ8CFFXGmeWPTcXnvgC0Whlli5qsjTUGMA0GCSqGSIb3DQEBBQUAMBExDzANBgNVBAMMBmNh\
         bWVyYTAgFw0yNjExMjkxMjM1MzNaGA8yMTI2MTEwNTEyMzUzM1owETEPMA0GA1UEAwwGY2FtZXJhMIGf\
         MA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCkal0GeruI7cE5jUEFavzxANOXFb9yLtoUWj19LMV1KNd\
         +1roNQFsV2flZBWktZFRlyZ+EtKgRbZQSoXUmfXZTAEj293K2T9b9etC9XN3pj8QsJNIpcmIW8xX1w/N\
         8YRYl5GaRWPbmgmgAh4m6pEGl7h0MmjEriw30B1qT47IGQIDAQABMA0GCSqGSIb3DQEBBQUAA4GBAHB1\
         GdhlXcfTxDqyt60kiaMTeFWmd1nQtO/dXKaGGhQEw5/TNV7/OlNVxOIPHP2y6HDcL9lblZGqMak0nz6Z\
         SegUyCLV+Nxt4+4Z14Axl/Fa1+xkEZJoIoUmDFOXV5MOWC+ILrElXkXLwNTTJQ1MCB7B0hmqn72C6nZZ\
         HGdHBhdD";

    /// Of the same key (`openssl dgst -sign`).
    const SIGNED: [(SignatureScheme, &str); 3] = [
        (
            SignatureScheme::RSA_PKCS1_SHA1,
            "UfjvZgPUMXQZ+mJYiT7jjXwIYu/zt8R9XqLMWSkArSHG2PDSz601Kw7+atIMFv6zsBB4LiYVnozu9Gehwe2RWJTePwofuDu3bBeB0QYJszAhIkdnmHLF0Y+Og+GyFK9IwUsabfte2SzgCw8ssdHGv1PhntBlH1R38dvA1VoO+Lw=",
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA256,
            "XeEswO8NAPQ/+D2CPhyN2keMsn03NNtG+Pz5tYRbwRjJoaQu9sfhGm3Ba8hCy74l4k7cC7B6czW6dPhwWvh1x78RVF3dSZpzJ/GPU3QwlsqACdfioaq6egKGjyIC586fVKDWR3GXNZKj917fy8mI3KHC+/qlBRWO5jlupHcDdvQ=",
        ),
        (
            SignatureScheme::RSA_PKCS1_SHA512,
            "cwV51d9wtFQN1JhBtybLhZMmamPTFx6kHRG5kTQ28APsG37uNe68YhVJWURUtes1w8ADHukmB86tNBU2AtS2jdzRH4ayi+rxhQArOmIUcFzeRF//6/ABimbc7LdlvtxC2t0VGw4/USw3cj1qA2UODUWYcJE2JN400Wq2P8MODxw=",
        ),
    ];

    fn signed(scheme: SignatureScheme, signature: &[u8]) -> DigitallySignedStruct {
        let mut bytes = Vec::new();
        scheme.encode(&mut bytes);
        bytes.extend((signature.len() as u16).to_be_bytes());
        bytes.extend(signature);
        DigitallySignedStruct::read(&mut Reader::init(&bytes)).unwrap()
    }

    #[test]
    fn keys_of_old_cameras_are_proven() {
        let certificate = CertificateDer::from(STANDARD.decode(CERTIFICATE).unwrap());
        for (scheme, signature) in SIGNED {
            let signature = STANDARD.decode(signature).unwrap();
            let of = |message: &[u8]| verify(message, &certificate, &signed(scheme, &signature));
            assert!(of(b"what a camera signs").is_ok(), "{scheme:?}");
            assert!(of(b"what somebody else signs").is_err(), "{scheme:?}");
        }
        let (scheme, signature) = (SIGNED[1].0, STANDARD.decode(SIGNED[0].1).unwrap());
        assert!(verify(b"what a camera signs", &certificate, &signed(scheme, &signature)).is_err());
        let unknown = signed(SignatureScheme::Unknown(0x9999), &signature);
        assert!(verify(b"what a camera signs", &certificate, &unknown).is_err());
    }
}
