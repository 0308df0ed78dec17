//! A WHEP session as its viewer sees and changes it: what it is sent and why, and what it wants.

use razz_base::StreamKind;
use razz_delivery::{DemandChange, Encoding, SessionStatus};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::request::present;

/// `GET /whep/{camera}/{session}`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "ViewerSession.ts")]
pub struct ViewerSession {
    /// Nothing is sent until the camera's next key frame comes: the path lost too much, or the viewer
    /// was too far behind.
    pub waiting: bool,
    /// How often that was so.
    #[ts(type = "number")]
    pub waits: u64,
    /// GOPs sent again, the first included.
    #[ts(type = "number")]
    pub replays: u64,
    /// Key frames that the viewer asked for.
    #[ts(type = "number")]
    pub keyframe_requests: u64,
    /// What is sent: `camera`, or what razz encodes, by the name that it has in `renditions`.
    pub rendition: String,
    /// Why that is not what the camera sends; null where it is.
    pub why: Option<Why>,
    /// What the viewer chose.
    pub quality: Quality,
    /// What the path carries by the browser's reports, in kbit/s; null while that is not known.
    #[ts(type = "number | null")]
    pub estimate_kbps: Option<u64>,
    /// Share of packets lost over the last second, in percent; null while that is not known.
    pub loss_percent: Option<f64>,
    /// How often something else was sent than before.
    #[ts(type = "number")]
    pub switches: u64,
    /// What there is for this viewer, from the most bits to the fewest.
    pub renditions: Vec<RenditionInfo>,
}

/// What a viewer can be sent.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "RenditionInfo.ts")]
pub struct RenditionInfo {
    /// `camera`: what it sends itself; `full`: the same pictures encoded anew, `540p`, `360p`, `180p`:
    /// of so many lines, `stills`: two pictures a second.
    pub name: String,
    /// Pixels across, square ones.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
    /// Bits that it takes, in kbit/s; 0 while that is not known.
    #[ts(type = "number")]
    pub kbps: u64,
}

/// Why a viewer is not sent what the camera sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "Why.ts")]
pub enum Why {
    /// Its path does not carry more.
    Path,
    /// It is shown in few pixels.
    Size,
    /// The viewer chose so.
    Choice,
    /// `viewers.quality` says so.
    Setting,
    /// Browsers cannot play what the camera sends, or this one cannot.
    Format,
}

/// What a viewer chooses.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, TS, JsonSchema)]
#[ts(export_to = "Quality.ts")]
pub enum Quality {
    /// What its path carries and its place on the screen calls for.
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// What the camera sends, whatever the path carries.
    #[serde(rename = "camera")]
    Camera,
    /// 540 lines at most.
    #[serde(rename = "540p")]
    P540,
    /// 360 lines at most.
    #[serde(rename = "360p")]
    P360,
    /// 180 lines at most.
    #[serde(rename = "180p")]
    P180,
    /// Two pictures a second.
    #[serde(rename = "stills")]
    Stills,
    /// As little as moves.
    #[serde(rename = "saver")]
    Saver,
}

/// `PATCH /whep/{camera}/{session}` as `application/merge-patch+json`: what the viewer wants from now on.
/// Absent keys stay as they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "ViewerEdit.ts")]
pub struct ViewerEdit {
    /// What it chooses; null is `auto`.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    pub quality: Option<Option<Quality>>,
    /// Pixels of the screen that the picture has across; null: not known.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    pub width: Option<Option<u32>>,
    /// The same down. Both or none.
    #[serde(default, deserialize_with = "present")]
    #[ts(optional)]
    pub height: Option<Option<u32>>,
}

impl ViewerEdit {
    /// What is to be changed.
    ///
    /// # Errors
    /// When one of width and height is there without the other.
    pub fn change(self) -> Result<DemandChange, &'static str> {
        let quality = self.quality.map(|quality| quality.unwrap_or_default().known());
        let place = match (self.width, self.height) {
            (None, None) => None,
            (Some(None), Some(None)) => Some(None),
            (Some(Some(width)), Some(Some(height))) => {
                Some(Some(razz_base::Size { width, height }))
            }
            _ => return Err("`width` and `height` come together, or not at all"),
        };
        Ok(DemandChange { quality, place })
    }
}

impl Quality {
    const ALL: [Self; 7] =
        [Self::Auto, Self::Camera, Self::P540, Self::P360, Self::P180, Self::Stills, Self::Saver];

    fn known(self) -> razz_base::Quality {
        razz_base::Quality::ALL[self as usize]
    }
}

impl From<razz_base::Quality> for Quality {
    fn from(known: razz_base::Quality) -> Self {
        Self::ALL.into_iter().find(|quality| quality.known() == known).unwrap_or_default()
    }
}

impl From<razz_delivery::Why> for Why {
    fn from(why: razz_delivery::Why) -> Self {
        use razz_delivery::Why as Known;
        match why {
            Known::Path => Self::Path,
            Known::Size => Self::Size,
            Known::Choice => Self::Choice,
            Known::Setting => Self::Setting,
            Known::Format => Self::Format,
        }
    }
}

/// The name of one of a camera's encodings.
fn name_of(kind: StreamKind) -> String {
    match kind {
        StreamKind::Rendition(rung) => rung.name().to_owned(),
        StreamKind::Main | StreamKind::Sub => "camera".to_owned(),
    }
}

impl From<Encoding> for RenditionInfo {
    fn from(encoding: Encoding) -> Self {
        let razz_base::Size { width, height } = encoding.size;
        let kbps = encoding.bits_per_second / 1000;
        Self { name: name_of(encoding.kind), width, height, kbps }
    }
}

impl From<SessionStatus> for ViewerSession {
    fn from(status: SessionStatus) -> Self {
        Self {
            waiting: status.waiting,
            waits: status.waits,
            replays: status.replays,
            keyframe_requests: status.keyframe_requests,
            rendition: name_of(status.sending),
            why: status.why.map(Why::from),
            quality: status.quality.into(),
            estimate_kbps: status.estimate.map(|bits| bits / 1000),
            loss_percent: status.loss.map(|loss| (f64::from(loss) * 1000.0).round() / 10.0),
            switches: status.switches,
            renditions: status.encodings.into_iter().map(RenditionInfo::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use razz_base::{Rung, Size};

    use super::*;

    #[test]
    fn it_reads_as_the_documentation_says() {
        let encoding = |kind, width, height, bits_per_second| Encoding {
            kind,
            size: Size::new(width, height),
            bits_per_second,
        };
        let session = ViewerSession::from(SessionStatus {
            waiting: true,
            waits: 2,
            replays: 1,
            keyframe_requests: 3,
            sending: StreamKind::Rendition(Rung::P360),
            why: Some(razz_delivery::Why::Path),
            quality: razz_base::Quality::Auto,
            estimate: Some(712_345),
            loss: Some(0.0321),
            switches: 4,
            encodings: vec![
                encoding(StreamKind::Main, 1280, 720, 2_500_000),
                encoding(StreamKind::Rendition(Rung::P360), 640, 360, 500_000),
            ],
        });
        assert_eq!(
            serde_json::to_string(&session).unwrap(),
            r#"{"waiting":true,"waits":2,"replays":1,"keyframe_requests":3,"rendition":"360p","why":"path","quality":"auto","estimate_kbps":712,"loss_percent":3.2,"switches":4,"renditions":[{"name":"camera","width":1280,"height":720,"kbps":2500},{"name":"360p","width":640,"height":360,"kbps":500}]}"#
        );
    }

    #[test]
    fn names_are_the_same_everywhere() {
        for quality in Quality::ALL {
            let written = serde_json::to_value(quality).unwrap();
            assert_eq!(written, quality.known().name());
            assert_eq!(Quality::from(quality.known()), quality);
        }
        for why in razz_delivery::Why::ALL {
            assert_eq!(serde_json::to_value(Why::from(why)).unwrap(), why.name());
        }
    }

    #[test]
    fn what_is_absent_stays() {
        let place = |width, height| Some(Some(Size::new(width, height)));
        for (written, quality, expected) in [
            (r#"{}"#, None, None),
            (r#"{"quality":"540p"}"#, Some("540p"), None),
            (r#"{"quality":null,"width":320,"height":180}"#, Some("auto"), place(320, 180)),
            (r#"{"width":null,"height":null}"#, None, Some(None)),
        ] {
            let change = serde_json::from_str::<ViewerEdit>(written).unwrap().change().unwrap();
            assert_eq!(change.quality.map(razz_base::Quality::name), quality, "{written}");
            assert_eq!(change.place, expected, "{written}");
        }
        for refused in [r#"{"width":1}"#, r#"{"width":null,"height":2}"#] {
            let edit: ViewerEdit = serde_json::from_str(refused).unwrap();
            assert!(edit.change().is_err(), "{refused}");
        }
        for refused in [r#"{"quality":"720p"}"#, r#"{"width":-1,"height":2}"#, r#"{"size":1}"#] {
            assert!(serde_json::from_str::<ViewerEdit>(refused).is_err(), "{refused}");
        }
    }
}
