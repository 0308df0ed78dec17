//! How much boxes overlap in the convention that ByteTrack was built on; the plain overlap is
//! [`Rect::iou`].

use razz_base::Rect;

/// Intersection over union where a box reaches one pixel past its right and bottom, as the pixel
/// indices of old data sets are meant. ByteTrack computes it so (`bbox_overlaps`).
pub fn iou_of_pixels(a: &Rect, b: &Rect) -> f64 {
    let width = a.right.min(b.right) - a.left.max(b.left) + 1.0;
    if width <= 0.0 {
        return 0.0;
    }
    let height = a.bottom.min(b.bottom) - a.top.max(b.top) + 1.0;
    if height <= 0.0 {
        return 0.0;
    }
    let area = |r: &Rect| (r.right - r.left + 1.0) * (r.bottom - r.top + 1.0);
    width * height / (area(a) + area(b) - width * height)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extra_pixel_counts() {
        let a = Rect::new(0.0, 0.0, 9.0, 9.0);
        for (b, with, without) in [
            (a, 1.0, 1.0),
            (Rect::new(10.0, 0.0, 19.0, 9.0), 0.0, 0.0),
            (Rect::new(9.0, 0.0, 18.0, 9.0), 10.0 / 190.0, 0.0),
            (Rect::new(0.0, 0.0, 9.0, 0.0), 0.1, 0.0),
        ] {
            assert!((iou_of_pixels(&a, &b) - with).abs() < 1e-12, "{b:?}");
            assert!((a.iou(&b) - without).abs() < 1e-12, "{b:?}");
        }
    }
}
