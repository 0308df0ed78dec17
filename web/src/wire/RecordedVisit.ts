// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Moment } from "./Moment";

/** Somebody who was there: the life of a track. */
export type RecordedVisit = {
  /** Names it: camera, first frame and track. */
  id: string;
  /** Where. */
  camera_id: number;
  /** As in every track message. */
  track_id: number;
  /** The class that it was taken for most. */
  class: string;
  /** The first frame that it was seen on. */
  from: Moment;
  /** The last one. */
  to: Moment;
  /** The frame that shows it best. */
  best: Moment;
  /** Where it is on that: left, top, right, bottom in pixels of `frame_size`. */
  bbox: [number, number, number, number];
  /** Width and height that `bbox` refers to. */
  frame_size: [number, number];
  /** The best score, 0 to 1. */
  confidence: number;
  /** Its footage never gives way. */
  locked: boolean;
};
