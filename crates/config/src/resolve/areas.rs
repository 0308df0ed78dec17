//! The areas: each with a camera, a name and a drawing. Those that are masks go to their cameras.

use razz_analytics::{self as analytics, Anchor, AreaId, InSide};
use razz_base::CameraId;

use super::Resolver;
use crate::document::At;
use crate::resolved::{Area, Camera};
use crate::written::{self, ANCHORS, MAX_AREA_NAME, SIDES};

/// Most areas of one camera: every object is compared with each of them on every frame.
const MAX_AREAS: usize = 32;

impl Resolver<'_, '_> {
    pub(super) fn areas(
        &mut self,
        written: Vec<At<written::Area>>,
        mut cameras: Option<&mut [Camera]>,
    ) -> Option<Vec<Area>> {
        let mut areas: Vec<(Drawn, usize)> = Vec::new();
        let mut all = true;
        for At { value, at } in written {
            let (camera_at, name_at) = (value.camera.at, value.name.at);
            let Some(drawn) = self.area(value, at) else {
                all = false;
                continue;
            };
            let area = &drawn.area;
            // A camera that is wrong itself was named already.
            let is_there = |camera: &Camera| camera.id == area.camera;
            if cameras.as_ref().is_some_and(|cameras| !cameras.iter().any(is_there)) {
                let message = format!(
                    "`camera` of [[area]] is {}, and no camera has that `id`; give it that of the camera \
                     whose picture it is drawn on",
                    area.camera
                );
                self.problems.add(camera_at, message);
                all = false;
            }
            let beside = || areas.iter().filter(|(other, _)| other.area.camera == area.camera);
            if let Some((_, at)) = beside().find(|(other, _)| other.area.name == area.name) {
                let message = format!(
                    "the area on line {} of the same camera is called {:?} as well; give each its own name",
                    self.problems.line(*at),
                    area.name
                );
                self.problems.add(name_at, message);
                all = false;
            }
            if beside().count() == MAX_AREAS {
                let message = format!(
                    "camera {} has more than {MAX_AREAS} areas; take some out",
                    area.camera
                );
                self.problems.add(at, message);
                all = false;
            }
            areas.push((drawn, name_at));
        }
        if !all {
            return None;
        }
        let (masks, areas): (Vec<_>, Vec<_>) =
            areas.into_iter().map(|(drawn, _)| drawn).partition(|drawn| drawn.is_mask);
        for Drawn { area, .. } in masks {
            let mut cameras = cameras.iter_mut().flat_map(|cameras| cameras.iter_mut());
            if let Some(camera) = cameras.find(|camera| camera.id == area.camera) {
                camera.masks.push(area);
            }
        }
        Some(areas.into_iter().map(|drawn| drawn.area).collect())
    }

    fn area(&mut self, written: written::Area, at: usize) -> Option<Drawn> {
        let camera = u32::try_from(written.camera.value).ok().and_then(CameraId::new);
        let camera = camera.filter(|id| !id.is_ad_hoc());
        if camera.is_none() {
            self.problems.add(written.camera.at, "`camera` of [[area]] expects a camera's `id`");
        }
        let name = written.name.value.trim().to_owned();
        let fits = name.chars().count() <= MAX_AREA_NAME && !name.chars().any(char::is_control);
        if name.is_empty() || !fits {
            let message =
                format!("`name` of [[area]] expects one line of 1 to {MAX_AREA_NAME} characters");
            self.problems.add(written.name.at, message);
            return None;
        }
        let [right, left] = SIDES;
        let inside =
            self.word("in", &written.r#in, &[(right, InSide::Right), (left, InSide::Left)]);
        let [foot, center, head] = ANCHORS;
        let anchors = [(foot, Anchor::Foot), (center, Anchor::Center), (head, Anchor::Head)];
        let anchor = self.word("anchor", &written.anchor, &anchors);
        let classes = self.each(&written.classes.value, |class| match class.trim() {
            "" => {
                Err("`classes` of [[area]] expects names of classes, such as \"person\"".to_owned())
            }
            class => Ok(class.to_owned()),
        });
        let (id, inside) = (AreaId(0), inside?);
        let shapes = [written.line, written.zone, written.mask];
        let mut shapes = shapes
            .into_iter()
            .enumerate()
            .filter_map(|(kind, At { value, at })| value.map(|points| (kind, points.0, at)));
        let (Some((kind, points, at)), None) = (shapes.next(), shapes.next()) else {
            let message = format!(
                "area {name:?} expects one of three: `line` with two points or more, `zone` with three corners or \
                 more, or `mask` with as many"
            );
            self.problems.add(at, message);
            return None;
        };
        let drawn = match kind {
            0 => analytics::Area::line(id, &name, points, inside),
            _ => analytics::Area::zone(id, &name, points),
        };
        let drawn = drawn.map_err(|error| self.problems.add(at, error.to_string())).ok()?;
        let shape = drawn.shape().clone();
        let area = Area { camera: camera?, name, shape, anchor: anchor?, classes: classes? };
        Some(Drawn { area, is_mask: kind == 2 })
    }
}

/// An area, or a mask that looks like one.
struct Drawn {
    area: Area,
    is_mask: bool,
}
