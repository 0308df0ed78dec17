//! Where objects stood, over the record.

use razz_analytics::Heat;
use razz_base::{CameraId, Track};
use razz_store::archive::{self, Archive};

use super::PastError;
use crate::names::Names;
use crate::record;

/// Cells across and down the picture: 20 pixels each of 1920x1080.
const COLUMNS: u16 = 96;
const ROWS: u16 = 54;

/// A grid over the picture.
#[derive(Clone, PartialEq, Debug)]
pub struct HeatMap {
    /// Cells across.
    pub columns: u16,
    /// Cells down.
    pub rows: u16,
    /// How long objects stood in each cell and were not parked, in seconds; row by row.
    pub seconds: Vec<f64>,
    /// Different tracks in each.
    pub tracks: Vec<u32>,
}

/// Where objects of a class, or of all, stood between two moments.
///
/// # Errors
/// When the record cannot be read.
pub fn heat(
    archive: &Archive,
    camera: CameraId,
    span: [archive::Moment; 2],
    class: Option<&str>,
) -> Result<HeatMap, PastError> {
    let from = archive.media_time(camera, span[0])?;
    let until = archive.media_time(camera, span[1])?;
    let mut names = Names::default();
    let wanted = class.map(|class| names.number(class));
    let mut heat = Heat::new(COLUMNS, ROWS);
    record::walk(archive, camera, from, until, |piece| {
        for one in piece {
            let mut frame = names.of_recorded(one);
            if let Some(wanted) = wanted {
                let is_wanted = |track: &&Track| track.class == wanted;
                frame.tracks = frame.tracks.iter().filter(is_wanted).cloned().collect();
            }
            heat.handle(&frame);
        }
        true
    })?;
    let cells = usize::from(COLUMNS) * usize::from(ROWS);
    let (mut seconds, mut tracks) = (vec![0.0; cells], vec![0; cells]);
    for ((_, row, column), cell) in heat.take() {
        let at = usize::from(row) * usize::from(COLUMNS) + usize::from(column);
        seconds[at] += cell.seconds();
        tracks[at] += cell.tracks;
    }
    Ok(HeatMap { columns: COLUMNS, rows: ROWS, seconds, tracks })
}
