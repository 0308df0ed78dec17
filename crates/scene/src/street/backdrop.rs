//! What never moves behind everybody: sky, houses, pavements and road.

use super::lettering;
use super::{FAR_KERB, FAR_PAVEMENT, NEAR_KERB, Perspective};
use crate::canvas::{Brush, Canvas, Ink, ink, polygon};
use crate::dice::Dice;

/// The light of a street.
#[derive(Clone, Copy)]
pub(crate) struct Mood {
    sky_top: Ink,
    sky_bottom: Ink,
    /// Laid over everything that stands still.
    tint: Ink,
    /// Where shadows fall, in units of an object's height, to the right.
    pub(crate) slant: f32,
    pub(crate) shadow: u8,
}

const MOODS: [Mood; 4] = [
    Mood {
        sky_top: ink(96, 158, 222),
        sky_bottom: ink(206, 228, 240),
        tint: ink(255, 240, 210).alpha(10),
        slant: 0.32,
        shadow: 120,
    },
    Mood {
        sky_top: ink(94, 116, 178),
        sky_bottom: ink(252, 206, 158),
        tint: ink(255, 166, 84).alpha(30),
        slant: -0.6,
        shadow: 105,
    },
    Mood {
        sky_top: ink(150, 166, 186),
        sky_bottom: ink(216, 220, 222),
        tint: ink(150, 170, 196).alpha(26),
        slant: 0.1,
        shadow: 70,
    },
    Mood {
        sky_top: ink(120, 176, 226),
        sky_bottom: ink(240, 226, 206),
        tint: ink(255, 214, 170).alpha(18),
        slant: -0.35,
        shadow: 115,
    },
];

impl Mood {
    pub(crate) fn of(seed: u64) -> Self {
        // The two streets of the demo differ at a glance.
        MOODS[(seed.wrapping_sub(1) % MOODS.len() as u64) as usize]
    }
}

const PLASTER: [Ink; 9] = [
    ink(214, 182, 142),
    ink(196, 128, 100),
    ink(226, 212, 184),
    ink(170, 182, 172),
    ink(186, 152, 132),
    ink(222, 196, 120),
    ink(160, 172, 190),
    ink(204, 150, 136),
    ink(150, 98, 82),
];
const SIGNS: [&str; 12] = [
    "CAFE", "BOOKS", "BAKERY", "FLOWERS", "RECORDS", "TAILOR", "TEA", "BIKES", "GALLERY", "DELI",
    "OPTICS", "TOYS",
];
const SIGN_INKS: [Ink; 6] = [
    ink(34, 62, 58),
    ink(92, 32, 36),
    ink(36, 44, 72),
    ink(60, 48, 38),
    ink(28, 74, 92),
    ink(84, 60, 96),
];

pub(crate) fn paint(canvas: &mut Canvas, dice: &mut Dice, mood: Mood, view: Perspective) {
    let width = canvas.size().width as f32;
    let height = canvas.size().height as f32;
    let mut brush = canvas.brush();
    brush.rect_fading([0.0, 0.0, width, FAR_PAVEMENT], mood.sky_top, mood.sky_bottom);
    for _ in 0..6 {
        let (x, y) = (dice.range(0.0, width), dice.range(15.0, 120.0));
        for _ in 0..5 {
            let (dx, dy) = (dice.range(-70.0, 70.0), dice.range(-9.0, 9.0));
            let rx = dice.range(45.0, 95.0);
            brush.glow(x + dx, y + dy, rx, rx * 0.3, ink(255, 252, 246).alpha(110));
        }
    }
    skyline(&mut brush, dice, mood, width);
    let mut left = dice.range(-120.0, -20.0);
    let mut signs: Vec<&str> = SIGNS.to_vec();
    let mut last = usize::MAX;
    while left < width {
        let wide = dice.range(170.0, 290.0);
        let mut colour = dice.below(PLASTER.len());
        if colour == last {
            colour = (colour + 1) % PLASTER.len();
        }
        last = colour;
        let sign = signs.remove(dice.below(signs.len()));
        house(&mut brush, dice, left, wide, PLASTER[colour], sign);
        left += wide;
        if dice.chance(0.14) {
            left += dice.range(26.0, 60.0);
        }
        if signs.is_empty() {
            signs = SIGNS.to_vec();
        }
    }
    ground(&mut brush, dice, view, width, height);
    brush.rect(0.0, 0.0, width, height, mood.tint);
    grain(canvas, dice);
}

fn skyline(brush: &mut Brush<'_>, dice: &mut Dice, mood: Mood, width: f32) {
    for (layer, share) in [(0.0, 0.75), (1.0, 0.6)] {
        let mut x = -30.0;
        while x < width {
            let wide = dice.range(50.0, 120.0);
            let top = dice.range(110.0, 190.0) + layer * 30.0;
            let colour = ink(110, 122, 142).mixed(mood.sky_bottom, share);
            brush.rect(x, top, wide, FAR_PAVEMENT - top, colour);
            x += wide + dice.range(-10.0, 40.0);
        }
    }
}

fn house(brush: &mut Brush<'_>, dice: &mut Dice, left: f32, wide: f32, wall: Ink, sign: &str) {
    let wall = wall.lit(dice.range(0.92, 1.06));
    let base = FAR_PAVEMENT + 1.0;
    let storey = dice.range(74.0, 84.0);
    let storeys = dice.pick(&[2, 2, 3, 3, 4]);
    let shop = 88.0;
    let top = base - shop - storey * storeys as f32;
    brush.rect_fading([left, top, wide, base - top], wall.lit(1.08), wall.lit(0.9));
    // Roof or parapet.
    if dice.chance(0.5) {
        let roof = dice.pick(&[ink(128, 62, 48), ink(84, 82, 90), ink(104, 70, 58)]);
        let points = [
            [left - 6.0, top + 2.0],
            [left + 14.0, top - 36.0],
            [left + wide - 14.0, top - 36.0],
            [left + wide + 6.0, top + 2.0],
        ];
        if let Some(path) = polygon(&points) {
            brush.fill_fading(&path, roof.lit(1.15), roof.lit(0.85));
        }
        let chimney = left + wide * dice.range(0.2, 0.75);
        brush.rect(chimney, top - 60.0, 20.0, 36.0, roof.lit(0.8));
    } else {
        brush.rect(left - 4.0, top - 9.0, wide + 8.0, 12.0, wall.lit(0.78));
        brush.rect(left - 4.0, top - 9.0, wide + 8.0, 4.0, wall.lit(1.1));
    }
    windows(brush, dice, left, wide, top, storey, storeys, wall);
    brush.rect(left, base - shop - 6.0, wide, 5.0, wall.lit(0.74));
    brush.rect(left, base - shop - 8.0, wide, 3.0, wall.lit(1.14));
    shopfront(brush, dice, left, wide, base, shop, sign);
    // The neighbour's shadow.
    brush.rect(left + wide - 4.0, top, 4.0, base - top, ink(0, 0, 0).alpha(46));
    brush.rect(left, top, 2.0, base - top, ink(255, 255, 255).alpha(34));
}

#[expect(clippy::too_many_arguments, reason = "a facade's measures, used here alone")]
fn windows(
    brush: &mut Brush<'_>,
    dice: &mut Dice,
    left: f32,
    wide: f32,
    top: f32,
    storey: f32,
    storeys: usize,
    wall: Ink,
) {
    let columns = ((wide / 62.0) as usize).max(2);
    let pitch = wide / columns as f32;
    let (w, h) = (pitch * dice.range(0.42, 0.5), storey * dice.range(0.54, 0.64));
    let shutters = dice.chance(0.35).then(|| {
        dice.pick(&[ink(70, 104, 92), ink(84, 98, 130), ink(122, 70, 58), ink(100, 112, 84)])
    });
    let balcony = dice.chance(0.35);
    let frame = dice.pick(&[ink(240, 236, 226), ink(216, 206, 188), ink(94, 84, 76)]);
    for row in 0..storeys {
        for column in 0..columns {
            let x = left + (column as f32 + 0.5) * pitch - w / 2.0;
            let y = top + row as f32 * storey + (storey - h) * 0.5;
            brush.rect(x - 4.0, y - 4.0, w + 8.0, h + 8.0, frame.mixed(wall, 0.25));
            let lamp = dice.chance(0.12);
            let (a, b) = if lamp {
                (ink(250, 222, 160), ink(222, 170, 96))
            } else {
                let shine = dice.range(0.85, 1.15);
                (ink(158, 186, 204).lit(shine), ink(70, 86, 102).lit(shine))
            };
            brush.rect_fading([x, y, w, h], a, b);
            if dice.chance(0.4) {
                let curtain = dice.pick(&[ink(236, 230, 218), ink(206, 190, 170)]);
                let part = dice.range(0.16, 0.34) * w;
                brush.rect(x, y, part, h, curtain.alpha(215));
                brush.rect(x + w - part, y, part, h, curtain.alpha(215));
            }
            brush.rect(x + w / 2.0 - 1.2, y, 2.4, h, frame);
            brush.rect(x, y + h * 0.34, w, 2.2, frame);
            brush.rect(x - 6.0, y + h + 3.0, w + 12.0, 4.0, frame.lit(0.86));
            if let Some(colour) = shutters {
                for side in [x - 4.0 - w * 0.36, x + w + 4.0] {
                    brush.rect(side, y - 2.0, w * 0.36, h + 4.0, colour);
                    for slat in 1..7 {
                        let at = y + slat as f32 * h / 7.0;
                        brush.rect(side + 1.5, at, w * 0.36 - 3.0, 1.6, colour.lit(0.75));
                    }
                }
            }
            if balcony && row + 1 == storeys {
                let rail = ink(54, 54, 60);
                brush.rect(x - 10.0, y + h - 20.0, w + 20.0, 2.0, rail);
                brush.rect(x - 10.0, y + h + 4.0, w + 20.0, 4.0, wall.lit(0.7));
                let mut bar = x - 10.0;
                while bar <= x + w + 9.0 {
                    brush.rect(bar, y + h - 20.0, 1.4, 24.0, rail);
                    bar += 5.0;
                }
            } else if dice.chance(0.25) {
                for _ in 0..7 {
                    let flower =
                        dice.pick(&[ink(214, 70, 84), ink(240, 190, 80), ink(226, 130, 170)]);
                    let (fx, fy) = (x + dice.range(0.0, w), y + h + dice.range(-4.0, 3.0));
                    brush.oval(fx, fy + 1.5, 4.5, 4.0, ink(72, 120, 66));
                    brush.oval(fx, fy, 2.4, 2.4, flower);
                }
            }
        }
    }
}

fn shopfront(
    brush: &mut Brush<'_>,
    dice: &mut Dice,
    left: f32,
    wide: f32,
    base: f32,
    shop: f32,
    sign: &str,
) {
    let front = dice.pick(&SIGN_INKS);
    let top = base - shop;
    brush.rect(left + 6.0, top, wide - 12.0, shop, front);
    let dot = 2.0;
    let board = lettering::width(sign, dot);
    lettering::write(brush, sign, left + (wide - board) / 2.0, top + 3.0, dot, ink(246, 232, 200));
    // Door on one side, window on the other.
    let door = wide * 0.2;
    let door_left = if dice.chance(0.5) { left + 14.0 } else { left + wide - 14.0 - door };
    let window_left =
        if door_left < left + wide / 2.0 { door_left + door + 8.0 } else { left + 14.0 };
    let window = wide - door - 36.0;
    let warm = dice.chance(0.55);
    let (a, b) = if warm {
        (ink(250, 222, 164), ink(176, 126, 82))
    } else {
        (ink(176, 200, 212), ink(70, 86, 100))
    };
    brush.rect_fading([window_left, top + 24.0, window, shop - 38.0], a, b);
    for _ in 0..9 {
        let x = window_left + dice.range(5.0, window - 16.0);
        let tall = dice.range(6.0, 22.0);
        let colour = dice.pick(&PLASTER).lit(0.72);
        brush.rect(x, base - 15.0 - tall, dice.range(6.0, 12.0), tall, colour.alpha(190));
    }
    brush.line(
        &[[window_left + window * 0.2, base - 18.0], [window_left + window * 0.45, top + 28.0]],
        9.0,
        ink(255, 255, 255).alpha(34),
    );
    brush.rect_fading([door_left, top + 24.0, door, shop - 24.0], front.lit(1.5), front.lit(1.1));
    brush.rect_fading([door_left + 5.0, top + 30.0, door - 10.0, shop * 0.44], a, b);
    brush.oval(door_left + door - 6.0, base - 32.0, 2.0, 2.0, ink(226, 200, 120));
    if dice.chance(0.6) {
        let stripes = [front.lit(1.9), ink(244, 238, 224)];
        let count = ((window / 15.0) as usize).max(3);
        let pitch = (window + 8.0) / count as f32;
        for i in 0..count {
            let x = window_left - 4.0 + i as f32 * pitch;
            let lean = 5.0;
            brush.polygon(
                &[
                    [x, top + 19.0],
                    [x + pitch, top + 19.0],
                    [x + pitch + lean, top + 41.0],
                    [x + lean, top + 41.0],
                ],
                stripes[i % 2],
            );
        }
        let at = [window_left, top + 41.0, window, 14.0];
        brush.rect_fading(at, ink(0, 0, 0).alpha(70), ink(0, 0, 0).alpha(0));
    }
}

fn ground(brush: &mut Brush<'_>, dice: &mut Dice, view: Perspective, width: f32, height: f32) {
    let slab = ink(172, 166, 158);
    brush.rect_fading(
        [0.0, FAR_PAVEMENT, width, FAR_KERB - FAR_PAVEMENT],
        slab.lit(0.86),
        slab.lit(0.98),
    );
    brush.rect_fading(
        [0.0, FAR_PAVEMENT, width, 14.0],
        ink(0, 0, 0).alpha(80),
        ink(0, 0, 0).alpha(0),
    );
    brush.rect(0.0, FAR_KERB, width, 5.0, ink(196, 192, 184));
    brush.rect(0.0, FAR_KERB + 5.0, width, 3.0, ink(92, 90, 90));
    let tar = ink(92, 94, 100);
    brush.rect_fading(
        [0.0, FAR_KERB + 8.0, width, NEAR_KERB - FAR_KERB - 8.0],
        tar.lit(0.95),
        tar.lit(1.06),
    );
    for _ in 0..40 {
        let (x, y) = (dice.range(0.0, width), dice.range(FAR_KERB + 14.0, NEAR_KERB - 8.0));
        let shade =
            if dice.chance(0.5) { ink(0, 0, 0).alpha(22) } else { ink(255, 255, 255).alpha(14) };
        brush.glow(x, y, dice.range(40.0, 160.0), dice.range(4.0, 11.0), shade);
    }
    // Centre line: dashes of 3 m with gaps of 3 m.
    let y = 507.0;
    let metre = view.scale(y);
    let mut x = dice.range(-6.0, 0.0) * metre;
    while x < width {
        brush.rect(x, y - 3.0, 3.0 * metre, 6.0, ink(222, 220, 208).alpha(220));
        x += 6.0 * metre;
    }
    brush.rect(0.0, NEAR_KERB - 5.0, width, 5.0, ink(82, 82, 84));
    brush.rect(0.0, NEAR_KERB, width, 8.0, ink(200, 196, 188));
    let near = ink(184, 176, 166);
    brush.rect_fading(
        [0.0, NEAR_KERB + 8.0, width, height - NEAR_KERB - 8.0],
        near.lit(0.95),
        near.lit(1.05),
    );
    // Slabs: joints that run towards the eye meet above the horizon's middle.
    let joint = ink(120, 112, 104).alpha(120);
    for (top, bottom) in [(FAR_PAVEMENT + 2.0, FAR_KERB), (NEAR_KERB + 8.0, height)] {
        let mut i = -60;
        while i <= 60 {
            let at = |y: f32| width / 2.0 + i as f32 * 0.9 * view.scale(y);
            let (a, b) = (at(top), at(bottom));
            if (a > -5.0 || b > -5.0) && (a < width + 5.0 || b < width + 5.0) {
                brush.line(&[[a, top], [b, bottom]], 1.2, joint);
            }
            i += 1;
        }
        // Rows of equal depth come closer together with distance.
        let depth = |y: f32| 1.0 / (y - view.horizon);
        let rows = 6;
        for row in 1..rows {
            let share = row as f32 / rows as f32;
            let inverse = depth(top) * (1.0 - share) + depth(bottom) * share;
            let y = 1.0 / inverse + view.horizon;
            brush.line(&[[0.0, y], [width, y]], 1.2, joint);
        }
    }
    for _ in 0..26 {
        let (x, y) = (dice.range(0.0, width), dice.range(NEAR_KERB + 16.0, height));
        brush.glow(x, y, dice.range(20.0, 90.0), dice.range(4.0, 14.0), ink(60, 50, 40).alpha(26));
    }
    // A drain and fallen leaves by the kerb.
    let drain = dice.range(80.0, width - 80.0);
    brush.rect(drain, NEAR_KERB - 14.0, 44.0, 9.0, ink(44, 44, 48));
    for bar in 0..6 {
        brush.rect(drain + 4.0 + bar as f32 * 7.0, NEAR_KERB - 13.0, 2.5, 7.0, ink(86, 86, 90));
    }
    for _ in 0..46 {
        let (x, y) = (dice.range(0.0, width), dice.range(NEAR_KERB - 10.0, NEAR_KERB + 30.0));
        let leaf = dice.pick(&[ink(176, 122, 52), ink(142, 132, 60), ink(192, 92, 48)]);
        brush.oval(x, y, dice.range(1.5, 3.4), dice.range(1.0, 1.8), leaf.alpha(200));
    }
}

/// A little grain, so that walls and tar are not sterile; standing still it costs no bitrate.
fn grain(canvas: &mut Canvas, dice: &mut Dice) {
    let width = canvas.size().width as usize;
    for (i, pixel) in canvas.rgba_mut().chunks_exact_mut(4).enumerate() {
        let strength = if (i / width) as f32 > FAR_PAVEMENT { 9 } else { 5 };
        let offset = (dice.next() % (2 * strength + 1)) as i16 - strength as i16;
        for value in &mut pixel[..3] {
            *value = (i16::from(*value) + offset).clamp(0, 255) as u8;
        }
    }
}
