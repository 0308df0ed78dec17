use super::*;

const URI: &str = "rtsp://127.0.0.1:8554/camera1";

fn gate(scheme: Authentication) -> Gate {
    let credentials = Credentials { user: "anna".into(), password: "p:w, x".into() };
    Gate::new(Some(credentials), scheme, "n0".into())
}

fn is_granted(gate: &Gate, quirks: Quirks, value: Option<&str>) -> bool {
    gate.admits(quirks, "DESCRIBE", "/camera1", value) == Admission::Granted
}

/// What proves the password in one way.
struct Proof {
    method: &'static str,
    uri: &'static str,
    password: &'static str,
    nonce: &'static str,
    realm: &'static str,
    algorithm: Option<&'static str>,
    qop: Option<&'static str>,
    extra: &'static str,
}

impl Default for Proof {
    fn default() -> Self {
        Self {
            method: "DESCRIBE",
            uri: URI,
            password: "p:w, x",
            nonce: "n0",
            realm: REALM,
            algorithm: None,
            qop: Some("auth"),
            extra: "",
        }
    }
}

impl Proof {
    fn header(&self) -> String {
        let Self { method, uri, password, nonce, realm, algorithm, qop, extra } = self;
        let name = algorithm.unwrap_or("MD5").to_ascii_uppercase();
        let hash: fn(&str) -> String = match name.get(..7).unwrap_or_default() {
            "SHA-256" => sha256_hex,
            "SHA-512" => sha512_256_hex,
            _ => md5_hex,
        };
        let mut secret = hash(&format!("anna:{realm}:{password}"));
        if name.ends_with("SESS") {
            secret = hash(&format!("{secret}:{nonce}:c0"));
        }
        let request = match qop {
            Some("auth-int") => hash(&format!("{method}:{uri}:{}", hash(""))),
            _ => hash(&format!("{method}:{uri}")),
        };
        let middle = qop.map(|qop| format!("00000001:c0:{qop}:")).unwrap_or_default();
        let response = hash(&format!("{secret}:{nonce}:{middle}{request}"));
        let qop =
            qop.map(|qop| format!(", qop={qop}, nc=00000001, cnonce=\"c0\"")).unwrap_or_default();
        let algorithm = algorithm.map(|name| format!(", algorithm={name}")).unwrap_or_default();
        format!(
            "Digest username=\"anna\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
             response=\"{response}\"{qop}{algorithm}{extra}"
        )
    }
}

#[test]
fn basic_takes_the_password_and_nothing_else() {
    let right = format!("Basic {}", STANDARD.encode("anna:p:w, x"));
    for (value, admitted) in [
        (Some(right.as_str()), true),
        (Some("Basic YW5uYTp4"), false),
        (Some("Basic"), false),
        (Some("Digest username=\"anna\""), false),
        (None, false),
    ] {
        let gate = gate(Authentication::Basic);
        assert_eq!(is_granted(&gate, Quirks::NONE, value), admitted, "{value:?}");
    }
    let open = Gate::new(None, Authentication::Digest, "n".into());
    assert_eq!(open.admits(Quirks::NONE, "PLAY", "/", None), Admission::Granted);
}

#[test]
fn digest_takes_the_right_answer_for_the_right_request() {
    let plain = Proof::default;
    let gate = gate(Authentication::Digest);
    for (what, value, admitted) in [
        ("RFC 2069", Proof { qop: None, ..plain() }.header(), true),
        ("qop=auth", plain().header(), true),
        ("bare path", Proof { uri: "/camera1", ..plain() }.header(), true),
        ("wrong password", Proof { password: "guess", qop: None, ..plain() }.header(), false),
        ("other nonce", Proof { nonce: "n1", ..plain() }.header(), false),
        ("other method", Proof { method: "PLAY", ..plain() }.header(), false),
        ("other resource", Proof { uri: "/camera2", ..plain() }.header(), false),
        ("SHA-256 unasked", Proof { algorithm: Some("SHA-256"), ..plain() }.header(), false),
        ("auth-int unasked", Proof { qop: Some("auth-int"), ..plain() }.header(), false),
        ("nothing", "Digest ".to_owned(), false),
        ("no end of quote", "Digest username=\"anna".to_owned(), false),
    ] {
        assert_eq!(is_granted(&gate, Quirks::NONE, Some(&value)), admitted, "{what}");
    }
    assert!(gate.challenges(Quirks::NONE, false)[0].contains("nonce=\"n0\""));
}

#[test]
fn challenges_are_odd_and_take_what_they_ask_for_alone() {
    let plain = Proof::default;
    let basic = format!("Basic {}", STANDARD.encode("anna:p:w, x"));
    let digest = plain().header();
    // The headers of the challenge begin so and have this in them; the first proof passes, the other
    // does not.
    for (quirk, headers, contains, right, wrong) in [
        (
            Quirk::DigestMd5Sess,
            &["Digest realm="][..],
            "algorithm=MD5-sess",
            Proof { algorithm: Some("MD5-sess"), ..plain() }.header(),
            &digest,
        ),
        (
            Quirk::DigestSha256,
            &["Digest"],
            "algorithm=SHA-256,",
            Proof { algorithm: Some("SHA-256"), ..plain() }.header(),
            &digest,
        ),
        (
            Quirk::DigestSha256Sess,
            &["Digest"],
            "algorithm=SHA-256-sess",
            Proof { algorithm: Some("SHA-256-sess"), ..plain() }.header(),
            &digest,
        ),
        (
            Quirk::DigestSha512,
            &["Digest"],
            "algorithm=SHA-512-256,",
            Proof { algorithm: Some("SHA-512-256"), ..plain() }.header(),
            &Proof { algorithm: Some("SHA-256"), ..plain() }.header(),
        ),
        (
            Quirk::DigestSha512Sess,
            &["Digest"],
            "algorithm=SHA-512-256-sess",
            Proof { algorithm: Some("SHA-512-256-sess"), ..plain() }.header(),
            &Proof { algorithm: Some("SHA-512-256"), ..plain() }.header(),
        ),
        (
            Quirk::DigestAuthIntOnly,
            &["Digest"],
            "qop=\"auth-int\"",
            Proof { qop: Some("auth-int"), ..plain() }.header(),
            &digest,
        ),
        (
            Quirk::DigestAuthIntToo,
            &["Digest"],
            "qop=\"auth,auth-int\"",
            Proof { qop: Some("auth-int"), ..plain() }.header(),
            &basic,
        ),
        (
            Quirk::DigestWithoutQop,
            &["Digest"],
            "algorithm=MD5",
            Proof { qop: None, ..plain() }.header(),
            &digest,
        ),
        (Quirk::DigestAlgorithmQuoted, &["Digest"], "=\"MD5\"", digest.clone(), &basic),
        (Quirk::DigestAlgorithmLowerCase, &["Digest"], "=md5", digest.clone(), &basic),
        (Quirk::DigestAlgorithmAbsent, &["Digest"], "n0\", qop", digest.clone(), &basic),
        (
            Quirk::DigestOpaque,
            &["Digest"],
            "opaque=",
            Proof { extra: OPAQUE_PARAMETER, ..plain() }.header(),
            &digest,
        ),
        (Quirk::DigestTight, &["digest realm="], "\",nonce=", digest.clone(), &basic),
        (Quirk::DigestUnknownFirst, &["Digest", "Digest"], "SHAKE-512", digest.clone(), &basic),
        (
            Quirk::DigestTwoAlgorithms,
            &["Digest", "Digest"],
            "SHA-256",
            Proof { algorithm: Some("SHA-256"), ..plain() }.header(),
            &basic,
        ),
        (Quirk::DigestTwoAlgorithms, &["Digest", "Digest"], "SHA-256", digest.clone(), &basic),
        (
            Quirk::SchemesInOneHeader,
            &["Negotiate"],
            ", Digest realm=",
            digest.clone(),
            &right_not(),
        ),
        (Quirk::SchemesInOneHeader, &["Negotiate"], ", Basic realm=", basic.clone(), &right_not()),
        (
            Quirk::SchemesInSeveralHeaders,
            &["Negotiate", "Digest", "Basic"],
            "Negotiate",
            digest.clone(),
            &right_not(),
        ),
        (Quirk::BasicFirst, &["Basic", "Digest"], "Basic", digest.clone(), &basic),
        (Quirk::BasicOnly, &["Basic"], "Basic", basic.clone(), &digest),
        (
            Quirk::RealmEmpty,
            &["Digest"],
            "realm=\"\"",
            Proof { realm: "", ..plain() }.header(),
            &digest,
        ),
        (
            Quirk::RealmCommas,
            &["Digest"],
            "realm=\"IP Camera, nonce=none, qop=x\"",
            Proof { realm: "IP Camera, nonce=none, qop=x", ..plain() }.header(),
            &digest,
        ),
        (
            Quirk::RealmEscapedQuotes,
            &["Digest"],
            "the \\\"front\\\" door",
            Proof { realm: "the \\\"front\\\" door", ..plain() }.header(),
            &digest,
        ),
        (
            Quirk::RealmBareQuotes,
            &["Digest"],
            "the \"front\" door",
            Proof { realm: "the \"front\" door", ..plain() }.header(),
            &digest,
        ),
    ] {
        let (gate, quirks) = (gate(Authentication::Digest), Quirks::from(quirk));
        let challenges = gate.challenges(quirks, false);
        assert_eq!(challenges.len(), headers.len(), "{challenges:?}");
        for (challenge, begin) in challenges.iter().zip(headers) {
            assert!(challenge.starts_with(begin), "{challenge}");
        }
        assert!(challenges[0].contains(contains), "{challenges:?}");
        assert!(is_granted(&gate, quirks, Some(&right)), "{quirk:?} {right}");
        assert!(!is_granted(&gate, quirks, Some(wrong)), "{quirk:?} {wrong}");
    }
}

/// A proof of another password.
fn right_not() -> String {
    Proof { password: "guess", ..Proof::default() }.header()
}

#[test]
fn a_nonce_that_was_good_once_is_told_from_a_wrong_password() {
    let mut gate = gate(Authentication::Digest);
    gate.renew("n1".into());
    let admits =
        |proof: Proof| gate.admits(Quirks::NONE, "DESCRIBE", "/camera1", Some(&proof.header()));
    assert_eq!(admits(Proof::default()), Admission::Stale);
    assert_eq!(admits(Proof { nonce: "n1", ..Proof::default() }), Admission::Granted);
    assert_eq!(admits(Proof { password: "x", ..Proof::default() }), Admission::Refused);
    let challenge = &gate.challenges(Quirks::NONE, true)[0];
    assert!(challenge.contains("nonce=\"n1\"") && challenge.contains("stale=TRUE"), "{challenge}");
}
