//! What somebody wants exported.

use razz_base::CameraId;
use serde::{Deserialize, Serialize};

/// Cameras of one export at most: a wall of four by four.
pub const MOST_CAMERAS: usize = 16;
/// Longest name of an export, in characters.
const LONGEST_NAME: usize = 200;
/// Longest span of what has to be encoded or counted frame by frame, in µs: a day.
const LONGEST_US: i64 = 86_400_000_000;
/// Who is made unrecognisable where nobody says it.
pub const PEOPLE: &str = "person";

/// What kind of file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The video as the camera sent it. Of several cameras: a ZIP with an MP4 of each.
    Mp4,
    /// One MP4, encoded anew: with boxes, with people made unrecognisable, several cameras side by side.
    Rendered,
    /// A ZIP with a page that plays the video with its boxes in any browser, without a server.
    Player,
    /// Tracks, as MOTChallenge text.
    Mot,
    /// Tracks, as COCO JSON.
    Coco,
    /// Tracks, as WebVTT with a JSON object a cue.
    Vtt,
    /// Tracks, as a table.
    Csv,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Mp4, Self::Rendered, Self::Player, Self::Mot, Self::Coco, Self::Vtt, Self::Csv];

    /// Its name in the API and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mp4 => "mp4",
            Self::Rendered => "rendered",
            Self::Player => "player",
            Self::Mot => "mot",
            Self::Coco => "coco",
            Self::Vtt => "vtt",
            Self::Csv => "csv",
        }
    }

    /// What files of it end in.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Mp4 | Self::Rendered => "mp4",
            Self::Player => "zip",
            Self::Mot => "txt",
            Self::Coco => "json",
            Self::Vtt => "vtt",
            Self::Csv => "csv",
        }
    }
}

/// Who cannot be recognised in what is encoded anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Blur {
    /// Names of classes.
    pub classes: Vec<String>,
    /// Tracks that stay as they are: camera and track.
    pub except: Vec<(CameraId, u64)>,
}

/// What somebody wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// Of which cameras, in this order.
    pub cameras: Vec<CameraId>,
    /// From this moment on: UTC, in µs since 1970.
    pub from_us: i64,
    /// Up to this one.
    pub until_us: i64,
    /// As what.
    pub format: Format,
    /// Boxes are burned in ([`Format::Rendered`]).
    pub boxes: bool,
    /// And what stands at them.
    pub labels: bool,
    /// Who cannot be recognised.
    pub blur: Option<Blur>,
    /// What people call it; empty where nobody said.
    pub name: String,
    /// Who wants it; `None`: nobody has to say who they are.
    pub by: Option<String>,
}

/// What is wrong with a request: which of its keys, and what is expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("`{key}`: {message}")]
pub struct RequestError {
    /// The key.
    pub key: &'static str,
    /// What is expected there.
    pub message: String,
}

impl Request {
    /// Whether it can be done.
    ///
    /// # Errors
    /// Says of the first key what is wrong.
    pub fn check(&self) -> Result<(), RequestError> {
        let wrong = |key, message: &str| Err(RequestError { key, message: message.to_owned() });
        if self.cameras.is_empty() || self.cameras.len() > MOST_CAMERAS {
            return wrong("cameras", &format!("expects 1 to {MOST_CAMERAS} cameras"));
        }
        let twice = |(n, camera)| self.cameras[..n].contains(camera);
        if self.cameras.iter().enumerate().any(twice) {
            return wrong("cameras", "names a camera twice");
        }
        let length = self.until_us.saturating_sub(self.from_us);
        if length <= 0 {
            return wrong("to", "expects a moment after `from`");
        }
        if self.format != Format::Mp4 && length > LONGEST_US {
            return wrong("to", "expects a day at most; only untouched video may be longer");
        }
        if self.name.chars().count() > LONGEST_NAME {
            return wrong("name", &format!("expects {LONGEST_NAME} characters at most"));
        }
        if let Some(blur) = &self.blur {
            if !matches!(self.format, Format::Rendered | Format::Player) {
                let only = "can be had of \"rendered\" and \"player\" alone: untouched video shows everybody";
                return wrong("blur", only);
            }
            if blur.classes.is_empty() {
                return wrong("blur", "names no class of those who are not to be recognised");
            }
        }
        Ok(())
    }

    /// Whether pictures are encoded anew.
    pub fn is_encoded(&self) -> bool {
        self.format == Format::Rendered || self.blur.is_some()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn request(format: Format) -> Request {
        Request {
            cameras: vec![CameraId::new(1).unwrap()],
            from_us: 0,
            until_us: 1_000_000,
            format,
            boxes: true,
            labels: true,
            blur: None,
            name: String::new(),
            by: None,
        }
    }

    #[test]
    fn what_cannot_be_done_is_said_by_key() {
        let camera = |id| CameraId::new(id).unwrap();
        let blur = || Blur { classes: vec![PEOPLE.to_owned()], except: vec![(camera(1), 7)] };
        type Change = fn(&mut Request);
        let cases: [(Format, Change, Option<&str>); 9] = [
            (Format::Mp4, |_| {}, None),
            (Format::Mp4, |r| r.until_us = 90 * LONGEST_US, None),
            (Format::Csv, |r| r.until_us = LONGEST_US + 1, Some("to")),
            (Format::Csv, |r| r.until_us = r.from_us, Some("to")),
            (Format::Csv, |r| r.from_us = i64::MAX, Some("to")),
            (Format::Csv, |r| r.cameras.clear(), Some("cameras")),
            (Format::Csv, |r| r.cameras.push(r.cameras[0]), Some("cameras")),
            (Format::Mp4, |r| r.name = "n".repeat(201), Some("name")),
            (Format::Coco, |r| r.from_us = i64::MIN, Some("to")),
        ];
        for (n, (format, change, key)) in cases.into_iter().enumerate() {
            let mut request = request(format);
            change(&mut request);
            assert_eq!(request.check().err().map(|error| error.key), key, "case {n}");
        }
        for (format, fine) in
            [(Format::Mp4, false), (Format::Rendered, true), (Format::Player, true)]
        {
            let request = Request { blur: Some(blur()), ..request(format) };
            assert_eq!(request.check().is_ok(), fine, "{format:?}");
            assert!(request.is_encoded());
        }
    }
}
