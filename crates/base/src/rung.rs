//! Rungs: the encodings of a camera's pictures that razz makes itself.

use std::fmt;

use crate::Size;

/// An encoding that razz makes of a camera's pictures, for those who cannot have the camera's own.
///
/// From the most bits to the fewest. Each keeps the media time of the pictures that it is made of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Rung {
    /// In the camera's size, but of 1080 lines at most, where a browser cannot play what the camera sends.
    Full,
    /// 540 lines, of cameras with 1080 and more.
    P540,
    /// 360 lines.
    P360,
    /// 180 lines, at most 15 pictures a second.
    P180,
    /// 180 lines, two pictures a second.
    Stills,
}

/// Lines of pictures in full size at most: more is encoded by no processor at their pace, and decoded by few
/// browsers.
const MOST_LINES: u32 = 1080;

/// What one encoding is made like.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct RungFormat {
    /// Width and height in square pixels, both even.
    pub size: Size,
    /// Bits a second, on average over each second.
    pub bits_per_second: u32,
    /// Pictures a second at most; `None`: all that there are.
    pub most_fps: Option<f64>,
}

impl Rung {
    /// All of them, from the most bits to the fewest.
    pub const ALL: [Self; 5] = [Self::Full, Self::P540, Self::P360, Self::P180, Self::Stills];

    /// Its name in the API, in the player and in the log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::P540 => "540p",
            Self::P360 => "360p",
            Self::P180 => "180p",
            Self::Stills => "stills",
        }
    }

    /// Lines of its pictures; `None`: as many as the camera's have, up to 1080.
    pub const fn lines(self) -> Option<u32> {
        match self {
            Self::Full => None,
            Self::P540 => Some(540),
            Self::P360 => Some(360),
            Self::P180 | Self::Stills => Some(180),
        }
    }

    /// What it is for a camera whose pictures, in square pixels, are of size `shown`; `None` where it is
    /// of no use: its neighbour towards the camera has to be twice as large in pixels at least.
    ///
    /// ```
    /// use razz_base::{Rung, Size};
    ///
    /// let format = Rung::P360.format(Size::new(1280, 720)).unwrap();
    /// assert_eq!((format.size, format.bits_per_second), (Size::new(640, 360), 500_000));
    /// assert!(Rung::P540.format(Size::new(1280, 720)).is_none());
    /// ```
    pub fn format(self, shown: Size) -> Option<RungFormat> {
        // A picture that stands upright has its lines the other way.
        let (short, long) =
            (shown.width.min(shown.height).max(1), shown.width.max(shown.height).max(1));
        let lines = match (self, self.lines()) {
            (Self::P540, Some(lines)) => (short >= 2 * lines).then_some(lines)?,
            // Stills are there for everybody: they are the last that is left.
            (Self::Stills, Some(lines)) => lines.min(short),
            (_, Some(lines)) => (2 * short >= 3 * lines).then_some(lines)?,
            (_, None) => short.min(MOST_LINES),
        };
        let even = |side: u64| (side.div_ceil(2) * 2).max(16) as u32;
        let across =
            even((u64::from(lines) * u64::from(long) + u64::from(short) / 2) / u64::from(short));
        let down = even(u64::from(lines));
        let size = if shown.width >= shown.height {
            Size::new(across, down)
        } else {
            Size::new(down, across)
        };
        let (bits, of, most_fps) = match self {
            // 2 Mbit/s for 1280x720, and for larger pictures less a pixel.
            Self::Full => (2_000_000.0, 1280.0 * 720.0, None),
            Self::P540 => (1_000_000.0, 960.0 * 540.0, None),
            Self::P360 => (500_000.0, 640.0 * 360.0, None),
            Self::P180 => (150_000.0, 320.0 * 180.0, Some(15.0)),
            Self::Stills => (40_000.0, 320.0 * 180.0, Some(2.0)),
        };
        let pixels = f64::from(size.width) * f64::from(size.height);
        let bits_per_second = (bits * (pixels / of).powf(0.85)) as u32;
        Some(RungFormat { size, bits_per_second, most_fps })
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a viewer asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Quality {
    /// What the path carries and the place on the screen calls for.
    #[default]
    Auto,
    /// The camera's own stream, whatever the path carries.
    Camera,
    /// This at most.
    AtMost(Rung),
    /// As little as moves: for who pays by the megabyte.
    Saver,
}

impl Quality {
    /// All that can be asked for, from the most bits to the fewest.
    pub const ALL: [Self; 7] = [
        Self::Auto,
        Self::Camera,
        Self::AtMost(Rung::P540),
        Self::AtMost(Rung::P360),
        Self::AtMost(Rung::P180),
        Self::AtMost(Rung::Stills),
        Self::Saver,
    ];

    /// Its name in the API, in the config and in the player.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Camera => "camera",
            Self::AtMost(rung) => rung.name(),
            Self::Saver => "saver",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quality| quality.name() == name)
    }

    /// The most that is sent; `None`: whatever there is.
    pub const fn most(self) -> Option<Rung> {
        match self {
            Self::Auto | Self::Camera => None,
            Self::AtMost(rung) => Some(rung),
            Self::Saver => Some(Rung::P180),
        }
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_has_a_name_of_its_own() {
        for quality in Quality::ALL {
            assert_eq!(Quality::named(quality.name()), Some(quality));
        }
        for name in ["", "Auto", "720p", "full"] {
            assert_eq!(Quality::named(name), None, "{name}");
        }
    }

    #[test]
    fn each_camera_has_the_rungs_that_are_of_use_to_it() {
        let of = |width, height| {
            let shown = Size::new(width, height);
            let formats =
                Rung::ALL.into_iter().filter_map(|rung| Some((rung, rung.format(shown)?)));
            let text = formats.map(|(rung, format)| {
                let Size { width, height } = format.size;
                format!("{rung} {width}x{height} {}k", format.bits_per_second / 1000)
            });
            text.collect::<Vec<_>>().join(", ")
        };
        for (width, height, expected) in [
            (
                1280,
                720,
                "full 1280x720 2000k, 360p 640x360 500k, 180p 320x180 150k, stills 320x180 40k",
            ),
            (
                1920,
                1080,
                "full 1920x1080 3984k, 540p 960x540 1000k, 360p 640x360 500k, 180p 320x180 150k, \
                 stills 320x180 40k",
            ),
            (
                2688,
                1520,
                "full 1910x1080 3966k, 540p 956x540 996k, 360p 638x360 498k, 180p 318x180 149k, \
                 stills 318x180 39k",
            ),
            (
                3840,
                2160,
                "full 1920x1080 3984k, 540p 960x540 1000k, 360p 640x360 500k, 180p 320x180 150k, \
                 stills 320x180 40k",
            ),
            // An intercom, upright.
            (480, 640, "full 480x640 786k, 180p 180x240 117k, stills 180x240 31k"),
            (640, 360, "full 640x360 615k, 180p 320x180 150k, stills 320x180 40k"),
            (352, 288, "full 352x288 306k, 180p 220x180 109k, stills 220x180 29k"),
            (176, 144, "full 176x144 94k, stills 176x144 19k"),
            (0, 0, "full 16x16 1k, stills 16x16 0k"),
        ] {
            assert_eq!(of(width, height), expected, "{width}x{height}");
        }
    }
}
