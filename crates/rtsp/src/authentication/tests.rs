//! Challenges as cameras write them, and the standards' own examples.

use super::*;

fn refusal(headers: &[&str]) -> Message {
    let mut head = "RTSP/1.0 401 Unauthorized".to_owned();
    for header in headers {
        head.push_str(&format!("\r\nWWW-Authenticate: {header}"));
    }
    Message::parse(head.as_bytes()).unwrap()
}

fn authenticator() -> Authenticator {
    let credentials = Credentials { username: "anna".into(), password: "p@ss:word".into() };
    Authenticator::new(Some(credentials), None, 1)
}

#[test]
fn the_standards_examples() {
    // RFC 7616 section 3.9.1, for MD5 and SHA-256.
    let credentials = Credentials { username: "Mufasa".into(), password: "Circle of Life".into() };
    for (hash, algorithm, response) in [
        (Hash::Md5, "MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        (
            Hash::Sha256,
            "SHA-256",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ] {
        let digest = Digest {
            hash,
            algorithm: Some(algorithm.to_owned()),
            session: false,
            realm: "http-auth@example.org".into(),
            nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v".into(),
            opaque: Some("FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS".into()),
            quality: Quality::Auth,
            stale: false,
        };
        let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        let value = digest.answer(&credentials, "GET", "/dir/index.html", cnonce, 1);
        assert!(value.contains(&format!("response=\"{response}\"")), "{value}");
        assert!(value.contains(&format!("algorithm={algorithm}")), "{value}");
        assert!(value.contains("qop=auth, nc=00000001, cnonce="), "{value}");
    }
    // RFC 7616 section 3.9.2, for SHA-512-256. What it prints is made with a truncated SHA-512 (erratum
    // 4897); these are made with SHA-512/256, as section 3.2 wants it, by another implementation.
    let credentials =
        Credentials { username: "Jäsøn Doe".into(), password: "Secret, or not?".into() };
    for (session, response) in [
        (false, "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"),
        (true, "5df408eedb9260fa5576d1e23d63a441d1c1c3740df0bbfba5ded9233f6de306"),
    ] {
        let digest = Digest {
            hash: Hash::Sha512_256,
            algorithm: Some("SHA-512-256".to_owned()),
            session,
            realm: "api@example.org".into(),
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK".into(),
            opaque: None,
            quality: Quality::Auth,
            stale: false,
        };
        let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
        let value = digest.answer(&credentials, "GET", "/doe.json", cnonce, 1);
        assert!(value.contains(&format!("response=\"{response}\"")), "{value}");
    }
    // RFC 2069 as errata 749 corrects its example.
    let digest = Digest {
        hash: Hash::Md5,
        algorithm: None,
        session: false,
        realm: "testrealm@host.com".into(),
        nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093".into(),
        opaque: None,
        quality: Quality::None,
        stale: false,
    };
    let credentials = Credentials { username: "Mufasa".into(), password: "CircleOfLife".into() };
    let value = digest.answer(&credentials, "GET", "/dir/index.html", "", 1);
    assert!(value.contains("response=\"1949323746fe6a43ef61f9606e7febea\""), "{value}");
    assert!(!value.contains("cnonce") && !value.contains("algorithm"), "{value}");
}

#[test]
fn challenges_are_found_in_one_header_and_in_several() {
    let row = |headers: &[&str]| -> Vec<String> {
        let found = challenges(&refusal(headers));
        found
            .iter()
            .map(|challenge| match challenge {
                Scheme::Basic => "basic".to_owned(),
                Scheme::Digest(d) => {
                    let session = if d.session { "-sess" } else { "" };
                    format!("{:?}{session} {:?} [{}] [{}]", d.hash, d.quality, d.realm, d.nonce)
                }
            })
            .collect()
    };
    for (headers, expected) in [
        (&["Basic realm=\"a\""][..], &["basic"][..]),
        (&["Digest realm=\"a\", nonce=\"n\""], &["Md5 None [a] [n]"]),
        (&["Digest realm=\"a\",nonce=\"n\",algorithm=MD5,qop=\"auth\""], &["Md5 Auth [a] [n]"]),
        (&["digest nonce=n, realm=a, algorithm=\"md5\""], &["Md5 None [a] [n]"]),
        (
            &["Digest realm=\"a\", nonce=\"n\", algorithm=SHA-256-sess, qop=\"auth-int,auth\""],
            &["Sha256-sess Auth [a] [n]"],
        ),
        (
            &["Digest realm=\"a\", nonce=\"n\", algorithm=SHA-512-256, qop=\"auth\""],
            &["Sha512_256 Auth [a] [n]"],
        ),
        (
            &["Digest realm=\"a\", nonce=\"n\", algorithm=sha-512-256-SESS"],
            &["Sha512_256-sess None [a] [n]"],
        ),
        (&["Digest realm=\"\", nonce=\"n\", qop=auth-int"], &["Md5 AuthInt [] [n]"]),
        // Several in one header; several headers, one of a kind that is not known.
        (
            &["Digest realm=\"a\", nonce=\"n\", stale=FALSE, Basic realm=\"a\""],
            &["Md5 None [a] [n]", "basic"],
        ),
        (&["Basic realm=\"a\", Digest realm=\"b\", nonce=\"n\""], &["basic", "Md5 None [b] [n]"]),
        (&["Bearer", "Negotiate abc==", "Digest realm=\"a\", nonce=\"n\""], &["Md5 None [a] [n]"]),
        // Quotes, commas and signs inside; no end of quote; blanks around.
        (
            &["Digest realm=\"My \"best\" cam, no. 1=\", nonce=\"n\""],
            &["Md5 None [My \"best\" cam, no. 1=] [n]"],
        ),
        (&["Digest realm=\"a\\\"b\", nonce=\"n\""], &["Md5 None [a\\\"b] [n]"]),
        (&["Digest  realm = \"a\" , nonce = \"n\" "], &["Md5 None [a] [n]"]),
        (&["Digest nonce=\"n\", realm=\"a"], &["Md5 None [a] [n]"]),
        // Nothing to answer with.
        (&["Digest realm=\"a\""], &[]),
        (&["Digest realm=\"a\", nonce=\"n\", algorithm=SHA-512"], &[]),
        (&["", "=", "Digest", ",,,"], &[]),
    ] {
        assert_eq!(row(headers), expected, "{headers:?}");
    }
}

#[test]
fn the_best_scheme_is_taken_and_the_next_where_it_is_refused() {
    let offers = refusal(&[
        "Basic realm=\"a\"",
        "Digest realm=\"a\", nonce=\"1\", algorithm=SHA-256",
        "Digest realm=\"a\", nonce=\"1\", algorithm=SHA-512-256",
        "Digest realm=\"a\", nonce=\"1\"",
    ]);
    let mut authenticator = authenticator();
    let mut tried = Attempts::default();
    let mut seen = Vec::new();
    while let Verdict::Again { .. } = authenticator.handle_refusal(&offers, &mut tried) {
        let value = authenticator.authorization("DESCRIBE", "rtsp://h/s", &mut tried).unwrap();
        seen.push(match &value {
            value if value.contains("algorithm=SHA-512-256") => "sha-512-256",
            value if value.contains("algorithm=SHA-256") => "sha-256",
            value if value.starts_with("Digest") => "md5",
            _ => "basic",
        });
    }
    assert_eq!(seen, ["sha-512-256", "sha-256", "md5", "basic"]);
}

#[test]
fn a_new_nonce_is_taken_and_the_same_one_twice_means_a_wrong_password() {
    let nonce = |nonce: u32, stale: bool| {
        let stale = if stale { ", stale=TRUE" } else { "" };
        refusal(&[&format!("Digest realm=\"a\", nonce=\"{nonce}\"{stale}")])
    };
    // The nonces of the refusals of one request, and whether it is sent again after each.
    for (name, refusals, again) in [
        ("wrong password", &[nonce(1, false), nonce(1, false)][..], &[true, false][..]),
        (
            "wrong, with new nonces",
            &[nonce(1, false), nonce(2, false), nonce(3, false)],
            &[true, true, false],
        ),
        ("stale", &[nonce(1, false), nonce(2, true), nonce(3, true)], &[true, true, true]),
        (
            "stale for ever",
            &[
                nonce(1, true),
                nonce(2, true),
                nonce(3, true),
                nonce(4, true),
                nonce(5, true),
                nonce(6, true),
            ],
            &[true, true, true, true, false, false],
        ),
    ] {
        let mut authenticator = authenticator();
        let mut tried = Attempts::default();
        for (refusal, again) in refusals.iter().zip(again) {
            let verdict = authenticator.handle_refusal(refusal, &mut tried);
            assert_eq!(matches!(verdict, Verdict::Again { .. }), *again, "{name}");
            authenticator.authorization("PLAY", "rtsp://h/s", &mut tried);
        }
    }
    // Each request of a camera whose nonces are good for one is refused once.
    let mut authenticator = authenticator();
    for number in 0..100 {
        let mut tried = Attempts::default();
        authenticator.authorization("PLAY", "rtsp://h/s", &mut tried);
        let verdict = authenticator.handle_refusal(&nonce(number, false), &mut tried);
        assert_eq!(verdict, Verdict::Again { renewed: number > 0 });
        let value = authenticator.authorization("PLAY", "rtsp://h/s", &mut tried).unwrap();
        assert!(value.contains(&format!("nonce=\"{number}\"")), "{value}");
    }
}

#[test]
fn without_credentials_there_is_nothing_to_say() {
    let mut authenticator = Authenticator::new(None, None, 1);
    let mut tried = Attempts::default();
    let refusal = refusal(&["Basic realm=\"a\""]);
    assert_eq!(authenticator.handle_refusal(&refusal, &mut tried), Verdict::Refused);
    assert_eq!(authenticator.authorization("PLAY", "*", &mut tried), None);
}

#[test]
fn the_next_nonce_is_used_and_each_use_counted() {
    let mut authenticator = authenticator();
    let mut tried = Attempts::default();
    let offer = refusal(&["Digest realm=\"a\", nonce=\"1\", qop=\"auth\""]);
    authenticator.handle_refusal(&offer, &mut tried);
    let mut value = || authenticator.authorization("PLAY", "*", &mut Attempts::default()).unwrap();
    assert!(value().contains("nc=00000001"));
    assert!(value().contains("nc=00000002"));
    let head = b"RTSP/1.0 200 OK\r\nAuthentication-Info: rspauth=\"x\", nextnonce=\"2\"";
    authenticator.handle_answer(&Message::parse(head).unwrap());
    let value = authenticator.authorization("PLAY", "*", &mut tried).unwrap();
    assert!(value.contains("nonce=\"2\"") && value.contains("nc=00000001"), "{value}");
}

#[test]
fn secrets_are_not_shown() {
    let shown = format!("{:?}", authenticator());
    assert!(!shown.contains("p@ss") && !shown.contains("anna"), "{shown}");
}
