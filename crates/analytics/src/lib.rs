//! Track frames and areas in, facts out: who crossed which line, who was in which zone for how long, and
//! how many are there now.
//!
//! One machine per camera, [`Analytics`]. It does no I/O and looks at no clock; time is the media time of
//! the frames. The same machine runs live and over the record, and gives the same facts, bit for bit.
//!
//! ```
//! use razz_analytics::{Analytics, Area, AreaId, Direction, Fact, InSide, Settings};
//! use razz_base::{
//!     CameraId, ClassId, FrameKey, MediaTime, Rect, Size, Track, TrackFrame, TrackId, TrackSource,
//!     TrackState, WallQuality, WallTime,
//! };
//!
//! let camera = CameraId::new(1).unwrap();
//! // Who goes down over this line, to the right of the way along it, goes in.
//! let door = Area::line(AreaId(1), "door", vec![[0.1, 0.5], [0.9, 0.5]], InSide::Right)?;
//! let mut analytics = Analytics::new(camera, vec![door], Settings::default());
//!
//! let mut told = Vec::new();
//! for frame in 0..60 {
//!     let (time, foot) = (MediaTime::from_90k(3000 * frame), 150.0 + 4.0 * frame as f64);
//!     let person = Track {
//!         id: TrackId::new(1, 7),
//!         bbox: Rect::new(300.0, foot - 100.0, 340.0, foot),
//!         class: ClassId(0),
//!         confidence: 0.9,
//!         source: TrackSource::ByteTrack,
//!         state: TrackState::Matched,
//!         age_us: 0,
//!         velocity: [0.0, 120.0, 0.0, 120.0],
//!     };
//!     analytics.handle(&TrackFrame {
//!         key: FrameKey { camera, time },
//!         wall: WallTime { us: 0, quality: WallQuality::Arrival },
//!         size: Size::new(640, 480),
//!         detected: true,
//!         tracks: [person].into(),
//!     })?;
//!     while let Some(event) = analytics.poll_event() {
//!         told.push((frame, event));
//!     }
//! }
//! let [(frame, event)] = &told[..] else { panic!("one crossing") };
//! let Fact::Crossing(crossing) = &event.fact else { panic!("a crossing") };
//! assert_eq!(crossing.direction, Direction::In);
//! // Published when the foot was a tenth of the person's height beyond the line, and dated to the line.
//! assert_eq!((*frame, event.key.time), (25, MediaTime::from_90k(67_500)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Every event has a key and a revision. The key is the same live, after a restart from a
//! [snapshot](Analytics::snapshot) and recomputed, so that a store that replaces by key counts nothing twice.
//! A higher revision corrects what was told: a track that broke off was joined with the one that went on, a
//! class was decided otherwise.
//!
//! What counts as a crossing, a visit and being there is defined in `docs/design/analytics.md`, with what
//! it was measured against.

mod area;
mod class_votes;
mod event;
mod geometry;
mod heat;
mod join;
mod layout;
mod line;
mod machine;
mod mask;
mod object;
pub mod offline;
mod path;
mod plane;
mod publish;
mod published;
mod settings;
mod sighting;
mod snapshot;
mod speed;
mod zone;

pub use area::{Anchor, Area, AreaError, AreaFault, AreaId, InSide, Shape, Validity};
pub use event::{Crossing, Event, EventKey, Fact, Occupancy, Visit, VisitEnd};
pub use razz_base::Direction;

pub use heat::{Heat, HeatCell, HeatKey};
pub use machine::{Analytics, InputError};
pub use mask::Mask;
pub use path::{Path, PathPoint, Paths};
pub use plane::{GroundPlace, Plane, PlaneError, PlanePoint};
pub use settings::Settings;
pub use snapshot::SnapshotError;
pub use speed::Speed;
