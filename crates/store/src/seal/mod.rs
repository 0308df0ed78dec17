//! Recordings that can be proven to be what was recorded: each fragment is signed, and names the one before it.
//!
//! A fragment's digest is SHA-256 over what the camera sent and when: the camera, the file's header, the digest of the
//! fragment before, its `prft`, `trun` and `mdat`. The digest of the one before and an Ed25519 signature (RFC 8032) of the
//! own stand in a `uuid` box behind `mdat`; the public key in one at the end of `moov`. What differs in a clip, the time in
//! `tfdt`, is not part of it, and follows from what is.
//!
//! So whoever has a file, or a clip of several, can tell that no picture in it was altered, and none taken out of its
//! midst, by the server's public key alone. What nobody can tell is whether there was more before and after it.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use aws_lc_rs::digest::{Context, SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use razz_base::CameraId;
use razz_media::mp4::write::{Parts, add_user_box, add_user_box_to_header};

use crate::disk::DiskError;
use crate::segmenter::Fragment;

mod verify;

pub use verify::{Fault, Hole, Report, VerifyError, verify};

/// What the `uuid` box behind a fragment is, and the one in the header: made up once, at random.
const SEAL: [u8; 16] = *b"\x5e\x8d\x1f\x0a\xb1\x6c\x4b\x2e\x9a\x57razz\x01s";
const KEY: [u8; 16] = *b"\x5e\x8d\x1f\x0a\xb1\x6c\x4b\x2e\x9a\x57razz\x01k";
/// What is signed is nothing else.
const CONTEXT: &[u8] = b"razz recorded fragment 1\0";
/// Of a seal: which box, the digest before, the signature.
const SEAL_BYTES: usize = 16 + 32 + 64;

/// A SHA-256 digest.
type Digest = [u8; 32];

/// A server's public key. Shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKey([u8; 32]);

/// What is no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a key has 64 hexadecimal digits; `razz record key` on the server prints it")]
pub struct NoKey;

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for PublicKey {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let digits = text.trim().as_bytes();
        if digits.len() != 64 || !digits.is_ascii() {
            return Err(NoKey);
        }
        let mut key = [0; 32];
        for (byte, digits) in key.iter_mut().zip(digits.chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| NoKey)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NoKey)?;
        }
        Ok(Self(key))
    }
}

/// Signs what is recorded.
pub struct Signer(Ed25519KeyPair);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.public()).finish()
    }
}

/// Why nothing can be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The file of the key.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// It has something else in it.
    #[error("{0}: holds no Ed25519 key; move it away, and a new one is made")]
    NoKey(PathBuf),
}

impl Signer {
    /// With the key in the file at `path`, which is made, for its owner's eyes alone, where it is not there.
    ///
    /// # Errors
    /// When the file cannot be read or written, or has no key in it.
    pub fn at(path: &Path) -> Result<Self, SignerError> {
        let of = |error| SignerError::Disk(DiskError::of(path, error));
        match fs::read(path) {
            Ok(key) => {
                let key = Ed25519KeyPair::from_pkcs8(&key);
                key.map(Self).map_err(|_| SignerError::NoKey(path.to_owned()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key =
                    Ed25519KeyPair::generate().map_err(|error| of(io::Error::other(error)))?;
                let coded = key.to_pkcs8().map_err(|error| of(io::Error::other(error)))?;
                let mut file = OpenOptions::new();
                let file = file.write(true).create_new(true).mode(0o600).open(path);
                let mut file = file.map_err(of)?;
                file.write_all(coded.as_ref()).and_then(|()| file.sync_all()).map_err(of)?;
                Ok(Self(key))
            }
            Err(error) => Err(of(error)),
        }
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(key)
    }

    /// Puts the key and the camera into a file's header.
    pub(crate) fn put_key(&self, camera: CameraId, header: &mut Vec<u8>) {
        let key = [&KEY[..], &self.public().0, &camera.as_u32().to_be_bytes()].concat();
        add_user_box_to_header(header, &key);
    }
}

/// The fragments of a camera, one after the other.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Chain {
    header: Digest,
    /// Of the last fragment.
    last: Digest,
}

impl Chain {
    /// Goes on with a file of this header.
    pub(crate) fn begin(&mut self, header: &[u8]) {
        self.header = sha256(header);
    }

    /// Goes on behind a fragment of a file of that header, which may have been written by another process.
    pub(crate) fn after(camera: CameraId, header: &[u8], fragment: &[u8]) -> Option<Self> {
        let header = sha256(header);
        let parts = Parts::of(fragment)?;
        let (before, _) = seal_of(&parts)?;
        let last = digest_of(&parts, camera, &header, &before);
        Some(Self { header, last })
    }

    /// Signs a fragment, in which the seal is put, and answers what follows. Where it is not written, it does not follow.
    pub(crate) fn seal(&self, signer: &Signer, camera: CameraId, fragment: &mut Fragment) -> Self {
        let Some(parts) = Parts::of(&fragment.bytes) else { return self.clone() };
        let own = digest_of(&parts, camera, &self.header, &self.last);
        let signature = signer.0.sign(&own);
        let seal = [&SEAL[..], &self.last, signature.as_ref()].concat();
        add_user_box(&mut fragment.bytes, &seal);
        fragment.summary.bytes = fragment.bytes.len();
        Self { header: self.header, last: own }
    }
}

/// The digest of the fragment before, and the signature.
fn seal_of<'a>(parts: &Parts<'a>) -> Option<(Digest, &'a [u8])> {
    let seal = parts.user.filter(|seal| seal.len() == SEAL_BYTES && seal[..16] == SEAL)?;
    Some((seal[16..48].try_into().ok()?, &seal[48..]))
}

fn digest_of(parts: &Parts<'_>, camera: CameraId, header: &Digest, before: &Digest) -> Digest {
    let mut context = Context::new(&SHA256);
    context.update(CONTEXT);
    context.update(&camera.as_u32().to_be_bytes());
    context.update(header);
    context.update(before);
    for part in [parts.prft, parts.trun, parts.mdat] {
        // So that no byte can go from one part to the next.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    of(&context.finish())
}

fn sha256(data: &[u8]) -> Digest {
    of(&digest(&SHA256, data))
}

fn of(digest: &aws_lc_rs::digest::Digest) -> Digest {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

fn is_signed(key: PublicKey, digest: &Digest, signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, key.0).verify(digest, signature).is_ok()
}

#[cfg(test)]
mod tests;
