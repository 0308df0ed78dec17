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
