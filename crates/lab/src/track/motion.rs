//! How the picture moved from frame to frame: `frame,a11,a12,tx,a21,a22,ty` a line.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Bound::{Excluded, Included};
use std::path::Path;

use razz_base::Rect;

use crate::terminal::Failure;

/// x' = a11 x + a12 y + tx, y' = a21 x + a22 y + ty, in pixels.
pub(super) type Affine = [f64; 6];

/// The motion of the picture into each frame from the one before; where there is none it stood
/// still.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct CameraMotion(BTreeMap<u64, Affine>);

impl CameraMotion {
    /// Reads the file.
    ///
    /// # Errors
    /// When it cannot be read, or a line is something else: with file and line.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let text = fs::read_to_string(path).map_err(|error| {
            Failure::Refused(format!("{name}: cannot be read: {error}; see --camera-motion"))
        })?;
        Self::parse(&text).map_err(|wrong| Failure::Refused(format!("{name}:{wrong}")))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut motion = BTreeMap::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let values: Result<Vec<f64>, _> =
                line.split(',').map(|value| value.trim().parse()).collect();
            match values.as_deref() {
                Ok(&[frame, a11, a12, tx, a21, a22, ty])
                    if line_is_sane(frame, [a11, a12, tx, a21, a22, ty]) =>
                {
                    motion.insert(frame as u64, [a11, a12, tx, a21, a22, ty]);
                }
                _ => {
                    return Err(format!(
                        "{number}: expected frame,a11,a12,tx,a21,a22,ty with a frame from 1 and \
                         finite numbers, found {:?}",
                        line.chars().take(60).collect::<String>()
                    ));
                }
            }
        }
        Ok(Self(motion))
    }

    /// How the picture moved into `frame`; `None` where it stood still.
    pub(super) fn step_before(&self, frame: u64) -> Option<Affine> {
        self.0.get(&frame).copied()
    }

    /// Where a box of frame `from` lies in frame `to`, a later one, if it moves with the picture.
    /// `to` is no earlier than `from`.
    pub(super) fn carry(&self, bbox: Rect, from: u64, to: u64) -> Rect {
        self.0
            .range((Excluded(from), Included(to)))
            .fold(bbox, |bbox, (_, affine)| moved(bbox, affine))
    }
}

fn line_is_sane(frame: f64, affine: Affine) -> bool {
    frame >= 1.0 && frame.fract() == 0.0 && affine.iter().all(|v| v.abs() < 1e9)
}

/// The centre moves, width and height grow by the lengths of the matrix's columns.
fn moved(bbox: Rect, [a11, a12, tx, a21, a22, ty]: &Affine) -> Rect {
    let [x, y] = bbox.center();
    Rect::from_center(
        a11 * x + a12 * y + tx,
        a21 * x + a22 * y + ty,
        bbox.width() * a11.hypot(*a21),
        bbox.height() * a12.hypot(*a22),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_are_carried_along() {
        let motion = CameraMotion::parse("1,1,0,9,0,1,9\n2,1,0,5,0,1,-1\n4,2,0,0,0,2,0\n").unwrap();
        let bbox = Rect::new(10.0, 20.0, 30.0, 60.0);
        for (from, to, want) in [
            (1, 1, bbox),
            (1, 2, Rect::new(15.0, 19.0, 35.0, 59.0)),
            (2, 3, bbox),
            (1, 4, Rect::new(30.0, 38.0, 70.0, 118.0)),
        ] {
            assert_eq!(motion.carry(bbox, from, to), want, "{from} to {to}");
        }
        assert_eq!(motion.step_before(3), None);
    }

    #[test]
    fn other_lines_are_refused() {
        for (text, line) in [
            ("1,1,0,0,0,1\n", 1),
            ("# ok\n1,1,0,0,0,1,0\n2,1,0,0,0,1,x\n", 3),
            ("0,1,0,0,0,1,0\n", 1),
            ("1,1,0,nan,0,1,0\n", 1),
            ("1.5,1,0,0,0,1,0\n", 1),
        ] {
            let error = CameraMotion::parse(text).unwrap_err();
            assert!(error.starts_with(&format!("{line}: expected frame,")), "{error}");
        }
    }
}
