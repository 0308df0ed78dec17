//! The Kalman filters: constant velocity for each of the four numbers that describe a box.
//!
//! SORT's family keeps one 8-dimensional state with an 8 by 8 covariance. Its process noise,
//! measurement noise and first covariance are diagonal, and its transition joins each coordinate
//! with its own velocity only, so the covariance never leaves that pattern and the filter is four
//! filters of two dimensions. That is what stands here: the same numbers for a tenth of the work,
//! without a factorisation that could fail. (A test runs the 8-dimensional twin beside it.)

use razz_base::Rect;

/// Standard deviation of a position, in box heights (ByteTrack, DeepSORT: 1/20).
pub const POSITION_WEIGHT: f64 = 1.0 / 20.0;
/// Standard deviation of a velocity, in box heights per step (1/160).
pub const VELOCITY_WEIGHT: f64 = 1.0 / 160.0;

/// One coordinate and its velocity per step, with their covariance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// The coordinate.
    pub pos: f64,
    /// Its change per step.
    pub vel: f64,
    /// Variance of the coordinate.
    pub pos_var: f64,
    /// Covariance of both.
    pub cross: f64,
    /// Variance of the velocity.
    pub vel_var: f64,
}

impl Axis {
    /// At rest at `pos`, with the standard deviations given.
    pub fn new(pos: f64, pos_std: f64, vel_std: f64) -> Self {
        Self { pos, vel: 0.0, pos_var: pos_std * pos_std, cross: 0.0, vel_var: vel_std * vel_std }
    }

    /// One step ahead: P = F P Fᵀ + Q.
    pub fn step(&mut self, pos_std: f64, vel_std: f64) {
        self.pos += self.vel;
        self.pos_var += 2.0 * self.cross + self.vel_var + pos_std * pos_std;
        self.cross += self.vel_var;
        self.vel_var += vel_std * vel_std;
    }

    /// `k` steps ahead at once, `k` whole or not, while the coordinate moves by `moved` steps of
    /// its velocity (`moved = k` unless motion is damped).
    ///
    /// For whole `k` the covariance is that of `k` single steps: Q adds up to k·qp +
    /// qv·(k−1)k(2k−1)/6 in the position, qv·k(k−1)/2 across, k·qv in the velocity.
    pub fn advance(&mut self, k: f64, moved: f64, pos_std: f64, vel_std: f64) {
        let (qp, qv) = (pos_std * pos_std, vel_std * vel_std);
        self.pos += self.vel * moved;
        // Below one step the sums would turn negative; the noise of less than a step is none.
        let pairs = (k * (k - 1.0)).max(0.0);
        let squares = pairs * (2.0 * k - 1.0).max(0.0) / 6.0;
        self.pos_var += 2.0 * k * self.cross + k * k * self.vel_var + k * qp + qv * squares;
        self.cross += k * self.vel_var + qv * pairs / 2.0;
        self.vel_var += k * qv;
    }

    /// Takes a measurement of the coordinate with its standard deviation.
    pub fn correct(&mut self, measured: f64, std: f64) {
        let total = self.pos_var + std * std;
        // A box of no height has no noise; then the measurement is the truth.
        if total <= 0.0 || !total.is_finite() {
            self.pos = measured;
            return;
        }
        let (pos_gain, vel_gain) = (self.pos_var / total, self.cross / total);
        let innovation = measured - self.pos;
        self.pos += pos_gain * innovation;
        self.vel += vel_gain * innovation;
        self.vel_var -= vel_gain * self.cross;
        self.cross -= pos_gain * self.cross;
        self.pos_var -= pos_gain * self.pos_var;
    }

    /// By how many standard deviations a measurement misses the prediction, with its sign.
    pub fn surprise(&self, measured: f64, std: f64) -> f64 {
        let total = self.pos_var + std * std;
        if total > 0.0 { (measured - self.pos) / total.sqrt() } else { 0.0 }
    }

    /// Squared Mahalanobis distance of a measurement.
    pub fn distance(&self, measured: f64, std: f64) -> f64 {
        let innovation = measured - self.pos;
        innovation * innovation / (self.pos_var + std * std)
    }
}

/// Centre, aspect ratio (width / height) and height: the filter of ByteTrack and DeepSORT.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Xyah {
    /// x, y, aspect, height.
    pub axes: [Axis; 4],
}

/// The measurement of [`Xyah`]. The aspect of a box without height is not finite.
pub fn to_xyah(bbox: &Rect) -> [f64; 4] {
    let (w, h) = (bbox.width(), bbox.height());
    [bbox.left + w / 2.0, bbox.top + h / 2.0, w / h, h]
}

impl Xyah {
    /// From a first measurement, at rest.
    pub fn new(measured: [f64; 4]) -> Self {
        let (p, v) = (2.0 * POSITION_WEIGHT * measured[3], 10.0 * VELOCITY_WEIGHT * measured[3]);
        let [x, y, a, h] = measured;
        Self {
            axes: [
                Axis::new(x, p, v),
                Axis::new(y, p, v),
                Axis::new(a, 1e-2, 1e-5),
                Axis::new(h, p, v),
            ],
        }
    }

    /// One frame ahead.
    pub fn step(&mut self) {
        let (p, v) = (POSITION_WEIGHT * self.axes[3].pos, VELOCITY_WEIGHT * self.axes[3].pos);
        for (axis, (p, v)) in self.axes.iter_mut().zip([(p, v), (p, v), (1e-2, 1e-5), (p, v)]) {
            axis.step(p, v);
        }
    }

    /// Takes a measurement.
    pub fn correct(&mut self, measured: [f64; 4]) {
        let p = POSITION_WEIGHT * self.axes[3].pos;
        for ((axis, z), std) in self.axes.iter_mut().zip(measured).zip([p, p, 1e-1, p]) {
            axis.correct(z, std);
        }
    }

    /// Squared Mahalanobis distance of a measurement in all four dimensions.
    pub fn distance(&self, measured: [f64; 4]) -> f64 {
        let p = POSITION_WEIGHT * self.axes[3].pos;
        let terms = self.axes.iter().zip(measured).zip([p, p, 1e-1, p]);
        terms.map(|((axis, z), std)| axis.distance(z, std)).sum()
    }

    /// The box of the state.
    pub fn bbox(&self) -> Rect {
        self.bbox_after(0.0)
    }

    /// The box `steps` later, whole or not; the state stays.
    pub fn bbox_after(&self, steps: f64) -> Rect {
        let [x, y, a, h] = self.axes.map(|axis| axis.pos + axis.vel * steps);
        let w = a * h;
        let (left, top) = (x - w / 2.0, y - h / 2.0);
        Rect::new(left, top, left + w, top + h)
    }

    /// How the edges (left, top, right, bottom) move, in pixels per step.
    pub fn edge_velocity(&self) -> [f64; 4] {
        let [x, y, a, h] = self.axes;
        let w = a.vel * h.pos + a.pos * h.vel;
        [x.vel - w / 2.0, y.vel - h.vel / 2.0, x.vel + w / 2.0, y.vel + h.vel / 2.0]
    }
}

/// Centre, width and height: the filter of `hybrid`. A wide box that folds (a car that turns, a
/// person who sits down) changes its width alone, which aspect and height cannot say apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Xywh {
    /// x, y, width, height.
    pub axes: [Axis; 4],
}

/// The measurement of [`Xywh`].
pub fn to_xywh(bbox: &Rect) -> [f64; 4] {
    let [x, y] = bbox.center();
    [x, y, bbox.width(), bbox.height()]
}

impl Xywh {
    /// From a first measurement, at rest.
    pub fn new(measured: [f64; 4]) -> Self {
        let mut filter = Self { axes: measured.map(|pos| Axis::new(pos, 0.0, 0.0)) };
        let scales = filter.scales();
        for (axis, scale) in filter.axes.iter_mut().zip(scales) {
            *axis =
                Axis::new(axis.pos, 2.0 * POSITION_WEIGHT * scale, 10.0 * VELOCITY_WEIGHT * scale);
        }
        filter
    }

    /// What noise is measured in: width for x and width, height for y and height; one pixel at
    /// least, so that a box without width can still be found again.
    fn scales(&self) -> [f64; 4] {
        let (w, h) = (self.axes[2].pos.max(1.0), self.axes[3].pos.max(1.0));
        [w, h, w, h]
    }

    /// `k` nominal frames ahead, in which the box moves by `moved` frames of its velocity and
    /// grows by `grown`; `noise` are the standard deviations that one frame adds to a position
    /// and to a velocity, in box sizes.
    pub fn advance(&mut self, k: f64, moved: f64, grown: f64, noise: [f64; 2]) {
        let scales = self.scales();
        let shares = [moved, moved, grown, grown];
        for ((axis, scale), share) in self.axes.iter_mut().zip(scales).zip(shares) {
            axis.advance(k, share, noise[0] * scale, noise[1] * scale);
        }
        for axis in &mut self.axes[2..] {
            axis.pos = axis.pos.max(0.0);
        }
    }

    /// Takes a measurement with its standard deviation in box sizes.
    pub fn correct(&mut self, measured: [f64; 4], std: f64) {
        let scales = self.scales();
        for ((axis, z), scale) in self.axes.iter_mut().zip(measured).zip(scales) {
            axis.correct(z, std * scale);
        }
        for axis in &mut self.axes[2..] {
            axis.pos = axis.pos.max(0.0);
        }
    }

    /// On one axis (0 across, 1 down), begins anew at the measured middle and size, moving at
    /// `velocity` pixels per frame and growing no more; the velocity is as uncertain as at first.
    pub fn restart(&mut self, axis: usize, measured: [f64; 4], std: f64, velocity: f64) {
        self.axes[axis + 2].pos = measured[axis + 2];
        let scale = self.scales()[axis];
        for (of, vel) in [(axis, velocity), (axis + 2, 0.0)] {
            let fresh = Axis::new(measured[of], std * scale, 10.0 * VELOCITY_WEIGHT * scale);
            self.axes[of] = Axis { vel, ..fresh };
        }
    }

    /// By how many standard deviations the centre (x, y) of a measurement with this standard
    /// deviation, in box sizes, misses the prediction.
    pub fn surprise(&self, measured: [f64; 4], std: f64) -> [f64; 2] {
        let scales = self.scales();
        [0, 1].map(|i| self.axes[i].surprise(measured[i], std * scales[i]))
    }

    /// Moves the state with the picture, when the camera moved by x' = A x + t. The rows are
    /// `[a11, a12, tx, a21, a22, ty]`. The covariance between x and y that a rotation makes is
    /// left out: between two frames a camera turns by a fraction of a degree.
    pub fn warp(&mut self, [a11, a12, tx, a21, a22, ty]: [f64; 6]) {
        let [x, y, ..] = self.axes;
        let mix = |a: f64, b: f64, of: fn(&Axis) -> f64| a * a * of(&x) + b * b * of(&y);
        let rows = [(a11, a12, tx), (a21, a22, ty)];
        for (axis, (a, b, t)) in self.axes.iter_mut().zip(rows) {
            axis.pos = a * x.pos + b * y.pos + t;
            axis.vel = a * x.vel + b * y.vel;
            axis.pos_var = mix(a, b, |axis| axis.pos_var);
            axis.cross = mix(a, b, |axis| axis.cross);
            axis.vel_var = mix(a, b, |axis| axis.vel_var);
        }
        let zoom = (a11 * a22 - a12 * a21).abs().sqrt();
        for axis in &mut self.axes[2..] {
            axis.pos *= zoom;
            axis.vel *= zoom;
            axis.pos_var *= zoom * zoom;
            axis.cross *= zoom * zoom;
            axis.vel_var *= zoom * zoom;
        }
    }

    /// The box of the state.
    pub fn bbox(&self) -> Rect {
        self.bbox_after(0.0, 0.0)
    }

    /// The box after `moved` frames of its motion and `grown` of its growth; the state stays.
    pub fn bbox_after(&self, moved: f64, grown: f64) -> Rect {
        let [x, y, w, h] = self.axes;
        Rect::from_center(
            x.pos + x.vel * moved,
            y.pos + y.vel * moved,
            (w.pos + w.vel * grown).max(0.0),
            (h.pos + h.vel * grown).max(0.0),
        )
    }

    /// How the edges (left, top, right, bottom) move, in pixels per frame.
    pub fn edge_velocity(&self) -> [f64; 4] {
        let [x, y, w, h] = self.axes.map(|axis| axis.vel);
        [x - w / 2.0, y - h / 2.0, x + w / 2.0, y + h / 2.0]
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::{Matrix4, SMatrix, SVector, Vector4};

    use super::*;

    /// The filter as the originals write it: eight dimensions, full matrices.
    struct Twin {
        mean: SVector<f64, 8>,
        cov: SMatrix<f64, 8, 8>,
    }

    fn diagonal(std: [f64; 8]) -> SMatrix<f64, 8, 8> {
        SMatrix::from_diagonal(&SVector::from(std.map(|s| s * s)))
    }

    impl Twin {
        fn new(z: [f64; 4]) -> Self {
            let (p, v) = (z[3] / 10.0, z[3] / 16.0);
            let mean = SVector::from([z[0], z[1], z[2], z[3], 0.0, 0.0, 0.0, 0.0]);
            Self { mean, cov: diagonal([p, p, 1e-2, p, v, v, 1e-5, v]) }
        }

        fn step(&mut self) {
            let (p, v) = (self.mean[3] / 20.0, self.mean[3] / 160.0);
            let mut f = SMatrix::<f64, 8, 8>::identity();
            for i in 0..4 {
                f[(i, i + 4)] = 1.0;
            }
            self.mean = f * self.mean;
            self.cov = f * self.cov * f.transpose() + diagonal([p, p, 1e-2, p, v, v, 1e-5, v]);
        }

        fn innovation(&self) -> Matrix4<f64> {
            let p = self.mean[3] / 20.0;
            let r = Vector4::new(p * p, p * p, 1e-2, p * p);
            self.cov.fixed_view::<4, 4>(0, 0) + Matrix4::from_diagonal(&r)
        }

        fn correct(&mut self, z: [f64; 4]) {
            let s = self.innovation();
            let gain = self.cov.fixed_view::<8, 4>(0, 0) * s.try_inverse().unwrap();
            self.mean += gain * (Vector4::from(z) - self.mean.fixed_rows::<4>(0));
            self.cov -= gain * s * gain.transpose();
        }

        fn distance(&self, z: [f64; 4]) -> f64 {
            let d = Vector4::from(z) - self.mean.fixed_rows::<4>(0);
            (d.transpose() * self.innovation().try_inverse().unwrap() * d)[0]
        }
    }

    #[test]
    fn four_small_filters_are_the_one_with_eight_dimensions() {
        let z = |i: f64| [100.0 + 7.0 * i, 50.0 - 2.0 * i + (i * 3.0).sin(), 0.4, 180.0 + i];
        let (mut ours, mut twin) = (Xyah::new(z(0.0)), Twin::new(z(0.0)));
        for i in 1..40 {
            ours.step();
            twin.step();
            if i % 3 != 0 {
                let (a, b) = (ours.distance(z(f64::from(i))), twin.distance(z(f64::from(i))));
                assert!((a - b).abs() < 1e-9 * (1.0 + b), "{a} {b}");
                ours.correct(z(f64::from(i)));
                twin.correct(z(f64::from(i)));
            }
            for (d, axis) in ours.axes.iter().enumerate() {
                for (a, b) in [
                    (axis.pos, twin.mean[d]),
                    (axis.vel, twin.mean[d + 4]),
                    (axis.pos_var, twin.cov[(d, d)]),
                    (axis.cross, twin.cov[(d, d + 4)]),
                    (axis.vel_var, twin.cov[(d + 4, d + 4)]),
                ] {
                    assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "frame {i}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn many_steps_at_once_are_as_many_single_steps() {
        let start = Axis { pos: 3.0, vel: 0.7, pos_var: 2.0, cross: 0.3, vel_var: 0.1 };
        for k in 1..12 {
            let (mut one, mut many) = (start, start);
            for _ in 0..k {
                one.step(0.5, 0.06);
            }
            many.advance(f64::from(k), f64::from(k), 0.5, 0.06);
            for (a, b) in [
                (one.pos, many.pos),
                (one.pos_var, many.pos_var),
                (one.cross, many.cross),
                (one.vel_var, many.vel_var),
            ] {
                assert!((a - b).abs() < 1e-12, "{k}: {a} {b}");
            }
        }
    }

    #[test]
    fn less_than_a_step_grows_the_variance() {
        let mut axis = Axis::new(0.0, 1.0, 1.0);
        for _ in 0..10 {
            let before = axis;
            axis.advance(0.3, 0.3, 0.5, 0.06);
            assert!(axis.pos_var > before.pos_var && axis.vel_var > before.vel_var);
            assert!(axis.pos_var * axis.vel_var > axis.cross * axis.cross);
        }
    }

    #[test]
    fn a_camera_that_pans_moves_boxes_and_not_their_sizes() {
        let mut filter = Xywh::new([100.0, 200.0, 40.0, 80.0]);
        filter.warp([1.0, 0.0, 12.0, 0.0, 1.0, -3.0]);
        assert_eq!(filter.bbox(), Rect::from_center(112.0, 197.0, 40.0, 80.0));
        filter.warp([2.0, 0.0, 0.0, 0.0, 2.0, 0.0]);
        assert_eq!(filter.bbox(), Rect::from_center(224.0, 394.0, 80.0, 160.0));
    }
}
