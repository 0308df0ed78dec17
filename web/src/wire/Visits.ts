// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { RecordedVisit } from "./RecordedVisit";

/** `GET /api/visits`. */
export type Visits = {
  /** Oldest first. */
  visits: Array<RecordedVisit>;
};
