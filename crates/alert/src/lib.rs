//! Rules over what happens, that become alerts: too many in a queue, somebody over a fence, a camera that is
//! not reached.
//!
//! One machine for all rules, [`Alerts`]. It does no I/O and looks at no clock. What happened goes in as an
//! [`Occasion`] with its own time, the time of day as a number; what became of alerts comes out as an
//! [`Event`]. Times are UTC µs since 1970; areas and classes go by their names, cameras by their ids.
//!
//! ```
//! use razz_alert::{Alerts, Draft, EventKind, Occasion, Rule, When};
//! use razz_base::{CameraId, MediaTime};
//! use jiff::tz::TimeZone;
//!
//! let queue = Rule::new(Draft {
//!     area: Some("Queue".into()),
//!     classes: vec!["person".into()],
//!     above: Some(5.0),
//!     for_us: 30_000_000,
//!     cooldown_us: 600_000_000,
//!     schedule: "Mo-Fr 08:00-18:00".parse()?,
//!     notify: vec!["mail".into()],
//!     ..Draft::new("Queue is long", When::Occupancy)
//! })?;
//! let mut alerts = Alerts::new(vec![queue], TimeZone::UTC)?;
//!
//! // A Monday, 12:00.
//! let noon = 1_796_040_000_000_000;
//! alerts.handle(&Occasion::Occupancy {
//!     camera: CameraId::new(1).unwrap(),
//!     area: "Queue".into(),
//!     at_us: noon,
//!     media: MediaTime::from_wall_us(noon),
//!     classes: vec![("person".into(), 6)],
//!     total: 6,
//! });
//! let mut told = Vec::new();
//! while let Some(due) = alerts.next_due().filter(|&due| due < noon + 60_000_000) {
//!     alerts.handle_time(due); // A server would sleep until then.
//!     while let Some(event) = alerts.poll() {
//!         told.push((event.kind, event.send, event.alert.words("Shop")));
//!     }
//! }
//! assert_eq!(told, [
//!     (EventKind::Pending, false, "6 people in Queue of Shop".to_owned()),
//!     (EventKind::Fired, true, "6 people in Queue of Shop for 30 s".to_owned()),
//! ]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same machine runs over what was recorded: [`rehearse`] says how often a rule would have fired before
//! it is saved. With a [snapshot](Alerts::snapshot) a restart neither repeats nor forgets what fires.
//!
//! What fires when, what is sent and what is gathered is defined in `docs/design/alerts.md`.

mod alert;
mod condition;
mod judge;
mod machine;
mod occasion;
mod rehearse;
mod rule;
mod schedule;
mod snapshot;
mod watch;
mod words;

pub use alert::{Alert, Event, EventKind, State};
pub use condition::{FLAP_US, HOLD_US};
pub use machine::{Alerts, LATE_US, MAX_CAMERAS, MAX_VISITORS, MAX_WAITING, MAX_WATCHES};
pub use occasion::Occasion;
pub use razz_base::Direction;
pub use rehearse::{MAX_REHEARSED, Rehearsal, rehearse};
pub use rule::{
    Draft, MAX_LIST, MAX_NAME, MAX_SPAN_US, ParseWhenError, Rule, RuleError, RuleFault, When,
};
pub use schedule::{MAX_WINDOWS, Schedule, ScheduleError};
pub use snapshot::SnapshotError;
