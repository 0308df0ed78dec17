//! What cameras saw when their areas were drawn.

use razz_base::CameraId;
use razz_vision::View;
use rusqlite::{OptionalExtension as _, params};

use super::{Database, FactsError};

/// What a camera saw, and what was drawn on it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Drawn {
    pub(crate) view: View,
    /// Each drawing as text.
    pub(crate) drawings: Vec<String>,
}

impl Database {
    /// What a camera saw; `None` where that was not kept yet.
    pub(crate) fn view(&self, camera: CameraId) -> Result<Option<Drawn>, FactsError> {
        let row = self.sqlite.query_row(
            "SELECT width, luma, drawings FROM view WHERE camera = ?1",
            [camera.as_u32()],
            |row| Ok((row.get::<_, u32>(0)?, row.get(1)?, row.get::<_, String>(2)?)),
        );
        let drawn = self.of(row.optional())?.and_then(|(width, luma, drawings)| {
            let view = View::from_luma(width as usize, luma)?;
            Some(Drawn { view, drawings: serde_json::from_str(&drawings).ok()? })
        });
        Ok(drawn)
    }

    /// It sees this now, and this is drawn on it.
    pub(crate) fn set_view(&self, camera: CameraId, drawn: &Drawn) -> Result<(), FactsError> {
        let drawings = serde_json::to_string(&drawn.drawings).unwrap_or_default();
        let (width, luma) = (drawn.view.width() as i64, drawn.view.luma());
        let written = self.sqlite.execute(
            "INSERT OR REPLACE INTO view (camera, width, luma, drawings) VALUES (?1, ?2, ?3, ?4)",
            params![camera.as_u32(), width, luma, drawings],
        );
        self.of(written).map(drop)
    }
}
