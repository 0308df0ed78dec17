// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { FactRow } from "./FactRow";

/** `GET /api/facts/rows`. */
export type FactRows = {
  /** The newest first. */
  rows: Array<FactRow>;
  /** What `before` is for the ones before them; null: there are none. */
  next: string | null;
};
