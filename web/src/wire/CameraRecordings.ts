// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Moment } from "./Moment";
import type { Reason } from "./Reason";
import type { RecordedGap } from "./RecordedGap";
import type { RecordedSpan } from "./RecordedSpan";
import type { RecordingLock } from "./RecordingLock";
import type { RecordingState } from "./RecordingState";
import type { TrackDensity } from "./TrackDensity";

/** What is recorded of a camera between two moments. */
export type CameraRecordings = {
  /** Its number. */
  camera_id: number;
  /** What becomes of its footage now. */
  state: RecordingState;
  /** Why nothing is recorded, as gaps have it; null unless it is stopped. */
  reason: Reason | null;
  /** What the disk says; null where that is not why. */
  error: string | null;
  /** The first picture that is kept of it; null where there is none. */
  oldest: Moment | null;
  /** Behind the last picture that is kept of it. */
  newest: Moment | null;
  /** What the footage takes, in bytes, by whole files. */
  bytes: number;
  /** Where there is footage without a hole, oldest first. */
  spans: Array<RecordedSpan>;
  /** Where there is none, and why, oldest first. */
  gaps: Array<RecordedGap>;
  /** What of it never gives way, oldest first. */
  locks: Array<RecordingLock>;
  /** How many tracks there were over time. */
  density: TrackDensity;
};
