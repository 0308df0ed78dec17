// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Moment } from "./Moment";

/** Footage without a hole. */
export type RecordedSpan = {
  /** Its first picture. */
  from: Moment;
  /** Behind its last one. */
  to: Moment;
  /** What it takes, in bytes, by whole files. */
  bytes: number;
};
