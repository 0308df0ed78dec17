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

/// The shape of a picture's pixels, as width to height: 1 to 1 for all but anamorphic video.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PixelAspect {
    /// Of a pixel, in any unit; not 0.
    pub width: u32,
    /// Of a pixel, in the same unit; not 0.
    pub height: u32,
}

impl Default for PixelAspect {
    /// Square.
    fn default() -> Self {
        Self { width: 1, height: 1 }
    }
}

impl PixelAspect {
    /// The widest and the highest that is believed: further away nothing is meant.
    const MOST: u32 = 8;

    /// From width and height; `None` where one is 0, or they are further apart than any video's.
    pub fn new(width: u32, height: u32) -> Option<Self> {
        let (wide, high) = (u64::from(width), u64::from(height));
        let most = u64::from(Self::MOST);
        let sane = wide > 0 && high > 0 && wide <= most * high && high <= most * wide;
        sane.then_some(Self { width, height })
    }

    /// Whether pixels are as wide as they are high.
    pub fn is_square(self) -> bool {
        self.width == self.height
    }

    /// The size in square pixels that shows a picture of `size` in its true proportions: wider than it
    /// is stored, or higher, and never with fewer pixels in a direction.
    pub fn shown(self, size: Size) -> Size {
        let grown = |side: u32, by: u32, of: u32| {
            let grown =
                (u64::from(side) * u64::from(by) + u64::from(of) / 2) / u64::from(of.max(1));
            u32::try_from(grown).unwrap_or(u32::MAX)
        };
        if self.width >= self.height {
            Size::new(grown(size.width, self.width, self.height), size.height)
        } else {
            Size::new(size.width, grown(size.height, self.height, self.width))
        }
    }

    /// Of the same pixels turned by a quarter.
    #[must_use]
    pub fn swapped(self) -> Self {
        Self { width: self.height, height: self.width }
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

    /// The same place in a picture of the size `to` that it is in one of the size `from`, each way by itself:
    /// one of them may be squeezed.
    #[must_use]
    pub fn scaled(&self, from: Size, to: Size) -> Self {
        let share = |to: u32, from: u32| f64::from(to) / f64::from(from.max(1));
        let (x, y) = (share(to.width, from.width), share(to.height, from.height));
        Self::new(self.left * x, self.top * y, self.right * x, self.bottom * y)
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
    fn anamorphic_pictures_grow_to_their_true_proportions() {
        for (aspect, size, want) in [
            ((1, 1), (1280, 720), Some((1280, 720))),
            ((12, 11), (704, 576), Some((768, 576))),
            ((2, 1), (960, 1080), Some((1920, 1080))),
            ((4, 3), (1440, 1080), Some((1920, 1080))),
            ((10, 11), (704, 480), Some((704, 528))),
            ((0, 1), (1, 1), None),
            ((1, 0), (1, 1), None),
            ((9, 1), (1, 1), None),
            ((u32::MAX, u32::MAX), (640, 480), Some((640, 480))),
        ] {
            let aspect = PixelAspect::new(aspect.0, aspect.1);
            let shown = aspect.map(|aspect| aspect.shown(Size::new(size.0, size.1)));
            assert_eq!(shown, want.map(|(w, h)| Size::new(w, h)), "{aspect:?}");
        }
        let aspect = PixelAspect::new(4, 3).unwrap().swapped();
        assert_eq!(aspect.shown(Size::new(1080, 1440)), Size::new(1080, 1920));
        assert!(!aspect.is_square() && PixelAspect::default().is_square());
    }

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
