//! Things that stand in the way: lamp posts, trees, an advertising column, a kiosk, a shelter.

use super::lettering;
use crate::canvas::{Brush, Ink, ink, polygon, round_rect};
use crate::dice::Dice;

/// Something that hides what passes behind it; units of a metre, origin on the ground.
#[derive(Clone)]
pub(crate) struct Furniture {
    pub(crate) x: f32,
    /// Where it stands: the picture's row, which gives its distance.
    pub(crate) y: f32,
    kind: Kind,
    look: Dice,
}

/// What stands there.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Kind {
    LampPost,
    Tree,
    Column,
    Kiosk,
    Shelter,
    Planter,
    Bollard,
    LetterBox,
}

impl Furniture {
    pub(crate) fn new(kind: Kind, x: f32, y: f32, look: Dice) -> Self {
        Self { x, y, kind, look }
    }

    /// Half the width that hides, metres.
    pub(crate) fn half_width(kind: Kind) -> f32 {
        match kind {
            Kind::LampPost | Kind::Bollard => 0.1,
            Kind::Tree => 0.28,
            Kind::Column => 0.75,
            Kind::Kiosk => 1.15,
            Kind::Shelter => 1.9,
            Kind::Planter => 0.55,
            Kind::LetterBox => 0.3,
        }
    }

    /// The same every time; `slant` and `shade` are the street's light.
    pub(crate) fn paint(&self, brush: &mut Brush<'_>, slant: f32, shade: u8) {
        let mut dice = self.look.clone();
        let half = Self::half_width(self.kind);
        brush.shadow(slant * 0.8, 0.0, half * 1.5 + 0.25, 0.14, shade);
        match self.kind {
            Kind::LampPost => lamp_post(brush),
            Kind::Tree => tree(brush, &mut dice),
            Kind::Column => column(brush, &mut dice, half),
            Kind::Kiosk => kiosk(brush, &mut dice, half),
            Kind::Shelter => shelter(brush, &mut dice, half),
            Kind::Planter => planter(brush, &mut dice, half),
            Kind::Bollard => {
                brush.line(&[[0.0, -0.05], [0.0, -0.82]], 0.13, ink(60, 62, 68));
                brush.line(&[[0.0, -0.66], [0.0, -0.7]], 0.14, ink(224, 220, 208));
            }
            Kind::LetterBox => {
                let paint = dice.pick(&[ink(204, 152, 36), ink(178, 38, 36), ink(40, 78, 136)]);
                brush.rect(-0.08, -0.6, 0.16, 0.6, paint.lit(0.6));
                if let Some(path) = round_rect(-half, -1.35, half * 2.0, 0.85, 0.12) {
                    brush.fill_fading(&path, paint.lit(1.15), paint.lit(0.75));
                }
                brush.rect(-half * 0.6, -1.18, half * 1.2, 0.06, ink(30, 30, 34));
            }
        }
    }
}

fn lamp_post(brush: &mut Brush<'_>) {
    let iron = ink(46, 52, 56);
    brush.rect(-0.14, -0.5, 0.28, 0.5, iron);
    brush.rect(-0.065, -4.4, 0.13, 4.0, iron);
    brush.rect(-0.065, -4.4, 0.045, 4.0, iron.lit(1.7));
    brush.line(&[[-0.3, -4.35], [0.3, -4.35]], 0.06, iron);
    brush.polygon(&[[-0.16, -4.4], [0.16, -4.4], [0.24, -4.9], [-0.24, -4.9]], ink(250, 236, 190));
    brush.polygon(&[[-0.3, -4.88], [0.3, -4.88], [0.0, -5.2]], iron);
}

fn tree(brush: &mut Brush<'_>, dice: &mut Dice) {
    let bark = dice.pick(&[ink(98, 72, 52), ink(112, 94, 78), ink(84, 66, 54)]);
    if let Some(path) = polygon(&[
        [-0.26, 0.0],
        [-0.17, -0.5],
        [-0.13, -3.7],
        [0.13, -3.7],
        [0.16, -0.5],
        [0.28, 0.0],
    ]) {
        brush.fill(&path, bark);
    }
    for i in 0..20 {
        let x = dice.range(-0.13, 0.1);
        let y = -0.2 - i as f32 * 0.16;
        brush.line(&[[x, y], [x + 0.02, y - 0.13]], 0.03, bark.lit(dice.range(0.7, 1.25)));
    }
    brush.line(&[[0.0, -3.3], [-0.6, -4.2]], 0.14, bark.lit(0.85));
    brush.line(&[[0.0, -3.3], [0.55, -4.3]], 0.14, bark.lit(0.85));
    let leaf =
        dice.pick(&[ink(74, 118, 58), ink(104, 138, 62), ink(176, 132, 56), ink(64, 104, 70)]);
    for (count, light, reach) in [(26, 0.68, 1.0), (30, 0.9, 0.92), (34, 1.1, 0.8), (26, 1.3, 0.6)]
    {
        for _ in 0..count {
            let angle = dice.range(0.0, std::f32::consts::TAU);
            let out = dice.unit().sqrt() * reach;
            let x = angle.cos() * out * 1.75;
            let y = -4.95 + angle.sin() * out * 1.3 - (light - 0.9) * 0.5;
            let r = dice.range(0.2, 0.46);
            brush.oval(x, y, r, r * 0.8, leaf.lit(light * dice.range(0.92, 1.08)));
        }
    }
}

fn column(brush: &mut Brush<'_>, dice: &mut Dice, half: f32) {
    let body = ink(206, 196, 178);
    brush.rect(-half, -2.5, half * 2.0, 2.5, body);
    for (i, side) in [-1.0, 0.0, 1.0].into_iter().enumerate() {
        let poster: Ink = dice.pick(&[
            ink(198, 66, 54),
            ink(44, 88, 132),
            ink(232, 180, 72),
            ink(76, 128, 100),
            ink(120, 78, 128),
        ]);
        let squeeze = if i == 1 { 0.34 } else { 0.27 };
        let left = side * half * 0.64 - half * squeeze;
        let wide = half * squeeze * 2.0;
        brush.rect(left, -2.15, wide, 1.5, poster);
        brush.rect(left + wide * 0.12, -2.05, wide * 0.76, 0.7, poster.lit(1.35));
        brush.oval(left + wide * 0.5, -1.7, wide * 0.25, wide * 0.25, poster.lit(0.6));
        for line in 0..3 {
            let y = -1.2 + line as f32 * 0.15;
            brush.rect(left + wide * 0.14, y, wide * (0.72 - 0.15 * line as f32), 0.07, {
                ink(246, 240, 226)
            });
        }
    }
    let dark = ink(60, 78, 70);
    brush.rect(-half * 1.08, -0.32, half * 2.16, 0.32, dark);
    brush.rect(-half * 1.1, -2.62, half * 2.2, 0.2, dark);
    if let Some(path) = polygon(&[[-half * 1.0, -2.6], [half, -2.6], [0.0, -3.1]]) {
        brush.fill_fading(&path, dark.lit(1.4), dark);
    }
    rounding(brush, half, 2.5);
}

/// Makes a flat body look round: darker to its right.
fn rounding(brush: &mut Brush<'_>, half: f32, tall: f32) {
    for i in 0..8 {
        let x = half * (1.0 - (i + 1) as f32 * 0.1);
        brush.rect(x, -tall, half - x, tall, ink(10, 10, 30).alpha(17));
    }
    brush.rect(-half, -tall, half * 0.25, tall, ink(255, 255, 255).alpha(22));
}

fn kiosk(brush: &mut Brush<'_>, dice: &mut Dice, half: f32) {
    let paint = dice.pick(&[ink(52, 96, 84), ink(140, 52, 48), ink(52, 82, 122)]);
    brush.rect(-half, -2.35, half * 2.0, 2.35, paint);
    for plank in 1..9 {
        let x = -half + plank as f32 * half * 2.0 / 9.0;
        brush.rect(x, -1.0, 0.015, 1.0, paint.lit(0.7));
    }
    let at = [-half * 0.8, -2.0, half * 1.6, 0.85];
    brush.rect_fading(at, ink(252, 226, 168), ink(186, 132, 84));
    for i in 0..10 {
        let colour = dice.pick(&[
            ink(206, 70, 60),
            ink(60, 110, 160),
            ink(238, 196, 90),
            ink(96, 150, 110),
            ink(240, 236, 226),
        ]);
        let x = -half * 0.76 + i as f32 * half * 0.155;
        brush.rect(x, -1.5, half * 0.13, 0.32, colour);
        brush.rect(x, -1.92, half * 0.13, 0.3, colour.lit(0.8));
    }
    brush.rect(-half * 0.9, -1.14, half * 1.8, 0.1, ink(170, 130, 88));
    let stripes = 9;
    let pitch = half * 2.3 / stripes as f32;
    for i in 0..stripes {
        let colour = if i % 2 == 0 { ink(240, 234, 218) } else { paint.lit(1.3) };
        let x = -half * 1.15 + i as f32 * pitch;
        brush.polygon(
            &[[x * 0.94, -2.5], [(x + pitch) * 0.94, -2.5], [x + pitch, -2.08], [x, -2.08]],
            colour,
        );
        brush.oval(x + pitch / 2.0, -2.08, pitch / 2.0, 0.08, colour);
    }
    brush.rect(-half * 1.1, -2.85, half * 2.2, 0.4, paint.lit(0.75));
    let dot = 0.038;
    let wide = lettering::width("NEWS", dot);
    lettering::write(brush, "NEWS", -wide / 2.0, -2.78, dot, ink(248, 236, 206));
    brush.rect(-half, -0.16, half * 2.0, 0.16, ink(50, 50, 54));
}

fn shelter(brush: &mut Brush<'_>, dice: &mut Dice, half: f32) {
    let steel = ink(78, 86, 92);
    // Glass behind, translucent; an advertisement on its right side hides what is behind it.
    brush.rect(-half, -2.1, half * 2.0 - 0.7, 1.75, ink(190, 216, 224).alpha(70));
    brush.rect(-half * 0.8, -0.52, half * 1.05, 0.07, ink(150, 110, 74));
    for x in [-half * 0.7, -half * 0.1] {
        brush.rect(x, -0.5, 0.05, 0.5, steel);
    }
    for x in [-half, -half * 0.15, half - 0.72] {
        brush.rect(x, -2.3, 0.07, 2.3, steel);
    }
    let poster = dice.pick(&[ink(224, 116, 70), ink(58, 120, 150), ink(196, 72, 110)]);
    brush.rect(half - 0.68, -2.05, 0.7, 1.9, ink(56, 60, 66));
    brush.rect_fading([half - 0.62, -1.98, 0.58, 1.74], poster.lit(1.2), poster.lit(0.8));
    brush.oval(half - 0.33, -1.4, 0.17, 0.17, ink(250, 240, 214));
    brush.rect(half - 0.52, -0.72, 0.38, 0.08, ink(250, 240, 214));
    brush.rect(half - 0.48, -0.56, 0.3, 0.06, ink(250, 240, 214));
    if let Some(path) = round_rect(-half - 0.15, -2.48, half * 2.0 + 0.3, 0.22, 0.06) {
        brush.fill_fading(&path, steel.lit(1.5), steel);
    }
}

fn planter(brush: &mut Brush<'_>, dice: &mut Dice, half: f32) {
    for _ in 0..34 {
        let x = dice.range(-half, half);
        let y = -0.55 - dice.range(0.0, 0.42) * (1.0 - (x / half).abs() * 0.6);
        let green = ink(70, 112, 62).lit(dice.range(0.7, 1.35));
        brush.oval(x, y, dice.range(0.08, 0.16), dice.range(0.07, 0.14), green);
    }
    for _ in 0..16 {
        let x = dice.range(-half * 0.9, half * 0.9);
        let flower = dice.pick(&[ink(226, 84, 96), ink(246, 200, 92), ink(236, 226, 236)]);
        brush.oval(x, -0.68 - dice.range(0.0, 0.3), 0.045, 0.045, flower);
    }
    if let Some(path) = polygon(&[
        [-half * 1.05, -0.56],
        [half * 1.05, -0.56],
        [half * 0.9, 0.0],
        [-half * 0.9, 0.0],
    ]) {
        brush.fill_fading(&path, ink(176, 158, 138), ink(128, 112, 98));
    }
}
