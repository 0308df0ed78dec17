//! Cars, buses, bicycles, and a dog: side views heading right, origin on the ground at the middle,
//! units of a metre.

use std::f32::consts::TAU;

use crate::canvas::{Brush, Ink, ink, polygon, round_rect, rounded};
use crate::dice::Dice;

const PAINTS: [Ink; 11] = [
    ink(186, 40, 42),
    ink(36, 78, 140),
    ink(222, 224, 226),
    ink(44, 46, 52),
    ink(150, 156, 162),
    ink(232, 186, 60),
    ink(44, 110, 92),
    ink(94, 130, 168),
    ink(204, 106, 52),
    ink(118, 40, 62),
    ink(196, 186, 164),
];
const GLASS_TOP: Ink = ink(172, 198, 212);
const GLASS_BOTTOM: Ink = ink(72, 92, 108);
const TYRE: Ink = ink(30, 30, 33);

/// A car's body.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Body {
    Hatchback,
    Saloon,
    Estate,
    Van,
}

/// How a car looks.
#[derive(Clone)]
pub(crate) struct Car {
    body: Body,
    paint: Ink,
    /// Bumper to bumper, metres.
    pub(crate) length: f32,
    height: f32,
}

impl Car {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let body = dice.pick(&[
            Body::Hatchback,
            Body::Hatchback,
            Body::Saloon,
            Body::Saloon,
            Body::Estate,
            Body::Van,
        ]);
        let (length, height) = match body {
            Body::Hatchback => (dice.range(3.7, 4.1), dice.range(1.42, 1.52)),
            Body::Saloon => (dice.range(4.3, 4.7), dice.range(1.38, 1.46)),
            Body::Estate => (dice.range(4.4, 4.7), dice.range(1.5, 1.65)),
            Body::Van => (dice.range(4.7, 5.1), dice.range(1.95, 2.2)),
        };
        Self { body, paint: dice.pick(&PAINTS).lit(dice.range(0.9, 1.1)), length, height }
    }

    /// A small one, for the kerb.
    pub(crate) fn parked(dice: &mut Dice) -> Self {
        let length = dice.range(3.6, 4.0);
        Self { body: Body::Hatchback, paint: dice.pick(&PAINTS), length, height: 1.46 }
    }

    /// `rolled`: metres travelled, turns the wheels.
    pub(crate) fn paint(&self, brush: &mut Brush<'_>, rolled: f32) {
        let (half, tall) = (self.length / 2.0, self.height);
        brush.shadow(0.0, -0.02, half * 1.12, 0.24, 150);
        let wheel = 0.32;
        let axles = [-half * 0.62, half * 0.64];
        let belt = -tall * 0.6;
        let sill = -0.22;
        // Windscreen foot, roof front, roof rear, rear window foot.
        let [a, b, c, d] = match self.body {
            Body::Hatchback => [0.4, 0.02, -0.68, -0.93],
            Body::Saloon => [0.4, 0.1, -0.38, -0.72],
            Body::Estate => [0.42, 0.14, -0.8, -0.95],
            Body::Van => [0.62, 0.4, -0.94, -0.97],
        }
        .map(|share: f32| share * half);
        let bonnet = belt * if self.body == Body::Van { 0.98 } else { 0.9 };
        let shell = rounded(&[
            [-half, sill],
            [-half * 1.02, belt * 0.95],
            [d, belt * 1.04],
            [d, belt],
            [c - 0.05, -tall],
            [c + 0.1, -tall * 1.015],
            [b - 0.1, -tall * 1.015],
            [b + 0.12, -tall],
            [a, belt],
            [a + 0.1, bonnet * 1.06],
            [half * 0.93, bonnet],
            [half * 1.02, bonnet * 0.8],
            [half * 1.01, sill],
            [half * 0.9, sill + 0.05],
            [-half * 0.9, sill + 0.05],
        ]);
        if let Some(path) = shell {
            brush.fill_fading(&path, self.paint.lit(1.2), self.paint.lit(0.66));
        }
        // Glass, in two panes with a pillar between (a van has one).
        let top = -tall * 0.94;
        let bottom = belt * 1.03;
        let pillar = (b + c) / 2.0 + if self.body == Body::Van { b * 0.3 } else { 0.05 };
        let panes: &[[[f32; 2]; 4]] = &[
            [[pillar + 0.05, top], [b + 0.02, top], [a - 0.1, bottom], [pillar + 0.05, bottom]],
            [[c + 0.08, top], [pillar - 0.05, top], [pillar - 0.05, bottom], [d + 0.16, bottom]],
        ];
        let count = if self.body == Body::Van { 1 } else { 2 };
        for pane in &panes[..count] {
            if let Some(path) = polygon(pane) {
                brush.fill_fading(&path, GLASS_TOP, GLASS_BOTTOM);
            }
        }
        let line = self.paint.lit(0.5);
        brush.line(&[[pillar, bottom], [pillar, sill - 0.04]], 0.018, line);
        brush.line(&[[a - 0.06, bottom], [a - 0.1, sill - 0.05]], 0.018, line);
        brush.line(&[[-half * 0.9, belt * 0.66], [half * 0.9, belt * 0.62]], 0.02, {
            self.paint.lit(1.3)
        });
        brush.line(&[[pillar + 0.08, belt * 0.88], [pillar + 0.22, belt * 0.88]], 0.03, line);
        brush.oval(half * 0.93, belt * 0.74, 0.09, 0.06, ink(250, 244, 216));
        brush.rect(-half * 1.0, belt * 0.84, 0.1, 0.14, ink(176, 26, 30));
        brush.rect(half * 0.84, sill - 0.1, half * 0.15, 0.08, ink(70, 72, 76));
        brush.rect(-half * 0.98, sill - 0.1, half * 0.12, 0.08, ink(70, 72, 76));
        for x in axles {
            brush.oval(x, -wheel - 0.02, wheel * 1.18, wheel * 1.18, ink(24, 24, 28));
            paint_wheel(brush, x, wheel, rolled);
        }
    }
}

fn paint_wheel(brush: &mut Brush<'_>, x: f32, radius: f32, rolled: f32) {
    brush.oval(x, -radius, radius, radius, TYRE);
    brush.oval(x, -radius, radius * 0.62, radius * 0.62, ink(164, 168, 172));
    for spoke in 0..5 {
        let angle = rolled / radius + spoke as f32 * TAU / 5.0;
        let tip = [x + angle.cos() * radius * 0.55, -radius + angle.sin() * radius * 0.55];
        brush.line(&[[x, -radius], tip], radius * 0.14, ink(92, 96, 102));
    }
    brush.oval(x, -radius, radius * 0.15, radius * 0.15, ink(60, 62, 66));
}

/// How a bus looks.
#[derive(Clone)]
pub(crate) struct Bus {
    paint: Ink,
    band: Ink,
}

impl Bus {
    /// Bumper to bumper, metres.
    pub(crate) const LENGTH: f32 = 10.6;

    pub(crate) fn new(dice: &mut Dice) -> Self {
        let paint = dice.pick(&[ink(196, 50, 44), ink(232, 180, 50), ink(46, 104, 150)]);
        Self { paint, band: ink(238, 236, 228) }
    }

    pub(crate) fn paint(&self, brush: &mut Brush<'_>, rolled: f32) {
        let half = Self::LENGTH / 2.0;
        brush.shadow(0.0, -0.02, half * 1.08, 0.32, 160);
        if let Some(path) = round_rect(-half, -3.05, half * 2.0, 2.78, 0.22) {
            brush.fill_fading(&path, self.paint.lit(1.12), self.paint.lit(0.72));
        }
        brush.rect(-half + 0.02, -1.28, half * 2.0 - 0.04, 0.2, self.band);
        brush.rect(-half + 0.4, -3.13, half * 1.4, 0.12, self.paint.lit(0.8));
        let panes = 7;
        let pitch = (half * 2.0 - 0.9) / panes as f32;
        for i in 0..panes {
            let left = -half + 0.3 + i as f32 * pitch;
            let door = i == 2 || i == 5;
            let bottom = if door { -0.42 } else { -1.42 };
            let at = [left, -2.72, pitch - 0.12, bottom + 2.72];
            brush.rect_fading(at, GLASS_TOP, GLASS_BOTTOM.lit(0.85));
            if door {
                let middle = left + (pitch - 0.12) / 2.0;
                brush.line(&[[middle, -2.7], [middle, -0.44]], 0.05, self.paint.lit(0.6));
            }
        }
        let at = [half - 0.42, -2.7, 0.4, 1.4];
        brush.rect_fading(at, GLASS_TOP.lit(1.05), GLASS_BOTTOM);
        brush.rect(half - 1.5, -2.98, 1.1, 0.2, ink(30, 30, 30));
        brush.rect(half - 1.42, -2.93, 0.9, 0.1, ink(248, 176, 46));
        brush.oval(half - 0.08, -0.72, 0.08, 0.11, ink(250, 244, 216));
        brush.rect(-half, -1.0, 0.08, 0.3, ink(176, 26, 30));
        for x in [-half * 0.6, half * 0.62] {
            brush.oval(x, -0.5, 0.58, 0.58, ink(24, 24, 28));
            paint_wheel(brush, x, 0.48, rolled);
        }
    }
}

/// How a bicycle looks.
#[derive(Clone)]
pub(crate) struct Bicycle {
    frame: Ink,
}

/// Where a rider touches the bicycle.
pub(crate) struct Contact {
    pub(crate) saddle: [f32; 2],
    pub(crate) bar: [f32; 2],
    /// Near and far pedal.
    pub(crate) pedals: [[f32; 2]; 2],
}

impl Bicycle {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        Self { frame: dice.pick(&PAINTS) }
    }

    pub(crate) fn contact(&self, rolled: f32) -> Contact {
        let crank = [-0.06, -0.3];
        let angle = rolled / 1.5;
        let arm = [angle.cos() * 0.17, angle.sin() * 0.17];
        Contact {
            saddle: [-0.22, -0.96],
            bar: [0.36, -1.02],
            pedals: [
                [crank[0] + arm[0], crank[1] + arm[1]],
                [crank[0] - arm[0], crank[1] - arm[1]],
            ],
        }
    }

    pub(crate) fn paint(&self, brush: &mut Brush<'_>, rolled: f32) {
        brush.shadow(0.0, -0.01, 0.95, 0.11, 130);
        let radius = 0.34;
        for x in [-0.54, 0.54] {
            for spoke in 0..6 {
                let angle = rolled / radius + spoke as f32 * TAU / 6.0;
                let tip = [x + angle.cos() * radius, -radius + angle.sin() * radius];
                brush.line(&[[x, -radius], tip], 0.012, ink(150, 152, 156));
            }
            brush.ring(x, -radius, radius - 0.025, 0.05, TYRE);
        }
        let contact = self.contact(rolled);
        let (hub, crank) = ([-0.54, -radius], [-0.06, -0.3]);
        let head = [0.36, -0.84];
        for tube in [
            vec![hub, [-0.2, -0.78], head, crank, hub],
            vec![crank, [-0.22, -0.9]],
            vec![[0.54, -radius], [0.38, -0.9]],
        ] {
            brush.line(&tube, 0.045, self.frame);
        }
        brush.line(&[[0.38, -0.9], [0.3, -1.04], contact.bar], 0.035, ink(50, 50, 54));
        brush.line(&[[-0.33, -0.95], [-0.12, -0.96]], 0.07, ink(44, 36, 34));
        brush.line(&[contact.pedals[0], contact.pedals[1]], 0.03, ink(70, 72, 76));
        brush.oval(crank[0], crank[1], 0.085, 0.085, ink(80, 82, 86));
    }
}

/// How a dog looks.
#[derive(Clone)]
pub(crate) struct Dog {
    coat: Ink,
}

impl Dog {
    pub(crate) fn new(dice: &mut Dice) -> Self {
        let coat = dice.pick(&[
            ink(92, 62, 40),
            ink(46, 42, 42),
            ink(206, 176, 132),
            ink(226, 220, 210),
            ink(150, 96, 52),
        ]);
        Self { coat }
    }

    /// `walked`: metres so far, drives the legs; `pace`: share of the walking speed.
    pub(crate) fn paint(&self, brush: &mut Brush<'_>, walked: f32, pace: f32, seconds: f32) {
        brush.shadow(0.0, -0.01, 0.5, 0.08, 120);
        let phase = walked / 0.62 * TAU;
        for (x, shift, light) in
            [(-0.24, 0.5, 0.7), (0.26, 0.0, 0.7), (-0.27, 0.0, 1.0), (0.23, 0.5, 1.0)]
        {
            let angle = 0.5 * pace * (phase + shift * TAU).sin();
            let lift = 0.05 * pace * (phase + shift * TAU).cos().max(0.0);
            let foot = [x + 0.28 * angle.sin(), -0.03 - lift];
            brush.line(&[[x, -0.34], [x + 0.02, -0.18], foot], 0.075, self.coat.lit(light));
        }
        let wag = 0.1 * (seconds * 9.0).sin();
        let tail = [[-0.36, -0.44], [-0.52, -0.6 + wag * 0.4], [-0.56 + wag, -0.7]];
        brush.line(&tail, 0.055, self.coat.lit(0.9));
        let bob = 0.012 * (phase * 2.0).sin() * pace;
        let body = rounded(&[
            [-0.44, -0.36],
            [-0.42, -0.56],
            [0.0, -0.52],
            [0.36, -0.6],
            [0.44, -0.4],
            [0.2, -0.26],
            [-0.2, -0.3],
        ]);
        if let Some(path) = body {
            brush.fill_fading(&path, self.coat.lit(1.1), self.coat.lit(0.8));
        }
        brush.line(&[[0.32, -0.48], [0.44, -0.66 + bob]], 0.17, self.coat);
        brush.oval(0.48, -0.7 + bob, 0.12, 0.1, self.coat.lit(1.05));
        brush.line(&[[0.5, -0.67 + bob], [0.64, -0.65 + bob]], 0.09, self.coat.lit(0.95));
        brush.oval(0.675, -0.67 + bob, 0.022, 0.02, ink(24, 20, 20));
        brush.line(&[[0.43, -0.74 + bob], [0.39, -0.62 + bob]], 0.08, self.coat.lit(0.65));
        brush.oval(0.52, -0.73 + bob, 0.014, 0.014, ink(20, 18, 18));
    }
}
