//! Planes from clicks: pairs of a point in the picture and its place on the map.
//!
//! Normalised direct linear transformation (Hartley, *In defense of the eight-point algorithm*, IEEE TPAMI 19(6), 1997;
//! Hartley and Zisserman, algorithm 4.2). From eight clicks on, one radial coefficient of the lens is searched for.

use nalgebra::{Matrix3, SMatrix, SVector, SymmetricEigen};
use razz_base::Size;

use super::{Lens, Plane, PlaneError};
use crate::matrix::{Point, minus, norm};

/// Clicks that a plane takes at least.
const FEWEST_CLICKS: usize = 4;

/// Clicks from which on distortion is looked for: below, it would only swallow the clicks' errors.
const FEWEST_FOR_LENS: usize = 8;

/// Distortion searched for: lenses of cameras that are sold as anything but fisheyes.
const K1_RANGE: [f64; 2] = [-0.6, 0.3];

/// Distortion has to lower the clicks' error to this share, or there is none.
const K1_WORTH: f64 = 0.7;

/// A point in the picture, and where on the map it is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Click {
    /// In pixels of the picture.
    pub image_px: Point,
    /// In metres on the map.
    pub ground_m: Point,
}

/// A plane with how well the clicks agree with it.
#[derive(Clone, PartialEq, Debug)]
pub struct Fitted {
    /// The plane.
    pub plane: Plane,
    /// By click: how far it is from where the plane puts its place on the map, in pixels of the picture.
    pub errors_px: Vec<f64>,
    /// By click: how far it would be if the plane were made of the other clicks alone, in metres on the map; a wrong
    /// click is off by what it is wrong by. Infinite where the others make no plane, and empty for four clicks, which
    /// leave no choice.
    pub left_out_m: Vec<f64>,
    /// By click: how far the others are from the plane that they make without it, in pixels (root of the mean square).
    /// The wrong click is the one without which the others agree: the least stands out. Empty for fewer than six
    /// clicks, since any four agree.
    pub without_px: Vec<f64>,
    /// The lens's radial coefficient; 0 where none was needed or there were fewer than eight clicks.
    pub k1: f64,
}

/// Why clicks make no plane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FitError {
    /// Too few of them.
    #[error("a plane takes four clicks at least, not {0}")]
    TooFew(usize),
    /// Three of four lie on a line, or two are one.
    #[error("the clicks are too close to one line; spread them over the floor")]
    OnALine,
    /// A click above the horizon that the others make.
    #[error(
        "click {0} would lie above the horizon that the others make: is it a point of the floor?"
    )]
    AboveHorizon(usize),
    /// The numbers make no plane.
    #[error(transparent)]
    Plane(#[from] PlaneError),
}

impl Plane {
    /// A plane from at least four clicks in a picture of `size`. No three of four may lie on a line.
    pub fn fit(clicks: &[Click], size: Size) -> Result<Fitted, FitError> {
        if clicks.len() < FEWEST_CLICKS {
            return Err(FitError::TooFew(clicks.len()));
        }
        let mut plane = fit_with(clicks, size, 0.0)?;
        let mut k1 = 0.0;
        if clicks.len() >= FEWEST_FOR_LENS {
            let found = search_k1(clicks, size);
            if let Ok(bent) = fit_with(clicks, size, found)
                && error(&bent, clicks) < K1_WORTH * error(&plane, clicks)
            {
                (plane, k1) = (bent, found);
            }
        }
        if let Some(n) =
            clicks.iter().position(|click| plane.below_horizon_px(click.image_px) <= 0.0)
        {
            return Err(FitError::AboveHorizon(n + 1));
        }
        let errors_px = clicks.iter().map(|click| click_error(&plane, click)).collect();
        let left_out_m = match clicks.len() {
            FEWEST_CLICKS => Vec::new(),
            count => (0..count).map(|n| left_out(clicks, n, size, k1)).collect(),
        };
        let without_px = match clicks.len() {
            ..=5 => Vec::new(),
            count => (0..count).map(|n| without(clicks, n, size, k1)).collect(),
        };
        Ok(Fitted { plane, errors_px, left_out_m, without_px, k1 })
    }
}

/// How far the click `n` is from its place on the plane that the others make, in metres.
fn left_out(clicks: &[Click], n: usize, size: Size, k1: f64) -> f64 {
    let others: Vec<Click> = [&clicks[..n], &clicks[n + 1..]].concat();
    let plane = fit_with(&others, size, k1).ok();
    let at = plane.and_then(|plane| plane.map(clicks[n].image_px));
    at.map_or(f64::INFINITY, |at| norm(minus(at, clicks[n].ground_m)))
}

/// How well the clicks other than `n` agree, in pixels.
fn without(clicks: &[Click], n: usize, size: Size, k1: f64) -> f64 {
    let others: Vec<Click> = [&clicks[..n], &clicks[n + 1..]].concat();
    fit_with(&others, size, k1).map_or(f64::INFINITY, |plane| error(&plane, &others))
}

fn click_error(plane: &Plane, click: &Click) -> f64 {
    let seen = plane.to_image(click.ground_m);
    seen.map_or(f64::INFINITY, |seen| norm(minus(seen, click.image_px)))
}

/// The root of the mean square, in pixels.
fn error(plane: &Plane, clicks: &[Click]) -> f64 {
    let sum: f64 = clicks.iter().map(|click| click_error(plane, click).powi(2)).sum();
    (sum / clicks.len() as f64).sqrt()
}

/// The coefficient with the least error: a grid, then golden sections around its best point.
fn search_k1(clicks: &[Click], size: Size) -> f64 {
    const STEPS: u32 = 30;
    let cost =
        |k1: f64| fit_with(clicks, size, k1).map_or(f64::INFINITY, |plane| error(&plane, clicks));
    let step = (K1_RANGE[1] - K1_RANGE[0]) / f64::from(STEPS);
    let grid = (0..=STEPS).map(|n| K1_RANGE[0] + f64::from(n) * step);
    let best = grid.min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap_or(0.0);
    let (mut low, mut high) = (best - step, best + step);
    for _ in 0..30 {
        let third = 0.381_966 * (high - low);
        if cost(low + third) < cost(high - third) {
            high -= third;
        } else {
            low += third;
        }
    }
    (low + high) / 2.0
}

fn fit_with(clicks: &[Click], size: Size, k1: f64) -> Result<Plane, FitError> {
    let shape = [f64::from(size.width), f64::from(size.height)];
    let lens = (k1 != 0.0).then(|| Lens::radial(shape, k1));
    let undistorted =
        |click: &Click| lens.map_or(Some(click.image_px), |l| l.undistort(click.image_px));
    let image: Option<Vec<Point>> = clicks.iter().map(undistorted).collect();
    let image = image.ok_or(FitError::OnALine)?;
    let ground: Vec<Point> = clicks.iter().map(|click| click.ground_m).collect();
    let rows = homography(&image, &ground).ok_or(FitError::OnALine)?;
    Ok(Plane::from_homography(rows, 1.0, size, lens)?)
}

/// The homography from `from` to `to`, row by row; `None` where the points do not determine it.
fn homography(from: &[Point], to: &[Point]) -> Option<[[f64; 3]; 3]> {
    let (a, b) = (normalising(from)?, normalising(to)?);
    let apply =
        |t: &Matrix3<f64>, [x, y]: Point| [t[(0, 0)] * x + t[(0, 2)], t[(1, 1)] * y + t[(1, 2)]];
    let mut normal = SMatrix::<f64, 9, 9>::zeros();
    for (p, q) in from.iter().zip(to) {
        let ([u, v], [x, y]) = (apply(&a, *p), apply(&b, *q));
        for row in [
            [u, v, 1.0, 0.0, 0.0, 0.0, -x * u, -x * v, -x],
            [0.0, 0.0, 0.0, u, v, 1.0, -y * u, -y * v, -y],
        ] {
            let row = SVector::<f64, 9>::from(row);
            normal += row * row.transpose();
        }
    }
    let eigen = SymmetricEigen::try_new(normal, 1e-14, 1000)?;
    let mut order: Vec<usize> = (0..9).collect();
    order.sort_by(|a, b| eigen.eigenvalues[*a].total_cmp(&eigen.eigenvalues[*b]));
    // Two directions without a cost: the points lie on a line, or are too few.
    if eigen.eigenvalues[order[1]] < 1e-9 * eigen.eigenvalues[order[8]] {
        return None;
    }
    let h = eigen.eigenvectors.column(order[0]);
    let h = Matrix3::new(h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], h[8]);
    let h = b.try_inverse()? * h * a;
    h.iter().all(|v| v.is_finite()).then(|| [0, 1, 2].map(|r| [0, 1, 2].map(|c| h[(r, c)])))
}

/// The similarity that moves points around 0 with a mean distance of √2 (Hartley 1997, section 4).
fn normalising(points: &[Point]) -> Option<Matrix3<f64>> {
    let count = points.len() as f64;
    let mean = [0, 1].map(|axis: usize| points.iter().map(|p| p[axis]).sum::<f64>() / count);
    let distance = points.iter().map(|p| norm(minus(*p, mean))).sum::<f64>() / count;
    let scale = std::f64::consts::SQRT_2 / distance;
    let matrix =
        Matrix3::new(scale, 0.0, -scale * mean[0], 0.0, scale, -scale * mean[1], 0.0, 0.0, 1.0);
    scale.is_finite().then_some(matrix)
}
