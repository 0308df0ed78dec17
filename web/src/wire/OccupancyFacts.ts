// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** How many were there, by time. */
export type OccupancyFacts = {
  /** On average. */
  mean: number;
  /** No more for 95 of 100 s. */
  p95: number;
  /** The most. */
  most: number;
  /** So long somebody looked, in seconds. */
  watched_s: number;
};
