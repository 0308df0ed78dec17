//! What an offered payload type says of the H.264 that it takes (RFC 6184 section 8.1).

/// The parameters that matter to who only sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Parameters {
    /// As written; without it the mode is 0.
    packetization_mode: Option<u8>,
    /// As written, where that can be read.
    profile_level_id: Option<[u8; 3]>,
    /// Whether another level may be answered.
    level_asymmetry_allowed: bool,
}

/// Profiles, as far as receivers differ in them (RFC 6184 table 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Profile {
    ConstrainedBaseline,
    Baseline,
    Main,
    High,
    ConstrainedHigh,
    /// One that a decoder of what cameras send may still have.
    Other,
}

/// Baseline without constraints at level 1, for who says nothing (RFC 6184 section 8.1).
const DEFAULT: [u8; 3] = [0x42, 0x00, 0x0a];
/// Level 3.1, for a level that nobody knows: every WebRTC receiver that names one has it.
const LEVEL_3_1: u8 = 0x1f;
/// Levels of ITU-T H.264 table A-1 times ten; 9 is level 1b.
const LEVELS: [u8; 20] =
    [9, 10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52, 60, 61, 62];

impl Parameters {
    /// Reads what stands behind the payload type in `a=fmtp`, if there is such a line.
    pub(super) fn read(fmtp: Option<&str>) -> Self {
        let value = |name: &str| {
            fmtp.unwrap_or_default().split(';').find_map(|parameter| {
                let (is, value) = parameter.split_once('=')?;
                // Parameter names are case-insensitive (RFC 4855 section 3).
                is.trim().eq_ignore_ascii_case(name).then_some(value.trim())
            })
        };
        Self {
            packetization_mode: value("packetization-mode").and_then(|mode| mode.parse().ok()),
            profile_level_id: value("profile-level-id").and_then(six_digits),
            level_asymmetry_allowed: value("level-asymmetry-allowed") == Some("1"),
        }
    }

    /// 0 is single NAL unit mode, 1 non-interleaved, 2 interleaved (RFC 6184 section 6).
    pub(super) fn mode(&self) -> u8 {
        self.packetization_mode.unwrap_or(0)
    }

    pub(super) fn profile(&self) -> Profile {
        let [idc, constraints, _] = self.profile_level_id.unwrap_or(DEFAULT);
        let set = |mask: u8| constraints & mask == mask;
        match idc {
            0x42 if set(0x40) => Profile::ConstrainedBaseline,
            0x4d if set(0x80) => Profile::ConstrainedBaseline,
            0x58 if set(0xc0) => Profile::ConstrainedBaseline,
            0x42 => Profile::Baseline,
            0x58 if set(0x80) => Profile::Baseline,
            0x4d => Profile::Main,
            0x64 if set(0x0c) => Profile::ConstrainedHigh,
            0x64 => Profile::High,
            _ => Profile::Other,
        }
    }

    /// The same for the library, which knows fewer profiles, levels and spellings: the parameters
    /// that its own configuration has for `profile` and `mode`.
    pub(super) fn for_library(&self, profile: Profile, mode: u8) -> String {
        let profile = match profile {
            Profile::Baseline => 0x4200,
            Profile::Main => 0x4d00,
            Profile::High => 0x6400,
            Profile::ConstrainedBaseline | Profile::ConstrainedHigh | Profile::Other => 0x42e0,
        };
        // It knows neither level 1b of the High profiles nor the levels above 5.2.
        let level = self.level().filter(|level| (10..=52).contains(level)).unwrap_or(LEVEL_3_1);
        format!(
            "level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={profile:04x}{level:02x}"
        )
    }

    /// What is answered. Profile and packetization mode are those of the offer, and so is the level,
    /// unless both sides allow another (RFC 6184 section 8.2.2); a parameter that the offer leaves
    /// out is left out. `None` where nothing is left.
    pub(super) fn answer(&self) -> Option<String> {
        let mut parameters = Vec::new();
        if self.level_asymmetry_allowed {
            parameters.push("level-asymmetry-allowed=1".to_owned());
        }
        if let Some(mode) = self.packetization_mode {
            parameters.push(format!("packetization-mode={mode}"));
        }
        if let Some([idc, constraints, _]) = self.profile_level_id {
            let offered = self.level().filter(|_| !self.level_asymmetry_allowed);
            let level = offered.unwrap_or(LEVEL_3_1);
            parameters.push(format!("profile-level-id={idc:02x}{constraints:02x}{level:02x}"));
        }
        (!parameters.is_empty()).then(|| parameters.join(";"))
    }

    /// The offered level where it is one.
    fn level(&self) -> Option<u8> {
        let [_, _, level] = self.profile_level_id.unwrap_or(DEFAULT);
        LEVELS.contains(&level).then_some(level)
    }
}

/// Six hexadecimal digits, in capitals or not.
fn six_digits(text: &str) -> Option<[u8; 3]> {
    if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let [_, idc, constraints, level] = u32::from_str_radix(text, 16).ok()?.to_be_bytes();
    Some([idc, constraints, level])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_every_spelling() {
        use Profile::*;
        const ASYMMETRIC: &str = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=";
        for (fmtp, mode, profile, answer) in [
            (None, 0, Baseline, ""),
            (Some(""), 0, Baseline, ""),
            (Some("packetization-mode=1"), 1, Baseline, "packetization-mode=1"),
            (Some(&*format!("{ASYMMETRIC}42e01f")), 1, ConstrainedBaseline, "=42e01f"),
            (Some(&*format!("{ASYMMETRIC}640034")), 1, High, "=64001f"),
            (Some(&*format!("{ASYMMETRIC}640C1F")), 1, ConstrainedHigh, "=640c1f"),
            // The level of the offer is answered where no other is allowed.
            (Some("profile-level-id=42e00d"), 0, ConstrainedBaseline, "profile-level-id=42e00d"),
            (Some("profile-level-id=42e0ff"), 0, ConstrainedBaseline, "profile-level-id=42e01f"),
            (Some("profile-level-id=64003e"), 0, High, "profile-level-id=64003e"),
            // Neither of these can be read.
            (Some("profile-level-id=42e0"), 0, Baseline, ""),
            (Some("profile-level-id=+2e01f"), 0, Baseline, ""),
            (
                Some(" Packetization-Mode = 1 ; profile-level-id=4D001F; x; "),
                1,
                Main,
                "packetization-mode=1;profile-level-id=4d001f",
            ),
            (Some("packetization-mode=two"), 0, Baseline, ""),
            (
                Some("packetization-mode=2;profile-level-id=f4001f"),
                2,
                Other,
                "packetization-mode=2;profile-level-id=f4001f",
            ),
            (Some("profile-level-id=4d801f"), 0, ConstrainedBaseline, "profile-level-id=4d801f"),
            (Some("profile-level-id=58801f"), 0, Baseline, "profile-level-id=58801f"),
        ] {
            let read = Parameters::read(fmtp);
            assert_eq!((read.mode(), read.profile()), (mode, profile), "{fmtp:?}");
            let said = read.answer().unwrap_or_default();
            let whole = if answer.starts_with('=') {
                said.strip_prefix(ASYMMETRIC) == answer.strip_prefix('=')
            } else {
                said == answer
            };
            assert!(whole, "{fmtp:?}: {said:?}");
        }
    }

    #[test]
    fn the_library_is_told_what_it_knows() {
        for (fmtp, profile, told) in [
            ("profile-level-id=42e0ff", Profile::ConstrainedBaseline, "42e01f"),
            ("profile-level-id=42e015", Profile::ConstrainedBaseline, "42e015"),
            ("profile-level-id=64003e", Profile::High, "64001f"),
            ("profile-level-id=640c1f", Profile::ConstrainedHigh, "42e01f"),
            ("profile-level-id=f4001f", Profile::Other, "42e01f"),
        ] {
            let read = Parameters::read(Some(fmtp));
            assert_eq!(read.profile(), profile, "{fmtp}");
            let text = read.for_library(profile, 1);
            assert!(
                text.ends_with(&format!("packetization-mode=1;profile-level-id={told}")),
                "{text}"
            );
        }
    }
}
