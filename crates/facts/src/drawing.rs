//! An area as it is kept: its drawing, and from when to when it was in force.

use std::sync::Arc;

use razz_analytics::{Anchor, Area, AreaError, AreaId, InSide, Shape, Validity};
use razz_base::{CameraId, MediaTime};
use serde::{Deserialize, Serialize};

use crate::names::Names;

/// What is drawn, and what counts there.
#[derive(Clone, PartialEq, Debug)]
pub struct Drawing {
    /// The line or zone.
    pub shape: Shape,
    /// Where an object is.
    pub anchor: Anchor,
    /// The names of the classes that count; empty: all.
    pub classes: Vec<String>,
}

impl From<&razz_config::Area> for Drawing {
    fn from(area: &razz_config::Area) -> Self {
        let razz_config::Area { shape, anchor, classes, .. } = area;
        Self { shape: shape.clone(), anchor: *anchor, classes: classes.clone() }
    }
}

/// One drawing of an area, and when it was in force.
#[derive(Clone, PartialEq, Debug)]
pub struct Version {
    /// Its number in the database.
    pub row: i64,
    /// Whose picture.
    pub camera: CameraId,
    /// The area's number, which it keeps when it is drawn anew.
    pub area: u32,
    /// 0: over what was recorded before the area was drawn. From 1: the drawings one after the other.
    pub version: u32,
    /// What people call the area.
    pub name: Arc<str>,
    /// What is drawn.
    pub drawing: Drawing,
    /// Since when; `None`: as far back as there are tracks.
    pub from: Option<MediaTime>,
    /// Until when; `None`: it still is.
    pub until: Option<MediaTime>,
    /// Whether all of its time was counted that is past; not while the record is gone through.
    pub counted: bool,
}

impl Version {
    /// Whether it is a zone.
    pub fn is_zone(&self) -> bool {
        matches!(self.drawing.shape, Shape::Zone { .. })
    }

    /// Whether it is in force at a time.
    pub(crate) fn holds(&self, time: MediaTime) -> bool {
        self.validity().contains(time)
    }

    fn validity(&self) -> Validity {
        Validity { from: self.from, until: self.until }
    }

    /// For the machine that counts.
    pub(crate) fn area(&self, names: &mut Names) -> Result<Area, AreaError> {
        let mut area = self.drawing.area(AreaId(self.area), &self.name, names)?;
        area.version = self.version;
        area.validity = self.validity();
        Ok(area)
    }
}

impl Drawing {
    /// For the machine that counts, in force always.
    pub(crate) fn area(
        &self,
        id: AreaId,
        name: &str,
        names: &mut Names,
    ) -> Result<Area, AreaError> {
        let mut area = match &self.shape {
            Shape::Line { points, inside } => Area::line(id, name, points.clone(), *inside),
            Shape::Zone { points } => Area::zone(id, name, points.clone()),
        }?;
        area.anchor = self.anchor;
        area.classes = self.classes.iter().map(|class| names.number(class)).collect();
        Ok(area)
    }

    /// Whether it can be counted at.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, name: &str) -> Result<(), String> {
        let made = self.area(AreaId(0), name, &mut Names::default());
        made.map(drop).map_err(|error| error.to_string())
    }

    /// As text, the same for the same drawing.
    pub(crate) fn text(&self) -> String {
        // Of numbers and words alone; it does not fail.
        serde_json::to_string(&Written::from(self)).unwrap_or_default()
    }

    /// From text; `None` where that is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str::<Written>(text).ok().map(Into::into)
    }
}

/// How it stands in the database.
#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<Vec<[f64; 2]>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<Vec<[f64; 2]>>,
    #[serde(default)]
    left: bool,
    anchor: u8,
    classes: Vec<String>,
}

const ANCHORS: [Anchor; 3] = [Anchor::Foot, Anchor::Center, Anchor::Head];

impl From<&Drawing> for Written {
    fn from(drawing: &Drawing) -> Self {
        let (line, zone, left) = match &drawing.shape {
            Shape::Line { points, inside } => (Some(points.clone()), None, *inside == InSide::Left),
            Shape::Zone { points } => (None, Some(points.clone()), false),
        };
        let mut classes = drawing.classes.clone();
        classes.sort();
        Self { line, zone, left, anchor: drawing.anchor as u8, classes }
    }
}

impl From<Written> for Drawing {
    fn from(written: Written) -> Self {
        let inside = if written.left { InSide::Left } else { InSide::Right };
        let shape = match (written.line, written.zone) {
            (Some(points), _) => Shape::Line { points, inside },
            (None, points) => Shape::Zone { points: points.unwrap_or_default() },
        };
        let anchor = ANCHORS.get(usize::from(written.anchor)).copied().unwrap_or_default();
        Self { shape, anchor, classes: written.classes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_comes_back_as_it_was() {
        let points = vec![[0.1, 0.2], [0.3, 1.0 / 3.0], [0.5, 0.9]];
        for shape in [
            Shape::Zone { points: points.clone() },
            Shape::Line { points: points.clone(), inside: InSide::Left },
            Shape::Line { points, inside: InSide::Right },
        ] {
            for anchor in ANCHORS {
                let classes = vec!["car".to_owned(), "person".to_owned()];
                let drawing = Drawing { shape: shape.clone(), anchor, classes };
                assert_eq!(Drawing::parse(&drawing.text()), Some(drawing));
            }
        }
        assert_eq!(Drawing::parse("nonsense"), None);
    }
}
