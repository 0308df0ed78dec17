//! Who is where when: everybody passes once per period, furniture stays.

use razz_base::{ClassId, Rect};

use super::furniture::{Furniture, Kind};
use super::person::{Person, Pose};
use super::vehicle::{Bicycle, Bus, Car, Dog};
use super::{FAR_KERB, Perspective, Street};
use crate::canvas::Brush;
use crate::dice::Dice;

const PERSON: ClassId = ClassId(0);
const BICYCLE: ClassId = ClassId(1);
const CAR: ClassId = ClassId(2);
const BUS: ClassId = ClassId(5);
const DOG: ClassId = ClassId(16);

/// One object of a figure: a cyclist is two.
#[derive(Clone, Copy)]
pub(crate) struct FigureObject {
    pub(crate) object: u32,
    pub(crate) class: ClassId,
}

enum Figure {
    Walker(Person),
    Waiting(Person),
    Cyclist(Bicycle, Person),
    Car(Car),
    Bus(Bus),
    Dog(Dog),
}

/// Somebody's way through the picture.
pub(crate) struct Mover {
    object: u32,
    figure: Figure,
    /// The frame of its coming.
    enter: u64,
    /// Frames until it is gone; a whole period for what never leaves.
    duration: u64,
    from_x: f32,
    /// Pixels per second, negative to the left.
    speed: f32,
    y: f32,
    /// Rows nearer (positive) at the end of its way.
    drift: f32,
    pause: Option<Pause>,
    scale: f32,
}

/// A stop on the way, seconds since the coming; slowing down and starting take [`RAMP`] each.
#[derive(Clone, Copy)]
struct Pause {
    at: f32,
    length: f32,
}

const RAMP: f32 = 0.5;

/// A mover in one frame.
#[derive(Clone, Copy)]
pub(crate) struct State {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) leftwards: bool,
    pose: Pose,
}

impl Pause {
    /// Seconds lost by `t`, and the share of full speed at `t`.
    fn held(self, t: f32) -> (f32, f32) {
        let s = t - self.at;
        let total = self.length + RAMP;
        if s <= 0.0 {
            (0.0, 1.0)
        } else if s < RAMP {
            (s * s / (2.0 * RAMP), 1.0 - s / RAMP)
        } else if s < self.length {
            (s - RAMP / 2.0, 0.0)
        } else if s < total {
            let left = total - s;
            (self.length - left * left / (2.0 * RAMP), 1.0 - left / RAMP)
        } else {
            (self.length, 1.0)
        }
    }
}

impl Mover {
    /// Where it is, if it is there at all.
    pub(crate) fn at(&self, frame: u64) -> Option<State> {
        let since = (frame + Street::PERIOD - self.enter) % Street::PERIOD;
        if since >= self.duration {
            return None;
        }
        let seconds = since as f32 / Street::FPS as f32;
        let (held, pace) = self.pause.map_or((0.0, 1.0), |pause| pause.held(seconds));
        let travelled = self.speed * (seconds - held);
        let share = seconds * Street::FPS as f32 / self.duration as f32;
        let pace = if self.speed == 0.0 { 0.0 } else { pace };
        Some(State {
            x: self.from_x + travelled,
            y: self.y + self.drift * share,
            leftwards: self.speed < 0.0,
            pose: Pose { walked: travelled.abs() / self.scale, pace, seconds },
        })
    }

    /// The long shadow away from the sun, for what stands upright.
    pub(crate) fn paint_shadow(&self, brush: &mut Brush<'_>, slant: f32, shade: u8) {
        let leftwards = self.speed < 0.0;
        let slant = if leftwards { -slant } else { slant };
        if matches!(self.figure, Figure::Walker(_) | Figure::Waiting(_) | Figure::Cyclist(..)) {
            brush.shadow(slant * 0.55, -0.02, 0.34 + slant.abs() * 0.55, 0.1, shade);
            brush.shadow(0.0, -0.01, 0.3, 0.07, shade);
        }
    }

    /// Paints it where the brush is placed; `done` hears of each part and how far it reached.
    pub(crate) fn paint(
        &self,
        brush: &mut Brush<'_>,
        state: State,
        done: &mut dyn FnMut(FigureObject, Rect),
    ) {
        let State { pose, .. } = state;
        let object = self.object;
        let mut part =
            |brush: &mut Brush<'_>, part: FigureObject, paint: &mut dyn FnMut(&mut Brush<'_>)| {
                brush.identify(part.object as u16);
                brush.lift();
                paint(brush);
                if let Some(reach) = brush.reach() {
                    done(part, reach);
                }
            };
        let whole = |class| FigureObject { object, class };
        match &self.figure {
            Figure::Walker(person) => {
                part(brush, whole(PERSON), &mut |b| person.paint_walking(b, pose));
            }
            Figure::Waiting(person) => {
                part(brush, whole(PERSON), &mut |b| person.paint_waiting(b, pose));
            }
            Figure::Cyclist(bicycle, person) => {
                let rider = FigureObject { object: object + 1, class: PERSON };
                let contact = bicycle.contact(pose.walked);
                let (saddle, bar, pedals) = (contact.saddle, contact.bar, contact.pedals);
                part(brush, rider, &mut |b| person.paint_riding(b, saddle, bar, pedals, true));
                part(brush, whole(BICYCLE), &mut |b| bicycle.paint(b, pose.walked));
                part(brush, rider, &mut |b| person.paint_riding(b, saddle, bar, pedals, false));
            }
            Figure::Car(car) => part(brush, whole(CAR), &mut |b| car.paint(b, pose.walked)),
            Figure::Bus(bus) => part(brush, whole(BUS), &mut |b| bus.paint(b, pose.walked)),
            Figure::Dog(dog) => {
                part(brush, whole(DOG), &mut |b| {
                    dog.paint(b, pose.walked, pose.pace, pose.seconds);
                });
            }
        }
    }
}

/// Builds the population, numbering as it goes.
struct Census<'a> {
    dice: &'a mut Dice,
    view: Perspective,
    movers: Vec<Mover>,
    next: u32,
}

/// How one way leads through the picture.
struct Lane {
    y: f32,
    drift: f32,
    /// Metres per second.
    speed: f32,
    leftwards: bool,
    /// Half of its length, metres.
    half_length: f32,
    enter: u64,
    pause: Option<Pause>,
    /// Metres behind where others would be.
    behind: f32,
}

impl Census<'_> {
    fn add(&mut self, figure: Figure, way: &Lane) {
        let scale = self.view.scale(way.y.max(way.y + way.drift));
        let margin = (way.half_length + 0.45) * scale;
        let width = Street::SIZE.width as f32;
        let speed = way.speed * scale;
        let behind = way.behind * scale;
        let seconds = (width + 2.0 * margin + behind) / speed;
        let pause = way.pause.filter(|pause| {
            (seconds + pause.length) * (Street::FPS as f32) < Street::PERIOD as f32 - 1.0
        });
        let seconds = seconds + pause.map_or(0.0, |pause| pause.length);
        let (from_x, speed) = if way.leftwards {
            (width + margin + behind, -speed)
        } else {
            (-margin - behind, speed)
        };
        let duration = ((seconds * Street::FPS as f32) as u64).min(Street::PERIOD - 1);
        let objects = if matches!(figure, Figure::Cyclist(..)) { 2 } else { 1 };
        self.movers.push(Mover {
            object: self.next,
            figure,
            enter: way.enter % Street::PERIOD,
            duration,
            from_x,
            speed,
            y: way.y,
            drift: way.drift,
            pause,
            scale: self.view.scale(way.y),
        });
        self.next += objects;
    }

    fn stay(&mut self, figure: Figure, x: f32, y: f32) {
        self.movers.push(Mover {
            object: self.next,
            figure,
            enter: 0,
            duration: Street::PERIOD,
            from_x: x,
            speed: 0.0,
            y,
            drift: 0.0,
            pause: None,
            scale: self.view.scale(y),
        });
        self.next += 1;
    }

    fn pedestrians(&mut self, count: usize, rows: (f32, f32), speeds: (f32, f32), drift: f32) {
        let slot = Street::PERIOD as f32 / count as f32;
        for i in 0..count {
            let dice = &mut *self.dice;
            let y = dice.range(rows.0, rows.1);
            let end = (y + dice.range(-drift, drift)).clamp(rows.0, rows.1);
            let mut way = Lane {
                y,
                drift: end - y,
                speed: dice.range(speeds.0, speeds.1),
                leftwards: dice.chance(0.5),
                half_length: 0.55,
                enter: (i as f32 * slot + dice.range(0.0, slot * 0.8)) as u64,
                pause: None,
                behind: 0.0,
            };
            if dice.chance(0.3) {
                way.pause = Some(Pause { at: dice.range(3.0, 10.0), length: dice.range(1.5, 4.0) });
            }
            let person = Person::new(dice);
            let (pair, dog) = (dice.chance(0.22), dice.chance(0.16));
            let friend = Person::new(dice);
            let pet = Dog::new(dice);
            self.add(Figure::Walker(person), &way);
            if pair {
                let mut beside = Lane { behind: 0.5, ..way };
                beside.y = (way.y + 7.0).min(rows.1);
                self.add(Figure::Walker(friend), &beside);
            } else if dog {
                let mut beside = Lane { behind: 0.9, ..way };
                beside.y = (way.y + 3.0).min(rows.1);
                self.add(Figure::Dog(pet), &beside);
            }
        }
    }

    fn traffic(&mut self, count: usize, y: f32, leftwards: bool, bus: bool) {
        // One speed for a lane: nobody runs into anybody.
        let speed = self.dice.range(4.6, 6.2);
        let slot = Street::PERIOD as f32 / count as f32;
        let start = self.dice.range(0.0, slot);
        for i in 0..count {
            let enter = (start + i as f32 * slot + self.dice.range(0.0, slot * 0.3)) as u64;
            let is_bus = bus && i == 0;
            let car = Car::new(self.dice);
            let half_length = if is_bus { Bus::LENGTH / 2.0 } else { car.length / 2.0 };
            let way = Lane {
                y,
                drift: 0.0,
                speed,
                leftwards,
                half_length,
                enter,
                pause: None,
                behind: 0.0,
            };
            let figure = if is_bus { Figure::Bus(Bus::new(self.dice)) } else { Figure::Car(car) };
            self.add(figure, &way);
        }
    }
}

/// Everybody who comes by in a period.
pub(crate) fn populate(dice: &mut Dice, view: Perspective) -> Vec<Mover> {
    let mut census = Census { dice, view, movers: Vec::new(), next: 1 };
    let far = 6 + census.dice.below(3);
    census.pedestrians(far, (360.0, 390.0), (1.15, 1.7), 12.0);
    let near = 7 + census.dice.below(3);
    census.pedestrians(near, (606.0, 696.0), (1.1, 1.6), 30.0);
    let cars = 4 + census.dice.below(2);
    census.traffic(cars, 470.0, true, true);
    let cars = 3 + census.dice.below(2);
    census.traffic(cars, 543.0, false, false);
    let riders = 1 + census.dice.below(2);
    for _ in 0..riders {
        let leftwards = census.dice.chance(0.4);
        let way = Lane {
            y: if leftwards { 424.0 } else { 567.0 },
            drift: 0.0,
            speed: census.dice.range(3.2, 4.4),
            leftwards,
            half_length: 0.95,
            enter: census.dice.below(Street::PERIOD as usize) as u64,
            pause: None,
            behind: 0.0,
        };
        let figure = Figure::Cyclist(Bicycle::new(census.dice), Person::new(census.dice));
        census.add(figure, &way);
    }
    for _ in 0..1 + census.dice.below(2) {
        let (x, y) = (census.dice.range(120.0, 1160.0), census.dice.range(366.0, 392.0));
        let person = Person::new(census.dice);
        census.stay(Figure::Waiting(person), x, y);
    }
    if census.dice.chance(0.7) {
        let x = census.dice.range(180.0, 1100.0);
        let car = Car::parked(census.dice);
        census.stay(Figure::Car(car), x, 428.0);
    }
    census.movers
}

/// What stands in the way.
pub(crate) fn furnish(dice: &mut Dice) -> Vec<Furniture> {
    let mut pieces = Vec::new();
    let mut look = dice.clone();
    let mut stand = |kind: Kind, x: f32, y: f32| {
        pieces.push(Furniture::new(kind, x, y, Dice::new(look.next(), 7)));
    };
    // Along the far kerb: six places, shuffled.
    let mut kinds =
        vec![Kind::Tree, Kind::Column, Kind::Shelter, Kind::LampPost, Kind::Tree, Kind::Planter];
    for place in 0..6 {
        let kind = kinds.swap_remove(dice.below(kinds.len()));
        let x = 110.0 + place as f32 * 208.0 + dice.range(-45.0, 45.0);
        stand(kind, x, FAR_KERB - 3.0 - dice.range(0.0, 2.0));
    }
    // Along the near kerb, in front of the cars.
    let lamp = dice.range(260.0, 1020.0);
    stand(Kind::LampPost, lamp, 590.0);
    let box_x = if lamp > 640.0 { dice.range(120.0, 480.0) } else { dice.range(800.0, 1160.0) };
    stand(Kind::LetterBox, box_x, 594.0);
    for i in 0..3 {
        stand(Kind::Bollard, (lamp + 130.0 + i as f32 * 120.0) % 1280.0, 589.0);
    }
    // In the foreground: people vanish behind it and come back.
    let left = dice.chance(0.5);
    let tree = if left { dice.range(30.0, 110.0) } else { dice.range(1170.0, 1250.0) };
    stand(Kind::Tree, tree, 716.0);
    let main = if dice.chance(0.5) { Kind::Kiosk } else { Kind::Column };
    let x = if left { dice.range(700.0, 1080.0) } else { dice.range(200.0, 580.0) };
    stand(main, x, 722.0);
    if dice.chance(0.5) {
        let x = if left { dice.range(300.0, 520.0) } else { dice.range(760.0, 980.0) };
        stand(Kind::Planter, x, 719.0);
    }
    pieces
}
