//! What goes over the wire to browsers and scripts: field names, order and rounding are the
//! contract's. TypeScript in `web/src/wire` is written from these structs.
//!
//! Only this folder knows the formats; a change that is not an addition breaks pages in the field.

mod access;
mod alert;
mod area;
mod camera;
mod clock;
mod detector;
mod export;
mod fact;
mod fact_message;
#[cfg(test)]
mod openapi;
mod playback;
mod probe;
mod problem;
mod recording;
mod rendition;
mod request;
mod round;
mod stats;
mod track;
#[cfg(test)]
mod types;
#[cfg(test)]
mod typescript;
mod viewer;

#[cfg(test)]
pub(crate) use self::openapi::schemas;

pub use self::access::{CompatPort, Me, TokenInfo, UserInfo, ViewToken};
pub use self::alert::{
    AlertInfo, AlertState, Alerts, Rehearsal, RehearsalRequest, RuleEdit, RuleInfo, RuleWhen,
    Rules, RulesEdit,
};
pub use self::area::{
    AreaAnchor, AreaEdit, AreaInfo, AreaPreview, AreaPreviewRequest, Areas, AreasEdit, CameraMoved,
    InSide, PreviewExample, PreviewHour,
};
pub use self::camera::{
    CameraInfo, CameraState, CameraStatus, FirstPacket, FrameRates, Idle, Latency, SubMapping,
    SubStatus,
};
pub use self::clock::Ping;
pub use self::detector::{Candidate, DetectorInfo, DetectorPreview};
pub use self::fact::{
    AreaFacts, AreaKind, AreaNow, ClassFacts, Dwell, DwellBucket, FactDirection, FactEnd, FactKind,
    FactRow, FactRows, FactSeries, Facts, Heat, NowClass, OccupancyFacts,
};
pub use self::fact_message::FactMessage;
pub use self::probe::{CameraProbe, Quirk};
pub use self::problem::{Problem, ProblemKind};
pub use self::recording::{
    CameraRecordings, Moment, NewLock, Reason, RecordMode, RecordedGap, RecordedSpan,
    RecordedTracks, RecordedVisit, RecordingLock, RecordingRoom, RecordingState, Recordings,
    TrackDensity, Visits,
};
pub use self::rendition::{RenditionStatus, RenditionsStatus};
pub use self::request::{
    CameraEdit, DetectorEdit, DetectorTrial, NewPassword, NewToken, NewUser, NewViewToken, SetUp,
    SignIn, UserEdit,
};
pub use self::stats::{Delivery, ModelState, Stats};
pub use self::track::{TrackMessage, TrackStats};
pub use self::viewer::{Quality, RenditionInfo, ViewerEdit, ViewerSession, Why};
pub use export::{Blur, BlurException, ExportFormat, ExportInfo, ExportState, Exports, NewExport};
pub use playback::{PlaybackAnswer, PlaybackRequest, PlaybackState};
