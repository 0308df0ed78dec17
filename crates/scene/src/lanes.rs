//! Coloured carriages on lanes: everything crosses the picture in about two seconds, and nothing
//! hides anything, so that what a box is worth depends on nothing but when it was true.

use std::f32::consts::TAU;

use razz_base::{ClassId, Rect, Size};

use crate::canvas::{Brush, Canvas, Ink, ink, round_rect};
use crate::dice::Dice;
use crate::street::Truth;

/// Frames from one carriage of a lane to the next.
const ROUND: u64 = 91;
/// The uppermost lane's middle, and from each lane to the next; pixels.
const FIRST_LANE: f32 = 100.0;
const LANE: f32 = 108.0;

/// Carriages on six lanes, each of its own colour.
#[derive(Debug)]
pub struct Lanes {
    noise: Vec<u8>,
}

struct Carriage {
    ink: Ink,
    width: f32,
    height: f32,
    leftwards: bool,
    /// Frames from wholly outside to wholly outside.
    takes: f32,
    /// The frame of its round in which it sets out.
    starts: u64,
    /// How much larger it is at the end than at the beginning, as a part of its size.
    grows: f32,
    /// Of its mean speed, how much it is slower half-way and faster at both ends.
    brakes: f32,
}

const fn carriage(ink: Ink, width: f32, height: f32, leftwards: bool, starts: u64) -> Carriage {
    Carriage { ink, width, height, leftwards, takes: 68.0, starts, grows: 0.0, brakes: 0.0 }
}

const CARRIAGES: [Carriage; 6] = [
    carriage(ink(214, 40, 40), 190.0, 84.0, false, 0),
    carriage(ink(40, 160, 60), 150.0, 90.0, true, 38),
    Carriage { grows: 0.4, ..carriage(ink(50, 70, 220), 170.0, 72.0, false, 21) },
    Carriage { takes: 66.0, ..carriage(ink(225, 205, 40), 130.0, 78.0, true, 66) },
    Carriage { brakes: 0.3, ..carriage(ink(205, 50, 200), 210.0, 88.0, false, 52) },
    Carriage { takes: 74.0, ..carriage(ink(40, 195, 205), 260.0, 92.0, true, 12) },
];

impl Lanes {
    /// Frames after which it begins anew, without a seam.
    pub const PERIOD: u64 = 5 * ROUND;
    /// What COCO calls them: cars.
    const CLASS: ClassId = ClassId(2);

    /// Paints nothing yet.
    pub fn new() -> Self {
        let Size { width, height } = crate::Street::SIZE;
        let mut dice = Dice::new(1, 9);
        Self { noise: (0..width * height / 16).map(|_| dice.below(24) as u8).collect() }
    }

    /// The colour of each carriage: red, green, blue. All else is grey.
    pub fn colours() -> impl Iterator<Item = [u8; 3]> {
        CARRIAGES.iter().map(|carriage| carriage.ink.0)
    }

    /// Paints frame `frame`.
    pub fn render(&self, frame: u64, canvas: &mut Canvas) {
        let width = canvas.size().width as usize;
        for (at, pixel) in canvas.rgba_mut().chunks_exact_mut(4).enumerate() {
            let (x, y) = (at % width, at / width);
            // Blocks of four pixels, as a camera's picture is nowhere quite even.
            let grey = 96 + (y / 12) as u8 + self.noise[y / 4 * (width / 4) + x / 4];
            pixel.copy_from_slice(&[grey, grey, grey, 255]);
        }
        let mut brush = canvas.brush();
        for (index, carriage) in CARRIAGES.iter().enumerate() {
            if let Some(place) = carriage.place(index, frame) {
                carriage.paint(&mut brush, place);
            }
        }
    }

    /// Where the carriages are in frame `frame`: those of which any part is in the picture.
    pub fn truth(&self, frame: u64) -> Vec<Truth> {
        let truth = |(index, carriage): (usize, &Carriage)| {
            let whole = carriage.place(index, frame)?;
            let bbox = whole.clipped(crate::Street::SIZE);
            let inside = bbox.area() / whole.area();
            let object = index as u32;
            (inside > 0.0).then_some(Truth {
                object,
                class: Self::CLASS,
                bbox,
                visible: 1.0,
                inside,
            })
        };
        CARRIAGES.iter().enumerate().filter_map(truth).collect()
    }
}

impl Default for Lanes {
    fn default() -> Self {
        Self::new()
    }
}

impl Carriage {
    /// Its whole box in frame `frame`, parts outside the picture as well; `None` while it waits.
    fn place(&self, lane: usize, frame: u64) -> Option<Rect> {
        let since = (frame + ROUND - self.starts) % ROUND;
        let part = since as f32 / self.takes;
        if part > 1.0 {
            return None;
        }
        let way = part + self.brakes * (TAU * part).sin() / TAU;
        let size = 1.0 + self.grows * (part - 0.5);
        let (width, height) = (self.width * size, self.height * size);
        let longest = self.width * (1.0 + self.grows);
        let middle = way * (1280.0 + longest) - longest / 2.0;
        let x = if self.leftwards { 1280.0 - middle } else { middle };
        let y = FIRST_LANE + lane as f32 * LANE;
        let corner = |x: f32, y: f32| (f64::from(x), f64::from(y));
        let (left, top) = corner(x - width / 2.0, y - height / 2.0);
        let (right, bottom) = corner(x + width / 2.0, y + height / 2.0);
        Some(Rect::new(left, top, right, bottom))
    }

    /// A body of one colour with dark windows in it, which reach no edge.
    fn paint(&self, brush: &mut Brush<'_>, whole: Rect) {
        let [left, top, right, bottom] = whole.to_array().map(|v| v as f32);
        let (width, height) = (right - left, bottom - top);
        if let Some(body) = round_rect(left, top, width, height, height / 6.0) {
            brush.fill(&body, self.ink);
        }
        for window in 0..3 {
            let x = left + width * (0.14 + 0.26 * window as f32);
            let dark = ink(40, 44, 52);
            brush.rect(x, top + 0.2 * height, 0.2 * width, 0.3 * height, dark);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carriages_are_where_the_truth_says_and_fast() {
        let lanes = Lanes::new();
        let mut canvas = Canvas::new();
        let mut seen = [0; CARRIAGES.len()];
        for frame in (0..Lanes::PERIOD).step_by(7) {
            lanes.render(frame, &mut canvas);
            // Of what is coming in only a round corner may be there yet.
            for truth in lanes.truth(frame).into_iter().filter(|truth| truth.inside == 1.0) {
                let [red, green, blue] = CARRIAGES[truth.object as usize].ink.0;
                let width = canvas.size().width as usize;
                let mut found = Rect::new(f64::MAX, f64::MAX, 0.0, 0.0);
                for (at, pixel) in canvas.rgba().chunks_exact(4).enumerate() {
                    if pixel[..3] == [red, green, blue] {
                        let (x, y) = ((at % width) as f64, (at / width) as f64);
                        found.left = found.left.min(x);
                        found.top = found.top.min(y);
                        found.right = found.right.max(x + 1.0);
                        found.bottom = found.bottom.max(y + 1.0);
                    }
                }
                let off = found.to_array().into_iter().zip(truth.bbox.to_array());
                let off = off.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                assert!(off <= 1.5, "frame {frame}: {found:?} is not {truth:?}");
                seen[truth.object as usize] += 1;
            }
        }
        assert!(seen.iter().all(|times| *times > 20), "{seen:?}");
        let speed = |carriage: &Carriage| (1280.0 + carriage.width) / carriage.takes * 30.0;
        assert!(CARRIAGES.iter().all(|carriage| speed(carriage) > 600.0));
    }

    #[test]
    fn it_repeats_without_a_seam() {
        let lanes = Lanes::new();
        for frame in [0, 3, 77] {
            assert_eq!(lanes.truth(frame), lanes.truth(frame + Lanes::PERIOD));
        }
    }
}
