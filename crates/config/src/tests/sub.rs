//! A camera's smaller stream: where it is, and who razz is to it.

use razz_base::DetectFrom;

use super::*;

#[test]
fn a_smaller_stream_is_where_and_as_safe_as_the_camera() {
    let with = |keys: &str| format!("[[camera]]\nid = 1\n{keys}\n");
    // The keys; where the smaller stream is, who razz is to it, and what is detected on.
    for (keys, address, user, from) in [
        ("url = \"rtsp://u:p@h/1\"", None, None, DetectFrom::Main),
        (
            "url = \"rtsp://u:p@h/1\"\nsub_url = \"rtsp://h/2\"",
            Some("rtsp://h/2"),
            Some("u"),
            DetectFrom::Main,
        ),
        (
            "url = \"rtsp://u:p@h/1\"\nsub_url = \"rtsp://h/2\"\ndetect_from = \"sub\"",
            Some("rtsp://h/2"),
            Some("u"),
            DetectFrom::Sub,
        ),
        (
            "url = \"rtsp://h/1\"\nusername = \"u\"\npassword = \"p\"\nsub_url = \"rtsp://h:554/2\"",
            Some("rtsp://h:554/2"),
            Some("u"),
            DetectFrom::Main,
        ),
        (
            "url = \"rtsp://u:p@h/1\"\nsub_url = \"rtsp://v:q@h/2\"",
            Some("rtsp://h/2"),
            Some("v"),
            DetectFrom::Main,
        ),
        // Another port is another program.
        (
            "url = \"rtsp://u:p@h/1\"\nsub_url = \"rtsp://h:8554/2\"",
            Some("rtsp://h:8554/2"),
            None,
            DetectFrom::Main,
        ),
        // Another host is not told, nor is anybody in the clear what was encrypted.
        (
            "url = \"rtsp://u:p@h/1\"\nsub_url = \"rtsp://i/2\"",
            Some("rtsp://i/2"),
            None,
            DetectFrom::Main,
        ),
        (
            "url = \"rtsps://u:p@h/1\"\nsub_url = \"rtsp://h/2\"",
            Some("rtsp://h/2"),
            None,
            DetectFrom::Main,
        ),
    ] {
        let config = parse(&with(keys)).unwrap_or_else(|error| panic!("{keys}: {error}"));
        let camera = &config.cameras[0];
        let sub = camera.sub.as_ref();
        assert_eq!(sub.map(ToString::to_string).as_deref(), address, "{keys}");
        let credentials = sub.and_then(|sub| sub.credentials.as_ref());
        assert_eq!(credentials.map(|known| known.username.as_str()), user, "{keys}");
        assert_eq!(camera.detect_from, from, "{keys}");
        let shown = format!("{config:?}");
        assert!(!shown.contains("u:p") && !shown.contains("v:q"), "{shown}");
    }
    let checked = "url = \"rtsps://h/1\"\nsub_url = \"rtsps://h/2\"\ncertificate = \"checked\"";
    let config = parse(&with(checked)).unwrap();
    let camera = &config.cameras[0];
    assert_eq!(camera.sub.as_ref().unwrap().certificate, camera.source.certificate);
    for (keys, complaint) in [
        (
            "url = \"rtsp://h/1\"\ndetect_from = \"sub\"",
            "4:15: `detect_from = \"sub\"` needs `sub_url`, the address of the camera's smaller stream",
        ),
        (
            "url = \"rtsp://h/1\"\ndetect_from = \"sup\"",
            "4:15: `detect_from` expects one of \"main\", \"sub\"",
        ),
        (
            "url = \"rtsp://h/1\"\nsub_url = \"http://h/2\"",
            "4:11: `sub_url`: http:// is not supported; give the camera's rtsp:// address",
        ),
        (
            "url = \"rtsp://h/1\"\nsub_url = \"rtsps://h/2\"\ntransport = \"udp\"",
            "4:11: `sub_url`: rtsps:// is encrypted, and transport = \"udp\" would send the video in the \
             clear; leave `transport` out, or use the camera's rtsp:// address",
        ),
    ] {
        let error = parse(&with(keys)).unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
    }
    let error =
        parse(&with("url = \"rtsp://h/1\"\nsub_url = \"rtsp://169.254.9.9/2\"")).unwrap_err();
    assert!(
        error.to_string().contains("`sub_url`") && error.to_string().contains("camera_networks"),
        "{error}"
    );
}
