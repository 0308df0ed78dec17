//! At which moment of a camera's sub-stream a picture of its main stream was taken.
//!
//! Both streams show the same scene, however large and however encoded. The brightness of a picture on a
//! coarse grid ([`Glance`]) is compared with those of the sub-stream's pictures around it, on the cells
//! in which something moves: the nearer in time, the more alike.

use std::collections::VecDeque;

use razz_base::MediaTime;

use crate::glance::Glance;
use crate::picture::Plane;

/// Pictures of the sub-stream are kept for this long.
const KEPT_US: i64 = 5_000_000;
/// And no more than so many, of a sub-stream with many frames a second.
const KEPT: usize = 160;

/// By so much, in sixteenths of a level, a cell changes in which something moves.
const MOVES: u16 = 10 * 16;
/// In fewer cells that move there is nothing to go by.
const MOVING_CELLS: usize = 6;

/// Pictures have to be there from so long before the best match until so long after it.
const AROUND_US: i64 = 500_000;
/// Beyond this much before and after the match, another may be told from it.
const APART_US: i64 = 200_000;
/// Neighbours of the best match are no further from it than this.
const NEIGHBOUR_US: i64 = 250_000;

/// The match differs by no more than this share of what the pictures differ by in the middle.
const MATCHES: f64 = 0.3;
/// And anything but its neighbours by this many times as much.
const UNLIKE: f64 = 1.6;

/// The newest pictures of a camera's sub-stream at a glance, to find the moment of one of its main stream.
#[derive(Debug, Default)]
pub struct Moments {
    pictures: VecDeque<(MediaTime, Glance)>,
}

impl Moments {
    /// The sub-stream's picture of `time`, by its luma. Pictures come in the order of their times.
    pub fn add(&mut self, time: MediaTime, luma: Plane<'_>) {
        let is_old = |(old, _): &(MediaTime, Glance)| time.since_us(*old) > KEPT_US;
        let mut glance = Glance::default();
        while self.pictures.len() >= KEPT || self.pictures.front().is_some_and(is_old) {
            glance = self.pictures.pop_front().map(|(_, glance)| glance).unwrap_or_default();
        }
        glance.take_luma(luma);
        self.pictures.push_back((time, glance));
    }

    /// Forgets all pictures.
    pub fn clear(&mut self) {
        self.pictures.clear();
    }

    /// When the newest picture was taken.
    pub fn newest(&self) -> Option<MediaTime> {
        self.pictures.back().map(|(time, _)| *time)
    }

    /// The sub-stream's time at which `main` was taken. `None` where nothing tells one moment from
    /// another: nothing moves, it does so over and over, or the pictures around it are not there.
    pub fn of(&self, main: &Glance) -> Option<MediaTime> {
        let cells = self.moving_cells(main.cells().len())?;
        let differences: Vec<(MediaTime, f64)> = self
            .pictures
            .iter()
            .map(|(time, sub)| (*time, difference(main.cells(), sub.cells(), &cells)))
            .collect();
        let (best, (at, least)) =
            differences.iter().copied().enumerate().min_by(|a, b| a.1.1.total_cmp(&b.1.1))?;
        let (before, _) = differences.get(best.checked_sub(1)?)?;
        let (after, _) = differences.get(best + 1)?;
        let covered = at.since_us(differences.first()?.0) >= AROUND_US
            && differences.last()?.0.since_us(at) >= AROUND_US
            && at.since_us(*before) <= NEIGHBOUR_US
            && after.since_us(at) <= NEIGHBOUR_US;
        let mut sorted: Vec<f64> = differences.iter().map(|(_, difference)| *difference).collect();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted[sorted.len() / 2];
        let apart = |(time, _): &&(MediaTime, f64)| time.since_us(at).abs() > APART_US;
        let other = differences.iter().filter(apart).map(|(_, difference)| *difference);
        let unlike = other.fold(f64::INFINITY, f64::min) >= UNLIKE * least;
        if !covered || !unlike || least > MATCHES * middle {
            return None;
        }
        let between = |from: usize| {
            let ((start, a), (end, b)) = (&self.pictures[from], &self.pictures[from + 1]);
            let (share, left) = between(main.cells(), a.cells(), b.cells(), &cells);
            (start.plus_90k((share * end.since_90k(*start) as f64).round() as i64), left)
        };
        let (earlier, later) = (between(best - 1), between(best));
        Some(if earlier.1 < later.1 { earlier.0 } else { later.0 })
    }

    /// The cells in which something moves.
    fn moving_cells(&self, count: usize) -> Option<Vec<usize>> {
        let grids = || self.pictures.iter().map(|(_, glance)| glance.cells());
        if count == 0 || grids().any(|cells| cells.len() != count) {
            return None;
        }
        let mut ranges = vec![(u16::MAX, 0u16); count];
        for cells in grids() {
            for ((least, most), cell) in ranges.iter_mut().zip(cells) {
                *least = (*least).min(*cell);
                *most = (*most).max(*cell);
            }
        }
        let moves =
            |(_, (least, most)): &(usize, &(u16, u16))| most.saturating_sub(*least) >= MOVES;
        let cells: Vec<usize> =
            ranges.iter().enumerate().filter(moves).map(|(cell, _)| cell).collect();
        (cells.len() >= MOVING_CELLS).then_some(cells)
    }
}

/// The mean square of what two pictures differ by in these cells, but for what all of them do.
fn difference(a: &[u16], b: &[u16], cells: &[usize]) -> f64 {
    let count = cells.len() as f64;
    let (mut sum, mut squares) = (0.0, 0.0);
    for cell in cells {
        let difference = f64::from(a[*cell]) - f64::from(b[*cell]);
        sum += difference;
        squares += difference * difference;
    }
    squares / count - (sum / count).powi(2)
}

/// Where between the pictures `from` and `to` the picture `main` belongs, as a share of the way from one to
/// the other, and what of it is left unexplained: a mean of both that is most alike.
fn between(main: &[u16], from: &[u16], to: &[u16], cells: &[usize]) -> (f64, f64) {
    let count = cells.len() as f64;
    let mean = |grid: &[u16]| cells.iter().map(|cell| f64::from(grid[*cell])).sum::<f64>() / count;
    let (main_mean, from_mean, to_mean) = (mean(main), mean(from), mean(to));
    let (mut along, mut way, mut squares) = (0.0, 0.0, 0.0);
    for cell in cells {
        let base = f64::from(from[*cell]) - from_mean;
        let step = f64::from(to[*cell]) - to_mean - base;
        let off = f64::from(main[*cell]) - main_mean - base;
        along += off * step;
        way += step * step;
        squares += off * off;
    }
    let share = if way > 0.0 { (along / way).clamp(0.0, 1.0) } else { 0.0 };
    (share, squares - 2.0 * share * along + share * share * way)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUB: (usize, usize) = (320, 180);
    const MAIN: (usize, usize) = (640, 480);

    /// What moves in a test.
    #[derive(Clone, Copy)]
    enum Scene {
        /// A person who walks by.
        Walker,
        /// The same, while the light changes.
        Dusk,
        /// Something that is at the same places twice a second.
        Pendulum,
        /// Nothing.
        Still,
    }

    /// Luma of the scene at `seconds`, in shares of the picture, on a textured wall.
    fn sample(scene: Scene, x: f64, y: f64, seconds: f64) -> u8 {
        let wall = 110.0 + 30.0 * (x * 40.0).sin() * (y * 25.0).cos();
        let at = match scene {
            Scene::Walker | Scene::Dusk => 0.2 + 0.08 * seconds,
            Scene::Pendulum => 0.5 + 0.1 * (seconds * 2.0 * std::f64::consts::TAU).sin(),
            Scene::Still => 0.5,
        };
        // As soft as a lens makes it.
        let inside = ((0.06 - (x - at).abs()) / 0.006 + 0.5).clamp(0.0, 1.0);
        let inside = if (0.3..0.8).contains(&y) { inside } else { 0.0 };
        let light = if matches!(scene, Scene::Dusk) { -4.0 * seconds } else { 0.0 };
        (inside * (40.0 + 60.0 * y) + (1.0 - inside) * wall + light) as u8
    }

    fn luma(scene: Scene, (width, height): (usize, usize), seconds: f64, noise: u64) -> Vec<u8> {
        let mut state = noise.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let pixel = |i: usize| {
            let x = ((i % width) as f64 + 0.5) / width as f64;
            let y = ((i / width) as f64 + 0.5) / height as f64;
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            sample(scene, x, y, seconds).saturating_add((state >> 61) as u8)
        };
        (0..width * height).map(pixel).collect()
    }

    fn plane(data: &[u8], (width, height): (usize, usize)) -> Plane<'_> {
        Plane { data, stride: width, width, height }
    }

    fn at(seconds: f64) -> MediaTime {
        MediaTime::from_90k((seconds * 90_000.0).round() as i64)
    }

    /// Looks for the moment of a picture taken `seconds` after the start among three seconds of sub-stream.
    fn find(scene: Scene, fps: f64, seconds: f64) -> Option<f64> {
        let mut moments = Moments::default();
        for n in 0..(3.0 * fps) as u64 {
            let taken = n as f64 / fps;
            moments.add(at(taken), plane(&luma(scene, SUB, taken, n + 1), SUB));
        }
        let mut main = Glance::default();
        main.take_luma(plane(&luma(scene, MAIN, seconds, 999), MAIN));
        moments.of(&main).map(|time| time.since_secs(at(0.0)))
    }

    #[test]
    fn a_picture_is_found_among_those_of_a_smaller_stream() {
        // The scene, the sub-stream's frames a second, when the picture was taken, and whether it is found.
        for (scene, fps, seconds, is_found) in [
            (Scene::Walker, 15.0, 1.4, true),
            (Scene::Walker, 15.0, 1.433, true),
            (Scene::Walker, 30.0, 1.0, true),
            (Scene::Walker, 7.0, 1.77, true),
            (Scene::Dusk, 15.0, 1.51, true),
            // Before the pictures, after them, and too near their end.
            (Scene::Walker, 15.0, -0.4, false),
            (Scene::Walker, 15.0, 3.3, false),
            (Scene::Walker, 15.0, 2.8, false),
            (Scene::Pendulum, 15.0, 1.4, false),
            (Scene::Still, 15.0, 1.4, false),
        ] {
            let found = find(scene, fps, seconds);
            assert_eq!(found.is_some(), is_found, "{fps} fps, {seconds} s: {found:?}");
            if let Some(found) = found {
                let off = (found - seconds).abs();
                assert!(off <= 0.15 / fps, "{fps} fps: {found} instead of {seconds}");
            }
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let data = luma(Scene::Still, SUB, 0.0, 1);
        let mut moments = Moments::default();
        for n in 0..1000 {
            moments.add(at(f64::from(n) / 100.0), plane(&data, SUB));
        }
        assert_eq!(moments.pictures.len(), KEPT);
        moments.add(at(1000.0), plane(&data, SUB));
        assert_eq!((moments.pictures.len(), moments.newest()), (1, Some(at(1000.0))));
        // A grid of another shape has nothing in common with these.
        let mut small = Glance::default();
        small.take_luma(plane(&data, (40, 20)));
        assert_eq!(moments.of(&small), None);
        assert_eq!(moments.of(&Glance::default()), None);
    }
}
