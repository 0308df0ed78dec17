//! The committed figures: read, compared with what was measured, written anew.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use crate::callgrind;

/// How far a measurement may lie from its figure, as a share of it: up, or down. A path that got
/// cheaper has its figure lowered, or the gain could be lost again unseen.
const ROOM: f64 = 0.05;

/// How far allocations may at most: one more is seen even where a round makes sixty.
const ROOM_IN_ALLOCATIONS: f64 = 0.5;

/// How far they may at least where they are no whole number, as a random seed makes them: three
/// more in sixty rounds are luck, one more in every round never is.
const LUCK_IN_ALLOCATIONS: f64 = 0.05;

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Number {
    Instructions,
    Allocations,
}

impl Number {
    fn room(self, figure: f64) -> f64 {
        let share = figure * ROOM;
        match self {
            Self::Instructions => share,
            Self::Allocations if figure.fract() == 0.0 => share.min(ROOM_IN_ALLOCATIONS),
            Self::Allocations => share.clamp(LUCK_IN_ALLOCATIONS, ROOM_IN_ALLOCATIONS),
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Instructions => "instructions",
            Self::Allocations => "allocations",
        }
    }
}

/// What one round of a case takes.
#[derive(Clone, Copy, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cost {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (instructions, allocations) = (grouped(self.instructions), grouped(self.allocations));
        write!(f, "{instructions} instructions, {allocations} allocations")
    }
}

/// What instruction counts depend on besides the code.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tools {
    rustc: String,
    /// Its allocator and its copying are part of every count.
    libc: String,
    /// Its simulated processor decides which code is chosen at run time.
    valgrind: String,
}

impl Tools {
    /// Those of this machine.
    ///
    /// # Errors
    /// When instructions cannot be counted here, with the reason.
    pub(crate) fn here() -> Result<Self, String> {
        if !cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")) {
            return Err("the figures are of x86-64 Linux with glibc".to_owned());
        }
        // valgrind shows a program AVX2 exactly where the machine has it, and nothing newer.
        #[cfg(target_arch = "x86_64")]
        if !(std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma")) {
            return Err("this processor has no AVX2, for which the figures are".to_owned());
        }
        if cfg!(target_feature = "avx2") {
            return Err("RUSTFLAGS name a newer processor than the product's".to_owned());
        }
        let libc = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
        let libc = libc.map_err(|error| format!("getconf does not run: {error}"))?;
        Ok(Self {
            rustc: env!("RAZZ_COST_RUSTC").to_owned(),
            libc: String::from_utf8_lossy(&libc.stdout).trim().to_owned(),
            valgrind: callgrind::version()?,
        })
    }

    /// Why counts made with `here` cannot be compared with figures made with these.
    pub(crate) fn differs_from(&self, here: &Self) -> Option<String> {
        [(&self.rustc, &here.rustc), (&self.libc, &here.libc), (&self.valgrind, &here.valgrind)]
            .into_iter()
            .find(|(then, now)| then != now)
            .map(|(then, now)| format!("the figures are of {then}, here is {now}"))
    }
}

/// The file of figures.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Figures {
    pub(crate) measured_with: Tools,
    /// By the case's name.
    pub(crate) cost: BTreeMap<String, Cost>,
}

impl Figures {
    pub(crate) fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        Self::parse(&text).map_err(|error| format!("{}: {error}", file.display()))
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    pub(crate) fn write(&self, file: &Path) -> Result<(), String> {
        std::fs::write(file, self.to_text())
            .map_err(|error| format!("{} cannot be written: {error}", file.display()))
    }

    fn to_text(&self) -> String {
        let Tools { rustc, libc, valgrind } = &self.measured_with;
        let mut text = format!(
            "# What one round of each case in src/cases takes. `make cost ACCEPT=1` writes this file.\n\n\
             [measured_with]\nrustc = {rustc:?}\nlibc = {libc:?}\nvalgrind = {valgrind:?}\n\n[cost]\n"
        );
        for (name, Cost { instructions, allocations }) in &self.cost {
            text += &format!(
                "{name} = {{ instructions = {instructions:.1}, allocations = {allocations:.3} }}\n"
            );
        }
        text
    }
}

/// How one number of one case compares with its figure.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Outcome {
    /// Case and number, such as `packetise-h264-idr instructions`.
    name: String,
    verdict: Verdict,
}

#[derive(Clone, PartialEq, Debug)]
enum Verdict {
    Within { now: f64 },
    Off(String),
    Ignored(String),
}

impl Outcome {
    pub(crate) fn of(case: &str, number: Number, figure: Option<f64>, now: f64) -> Self {
        let verdict = match figure {
            None => Verdict::Off(format!("no figure yet, {} now", grouped(now))),
            // Written with three digits.
            Some(figure) if (now - figure).abs() <= number.room(figure) + 0.0005 => {
                Verdict::Within { now }
            }
            Some(figure) => {
                let change = if figure > 0.0 {
                    format!(" ({:+.1} %)", 100.0 * (now - figure) / figure)
                } else {
                    String::new()
                };
                let (before, now) = (grouped(figure), grouped(now));
                Verdict::Off(format!("{before} before, {now} now{change}"))
            }
        };
        Self { name: format!("{case} {}", number.label()), verdict }
    }

    pub(crate) fn ignored(case: &str, number: Number, reason: &str) -> Self {
        let name = format!("{case} {}", number.label());
        Self { name, verdict: Verdict::Ignored(reason.to_owned()) }
    }

    /// A figure whose case is gone.
    pub(crate) fn unknown(case: &str) -> Self {
        let verdict = Verdict::Off("in the file of figures, but no case".to_owned());
        Self { name: case.to_owned(), verdict }
    }
}

/// As Rust's own test harness prints a test.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.verdict {
            Verdict::Within { now } => write!(f, "test {name} ({}) ... ok", grouped(*now)),
            Verdict::Off(_) => write!(f, "test {name} ... FAILED"),
            Verdict::Ignored(reason) => write!(f, "test {name} ... ignored, {reason}"),
        }
    }
}

/// Prints what is off and the sum, as Rust's own test harness does; true when nothing is off.
pub(crate) fn conclude(outcomes: &[Outcome]) -> bool {
    let off: Vec<String> = outcomes
        .iter()
        .filter_map(|outcome| match &outcome.verdict {
            Verdict::Off(why) => Some(format!("    {}: {why}", outcome.name)),
            _ => None,
        })
        .collect();
    let ignored = outcomes.iter().filter(|o| matches!(o.verdict, Verdict::Ignored(_))).count();
    if !off.is_empty() {
        println!("\nfailures:\n{}\n", off.join("\n"));
        println!(
            "Instructions may be off by {:.0} %, allocations by less than a half. Where the change is meant, \
             `make cost ACCEPT=1` writes tests/cost/figures.toml anew; commit it with the change, and \
             say why.",
            100.0 * ROOM
        );
    }
    println!(
        "\ntest result: {}. {} passed; {} failed; {ignored} ignored; 0 measured; 0 filtered out",
        if off.is_empty() { "ok" } else { "FAILED" },
        outcomes.len() - off.len() - ignored,
        off.len(),
    );
    off.is_empty()
}

/// A count with its thousands apart; fractions only of small ones.
fn grouped(number: f64) -> String {
    if number < 1000.0 {
        return format!("{}", (number * 1000.0).round() / 1000.0);
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::Number::{Allocations, Instructions};
    use super::*;

    fn tools() -> Tools {
        let [rustc, libc, valgrind] =
            ["rustc 1", "glibc 2", "valgrind-3"].map(std::borrow::ToOwned::to_owned);
        Tools { rustc, libc, valgrind }
    }

    #[test]
    fn the_room_is_kept_either_way() {
        for (number, figure, now, within) in [
            (Instructions, 1000.0, 1000.0, true),
            (Instructions, 1000.0, 1050.0, true),
            (Instructions, 1000.0, 1051.0, false),
            (Instructions, 1000.0, 950.0, true),
            (Instructions, 1000.0, 949.0, false),
            (Allocations, 0.0, 0.0, true),
            (Allocations, 0.0, 0.02, false),
            (Allocations, 0.133, 0.183, true),
            (Allocations, 0.133, 0.2, false),
            (Allocations, 1.0, 1.05, true),
            (Allocations, 1.0, 1.1, false),
            (Allocations, 12.333, 12.333_33, true),
            (Allocations, 57.0, 57.5, true),
            (Allocations, 57.0, 58.0, false),
            (Allocations, 57.0, 56.0, false),
        ] {
            let outcome = Outcome::of("path", number, Some(figure), now);
            assert_eq!(conclude(&[outcome]), within, "{number:?} {figure} {now}");
        }
    }

    #[test]
    fn what_fails_is_named_with_before_and_after() {
        for (outcome, why) in [
            (
                Outcome::of("path", Instructions, Some(40_000.0), 60_000.0),
                "40,000 before, 60,000 now (+50.0 %)",
            ),
            (
                Outcome::of("path", Instructions, Some(1_000_000.0), 500_000.0),
                "1,000,000 before, 500,000 now (-50.0 %)",
            ),
            (Outcome::of("path", Allocations, Some(0.0), 2.0), "0 before, 2 now"),
            (Outcome::of("path", Allocations, None, 1.25), "no figure yet, 1.25 now"),
            (Outcome::unknown("path"), "in the file of figures, but no case"),
        ] {
            assert_eq!(outcome.verdict, Verdict::Off(why.to_owned()));
            assert!(!conclude(&[outcome]), "{why}");
        }
    }

    #[test]
    fn what_is_ignored_neither_passes_nor_fails() {
        let outcome = Outcome::ignored("path", Instructions, "no valgrind");
        assert_eq!(outcome.to_string(), "test path instructions ... ignored, no valgrind");
        assert!(conclude(&[outcome]));
    }

    #[test]
    fn other_tools_are_named() {
        let then = tools();
        assert_eq!(then.differs_from(&tools()), None);
        let here = Tools { libc: "glibc 3".to_owned(), ..tools() };
        let reason = then.differs_from(&here);
        assert_eq!(reason.as_deref(), Some("the figures are of glibc 2, here is glibc 3"));
    }

    #[test]
    fn figures_are_read_as_they_were_written() {
        let mut cost = BTreeMap::new();
        cost.insert("path".to_owned(), Cost { instructions: 40_123.0, allocations: 0.0 });
        cost.insert("way-2".to_owned(), Cost { instructions: 7.0, allocations: 12.375 });
        let figures = Figures { measured_with: tools(), cost };
        assert_eq!(Figures::parse(&figures.to_text()), Ok(figures));
        assert!(Figures::parse("[cost]\npath = 3\n").is_err());
    }
}
