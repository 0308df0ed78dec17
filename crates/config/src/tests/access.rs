//! Who reaches razz, and whom it reaches.

use super::*;

#[test]
fn addresses_beyond_this_machine_are_found() {
    for (server, open) in [
        ("", None),
        ("listen = \"127.9.9.9:1\"\ncompat_listen = \"\"\nwebrtc_udp = \"[::1]:1\"", None),
        ("listen = \"[::ffff:127.0.0.1]:1\"", None),
        ("listen = \"0.0.0.0:80\"", Some("listen = \"0.0.0.0:80\" can be reached")),
        ("compat_listen = \"[::]:1\"", Some("compat_listen = \"[::]:1\" can")),
        (
            "listen = \"10.0.0.1:1\"\nwebrtc_udp = \"10.0.0.1:2\"",
            Some("listen = \"10.0.0.1:1\", webrtc_udp = \"10.0.0.1:2\" can be reached"),
        ),
    ] {
        let config = parse(&format!("[server]\n{server}")).unwrap();
        assert_eq!(config.wants_sign_in(false), Ok(open.is_some()), "{server}");
        assert_eq!(config.wants_sign_in(true), Ok(false), "{server}");
        let checked = config.is_loopback_only();
        match (checked, open) {
            (Ok(()), None) => {}
            (Err(error), Some(start)) => {
                let message = error.to_string();
                assert!(message.starts_with(start) && message.contains("--open"), "{message}");
            }
            (checked, _) => panic!("{server}: {checked:?}"),
        }
    }
}

#[test]
fn who_listens_to_others_asks_who_they_are() {
    for (access, loopback, beyond) in [
        ("", Ok(false), Ok(true)),
        ("mode = \"auto\"", Ok(false), Ok(true)),
        ("mode = \"on\"", Ok(true), Ok(true)),
        ("mode = \"off\"", Ok(false), Err(())),
    ] {
        for (listen, expected) in [("127.0.0.1:1", loopback), ("10.0.0.1:1", beyond)] {
            let text = format!("[server]\nlisten = \"{listen}\"\n[access]\n{access}");
            let config = parse(&text).unwrap();
            assert_eq!(config.wants_sign_in(false).map_err(|_| ()), expected, "{text}");
            assert_eq!(config.wants_sign_in(true), Ok(false), "{text}");
        }
    }
}

#[test]
fn of_access_only_where_cameras_may_be_is_followed_while_running() {
    let access = |keys: &str| parse(&format!("[access]\n{keys}")).unwrap().access;
    let usual = access("");
    for (keys, same) in [
        ("", true),
        ("camera_networks = [\"169.254.0.0/16\"]", true),
        ("mode = \"on\"", false),
        ("open_networks = [\"10.0.0.0/8\"]", false),
        ("trusted_proxies = [\"10.0.0.1/32\"]", false),
        ("users_file = \"users.json\"", false),
        ("hosts = [\"razz.example\"]", false),
        ("embed_origins = [\"https://home.example\"]", false),
    ] {
        assert_eq!(usual.is_same_but_for_cameras(&access(keys)), same, "{keys}");
    }
}

#[test]
fn cameras_may_be_where_the_settings_allow_it() {
    let text = "[access]\ncamera_networks = [\"169.254.0.0/16\"]\n[[camera]]\nid = 1\n\
                url = \"rtsp://169.254.7.7/s\"";
    let config = parse(text).unwrap();
    assert!(config.cameras[0].source.reach.check("169.254.9.9".parse().unwrap()).is_ok());
    assert_eq!(config.cameras[0].source.reach, config.access.cameras);
}

#[test]
fn whose_pages_may_watch_is_said_as_browsers_say_it() {
    let origins =
        |list: &str| parse(&format!("[compat]\norigins = {list}")).map(|it| it.compat.origins);
    let listed = origins("[\"https://Home.example.org:443/\", \"*\"]").unwrap();
    assert_eq!(listed, ["https://home.example.org", "*"]);
    assert!(origins("[]").unwrap().is_empty());
    for wrong in ["home.example", "null", "https://*.example", "https://home.example/x", ""] {
        let error = origins(&format!("[\"{wrong}\"]")).unwrap_err().to_string();
        assert!(error.contains("2:12: `origins` expects origins"), "{wrong}: {error}");
    }
}

#[test]
fn browsers_are_told_of_tls_for_as_many_days_as_are_set() {
    let tls = |keys: &str| parse(&format!("[server.tls]\nself_signed = true\n{keys}"));
    for (keys, seconds) in [("", None), ("hsts_days = 0", None), ("hsts_days = 2", Some(172_800))] {
        assert_eq!(tls(keys).unwrap().server.hsts_s, seconds, "{keys}");
    }
    for keys in ["hsts_days = -1", "hsts_days = 731"] {
        let error = tls(keys).unwrap_err().to_string();
        assert!(error.contains("`hsts_days` expects a whole number from 0 to 730"), "{error}");
    }
    assert_eq!(parse("").unwrap().server.hsts_s, None);
}
