//! The bodies of requests. In an edit, a key that is absent stays as it is.

use std::collections::BTreeSet;

use razz_config::WrittenFps;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use ts_rs::TS;

use super::access::Role;
use super::camera::{DetectFps, DetectFrom, Transport};
use super::recording::RecordMode;

/// What a camera is to be: the keys of a `[[camera]]` in the config. Absent keys stay as they are,
/// null takes a key out of the file.
#[derive(Clone, Default, PartialEq, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "CameraEdit.ts")]
pub struct CameraEdit {
    /// A new camera's number; where there is none, one more than any camera ever had.
    #[ts(optional = nullable)]
    #[schemars(range(min = 1))]
    pub id: Option<u32>,
    /// What people call it.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    pub name: Option<Option<String>>,
    /// Its address, `rtsp://…`, with or without credentials.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    pub url: Option<Option<String>>,
    /// User name where the address has none.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    pub username: Option<Option<String>>,
    /// Password that goes with it.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    #[schemars(extend("format" = "password"))]
    pub password: Option<Option<String>>,
    /// How its video travels.
    #[serde(default, deserialize_with = "present")]
    #[ts(as = "Option<Option<Transport>>", optional)]
    #[schemars(with = "Option<Transport>")]
    pub transport: Option<Option<String>>,
    /// Which certificate is taken of an `rtsps://` camera: `pinned`, `checked`, or `sha256:…`.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    pub certificate: Option<Option<String>>,
    /// Address of the smaller stream that it sends besides, with or without credentials.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    pub sub_url: Option<Option<String>>,
    /// Which stream is detected on.
    #[serde(default, deserialize_with = "present")]
    #[ts(as = "Option<Option<DetectFrom>>", optional)]
    #[schemars(with = "Option<DetectFrom>")]
    pub detect_from: Option<Option<String>>,
    /// Detections per second; 0: none; `"max"`: every frame that capacity allows.
    #[serde(default, deserialize_with = "present")]
    #[ts(as = "Option<Option<DetectFps>>", optional)]
    #[schemars(with = "Option<DetectFps>")]
    pub detect_fps: Option<Option<FpsOrWord>>,
    /// What it weighs while the machine cannot detect as often as all cameras want, 0.1 to 10.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    #[schemars(extend("minimum" = 0.1, "maximum" = 10))]
    pub priority: Option<Option<f64>>,
    /// What of it is recorded, where anything is.
    #[serde(default, deserialize_with = "present")]
    #[ts(as = "Option<Option<RecordMode>>", optional)]
    #[schemars(with = "Option<RecordMode>")]
    pub record: Option<Option<String>>,
}

impl From<CameraEdit> for razz_config::CameraEdit {
    fn from(edit: CameraEdit) -> Self {
        let CameraEdit {
            id,
            name,
            url,
            username,
            password,
            transport,
            certificate,
            sub_url,
            detect_from,
            detect_fps,
            priority,
            record,
        } = edit;
        Self {
            id,
            name,
            url,
            username,
            password,
            transport,
            certificate,
            sub_url,
            detect_from,
            detect_fps: detect_fps.map(|fps| fps.map(Into::into)),
            priority,
            record,
        }
    }
}

/// A number or any word: which words there are is for the config to say, in an answer that names
/// the key and whatever else is wrong. `transport` is text for the same reason.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(untagged, expecting = "detect_fps expects a number or \"max\"")]
pub enum FpsOrWord {
    /// Detections per second; 0: none.
    Fps(f64),
    /// Such as `max`.
    Word(String),
}

impl From<FpsOrWord> for WrittenFps {
    fn from(fps: FpsOrWord) -> Self {
        match fps {
            FpsOrWord::Fps(fps) => Self::Number(fps),
            FpsOrWord::Word(word) => Self::Word(word),
        }
    }
}

/// What the detector is to be. Absent keys stay as they are, null takes a key out of the file.
#[derive(Clone, Default, PartialEq, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "DetectorEdit.ts")]
pub struct DetectorEdit {
    /// `demo`, or the name of a model in razz's folder.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    pub model: Option<Option<String>>,
    /// Detections below this score are dropped, 0 to 1.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    #[schemars(extend("minimum" = 0, "maximum" = 1))]
    pub confidence: Option<Option<f64>>,
    /// Of two boxes of a class that overlap more than this, the weaker is dropped, 0 to 1.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    #[schemars(extend("minimum" = 0, "maximum" = 1))]
    pub iou: Option<Option<f64>>,
    /// The classes to report; an empty list for all.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    pub classes: Option<Option<Vec<String>>>,
}

impl From<DetectorEdit> for razz_config::DetectorEdit {
    fn from(edit: DetectorEdit) -> Self {
        let DetectorEdit { model, confidence, iou, classes } = edit;
        Self { model, confidence, iou, classes }
    }
}

/// Whose newest picture is looked at, and by which model: `POST /api/detector/preview`.
#[derive(Clone, PartialEq, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "DetectorTrial.ts")]
pub struct DetectorTrial {
    /// The camera's number.
    #[schemars(range(min = 1))]
    pub camera: u32,
    /// `demo`, or the name of a model in razz's folder; absent or null: the one that is set.
    #[ts(optional = nullable)]
    pub model: Option<String>,
}

/// A name and a password: `POST /api/sign-in`.
#[derive(Clone, PartialEq, Eq, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "SignIn.ts")]
pub struct SignIn {
    /// The user's name.
    pub name: String,
    /// Their password.
    #[schemars(extend("format" = "password"))]
    pub password: String,
}

/// The first admin: `POST /api/set-up`.
#[derive(Clone, PartialEq, Eq, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "SetUp.ts")]
pub struct SetUp {
    /// What the set-up link holds.
    pub token: String,
    /// How they sign in.
    pub name: String,
    /// Their password.
    #[schemars(extend("format" = "password"))]
    pub password: String,
}

/// One's own password, changed: `PUT /api/me/password`.
#[derive(Clone, PartialEq, Eq, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "NewPassword.ts")]
pub struct NewPassword {
    /// The password so far.
    #[schemars(extend("format" = "password"))]
    pub current: String,
    /// The one to come.
    #[schemars(extend("format" = "password"))]
    pub new: String,
}

/// A user to add: `POST /api/users`.
#[derive(Clone, PartialEq, Eq, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "NewUser.ts")]
pub struct NewUser {
    /// How they sign in.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The cameras in sight; absent or null: all.
    #[ts(optional = nullable)]
    #[schemars(inner(range(min = 1)))]
    pub cameras: Option<BTreeSet<u32>>,
    /// Absent or null: they come through a trusted proxy only.
    #[ts(optional = nullable)]
    #[schemars(extend("format" = "password"))]
    pub password: Option<String>,
}

impl From<NewUser> for razz_access::NewUser {
    fn from(user: NewUser) -> Self {
        let NewUser { name, role, cameras, password } = user;
        Self { name, role: role.into(), cameras, password }
    }
}

/// What changes about a user; what is absent stays.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "UserEdit.ts")]
pub struct UserEdit {
    /// What they may do; null is as good as absent.
    #[ts(optional = nullable)]
    pub role: Option<Role>,
    /// The cameras in sight; null: all.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    #[schemars(inner(range(min = 1)))]
    pub cameras: Option<Option<BTreeSet<u32>>>,
    /// Signs them out everywhere; null is as good as absent.
    #[ts(optional = nullable)]
    #[schemars(extend("format" = "password"))]
    pub password: Option<String>,
}

impl From<UserEdit> for razz_access::UserEdit {
    fn from(edit: UserEdit) -> Self {
        let UserEdit { role, cameras, password } = edit;
        Self { role: role.map(Into::into), cameras, password }
    }
}

/// An API token to make: `POST /api/tokens`.
#[derive(Clone, PartialEq, Eq, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "NewToken.ts")]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The cameras in sight; absent or null: all.
    #[ts(optional = nullable)]
    #[schemars(inner(range(min = 1)))]
    pub cameras: Option<BTreeSet<u32>>,
    /// Days until it ends; absent or null: never.
    #[ts(optional, type = "number | null")]
    pub days: Option<i64>,
}

impl From<NewToken> for razz_access::NewToken {
    fn from(token: NewToken) -> Self {
        let NewToken { name, role, cameras, days } = token;
        Self { name, role: role.into(), cameras, days }
    }
}

/// A view token to make: `POST /api/view-tokens`.
#[derive(Clone, PartialEq, Eq, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "NewViewToken.ts")]
pub struct NewViewToken {
    /// The cameras that it shows.
    #[schemars(inner(range(min = 1)))]
    pub cameras: BTreeSet<u32>,
    /// Seconds in which watching may begin, 1 to 86400; absent or null: 3600.
    #[ts(optional, type = "number | null")]
    pub seconds: Option<i64>,
}

impl From<NewViewToken> for razz_access::NewViewToken {
    fn from(wanted: NewViewToken) -> Self {
        let NewViewToken { cameras, seconds } = wanted;
        Self { cameras, seconds }
    }
}

/// Tells `null` from absent.
pub(super) fn present<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn absent_null_and_a_value_are_three_things_in_an_edit() {
        let number = |fps| Some(Some(WrittenFps::Number(fps)));
        let word = |word: &str| Some(Some(WrittenFps::Word(word.to_owned())));
        for (json, name, fps) in [
            ("{}", None, None),
            (r#"{"name": null, "detect_fps": null}"#, Some(None), Some(None)),
            (r#"{"name": "Gate", "detect_fps": 2.5}"#, Some(Some("Gate")), number(2.5)),
            (r#"{"detect_fps": 6}"#, None, number(6.0)),
            (r#"{"detect_fps": "max"}"#, None, word("max")),
            // The config says why not.
            (r#"{"detect_fps": -1}"#, None, number(-1.0)),
            (r#"{"detect_fps": "often"}"#, None, word("often")),
        ] {
            let edit = read::<CameraEdit>(json).map(razz_config::CameraEdit::from).unwrap();
            assert_eq!(edit.name, name.map(|name| name.map(str::to_owned)), "{json}");
            assert_eq!(edit.detect_fps, fps, "{json}");
        }
        let edit = read::<CameraEdit>(r#"{"transport": "sctp"}"#).unwrap();
        assert!(edit.transport == Some(Some("sctp".to_owned())));
        let all = r#"{"role": null, "cameras": null, "password": null}"#;
        for (json, cameras) in [
            ("{}", None),
            (all, Some(None)),
            (r#"{"cameras": [2, 1]}"#, Some(Some(BTreeSet::from([1, 2])))),
        ] {
            let edit = read::<UserEdit>(json).map(razz_access::UserEdit::from).unwrap();
            assert_eq!(edit.cameras, cameras, "{json}");
            assert!(edit.role.is_none() && edit.password.is_none(), "{json}");
        }
    }

    #[test]
    fn null_is_as_good_as_absent_in_what_is_new() {
        let least = r#"{"name": "t", "role": "viewer"}"#;
        let nulls =
            |more: &str| format!(r#"{{"name": "t", "role": "viewer", "cameras": null, {more}}}"#);
        assert!(read::<NewUser>(least) == read(&nulls(r#""password": null"#)));
        assert!(read::<NewToken>(least) == read(&nulls(r#""days": null"#)));
        let view = r#"{"cameras": [1], "seconds": null}"#;
        assert!(read::<NewViewToken>(r#"{"cameras": [1]}"#) == read(view));
        let trial = r#"{"camera": 1, "model": null}"#;
        assert!(read::<DetectorTrial>(r#"{"camera": 1}"#) == read(trial));
        assert!(read::<CameraEdit>("{}") == read(r#"{"id": null}"#));
    }

    #[test]
    fn what_is_no_request_is_refused_in_words() {
        fn refused<T: for<'a> Deserialize<'a>>(json: &str) -> String {
            read::<T>(json).err().unwrap_or_else(|| panic!("{json} is taken"))
        }
        for (error, part) in [
            (
                refused::<CameraEdit>(r#"{"detect_fps": []}"#),
                r#"detect_fps expects a number or "max""#,
            ),
            (refused::<CameraEdit>(r#"{"nome": "x"}"#), "unknown field `nome`"),
            (refused::<CameraEdit>(r#"{"name": 7}"#), "expected a string"),
            (refused::<CameraEdit>("7"), "expected struct CameraEdit"),
            (refused::<DetectorEdit>(r#"{"engine": "ort"}"#), "unknown field `engine`"),
            (refused::<DetectorEdit>(r#"{"iou": "x"}"#), "expected f64"),
            (refused::<DetectorEdit>(r#"{"classes": [1]}"#), "expected a string"),
            (refused::<DetectorTrial>("{}"), "missing field `camera`"),
            (refused::<NewUser>(r#"{"name": "c"}"#), "missing field `role`"),
            (
                refused::<NewUser>(r#"{"name": "c", "role": "root"}"#),
                "expected one of `admin`, `viewer`, `live`",
            ),
            (refused::<NewUser>(r#"{"nam": "c"}"#), "unknown field `nam`"),
            (refused::<NewViewToken>(r#"{"seconds": 9}"#), "missing field `cameras`"),
        ] {
            assert!(error.contains(part), "{error}");
        }
    }
}
