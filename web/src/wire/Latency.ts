// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Milliseconds that half and 95 of 100 took at most. */
export type Latency = {
  /** The median. */
  p50: number;
  /** The 95th percentile. */
  p95: number;
};
