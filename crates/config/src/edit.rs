//! Changes the text of a config file and keeps its comments and its order.

mod areas;
mod rules;

use razz_base::CameraId;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, TableLike, Value, value};
use url::Url;

use super::secret_reference;
use super::source::rtsp_port;

pub use self::areas::AreaEdit;
pub(super) use self::areas::set_areas;
pub(super) use self::rules::set_rules;

/// What a camera is to be. A key that is `None` stays as it is, `Some(None)` takes it out of the
/// file.
#[derive(Clone, Default)]
pub struct CameraEdit {
    /// A new camera's number; where there is none, one more than any camera ever had.
    pub id: Option<u32>,
    /// What people call it.
    pub name: Option<Option<String>>,
    /// Its address. Credentials in it replace those in the file.
    pub url: Option<Option<String>>,
    /// User name where the address has none.
    pub username: Option<Option<String>>,
    /// Password that goes with it.
    pub password: Option<Option<String>>,
    /// How its video travels.
    pub transport: Option<Option<String>>,
    /// Which certificate is taken of it.
    pub certificate: Option<Option<String>>,
    /// The address of its smaller stream. Credentials in it replace those in the file.
    pub sub_url: Option<Option<String>>,
    /// Which stream is detected on.
    pub detect_from: Option<Option<String>>,
    /// How often to detect.
    pub detect_fps: Option<Option<WrittenFps>>,
    /// What it weighs while capacity is short.
    pub priority: Option<Option<f64>>,
    /// What of it is recorded.
    pub record: Option<Option<String>>,
}

/// Detections per second as people write them. Whether they can be so is checked with the whole file.
#[derive(Clone, PartialEq, Debug)]
pub enum WrittenFps {
    /// So many; 0: none.
    Number(f64),
    /// Such as `max`.
    Word(String),
}

/// What the detector is to be; keys as in [`CameraEdit`].
#[derive(Clone, Default)]
pub struct DetectorEdit {
    /// The model's name, or the path of its file.
    pub model: Option<Option<String>>,
    /// Detections below this score are dropped, 0 to 1.
    pub confidence: Option<Option<f64>>,
    /// Of two boxes of a class that overlap more than this, the weaker is dropped, 0 to 1.
    pub iou: Option<Option<f64>>,
    /// The classes to report; an empty list for all.
    pub classes: Option<Option<Vec<String>>>,
}

impl DetectorEdit {
    /// The model, if another is wanted.
    pub fn model(&self) -> Option<&str> {
        self.model.as_ref()?.as_deref()
    }

    /// The names of the classes, if others are wanted.
    pub fn classes(&self) -> Option<&[String]> {
        self.classes.as_ref()?.as_deref()
    }
}

/// Why the text was not changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EditError {
    /// The camera is not in the file.
    #[error("the config file has no camera {0}")]
    Unknown(u32),
    /// The number is another camera's.
    #[error("camera id {0} is taken; leave `id` out to get one that no camera ever had")]
    Taken(u32),
    /// Its smaller stream is asked about, and the file has no address of one.
    #[error("the camera has no `sub_url`")]
    NoSub,
    /// There is no higher number.
    #[error("a camera had the highest id that there is; give the new one an `id`")]
    UsedUp,
    /// A value that would be taken from this machine's environment or credentials once it is in the
    /// file. Whoever sends it may choose the host that it goes to.
    #[error(
        "`{0}` begins with env: or credential:, which stand for a secret of this machine in the config \
         file alone; send the value itself, or write that into the file with an editor"
    )]
    Reference(&'static str),
    /// The file is written in a way that is not changed by hand of ours.
    #[error("the config file cannot be changed here: {0}; change it with an editor")]
    Form(&'static str),
}

/// Adds a camera at the end of the file; answers its number, which is above `highest`, the highest
/// that a camera had so far, unless the edit gives one.
pub(super) fn add(
    document: &mut DocumentMut,
    edit: &CameraEdit,
    highest: u32,
) -> Result<u32, EditError> {
    refuse_references(edit)?;
    let used: Vec<u32> = cameras(document)?.iter().filter_map(|camera| id_of(*camera)).collect();
    let id = match edit.id {
        Some(id) if used.contains(&id) => return Err(EditError::Taken(id)),
        Some(id) => id,
        None => {
            let highest = used.iter().copied().fold(highest, u32::max);
            let next = highest.checked_add(1).filter(|id| *id < CameraId::FIRST_AD_HOC);
            next.ok_or(EditError::UsedUp)?
        }
    };
    let mut table = Table::new();
    table.insert("id", value(i64::from(id)));
    apply(&mut table, edit);
    match document.entry("camera").or_insert(Item::ArrayOfTables(ArrayOfTables::new())) {
        Item::ArrayOfTables(tables) => {
            // A blank line before it, as people write.
            table.decor_mut().set_prefix("\n");
            tables.push(table);
        }
        Item::Value(Value::Array(array)) => array.push(table.into_inline_table()),
        _ => return Err(EditError::Form("`camera` is no list")),
    }
    Ok(id)
}

/// Changes the camera of this number.
pub(super) fn change(
    document: &mut DocumentMut,
    id: u32,
    edit: &CameraEdit,
) -> Result<(), EditError> {
    refuse_references(edit)?;
    match document.get_mut("camera") {
        Some(Item::ArrayOfTables(tables)) => {
            let found = tables.iter_mut().find(|table| id_of(*table) == Some(id));
            apply(found.ok_or(EditError::Unknown(id))?, edit);
        }
        Some(Item::Value(Value::Array(array))) => {
            let mut tables = array.iter_mut().filter_map(Value::as_inline_table_mut);
            let found = tables.find(|table| id_of(*table) == Some(id));
            apply(found.ok_or(EditError::Unknown(id))?, edit);
        }
        Some(_) => return Err(EditError::Form("`camera` is no list")),
        None => return Err(EditError::Unknown(id)),
    }
    Ok(())
}

/// Changes the detector, which may not be in the file so far.
pub(super) fn change_detector(
    document: &mut DocumentMut,
    edit: &DetectorEdit,
) -> Result<(), EditError> {
    let item = document.entry("detector").or_insert(Item::Table(Table::new()));
    let table = item.as_table_like_mut().ok_or(EditError::Form("`detector` is no table"))?;
    let text = |text: &String| Value::from(text.as_str());
    let number = |number: &f64| Value::from(*number);
    let list = |names: &Vec<String>| Value::from_iter(names.iter().map(String::as_str));
    set(table, "model", edit.model.as_ref().map(|model| model.as_ref().map(text)));
    set(table, "confidence", edit.confidence.as_ref().map(|share| share.as_ref().map(number)));
    set(table, "iou", edit.iou.as_ref().map(|share| share.as_ref().map(number)));
    set(table, "classes", edit.classes.as_ref().map(|names| names.as_ref().map(list)));
    Ok(())
}

/// Takes the camera of this number out, with the comments right above it, and what is drawn on its picture.
pub(super) fn remove(document: &mut DocumentMut, id: u32) -> Result<(), EditError> {
    let at = cameras(document)?.iter().position(|camera| id_of(*camera) == Some(id));
    let at = at.ok_or(EditError::Unknown(id))?;
    set_areas(document, id, &[])?;
    match document.get_mut("camera") {
        Some(Item::ArrayOfTables(tables)) => {
            tables.remove(at);
        }
        Some(Item::Value(Value::Array(array))) => {
            array.remove(at);
        }
        _ => return Err(EditError::Unknown(id)),
    }
    Ok(())
}

/// Every camera of the file.
fn cameras(document: &DocumentMut) -> Result<Vec<&dyn TableLike>, EditError> {
    match document.get("camera") {
        None => Ok(Vec::new()),
        Some(Item::ArrayOfTables(tables)) => {
            Ok(tables.iter().map(|table| table as &dyn TableLike).collect())
        }
        Some(Item::Value(Value::Array(array))) => inline(array),
        Some(_) => Err(EditError::Form("`camera` is no list")),
    }
}

fn inline(array: &Array) -> Result<Vec<&dyn TableLike>, EditError> {
    array
        .iter()
        .map(|item| match item.as_inline_table() {
            Some(table) => Ok(table as &dyn TableLike),
            None => Err(EditError::Form("`camera` has an entry that is no table")),
        })
        .collect()
}

fn id_of(camera: &dyn TableLike) -> Option<u32> {
    camera.get("id")?.as_integer()?.try_into().ok()
}

/// Refuses an edit with a value that the file would take for a reference. The name is exempt: it is
/// text everywhere.
fn refuse_references(edit: &CameraEdit) -> Result<(), EditError> {
    let CameraEdit {
        url, sub_url, detect_from, username, password, transport, certificate, ..
    } = edit;
    let texts = [
        ("url", url),
        ("sub_url", sub_url),
        ("detect_from", detect_from),
        ("username", username),
        ("password", password),
        ("transport", transport),
        ("certificate", certificate),
    ];
    let is_reference = |text: &Option<Option<String>>| {
        text.as_ref().and_then(Option::as_deref).is_some_and(secret_reference::is_one)
    };
    match texts.into_iter().find(|(_, text)| is_reference(text)) {
        Some((key, _)) => Err(EditError::Reference(key)),
        None => Ok(()),
    }
}

fn apply(camera: &mut dyn TableLike, edit: &CameraEdit) {
    let url = edit.url.as_ref().map(|url| {
        let url = url.as_ref()?;
        // Who moves a camera to another path of the same host does not type its password again;
        // another host never gets the old one.
        let old = camera.get("url").and_then(Item::as_str).unwrap_or_default();
        Some(match kept_credentials(old, url) {
            Kept::InAddress(url) => url,
            Kept::Beside => url.clone(),
            Kept::None => {
                camera.remove("username");
                camera.remove("password");
                url.clone()
            }
        })
    });
    let sub_url = edit.sub_url.as_ref().map(|url| {
        let url = url.as_ref()?;
        let old = camera.get("sub_url").and_then(Item::as_str).unwrap_or_default();
        Some(match kept_credentials(old, url) {
            Kept::InAddress(url) => url,
            // Those beside belong to `url`, and go to its host alone.
            Kept::Beside | Kept::None => url.clone(),
        })
    });
    let texts = [
        ("name", &edit.name),
        ("url", &url),
        ("sub_url", &sub_url),
        ("detect_from", &edit.detect_from),
        ("username", &edit.username),
        ("password", &edit.password),
        ("transport", &edit.transport),
        ("certificate", &edit.certificate),
        ("record", &edit.record),
    ];
    for (key, text) in texts {
        set(camera, key, text.as_ref().map(|text| text.as_deref().map(Value::from)));
    }
    if matches!(edit.username, Some(None)) {
        for (key, said) in [("url", &edit.url), ("sub_url", &edit.sub_url)] {
            let said = said.as_ref().and_then(Option::as_deref);
            if !said.is_some_and(has_credentials)
                && let Some(bare) = camera.get(key).and_then(Item::as_str).and_then(bare)
            {
                set(camera, key, Some(Some(bare.into())));
            }
        }
    }
    set(camera, "detect_fps", edit.detect_fps.as_ref().map(|fps| fps.as_ref().map(fps_value)));
    set(camera, "priority", edit.priority.map(|weight| weight.map(Value::from)));
}

/// 6, not 6.0, where the number is whole.
fn fps_value(fps: &WrittenFps) -> Value {
    match fps {
        WrittenFps::Number(fps) if fps.fract() == 0.0 && fps.abs() < 1e9 => (*fps as i64).into(),
        WrittenFps::Number(fps) => (*fps).into(),
        WrittenFps::Word(word) => word.as_str().into(),
    }
}

fn has_credentials(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| !url.username().is_empty() || url.password().is_some())
}

/// The address without the credentials in it; `None` where there are none.
fn bare(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok().filter(|_| has_credentials(address))?;
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url.into())
}

/// What becomes of a camera's credentials when it gets another address.
enum Kept {
    /// They stood in the old address, and stand in this one now.
    InAddress(String),
    /// They stay beside the address.
    Beside,
    /// They go.
    None,
}

fn kept_credentials(old: &str, new: &str) -> Kept {
    let (Ok(old), Ok(mut url)) = (Url::parse(old), Url::parse(new)) else { return Kept::None };
    let place = |url: &Url| (url.host_str().map(str::to_owned), rtsp_port(url));
    // Another port is another program; and what went encrypted so far does not go in the clear now.
    let as_safe = url.scheme() == "rtsps" || old.scheme() != "rtsps";
    if has_credentials(new) || place(&old) != place(&url) || !as_safe {
        return Kept::None;
    }
    if old.username().is_empty() {
        return Kept::Beside;
    }
    // As they are written: percent-encoded already.
    let kept = url.set_username(old.username()).is_ok() && url.set_password(old.password()).is_ok();
    if kept { Kept::InAddress(url.into()) } else { Kept::None }
}

/// Sets a key, or takes it out; a comment behind the old value stays.
fn set(table: &mut dyn TableLike, key: &str, new: Option<Option<Value>>) {
    match new {
        None => {}
        Some(None) => {
            table.remove(key);
        }
        Some(Some(mut new)) => match table.get_mut(key) {
            Some(Item::Value(old)) => {
                *new.decor_mut() = old.decor().clone();
                *old = new;
            }
            _ => {
                table.insert(key, Item::Value(new));
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# The shop.
[server]
listen = \"127.0.0.1:8003\" # only here

# Over the door.
[[camera]]
id = 1
name = \"Gate\"   # the old one
url = \"rtsp://user:se%2Fcret@10.0.0.5/stream1\"

[[camera]]
id = 3
url = \"rtsp://10.0.0.6/s\"
username = \"u\"
password = \"env:PASSWORD\"
detect_fps = 6

[tracker]
kind = \"hybrid\"
";

    fn edit(keys: &[(&str, Option<&str>)]) -> CameraEdit {
        let mut edit = CameraEdit::default();
        for &(key, value) in keys {
            let text = Some(value.map(str::to_owned));
            match key {
                "id" => edit.id = Some(value.unwrap().parse().unwrap()),
                "name" => edit.name = text,
                "url" => edit.url = text,
                "sub_url" => edit.sub_url = text,
                "detect_from" => edit.detect_from = text,
                "username" => edit.username = text,
                "password" => edit.password = text,
                "transport" => edit.transport = text,
                "certificate" => edit.certificate = text,
                "record" => edit.record = text,
                "detect_fps" => {
                    edit.detect_fps = Some(value.map(|value| match value.parse() {
                        Ok(fps) => WrittenFps::Number(fps),
                        Err(_) => WrittenFps::Word(value.to_owned()),
                    }));
                }
                "priority" => edit.priority = Some(value.map(|value| value.parse().unwrap())),
                other => panic!("no key {other}"),
            }
        }
        edit
    }

    #[test]
    fn the_smaller_streams_credentials_go_where_they_belong() {
        let with = |sub: &str| format!("[[camera]]\nid = 1\nurl = \"rtsp://u:p@h/1\"\n{sub}");
        let at = |address: &str| with(&format!("sub_url = \"{address}\"\n"));
        let inside = at("rtsp://a:b@h/2");
        for (before, keys, after) in [
            (with(""), &[("sub_url", Some("rtsp://h/2"))][..], at("rtsp://h/2")),
            // Another path of the same host.
            (inside.clone(), &[("sub_url", Some("rtsp://h/3"))], at("rtsp://a:b@h/3")),
            // Another host, and others.
            (inside.clone(), &[("sub_url", Some("rtsp://i/2"))], at("rtsp://i/2")),
            (inside.clone(), &[("sub_url", Some("rtsp://c:d@h/2"))], at("rtsp://c:d@h/2")),
            (inside.clone(), &[("sub_url", None)], with("")),
            (
                inside.clone(),
                &[("detect_from", Some("sub"))],
                inside.clone() + "detect_from = \"sub\"\n",
            ),
            // What is forgotten is forgotten in both.
            (
                inside,
                &[("username", None), ("password", None)],
                at("rtsp://h/2").replace("u:p@", ""),
            ),
        ] {
            let got = changed(&before, |document| change(document, 1, &edit(keys)));
            assert_eq!(got, after, "{keys:?}");
        }
    }

    fn changed(text: &str, work: impl FnOnce(&mut DocumentMut) -> Result<(), EditError>) -> String {
        let mut document: DocumentMut = text.parse().unwrap();
        work(&mut document).unwrap();
        document.to_string()
    }

    #[test]
    fn only_what_is_changed_changes() {
        for (id, keys, from, to) in [
            (
                1,
                &[("name", Some("Door"))][..],
                "\"Gate\"   # the old one",
                "\"Door\"   # the old one",
            ),
            (3, &[("detect_fps", Some("2.5"))], "detect_fps = 6", "detect_fps = 2.5"),
            (3, &[("detect_fps", Some("max"))], "detect_fps = 6", "detect_fps = \"max\""),
            (3, &[("detect_fps", None)], "detect_fps = 6\n", ""),
            (3, &[("priority", Some("2.5"))], "detect_fps = 6", "detect_fps = 6\npriority = 2.5"),
            (3, &[("record", Some("off"))], "detect_fps = 6", "detect_fps = 6\nrecord = \"off\""),
            (3, &[("detect_fps", Some("0"))], "detect_fps = 6", "detect_fps = 0"),
            (3, &[("detect_fps", Some("7"))], "detect_fps = 6", "detect_fps = 7"),
            (
                3,
                &[("transport", Some("udp"))],
                "detect_fps = 6",
                "detect_fps = 6\ntransport = \"udp\"",
            ),
            // Another path of the same host keeps the credentials where they stand.
            (1, &[("url", Some("rtsp://10.0.0.5/stream2"))], "stream1", "stream2"),
            (3, &[("url", Some("rtsp://10.0.0.6/t"))], "rtsp://10.0.0.6/s", "rtsp://10.0.0.6/t"),
            // Another host gets none.
            (
                1,
                &[("url", Some("rtsp://10.0.0.9/stream1"))],
                "rtsp://user:se%2Fcret@10.0.0.5/stream1",
                "rtsp://10.0.0.9/stream1",
            ),
            (
                3,
                &[("url", Some("rtsp://10.0.0.6:8554/s"))],
                "rtsp://10.0.0.6/s\"\nusername = \"u\"\npassword = \"env:PASSWORD\"",
                "rtsp://10.0.0.6:8554/s\"",
            ),
            (
                3,
                &[("url", Some("rtsp://v:w@10.0.0.6/s"))],
                "rtsp://10.0.0.6/s\"\nusername = \"u\"\npassword = \"env:PASSWORD\"",
                "rtsp://v:w@10.0.0.6/s\"",
            ),
            // What is forgotten is forgotten wherever it stands.
            (
                1,
                &[("username", None), ("password", None)],
                "rtsp://user:se%2Fcret@10.0.0.5/stream1",
                "rtsp://10.0.0.5/stream1",
            ),
            (
                3,
                &[("username", None), ("password", None)],
                "username = \"u\"\npassword = \"env:PASSWORD\"\n",
                "",
            ),
            (
                1,
                &[("url", Some("rtsp://10.0.0.5/stream2")), ("username", None), ("password", None)],
                "rtsp://user:se%2Fcret@10.0.0.5/stream1",
                "rtsp://10.0.0.5/stream2",
            ),
            (
                1,
                &[("url", Some("rtsp://v:w@10.0.0.5/t")), ("username", None), ("password", None)],
                "rtsp://user:se%2Fcret@10.0.0.5/stream1",
                "rtsp://v:w@10.0.0.5/t",
            ),
            (1, &[], "", ""),
        ] {
            let got = changed(FILE, |document| change(document, id, &edit(keys)));
            assert_eq!(got, FILE.replacen(from, to, 1), "{keys:?}");
        }
    }

    #[test]
    fn a_reference_is_not_taken_from_whoever_sends_an_edit() {
        let mut document: DocumentMut = FILE.parse().unwrap();
        for key in
            ["url", "sub_url", "detect_from", "username", "password", "transport", "certificate"]
        {
            for text in ["env:HOME", "env:", "env:hunter2 x", "credential:camera", "credential:"] {
                let edit = edit(&[(key, Some(text))]);
                let refused = Err(EditError::Reference(key));
                assert_eq!(change(&mut document, 3, &edit), refused, "{key} {text}");
                assert_eq!(add(&mut document, &edit, 0).map(drop), refused, "{key} {text}");
            }
        }
        assert_eq!(document.to_string(), FILE, "nothing is changed");
        // A name is text everywhere, and these begin with neither.
        for (key, text) in [("name", "env:HOME"), ("password", "Env:x"), ("password", " env:x")] {
            assert_eq!(change(&mut document, 3, &edit(&[(key, Some(text))])), Ok(()), "{text}");
        }
    }

    #[test]
    fn credentials_stay_with_the_very_port_and_as_safe_as_they_were() {
        let file = |url: &str| {
            format!("[[camera]]\nid = 1\nurl = \"{url}\"\nusername = \"u\"\npassword = \"p\"\n")
        };
        for (old, new, kept) in [
            ("rtsp://h/s", "rtsp://h:554/t", true),
            ("rtsps://h/s", "rtsps://h:322/t", true),
            ("rtsp://h:322/s", "rtsps://h/t", true),
            ("rtsps://h/s", "rtsp://h/t", false),
            ("rtsps://h/s", "rtsp://h:322/t", false),
            ("rtsp://h/s", "rtsp://h:8554/t", false),
            ("rtsp://h/s", "rtsp://h.evil.example/s", false),
            ("env:CAMERA", "rtsp://h/s", false),
        ] {
            let text =
                changed(&file(old), |document| change(document, 1, &edit(&[("url", Some(new))])));
            assert_eq!(text.contains("password"), kept, "{old} {new}: {text}");
        }
    }

    #[test]
    fn cameras_come_and_go() {
        let mut id = 0;
        let added = changed(FILE, |document| {
            id = add(document, &edit(&[("url", Some("rtsp://h/s")), ("name", Some("New"))]), 0)?;
            Ok(())
        });
        assert_eq!(id, 4);
        let wanted = "detect_fps = 6\n\n[[camera]]\nid = 4\nname = \"New\"\nurl = \"rtsp://h/s\"\n";
        assert!(added.contains(wanted) && added.contains("# The shop."), "{added}");
        let removed = changed(&added, |document| remove(document, 4));
        assert_eq!(removed, FILE);
        let none = changed(FILE, |document| remove(document, 1).and_then(|()| remove(document, 3)));
        assert!(!none.contains("[[camera]]") && none.contains("kind = \"hybrid\""), "{none}");
        let first = changed("", |document| {
            add(document, &edit(&[("url", Some("rtsp://h/"))]), 0).map(drop)
        });
        assert_eq!(first, "\n[[camera]]\nid = 1\nurl = \"rtsp://h/\"\n");
        let inline = "camera = [{ id = 1, url = \"rtsp://h/\" }]\n";
        let more = changed(inline, |document| {
            add(document, &edit(&[("id", Some("7")), ("url", Some("rtsp://i/"))]), 0)?;
            change(document, 1, &edit(&[("name", Some("A"))]))
        });
        for part in ["id = 7", "name = \"A\"", "rtsp://i/"] {
            assert!(more.contains(part), "{more}");
        }
        assert_eq!(changed(&more, |document| remove(document, 1)).matches("id =").count(), 1);
    }

    #[test]
    fn a_detector_is_changed_where_it_stands_or_added() {
        let model = |name: &str| Some(Some(name.to_owned()));
        let none = DetectorEdit::default();
        let file = "# What is found.\n[detector] # here\nconfidence = 0.25 # low\n# all of them\nclasses = [] # none left out\n\n[tracker]\n";
        for (before, edit, after) in [
            (
                file,
                DetectorEdit {
                    confidence: Some(Some(0.4)),
                    classes: Some(Some(vec!["car".to_owned(), "bus".to_owned()])),
                    iou: Some(Some(0.5)),
                    ..none.clone()
                },
                "# What is found.\n[detector] # here\nconfidence = 0.4 # low\n# all of them\nclasses = [\"car\", \"bus\"] # none left out\niou = 0.5\n\n[tracker]\n",
            ),
            (file, none.clone(), file),
            (
                "detector = { model = \"demo\", iou = 0.5 }\n",
                DetectorEdit { iou: Some(None), model: model("yolo11n"), ..none.clone() },
                "detector = { model = \"yolo11n\"}\n",
            ),
            (
                "",
                DetectorEdit { model: model("demo"), ..none.clone() },
                "[detector]\nmodel = \"demo\"\n",
            ),
        ] {
            let text = changed(before, |document| change_detector(document, &edit));
            assert_eq!(text, after, "{before}");
        }
        let mut odd: DocumentMut = "detector = 1".parse().unwrap();
        assert!(matches!(change_detector(&mut odd, &none), Err(EditError::Form(_))));
    }

    #[test]
    fn a_new_camera_has_a_number_that_none_ever_had() {
        let most = CameraId::FIRST_AD_HOC - 1;
        for (keys, highest, id) in [
            (&[][..], 0, Ok(4)),
            (&[], 3, Ok(4)),
            (&[], 17, Ok(18)),
            // Who writes a number means it.
            (&[("id", Some("2"))], 17, Ok(2)),
            (&[], most - 1, Ok(most)),
            (&[], most, Err(EditError::UsedUp)),
            (&[], u32::MAX, Err(EditError::UsedUp)),
        ] {
            let mut document: DocumentMut = FILE.parse().unwrap();
            assert_eq!(add(&mut document, &edit(keys), highest), id, "{keys:?} {highest}");
        }
    }

    #[test]
    fn what_cannot_be_done_is_said() {
        let mut document: DocumentMut = FILE.parse().unwrap();
        assert_eq!(change(&mut document, 2, &edit(&[])), Err(EditError::Unknown(2)));
        assert_eq!(remove(&mut document, 9), Err(EditError::Unknown(9)));
        assert_eq!(add(&mut document, &edit(&[("id", Some("3"))]), 0), Err(EditError::Taken(3)));
        let mut odd: DocumentMut = "camera = 1".parse().unwrap();
        assert!(matches!(add(&mut odd, &edit(&[]), 0), Err(EditError::Form(_))));
        assert!(matches!(change(&mut odd, 1, &edit(&[])), Err(EditError::Form(_))));
    }
}
