//! Rules, and the alerts that they raise.

use razz_alert::{self as alert, Draft, Rule, When};
use razz_base::CameraId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::fact::FactDirection;
use super::recording::Moment;
use super::round::round;

/// What a rule looks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[ts(export_to = "RuleWhen.ts")]
pub enum RuleWhen {
    /// Somebody crosses a line.
    Crossing,
    /// Somebody comes into a zone.
    Enters,
    /// Somebody leaves a zone.
    Leaves,
    /// Somebody is in a zone for longer than `above` seconds.
    Dwell,
    /// More than `above` or fewer than `below` are in a zone.
    Occupancy,
    /// Something comes into the picture.
    Appears,
    /// Nobody is in a zone.
    Absence,
    /// Somebody crosses a line faster than `above` m/s.
    Speed,
    /// A camera is not reached.
    CameraOffline,
    /// A camera that should be recorded is not.
    RecordingStopped,
}

impl From<RuleWhen> for When {
    fn from(when: RuleWhen) -> Self {
        match when {
            RuleWhen::Crossing => Self::Crossing,
            RuleWhen::Enters => Self::Enters,
            RuleWhen::Leaves => Self::Leaves,
            RuleWhen::Dwell => Self::Dwell,
            RuleWhen::Occupancy => Self::Occupancy,
            RuleWhen::Appears => Self::Appears,
            RuleWhen::Absence => Self::Absence,
            RuleWhen::Speed => Self::Speed,
            RuleWhen::CameraOffline => Self::CameraOffline,
            RuleWhen::RecordingStopped => Self::RecordingStopped,
        }
    }
}

impl From<When> for RuleWhen {
    fn from(when: When) -> Self {
        match when {
            When::Crossing => Self::Crossing,
            When::Enters => Self::Enters,
            When::Leaves => Self::Leaves,
            When::Dwell => Self::Dwell,
            When::Occupancy => Self::Occupancy,
            When::Appears => Self::Appears,
            When::Absence => Self::Absence,
            When::Speed => Self::Speed,
            When::CameraOffline => Self::CameraOffline,
            When::RecordingStopped => Self::RecordingStopped,
        }
    }
}

/// What raises an alert.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "RuleInfo.ts")]
pub struct RuleInfo {
    /// What people call it; each rule has another name.
    pub name: String,
    /// What it looks for.
    pub when: RuleWhen,
    /// At which camera; null: at each.
    pub camera_id: Option<u32>,
    /// At which line or in which zone.
    pub area: Option<String>,
    /// Which classes count; none: all.
    pub classes: Vec<String>,
    /// Which way over a line; null: both.
    pub direction: Option<FactDirection>,
    /// Of occupancy: more than so many; of dwell: seconds; of speed: m/s.
    pub above: Option<f64>,
    /// Of occupancy: fewer than so many.
    pub below: Option<f64>,
    /// How long it has to be so, in seconds.
    pub for_s: f64,
    /// After an alert was sent, what happens again for so long is counted with it, in seconds.
    pub cooldown_s: f64,
    /// When it looks, as `Mo-Fr 08:00-18:00, Sa 10:00-14:00`; empty: always.
    pub schedule: String,
    /// Where its alerts go besides the app.
    pub notify: Vec<String>,
}

impl From<&Rule> for RuleInfo {
    fn from(rule: &Rule) -> Self {
        let seconds = |us: i64| round(us as f64 / 1e6, 3);
        Self {
            name: rule.name.clone(),
            when: rule.when.into(),
            camera_id: rule.camera.map(CameraId::as_u32),
            area: rule.area.as_deref().map(str::to_owned),
            classes: rule.classes.clone(),
            direction: rule.direction.map(Into::into),
            above: rule.above,
            below: rule.below,
            for_s: seconds(rule.for_us),
            cooldown_s: seconds(rule.cooldown_us),
            schedule: rule.schedule.to_string(),
            notify: rule.notify.clone(),
        }
    }
}

/// What a rule is to be.
#[derive(Clone, PartialEq, Debug, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "RuleEdit.ts")]
pub struct RuleEdit {
    /// What people call it; each rule has another name.
    pub name: String,
    /// What it looks for.
    pub when: RuleWhen,
    /// At which camera; null: at each.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub camera_id: Option<u32>,
    /// At which line or in which zone.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub area: Option<String>,
    /// Which classes count; none: all.
    #[serde(default)]
    #[ts(optional)]
    pub classes: Option<Vec<String>>,
    /// Which way over a line; null: both.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub direction: Option<FactDirection>,
    /// Of occupancy: more than so many; of dwell: seconds; of speed: m/s.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub above: Option<f64>,
    /// Of occupancy: fewer than so many.
    #[serde(default)]
    #[ts(optional = nullable)]
    pub below: Option<f64>,
    /// How long it has to be so, in seconds.
    #[serde(default)]
    #[ts(optional)]
    pub for_s: Option<f64>,
    /// After an alert was sent, what happens again for so long is counted with it, in seconds.
    #[serde(default)]
    #[ts(optional)]
    pub cooldown_s: Option<f64>,
    /// When it looks, as `Mo-Fr 08:00-18:00, Sa 10:00-14:00`; empty: always.
    #[serde(default)]
    #[ts(optional)]
    pub schedule: Option<String>,
    /// Where its alerts go besides the app.
    #[serde(default)]
    #[ts(optional)]
    pub notify: Option<Vec<String>>,
}

impl RuleEdit {
    /// As it is checked; an error says what is wrong with it.
    pub(crate) fn draft(&self) -> Result<Draft, String> {
        let camera = match self.camera_id {
            None => None,
            Some(id) => Some(CameraId::new(id).ok_or("there is no camera 0")?),
        };
        let schedule = self.schedule.as_deref().unwrap_or_default().parse().map_err(
            |error: alert::ScheduleError| format!("rule {:?}: `schedule`: {error}", self.name),
        )?;
        let us = |seconds: f64| (seconds.clamp(-1.0, 1e11) * 1e6).round() as i64;
        Ok(Draft {
            name: self.name.trim().to_owned(),
            when: self.when.into(),
            camera,
            area: self.area.as_deref().map(|area| area.trim().into()),
            classes: self.classes.clone().unwrap_or_default(),
            direction: self.direction.map(Into::into),
            above: self.above,
            below: self.below,
            for_us: us(self.for_s.unwrap_or_default()),
            cooldown_us: us(self.cooldown_s.unwrap_or_default()),
            schedule,
            notify: self.notify.clone().unwrap_or_default(),
        })
    }
}

/// `GET /api/rules`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Rules.ts")]
pub struct Rules {
    /// They.
    pub rules: Vec<RuleInfo>,
    /// Where alerts can go besides the app, as it is set.
    pub channels: Vec<String>,
    /// Whether who asks may change them.
    pub editable: bool,
}

/// `PUT /api/rules`: all of them.
#[derive(Clone, PartialEq, Debug, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "RulesEdit.ts")]
pub struct RulesEdit {
    /// Those that are not among them are gone.
    pub rules: Vec<RuleEdit>,
}

/// `POST /api/rules/rehearse`.
#[derive(Clone, PartialEq, Debug, Deserialize, TS, JsonSchema)]
#[serde(deny_unknown_fields)]
#[ts(export_to = "RehearsalRequest.ts")]
pub struct RehearsalRequest {
    /// The rule, saved or not.
    pub rule: RuleEdit,
    /// From when: UNIX seconds.
    pub from: String,
    /// Until when.
    pub to: String,
}

/// How often a rule would have fired.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Rehearsal.ts")]
pub struct Rehearsal {
    /// How many alerts there would have been.
    pub count: u64,
    /// How many messages would have been sent.
    pub sent: u64,
    /// The newest of the alerts first, 100 at most.
    pub alerts: Vec<AlertInfo>,
    /// How long it took, in ms.
    pub took_ms: f64,
}

/// Where an alert stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, TS, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[ts(export_to = "AlertState.ts")]
pub enum AlertState {
    /// It is so, and was not for long enough yet.
    Pending,
    /// It is so.
    Firing,
    /// It is over.
    Resolved,
}

/// Something that a rule found.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "AlertInfo.ts")]
pub struct AlertInfo {
    /// Its name.
    pub id: String,
    /// The rule's name.
    pub rule: String,
    /// Where it stands.
    pub state: AlertState,
    /// At which camera.
    pub camera_id: Option<u32>,
    /// At which line or in which zone.
    pub area: Option<String>,
    /// What it is about, where that is one class.
    pub class: Option<String>,
    /// In a sentence.
    pub words: String,
    /// Since when it is so.
    pub since: Moment,
    /// Until when it was.
    pub until: Option<Moment>,
    /// How often it happened.
    pub count: u32,
    /// Who has seen to it.
    pub acknowledged_by: Option<String>,
    /// When, in UNIX seconds.
    pub acknowledged_at: Option<f64>,
}

impl AlertInfo {
    /// An alert of a camera of this name, and who has seen to it.
    pub(crate) fn new(
        alert: &alert::Alert,
        camera_name: &str,
        acknowledged: Option<&(String, i64)>,
    ) -> Self {
        let unix = |us: i64| round(us as f64 / 1e6, 3);
        // Where there is no picture of it, media time is near the time of day.
        let media = |us: i64| razz_base::MediaTime::from_wall_us(us).as_90k().to_string();
        let media_time = alert.since_media.map(|media| media.as_90k().to_string());
        Self {
            id: alert.id.to_string(),
            rule: alert.rule.to_string(),
            state: match alert.state {
                alert::State::Pending => AlertState::Pending,
                alert::State::Firing => AlertState::Firing,
                alert::State::Resolved => AlertState::Resolved,
            },
            camera_id: Some(alert.camera.as_u32()),
            area: alert.area.as_deref().map(str::to_owned),
            class: alert.class.as_deref().map(str::to_owned),
            words: alert.words(camera_name),
            since: Moment {
                unix: unix(alert.since_us),
                media_time: media_time.unwrap_or_else(|| media(alert.since_us)),
            },
            until: alert
                .until_us
                .map(|until| Moment { unix: unix(until), media_time: media(until) }),
            count: alert.count,
            acknowledged_by: acknowledged.map(|(by, _)| by.clone()),
            acknowledged_at: acknowledged.map(|(_, at_us)| unix(*at_us)),
        }
    }
}

/// `GET /api/alerts`.
#[derive(Clone, PartialEq, Debug, Serialize, TS, JsonSchema)]
#[ts(export_to = "Alerts.ts")]
pub struct Alerts {
    /// The newest first.
    pub alerts: Vec<AlertInfo>,
    /// What `before` is for the ones before them; null: there are none.
    pub next: Option<String>,
    /// How many nobody has seen to.
    pub open: u64,
}
