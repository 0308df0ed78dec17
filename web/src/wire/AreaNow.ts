// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AreaKind } from "./AreaKind";
import type { Moment } from "./Moment";
import type { NowClass } from "./NowClass";

/** How it is at an area now. */
export type AreaNow = {
  /** Whose picture. */
  camera_id: number;
  /** What people call it. */
  area: string;
  /** A line or a zone. */
  kind: AreaKind;
  /** How many are in the zone; null for a line. */
  occupancy: number | null;
  /** By class. */
  classes: Array<NowClass>;
  /** Crossings to the side that counts as in, since midnight where the server is. */
  in_today: number;
  /** And away from it. */
  out_today: number;
  /** Visits that began since midnight. */
  visits_today: number;
  /** As of which frame; null before the first. */
  at: Moment | null;
};
