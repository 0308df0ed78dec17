//! A street with people, cars and things in the way, and the truth about every frame of it.

mod backdrop;

mod furniture;
mod lettering;
mod mover;
mod person;
mod vehicle;

use std::f32::consts::TAU;

use razz_base::{ClassId, Rect, Size};
use tiny_skia::Pixmap;

use self::backdrop::Mood;
use self::furniture::Furniture;
use self::mover::Mover;
use crate::canvas::{Brush, Canvas, ink};
use crate::dice::Dice;

/// Rows of the picture at which the ground changes.
const FAR_PAVEMENT: f32 = 345.0;
const FAR_KERB: f32 = 402.0;
const NEAR_KERB: f32 = 578.0;

/// Silhouettes are counted on a picture this many times smaller.
const SILHOUETTE_STEP: u32 = 4;
/// Ids from here up are furniture, below are objects.
const FURNITURE_IDS: u16 = 0x8000;

/// What is true about one object in one frame.
#[derive(Clone, PartialEq, Debug)]
pub struct Truth {
    /// The object's number within its street; the same whenever it comes by again.
    pub object: u32,
    /// COCO's class: person 0, bicycle 1, car 2, bus 5, dog 16.
    pub class: ClassId,
    /// The whole body, hidden parts as well, clipped to the picture; pixels.
    pub bbox: Rect,
    /// Of its pixels inside the picture, the share that nothing in front hides; 0 to 1.
    pub visible: f64,
    /// Of the whole body's box, the share inside the picture; 0 to 1.
    pub inside: f64,
}

/// How large things are by the row they stand on: a level camera above flat ground.
#[derive(Clone, Copy, Debug)]
struct Perspective {
    horizon: f32,
    camera_height_m: f32,
}

impl Perspective {
    /// Pixels per metre for what stands on row `y`.
    fn scale(self, y: f32) -> f32 {
        (y - self.horizon) / self.camera_height_m
    }
}

/// A synthetic street: a pure function of its seed and the frame's number.
///
/// It repeats without a seam every [`Street::PERIOD`] frames.
pub struct Street {
    seed: u64,
    view: Perspective,
    mood: Mood,
    background: Pixmap,
    furniture: Vec<Furniture>,
    sprites: Vec<Sprite>,
    label: Sprite,
    movers: Vec<Mover>,
    noise: Vec<i16>,
}

/// A cut-out with the place of its top left corner.
struct Sprite {
    picture: Pixmap,
    x: f32,
    y: f32,
}

#[derive(Clone, Copy)]
enum Layer {
    Furniture(usize),
    Mover(usize, mover::State),
}

impl Street {
    /// Every picture's size.
    pub const SIZE: Size = Canvas::SIZE;
    /// Frames per second.
    pub const FPS: u32 = 30;
    /// Frames after which everything repeats: 30 seconds.
    pub const PERIOD: u64 = 900;

    /// The street of a seed. Its corner says `DEMO CAMERA seed`. Takes some tens of milliseconds.
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed, 1);
        let view = Perspective {
            horizon: dice.range(203.0, 216.0),
            camera_height_m: dice.range(3.85, 4.25),
        };
        let mood = Mood::of(seed);
        let mut canvas = Canvas::new();
        backdrop::paint(&mut canvas, &mut Dice::new(seed, 2), mood, view);
        let furniture = mover::furnish(&mut Dice::new(seed, 3));
        let sprites = furniture.iter().map(|piece| sprite_of(piece, view, mood)).collect();
        let movers = mover::populate(&mut Dice::new(seed, 4), view);
        let mut dice = Dice::new(seed, 5);
        let noise = (0..NOISE).map(|_| [0, 0, 0, 1, -1, 1, -1, 2, -2][dice.below(9)]).collect();
        let background = canvas.pixmap().clone();
        let label = label_of(seed);
        Self { seed, view, mood, background, furniture, sprites, label, movers, noise }
    }

    /// The seed it was made of.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Paints frame `frame`, of which the same numbers modulo [`Street::PERIOD`] look alike.
    pub fn render(&self, frame: u64, canvas: &mut Canvas) {
        self.render_with_noise(frame, frame, canvas);
    }

    /// Paints frame `frame` with the sensor's noise of another: two that differ in that only are pictures
    /// between which nothing moved.
    pub fn render_with_noise(&self, frame: u64, noise: u64, canvas: &mut Canvas) {
        let frame = frame % Self::PERIOD;
        canvas.rgba_mut().copy_from_slice(self.background.data());
        let mut brush = canvas.brush();
        for layer in self.layers(frame) {
            match layer {
                Layer::Furniture(i) => {
                    let sprite = &self.sprites[i];
                    brush.stamp(&sprite.picture, sprite.x, sprite.y);
                }
                Layer::Mover(i, state) => {
                    self.place(&mut brush, state);
                    self.movers[i].paint_shadow(&mut brush, self.mood.slant, self.mood.shadow);
                    self.movers[i].paint(&mut brush, state, &mut |_, _| {});
                }
            }
        }
        brush.unplace();
        brush.stamp(&self.label.picture, self.label.x, self.label.y);
        self.weather(frame, noise, canvas);
    }

    /// What is where in frame `frame`: every object with at least a few pixels in the picture.
    pub fn truth(&self, frame: u64) -> Vec<Truth> {
        let frame = frame % Self::PERIOD;
        let Size { width, height } = Self::SIZE;
        let mut pixmap = Pixmap::new(width / SILHOUETTE_STEP, height / SILHOUETTE_STEP)
            .expect("a silhouette has a size");
        // (object, class, whole box, pixels when nothing is in front)
        let mut found: Vec<(u32, ClassId, Rect, u32)> = Vec::new();
        for layer in self.layers(frame) {
            let mut brush = Brush::silhouettes(pixmap.as_mut(), 1.0 / SILHOUETTE_STEP as f32);
            match layer {
                Layer::Furniture(i) => {
                    let piece = &self.furniture[i];
                    brush.identify(FURNITURE_IDS + i as u16);
                    brush.place(piece.x, piece.y, self.view.scale(piece.y), false);
                    piece.paint(&mut brush, 0.0, 0);
                }
                Layer::Mover(i, state) => {
                    self.place(&mut brush, state);
                    let from = found.len();
                    let movers = &self.movers[i];
                    movers.paint(&mut brush, state, &mut |part, reach| {
                        if let Some(entry) = found[from..].iter_mut().find(|e| e.0 == part.object) {
                            entry.2 = union(entry.2, reach);
                        } else {
                            found.push((part.object, part.class, reach, 0));
                        }
                    });
                    for entry in &mut found[from..] {
                        entry.3 = count(&pixmap, entry.0 as u16, entry.2);
                    }
                }
            }
        }
        found
            .into_iter()
            .filter_map(|(object, class, whole, painted)| {
                let bbox = whole.clipped(Self::SIZE);
                if bbox.width() < 3.0 || bbox.height() < 3.0 || painted == 0 {
                    return None;
                }
                let seen = count(&pixmap, object as u16, whole);
                Some(Truth {
                    object,
                    class,
                    bbox,
                    visible: f64::from(seen) / f64::from(painted),
                    inside: bbox.area() / whole.area(),
                })
            })
            .collect()
    }

    /// Everything in the order in which it covers what is behind it.
    fn layers(&self, frame: u64) -> Vec<Layer> {
        let furniture =
            self.furniture.iter().enumerate().map(|(i, piece)| (piece.y, Layer::Furniture(i)));
        let movers = self.movers.iter().enumerate().filter_map(|(i, mover)| {
            mover.at(frame).map(|state| (state.y, Layer::Mover(i, state)))
        });
        let mut layers: Vec<(f32, Layer)> = furniture.chain(movers).collect();
        layers.sort_by(|a, b| a.0.total_cmp(&b.0));
        layers.into_iter().map(|(_, layer)| layer).collect()
    }

    fn place(&self, brush: &mut Brush<'_>, state: mover::State) {
        brush.place(state.x, state.y, self.view.scale(state.y), state.leftwards);
    }

    /// Clouds pass over the sun, and the sensor has a little noise.
    fn weather(&self, frame: u64, noise: u64, canvas: &mut Canvas) {
        let turn = frame as f32 / Self::PERIOD as f32 * TAU;
        let gain = 1.0 + 0.012 * turn.sin() + 0.006 * (3.0 * turn + 1.0).sin();
        let gain = (gain * 256.0).round() as i16;
        let mut dice = Dice::new(self.seed ^ (noise % Self::PERIOD), 6);
        let row = Self::SIZE.width as usize * 4;
        for pixels in canvas.rgba_mut().chunks_exact_mut(row) {
            let noise = &self.noise[dice.below(NOISE - row)..][..row];
            for (value, noise) in pixels.iter_mut().zip(noise) {
                let lit = (i32::from(*value) * i32::from(gain)) >> 8;
                *value = (lit as i16 + noise).clamp(0, 255) as u8;
            }
        }
        canvas.rgba_mut().chunks_exact_mut(4).for_each(|pixel| pixel[3] = 255);
    }
}

/// How many noise values are thrown; each row of a picture takes a stretch of them.
const NOISE: usize = 1 << 16;

fn union(a: Rect, b: Rect) -> Rect {
    Rect::new(a.left.min(b.left), a.top.min(b.top), a.right.max(b.right), a.bottom.max(b.bottom))
}

/// Pixels of `id` within `whole`, which is in full-size pixels.
fn count(pixmap: &Pixmap, id: u16, whole: Rect) -> u32 {
    let step = f64::from(SILHOUETTE_STEP);
    let size = Size::new(pixmap.width(), pixmap.height());
    let part = Rect::new(
        whole.left / step - 1.0,
        whole.top / step - 1.0,
        whole.right / step + 2.0,
        whole.bottom / step + 2.0,
    )
    .clipped(size);
    let [low, high] = id.to_le_bytes();
    let mut count = 0;
    for y in part.top as usize..part.bottom as usize {
        let row = &pixmap.pixels()[y * size.width as usize..][..size.width as usize];
        count += row[part.left as usize..part.right as usize]
            .iter()
            .filter(|p| p.alpha() == 255 && p.red() == low && p.green() == high)
            .count() as u32;
    }
    count
}

fn sprite_of(piece: &Furniture, view: Perspective, mood: Mood) -> Sprite {
    let mut pixmap = Pixmap::new(Street::SIZE.width, Street::SIZE.height).expect("has a size");
    let mut brush = Brush::colours(pixmap.as_mut());
    brush.place(piece.x, piece.y, view.scale(piece.y), false);
    piece.paint(&mut brush, mood.slant, mood.shadow);
    cut_out(&pixmap)
}

fn label_of(seed: u64) -> Sprite {
    let mut pixmap = Pixmap::new(Street::SIZE.width, Street::SIZE.height).expect("has a size");
    let text = format!("DEMO CAMERA {seed}");
    let mut brush = Brush::colours(pixmap.as_mut());
    let (x, y, dot) = (1280.0 - 18.0 - lettering::width(&text, 2.0), 18.0, 2.0);
    if let Some(path) =
        crate::canvas::round_rect(x - 9.0, y - 8.0, lettering::width(&text, dot) + 18.0, 30.0, 6.0)
    {
        brush.fill(&path, ink(16, 20, 28).alpha(150));
    }
    lettering::write(&mut brush, &text, x, y, dot, ink(244, 246, 248));
    cut_out(&pixmap)
}

/// The smallest part of a picture that holds all that is not transparent.
fn cut_out(pixmap: &Pixmap) -> Sprite {
    let (width, height) = (pixmap.width() as usize, pixmap.height() as usize);
    let (mut left, mut top, mut right, mut bottom) = (width, height, 0, 0);
    for (y, row) in pixmap.pixels().chunks_exact(width).enumerate() {
        if let Some(first) = row.iter().position(|p| p.alpha() > 0) {
            let last = row.iter().rposition(|p| p.alpha() > 0).unwrap_or(first);
            left = left.min(first);
            right = right.max(last + 1);
            top = top.min(y);
            bottom = y + 1;
        }
    }
    let rect = (right > left).then(|| {
        tiny_skia::IntRect::from_xywh(
            left as i32,
            top as i32,
            (right - left) as u32,
            (bottom - top) as u32,
        )
    });
    let picture = rect.flatten().and_then(|rect| pixmap.clone_rect(rect));
    match picture {
        Some(picture) => Sprite { picture, x: left as f32, y: top as f32 },
        // Nothing of it is in the picture.
        None => Sprite { picture: Pixmap::new(1, 1).expect("has a size"), x: 0.0, y: 0.0 },
    }
}
