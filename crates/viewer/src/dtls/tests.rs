use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};

use super::*;

/// A handshake message with this body, the `n`th.
fn message(kind: u8, n: u8, body: &[u8]) -> Vec<u8> {
    let length = [0, 0, body.len() as u8];
    [&[kind][..], &length, &[0, n], &[0, 0, 0], &length, body].concat()
}

fn record(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u16).to_be_bytes();
    [&[HANDSHAKE, 254, 253, 0, 0, 0, 0, 0, 0, 0, 7][..], &length, message].concat()
}

/// ECDSA certificates; ECDSA with SHA-256 and SHA-384; no authorities.
const ASKED: [u8; 10] = [1, 64, 0, 4, 4, 3, 5, 3, 0, 0];
const ASKED_BESIDES: [u8; 15] = [2, 64, 1, 0, 8, 4, 3, 5, 3, 4, 1, 5, 1, 0, 0];

#[test]
fn the_request_grows_alike_on_the_wire_and_in_the_transcript() {
    let hello = message(CLIENT_HELLO, 0, b"hello");
    let done = message(14, 4, b"");
    let (before, after) = (message(13, 3, &ASKED), message(13, 3, &ASKED_BESIDES));
    let transcript = [&hello[..], &before, &done].concat();
    assert_eq!(*with_rsa_in_transcript(&transcript), [&hello[..], &after, &done].concat());
    let datagram = [record(&message(2, 0, b"x")), record(&before), record(&done)].concat();
    let sent = [record(&message(2, 0, b"x")), record(&after), record(&done)].concat();
    assert_eq!(*with_rsa_in_datagram(&datagram), sent);
    // Sent again it is the same.
    assert_eq!(*with_rsa_in_datagram(&datagram), sent);
}

#[test]
fn whatever_else_is_left_alone() {
    let request = message(13, 3, &ASKED);
    let mut fragment = request.clone();
    fragment[8] = 1;
    let mut encrypted = record(&request);
    encrypted[4] = 1;
    for bytes in [vec![], vec![22], record(&fragment), encrypted, record(&message(13, 3, &[9])), {
        let mut cut = record(&request);
        cut.pop();
        cut
    }] {
        assert_eq!(*with_rsa_in_datagram(&bytes), bytes);
    }
    // No transcript begins with anything but a client's hello.
    for bytes in [vec![], request.clone(), [message(2, 0, b""), request].concat()] {
        assert_eq!(*with_rsa_in_transcript(&bytes), bytes);
    }
}

#[test]
fn signatures_of_rsa_keys_are_verified() {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::default().self_signed(&key).unwrap();
    let signer = RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap();
    assert_eq!(signer.public_modulus_len(), 256, "of 2048 bits, as GStreamer makes them");
    assert!(!signer.public_key().as_ref().is_empty());
    let (hello, rest) = (message(CLIENT_HELLO, 0, b"hello"), message(14, 4, b""));
    let sent = [&hello[..], &message(13, 3, &ASKED_BESIDES), &rest].concat();
    let written = [&hello[..], &message(13, 3, &ASKED), &rest].concat();
    let mut signature = vec![0; signer.public_modulus_len()];
    signer.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &sent, &mut signature).unwrap();
    let verify = |transcript: &[u8], signature: &[u8], hash| {
        let algorithm = SignatureAlgorithm::RSA;
        Signatures.verify_signature(certificate.der(), transcript, signature, hash, algorithm)
    };
    assert!(verify(&written, &signature, HashAlgorithm::SHA256).is_ok());
    assert!(verify(&written, &signature, HashAlgorithm::SHA384).is_err());
    assert!(verify(&written, &signature, HashAlgorithm::SHA1).is_err());
    assert!(verify(&hello, &signature, HashAlgorithm::SHA256).is_err());
    signature[100] ^= 1;
    assert!(verify(&written, &signature, HashAlgorithm::SHA256).is_err());
    // A key of another kind under the name of RSA.
    let other = KeyPair::generate().unwrap();
    let other = CertificateParams::default().self_signed(&other).unwrap();
    let hash = HashAlgorithm::SHA256;
    assert!(verify_rsa(other.der(), &sent, &signature, hash).is_err());
    assert!(verify_rsa(b"no certificate", &sent, &signature, hash).is_err());
}

/// Hands packets to and fro until both are connected; how many certificates were shown.
fn shake_hands(mut peers: [Box<dyn DtlsInstance>; 2], now: Instant) -> usize {
    let (mut connected, mut certificates) = (0, 0);
    // Neither does anything before it is told the time.
    for peer in &mut peers {
        peer.handle_timeout(now).unwrap();
    }
    for round in 0..80 {
        let [one, other] = &mut peers;
        let (from, to) = if round % 2 == 0 { (one, other) } else { (other, one) };
        from.handle_timeout(now + Duration::from_millis(round)).unwrap();
        let mut buf = vec![0; 2048];
        loop {
            match from.poll_output(&mut buf) {
                DtlsOutput::Packet(packet) => to.handle_packet(packet).unwrap(),
                DtlsOutput::PeerCert(der) => {
                    assert!(Certificate::from_der(der).is_ok());
                    certificates += 1;
                }
                DtlsOutput::Connected => connected += 1,
                DtlsOutput::Timeout(_) => break,
                _ => {}
            }
        }
    }
    assert_eq!(connected, 2);
    certificates
}

#[test]
fn the_library_shakes_hands_with_us_on_either_side() {
    let now = Instant::now();
    let library = str0m::crypto::from_feature_flags().dtls_provider;
    let made = |provider: &dyn DtlsProvider| {
        let certificate = provider.generate_certificate().unwrap();
        provider.new_dtls(&certificate, now, DtlsVersion::Dtls12, Some(1200)).unwrap()
    };
    for (client, server) in [
        (library, crypto().dtls_provider),
        (crypto().dtls_provider, library),
        (&Provider, &Provider),
    ] {
        let (mut client, mut server) = (made(client), made(server));
        client.set_active(true);
        server.set_active(false);
        assert!(client.is_active() && !server.is_active());
        assert_eq!(shake_hands([client, server], now), 2);
    }
}
