// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { TrackSource } from "./TrackSource";
import type { TrackState } from "./TrackState";

/** One object on one frame. */
export type TrackEntry = {
  /**
   * The same object has the same id, and no other of this camera ever has it. People are shown
   * `track_id % 1000000`.
   */
  track_id: number;
  /** Left, top, right, bottom in pixels of `frame_size`. */
  bbox: [number, number, number, number];
  /** The score of the last matched detection, 0 to 1. */
  confidence: number;
  /** The middle of `bbox` as x, y. */
  center: [number, number];
  /** How the track is kept alive. */
  source: TrackSource;
  /** The name of its class. */
  class: string;
  /** How the box was obtained. */
  state: TrackState;
  /** Milliseconds since the track was last matched. */
  age_ms: number;
  /** Pixels per second of the left, top, right and bottom edge. */
  velocity: [number, number, number, number];
};
