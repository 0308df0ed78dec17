// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { FactDirection } from "./FactDirection";
import type { Moment } from "./Moment";

/** Somebody who was counted. */
export type PreviewExample = {
  /** When. */
  at: Moment;
  /** Who. */
  track_id: number;
  /** What it is. */
  class: string;
  /** Which way a line was crossed. */
  direction?: FactDirection;
  /** Where a line was crossed, in shares of the picture. */
  place: [number, number] | null;
};
