//! SRTP and SRTCP of one viewer: AES in counter mode with HMAC-SHA1 (RFC 3711), and AES-GCM (RFC 7714),
//! with the keys that its DTLS handshake has agreed on (RFC 5764).
//!
//! Each packet of media is encrypted from the payload that all viewers share straight to where it leaves
//! from; nothing is allocated for it.

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use str0m::crypto::dtls::SrtpProfile;

/// The fixed RTCP header and the sender's SSRC stay in the clear (RFC 3711 section 3.4).
const RTCP_CLEAR: usize = 8;
/// The SRTCP index with its E bit.
const INDEX: usize = 4;
/// Set where the packet is encrypted.
const E_BIT: u32 = 1 << 31;
const GCM_TAG: usize = 16;
/// RFC 3711 section 5.2: 80 bits.
const HMAC_TAG: usize = 10;
/// Salts of the counter mode have 112 bits, those of GCM 96.
const CM_SALT: usize = 14;
const GCM_SALT: usize = 12;
/// Key derivation labels (RFC 3711 section 4.3.2); those of RTCP are three more.
const LABEL_KEY: u8 = 0;
const LABEL_AUTHENTICATION: u8 = 1;
const LABEL_SALT: u8 = 2;
const OF_RTCP: u8 = 3;

/// The master keys of both ways.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) profile: SrtpProfile,
    /// Client's key, server's key, client's salt, server's salt (RFC 5764 section 4.2).
    pub(crate) material: Vec<u8>,
    /// Whether we were the client of the handshake.
    pub(crate) is_client: bool,
}

impl Keys {
    /// Key and salt of the client or of the server.
    fn of(&self, client: bool) -> (&[u8], &[u8]) {
        let (key, salt) = match self.profile {
            SrtpProfile::AEAD_AES_128_GCM => (16, GCM_SALT),
            SrtpProfile::AEAD_AES_256_GCM => (32, GCM_SALT),
            _ => (16, CM_SALT),
        };
        let (keys, salts) = self.material.split_at(2 * key);
        let at = usize::from(!client);
        (&keys[at * key..(at + 1) * key], &salts[at * salt..(at + 1) * salt])
    }
}

/// What does not come out of a packet of the peer's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NotAuthentic;

/// The ciphers of one direction, for RTP or for RTCP.
enum Cipher {
    Gcm { key: LessSafeKey, salt: [u8; GCM_SALT] },
    Cm(Box<CounterMode>),
}

struct CounterMode {
    key: EncryptingKey,
    authentication: hmac::Key,
    salt: [u8; CM_SALT],
}

/// One viewer's protection, both ways.
pub(crate) struct Srtp {
    rtp: Cipher,
    rtcp: Cipher,
    peer_rtcp: Cipher,
    /// The index of our next RTCP packet.
    index: u32,
    /// Those of the peer's that were taken already.
    taken: Replays,
}

impl Srtp {
    /// # Errors
    /// When the keys are not as long as their profile has them.
    pub(crate) fn new(keys: &Keys) -> Result<Self, Unspecified> {
        if keys.material.len() != keys.profile.keying_material_len() {
            return Err(Unspecified);
        }
        let gcm = !matches!(keys.profile, SrtpProfile::AES128_CM_SHA1_80);
        let (ours, theirs) = (keys.of(keys.is_client), keys.of(!keys.is_client));
        Ok(Self {
            rtp: Cipher::derive(gcm, ours, 0)?,
            rtcp: Cipher::derive(gcm, ours, OF_RTCP)?,
            peer_rtcp: Cipher::derive(gcm, theirs, OF_RTCP)?,
            index: 0,
            taken: Replays::default(),
        })
    }

    /// Bytes that protection adds to an RTP packet.
    pub(crate) fn overhead(&self) -> usize {
        self.rtp.tag()
    }

    /// Writes `header` and the encrypted `payload` into `out`, which is as long as both and
    /// [`Self::overhead`]. `index` is the packet's, with the rollover counter above the sequence number's 16
    /// bits; no index is given twice to different packets of one SSRC.
    ///
    /// # Errors
    /// When `out` has another length.
    pub(crate) fn protect(
        &self,
        index: u64,
        ssrc: u32,
        header: &[u8],
        payload: &[u8],
        out: &mut [u8],
    ) -> Result<(), Unspecified> {
        if out.len() != header.len() + payload.len() + self.overhead() {
            return Err(Unspecified);
        }
        let (clear, rest) = out.split_at_mut(header.len());
        clear.copy_from_slice(header);
        match &self.rtp {
            Cipher::Gcm { key, salt } => {
                // RFC 7714 section 8.1: two bytes of zero, SSRC, rollover counter, sequence number.
                let nonce = gcm_nonce(salt, ssrc, index);
                let (text, tag) = rest.split_at_mut(payload.len());
                key.seal_out_of_place_scatter(nonce, Aad::from(header), payload, text, &[], tag)
            }
            Cipher::Cm(cipher) => {
                let CounterMode { key, authentication, salt } = &**cipher;
                rest[..payload.len()].copy_from_slice(payload);
                counter_mode(key, salt, ssrc, index, &mut rest[..payload.len()])?;
                let signed = header.len() + payload.len();
                // RFC 3711 section 4.2: over the packet and the rollover counter.
                let mut context = hmac::Context::with_key(authentication);
                context.update(&out[..signed]);
                context.update(&((index >> 16) as u32).to_be_bytes());
                out[signed..].copy_from_slice(&context.sign().as_ref()[..HMAC_TAG]);
                Ok(())
            }
        }
    }

    /// Encrypts a compound RTCP packet in place, and appends what SRTCP has behind it.
    ///
    /// # Errors
    /// When it is shorter than the part of it that stays in the clear.
    pub(crate) fn protect_rtcp(&mut self, packet: &mut Vec<u8>) -> Result<(), Unspecified> {
        let ssrc = rtcp_ssrc(packet).ok_or(Unspecified)?;
        let index = self.index;
        self.index = (self.index + 1) & !E_BIT;
        let word = (index | E_BIT).to_be_bytes();
        match &self.rtcp {
            Cipher::Gcm { key, salt } => {
                let (clear, text) = packet.split_at_mut(RTCP_CLEAR);
                let aad = gcm_rtcp_aad(clear, word);
                let nonce = gcm_nonce(salt, ssrc, u64::from(index));
                let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), text)?;
                packet.extend_from_slice(tag.as_ref());
                packet.extend_from_slice(&word);
            }
            Cipher::Cm(cipher) => {
                let CounterMode { key, authentication, salt } = &**cipher;
                counter_mode(key, salt, ssrc, u64::from(index), &mut packet[RTCP_CLEAR..])?;
                packet.extend_from_slice(&word);
                let tag = hmac::sign(authentication, packet);
                packet.extend_from_slice(&tag.as_ref()[..HMAC_TAG]);
            }
        }
        Ok(())
    }

    /// Decrypts the peer's RTCP into `out`, whatever was in it.
    ///
    /// # Errors
    /// When it is not the peer's, or was taken already.
    pub(crate) fn unprotect_rtcp(
        &mut self,
        packet: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), NotAuthentic> {
        out.clear();
        let tag = self.peer_rtcp.tag();
        let ssrc = rtcp_ssrc(packet).ok_or(NotAuthentic)?;
        let end = packet.len().checked_sub(tag + INDEX).ok_or(NotAuthentic)?;
        if end < RTCP_CLEAR {
            return Err(NotAuthentic);
        }
        // The index stands behind the tag of GCM and before that of HMAC.
        let at = if matches!(self.peer_rtcp, Cipher::Gcm { .. }) { end + tag } else { end };
        let word: [u8; INDEX] = packet[at..at + INDEX].try_into().map_err(|_| NotAuthentic)?;
        let (encrypted, index) =
            (u32::from_be_bytes(word) & E_BIT != 0, u32::from_be_bytes(word) & !E_BIT);
        if self.taken.has(index) {
            return Err(NotAuthentic);
        }
        out.extend_from_slice(&packet[..end]);
        match &self.peer_rtcp {
            Cipher::Gcm { key, salt } => {
                // RFC 7714 section 9.3: without encryption all of it is authenticated only.
                if !encrypted {
                    return Err(NotAuthentic);
                }
                let aad = gcm_rtcp_aad(&packet[..RTCP_CLEAR], word);
                let nonce = gcm_nonce(salt, ssrc, u64::from(index));
                let (text, tag) = (&packet[RTCP_CLEAR..end], &packet[end..at]);
                key.open_separate_gather(nonce, Aad::from(aad), text, tag, &mut out[RTCP_CLEAR..])
                    .map_err(|_| NotAuthentic)?;
            }
            Cipher::Cm(cipher) => {
                let CounterMode { key, authentication, salt } = &**cipher;
                let signed = end + INDEX;
                let is = hmac::sign(authentication, &packet[..signed]);
                let same = aws_lc_rs::constant_time::verify_slices_are_equal(
                    &is.as_ref()[..HMAC_TAG],
                    &packet[signed..],
                );
                same.map_err(|_| NotAuthentic)?;
                if encrypted {
                    counter_mode(key, salt, ssrc, u64::from(index), &mut out[RTCP_CLEAR..])
                        .map_err(|_| NotAuthentic)?;
                }
            }
        }
        self.taken.take(index);
        Ok(())
    }
}

impl Cipher {
    /// Derives the session keys (RFC 3711 section 4.3).
    fn derive(gcm: bool, (master, salt): (&[u8], &[u8]), of: u8) -> Result<Self, Unspecified> {
        let mut key = vec![0; master.len()];
        derive(master, salt, LABEL_KEY + of, &mut key)?;
        if gcm {
            let algorithm = if key.len() == 32 { &AES_256_GCM } else { &AES_128_GCM };
            let mut derived = [0; GCM_SALT];
            derive(master, salt, LABEL_SALT + of, &mut derived)?;
            let key = LessSafeKey::new(UnboundKey::new(algorithm, &key)?);
            return Ok(Self::Gcm { key, salt: derived });
        }
        let (mut authentication, mut derived) = ([0; 20], [0; CM_SALT]);
        derive(master, salt, LABEL_AUTHENTICATION + of, &mut authentication)?;
        derive(master, salt, LABEL_SALT + of, &mut derived)?;
        Ok(Self::Cm(Box::new(CounterMode {
            key: EncryptingKey::ctr(UnboundCipherKey::new(&AES_128, &key)?)?,
            authentication: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &authentication),
            salt: derived,
        })))
    }

    fn tag(&self) -> usize {
        match self {
            Self::Gcm { .. } => GCM_TAG,
            Self::Cm(_) => HMAC_TAG,
        }
    }
}

/// The pseudo-random function of the key derivation: the key stream that begins at the label XOR the salt
/// (RFC 3711 section 4.3.3; a salt of 96 bits has two bytes of zero behind it, RFC 7714 section 11).
fn derive(master: &[u8], salt: &[u8], label: u8, out: &mut [u8]) -> Result<(), Unspecified> {
    let algorithm = if master.len() == 32 { &AES_256 } else { &AES_128 };
    let key = EncryptingKey::ctr(UnboundCipherKey::new(algorithm, master)?)?;
    let mut iv = [0; 16];
    iv[..salt.len()].copy_from_slice(salt);
    iv[7] ^= label;
    out.fill(0);
    key.less_safe_encrypt(out, EncryptionContext::Iv128(FixedLength::from(iv)))?;
    Ok(())
}

/// Encrypts or decrypts in counter mode (RFC 3711 section 4.1.1).
fn counter_mode(
    key: &EncryptingKey,
    salt: &[u8; CM_SALT],
    ssrc: u32,
    index: u64,
    text: &mut [u8],
) -> Result<(), Unspecified> {
    let mut iv = [0; 16];
    iv[..CM_SALT].copy_from_slice(salt);
    for (byte, with) in iv[4..8].iter_mut().zip(ssrc.to_be_bytes()) {
        *byte ^= with;
    }
    for (byte, with) in iv[8..14].iter_mut().zip(&index.to_be_bytes()[2..]) {
        *byte ^= with;
    }
    key.less_safe_encrypt(text, EncryptionContext::Iv128(FixedLength::from(iv)))?;
    Ok(())
}

/// Two bytes of zero, SSRC, and the index in 48 bits, XOR the salt (RFC 7714 sections 8.1 and 9.1).
fn gcm_nonce(salt: &[u8; GCM_SALT], ssrc: u32, index: u64) -> Nonce {
    let mut nonce = *salt;
    for (byte, with) in nonce[2..6].iter_mut().zip(ssrc.to_be_bytes()) {
        *byte ^= with;
    }
    for (byte, with) in nonce[6..].iter_mut().zip(&index.to_be_bytes()[2..]) {
        *byte ^= with;
    }
    Nonce::assume_unique_for_key(nonce)
}

/// What is authenticated besides the encrypted part of an RTCP packet (RFC 7714 section 9.2).
fn gcm_rtcp_aad(clear: &[u8], word: [u8; INDEX]) -> [u8; RTCP_CLEAR + INDEX] {
    let mut aad = [0; RTCP_CLEAR + INDEX];
    aad[..RTCP_CLEAR].copy_from_slice(&clear[..RTCP_CLEAR]);
    aad[RTCP_CLEAR..].copy_from_slice(&word);
    aad
}

fn rtcp_ssrc(packet: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(packet.get(4..8)?.try_into().ok()?))
}

/// Which of the peer's packets were taken: an attacker may send one again (RFC 3711 section 3.3.2).
#[derive(Default)]
struct Replays {
    /// One more than the highest index.
    next: u32,
    /// The 64 before it, the highest in the lowest bit.
    window: u64,
}

impl Replays {
    fn has(&self, index: u32) -> bool {
        let Some(behind) = self.next.checked_sub(index + 1) else { return false };
        behind >= u64::BITS || self.window >> behind & 1 == 1
    }

    fn take(&mut self, index: u32) {
        match (index + 1).checked_sub(self.next) {
            Some(ahead) if ahead > 0 => {
                self.window = self.window.checked_shl(ahead).unwrap_or(0) | 1;
                self.next = index + 1;
            }
            _ => self.window |= 1 << (self.next - index - 1),
        }
    }
}

#[cfg(test)]
mod tests;
