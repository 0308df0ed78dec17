// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { DwellBucket } from "./DwellBucket";

/** How long the visits took that are over. */
export type Dwell = {
  /** How many. */
  count: number;
  /** Their mean, in seconds. */
  mean_s: number;
  /** Half of them took no longer. */
  p50_s: number;
  /** Nine of ten took no longer. */
  p90_s: number;
  /** How many took how long. */
  histogram: Array<DwellBucket>;
};
