// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Counts in steps: one value of each for every step. */
export type FactSeries = {
  /** When it begins, in UNIX seconds. */
  at: Array<number>;
  /** Crossed to the side that counts as in. */
  in: Array<number>;
  /** And away from it. */
  out: Array<number>;
  /** Visits that began. */
  visits: Array<number>;
  /** How many were in the zone on average; null where nobody looked, and for a line. */
  mean: Array<number | null>;
  /** The most. */
  most: Array<number | null>;
  /** The share of the step in which somebody looked, 0 to 1. */
  watched: Array<number>;
};
