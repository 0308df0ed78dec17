// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Moment } from "./Moment";

/** Footage that never gives way until somebody unlocks it. */
export type RecordingLock = {
  /** Its number, which no other lock ever has. */
  id: number;
  /** From then on. */
  from: Moment;
  /** Until before then. */
  to: Moment;
  /** Why; empty where nobody said. */
  note: string;
  /** Who locked it; null where nobody has to sign in. */
  by: string | null;
  /** When, in UNIX seconds. */
  made: number;
};
