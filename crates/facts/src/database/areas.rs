//! Which areas there were, and when: what people draw, drawing by drawing.

use razz_base::{CameraId, MediaTime};
use rusqlite::{Row, params};

use super::{Database, FactsError};
use crate::drawing::{Drawing, Version};

const COLUMNS: &str = "id, camera, area, version, name, drawing, begins, ends, counted";

impl Database {
    /// Every drawing of every area, in the order in which they came; of one camera, or of all.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn versions(&self, camera: Option<CameraId>) -> Result<Vec<Version>, FactsError> {
        self.of((|| {
            let mut statement = self.sqlite.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM area WHERE ?1 IS NULL OR camera = ?1 ORDER BY id"
            ))?;
            let rows = statement.query_map([camera.map(CameraId::as_u32)], version)?;
            rows.filter_map(Result::transpose).collect()
        })())
    }

    /// Makes the areas of a camera these from `now` on; whether anything is another than it was. An area goes by its name; one
    /// that is called otherwise and drawn as before is the same.
    pub(crate) fn set_areas(
        &mut self,
        camera: CameraId,
        wanted: &[(String, Drawing)],
        now: Option<MediaTime>,
    ) -> Result<bool, FactsError> {
        let versions = self.versions(Some(camera))?;
        let open: Vec<&Version> =
            versions.iter().filter(|one| one.until.is_none() && one.version > 0).collect();
        let is_wanted = |name: &str| wanted.iter().any(|(wanted, _)| wanted == name);
        let (mut kept, mut changes) = (Vec::new(), Vec::new());
        let mut next = versions.iter().map(|version| version.area).max().unwrap_or(0);
        for (name, drawing) in wanted {
            let text = drawing.text();
            let named = open.iter().find(|one| *one.name == **name);
            let alike = || {
                open.iter().find(|one| {
                    !is_wanted(&one.name) && one.drawing.text() == text && !kept.contains(&one.row)
                })
            };
            match named.or_else(alike) {
                Some(one) => {
                    kept.push(one.row);
                    if *one.name != **name {
                        changes.push(Change::Rename { area: one.area, name });
                    }
                    if one.drawing.text() != text {
                        let highest = versions.iter().filter(|other| other.area == one.area);
                        let version = highest.map(|other| other.version).max().unwrap_or(0) + 1;
                        changes.push(Change::Close(one.row));
                        changes.push(Change::Add { area: one.area, version, name, text });
                    }
                }
                None => {
                    next += 1;
                    changes.push(Change::Add { area: next, version: 1, name, text });
                }
            }
        }
        let gone = open.iter().filter(|one| !kept.contains(&one.row));
        changes.extend(gone.map(|one| Change::Close(one.row)));
        let is_other = !changes.is_empty();
        let outcome = self.sqlite.transaction().and_then(|transaction| {
            for change in changes {
                change.write(&transaction, camera, now)?;
            }
            transaction.commit()
        });
        self.of(outcome).map(|()| is_other)
    }

    /// An area is called otherwise from now on, and its counts with it.
    pub(crate) fn rename(&self, camera: CameraId, was: &str, name: &str) -> Result<(), FactsError> {
        let written = self.sqlite.execute(
            "UPDATE area SET name = ?3 WHERE camera = ?1 AND area IN \
             (SELECT area FROM area WHERE camera = ?1 AND name = ?2 AND ends IS NULL AND version > 0)",
            params![camera.as_u32(), was, name],
        );
        self.of(written).map(drop)
    }

    /// All of a version's time that is past is counted.
    pub(crate) fn counted(&self, row: i64) -> Result<(), FactsError> {
        self.of(self.sqlite.execute("UPDATE area SET counted = 1 WHERE id = ?1", [row])).map(drop)
    }

    /// Takes away what was counted by this version, to count it anew.
    pub(crate) fn forget_counts(&mut self, row: i64) -> Result<(), FactsError> {
        let outcome = self.sqlite.transaction().and_then(|transaction| {
            for table in ["crossing", "visit", "occupancy", "sum", "dwell", "spent", "watched"] {
                transaction.execute(&format!("DELETE FROM {table} WHERE area = ?1"), [row])?;
            }
            transaction.commit()
        });
        self.of(outcome)
    }
}

enum Change<'a> {
    Close(i64),
    Rename { area: u32, name: &'a str },
    Add { area: u32, version: u32, name: &'a str, text: String },
}

impl Change<'_> {
    fn write(
        self,
        transaction: &rusqlite::Transaction<'_>,
        camera: CameraId,
        now: Option<MediaTime>,
    ) -> rusqlite::Result<()> {
        let (camera, now) = (camera.as_u32(), now.map(MediaTime::as_90k));
        let add = "INSERT INTO area (camera, area, version, name, drawing, begins, ends, counted) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        match self {
            // What was never in force, since no frame came, ends when it began.
            Self::Close(row) => {
                let ends = now.unwrap_or(0);
                transaction
                    .execute("UPDATE area SET ends = ?2 WHERE id = ?1", params![row, ends])?;
            }
            Self::Rename { area, name } => {
                let rename = "UPDATE area SET name = ?3 WHERE camera = ?1 AND area = ?2";
                transaction.execute(rename, params![camera, area, name])?;
            }
            Self::Add { area, version, name, text } => {
                let none = None::<i64>;
                // What was recorded before there was the area is counted as if it had been there.
                if version == 1 && now.is_some() {
                    transaction.execute(add, params![camera, area, 0, name, text, none, now, 0])?;
                }
                transaction
                    .execute(add, params![camera, area, version, name, text, now, none, 1])?;
            }
        }
        Ok(())
    }
}

/// `None`: a drawing that cannot be read.
fn version(row: &Row<'_>) -> rusqlite::Result<Option<Version>> {
    let camera = CameraId::new(row.get(1)?);
    let drawing = Drawing::parse(row.get_ref(5)?.as_str()?);
    let time = |at| row.get::<_, Option<i64>>(at).map(|time| time.map(MediaTime::from_90k));
    let Some((camera, drawing)) = camera.zip(drawing) else { return Ok(None) };
    Ok(Some(Version {
        row: row.get(0)?,
        camera,
        area: row.get(2)?,
        version: row.get(3)?,
        name: row.get::<_, String>(4)?.into(),
        drawing,
        from: time(6)?,
        until: time(7)?,
        counted: row.get(8)?,
    }))
}
