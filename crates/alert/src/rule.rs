//! What raises an alert: a rule as it is written, and one that was checked.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use razz_base::CameraId;

use crate::{Direction, Schedule};

/// Longest name of a rule, in characters; as long as that of an area.
pub const MAX_NAME: usize = 60;
/// Longest `for` and cooldown, and the most seconds of a dwell: a year, so that no sum of times overflows.
pub const MAX_SPAN_US: i64 = 366 * 86_400 * 1_000_000;
/// Most classes of a rule, and most channels that it tells: as many as a detector and a config have, and more.
pub const MAX_LIST: usize = 1_000;

/// What a rule looks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum When {
    /// Somebody crosses a line. A crossing that nobody saw (bridged) is none.
    Crossing,
    /// Somebody comes into a zone over its edge.
    Enters,
    /// Somebody leaves a zone over its edge.
    Leaves,
    /// Somebody is in a zone for more than `above` seconds.
    Dwell,
    /// More than `above` are in a zone, or fewer than `below`, for at least `for`.
    Occupancy,
    /// Something comes into a camera's picture.
    Appears,
    /// Nobody is in a zone for at least `for`.
    Absence,
    /// Somebody crosses a line faster than `above` metres a second.
    Speed,
    /// A camera is not reached for at least `for`.
    CameraOffline,
    /// A camera that should be recorded is not, for at least `for`.
    RecordingStopped,
}

impl When {
    /// Each of them, as documents list them.
    pub const ALL: [Self; 10] = [
        Self::Crossing,
        Self::Enters,
        Self::Leaves,
        Self::Dwell,
        Self::Occupancy,
        Self::Appears,
        Self::Absence,
        Self::Speed,
        Self::CameraOffline,
        Self::RecordingStopped,
    ];

    /// As the config and the API write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Crossing => "crossing",
            Self::Enters => "enters",
            Self::Leaves => "leaves",
            Self::Dwell => "dwell",
            Self::Occupancy => "occupancy",
            Self::Appears => "appears",
            Self::Absence => "absence",
            Self::Speed => "speed",
            Self::CameraOffline => "camera_offline",
            Self::RecordingStopped => "recording_stopped",
        }
    }

    /// Whether it happens at one moment, and is over with it.
    pub const fn is_instant(self) -> bool {
        matches!(self, Self::Crossing | Self::Enters | Self::Leaves | Self::Appears | Self::Speed)
    }

    /// Whether it is about a camera itself, not what it sees.
    const fn of_the_camera(self) -> bool {
        matches!(self, Self::CameraOffline | Self::RecordingStopped)
    }

    /// Whether it takes the setting, by its name in the config.
    fn takes(self, setting: &str) -> bool {
        match setting {
            "area" => !self.of_the_camera() && self != Self::Appears,
            "classes" => !self.of_the_camera(),
            "direction" => matches!(self, Self::Crossing | Self::Speed),
            "above" => matches!(self, Self::Dwell | Self::Occupancy | Self::Speed),
            "below" => self == Self::Occupancy,
            "for" => !self.is_instant() && self != Self::Dwell,
            _ => true,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is not the name of a [`When`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "\"{0}\" is nothing that a rule looks for; write crossing, enters, leaves, dwell, occupancy, \
         appears, absence, speed, camera_offline or recording_stopped"
)]
pub struct ParseWhenError(String);

impl FromStr for When {
    type Err = ParseWhenError;

    fn from_str(text: &str) -> Result<Self, ParseWhenError> {
        let found = Self::ALL.into_iter().find(|when| when.as_str() == text);
        found.ok_or_else(|| ParseWhenError(text.chars().take(MAX_NAME).collect()))
    }
}

/// A rule as it is written, not checked yet: begin with [`Draft::new`] and set what it needs.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    /// What people call it; the rule's alerts are named after it.
    pub name: String,
    /// What it looks for.
    pub when: When,
    /// At which camera; `None` at each.
    pub camera: Option<CameraId>,
    /// At which line or in which zone, by its name.
    pub area: Option<Arc<str>>,
    /// What it is about: none is everything.
    pub classes: Vec<String>,
    /// Which way over the line; `None` both.
    pub direction: Option<Direction>,
    /// Occupancy: fires at more than this (5: from 6 on). Dwell: after this many seconds. Speed: above this,
    /// in metres a second.
    pub above: Option<f64>,
    /// Occupancy: fires at fewer than this (2: at 1 and at nobody).
    pub below: Option<f64>,
    /// For how long it has to be so, in µs. Raising it ignores what is soon over, and tells later.
    pub for_us: i64,
    /// For how long after an alert was sent the next ones are gathered, in µs. Raising it sends less, and
    /// tells later how many more there were. 0 sends each.
    pub cooldown_us: i64,
    /// When it watches.
    pub schedule: Schedule,
    /// To which channels its alerts go; the machine hands them on and knows none.
    pub notify: Vec<String>,
}

impl Draft {
    /// A rule for every camera, at every time, that gathers nothing.
    pub fn new(name: impl Into<String>, when: When) -> Self {
        Self {
            name: name.into(),
            when,
            camera: None,
            area: None,
            classes: Vec::new(),
            direction: None,
            above: None,
            below: None,
            for_us: 0,
            cooldown_us: 0,
            schedule: Schedule::default(),
            notify: Vec::new(),
        }
    }
}

/// A rule that makes sense. It reads like the [`Draft`] that it was made of.
#[derive(Clone, PartialEq, Debug)]
pub struct Rule {
    draft: Draft,
    name: Arc<str>,
}

impl Deref for Rule {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        &self.draft
    }
}

/// Why a rule makes no sense: which, and what to do.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("rule \"{rule}\": {fault}")]
pub struct RuleError {
    /// The rule's name.
    pub rule: String,
    /// What is wrong.
    pub fault: RuleFault,
}

/// What is wrong with a rule.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum RuleFault {
    /// No name, or a long one.
    #[error("a name has 1 to {MAX_NAME} characters, and no space at its ends")]
    Name,
    /// Another rule has the name.
    #[error(
        "two rules have this name; alerts are named after their rule, so give one another name"
    )]
    NameTwice,
    /// It does not say where.
    #[error("{0} needs `area`, the name of a line or zone")]
    NeedsArea(When),
    /// It does not say how much.
    #[error("{when} needs `above`, {unit}")]
    NeedsAbove {
        /// What it looks for.
        when: When,
        /// In which unit.
        unit: &'static str,
    },
    /// It says neither how many nor how few.
    #[error("occupancy needs `above` (more than so many), `below` (fewer than so many) or both")]
    NeedsLimit,
    /// It does not say how long.
    #[error("absence needs `for`, how long nobody may be there")]
    NeedsFor,
    /// A setting that means nothing there.
    #[error("{when} does not take `{setting}`; leave it out")]
    TakesNo {
        /// What it looks for.
        when: When,
        /// The setting.
        setting: &'static str,
    },
    /// Not a number that can be.
    #[error("`{setting}` is {value}; it has to be a number {range}")]
    Number {
        /// The setting.
        setting: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        range: &'static str,
    },
    /// It would always fire.
    #[error(
        "more than {above} or fewer than {below} is every number; make `below` smaller, {above} at most"
    )]
    Always {
        /// More than this.
        above: f64,
        /// Fewer than this.
        below: f64,
    },
    /// Not a time that can be.
    #[error("`{0}` has to be from 0 to 366 days")]
    Span(&'static str),
    /// A list with nothing in a place, or with too much.
    #[error("`{0}` is a list of at most {MAX_LIST} names, none of them empty")]
    List(&'static str),
}

impl Rule {
    /// Checks what is written.
    pub fn new(draft: Draft) -> Result<Self, RuleError> {
        match check(&draft) {
            Ok(()) => Ok(Self { name: draft.name.as_str().into(), draft }),
            Err(fault) => {
                // An error is read by people: not more of a name than they can use.
                let rule = draft.name.chars().take(MAX_NAME).collect();
                Err(RuleError { rule, fault })
            }
        }
    }

    /// What was checked, to change it.
    pub fn into_draft(self) -> Draft {
        self.draft
    }

    /// Whether both watch for the same; they may differ in whom they tell, and how often.
    pub fn watches_the_same(&self, other: &Self) -> bool {
        let watched =
            |rule: &Self| Draft { cooldown_us: 0, notify: Vec::new(), ..rule.draft.clone() };
        watched(self) == watched(other)
    }

    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.name
    }

    /// Refuses a second rule of the same name.
    pub(crate) fn check_names(rules: &[Self]) -> Result<(), RuleError> {
        let mut names = BTreeSet::new();
        match rules.iter().find(|rule| !names.insert(rule.name.clone())) {
            Some(rule) => {
                Err(RuleError { rule: rule.draft.name.clone(), fault: RuleFault::NameTwice })
            }
            None => Ok(()),
        }
    }
}

fn check(draft: &Draft) -> Result<(), RuleFault> {
    let Draft { name, when, area, above, below, for_us, cooldown_us, .. } = draft;
    let when = *when;
    if name.trim() != name || !(1..=MAX_NAME).contains(&name.chars().count()) {
        return Err(RuleFault::Name);
    }
    for (setting, given) in [
        ("area", area.is_some()),
        ("classes", !draft.classes.is_empty()),
        ("direction", draft.direction.is_some()),
        ("above", above.is_some()),
        ("below", below.is_some()),
        ("for", *for_us != 0),
    ] {
        if given && !when.takes(setting) {
            return Err(RuleFault::TakesNo { when, setting });
        }
    }
    // A speed may be measured at any line.
    let nowhere = area.is_none() && when.takes("area") && when != When::Speed;
    if nowhere || area.as_ref().is_some_and(|area| area.trim().is_empty()) {
        return Err(RuleFault::NeedsArea(when));
    }
    if above.is_none() && matches!(when, When::Dwell | When::Speed) {
        let unit = if when == When::Dwell { "in seconds" } else { "in metres a second" };
        return Err(RuleFault::NeedsAbove { when, unit });
    }
    if when == When::Occupancy && above.is_none() && below.is_none() {
        return Err(RuleFault::NeedsLimit);
    }
    if when == When::Absence && *for_us == 0 {
        return Err(RuleFault::NeedsFor);
    }
    let most = MAX_SPAN_US as f64 / 1e6;
    for (setting, value) in [("above", above), ("below", below)] {
        let range = match (when, setting) {
            (When::Dwell, _) => "above 0, and of 366 days at most",
            (When::Speed, _) | (_, "below") => "above 0",
            _ => "from 0",
        };
        let fits = |value: f64| match range {
            "from 0" => value >= 0.0,
            "above 0" => value > 0.0,
            _ => value > 0.0 && value <= most,
        };
        if let Some(value) = value.filter(|&value| !value.is_finite() || !fits(value)) {
            return Err(RuleFault::Number { setting, value, range });
        }
    }
    if let (Some(above), Some(below)) = (*above, *below)
        && below > above
    {
        return Err(RuleFault::Always { above, below });
    }
    for (setting, span) in [("for", *for_us), ("cooldown", *cooldown_us)] {
        if !(0..=MAX_SPAN_US).contains(&span) {
            return Err(RuleFault::Span(setting));
        }
    }
    for (setting, list) in [("classes", &draft.classes), ("notify", &draft.notify)] {
        if list.len() > MAX_LIST || list.iter().any(|entry| entry.trim().is_empty()) {
            return Err(RuleFault::List(setting));
        }
    }
    Ok(())
}
