// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Moment } from "./Moment";

/** Footage that never gives way until somebody unlocks it. */
export type RecordingLock = {
  /** Names it among those of its camera. */
  id: number;
  /** From then on. */
  from: Moment;
  /** Until then. */
  to: Moment;
  /** Why; empty where nothing was said. */
  note: string;
  /** Who locked it; null where nobody signs in. */
  by: string | null;
  /** When, in UNIX seconds. */
  made: number;
};
