//! Boxes and sizes. A box is left, top, right, bottom in pixels, inside and on the wire.

/// Width and height in pixels.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl Size {
    /// From width and height.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }
}

/// A box: left, top, right, bottom in pixels of its picture.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Rect {
    /// Smallest x.
    pub left: f64,
    /// Smallest y.
    pub top: f64,
    /// Largest x.
    pub right: f64,
    /// Largest y.
    pub bottom: f64,
}

impl Rect {
    /// From left, top, right, bottom.
    pub const fn new(left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self { left, top, right, bottom }
    }

    /// From the centre, width and height.
    pub fn from_center(cx: f64, cy: f64, width: f64, height: f64) -> Self {
        Self::new(cx - width / 2.0, cy - height / 2.0, cx + width / 2.0, cy + height / 2.0)
    }

    /// Right minus left; negative for an inverted box.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Bottom minus top; negative for an inverted box.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// The area; zero for an empty or inverted box.
    pub fn area(&self) -> f64 {
        self.width().max(0.0) * self.height().max(0.0)
    }

    /// The middle as x, y.
    pub fn center(&self) -> [f64; 2] {
        [(self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0]
    }

    /// Left, top, right, bottom, as on the wire.
    pub const fn to_array(self) -> [f64; 4] {
        [self.left, self.top, self.right, self.bottom]
    }

    /// Intersection over union, 0 to 1; 0 where both are empty.
    pub fn iou(&self, other: &Self) -> f64 {
        let width = self.right.min(other.right) - self.left.max(other.left);
        let height = self.bottom.min(other.bottom) - self.top.max(other.top);
        if width <= 0.0 || height <= 0.0 {
            return 0.0;
        }
        let intersection = width * height;
        intersection / (self.area() + other.area() - intersection)
    }

    /// The part inside a picture of `size`.
    #[must_use]
    pub fn clipped(&self, size: Size) -> Self {
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        Self {
            left: self.left.clamp(0.0, width),
            top: self.top.clamp(0.0, height),
            right: self.right.clamp(0.0, width),
            bottom: self.bottom.clamp(0.0, height),
        }
    }

    /// Whether no coordinate is NaN or infinite.
    pub fn is_finite(&self) -> bool {
        self.to_array().iter().all(|v| v.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iou_of_a_few_pairs() {
        let unit = Rect::new(0.0, 0.0, 10.0, 10.0);
        for (other, iou) in [
            (unit, 1.0),
            (Rect::new(5.0, 0.0, 15.0, 10.0), 1.0 / 3.0),
            (Rect::new(10.0, 0.0, 20.0, 10.0), 0.0),
            (Rect::new(20.0, 20.0, 30.0, 30.0), 0.0),
            (Rect::new(3.0, 3.0, 3.0, 3.0), 0.0),
            (Rect::new(8.0, 8.0, 2.0, 2.0), 0.0),
        ] {
            assert!((unit.iou(&other) - iou).abs() < 1e-12, "{other:?}");
            assert!((other.iou(&unit) - iou).abs() < 1e-12, "{other:?}");
        }
    }

    #[test]
    fn clipping_stays_inside() {
        let clipped = Rect::new(-5.0, 3.0, 2000.0, 800.0).clipped(Size::new(1280, 720));
        assert_eq!(clipped, Rect::new(0.0, 3.0, 1280.0, 720.0));
    }
}
