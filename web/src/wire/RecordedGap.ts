// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Moment } from "./Moment";
import type { Reason } from "./Reason";

/** A time without footage. */
export type RecordedGap = {
  /** From then on. */
  from: Moment;
  /** Until the next picture. */
  to: Moment;
  /** Why. */
  reason: Reason;
};
