// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { TrackMessage } from "./TrackMessage";

/** `GET /api/recordings/{camera}/tracks`. */
export type RecordedTracks = {
  /** Those of detections, in the order of time. */
  frames: Array<TrackMessage>;
};
