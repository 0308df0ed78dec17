//! `razz models` as its users meet it: what is here, what a licence asks, a mirror, and what a file
//! is.

#[path = "../../vision/tests/support/onnx.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of vision")]
mod onnx;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::Value;

/// A folder of models of this test's own, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("razz-models-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn razz(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_razz"))
            .arg("models")
            .args(arguments)
            .env("RAZZ_MODELS", &self.0)
            .env_remove("RAZZ_MODELS_FROM")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Exit code, stdout, stderr.
fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// A mirror that has `content` under every name; its address.
fn mirror(content: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/models", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = BufReader::new(stream.try_clone().unwrap()).lines();
            let _ = request.map_while(Result::ok).take_while(|line| !line.is_empty()).count();
            // The client may be gone: it refuses what is not the model by its size.
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
                content.len()
            )
            .and_then(|()| stream.write_all(&content));
        }
    });
    url
}

#[test]
fn the_list_says_what_is_here() {
    let folder = Folder::new("list");
    fs::write(folder.0.join("yolox_nano.onnx"), "mine").unwrap();
    fs::write(folder.0.join(".yolox_s.onnx.part"), vec![0; 3_585_801]).unwrap();
    fs::write(folder.0.join("garage.onnx"), "mine as well").unwrap();
    let (code, text, errors) = said(&folder.razz(&["list"]));
    assert_eq!((code, errors.as_str()), (Some(0), ""));
    for line in ["yolo11n", "yolox_nano", "yolox_s", "garage"] {
        let state = match line {
            "yolo11n" => " no ",
            "yolox_nano" => " other file ",
            "yolox_s" => " 10 % ",
            _ => " yes ",
        };
        let line = text.lines().find(|l| l.split(' ').next() == Some(line)).unwrap();
        assert!(line.contains(state), "{line}");
    }
    assert!(text.contains("AGPL-3.0") && text.contains("Apache-2.0"), "{text}");
    assert!(text.trim_end().ends_with("`razz models pull NAME` fetches one"), "{text}");

    let (_, json, _) = said(&folder.razz(&["list", "--json"]));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["folder"], folder.0.to_str().unwrap());
    assert_eq!(json["others"], serde_json::json!(["garage"]));
    let of = |name: &str| {
        json["models"].as_array().unwrap().iter().find(|m| m["name"] == name).unwrap().clone()
    };
    assert_eq!(
        (of("yolo11n")["state"].as_str(), of("yolox_s")["state"].as_str()),
        (Some("absent"), Some("part"))
    );
    assert_eq!(of("yolo11n")["bytes"], 10_930_182);
    assert!(of("yolo11n")["url"].as_str().unwrap().starts_with("https://github.com/ultralytics/"));
}

#[test]
fn a_licence_is_shown_first_and_asked_about() {
    let folder = Folder::new("licence");
    let nowhere = ["--from", "http://127.0.0.1:1"];
    // Nobody is there to answer: nothing is asked of the mirror.
    let (code, _, errors) = said(&folder.razz(&[&["pull", "yolo11n"][..], &nowhere].concat()));
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("licence: AGPL-3.0 (https://ultralytics.com/license)"), "{errors}");
    assert!(errors.contains("`razz models pull yolo11n --accept-licence`"), "{errors}");
    assert!(!errors.contains("127.0.0.1"), "{errors}");
    // Accepted: it goes on to the mirror.
    for flag in ["--accept-licence", "--accept-license"] {
        let arguments = [&["pull", "yolo11n", flag, "--from"][..], &["http://127.0.0.1:1/no.onnx"]];
        // Nobody listens there, however often it is tried.
        let child = Command::new(env!("CARGO_BIN_EXE_razz"))
            .arg("models")
            .args(arguments.concat())
            .env("RAZZ_MODELS", &folder.0)
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let errors: Vec<String> = lines.map_while(Result::ok).take(2).collect();
        assert!(errors[1].starts_with("licence: AGPL-3.0"), "{errors:?}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // Where the licence asks nothing, neither does razz.
    let url = mirror(b"<html>not found</html>".to_vec());
    let (code, _, errors) = said(&folder.razz(&["pull", "yolox_nano", "--from", &url]));
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("licence: Apache-2.0"), "{errors}");
    let last = errors.lines().last().unwrap();
    assert!(
        last.contains("/models/yolox_nano.onnx has 22 bytes, not the 3659407 bytes of this model"),
        "{errors}"
    );
}

#[test]
fn a_name_that_nobody_has_is_refused() {
    let folder = Folder::new("name");
    let (code, _, errors) = said(&folder.razz(&["pull", "yolo11m"]));
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("there is no model \"yolo11m\"; did you mean yolo11n?"), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
}

/// A mirror with a file of the right size that is not the model.
#[test]
fn a_mirror_that_lies_leaves_nothing_behind() {
    let folder = Folder::new("lies");
    let url = mirror(vec![7; 3_659_407]);
    let (code, _, errors) = said(&folder.razz(&["pull", "yolox_nano", "--from", &url]));
    assert_eq!(code, Some(1), "{errors}");
    let last = errors.lines().last().unwrap();
    assert!(
        last.contains("is not this model: its SHA-256 is ") && last.contains("c789161e"),
        "{last}"
    );
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 0);
}

#[test]
fn what_a_file_is() {
    let folder = Folder::new("info");
    let model = onnx::with_names(
        &onnx::constant(&[1, 3, 64, 64], onnx::F32, &[1, 6, 84], &[0.0; 6 * 84]),
        "{0: 'dog', 1: 'cat'}",
    );
    fs::write(folder.0.join("pets.onnx"), model).unwrap();
    let path = folder.0.join("pets.onnx");
    // By path, or by name.
    for file in [path.to_str().unwrap(), "pets"] {
        let (code, text, errors) = said(&folder.razz(&["info", file]));
        assert_eq!(code, Some(0), "{errors}");
        for line in [
            "known    no; its licence is for you to know",
            "family   YOLO11/YOLOv8",
            "pictures 64x64, RGB 0 to 1, centred on grey",
            "classes  2: dog, cat",
            "input    images [1, 3, 64, 64]",
            "output   output0 [1, 6, 84]",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
    let (_, json, _) = said(&folder.razz(&["info", "pets", "--json"]));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["classes"], serde_json::json!(["dog", "cat"]));
    assert_eq!((&json["kind"], &json["known"]), (&"detector".into(), &Value::Null));
    assert_eq!(json["inputs"][0]["shape"], serde_json::json!([1, 3, 64, 64]));
    assert_eq!(json["sha256"].as_str().unwrap().len(), 64);

    fs::write(folder.0.join("note.onnx"), "the model is on the other disk\n").unwrap();
    let other = onnx::constant(&[1, 3, 64, 64], onnx::F32, &[1, 9, 9, 9], &[0.0; 729]);
    fs::write(folder.0.join("other.onnx"), other).unwrap();
    for (file, said_of_it) in [
        ("note", "this is not an ONNX model (it is text)"),
        ("other", "gives output0 [1, 9, 9, 9]; known are YOLO11 and YOLOv8"),
        ("/nowhere.onnx", "there is no such file"),
    ] {
        let (code, text, errors) = said(&folder.razz(&["info", file]));
        assert_eq!((code, text.as_str(), errors.lines().count()), (Some(1), "", 1), "{errors}");
        assert!(errors.contains(said_of_it), "{errors}");
    }
}

/// A config that names a model which is not here: said with the command that brings it.
#[test]
fn a_config_without_its_model_names_the_command() {
    let folder = Folder::new("config");
    let config = folder.0.join("razz.toml");
    let camera = "[[camera]]\nid = 1\nurl = \"rtsp://127.0.0.1/\"\n";
    fs::write(&config, format!("[detector]\nmodel = \"yolox_tiny\"\n{camera}")).unwrap();
    let check = Command::new(env!("CARGO_BIN_EXE_razz"))
        .args([Path::new("check"), Path::new("--config"), &config])
        .env("RAZZ_MODELS", &folder.0)
        .output()
        .unwrap();
    let (code, _, errors) = said(&check);
    assert_eq!(code, Some(0), "{errors}");
    assert!(
        errors.contains("nothing will be detected: ")
            && errors.contains("`razz models pull yolox_tiny`"),
        "{errors}"
    );
}

/// A server, ended with the test.
struct Server(std::process::Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The server runs without its model, says how it comes here, and takes it up when it has come.
#[test]
fn a_model_that_comes_later_is_taken_up() {
    let folder = Folder::new("later");
    let config = folder.0.join("razz.toml");
    let text = "[server]\nlisten = \"127.0.0.1:0\"\ncompat_listen = \"\"\nwebrtc_udp = \"127.0.0.1:0\"\n\
                [detector]\nmodel = \"yolox_tiny\"\nengine = \"rten\"\nclasses = []\n\
                [[camera]]\nid = 1\nurl = \"rtsp://127.0.0.1:1/\"\n";
    fs::write(&config, text).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_razz"))
        .args([Path::new("serve"), Path::new("--config"), &config])
        .env("RAZZ_MODELS", &folder.0)
        .env("RUST_LOG", "info")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let server = Server(child);
    let (lines, said) = std::sync::mpsc::channel();
    thread::spawn(move || log.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
    let wait_for = |text: &str| {
        let mut seen = Vec::new();
        while let Ok(line) = said.recv_timeout(std::time::Duration::from_secs(60)) {
            if line.contains(text) {
                return line;
            }
            seen.push(line);
        }
        panic!("{text} is not said, but {seen:#?}");
    };
    let missing = wait_for("no detection: ");
    assert!(missing.contains("`razz models pull yolox_tiny` brings it"), "{missing}");
    let model = onnx::constant(&[1, 3, 64, 64], onnx::F32, &[1, 6, 84], &[0.0; 6 * 84]);
    fs::write(folder.0.join("part"), model).unwrap();
    fs::rename(folder.0.join("part"), folder.0.join("yolox_tiny.onnx")).unwrap();
    wait_for("model yolox_tiny is here now");
    let ready = wait_for("model is ready");
    assert!(ready.contains("rten"), "{ready}");
    drop(server);
}

/// What is not used of a model is said before it is used, and so is why it would be refused.
#[test]
fn what_a_model_gives_beside_boxes_is_said() {
    let folder = Folder::new("beside");
    let input = |graph: onnx::Graph| graph.input("images", onnx::F32, &[1, 3, 64, 64]);
    let masks = input(onnx::Graph::default())
        .f32("boxes", &[1, 10, 84], &[0.5; 840])
        .f32("shapes", &[1, 4, 16, 16], &[0.5; 1024])
        .node("Identity", &["boxes"], "output0", &[])
        .node("Identity", &["shapes"], "output1", &[])
        .output("output0", onnx::F32, &[1, 10, 84])
        .output("output1", onnx::F32, &[1, 4, 16, 16]);
    let logits = input(onnx::Graph::default())
        .f32("boxes", &[1, 6, 84], &[-4.5; 504])
        .node("Identity", &["boxes"], "output0", &[])
        .output("output0", onnx::F32, &[1, 6, 84]);
    let files = [("masks.onnx", masks), ("logits.onnx", logits)];
    let [masks, logits] = files.map(|(name, graph)| {
        let path = folder.0.join(name);
        fs::write(&path, graph.model()).unwrap();
        path.display().to_string()
    });
    let doctor = |arguments: &[&str]| {
        let doctor =
            Command::new(env!("CARGO_BIN_EXE_razz")).arg("doctor").args(arguments).output();
        said(&doctor.unwrap())
    };
    let (code, out, _) = doctor(&["--model", &masks]);
    assert!(code == Some(0) && out.contains("family   YOLO11/YOLOv8, on "), "{out}");
    assert!(out.contains("note     the model gives masks beside its boxes"), "{out}");
    let (code, out, _) = doctor(&["--model", &masks, "--json"]);
    let all: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, all["model"]["notes"].as_array().unwrap().len()), (Some(0), 1));
    let (code, out, _) = said(&folder.razz(&["info", &masks]));
    assert!(code == Some(0) && out.contains("note     the model gives masks"), "{out}");
    let (code, out, _) = doctor(&["--model", &logits]);
    assert!(code == Some(1) && out.contains("problem  model "), "{out}");
    assert!(out.contains("output0 has scores from -4.5 to 0 where YOLO11"), "{out}");
    let (code, out, _) = doctor(&["--model", "no such name"]);
    assert!(code == Some(1) && out.contains("is no model"), "{out}");
}
