// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { ClassFacts } from "./ClassFacts";
import type { Moment } from "./Moment";
import type { PreviewExample } from "./PreviewExample";
import type { PreviewHour } from "./PreviewHour";

/** What an area would have counted. */
export type AreaPreview = {
  /** From when was asked for. */
  from: Moment;
  /** Until when. */
  to: Moment;
  /** Whether all of that was looked at. */
  complete: boolean;
  /** How much of it has tracks, in seconds. */
  searched_s: number;
  /** Different tracks in it. */
  tracks: number;
  /** Crossed to the side that counts as in. */
  in: number;
  /** And away from it. */
  out: number;
  /** Visits of the zone. */
  visits: number;
  /** Half of the visits took no longer, in seconds. */
  dwell_p50_s: number | null;
  /** Most in the zone at a time. */
  most_at_once: number;
  /** By class. */
  classes: Array<ClassFacts>;
  /** By hour. */
  hours: Array<PreviewHour>;
  /** Who was counted, the newest first, 50 at most. */
  examples: Array<PreviewExample>;
  /** How long it took, in ms. */
  took_ms: number;
};
