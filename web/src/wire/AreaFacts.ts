// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AreaKind } from "./AreaKind";
import type { ClassFacts } from "./ClassFacts";
import type { Dwell } from "./Dwell";
import type { FactSeries } from "./FactSeries";
import type { OccupancyFacts } from "./OccupancyFacts";

/** What was counted at an area. */
export type AreaFacts = {
  /** Whose picture. */
  camera_id: number;
  /** What people call it. */
  area: string;
  /** A line or a zone. */
  kind: AreaKind;
  /** Crossed to the side that counts as in. */
  in: number;
  /** And away from it. */
  out: number;
  /** Visits that began. */
  visits: number;
  /** How long visits took; null for a line, and where none is over. */
  dwell: Dwell | null;
  /** How many were there; null for a line, and where nobody looked. */
  occupancy: OccupancyFacts | null;
  /** By class. */
  classes: Array<ClassFacts>;
  /** In steps. */
  series: FactSeries;
};
