//! What is counted in a camera's picture.

use razz_base::CameraId;
use serde_json::json;
use toml::de::DeValue;

use super::{At, Group, Key, Limit, Table};
use crate::document::{FromToml, Scalar};

/// Which side of a line counts as in.
pub(crate) const SIDES: [&str; 2] = ["right", "left"];
/// Where an object stands.
pub(crate) const ANCHORS: [&str; 3] = ["foot", "center", "head"];
/// Longest name of an area, in characters.
pub(crate) const MAX_AREA_NAME: usize = 60;

group! {
    /// A line that is crossed, a zone that is visited or a mask in which nothing is detected, in the picture of a camera;
    /// repeat the table for each. The app draws them. See the guide to counting.
    Area = "[[area]]" {
        /// The camera's `id`.
        camera: i64 [Limit::Whole(1, CameraId::FIRST_AD_HOC as i64 - 1)] = "",
        /// What people call it; each area of a camera has another. What was counted goes by it.
        name: String [Limit::Length(MAX_AREA_NAME)] = "",
        /// A line: two points or more as `[[0.1, 0.8], [0.6, 0.8]]`, in shares of the picture's width and height from
        /// its upper left corner.
        line: Option<Points> = "",
        /// Or a zone: its corners, three or more.
        zone: Option<Points> = "",
        /// Or a mask: the corners of a part of the picture in which nothing is detected, recorded as tracks or counted.
        /// The video shows it as ever.
        mask: Option<Points> = "",
        /// Of a line: the side that counts as in, seen on the way from its first point to its last, `"right"` or
        /// `"left"`.
        r#in: String [Limit::Words(&SIDES)] = r#""right""#,
        /// The classes that count, or that a mask drops, by the model's names; `[]` is all that are reported.
        classes: Vec<At<String>> = "[]",
        /// The point of a box that says where its object is: `"foot"` the middle of its lower edge, `"center"` for
        /// cameras that look straight down, `"head"` for crowds of which only heads are seen.
        anchor: String [Limit::Words(&ANCHORS)] = r#""foot""#,
    }
}

/// Points of the picture as written.
#[derive(Clone)]
pub(crate) struct Points(pub(crate) Vec<[f64; 2]>);

impl Scalar for Points {
    const EXPECTED: &'static str = "a list of points, such as [[0.1, 0.8], [0.6, 0.8]]";

    fn schema() -> serde_json::Value {
        let share = json!({"type": "number", "minimum": 0, "maximum": 1});
        let point = json!({"type": "array", "items": share, "minItems": 2, "maxItems": 2});
        json!({"type": "array", "items": point, "minItems": 2, "maxItems": 64})
    }

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let point = |value: &DeValue<'_>| match value.as_array()?.iter().as_slice() {
            [x, y] => Some([f64::from_value(x.get_ref())?, f64::from_value(y.get_ref())?]),
            _ => None,
        };
        let points = value.as_array()?.iter().map(|item| point(item.get_ref()));
        points.collect::<Option<_>>().map(Self)
    }
}
