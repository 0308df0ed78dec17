//! People: looks from dice, limbs from the phase of their step.

use std::f32::consts::TAU;

use crate::canvas::{Brush, Ink, ink, polygon, rounded};
use crate::dice::Dice;

/// How somebody looks; lengths in metres.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) height: f32,
    build: f32,
    skin: Ink,
    hair: Ink,
    hair_style: Hair,
    top: Ink,
    sleeves: Sleeves,
    bottom: Ink,
    garment: Garment,
    shoes: Ink,
    bag: Option<(Bag, Ink)>,
    /// Share of a full stride that this person's legs swing.
    vigour: f32,
}

#[derive(Clone, Copy, PartialEq)]
enum Hair {
    Short,
    Long,
    Bun,
    Hat(Ink),
    Bald,
}

#[derive(Clone, Copy, PartialEq)]
enum Sleeves {
    Long,
    Short,
}

#[derive(Clone, Copy, PartialEq)]
enum Garment {
    Trousers,
    Shorts,
    Skirt,
    Coat,
}

#[derive(Clone, Copy, PartialEq)]
enum Bag {
    Backpack,
    Shoulder,
    Suitcase,
}

/// One turn per period, in radians per second: whoever waits does so without a seam.
const LOOP: f32 = TAU * super::Street::FPS as f32 / super::Street::PERIOD as f32;

const SKINS: [Ink; 6] = [
    ink(244, 208, 177),
    ink(231, 184, 146),
    ink(205, 152, 112),
    ink(166, 114, 78),
    ink(122, 80, 54),
    ink(86, 56, 40),
];
const HAIRS: [Ink; 6] = [
    ink(40, 30, 26),
    ink(74, 48, 30),
    ink(122, 78, 42),
    ink(196, 152, 84),
    ink(150, 146, 142),
    ink(132, 58, 30),
];
const TOPS: [Ink; 16] = [
    ink(196, 58, 52),
    ink(38, 84, 140),
    ink(240, 238, 230),
    ink(44, 48, 58),
    ink(228, 170, 56),
    ink(58, 128, 92),
    ink(118, 74, 130),
    ink(222, 120, 76),
    ink(112, 168, 200),
    ink(150, 44, 72),
    ink(112, 118, 96),
    ink(232, 150, 164),
    ink(70, 74, 86),
    ink(34, 120, 128),
    ink(170, 140, 108),
    ink(88, 100, 160),
];
const BOTTOMS: [Ink; 9] = [
    ink(40, 52, 84),
    ink(62, 84, 122),
    ink(38, 38, 44),
    ink(92, 88, 84),
    ink(150, 128, 96),
    ink(76, 60, 50),
    ink(112, 124, 136),
    ink(60, 72, 62),
    ink(176, 170, 160),
];
const SHOES: [Ink; 5] =
    [ink(34, 30, 30), ink(232, 230, 226), ink(92, 58, 38), ink(160, 44, 44), ink(70, 76, 90)];

/// What somebody is doing in one frame.
#[derive(Clone, Copy)]
pub(crate) struct Pose {
    /// Metres walked so far; drives the legs.
    pub(crate) walked: f32,
    /// Share of the full walking speed, 0 standing.
    pub(crate) pace: f32,
    /// Seconds for idle movement.
    pub(crate) seconds: f32,
}

impl Person {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let garment = match dice.below(10) {
            0..=4 => Garment::Trousers,
            5 => Garment::Shorts,
            6..=7 => Garment::Skirt,
            _ => Garment::Coat,
        };
        let hair_style = match dice.below(9) {
            0..=3 => Hair::Short,
            4..=5 => Hair::Long,
            6 => Hair::Bun,
            7 => Hair::Hat(dice.pick(&TOPS)),
            _ => Hair::Bald,
        };
        let bag = dice.chance(0.45).then(|| {
            let kind = dice.pick(&[Bag::Backpack, Bag::Backpack, Bag::Shoulder, Bag::Suitcase]);
            (kind, dice.pick(&TOPS).lit(0.8))
        });
        Self {
            height: dice.range(1.58, 1.9),
            build: dice.range(0.9, 1.18),
            skin: dice.pick(&SKINS),
            hair: dice.pick(&HAIRS),
            hair_style,
            top: dice.pick(&TOPS).lit(dice.range(0.85, 1.1)),
            sleeves: if dice.chance(0.3) { Sleeves::Short } else { Sleeves::Long },
            bottom: dice.pick(&BOTTOMS).lit(dice.range(0.9, 1.15)),
            garment,
            shoes: dice.pick(&SHOES),
            bag,
            vigour: dice.range(0.9, 1.05),
        }
    }

    /// Metres in which both legs swing once.
    fn stride(&self) -> f32 {
        0.83 * self.height * self.vigour
    }

    /// Seen from the side, walking to the right; origin between the feet, units of a metre.
    pub(crate) fn paint_walking(&self, brush: &mut Brush<'_>, pose: Pose) {
        let h = self.height;
        let phase = pose.walked / self.stride() * TAU;
        let swing = 0.43 * self.vigour * pose.pace.max(0.12);
        let (thigh, shank) = (0.245 * h, 0.235 * h);
        let leg = |shift: f32| {
            let angle = swing * (phase + shift).sin();
            // The knee bends while the leg swings forward.
            let bend = 0.06 + 1.0 * pose.pace * (phase + shift + 0.35).cos().max(0.0).powf(1.4);
            let knee = [thigh * angle.sin(), thigh * angle.cos()];
            let down = angle - bend;
            let ankle = [knee[0] + shank * down.sin(), knee[1] + shank * down.cos()];
            (knee, ankle, down)
        };
        let (near, far) = (leg(0.0), leg(TAU / 2.0));
        // The lower foot stands on the ground.
        let sole = 0.045 * h;
        let hip_y = -(near.1[1].max(far.1[1]) + sole);
        let sway = 0.006 * (pose.seconds * 1.3).sin() * (1.0 - pose.pace);
        let lean = 0.035 * pose.pace;
        let hip = [0.0, hip_y];
        let neck = [lean * h + sway, hip_y - 0.315 * h];

        let arm_swing = 0.42 * pose.pace;
        let far_arm = arm_swing * phase.sin();
        self.paint_arm(brush, neck, far_arm, 0.68);
        self.paint_leg(brush, hip, far, 0.72);
        if let Some((Bag::Suitcase, colour)) = self.bag {
            let x = -0.33 * h;
            brush.line(&[[x + 0.05 * h, -0.3 * h], [-0.1 * h, -0.44 * h]], 0.018, ink(70, 70, 74));
            brush.rect(x - 0.06 * h, -0.31 * h, 0.16 * h, 0.28 * h, colour);
            brush.oval(x - 0.02 * h, -0.025 * h, 0.022 * h, 0.022 * h, ink(30, 30, 32));
            brush.oval(x + 0.07 * h, -0.025 * h, 0.022 * h, 0.022 * h, ink(30, 30, 32));
        }
        self.paint_leg(brush, hip, near, 1.0);
        self.paint_torso(brush, hip, neck, near, far);
        self.paint_head(brush, neck);
        self.paint_arm(brush, neck, -far_arm, 1.0);
        if let Some((Bag::Shoulder, colour)) = self.bag {
            brush.line(
                &[[neck[0], neck[1] + 0.03 * h], [hip[0] - 0.04 * h, hip_y - 0.02 * h]],
                0.016,
                colour.lit(0.7),
            );
            brush.rect(-0.1 * h, hip_y - 0.04 * h, 0.13 * h, 0.1 * h, colour);
        }
    }

    fn paint_leg(
        &self,
        brush: &mut Brush<'_>,
        hip: [f32; 2],
        (knee, ankle, down): ([f32; 2], [f32; 2], f32),
        light: f32,
    ) {
        let (h, b) = (self.height, self.build);
        let knee = [hip[0] + knee[0], hip[1] + knee[1]];
        let ankle = [hip[0] + ankle[0], hip[1] + ankle[1]];
        let cloth = self.bottom.lit(light);
        let skin = self.skin.lit(light * 0.96);
        let lower = match self.garment {
            Garment::Trousers | Garment::Coat => cloth,
            Garment::Shorts | Garment::Skirt => skin,
        };
        let tip = [
            ankle[0] + 0.085 * h * (down * 0.6).cos(),
            ankle[1] - 0.085 * h * (down * 0.6).sin() + 0.022 * h,
        ];
        let heel = [ankle[0] - 0.012 * h, ankle[1] + 0.02 * h];
        brush.line(&[heel, tip], 0.045 * h, self.shoes.lit(light));
        brush.line(&[knee, ankle], 0.058 * h * b, lower);
        brush.line(&[hip, knee], 0.082 * h * b, cloth);
    }

    fn paint_arm(&self, brush: &mut Brush<'_>, neck: [f32; 2], angle: f32, light: f32) {
        let (h, b) = (self.height, self.build);
        let shoulder = [neck[0] - 0.005 * h, neck[1] + 0.035 * h];
        let elbow = [shoulder[0] + 0.165 * h * angle.sin(), shoulder[1] + 0.165 * h * angle.cos()];
        let bent = angle + 0.28 + 0.25 * angle.max(0.0);
        let hand = [elbow[0] + 0.14 * h * bent.sin(), elbow[1] + 0.14 * h * bent.cos()];
        let cloth = self.top.lit(light * 0.93);
        let skin = self.skin.lit(light);
        brush.oval(hand[0], hand[1] + 0.01 * h, 0.024 * h, 0.027 * h, skin);
        let lower = if self.sleeves == Sleeves::Long { cloth } else { skin };
        brush.line(&[elbow, hand], 0.044 * h * b, lower);
        brush.line(&[shoulder, elbow], 0.054 * h * b, cloth);
    }

    fn paint_torso(
        &self,
        brush: &mut Brush<'_>,
        hip: [f32; 2],
        neck: [f32; 2],
        near: ([f32; 2], [f32; 2], f32),
        far: ([f32; 2], [f32; 2], f32),
    ) {
        let (h, b) = (self.height, self.build);
        if let Some((Bag::Backpack, colour)) = self.bag {
            let path = rounded(&[
                [neck[0] - 0.02 * h, neck[1] + 0.02 * h],
                [neck[0] - 0.15 * h, neck[1] + 0.03 * h],
                [hip[0] - 0.15 * h, hip[1] - 0.03 * h],
                [hip[0] - 0.02 * h, hip[1] - 0.03 * h],
            ]);
            if let Some(path) = path {
                brush.fill_fading(&path, colour.lit(1.1), colour.lit(0.75));
            }
        }
        let w = 0.078 * h * b;
        // The hem follows the legs.
        let reach = |share: f32, knee: [f32; 2]| hip[0] + knee[0] * share;
        let (front, back) = (near.0[0].max(far.0[0]), near.0[0].min(far.0[0]));
        let hem = match self.garment {
            Garment::Skirt => Some((0.235 * h, self.bottom)),
            Garment::Coat => Some((0.2 * h, self.top)),
            _ => None,
        };
        if let Some((length, colour)) = hem {
            let flare = if self.garment == Garment::Skirt { 1.2 } else { 0.95 };
            let path = polygon(&[
                [hip[0] - w, hip[1] - 0.06 * h],
                [hip[0] + w, hip[1] - 0.06 * h],
                [reach(0.9, [front, 0.0]) + w * flare, hip[1] + length],
                [reach(0.9, [back, 0.0]) - w * flare, hip[1] + length],
            ]);
            if let Some(path) = path {
                brush.fill_fading(&path, colour, colour.lit(0.8));
            }
        }
        let path = rounded(&[
            [neck[0] - 0.5 * w, neck[1] - 0.015 * h],
            [neck[0] + 0.75 * w, neck[1] - 0.01 * h],
            [neck[0] + 1.25 * w, neck[1] + 0.11 * h],
            [hip[0] + 1.05 * w, hip[1] - 0.09 * h],
            [hip[0] + 1.05 * w, hip[1] + 0.05 * h],
            [hip[0] - 1.1 * w, hip[1] + 0.05 * h],
            [hip[0] - 1.0 * w, hip[1] - 0.09 * h],
            [neck[0] - 1.25 * w, neck[1] + 0.1 * h],
        ]);
        if let Some(path) = path {
            brush.fill_fading(&path, self.top.lit(1.06), self.top.lit(0.84));
        }
    }

    fn paint_head(&self, brush: &mut Brush<'_>, neck: [f32; 2]) {
        let h = self.height;
        let [x, y] = [neck[0] + 0.012 * h, neck[1] - 0.075 * h];
        brush.line(&[[neck[0], neck[1] + 0.01 * h], [x, y]], 0.05 * h, self.skin.lit(0.86));
        let hair = self.hair;
        if self.hair_style == Hair::Long {
            let path = rounded(&[
                [x - 0.075 * h, y - 0.08 * h],
                [x + 0.03 * h, y - 0.08 * h],
                [x + 0.0 * h, y + 0.11 * h],
                [x - 0.09 * h, y + 0.12 * h],
            ]);
            if let Some(path) = path {
                brush.fill(&path, hair.lit(0.92));
            }
        }
        brush.oval(x, y, 0.054 * h, 0.066 * h, self.skin);
        brush.oval(x + 0.054 * h, y + 0.008 * h, 0.012 * h, 0.013 * h, self.skin.lit(0.97));
        brush.oval(x + 0.03 * h, y - 0.008 * h, 0.006 * h, 0.008 * h, ink(40, 32, 30));
        match self.hair_style {
            Hair::Bald => {
                brush.oval(x - 0.014 * h, y + 0.005 * h, 0.012 * h, 0.018 * h, self.skin.lit(0.88))
            }
            Hair::Hat(colour) => {
                let path = polygon(&[
                    [x - 0.062 * h, y - 0.02 * h],
                    [x - 0.05 * h, y - 0.082 * h],
                    [x + 0.045 * h, y - 0.082 * h],
                    [x + 0.06 * h, y - 0.02 * h],
                ]);
                if let Some(path) = path {
                    brush.fill(&path, colour);
                }
                let brim = y - 0.022 * h;
                brush.line(&[[x - 0.06 * h, brim], [x + 0.095 * h, brim]], 0.016 * h, {
                    colour.lit(0.8)
                });
            }
            style => {
                let path = rounded(&[
                    [x + 0.055 * h, y - 0.045 * h],
                    [x + 0.03 * h, y - 0.085 * h],
                    [x - 0.055 * h, y - 0.085 * h],
                    [x - 0.075 * h, y + 0.0 * h],
                    [x - 0.05 * h, y + 0.06 * h],
                    [x - 0.02 * h, y + 0.03 * h],
                    [x - 0.01 * h, y - 0.03 * h],
                ]);
                if let Some(path) = path {
                    brush.fill(&path, hair);
                }
                if style == Hair::Bun {
                    brush.oval(x - 0.062 * h, y - 0.05 * h, 0.026 * h, 0.026 * h, hair.lit(0.9));
                }
            }
        }
    }

    /// Seen from the front, waiting, now and then looking at a telephone.
    pub(crate) fn paint_waiting(&self, brush: &mut Brush<'_>, pose: Pose) {
        let (h, b) = (self.height, self.build);
        let sway = 0.012 * (pose.seconds * 4.0 * LOOP).sin();
        let hip_y = -0.5 * h;
        let neck_y = -0.815 * h;
        for side in [-1.0f32, 1.0] {
            let foot = side * 0.055 * h;
            let hip = side * 0.045 * h + sway;
            let skin = matches!(self.garment, Garment::Shorts | Garment::Skirt);
            let lower = if skin { self.skin.lit(0.95) } else { self.bottom };
            brush.oval(foot * 1.15, -0.02 * h, 0.034 * h, 0.022 * h, self.shoes);
            brush.line(&[[foot, -0.05 * h], [hip, -0.27 * h]], 0.058 * h * b, lower.lit(0.95));
            brush.line(&[[hip, -0.27 * h], [hip, hip_y]], 0.08 * h * b, self.bottom);
        }
        let w = 0.115 * h * b;
        if matches!(self.garment, Garment::Skirt | Garment::Coat) {
            let colour = if self.garment == Garment::Coat { self.top } else { self.bottom };
            let path = polygon(&[
                [sway - 0.85 * w, hip_y - 0.06 * h],
                [sway + 0.85 * w, hip_y - 0.06 * h],
                [sway + 1.1 * w, hip_y + 0.22 * h],
                [sway - 1.1 * w, hip_y + 0.22 * h],
            ]);
            if let Some(path) = path {
                brush.fill_fading(&path, colour, colour.lit(0.8));
            }
        }
        if matches!(self.bag, Some((Bag::Backpack, _))) {
            brush.rect(sway - 0.95 * w, neck_y + 0.06 * h, 1.9 * w, 0.2 * h, {
                self.bag.map_or(self.top, |bag| bag.1).lit(0.7)
            });
        }
        let path = rounded(&[
            [sway - 0.7 * w, neck_y - 0.02 * h],
            [sway + 0.7 * w, neck_y - 0.02 * h],
            [sway + 1.4 * w, neck_y + 0.03 * h],
            [sway + 0.95 * w, hip_y - 0.1 * h],
            [sway + 1.0 * w, hip_y + 0.05 * h],
            [sway - 1.0 * w, hip_y + 0.05 * h],
            [sway - 0.95 * w, hip_y - 0.1 * h],
            [sway - 1.4 * w, neck_y + 0.03 * h],
        ]);
        if let Some(path) = path {
            brush.fill_fading(&path, self.top.lit(1.06), self.top.lit(0.86));
        }
        let [x, y] = [sway * 1.3, -0.925 * h];
        if self.hair_style == Hair::Long {
            brush.oval(x, y + 0.035 * h, 0.075 * h, 0.1 * h, self.hair.lit(0.9));
        }
        brush.line(&[[sway, neck_y], [x, y]], 0.05 * h, self.skin.lit(0.86));
        brush.oval(x, y, 0.052 * h, 0.068 * h, self.skin);
        for side in [-1.0, 1.0] {
            brush.oval(x + side * 0.02 * h, y - 0.004 * h, 0.006 * h, 0.007 * h, ink(40, 32, 30));
        }
        let crown = match self.hair_style {
            Hair::Bald => None,
            Hair::Hat(colour) => Some(colour),
            _ => Some(self.hair),
        };
        if let Some(colour) = crown {
            let path = rounded(&[
                [x - 0.068 * h, y - 0.01 * h],
                [x - 0.06 * h, y - 0.085 * h],
                [x + 0.06 * h, y - 0.085 * h],
                [x + 0.068 * h, y - 0.01 * h],
                [x + 0.02 * h, y - 0.045 * h],
                [x - 0.03 * h, y - 0.04 * h],
            ]);
            if let Some(path) = path {
                brush.fill(&path, colour);
            }
        }
        // One arm hangs, the other lifts a telephone for part of the time.
        let lift = ((pose.seconds * 2.0 * LOOP).sin() * 2.0).clamp(0.0, 1.0);
        for (side, lifted) in [(-1.0f32, 0.0), (1.0, lift)] {
            let shoulder = [sway + side * 1.12 * w, neck_y + 0.04 * h];
            let elbow = [shoulder[0] + side * 0.025 * h, shoulder[1] + 0.16 * h];
            let hand = [
                elbow[0] - side * (0.01 + 0.075 * lifted) * h,
                elbow[1] + (0.14 - 0.2 * lifted) * h,
            ];
            let lower = if self.sleeves == Sleeves::Long { self.top } else { self.skin };
            brush.oval(hand[0], hand[1], 0.024 * h, 0.026 * h, self.skin);
            brush.line(&[elbow, hand], 0.044 * h * b, lower.lit(0.95));
            brush.line(&[shoulder, elbow], 0.054 * h * b, self.top.lit(0.92));
            if lifted > 0.8 {
                brush.rect(hand[0] - 0.02 * h, hand[1] - 0.045 * h, 0.035 * h, 0.06 * h, {
                    ink(28, 30, 36)
                });
            }
        }
    }

    /// Riding a bicycle to the right whose saddle is at `saddle`, handlebar at `bar` and whose
    /// pedals are at `pedals` (near, far); origin on the ground below the bicycle's middle.
    pub(crate) fn paint_riding(
        &self,
        brush: &mut Brush<'_>,
        saddle: [f32; 2],
        bar: [f32; 2],
        pedals: [[f32; 2]; 2],
        behind: bool,
    ) {
        let h = self.height;
        let hip = [saddle[0], saddle[1] - 0.03];
        let neck = [hip[0] + 0.2 * h, hip[1] - 0.27 * h];
        let (thigh, shank) = (0.245 * h, 0.245 * h);
        let (pedal, light) = if behind { (pedals[1], 0.7) } else { (pedals[0], 1.0) };
        // Two-bone reach from hip to pedal: the knee bends forward (law of cosines).
        let (dx, dy) = (pedal[0] - hip[0], pedal[1] - 0.04 * h - hip[1]);
        let reach = (dx * dx + dy * dy).sqrt().min((thigh + shank) * 0.999);
        let towards = dx.atan2(dy);
        let inner = (thigh * thigh + reach * reach - shank * shank) / (2.0 * thigh * reach);
        let angle = towards + inner.clamp(-1.0, 1.0).acos();
        let knee = [thigh * angle.sin(), thigh * angle.cos()];
        let ankle = [dx, dy];
        self.paint_leg(brush, hip, (knee, ankle, 0.1), light);
        if behind {
            return;
        }
        let w = 0.078 * h * self.build;
        if let Some((Bag::Backpack, colour)) = self.bag {
            brush.line(
                &[[hip[0] + 0.0, hip[1] - 0.1 * h], [neck[0] - 0.1, neck[1] + 0.06]],
                0.12 * h,
                colour,
            );
        }
        let path = rounded(&[
            [neck[0] - 0.9 * w, neck[1] - 0.02 * h],
            [neck[0] + 0.6 * w, neck[1] - 0.015 * h],
            [neck[0] + 0.8 * w, neck[1] + 0.1 * h],
            [hip[0] + 1.3 * w, hip[1] + 0.02 * h],
            [hip[0] - 0.9 * w, hip[1] + 0.06 * h],
            [hip[0] - 1.1 * w, hip[1] - 0.06 * h],
        ]);
        if let Some(path) = path {
            brush.fill_fading(&path, self.top.lit(1.06), self.top.lit(0.84));
        }
        self.paint_head(brush, [neck[0] + 0.01 * h, neck[1]]);
        let shoulder = [neck[0] + 0.01 * h, neck[1] + 0.035 * h];
        let elbow = [(shoulder[0] + bar[0]) / 2.0 - 0.02, (shoulder[1] + bar[1]) / 2.0 + 0.09];
        let lower = if self.sleeves == Sleeves::Long { self.top } else { self.skin };
        brush.line(&[elbow, bar], 0.044 * h, lower.lit(0.9));
        brush.line(&[shoulder, elbow], 0.054 * h, self.top.lit(0.93));
        brush.oval(bar[0], bar[1], 0.024 * h, 0.024 * h, self.skin);
    }
}
