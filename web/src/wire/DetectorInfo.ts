// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** `GET /api/detector`: what is set, and which models there are. */
export type DetectorInfo = {
  /** The model's name, or the path of its file. */
  model: string;
  /** The models that may be chosen: the one that is set, the demo's, those in razz's folder. */
  models: Array<string>;
  /** Detections below this score are dropped, 0 to 1. */
  confidence: number;
  /** Of two boxes of a class that overlap more than this, the weaker is dropped, 0 to 1. */
  iou: number;
  /** The classes to report, by the model's names; none for all. */
  classes: Array<string>;
  /** Whether it can be changed here; not without a config file, as in the demo. */
  editable: boolean;
};
