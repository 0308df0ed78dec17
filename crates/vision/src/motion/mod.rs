//! How the camera moved from one picture to the next, told from what does not move by itself.
//!
//! Every picture's luma is made small (about 320 columns). Corners of an earlier picture, the
//! *reference*, are followed into it by pyramidal Lucas-Kanade, except where tracked objects are,
//! and the affine motion that most of them agree on is the camera's. While the camera stands still
//! one round of that, from where the corners were, suffices to see it. The reference stays until
//! the picture has moved by a pixel of the small one, so that a slow pan is seen however slow it
//! is, and errors of many small steps do not add up.

mod corners;
mod fit;
mod flow;
mod gray;
mod search;
mod view;

pub use self::view::View;

use razz_base::{Affine, Rect};

use self::corners::{Corners, covered};
use self::fit::{Fit, Pair};
use self::gray::Pyramid;
use crate::picture::Plane;

/// How the camera moved since the picture before.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum CameraMotion {
    /// Not at all, or by less than can be told.
    Still,
    /// Points of the picture before went there, in pixels of the picture.
    Moved(Affine),
    /// It cannot be told.
    Unknown(MotionUnknown),
}

impl CameraMotion {
    /// The motion; [`Affine::IDENTITY`] for [`CameraMotion::Still`], `None` when it is not known.
    pub fn affine(&self) -> Option<Affine> {
        match self {
            Self::Still => Some(Affine::IDENTITY),
            Self::Moved(affine) => Some(*affine),
            Self::Unknown(_) => None,
        }
    }
}

/// Why the camera's motion cannot be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MotionUnknown {
    /// There is no picture before, or it was of another size.
    First,
    /// Outside of the objects there is too little to hold on to: fog, night, a wall, a crowd.
    TooFewPoints,
    /// What can be followed does not follow one motion.
    NoAgreement,
    /// This is another scene.
    Cut,
}

/// Fewer points than this say nothing.
const LEAST_POINTS: usize = 10;
/// The share of the followed points that has to agree on a motion.
const LEAST_SHARE: f64 = 0.35;
/// A point whose surroundings differ by more than this from what they were, in levels of 255, is
/// not followed: something else is there now.
const MOST_RESIDUAL: f32 = 12.0;
/// Motion below this cannot be told from noise, in pixels of the small picture.
const STILL: f64 = 0.2;
/// The share of the points that has to stand where it was for the camera to stand still without
/// further proof.
const STILL_SHARE: f64 = 0.4;
/// Points that stand still make a still camera even if more of them than this share again follow
/// another motion: a bus that fills the picture moves, a house in the background does not.
const STILL_PREFERENCE: f64 = 0.5;
/// How far the picture's corners move from the reference before there is a new one, in pixels of
/// the small picture.
const KEEP: f64 = 1.0;
/// Pictures after which a reference that stands still is renewed, since light changes.
const RENEW: u32 = 60;
/// Mean difference of two pictures, in levels of 255, that makes a cut of what could not be
/// followed.
const CUT: f32 = 16.0;

/// Measures how the camera moves, picture after picture.
///
/// Costs no allocation after the first few pictures of a size.
///
/// ```
/// # use razz_vision::{CameraMotion, MotionEstimator, Plane};
/// let mut estimator = MotionEstimator::default();
/// # let texture = |x: f64, y: f64| 128.0 + 40.0 * (x / 9.0).sin() + 40.0 * (y / 7.0).cos() + 30.0 * ((x + 2.0 * y) / 23.0).sin();
/// # let picture = |shift: f64| -> Vec<u8> {
/// #     (0..640 * 360).map(|i| texture((i % 640) as f64 - shift, (i / 640) as f64) as u8).collect()
/// # };
/// for (shift, moved) in [(0.0, None), (5.0, Some(5.0)), (8.0, Some(3.0))] {
///     let samples = picture(shift); // all of it moves to the right
///     let luma = Plane { data: &samples, stride: 640, width: 640, height: 360 };
///     let motion = estimator.look(luma, &[]);
///     match moved {
///         None => assert_eq!(motion.affine(), None, "there is nothing to compare with"),
///         Some(moved) => assert!((motion.affine().unwrap().rows[2] - moved).abs() < 0.2),
///     }
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct MotionEstimator {
    reference: Pyramid,
    current: Pyramid,
    corners: Corners,
    /// Corners of the reference.
    points: Vec<[usize; 2]>,
    /// From the reference to the last picture, in pixels of the small one.
    pose: Affine,
    /// The last step, to begin from.
    step: Affine,
    /// Pictures since the reference, while they stand still.
    still: u32,
    pairs: Vec<Pair>,
    fit: Fit,
}

impl MotionEstimator {
    /// Takes in the next picture's luma and answers how the camera moved since the last one.
    ///
    /// `objects` are boxes, in pixels of the picture, of what may move by itself, as far as is
    /// known: tracks or detections of this picture or one shortly before. Forgotten ones cost
    /// little: what moves otherwise than most of the picture is found out.
    pub fn look(&mut self, luma: Plane<'_>, objects: &[Rect]) -> CameraMotion {
        self.current.take(luma);
        let first = self.reference.levels[0].data.is_empty();
        if first || !self.current.is_like(&self.reference) {
            self.adopt(objects);
            return CameraMotion::Unknown(MotionUnknown::First);
        }
        if self.pose == Affine::IDENTITY && self.stands_still(objects) {
            self.step = Affine::IDENTITY;
            self.still += 1;
            if self.still >= RENEW {
                self.adopt(objects);
            }
            return CameraMotion::Still;
        }
        match self.measure(objects) {
            Ok(pose) => self.moved(pose, objects),
            Err(reason) => {
                self.adopt(objects);
                self.step = Affine::IDENTITY;
                CameraMotion::Unknown(reason)
            }
        }
    }

    /// The picture has moved to `pose` from the reference.
    fn moved(&mut self, pose: Affine, objects: &[Rect]) -> CameraMotion {
        let far = self.farthest(&pose);
        let pose = if far < STILL { Affine::IDENTITY } else { pose };
        // There is a way back from every pose: it was checked when it was found.
        let back = self.pose.inverse().unwrap_or_default();
        let step = back.then(&pose);
        self.pose = pose;
        self.step = step;
        let factor = self.current.factor as f64;
        if far > KEEP || 2 * self.pairs.len() < self.points.len() {
            self.adopt(objects);
        }
        if self.farthest(&step) < 1e-6 {
            return CameraMotion::Still;
        }
        CameraMotion::Moved(step.scaled(factor))
    }

    /// The current picture becomes the reference.
    fn adopt(&mut self, objects: &[Rect]) {
        std::mem::swap(&mut self.reference, &mut self.current);
        self.corners.find(&self.reference, objects, &mut self.points);
        self.pose = Affine::IDENTITY;
        self.still = 0;
    }

    /// Whether most points still lie where they were in the reference.
    fn stands_still(&self, objects: &[Rect]) -> bool {
        let (mut looked_at, mut stand) = (0, 0);
        for point in &self.points {
            if covered(*point, self.reference.factor, objects) {
                continue;
            }
            looked_at += 1;
            let step = flow::glance(&self.reference, &self.current, *point, [0.0; 2]);
            stand += usize::from(step.is_some_and(|step| {
                let [x, y] = step.by.map(f64::from);
                step.residual < MOST_RESIDUAL && x.hypot(y) < STILL
            }));
        }
        looked_at >= LEAST_POINTS && stand as f64 >= STILL_SHARE * looked_at as f64
    }

    /// Where the reference lies in the current picture.
    fn measure(&mut self, objects: &[Rect]) -> Result<Affine, MotionUnknown> {
        if self.points.len() < LEAST_POINTS {
            return Err(MotionUnknown::TooFewPoints);
        }
        // As it went on, as it was, or after a jump.
        let mut reason = MotionUnknown::TooFewPoints;
        for attempt in 0..3 {
            let guess = match attempt {
                0 => self.pose.then(&self.step),
                1 if self.step == Affine::IDENTITY => continue,
                1 => self.pose,
                _ => {
                    let jump = search::jump(&self.reference, &self.current);
                    let Some([x, y]) = jump.map(|by| by.map(f64::from)) else { break };
                    Affine::translation(x, y)
                }
            };
            self.follow(&guess, objects);
            match self.agree() {
                Ok(pose) => return Ok(pose),
                Err(why) => reason = why,
            }
        }
        if search::distance(&self.reference, &self.current) > CUT {
            reason = MotionUnknown::Cut;
        }
        Err(reason)
    }

    /// Follows all points from where `guess` puts them.
    fn follow(&mut self, guess: &Affine, objects: &[Rect]) {
        self.pairs.clear();
        for point in &self.points {
            if covered(*point, self.reference.factor, objects) {
                continue;
            }
            let from = point.map(|v| v as f64);
            let to = guess.apply(from);
            let by = [(to[0] - from[0]) as f32, (to[1] - from[1]) as f32];
            let step = flow::follow(&self.reference, &self.current, *point, by);
            if let Some(step) = step.filter(|step| step.residual < MOST_RESIDUAL) {
                let [dx, dy] = step.by.map(f64::from);
                self.pairs.push(Pair { from, to: [from[0] + dx, from[1] + dy] });
            }
        }
    }

    /// The motion that the points followed agree on.
    fn agree(&mut self) -> Result<Affine, MotionUnknown> {
        let followed = self.pairs.len();
        if followed < LEAST_POINTS {
            return Err(MotionUnknown::TooFewPoints);
        }
        let (pose, agree) = self.fit.find(&self.pairs).ok_or(MotionUnknown::NoAgreement)?;
        let stand = fit::count(&self.pairs, &Affine::IDENTITY, STILL);
        if stand >= LEAST_POINTS && stand as f64 >= STILL_PREFERENCE * agree as f64 {
            return Ok(Affine::IDENTITY);
        }
        let enough = agree >= LEAST_POINTS && agree as f64 >= LEAST_SHARE * followed as f64;
        if enough && pose.inverse().is_some() { Ok(pose) } else { Err(MotionUnknown::NoAgreement) }
    }

    /// How far a motion takes the corner of the small picture that it takes farthest.
    fn farthest(&self, motion: &Affine) -> f64 {
        let finest = &self.current.levels[0];
        let (right, bottom) = (finest.width as f64, finest.height as f64);
        [[0.0, 0.0], [right, 0.0], [0.0, bottom], [right, bottom]]
            .map(|corner| {
                let [x, y] = motion.apply(corner);
                (x - corner[0]).hypot(y - corner[1])
            })
            .into_iter()
            .fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests;
