//! Where secrets come from.

use super::*;

#[test]
fn secrets_come_from_systemd_credentials() {
    let folder = std::env::temp_dir().join(format!("razz-credentials-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("gate.password"), "hunter2 \n").unwrap();
    let text = "[[camera]]\nid = 1\nurl = \"rtsp://h/s\"\nusername = \"u\"\npassword = \"credential:NAME\"";
    let env = |name: &str| {
        (name == "CREDENTIALS_DIRECTORY").then(|| folder.to_string_lossy().into_owned())
    };
    let read = |name: &str| {
        Config::parse(&text.replace("NAME", name), "razz.toml", Path::new("/etc/razz"), &env)
    };
    let config = read("gate.password").unwrap();
    let credentials = config.cameras[0].source.credentials.clone().unwrap();
    assert_eq!(credentials.password.reveal(), "hunter2 ", "only the line end goes");
    let error = read("yard.password").unwrap_err().to_string();
    assert!(error.contains("yard.password cannot be read"), "{error}");
    fs::remove_dir_all(&folder).unwrap();
}
