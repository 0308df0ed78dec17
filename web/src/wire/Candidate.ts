// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** A box that the thresholds keep or drop. */
export type Candidate = {
  /** What it is. */
  class: string;
  /** Its score, 0 to 1. */
  confidence: number;
  /**
   * Left, top, right, bottom in pixels, where the model places it: it may reach beyond the
   * picture.
   */
  bbox: [number, number, number, number];
};
