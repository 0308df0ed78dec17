//! What an occasion means to a rule.

use std::sync::Arc;

use razz_base::{CameraId, MediaTime, TrackId};

use crate::{Direction, Occasion, Rule, When};

/// Something that a rule looks for happened.
pub(crate) struct Occurrence {
    pub(crate) at_us: i64,
    pub(crate) media: MediaTime,
    pub(crate) track: TrackId,
    pub(crate) class: Arc<str>,
    pub(crate) direction: Option<Direction>,
    pub(crate) measured: Option<f64>,
}

/// What is so about a rule's condition from now on.
#[derive(Default)]
pub(crate) struct Finding {
    pub(crate) holds: bool,
    pub(crate) class: Option<Arc<str>>,
    pub(crate) measured: Option<f64>,
    pub(crate) media: Option<MediaTime>,
}

/// What is so about somebody in a zone.
pub(crate) struct Stay {
    pub(crate) here: bool,
    pub(crate) track: TrackId,
    pub(crate) media: MediaTime,
    pub(crate) from_us: i64,
    pub(crate) class: Arc<str>,
}

/// A visit that is first told when it is over counts as coming in if it took no longer than this. The
/// beginning of a longer one was told before, even if too many came since to remember it.
const SHORT_VISIT_US: i64 = 60_000_000;

impl Rule {
    /// Whether it is about this camera and area.
    pub(crate) fn covers(&self, camera: CameraId, area: Option<&str>) -> bool {
        self.camera.is_none_or(|mine| mine == camera)
            && self.area.as_deref().is_none_or(|mine| area == Some(mine))
    }

    fn covers_class(&self, class: &str) -> bool {
        self.classes.is_empty() || self.classes.iter().any(|mine| mine == class)
    }

    fn covers_direction(&self, direction: Direction) -> bool {
        self.direction.is_none_or(|mine| mine == direction)
    }

    /// Of a rule for moments: whether this is one, and in which area.
    pub(crate) fn occurrence(&self, occasion: &Occasion) -> Option<(Option<Arc<str>>, Occurrence)> {
        match occasion {
            Occasion::Crossing {
                camera,
                area,
                class,
                direction,
                at_us,
                media,
                track,
                bridged: false,
                speed_mps,
            } if self.covers(*camera, Some(area))
                && self.covers_class(class)
                && self.covers_direction(*direction) =>
            {
                let measured = match self.when {
                    When::Crossing => None,
                    When::Speed => Some(
                        speed_mps.filter(|&speed| self.above.is_some_and(|above| speed > above))?,
                    ),
                    _ => return None,
                };
                let occurrence = Occurrence {
                    at_us: *at_us,
                    media: *media,
                    track: *track,
                    class: class.clone(),
                    direction: Some(*direction),
                    measured,
                };
                Some((Some(area.clone()), occurrence))
            }
            Occasion::Visit {
                camera,
                area,
                class,
                track,
                media,
                from_us,
                entered,
                until_us,
                left,
            } if self.covers(*camera, Some(area)) && self.covers_class(class) => {
                let short = |until: i64| until.saturating_sub(*from_us) <= SHORT_VISIT_US;
                let at_us = match self.when {
                    When::Enters if *entered && until_us.is_none_or(short) => *from_us,
                    When::Leaves if *left => (*until_us)?,
                    _ => return None,
                };
                let occurrence = Occurrence {
                    at_us,
                    media: *media,
                    track: *track,
                    class: class.clone(),
                    direction: None,
                    measured: None,
                };
                Some((Some(area.clone()), occurrence))
            }
            Occasion::Appeared { camera, class, track, at_us, media }
                if self.when == When::Appears
                    && self.covers(*camera, None)
                    && self.covers_class(class) =>
            {
                let occurrence = Occurrence {
                    at_us: *at_us,
                    media: *media,
                    track: *track,
                    class: class.clone(),
                    direction: None,
                    measured: None,
                };
                Some((None, occurrence))
            }
            _ => None,
        }
    }

    /// Of a rule for what lasts: whether it is so from now on, and in which area.
    pub(crate) fn finding(&self, occasion: &Occasion) -> Option<(Option<Arc<str>>, Finding)> {
        match occasion {
            Occasion::Occupancy { camera, area, media, classes, total, .. }
                if self.covers(*camera, Some(area)) =>
            {
                let (count, class) = self.count(classes, *total);
                let holds = match self.when {
                    When::Absence => count == 0.0,
                    When::Occupancy => {
                        self.above.is_some_and(|above| count > above)
                            || self.below.is_some_and(|below| count < below)
                    }
                    _ => return None,
                };
                let media = Some(*media);
                let finding = Finding { holds, class, measured: Some(count), media };
                Some((Some(area.clone()), finding))
            }
            Occasion::CameraState { camera, online, .. }
                if self.when == When::CameraOffline && self.covers(*camera, None) =>
            {
                Some((None, Finding { holds: !online, ..Finding::default() }))
            }
            Occasion::RecordingState { camera, recording, .. }
                if self.when == When::RecordingStopped && self.covers(*camera, None) =>
            {
                Some((None, Finding { holds: !recording, ..Finding::default() }))
            }
            _ => None,
        }
    }

    /// How many of the rule's classes there are, and which where it is one.
    fn count(&self, classes: &[(Arc<str>, u32)], total: u32) -> (f64, Option<Arc<str>>) {
        let mine =
            || classes.iter().filter(|(class, count)| *count > 0 && self.covers_class(class));
        let count = match self.classes.is_empty() {
            true => f64::from(total),
            false => mine().map(|(_, count)| f64::from(*count)).sum(),
        };
        let class = match (mine().count(), &self.classes[..]) {
            (1, _) => mine().next().map(|(class, _)| class.clone()),
            (0, [class]) => Some(class.as_str().into()),
            _ => None,
        };
        (count, class)
    }

    /// Of a rule for dwelling: who is in which zone, or not any more.
    pub(crate) fn stay(&self, occasion: &Occasion) -> Option<(Arc<str>, Stay)> {
        if self.when != When::Dwell {
            return None;
        }
        match occasion {
            Occasion::Visit { camera, area, class, track, media, from_us, until_us, .. }
                if self.covers(*camera, Some(area)) =>
            {
                // What turns out to be something else is not here.
                let here = until_us.is_none() && self.covers_class(class);
                let (track, media, class) = (*track, *media, class.clone());
                Some((area.clone(), Stay { here, track, media, from_us: *from_us, class }))
            }
            Occasion::Retracted { camera, area, track, media, at_us }
                if self.covers(*camera, Some(area)) =>
            {
                let (track, media, class) = (*track, *media, "".into());
                Some((area.clone(), Stay { here: false, track, media, from_us: *at_us, class }))
            }
            _ => None,
        }
    }
}
