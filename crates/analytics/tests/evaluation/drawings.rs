//! Gates and zones where people might draw them, from a seed.

use super::sequences::Sequence;
use super::{Line, foot};

/// SplitMix64.
pub struct Random(pub u64);

impl Random {
    /// 0 to 1.
    pub fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        ((self.share() * end as f64) as usize).min(end.saturating_sub(1))
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }
}

fn seeded(sequence: &Sequence, kind: u64) -> Random {
    let name = format!("{}/{}", sequence.set, sequence.name);
    let mixed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ kind, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Random(mixed)
}

/// A place where somebody of the truth is at some time, with where they are a second later if so asked.
fn somebody(sequence: &Sequence, random: &mut Random) -> Option<([f64; 2], [f64; 2], f64)> {
    let tracks: Vec<_> = sequence.truth.values().filter(|track| track.len() > 5).collect();
    let track = tracks.get(random.below(tracks.len()))?;
    let (frame, bbox) = track[random.below(track.len())];
    let second = sequence.fps.ceil() as u32;
    let later = track.iter().find(|(f, _)| *f >= frame + second)?;
    Some((foot(&bbox), foot(&later.1), bbox.height()))
}

/// Lines square to somebody's walk, 2 to 6 heights long, away from the border, in pixels.
pub fn gates(sequence: &Sequence, count: usize) -> Vec<Line> {
    let mut random = seeded(sequence, 1);
    let mut gates = Vec::new();
    for _ in 0..100 * count {
        if gates.len() == count {
            break;
        }
        let Some((from, to, height)) = somebody(sequence, &mut random) else { continue };
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let walked = dx.hypot(dy);
        let half = random.between(1.0, 3.0) * height;
        // People who walk; cars and dancers do much more.
        if walked < 0.3 * height {
            continue;
        }
        let turn = if random.share() < 0.5 { 1.0 } else { -1.0 };
        let (ux, uy) = (turn * dy / walked * half, -turn * dx / walked * half);
        let middle = [(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0];
        let line = [[middle[0] - ux, middle[1] - uy], [middle[0] + ux, middle[1] + uy]];
        if let Some(line) = within(sequence, line) {
            gates.push(line);
        }
    }
    gates
}

/// Lines in any direction through where somebody is, walking or standing.
pub fn random_lines(sequence: &Sequence, count: usize) -> Vec<Line> {
    let mut random = seeded(sequence, 2);
    let mut lines = Vec::new();
    for _ in 0..100 * count {
        if lines.len() == count {
            break;
        }
        let Some((at, _, height)) = somebody(sequence, &mut random) else { continue };
        let angle = random.between(0.0, std::f64::consts::TAU);
        let half = random.between(1.0, 3.0) * height;
        let (ux, uy) = (angle.cos() * half, angle.sin() * half);
        let line = [[at[0] - ux, at[1] - uy], [at[0] + ux, at[1] + uy]];
        if let Some(line) = within(sequence, line) {
            lines.push(line);
        }
    }
    lines
}

/// The line, cut to the part of the picture where people draw lines; `None` where little is left.
fn within(sequence: &Sequence, line: Line) -> Option<Line> {
    let size = [f64::from(sequence.size.width), f64::from(sequence.size.height)];
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for axis in 0..2 {
        let (low, high) = (0.02 * size[axis], 0.95 * size[axis]);
        let (start, step) = (line[0][axis], line[1][axis] - line[0][axis]);
        if step.abs() < 1e-9 {
            if start < low || start > high {
                return None;
            }
            continue;
        }
        let (mut a, mut b) = ((low - start) / step, (high - start) / step);
        if a > b {
            std::mem::swap(&mut a, &mut b);
        }
        (from, to) = (from.max(a), to.min(b));
    }
    let at = |t: f64| {
        [line[0][0] + t * (line[1][0] - line[0][0]), line[0][1] + t * (line[1][1] - line[0][1])]
    };
    (to - from > 0.6).then(|| [at(from), at(to)])
}

/// Quadrilaterals around where somebody is, 2 to 6 heights wide and 1 to 3 high, in pixels.
pub fn zones(sequence: &Sequence, count: usize) -> Vec<Vec<[f64; 2]>> {
    let mut random = seeded(sequence, 3);
    let size = [f64::from(sequence.size.width), f64::from(sequence.size.height)];
    let mut zones = Vec::new();
    for _ in 0..100 * count {
        if zones.len() == count {
            break;
        }
        let Some((at, _, height)) = somebody(sequence, &mut random) else { continue };
        let (half_x, half_y) =
            (random.between(1.0, 3.0) * height, random.between(0.5, 1.5) * height);
        let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(|(x, y)| {
            let mut shake = || random.between(0.75, 1.25);
            [at[0] + x * half_x * shake(), at[1] + y * half_y * shake()]
        });
        let inside = |p: &[f64; 2]| {
            (0..2).all(|axis| p[axis] > 0.02 * size[axis] && p[axis] < 0.95 * size[axis])
        };
        if corners.iter().all(inside) {
            zones.push(corners.to_vec());
        }
    }
    zones
}
