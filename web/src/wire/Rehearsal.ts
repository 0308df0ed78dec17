// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AlertInfo } from "./AlertInfo";

/** How often a rule would have fired. */
export type Rehearsal = {
  /** How many alerts there would have been. */
  count: number;
  /** How many messages would have been sent. */
  sent: number;
  /** The newest of the alerts first, 100 at most. */
  alerts: Array<AlertInfo>;
  /** How long it took, in ms. */
  took_ms: number;
};
