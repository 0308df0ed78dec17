// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AreaFacts } from "./AreaFacts";

/** `GET /api/facts`. */
export type Facts = {
  /** From when, in UNIX seconds: of ranges of more than two days the quarter of an hour. */
  from: number;
  /** Until when. */
  to: number;
  /** Length of a step, in seconds. */
  step_s: number;
  /** By area. */
  areas: Array<AreaFacts>;
};
