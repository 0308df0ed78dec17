// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Whose newest picture is looked at, and by which model: `POST /api/detector/preview`. */
export type DetectorTrial = {
  /** The camera's number. */
  camera: number;
  /** `demo`, or the name of a model in razz's folder; absent or null: the one that is set. */
  model?: string | null;
};
