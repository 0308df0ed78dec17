// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What the detector is to be. Absent keys stay as they are, null takes a key out of the file. */
export type DetectorEdit = {
  /** `demo`, or the name of a model in razz's folder. */
  model?: string | null;
  /** Detections below this score are dropped, 0 to 1. */
  confidence?: number | null;
  /** Of two boxes of a class that overlap more than this, the weaker is dropped, 0 to 1. */
  iou?: number | null;
  /** The classes to report; an empty list for all. */
  classes?: Array<string> | null;
};
