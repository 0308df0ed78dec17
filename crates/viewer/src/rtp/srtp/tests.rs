use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

const PROFILES: [SrtpProfile; 3] =
    [SrtpProfile::AES128_CM_SHA1_80, SrtpProfile::AEAD_AES_128_GCM, SrtpProfile::AEAD_AES_256_GCM];

/// Both ends of a handshake.
fn ends(profile: SrtpProfile) -> (Srtp, Srtp) {
    let material: Vec<u8> = (0..profile.keying_material_len()).map(|n| (n * 7) as u8).collect();
    let end = |is_client| Srtp::new(&Keys { profile, material: material.clone(), is_client });
    (end(true).unwrap(), end(false).unwrap())
}

#[test]
fn keys_are_derived_as_in_rfc_3711_appendix_b_3() {
    let master = hex("E1F97A0D3E018BE0D64FA32C06DE4139");
    let salt = hex("0EC675AD498AFEEBB6960B3AABE6");
    for (label, derived) in [
        (LABEL_KEY, "C61E7A93744F39EE10734AFE3FF7A087"),
        (LABEL_SALT, "30CBBC08863D8C85D49DB34A9AE1"),
        (LABEL_AUTHENTICATION, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"),
    ] {
        let expected = hex(derived);
        let mut out = vec![0; expected.len()];
        derive(&master, &salt, label, &mut out).unwrap();
        assert_eq!(out, expected, "{label}");
    }
}

#[test]
fn the_key_stream_is_that_of_rfc_3711_appendix_b_2() {
    let key = hex("2B7E151628AED2A6ABF7158809CF4F3C");
    let key = EncryptingKey::ctr(UnboundCipherKey::new(&AES_128, &key).unwrap()).unwrap();
    let salt: [u8; CM_SALT] = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD").try_into().unwrap();
    let mut text = [0; 48];
    counter_mode(&key, &salt, 0, 0, &mut text).unwrap();
    let expected = hex("E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB
        41E95B3BB0A2E8DD477901E4FCA894C0");
    assert_eq!(text.as_slice(), expected);
}

#[test]
fn a_packet_is_that_of_rfc_7714_section_16_1() {
    let key = LessSafeKey::new(
        UnboundKey::new(&AES_128_GCM, &hex("000102030405060708090a0b0c0d0e0f")).unwrap(),
    );
    let salt: [u8; GCM_SALT] = hex("517569642070726f2071756f").try_into().unwrap();
    let mut srtp = ends(SrtpProfile::AEAD_AES_128_GCM).0;
    srtp.rtp = Cipher::Gcm { key, salt };
    let (header, text) =
        (hex("8040f17b8041f8d35501a0b2"), b"Gallia est omnis divisa in partes tres");
    let mut out = vec![0; header.len() + text.len() + srtp.overhead()];
    srtp.protect(0xf17b, 0x5501_a0b2, &header, text, &mut out).unwrap();
    let expected = hex("8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f
        42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce");
    assert_eq!(out, expected);
    // The place that it goes to has to be as long as it is.
    out.push(0);
    assert!(srtp.protect(0xf17b, 0x5501_a0b2, &header, text, &mut out).is_err());
}

#[test]
fn rtcp_goes_and_comes_and_nothing_else_does() {
    for profile in PROFILES {
        let (mut ours, mut theirs) = ends(profile);
        let plain = hex("81c90007 4d617273 5501a0b2 00000102 00000304 00000000 00000000 00000000");
        let mut sent = Vec::new();
        for n in 0..3 {
            let mut packet = plain.clone();
            ours.protect_rtcp(&mut packet).unwrap();
            assert_eq!(packet[..RTCP_CLEAR], plain[..RTCP_CLEAR]);
            assert_ne!(packet[RTCP_CLEAR..plain.len()], plain[RTCP_CLEAR..], "{profile:?} {n}");
            sent.push(packet);
        }
        let mut out = Vec::new();
        // One that is changed anywhere, or cut, or our own.
        for at in 0..sent[0].len() {
            let mut changed = sent[0].clone();
            changed[at] ^= 0x40;
            assert_eq!(theirs.unprotect_rtcp(&changed, &mut out), Err(NotAuthentic), "{at}");
            assert_eq!(theirs.unprotect_rtcp(&sent[0][..at], &mut out), Err(NotAuthentic));
        }
        assert_eq!(ours.unprotect_rtcp(&sent[0], &mut out), Err(NotAuthentic));
        for n in [1, 0, 2] {
            assert_eq!(theirs.unprotect_rtcp(&sent[n], &mut out), Ok(()), "{profile:?} {n}");
            assert_eq!(out, plain);
            assert_eq!(theirs.unprotect_rtcp(&sent[n], &mut out), Err(NotAuthentic), "again");
        }
    }
}

#[test]
fn keys_of_another_length_are_refused() {
    for profile in PROFILES {
        for length in [0, 16, profile.keying_material_len() - 1] {
            let keys = Keys { profile, material: vec![0; length], is_client: false };
            assert!(Srtp::new(&keys).is_err(), "{profile:?} {length}");
        }
    }
}

#[test]
fn of_what_was_taken_nothing_is_taken_again() {
    let mut taken = Replays::default();
    for (index, had) in [
        (5, false),
        (5, true),
        (3, false),
        (3, true),
        (70, false),
        (5, true),
        // More than 64 behind: as if it had been.
        (6, true),
        (7, false),
        (1000, false),
        (70, true),
        (999, false),
    ] {
        assert_eq!(taken.has(index), had, "{index}");
        if !had {
            taken.take(index);
        }
    }
}
