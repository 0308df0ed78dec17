//! How a model wants its pictures: which values, in which order, and where on its input.

use razz_base::{PixelAspect, Rect, Size};

/// What a model was trained to see.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct InputFormat {
    /// The order of the three planes.
    pub order: ChannelOrder,
    /// What black and white become.
    pub values: Values,
    /// Where the picture lies.
    pub placement: Placement,
}

/// The order of the planes of a model's input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ChannelOrder {
    /// Red first: nearly all.
    #[default]
    Rgb,
    /// Blue first: YOLOX.
    Bgr,
}

/// The values of a model's input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Values {
    /// 0 to 1: the YOLO family, RT-DETR, D-FINE.
    #[default]
    Unit,
    /// 0 to 255: YOLOX.
    Byte,
    /// Minus ImageNet's mean, divided by its standard deviation: RF-DETR, OSNet.
    ImageNet,
}

/// Where a picture lies on a model's input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Placement {
    /// Scaled to fit, in the middle, the rest grey: Ultralytics' `LetterBox`.
    #[default]
    Centred,
    /// Scaled to fit, at the top left, the rest grey: YOLOX.
    TopLeft,
    /// Stretched to fill it: the DETR family.
    Stretched,
}

/// The grey of an empty picture, in the values of most models.
pub(crate) const GREY: f32 = 114.0 / 255.0;

/// ImageNet's mean and standard deviation of red, green and blue at 0 to 1.
const IMAGENET: [(f64, f64); 3] = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)];

impl Values {
    /// What red, green and blue at 0 to 1 are multiplied by, and what is added then.
    pub fn scale_and_offset(self) -> ([f32; 3], [f32; 3]) {
        match self {
            Self::Unit => ([1.0; 3], [0.0; 3]),
            Self::Byte => ([255.0; 3], [0.0; 3]),
            Self::ImageNet => (
                IMAGENET.map(|(_, deviation)| (1.0 / deviation) as f32),
                IMAGENET.map(|(mean, deviation)| (-mean / deviation) as f32),
            ),
        }
    }
}

impl InputFormat {
    /// Which plane of the input red, green and blue go to.
    pub fn planes(self) -> [usize; 3] {
        match self.order {
            ChannelOrder::Rgb => [0, 1, 2],
            ChannelOrder::Bgr => [2, 1, 0],
        }
    }

    /// The value of the border in each plane of the input: 114 of 255, as models were trained with.
    pub fn border(self) -> [f32; 3] {
        let (scale, offset) = self.values.scale_and_offset();
        let mut border = [0.0; 3];
        for (colour, plane) in self.planes().into_iter().enumerate() {
            // 114 itself where values are bytes.
            border[plane] = 114.0 * (scale[colour] / 255.0) + offset[colour];
        }
        border
    }
}

/// Where a picture of one size lies in a model input of another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Geometry {
    /// Model pixels per picture pixel, across and down; they differ only where it is stretched.
    pub scale: [f64; 2],
    /// Columns of grey on the left.
    pub left: usize,
    /// Rows of grey above.
    pub top: usize,
    /// The picture's size in the model input.
    pub width: usize,
    /// And its height.
    pub height: usize,
}

impl Geometry {
    /// Scaled to fit means by min(target / picture). In the middle, the size is rounded (half to
    /// even, as Python) and half of the missing pixels are on the left and above, rounded after
    /// subtracting 0.1; at the top left, the size is cut to whole pixels (YOLOX's `preproc`).
    pub fn new(picture: Size, target: Size, placement: Placement) -> Self {
        let [w, h] = [picture.width, picture.height].map(|v| f64::from(v.max(1)));
        let [target_w, target_h] = [target.width, target.height].map(f64::from);
        let scale = (target_h / h).min(target_w / w);
        let place = |scale: [f64; 2], [left, top]: [f64; 2], [width, height]: [f64; 2]| Self {
            scale,
            left: left as usize,
            top: top as usize,
            width: width as usize,
            height: height as usize,
        };
        match placement {
            Placement::Centred => {
                let fit = |v: f64, limit: f64| (v * scale).round_ties_even().clamp(1.0, limit);
                let size = [fit(w, target_w), fit(h, target_h)];
                let pad = |missing: f64| (missing / 2.0 - 0.1).round_ties_even().max(0.0);
                place([scale; 2], [pad(target_w - size[0]), pad(target_h - size[1])], size)
            }
            Placement::TopLeft => {
                let fit = |v: f64, limit: f64| (v * scale).floor().clamp(1.0, limit);
                place([scale; 2], [0.0; 2], [fit(w, target_w), fit(h, target_h)])
            }
            Placement::Stretched => {
                place([target_w / w, target_h / h], [0.0; 2], [target_w, target_h])
            }
        }
    }

    /// The same for a picture whose pixels are not square: it lies there in its true proportions, and
    /// boxes find back to the pixels that it is stored in.
    pub fn anamorphic(
        picture: Size,
        aspect: PixelAspect,
        target: Size,
        placement: Placement,
    ) -> Self {
        if aspect.is_square() {
            return Self::new(picture, target, placement);
        }
        let shown = aspect.shown(picture);
        let mut geometry = Self::new(shown, target, placement);
        let grown = |shown: u32, stored: u32| f64::from(shown) / f64::from(stored.max(1));
        geometry.scale[0] *= grown(shown.width, picture.width);
        geometry.scale[1] *= grown(shown.height, picture.height);
        geometry
    }

    /// From model pixels to picture pixels; not clipped.
    pub fn to_picture(self, bbox: Rect) -> Rect {
        let x = |v: f64| (v - self.left as f64) / self.scale[0];
        let y = |v: f64| (v - self.top as f64) / self.scale[1];
        Rect::new(x(bbox.left), y(bbox.top), x(bbox.right), y(bbox.bottom))
    }
}

#[cfg(test)]
mod tests {
    use super::Placement::{Centred, Stretched, TopLeft};
    use super::*;

    #[test]
    fn geometry_as_the_reference() {
        // New size, then left and top. Centred by Ultralytics' LetterBox, at the top left by
        // YOLOX's preproc.
        for (placement, picture, target, want) in [
            (Centred, (1280, 720), (640, 640), (640, 360, 0, 140)),
            (Centred, (1920, 1080), (640, 640), (640, 360, 0, 140)),
            (Centred, (810, 1080), (640, 640), (480, 640, 80, 0)),
            (Centred, (100, 50), (640, 640), (640, 320, 0, 160)),
            (Centred, (1280, 720), (640, 384), (640, 360, 0, 12)),
            (Centred, (640, 480), (640, 384), (512, 384, 64, 0)),
            // An odd number of missing rows: the smaller half is above.
            (Centred, (1280, 718), (640, 640), (640, 359, 0, 140)),
            (Centred, (1, 4000), (640, 640), (1, 640, 319, 0)),
            (TopLeft, (1280, 720), (416, 416), (416, 234, 0, 0)),
            // 416 / 1281 * 719 = 233.49, and 416 / 1023 * 767 = 311.9 is cut, not rounded.
            (TopLeft, (1281, 719), (416, 416), (416, 233, 0, 0)),
            (TopLeft, (1023, 767), (416, 416), (416, 311, 0, 0)),
            (TopLeft, (1, 4000), (416, 416), (1, 416, 0, 0)),
            (Stretched, (1280, 720), (640, 640), (640, 640, 0, 0)),
            (Stretched, (97, 1000), (560, 384), (560, 384, 0, 0)),
        ] {
            let [picture, target] = [picture, target].map(|(w, h)| Size::new(w, h));
            let geometry = Geometry::new(picture, target, placement);
            let got = (geometry.width, geometry.height, geometry.left, geometry.top);
            assert_eq!(got, want, "{picture:?} in {target:?}, {placement:?}");
        }
    }

    #[test]
    fn anamorphic_pictures_lie_in_their_true_proportions() {
        // 960x1080 that is shown as 1920x1080 lies where that lies, and boxes are half as wide.
        let wide = PixelAspect { width: 2, height: 1 };
        let (stored, target) = (Size::new(960, 1080), Size::new(640, 640));
        for placement in [Centred, TopLeft, Stretched] {
            let shown = Geometry::new(Size::new(1920, 1080), target, placement);
            let got = Geometry::anamorphic(stored, wide, target, placement);
            let place = |g: &Geometry| (g.left, g.top, g.width, g.height);
            assert_eq!(place(&got), place(&shown), "{placement:?}");
            let bbox = Rect::new(10.0, 150.0, 20.0, 490.0);
            let (got, want) = (got.to_picture(bbox).to_array(), shown.to_picture(bbox).to_array());
            let want = [want[0] / 2.0, want[1], want[2] / 2.0, want[3]];
            assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-9), "{got:?} {want:?}");
        }
        let square = Geometry::anamorphic(stored, PixelAspect::default(), target, Centred);
        assert_eq!(square, Geometry::new(stored, target, Centred));
    }

    #[test]
    fn boxes_find_back() {
        let bbox = Rect::new(10.0, 150.0, 20.0, 490.0);
        for (placement, want) in [
            (Centred, Rect::new(20.0, 20.0, 40.0, 700.0)),
            (TopLeft, Rect::new(20.0, 300.0, 40.0, 980.0)),
            (Stretched, Rect::new(20.0, 168.75, 40.0, 551.25)),
        ] {
            let geometry = Geometry::new(Size::new(1280, 720), Size::new(640, 640), placement);
            assert_eq!(geometry.to_picture(bbox), want, "{placement:?}");
        }
    }

    #[test]
    fn borders_are_the_same_grey_in_every_format() {
        let grey = 114.0 / 255.0;
        let imagenet = IMAGENET.map(|(mean, deviation)| (grey - mean) / deviation);
        for (order, values, want) in [
            (ChannelOrder::Rgb, Values::Unit, [grey; 3]),
            (ChannelOrder::Bgr, Values::Byte, [114.0; 3]),
            (ChannelOrder::Rgb, Values::ImageNet, imagenet),
            (ChannelOrder::Bgr, Values::ImageNet, [imagenet[2], imagenet[1], imagenet[0]]),
        ] {
            let format = InputFormat { order, values, ..Default::default() };
            for (got, want) in format.border().into_iter().zip(want) {
                assert!((f64::from(got) - want).abs() < 1e-6, "{format:?}: {got}, {want}");
            }
        }
    }
}
