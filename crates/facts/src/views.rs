//! Whether cameras see what they saw when their areas were drawn: a line on a picture counts nothing that is right once
//! somebody has moved the camera.
//!
//! What a camera sees when its areas are drawn is kept, small. Every 15 s what it sees now is compared with that
//! (`razz_vision::View`). A picture that is moved by a hundredth of its width, twice in a row, has moved; one that is back
//! where it was is as before. At night, or with somebody before the lens, nothing can be told, and nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use razz_base::{Affine, CameraId, MediaTime};
use razz_hub::facts::Moved;
use razz_hub::lock;
use tracing::{info, warn};

use crate::database::{Database, Drawn, FactsError};
use crate::drawing::Drawing;
use crate::{Seen, Shared};

/// From so much of the picture's width on, areas are not where they were drawn.
const FAR: f64 = 0.01;
/// So often in a row.
const TIMES: u32 = 2;

/// What is known of cameras, from look to look.
#[derive(Default)]
pub(crate) struct Views {
    of: BTreeMap<CameraId, Known>,
}

struct Known {
    drawn: Option<Drawn>,
    /// The picture that was looked at last.
    looked: Option<MediaTime>,
    /// How often in a row it was elsewhere, and since when.
    elsewhere: (u32, i64),
}

impl Views {
    /// Looks at all cameras with areas once.
    pub(crate) fn look(&mut self, shared: &Shared) -> Result<(), FactsError> {
        let wanted = shared.drawings();
        self.of.retain(|camera, _| wanted.contains_key(camera));
        let right: BTreeSet<CameraId> = std::mem::take(&mut *lock(&shared.right));
        let mut moved: BTreeMap<CameraId, Moved> = shared.feed.moved();
        moved.retain(|camera, _| wanted.contains_key(camera));
        if !wanted.is_empty() {
            let database = Database::open(&shared.path)?;
            for (camera, drawings) in wanted {
                let Some(seen) = (shared.views)(camera) else { continue };
                let is_right = right.contains(&camera);
                let before = moved.remove(&camera);
                let now = self.look_at(&database, camera, seen, drawings, before, is_right)?;
                moved.extend(now.map(|now| (camera, now)));
            }
        }
        shared.feed.set_moved(moved);
        Ok(())
    }

    /// Looks at a camera: how it was moved since its areas were drawn. `is_right`: they are right as they are.
    fn look_at(
        &mut self,
        database: &Database,
        camera: CameraId,
        seen: Seen,
        drawings: Vec<String>,
        before: Option<Moved>,
        is_right: bool,
    ) -> Result<Option<Moved>, FactsError> {
        let known = match self.of.entry(camera) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let drawn = database.view(camera)?;
                place.insert(Known { drawn, looked: None, elsewhere: (0, 0) })
            }
        };
        // While it was moved, what was drawn before is as wrong as it was; areas that are all others were drawn on this
        // picture.
        let is_new = known.drawn.as_ref().is_none_or(|drawn| {
            let stays = drawn.drawings.iter().any(|one| drawings.contains(one));
            drawn.drawings != drawings && (before.is_none() || !stays)
        });
        if is_new || is_right {
            let drawn = Drawn { view: seen.view, drawings };
            database.set_view(camera, &drawn)?;
            *known = Known { drawn: Some(drawn), looked: Some(seen.at.time), elsewhere: (0, 0) };
            return Ok(None);
        }
        let Some(drawn) = &known.drawn else { return Ok(before) };
        if known.looked.replace(seen.at.time) == Some(seen.at.time) {
            return Ok(before);
        }
        let Some(motion) = drawn.view.moved_to(&seen.view) else {
            return Ok(before);
        };
        let by = farthest(&motion, drawn.view.height() as f64 / drawn.view.width() as f64);
        if by < FAR {
            known.elsewhere.0 = 0;
            if before.is_some() {
                info!(%camera, "the camera sees again what it saw when its areas were drawn");
            }
            return Ok(None);
        }
        if known.elsewhere.0 == 0 {
            known.elsewhere.1 = seen.at.wall_us;
        }
        known.elsewhere.0 += 1;
        if before.is_none() && known.elsewhere.0 < TIMES {
            return Ok(None);
        }
        if before.is_none() {
            warn!(
                %camera,
                "the camera was moved by {:.1} % of its picture's width since its areas were drawn: they count what is \\
                 somewhere else; the page Areas can move them along",
                100.0 * by
            );
        }
        let since_us = before.map_or(known.elsewhere.1, |before| before.since_us);
        Ok(Some(Moved { since_us, by, motion }))
    }
}

impl Shared {
    /// What is drawn on which camera, as text.
    fn drawings(&self) -> BTreeMap<CameraId, Vec<String>> {
        let areas = lock(&self.areas).list.clone();
        let mut drawings: BTreeMap<CameraId, Vec<String>> = BTreeMap::new();
        for area in areas.iter() {
            drawings.entry(area.camera).or_default().push(Drawing::from(area).text());
        }
        drawings.values_mut().for_each(|list| list.sort());
        drawings
    }
}

/// How far the corner of the picture goes that goes farthest, in shares of the width; `tall` is height by width.
fn farthest(motion: &Affine, tall: f64) -> f64 {
    let by = |[x, y]: [f64; 2]| {
        let [u, v] = motion.apply([x, y]);
        (u - x).hypot((v - y) * tall)
    };
    [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]].map(by).into_iter().fold(0.0, f64::max)
}

#[cfg(test)]
mod tests;
