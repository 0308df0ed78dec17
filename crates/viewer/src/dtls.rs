//! DTLS for viewers, also for those whose certificate is of an RSA key, as GStreamer makes them unless
//! it is told otherwise.
//!
//! The library asks a client for an ECDSA certificate and for no other: the kind that every WebRTC
//! client has to have (RFC 8827 section 6.5) is not the kind that every client has. OpenSSL sends no
//! certificate at all then, and the handshake ends. All that is missing is that the request names RSA
//! and that such a signature is verified. Both can be added from outside, since the library leaves
//! hashes and signatures to a provider, and since its request goes out in the clear:
//!
//! ```text
//! library: CertificateRequest {ECDSA} ──► CertificateRequest {ECDSA, RSA} ──► client
//! library: hash, verify(transcript with {ECDSA}) ──► hash, verify(transcript with {ECDSA, RSA})
//! ```
//! Both sides have to hash the same bytes (RFC 5246 sections 7.4.8 and 7.4.9, RFC 7627 section 3), so
//! the request is replaced by the same function where it is sent and wherever the transcript is used.
//! If they ever differed, no handshake would succeed, of no client.
//!
//! It is so where we are the server, which is what we answer to `a=setup:actpass`. As a client, for
//! who offers `a=setup:passive`, the library has cipher suites for ECDSA certificates alone.

use std::borrow::Cow;
use std::cell::Cell;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RsaParameters, UnparsedPublicKey,
};
use dimpl::crypto::{
    Buf, HashAlgorithm, HashContext, HashProvider, SignatureAlgorithm, SignatureVerifier,
    aws_lc_rs as library,
};
use dimpl::{Config, CryptoError as LibraryError, Dtls};
use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, KeyingMaterial,
    ProtocolVersion,
};
use str0m::crypto::{CryptoError, CryptoProvider};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;
use x509_cert::der::oid::ObjectIdentifier;

use crate::rtp::srtp::Keys;

/// Handshake types (RFC 5246 section 7.4).
const CLIENT_HELLO: u8 = 1;
const CERTIFICATE_REQUEST: u8 = 13;
/// Type, length, sequence number, and place of the fragment (RFC 6347 section 4.2.2).
const MESSAGE_HEADER: usize = 12;
/// Type, version, epoch, sequence number and length (RFC 6347 section 4.1).
const RECORD_HEADER: usize = 13;
/// The content type of handshakes.
const HANDSHAKE: u8 = 22;
/// `rsa_sign` (RFC 5246 section 7.4.4).
const RSA_SIGN: u8 = 1;
/// RSA with SHA-256 and with SHA-384 (RFC 5246 section 7.4.1.4.1).
const RSA_SIGNATURES: [u8; 4] = [4, 1, 5, 1];
/// So much longer is the request.
const GROWTH: usize = 1 + RSA_SIGNATURES.len();
/// `rsaEncryption` (RFC 8017 appendix A.1).
const RSA_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// Cryptography for viewer sessions: the library's own, with this DTLS.
pub fn crypto() -> Arc<CryptoProvider> {
    static CRYPTO: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    let ours = || {
        let dtls_provider: &'static dyn DtlsProvider = &Provider;
        Arc::new(CryptoProvider { dtls_provider, ..str0m::crypto::from_feature_flags() })
    };
    Arc::clone(CRYPTO.get_or_init(ours))
}

/// The keys of a handshake, once it has come about.
pub(crate) type Agreed = Arc<OnceLock<Keys>>;

thread_local! {
    /// Where the keys of the handshake go that was prepared last on this thread: the library makes the
    /// handshake and hands out neither it nor its keys.
    static PREPARED: Cell<Option<Agreed>> = const { Cell::new(None) };
}

/// Where the keys will be of the handshake that the library has prepared last on this thread.
pub(crate) fn prepared() -> Option<Agreed> {
    PREPARED.take()
}

#[derive(Debug)]
struct Provider;

impl DtlsProvider for Provider {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        str0m::crypto::from_feature_flags().dtls_provider.generate_certificate()
    }

    fn new_dtls(
        &self,
        certificate: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        if !matches!(version, DtlsVersion::Dtls12) {
            // Sessions ask for 1.2. In 1.3 the request is encrypted, so it could not be changed.
            return Err(CryptoError::Other("DTLS 1.2 alone".to_owned()));
        }
        let provider = str0m::crypto::from_feature_flags().dtls_provider;
        let client = provider.new_dtls(certificate, now, version, mtu)?;
        // ICE has verified the client's address: no cookie.
        let mut config = Config::builder().use_server_cookie(false);
        if let Some(mtu) = mtu {
            config = config.mtu(mtu.saturating_sub(GROWTH));
        }
        let mut crypto = library::default_provider();
        crypto.hash_provider = &Hashes;
        crypto.signature_verification = &Signatures;
        let config = config
            .with_crypto_provider(crypto)
            .build()
            .map_err(|error| CryptoError::Other(format!("DTLS: {error}")))?;
        let server = Dtls::new_12(Arc::new(config), certificate.clone(), now);
        let keys = Agreed::default();
        PREPARED.set(Some(Arc::clone(&keys)));
        Ok(Box::new(Either { server: Some(server), client, scratch: Vec::new(), keys }))
    }
}

/// A handshake whose side is not chosen yet, or of the server.
struct Either {
    /// `None` once we are the client.
    server: Option<Dtls>,
    client: Box<dyn DtlsInstance>,
    /// Where the library writes what it has for us.
    scratch: Vec<u8>,
    keys: Agreed,
}

impl std::fmt::Debug for Either {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Either").field("server", &self.server.is_some()).finish_non_exhaustive()
    }
}

impl DtlsInstance for Either {
    fn set_active(&mut self, active: bool) {
        if active {
            self.server = None;
            self.client.set_active(true);
        }
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        match &mut self.server {
            Some(server) => server.handle_packet(packet),
            None => self.client.handle_packet(packet),
        }
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let keys = &self.keys;
        let keep = |material: &KeyingMaterial, profile, is_client| {
            let _ = keys.set(Keys { profile, material: material.to_vec(), is_client });
            // Media has a way of its own (crate::rtp): the library gets keys that nobody else has, since the
            // same ones used on two ways would give what they encrypt away (RFC 7714 section 8.4).
            let others: Vec<u8> = (0..material.len()).map(|_| rand::random()).collect();
            DtlsOutput::KeyingMaterial(KeyingMaterial::new(&others), profile)
        };
        let Some(server) = &mut self.server else {
            return match self.client.poll_output(buf) {
                DtlsOutput::KeyingMaterial(material, profile) => keep(&material, profile, true),
                other => other,
            };
        };
        // What is written has to fit once the request in it has grown.
        self.scratch.resize(buf.len().saturating_sub(GROWTH), 0);
        let mut filled = |bytes: &[u8]| {
            buf[..bytes.len()].copy_from_slice(bytes);
            bytes.len()
        };
        match server.poll_output(&mut self.scratch) {
            DtlsOutput::Packet(packet) => {
                let length = filled(&with_rsa_in_datagram(packet));
                DtlsOutput::Packet(&buf[..length])
            }
            DtlsOutput::PeerCert(certificate) => {
                let length = filled(certificate);
                DtlsOutput::PeerCert(&buf[..length])
            }
            DtlsOutput::ApplicationData(data) => {
                let length = filled(data);
                DtlsOutput::ApplicationData(&buf[..length])
            }
            DtlsOutput::BufferTooSmall { needed } => {
                DtlsOutput::BufferTooSmall { needed: needed + GROWTH }
            }
            DtlsOutput::Timeout(at) => DtlsOutput::Timeout(at),
            DtlsOutput::Connected => DtlsOutput::Connected,
            DtlsOutput::KeyingMaterial(material, profile) => keep(&material, profile, false),
            DtlsOutput::CloseNotify => DtlsOutput::CloseNotify,
            _ => unreachable!("the library's version is fixed, and it has no other output"),
        }
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        match &mut self.server {
            Some(server) => server.handle_timeout(now),
            None => self.client.handle_timeout(now),
        }
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        match &mut self.server {
            Some(server) => server.send_application_data(data),
            None => self.client.send_application_data(data),
        }
    }

    fn is_active(&self) -> bool {
        self.server.as_ref().map_or_else(|| self.client.is_active(), Dtls::is_active)
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.server.as_ref().map_or_else(|| self.client.protocol_version(), Dtls::protocol_version)
    }

    fn is_closing(&self) -> bool {
        self.server.as_ref().map_or_else(|| self.client.is_closing(), Dtls::is_closing)
    }

    fn is_closed(&self) -> bool {
        self.server.as_ref().map_or_else(|| self.client.is_closed(), Dtls::is_closed)
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        match &mut self.server {
            Some(server) => server.close(),
            None => self.client.close(),
        }
    }
}

/// Hashes of a transcript as it went over the wire.
#[derive(Debug)]
struct Hashes;

impl HashProvider for Hashes {
    fn create_hash(&self, algorithm: HashAlgorithm) -> Box<dyn HashContext> {
        Box::new(Hash(library::default_provider().hash_provider.create_hash(algorithm)))
    }
}

#[derive(Debug)]
struct Hash(Box<dyn HashContext>);

impl HashContext for Hash {
    /// Takes the whole transcript at once.
    fn update(&mut self, transcript: &[u8]) {
        self.0.update(&with_rsa_in_transcript(transcript));
    }

    fn clone_and_finalize(&self, out: &mut Buf) {
        self.0.clone_and_finalize(out);
    }
}

/// The client's signature over the transcript as it went over the wire (RFC 5246 section 7.4.8). The
/// certificate is compared with the offer's fingerprint by the library.
#[derive(Debug)]
struct Signatures;

impl SignatureVerifier for Signatures {
    fn verify_signature(
        &self,
        certificate: &[u8],
        transcript: &[u8],
        signature: &[u8],
        hash: HashAlgorithm,
        algorithm: SignatureAlgorithm,
    ) -> Result<(), LibraryError> {
        let transcript = with_rsa_in_transcript(transcript);
        if algorithm == SignatureAlgorithm::RSA {
            return verify_rsa(certificate, &transcript, signature, hash);
        }
        let verifier = library::default_provider().signature_verification;
        verifier.verify_signature(certificate, &transcript, signature, hash, algorithm)
    }
}

fn verify_rsa(
    certificate: &[u8],
    transcript: &[u8],
    signature: &[u8],
    hash: HashAlgorithm,
) -> Result<(), LibraryError> {
    let parameters: &'static RsaParameters = match hash {
        HashAlgorithm::SHA256 => &RSA_PKCS1_2048_8192_SHA256,
        HashAlgorithm::SHA384 => &RSA_PKCS1_2048_8192_SHA384,
        _ => return Err(LibraryError::UnsupportedSignatureAlgorithm(SignatureAlgorithm::RSA)),
    };
    let certificate =
        Certificate::from_der(certificate).map_err(|_| LibraryError::CertificateParseFailed)?;
    let key = certificate.tbs_certificate().subject_public_key_info();
    if key.algorithm.oid != RSA_KEY {
        return Err(LibraryError::UnsupportedPublicKeyAlgorithm);
    }
    let key = key.subject_public_key.as_bytes().ok_or(LibraryError::InvalidSubjectPublicKey)?;
    // The library's word for a signature that is wrong wants an elliptic curve.
    let verified = UnparsedPublicKey::new(parameters, key).verify(transcript, signature);
    verified.map_err(|_| LibraryError::InvalidSignatureFormat)
}

/// The handshake messages of a transcript, with the request as it was sent.
fn with_rsa_in_transcript(transcript: &[u8]) -> Cow<'_, [u8]> {
    if transcript.first() != Some(&CLIENT_HELLO) {
        return Cow::Borrowed(transcript);
    }
    let mut at = 0;
    while let Some(message) = transcript.get(at..).filter(|rest| rest.len() >= MESSAGE_HEADER) {
        let end = at + MESSAGE_HEADER + length_24(&message[1..4]);
        let Some(message) = transcript.get(at..end) else { break };
        if let Some(message) = with_rsa(message) {
            return Cow::Owned([&transcript[..at], &message, &transcript[end..]].concat());
        }
        at = end;
    }
    Cow::Borrowed(transcript)
}

/// A datagram of ours, with the request in it naming RSA. The library writes one message into one
/// record.
fn with_rsa_in_datagram(datagram: &[u8]) -> Cow<'_, [u8]> {
    let mut at = 0;
    while let Some(header) = datagram.get(at..at + RECORD_HEADER) {
        let begin = at + RECORD_HEADER;
        let end = begin + usize::from(u16::from_be_bytes([header[11], header[12]]));
        let Some(message) = datagram.get(begin..end) else { break };
        let in_the_clear = header[0] == HANDSHAKE && header[3..5] == [0, 0];
        if in_the_clear && let Some(message) = with_rsa(message) {
            let length = (message.len() as u16).to_be_bytes();
            let head = &datagram[..at + RECORD_HEADER - 2];
            return Cow::Owned([head, &length, &message, &datagram[end..]].concat());
        }
        at = end;
    }
    Cow::Borrowed(datagram)
}

/// The message with RSA besides, if it is a whole request for certificates (RFC 5246 section 7.4.4).
fn with_rsa(message: &[u8]) -> Option<Vec<u8>> {
    let (header, body) = message.split_at_checked(MESSAGE_HEADER)?;
    let whole = header[6..9] == [0, 0, 0] && header[9..12] == header[1..4];
    if header[0] != CERTIFICATE_REQUEST || !whole || length_24(&header[1..4]) != body.len() {
        return None;
    }
    let (types, rest) = body.split_first()?;
    let (types, rest) = rest.split_at_checked(usize::from(*types))?;
    let (length, rest) = rest.split_at_checked(2)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    let (signatures, authorities) = rest.split_at_checked(length)?;
    let grown = ((body.len() + GROWTH) as u32).to_be_bytes();
    let mut out = Vec::with_capacity(message.len() + GROWTH);
    out.push(CERTIFICATE_REQUEST);
    out.extend(&grown[1..]);
    out.extend(&header[4..9]);
    out.extend(&grown[1..]);
    out.push(types.len() as u8 + 1);
    out.extend(types);
    out.push(RSA_SIGN);
    out.extend(((length + RSA_SIGNATURES.len()) as u16).to_be_bytes());
    out.extend(signatures);
    out.extend(RSA_SIGNATURES);
    out.extend(authorities);
    Some(out)
}

fn length_24(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
}

#[cfg(test)]
mod tests;
