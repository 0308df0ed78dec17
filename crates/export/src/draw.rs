//! What is drawn into pictures: lines, letters, and the mosaic over those who are not to be recognised.

use std::collections::HashSet;

use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};
use razz_base::{Rect, Size, TrackSource};
use razz_media::h264::Matrix;
use razz_vision::Canvas;

/// A colour: luma, Cb, Cr of the narrow range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ink([u8; 3]);

impl Ink {
    pub(crate) const BLACK: Self = Self([16, 128, 128]);
    pub(crate) const WHITE: Self = Self([235, 128, 128]);

    /// Of R'G'B' from 0 to 1 (ITU-T H.264 equations E-1 to E-18).
    pub(crate) fn of([r, g, b]: [f64; 3], matrix: Matrix) -> Self {
        let (kr, kb) = match matrix {
            Matrix::Bt709 => (0.2126, 0.0722),
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt2020 => (0.2627, 0.0593),
        };
        let luma = kr * r + (1.0 - kr - kb) * g + kb * b;
        let chroma = |part: f64, k: f64| 128.0 + 224.0 * (part - luma) / (2.0 * (1.0 - k));
        let sample = |value: f64| value.round().clamp(1.0, 254.0) as u8;
        Self([sample(16.0 + 219.0 * luma), sample(chroma(b, kb)), sample(chroma(r, kr))])
    }

    /// The colours of the live page: green for ByteTrack, cyan for re-identification.
    pub(crate) fn of_source(source: TrackSource, matrix: Matrix) -> Self {
        match source {
            TrackSource::ByteTrack => Self::of([0.0, 1.0, 0.0], matrix),
            TrackSource::DeepSort => Self::of([0.0, 1.0, 1.0], matrix),
        }
    }
}

/// Whole pixels: left, top, right, bottom. Sides may lie outside the picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Area {
    pub(crate) left: i32,
    pub(crate) top: i32,
    pub(crate) right: i32,
    pub(crate) bottom: i32,
}

impl Area {
    pub(crate) fn of(rect: &Rect) -> Self {
        let whole = |edge: f64| edge.round().clamp(-1e6, 1e6) as i32;
        let (left, top) = (whole(rect.left), whole(rect.top));
        Self { left, top, right: whole(rect.right), bottom: whole(rect.bottom) }
    }

    pub(crate) fn new(left: i32, top: i32, width: i32, height: i32) -> Self {
        Self { left, top, right: left + width, bottom: top + height }
    }

    /// What of it lies in the other.
    pub(crate) fn within(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    fn width(self) -> i32 {
        self.right - self.left
    }

    fn height(self) -> i32 {
        self.bottom - self.top
    }

    fn overlaps(self, other: Self) -> bool {
        let both = self.within(other);
        both.width() > 0 && both.height() > 0
    }

    /// Larger by so much on each side.
    fn grown(self, by: i32) -> Self {
        let (left, top) = (self.left - by, self.top - by);
        Self { left, top, right: self.right + by, bottom: self.bottom + by }
    }

    fn contains(self, other: Self) -> bool {
        self.within(other) == other
    }
}

/// Draws into a part of a canvas.
pub(crate) struct Pen<'a> {
    canvas: &'a mut Canvas,
    /// Nothing is drawn outside.
    clip: Area,
    /// Height of letters.
    raster: RasterHeight,
    /// Thickness of lines, in pixels.
    line: i32,
}

impl<'a> Pen<'a> {
    /// Into the part `clip` of the canvas. Lines and letters are as large as suits its height.
    pub(crate) fn new(canvas: &'a mut Canvas, clip: Area) -> Self {
        let whole = canvas.size();
        let clip = clip.within(Area::new(0, 0, whole.width as i32, whole.height as i32));
        let raster = match clip.height() {
            ..540 => RasterHeight::Size16,
            540..900 => RasterHeight::Size20,
            900..1300 => RasterHeight::Size24,
            _ => RasterHeight::Size32,
        };
        let line = (clip.height() / 360).max(1) + 1;
        Self { canvas, clip, raster, line }
    }

    /// Mixes `ink` in, `share` of 256 of it.
    fn fill(&mut self, area: Area, ink: Ink, share: u16) {
        let area = area.within(self.clip);
        if area.width() <= 0 || area.height() <= 0 {
            return;
        }
        let width = self.canvas.size().width as i32;
        for (n, plane) in self.canvas.planes_mut().into_iter().enumerate() {
            let half = i32::from(n > 0);
            let stride = (width >> half) as usize;
            // Chroma has half the resolution: a sample is touched where a pixel of it is.
            let far = |edge: i32| (edge + half) >> half;
            let (left, right) = ((area.left >> half) as usize, far(area.right) as usize);
            for y in area.top >> half..far(area.bottom) {
                let Some(row) = plane.get_mut(y as usize * stride..(y as usize + 1) * stride)
                else {
                    continue;
                };
                for sample in &mut row[left..right.min(stride)] {
                    *sample = mixed(*sample, ink.0[n], share);
                }
            }
        }
    }

    fn frame(&mut self, area: Area, thick: i32, ink: Ink, share: u16) {
        let Area { left, top, right, bottom } = area;
        let (inner_top, inner_bottom) = ((top + thick).min(bottom), (bottom - thick).max(top));
        self.fill(Area { bottom: inner_top, ..area }, ink, share);
        self.fill(Area { top: inner_bottom.max(inner_top), ..area }, ink, share);
        let side = Area { top: inner_top, bottom: inner_bottom, ..area };
        self.fill(Area { right: (left + thick).min(right), ..side }, ink, share);
        self.fill(Area { left: (right - thick).max(left), ..side }, ink, share);
    }

    /// The outline of a box, with a dark one around it, so that it is seen on any ground.
    pub(crate) fn outline(&mut self, area: Area, ink: Ink, bold_corners: bool) {
        let line = self.line;
        self.frame(area.grown(line / 2 + 1), line + 2, Ink::BLACK, 140);
        self.frame(area.grown(line / 2), line, ink, 256);
        if !bold_corners {
            return;
        }
        // For those who do not tell cyan from green.
        let arm = (8 * line).min(area.width() / 3).min(area.height() / 3);
        let thick = 2 * line;
        let outer = area.grown(line);
        for right in [false, true] {
            for low in [false, true] {
                let x = |width| if right { outer.right - width } else { outer.left };
                let y = |height| if low { outer.bottom - height } else { outer.top };
                self.fill(Area::new(x(arm), y(thick), arm, thick), ink, 256);
                self.fill(Area::new(x(thick), y(arm), thick, arm), ink, 256);
            }
        }
    }

    /// How large a text is, in pixels, with room around it.
    fn text_size(&self, text: &str) -> (i32, i32) {
        let each = get_raster_width(FontWeight::Regular, self.raster) as i32;
        (each * text.chars().count() as i32 + 6, self.raster.val() as i32 + 2)
    }

    /// Letters on a dark ground. What the font lacks is a question mark.
    fn text(&mut self, text: &str, area: Area, ink: Ink) {
        self.fill(area, Ink::BLACK, 170);
        let each = get_raster_width(FontWeight::Regular, self.raster) as i32;
        for (n, letter) in text.chars().enumerate() {
            let raster = get_raster(letter, FontWeight::Regular, self.raster)
                .or_else(|| get_raster('?', FontWeight::Regular, self.raster));
            let Some(raster) = raster else { continue };
            let (left, top) = (area.left + 3 + n as i32 * each, area.top + 1);
            for (y, row) in raster.rows().enumerate() {
                for (x, share) in row.iter().enumerate().filter(|(_, share)| **share > 0) {
                    let dot = Area::new(left + x as i32, top + y as i32, 1, 1);
                    self.dot(dot, ink, *share);
                }
            }
        }
    }

    /// One pixel: its luma, and of its chroma as much as a quarter of a sample is.
    fn dot(&mut self, dot: Area, ink: Ink, share: u8) {
        if !self.clip.contains(dot) {
            return;
        }
        let width = self.canvas.size().width as usize;
        let (x, y) = (dot.left as usize, dot.top as usize);
        let [luma, cb, cr] = self.canvas.planes_mut();
        let share = u16::from(share);
        luma[y * width + x] = mixed(luma[y * width + x], ink.0[0], share);
        let at = y / 2 * (width / 2) + x / 2;
        for (plane, ink) in [(cb, ink.0[1]), (cr, ink.0[2])] {
            plane[at] = mixed(plane[at], ink, share / 2);
        }
    }

    /// Puts labels at boxes where there is room: above, inside, below; none on another.
    pub(crate) fn labels(&mut self, labels: &[(Area, String, Ink)]) {
        let mut taken: Vec<Area> = Vec::new();
        for (area, text, ink) in labels {
            let (width, height) = self.text_size(text);
            let places = [
                (area.left, area.top - height - 1),
                (area.left, area.top),
                (area.left, area.bottom + 1),
                (area.right - width, area.top - height - 1),
            ];
            let free = places.into_iter().map(|(left, top)| {
                let most = (self.clip.right - width).max(self.clip.left);
                Area::new(left.clamp(self.clip.left, most), top, width, height)
            });
            let mut free = free.filter(|place| {
                self.clip.contains(*place) && !taken.iter().any(|other| place.overlaps(*other))
            });
            if let Some(place) = free.next() {
                self.text(text, place, *ink);
                taken.push(place);
            }
        }
    }

    /// A line at the lower left: whose picture it is, and when it was taken.
    pub(crate) fn caption(&mut self, text: &str) {
        let (_, height) = self.text_size(text);
        let each = get_raster_width(FontWeight::Regular, self.raster) as i32;
        let room = ((self.clip.width() - 6) / each.max(1)).max(0) as usize;
        let text: String = text.chars().take(room).collect();
        let (width, _) = self.text_size(&text);
        let place = Area::new(self.clip.left, self.clip.bottom - height, width, height);
        self.text(&text, place, Ink::WHITE);
    }

    /// Nobody is recognised there: squares of one colour, none smaller than a sixteenth of the picture's height or an
    /// eighth of the area's, on a grid that does not move with it, so that they tell nothing over time either.
    /// `done` has those that are one colour already, by their side and place: people stand where they stood.
    pub(crate) fn mosaic(&mut self, area: Area, done: &mut HashSet<[i32; 3]>) {
        let area = area.within(self.clip);
        let side = (area.height() / 8).max(self.clip.height() / 48).max(8) & !1;
        let cell = |edge: i32, from: i32| from + (edge - from).div_euclid(side) * side;
        let (from_x, from_y) = (self.clip.left, self.clip.top);
        let mut top = cell(area.top, from_y);
        while top < area.bottom {
            let mut left = cell(area.left, from_x);
            while left < area.right {
                if done.insert([side, left, top]) {
                    self.one_colour(Area::new(left, top, side, side));
                }
                left += side;
            }
            top += side;
        }
    }

    fn one_colour(&mut self, area: Area) {
        let area = area.within(self.clip);
        let width = self.canvas.size().width as i32;
        for (n, plane) in self.canvas.planes_mut().into_iter().enumerate() {
            let half = i32::from(n > 0);
            let stride = (width >> half) as usize;
            let (left, right) = ((area.left >> half) as usize, (area.right >> half) as usize);
            let rows = (area.top >> half) as usize..(area.bottom >> half) as usize;
            if left >= right || rows.is_empty() {
                continue;
            }
            let count = (right - left) * rows.len();
            let row = |y: usize| y * stride + left..y * stride + right;
            let sum: usize =
                rows.clone().flat_map(|y| &plane[row(y)]).map(|sample| usize::from(*sample)).sum();
            let mean = ((sum + count / 2) / count) as u8;
            for y in rows {
                plane[row(y)].fill(mean);
            }
        }
    }
}

/// `share` of 256 of `ink`.
fn mixed(sample: u8, ink: u8, share: u16) -> u8 {
    let share = u32::from(share.min(256));
    ((u32::from(sample) * (256 - share) + u32::from(ink) * share + 128) >> 8) as u8
}

/// Where a box of a frame of `from` lies in an area.
pub(crate) fn placed(bbox: &Rect, from: Size, area: Area) -> Area {
    let to = Size::new(area.width().max(0) as u32, area.height().max(0) as u32);
    let scaled = Area::of(&bbox.scaled(from, to));
    Area {
        left: scaled.left + area.left,
        top: scaled.top + area.top,
        right: scaled.right + area.left,
        bottom: scaled.bottom + area.top,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas() -> Canvas {
        let mut canvas = Canvas::new(Size::new(640, 360), Matrix::Bt709);
        let [y, u, v] = canvas.planes_mut();
        for (n, sample) in y.iter_mut().enumerate() {
            *sample = (n * 7 % 200 + 20) as u8;
        }
        u.fill(100);
        v.fill(150);
        canvas
    }

    fn whole(canvas: &Canvas) -> Area {
        Area::new(0, 0, canvas.size().width as i32, canvas.size().height as i32)
    }

    #[test]
    fn colours_are_those_of_the_standard() {
        // Known values of BT.709 in the narrow range.
        for (rgb, expected) in [
            ([0.0, 0.0, 0.0], [16, 128, 128]),
            ([1.0, 1.0, 1.0], [235, 128, 128]),
            ([0.0, 1.0, 0.0], [173, 42, 26]),
            ([0.0, 1.0, 1.0], [188, 154, 16]),
            ([1.0, 0.0, 0.0], [63, 102, 240]),
        ] {
            assert_eq!(Ink::of(rgb, Matrix::Bt709), Ink(expected), "{rgb:?}");
        }
    }

    #[test]
    fn an_outline_is_of_its_colour_and_leaves_what_is_inside() {
        let mut canvas = canvas();
        let before = canvas.clone();
        let area = whole(&canvas);
        let green = Ink::of_source(TrackSource::ByteTrack, Matrix::Bt709);
        Pen::new(&mut canvas, area).outline(Area::new(100, 100, 60, 120), green, false);
        let at = |canvas: &Canvas, x: usize, y: usize| canvas.planes()[0][y * 640 + x];
        for (x, y) in [(100, 150), (159, 150), (130, 100), (130, 219), (100, 100)] {
            assert_eq!(at(&canvas, x, y), green.0[0], "{x}, {y}");
        }
        for (x, y) in [(130, 160), (90, 150), (170, 150), (130, 230)] {
            assert_eq!(at(&canvas, x, y), at(&before, x, y), "{x}, {y}");
        }
    }

    #[test]
    fn nothing_is_drawn_outside_its_part() {
        let mut canvas = canvas();
        let before = canvas.clone();
        let part = Area::new(320, 180, 160, 90);
        let mut pen = Pen::new(&mut canvas, part);
        for area in [
            Area::new(-500, -500, 3000, 3000),
            Area::new(300, 170, 50, 50),
            Area::new(470, 260, 100, 100),
            Area::new(0, 0, 10, 10),
            Area::new(400, 200, -5, -5),
        ] {
            pen.outline(area, Ink::WHITE, true);
            pen.labels(&[(area, "person #7 ü 漢".to_owned(), Ink::WHITE)]);
            pen.mosaic(area, &mut HashSet::new());
        }
        pen.caption(&"long ".repeat(100));
        for y in 0..360 {
            for x in 0..640 {
                let inside = (320..480).contains(&x) && (180..270).contains(&y);
                let n = y * 640 + x;
                assert!(inside || canvas.planes()[0][n] == before.planes()[0][n], "{x}, {y}");
                let n = y / 2 * 320 + x / 2;
                assert!(inside || canvas.planes()[1][n] == before.planes()[1][n], "{x}, {y}");
            }
        }
    }

    #[test]
    fn a_mosaic_has_few_colours_and_covers_its_area() {
        let mut canvas = canvas();
        let area = whole(&canvas);
        let person = Area::new(200, 80, 80, 200);
        Pen::new(&mut canvas, area).mosaic(person, &mut HashSet::new());
        let luma = canvas.planes()[0];
        // Squares of 24: no pixel is left as it was, and none of a square differs from another.
        for y in 80..280 {
            for x in 200..280 {
                let (left, top) = (x / 24 * 24, y / 24 * 24);
                assert_eq!(luma[y * 640 + x], luma[top * 640 + left], "{x}, {y}");
            }
        }
    }

    #[test]
    fn labels_stand_on_no_other() {
        let mut canvas = canvas();
        let area = whole(&canvas);
        let mut pen = Pen::new(&mut canvas, area);
        let (width, height) = pen.text_size("person #7");
        assert_eq!((width > 40, height), (true, 18));
        let place = Area::new(100, 100, 50, 100);
        let labels: Vec<_> = (0..9).map(|n| (place, format!("person #{n}"), Ink::WHITE)).collect();
        pen.labels(&labels);
    }
}
