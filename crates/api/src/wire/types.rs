//! Every type that goes over the wire: TypeScript and OpenAPI are written from this list.

use schemars::JsonSchema;
use ts_rs::TS;

use super::access::{KnownBy, Role};
use super::camera::{DetectFps, DetectFrom, Transport};
use super::clock::Pong;
use super::problem::KeyProblem;
use super::track::{TrackEntry, TrackSource, TrackState};
use super::*;

/// Takes one type after the other.
pub(super) trait Visitor {
    /// A type of what razz sends.
    fn answer<T: TS + JsonSchema + 'static>(&mut self);

    /// A type of what razz takes.
    fn request<T: TS + JsonSchema + 'static>(&mut self);
}

/// Shows `visitor` every type.
pub(super) fn visit(visitor: &mut impl Visitor) {
    visitor.answer::<AlertInfo>();
    visitor.answer::<AlertState>();
    visitor.answer::<Alerts>();
    visitor.answer::<AreaAnchor>();
    visitor.answer::<AreaFacts>();
    visitor.answer::<AreaInfo>();
    visitor.answer::<CameraMoved>();
    visitor.answer::<AreaKind>();
    visitor.answer::<AreaNow>();
    visitor.answer::<AreaPreview>();
    visitor.answer::<Areas>();
    visitor.answer::<ClassFacts>();
    visitor.answer::<Dwell>();
    visitor.answer::<DwellBucket>();
    visitor.answer::<FactDirection>();
    visitor.answer::<FactEnd>();
    visitor.answer::<FactKind>();
    visitor.answer::<FactMessage>();
    visitor.answer::<FactRow>();
    visitor.answer::<FactRows>();
    visitor.answer::<FactSeries>();
    visitor.answer::<Facts>();
    visitor.answer::<Heat>();
    visitor.answer::<InSide>();
    visitor.answer::<NowClass>();
    visitor.answer::<OccupancyFacts>();
    visitor.answer::<PreviewExample>();
    visitor.answer::<PreviewHour>();
    visitor.answer::<CameraInfo>();
    visitor.answer::<CameraProbe>();
    visitor.answer::<CameraRecordings>();
    visitor.answer::<CameraState>();
    visitor.answer::<Idle>();
    visitor.answer::<CameraStatus>();
    visitor.answer::<Candidate>();
    visitor.answer::<CompatPort>();
    visitor.answer::<Delivery>();
    visitor.answer::<DetectFps>();
    visitor.answer::<DetectFrom>();
    visitor.answer::<DetectorInfo>();
    visitor.answer::<DetectorPreview>();
    visitor.answer::<ExportFormat>();
    visitor.answer::<ExportInfo>();
    visitor.answer::<ExportState>();
    visitor.answer::<Exports>();
    visitor.answer::<FirstPacket>();
    visitor.answer::<FrameRates>();
    visitor.answer::<KeyProblem>();
    visitor.answer::<KnownBy>();
    visitor.answer::<Latency>();
    visitor.answer::<Me>();
    visitor.answer::<ModelState>();
    visitor.answer::<Moment>();
    visitor.answer::<PlaybackAnswer>();
    visitor.answer::<PlaybackState>();
    visitor.answer::<Pong>();
    visitor.answer::<Quality>();
    visitor.answer::<Quirk>();
    visitor.answer::<Reason>();
    visitor.answer::<RecordMode>();
    visitor.answer::<RecordedGap>();
    visitor.answer::<RecordedSpan>();
    visitor.answer::<RecordedTracks>();
    visitor.answer::<RecordedVisit>();
    visitor.answer::<RecordingLock>();
    visitor.answer::<RecordingRoom>();
    visitor.answer::<RecordingState>();
    visitor.answer::<Recordings>();
    visitor.answer::<RenditionInfo>();
    visitor.answer::<RenditionStatus>();
    visitor.answer::<RenditionsStatus>();
    visitor.answer::<Problem>();
    visitor.answer::<Rehearsal>();
    visitor.answer::<Role>();
    visitor.answer::<RuleInfo>();
    visitor.answer::<RuleWhen>();
    visitor.answer::<Rules>();
    visitor.answer::<Stats>();
    visitor.answer::<SubMapping>();
    visitor.answer::<SubStatus>();
    visitor.answer::<TokenInfo>();
    visitor.answer::<TrackDensity>();
    visitor.answer::<TrackEntry>();
    visitor.answer::<TrackMessage>();
    visitor.answer::<TrackSource>();
    visitor.answer::<TrackState>();
    visitor.answer::<TrackStats>();
    visitor.answer::<Transport>();
    visitor.answer::<UserInfo>();
    visitor.answer::<ViewToken>();
    visitor.answer::<ViewerSession>();
    visitor.answer::<Visits>();
    visitor.answer::<Why>();

    visitor.request::<AreaEdit>();
    visitor.request::<AreaPreviewRequest>();
    visitor.request::<AreasEdit>();
    visitor.request::<Blur>();
    visitor.request::<BlurException>();
    visitor.request::<CameraEdit>();
    visitor.request::<DetectorEdit>();
    visitor.request::<DetectorTrial>();
    visitor.request::<NewExport>();
    visitor.request::<NewLock>();
    visitor.request::<NewPassword>();
    visitor.request::<NewToken>();
    visitor.request::<NewUser>();
    visitor.request::<NewViewToken>();
    visitor.request::<Ping>();
    visitor.request::<PlaybackRequest>();
    visitor.request::<RehearsalRequest>();
    visitor.request::<RuleEdit>();
    visitor.request::<RulesEdit>();
    visitor.request::<SetUp>();
    visitor.request::<SignIn>();
    visitor.request::<UserEdit>();
    visitor.request::<ViewerEdit>();
}
