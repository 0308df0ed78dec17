//! Which of a camera's encodings a viewer may be sent, before its path is asked.
//!
//! There is what the camera sends, where the browser plays it, and what razz can make of it. Of these the
//! operator's setting, the viewer's choice and the picture's size on the screen take away what is more
//! than is wanted; the path chooses among the rest.

use razz_base::{Quality, Rung, Size, StreamKind};

use crate::ladder::Step;

/// What there is of a camera.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Encodings {
    /// Bits a second that the camera sends; `None` where the browser cannot play it, 0 while it is not
    /// known.
    pub camera: Option<u64>,
    /// Its pictures in square pixels.
    pub shown: Size,
    /// Whether others can be made.
    pub can_make: bool,
}

/// What a viewer wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Demand {
    /// What it chose.
    pub quality: Quality,
    /// The pixels of the screen that the picture is shown in; `None`: not known.
    pub place: Option<Size>,
}

/// Why a viewer is not sent what the camera sends.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Why {
    /// Its path does not carry more.
    Path,
    /// It is shown in few pixels.
    Size,
    /// It chose so.
    Choice,
    /// The operator set it so.
    Setting,
    /// Browsers cannot play what the camera sends, or this one cannot.
    Format,
}

impl Why {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Path, Self::Size, Self::Choice, Self::Setting, Self::Format];

    /// Its name in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Size => "size",
            Self::Choice => "choice",
            Self::Setting => "setting",
            Self::Format => "format",
        }
    }
}

/// An encoding of ours that takes more than this share of the camera's bits saves too little.
const WORTH_MAKING: f64 = 0.7;
/// A rung that is so much smaller than its place on the screen is as good there.
const AS_GOOD: f64 = 0.9;
/// A picture is made smaller for its place only where it has twice as many pixels each way: decoding and
/// encoding cost more than what is saved otherwise.
const TOO_LARGE: u32 = 2;

/// The steps that a viewer may be sent, from the most bits to the fewest, and why the best of them is not
/// the camera's own. There is always one.
pub fn steps(encodings: &Encodings, demand: Demand, setting: Quality) -> (Vec<Step>, Option<Why>) {
    let Encodings { camera, shown, can_make } = *encodings;
    let mut steps: Vec<Step> = Vec::new();
    if can_make {
        for rung in Rung::ALL {
            let Some(format) = rung.format(shown) else { continue };
            let bits_per_second = u64::from(format.bits_per_second);
            let worth = match (rung, camera) {
                (Rung::Full, camera) => camera.is_none(),
                (_, None | Some(0)) => true,
                (_, Some(bits)) => bits_per_second as f64 <= WORTH_MAKING * bits as f64,
            };
            if worth {
                steps.push(Step { kind: StreamKind::Rendition(rung), bits_per_second });
            }
        }
    }
    let mut why = None;
    match camera {
        Some(bits_per_second) => steps.insert(0, Step { kind: StreamKind::Main, bits_per_second }),
        None if steps.is_empty() => {
            // Whatever it is, there is nothing else.
            steps.push(Step { kind: StreamKind::Main, bits_per_second: 0 });
        }
        None => why = Some(Why::Format),
    }
    let place = (demand.quality != Quality::Camera).then_some(demand.place).flatten();
    for (most, reason) in [
        (setting.most(), Why::Setting),
        (demand.quality.most(), Why::Choice),
        (place.and_then(|place| fitting(shown, place)), Why::Size),
    ] {
        if most.is_some_and(|most| keep_at_most(&mut steps, shown, most)) {
            why = Some(reason);
        }
    }
    if demand.quality == Quality::Camera {
        steps.truncate(1);
    }
    (steps, why)
}

/// Takes away what is more than `most`, if something is left then; answers whether the best one went.
fn keep_at_most(steps: &mut Vec<Step>, shown: Size, most: Rung) -> bool {
    let fits = |step: &Step| match step.kind {
        StreamKind::Rendition(Rung::Full) | StreamKind::Main | StreamKind::Sub => {
            // The camera's pictures may be as small by themselves.
            most.lines()
                .is_some_and(|lines| most != Rung::Stills && shown.width.min(shown.height) <= lines)
        }
        StreamKind::Rendition(rung) => rung >= most,
    };
    if !steps.iter().any(fits) {
        return false;
    }
    let best = steps[0].kind;
    steps.retain(fits);
    steps[0].kind != best
}

/// The smallest rung that moves as the camera does and looks the same in so many pixels of the screen.
fn fitting(shown: Size, place: Size) -> Option<Rung> {
    let (width, height) = (f64::from(shown.width.max(1)), f64::from(shown.height.max(1)));
    // As it is fitted in: the whole picture, as large as it can be.
    let share = (f64::from(place.width) / width).min(f64::from(place.height) / height);
    [Rung::P360, Rung::P540].into_iter().find(|rung| {
        rung.format(shown).is_some_and(|format| {
            f64::from(format.size.width) >= AS_GOOD * share * width
                && TOO_LARGE * format.size.height.min(format.size.width)
                    <= shown.width.min(shown.height)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(steps: &[Step]) -> String {
        let name = |step: &Step| match step.kind {
            StreamKind::Rendition(rung) => rung.name(),
            StreamKind::Main | StreamKind::Sub => "camera",
        };
        steps.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_is_more_than_wanted_is_taken_away() {
        let hd = (1920, 1080);
        let vga = (640, 360);
        let camera = Some(4_000_000);
        for (shown, camera, can_make, quality, place, setting, expected, why) in [
            (hd, camera, true, "auto", None, "auto", "camera 540p 360p 180p stills", None),
            (hd, camera, false, "auto", None, "auto", "camera", None),
            (hd, camera, true, "camera", Some((320, 180)), "auto", "camera", None),
            (hd, camera, true, "360p", None, "auto", "360p 180p stills", Some(Why::Choice)),
            (hd, camera, true, "stills", None, "auto", "stills", Some(Why::Choice)),
            (hd, camera, true, "saver", None, "auto", "180p stills", Some(Why::Choice)),
            (hd, camera, true, "auto", None, "540p", "540p 360p 180p stills", Some(Why::Setting)),
            (hd, camera, true, "camera", None, "360p", "360p", Some(Why::Setting)),
            (hd, camera, true, "180p", None, "360p", "180p stills", Some(Why::Choice)),
            // A tile; half of the picture; nearly all of it.
            (
                hd,
                camera,
                true,
                "auto",
                Some((320, 320)),
                "auto",
                "360p 180p stills",
                Some(Why::Size),
            ),
            (
                hd,
                camera,
                true,
                "auto",
                Some((960, 540)),
                "auto",
                "540p 360p 180p stills",
                Some(Why::Size),
            ),
            (
                hd,
                camera,
                true,
                "auto",
                Some((1400, 800)),
                "auto",
                "camera 540p 360p 180p stills",
                None,
            ),
            (
                (1280, 720),
                camera,
                true,
                "540p",
                None,
                "auto",
                "360p 180p stills",
                Some(Why::Choice),
            ),
            (
                (1280, 720),
                camera,
                true,
                "auto",
                Some((800, 450)),
                "auto",
                "camera 360p 180p stills",
                None,
            ),
            // It is as small by itself, or sends as little.
            (vga, Some(600_000), true, "360p", None, "auto", "camera 180p stills", None),
            (
                vga,
                Some(600_000),
                true,
                "auto",
                Some((200, 200)),
                "auto",
                "camera 180p stills",
                None,
            ),
            (hd, Some(600_000), true, "auto", None, "auto", "camera 180p stills", None),
            (hd, Some(0), true, "auto", None, "auto", "camera 540p 360p 180p stills", None),
            // What no browser plays.
            (hd, None, true, "auto", None, "auto", "full 540p 360p 180p stills", Some(Why::Format)),
            (hd, None, true, "camera", None, "auto", "full", Some(Why::Format)),
            (hd, None, true, "auto", Some((300, 200)), "auto", "360p 180p stills", Some(Why::Size)),
            (hd, None, false, "auto", None, "auto", "camera", None),
        ] {
            let size = |(width, height)| Size::new(width, height);
            let encodings = Encodings { camera, shown: size(shown), can_make };
            let quality = Quality::named(quality).unwrap();
            let demand = Demand { quality, place: place.map(size) };
            let (steps, reason) = steps(&encodings, demand, Quality::named(setting).unwrap());
            assert_eq!((&*named(&steps), reason), (expected, why), "{encodings:?} {demand:?}");
        }
    }
}
