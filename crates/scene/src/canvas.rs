//! The picture a street is painted on, and the brush that paints it.

use razz_base::{Rect, Size};
use tiny_skia::{
    BlendMode, Color, FillRule, FilterQuality, GradientStop, LineCap, LineJoin, LinearGradient,
    Paint, Path, PathBuilder, Pixmap, PixmapMut, PixmapPaint, Point, RadialGradient, Shader,
    SpreadMode, Stroke, Transform,
};

/// An opaque picture, four bytes a pixel (red, green, blue, 255), rows without padding.
#[derive(Clone)]
pub struct Canvas {
    pixmap: Pixmap,
}

impl Canvas {
    /// The size of every picture.
    pub const SIZE: Size = Size::new(1280, 720);

    /// A black picture.
    pub fn new() -> Self {
        let Size { width, height } = Self::SIZE;
        let mut pixmap = Pixmap::new(width, height).expect("it is not empty");
        pixmap.fill(Color::BLACK);
        Self { pixmap }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> Size {
        Size::new(self.pixmap.width(), self.pixmap.height())
    }

    /// Red, green, blue and 255 for each pixel, from the top left, row by row.
    pub fn rgba(&self) -> &[u8] {
        self.pixmap.data()
    }

    /// Writes `number`, 0 to 1023, into the top left corner so that a machine reads it even after
    /// encoding: a white square, then ten of 24 pixels each, the lowest bit first, white for 1 and
    /// black for 0.
    pub fn write_number(&mut self, number: u16) {
        const SIDE: usize = 24;
        let row = self.size().width as usize * 4;
        for line in self.rgba_mut().chunks_exact_mut(row).take(SIDE) {
            for cell in 0..11 {
                let on = cell == 0 || number >> (cell - 1) & 1 == 1;
                let value = if on { 255 } else { 0 };
                for pixel in line[cell * SIDE * 4..][..SIDE * 4].chunks_exact_mut(4) {
                    pixel.copy_from_slice(&[value, value, value, 255]);
                }
            }
        }
    }

    pub(crate) fn rgba_mut(&mut self) -> &mut [u8] {
        self.pixmap.data_mut()
    }

    pub(crate) fn pixmap(&self) -> &Pixmap {
        &self.pixmap
    }

    pub(crate) fn brush(&mut self) -> Brush<'_> {
        Brush::colours(self.pixmap.as_mut())
    }
}

impl Default for Canvas {
    fn default() -> Self {
        Self::new()
    }
}

/// Red, green, blue and opacity.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Ink(pub [u8; 3], pub u8);

/// An opaque colour.
pub(crate) const fn ink(red: u8, green: u8, blue: u8) -> Ink {
    Ink([red, green, blue], 255)
}

impl Ink {
    /// Brighter (above 1) or darker (below 1).
    pub(crate) fn lit(self, factor: f32) -> Self {
        Self(self.0.map(|v| (f32::from(v) * factor).clamp(0.0, 255.0) as u8), self.1)
    }

    /// `share` of `other` (0 to 1), the rest of `self`.
    pub(crate) fn mixed(self, other: Self, share: f32) -> Self {
        let mix = |a: u8, b: u8| (f32::from(a) * (1.0 - share) + f32::from(b) * share) as u8;
        let (a, b) = (self.0, other.0);
        Self([mix(a[0], b[0]), mix(a[1], b[1]), mix(a[2], b[2])], self.1)
    }

    /// The same colour, less opaque.
    pub(crate) const fn alpha(self, alpha: u8) -> Self {
        Self(self.0, alpha)
    }

    fn color(self) -> Color {
        Color::from_rgba8(self.0[0], self.0[1], self.0[2], self.1)
    }
}

/// Paints shapes in the units of a movable coordinate system and remembers how far they reach.
///
/// The same drawing code serves twice: in colours, and as flat silhouettes that tell which object
/// owns a pixel (there, whatever is translucent leaves no trace).
pub(crate) struct Brush<'a> {
    pixmap: PixmapMut<'a>,
    base: Transform,
    local: Transform,
    silhouette: Option<Color>,
    reach: Option<Rect>,
}

impl<'a> Brush<'a> {
    pub(crate) fn colours(pixmap: PixmapMut<'a>) -> Self {
        let identity = Transform::identity();
        Self { pixmap, base: identity, local: identity, silhouette: None, reach: None }
    }

    /// Silhouettes at `scale` of the picture's size; the pixel's red, green and blue are an id.
    pub(crate) fn silhouettes(pixmap: PixmapMut<'a>, scale: f32) -> Self {
        let base = Transform::from_scale(scale, scale);
        let local = Transform::identity();
        Self { pixmap, base, local, silhouette: Some(Color::BLACK), reach: None }
    }

    /// The id that the next silhouettes are painted with; nothing happens to colours.
    pub(crate) fn identify(&mut self, id: u16) {
        let [low, high] = id.to_le_bytes();
        if self.is_silhouette() {
            self.silhouette = Some(Color::from_rgba8(low, high, 0, 255));
        }
    }

    /// Whether silhouettes are painted, not colours.
    pub(crate) fn is_silhouette(&self) -> bool {
        self.silhouette.is_some()
    }

    /// Moves the origin to `x`, `y` in the picture; one unit is `scale` pixels, mirrored left to
    /// right where `mirrored`.
    pub(crate) fn place(&mut self, x: f32, y: f32, scale: f32, mirrored: bool) {
        let sx = if mirrored { -scale } else { scale };
        self.local = Transform::from_row(sx, 0.0, 0.0, scale, x, y);
    }

    /// Units are pixels of the picture again.
    pub(crate) fn unplace(&mut self) {
        self.local = Transform::identity();
    }

    /// Forgets the reach.
    pub(crate) fn lift(&mut self) {
        self.reach = None;
    }

    /// The box around all that was painted since [`Self::lift`], in pixels of the picture.
    pub(crate) fn reach(&self) -> Option<Rect> {
        self.reach
    }

    fn extend(&mut self, bounds: tiny_skia::Rect, margin: f32) {
        let mut corners = [
            Point::from_xy(bounds.left() - margin, bounds.top() - margin),
            Point::from_xy(bounds.right() + margin, bounds.bottom() + margin),
        ];
        self.local.map_points(&mut corners);
        let [a, b] = corners;
        let new = Rect::new(
            f64::from(a.x.min(b.x)),
            f64::from(a.y.min(b.y)),
            f64::from(a.x.max(b.x)),
            f64::from(a.y.max(b.y)),
        );
        self.reach = Some(self.reach.map_or(new, |r| {
            Rect::new(
                r.left.min(new.left),
                r.top.min(new.top),
                r.right.max(new.right),
                r.bottom.max(new.bottom),
            )
        }));
    }

    fn fill_with(&mut self, path: &Path, shader: Shader<'_>) {
        let anti_alias = self.silhouette.is_none();
        let shader = self.silhouette.map_or(shader, Shader::SolidColor);
        let blend_mode = if anti_alias { BlendMode::SourceOver } else { BlendMode::Source };
        let paint = Paint { shader, anti_alias, blend_mode, ..Paint::default() };
        let transform = self.local.post_concat(self.base);
        self.pixmap.fill_path(path, &paint, FillRule::Winding, transform, None);
    }

    pub(crate) fn fill(&mut self, path: &Path, ink: Ink) {
        if ink.1 < 255 && self.is_silhouette() {
            return;
        }
        self.fill_with(path, Shader::SolidColor(ink.color()));
        if ink.1 == 255 {
            self.extend(path.bounds(), 0.0);
        }
    }

    /// Filled with `top` at the path's top, turning into `bottom` at its bottom.
    pub(crate) fn fill_fading(&mut self, path: &Path, top: Ink, bottom: Ink) {
        let bounds = path.bounds();
        let from = Point::from_xy(0.0, bounds.top());
        let to = Point::from_xy(0.0, bounds.bottom());
        let stops =
            vec![GradientStop::new(0.0, top.color()), GradientStop::new(1.0, bottom.color())];
        let gradient = LinearGradient::new(from, to, stops, SpreadMode::Pad, Transform::identity());
        match gradient {
            Some(shader) if !self.is_silhouette() => {
                self.fill_with(path, shader);
                if top.1 == 255 && bottom.1 == 255 {
                    self.extend(bounds, 0.0);
                }
            }
            _ => self.fill(path, top),
        }
    }

    pub(crate) fn rect(&mut self, left: f32, top: f32, width: f32, height: f32, ink: Ink) {
        if let Some(rect) = tiny_skia::Rect::from_xywh(left, top, width, height) {
            self.fill(&PathBuilder::from_rect(rect), ink);
        }
    }

    pub(crate) fn rect_fading(&mut self, at: [f32; 4], top: Ink, bottom: Ink) {
        let [left, upper, width, height] = at;
        if let Some(rect) = tiny_skia::Rect::from_xywh(left, upper, width, height) {
            self.fill_fading(&PathBuilder::from_rect(rect), top, bottom);
        }
    }

    /// An ellipse around `cx`, `cy`.
    pub(crate) fn oval(&mut self, cx: f32, cy: f32, rx: f32, ry: f32, ink: Ink) {
        if let Some(path) = tiny_skia::Rect::from_xywh(cx - rx, cy - ry, 2.0 * rx, 2.0 * ry)
            .and_then(PathBuilder::from_oval)
        {
            self.fill(&path, ink);
        }
    }

    pub(crate) fn polygon(&mut self, points: &[[f32; 2]], ink: Ink) {
        if let Some(path) = polygon(points) {
            self.fill(&path, ink);
        }
    }

    /// A line through `points` with round ends and joints.
    pub(crate) fn line(&mut self, points: &[[f32; 2]], width: f32, ink: Ink) {
        let Some((first, rest)) = points.split_first() else { return };
        let mut builder = PathBuilder::new();
        builder.move_to(first[0], first[1]);
        rest.iter().for_each(|p| builder.line_to(p[0], p[1]));
        if let Some(path) = builder.finish() {
            self.stroke(&path, width, ink);
        }
    }

    pub(crate) fn ring(&mut self, cx: f32, cy: f32, radius: f32, width: f32, ink: Ink) {
        if let Some(path) = PathBuilder::from_circle(cx, cy, radius) {
            self.stroke(&path, width, ink);
        }
    }

    pub(crate) fn stroke(&mut self, path: &Path, width: f32, ink: Ink) {
        if ink.1 < 255 && self.is_silhouette() {
            return;
        }
        let anti_alias = self.silhouette.is_none();
        let color = self.silhouette.unwrap_or(ink.color());
        let blend_mode = if anti_alias { BlendMode::SourceOver } else { BlendMode::Source };
        let paint =
            Paint { shader: Shader::SolidColor(color), anti_alias, blend_mode, ..Paint::default() };
        let stroke = Stroke {
            width,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        let transform = self.local.post_concat(self.base);
        self.pixmap.stroke_path(path, &paint, &stroke, transform, None);
        if ink.1 == 255 {
            self.extend(path.bounds(), width / 2.0);
        }
    }

    /// A soft dark ellipse that fades out to its rim; never part of a silhouette.
    pub(crate) fn shadow(&mut self, cx: f32, cy: f32, rx: f32, ry: f32, alpha: u8) {
        self.glow(cx, cy, rx, ry, ink(12, 14, 30).alpha(alpha));
    }

    /// A soft ellipse of `ink` that fades out to its rim; never part of a silhouette.
    pub(crate) fn glow(&mut self, cx: f32, cy: f32, rx: f32, ry: f32, ink: Ink) {
        if self.is_silhouette() || rx <= 0.0 || ry <= 0.0 {
            return;
        }
        let stops = vec![
            GradientStop::new(0.0, ink.color()),
            GradientStop::new(0.45, ink.alpha((f32::from(ink.1) * 0.75) as u8).color()),
            GradientStop::new(1.0, ink.alpha(0).color()),
        ];
        let centre = Point::from_xy(0.0, 0.0);
        let transform = Transform::from_row(rx, 0.0, 0.0, ry, cx, cy);
        let gradient =
            RadialGradient::new(centre, 0.0, centre, 1.0, stops, SpreadMode::Pad, transform);
        let oval = tiny_skia::Rect::from_xywh(cx - rx, cy - ry, 2.0 * rx, 2.0 * ry)
            .and_then(PathBuilder::from_oval);
        if let (Some(shader), Some(oval)) = (gradient, oval) {
            self.fill_with(&oval, shader);
        }
    }

    /// Lays a ready picture over this one, its top left corner at `x`, `y`; no silhouette.
    pub(crate) fn stamp(&mut self, picture: &Pixmap, x: f32, y: f32) {
        if self.is_silhouette() {
            return;
        }
        let smooth = x.fract() != 0.0 || y.fract() != 0.0;
        let quality = if smooth { FilterQuality::Bilinear } else { FilterQuality::Nearest };
        let paint = PixmapPaint { quality, ..PixmapPaint::default() };
        let transform = Transform::from_translate(x, y);
        self.pixmap.draw_pixmap(0, 0, picture.as_ref(), &paint, transform, None);
    }
}

pub(crate) fn polygon(points: &[[f32; 2]]) -> Option<Path> {
    let (first, rest) = points.split_first()?;
    let mut builder = PathBuilder::new();
    builder.move_to(first[0], first[1]);
    rest.iter().for_each(|p| builder.line_to(p[0], p[1]));
    builder.close();
    builder.finish()
}

/// A closed curve through the middles of the edges of a polygon, bending around its corners.
pub(crate) fn rounded(points: &[[f32; 2]]) -> Option<Path> {
    let middle = |a: [f32; 2], b: [f32; 2]| [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
    let count = points.len();
    if count < 3 {
        return None;
    }
    let mut builder = PathBuilder::new();
    let start = middle(points[count - 1], points[0]);
    builder.move_to(start[0], start[1]);
    for (i, corner) in points.iter().enumerate() {
        let end = middle(*corner, points[(i + 1) % count]);
        builder.quad_to(corner[0], corner[1], end[0], end[1]);
    }
    builder.close();
    builder.finish()
}

/// A rectangle with quarter circles of `radius` for corners.
pub(crate) fn round_rect(
    left: f32,
    top: f32,
    width: f32,
    height: f32,
    radius: f32,
) -> Option<Path> {
    let (right, bottom) = (left + width, top + height);
    let r = radius.min(width / 2.0).min(height / 2.0);
    let mut b = PathBuilder::new();
    b.move_to(left + r, top);
    b.line_to(right - r, top);
    b.quad_to(right, top, right, top + r);
    b.line_to(right, bottom - r);
    b.quad_to(right, bottom, right - r, bottom);
    b.line_to(left + r, bottom);
    b.quad_to(left, bottom, left, bottom - r);
    b.line_to(left, top + r);
    b.quad_to(left, top, left + r, top);
    b.close();
    b.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_row_of_squares() {
        let mut canvas = Canvas::new();
        canvas.write_number(0b10_0000_0101);
        let width = canvas.size().width as usize;
        let white = |x: usize, y: usize| canvas.rgba()[4 * (y * width + x)] == 255;
        let cells: Vec<bool> = (0..11).map(|cell| white(cell * 24 + 12, 12)).collect();
        let expected = [1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1].map(|bit| bit == 1);
        assert_eq!(cells, expected, "a start square, then the lowest bit first");
        assert!(!white(11 * 24, 0) && !white(0, 24), "nothing beside them is touched");
    }
}
