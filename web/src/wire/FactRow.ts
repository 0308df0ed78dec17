// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { FactDirection } from "./FactDirection";
import type { FactEnd } from "./FactEnd";
import type { FactKind } from "./FactKind";
import type { Moment } from "./Moment";

/** A crossing or a visit. */
export type FactRow = {
  /** Which of them. */
  kind: FactKind;
  /** Whose picture. */
  camera_id: number;
  /** What people call the line or zone. */
  area: string;
  /** When; of a visit, its beginning. */
  at: Moment;
  /** When a visit ended; null while it goes on, and for a crossing. */
  to: Moment | null;
  /** Which way a line was crossed. */
  direction: FactDirection | null;
  /** What it was. */
  class: string;
  /** As in every track message. */
  track_id: number;
  /** Where the line was crossed, in shares of the picture. */
  place: [number, number] | null;
  /** How long a visit took, in seconds. */
  dwell_s: number | null;
  /** Why it is over. */
  end: FactEnd | null;
  /** Whether it came in over the edge; false: it was there when it was first seen. */
  entered: boolean | null;
  /** Nobody saw the crossing itself: it was between two sightings far apart. */
  bridged: boolean;
  /** How fast, in m/s, where that is known well enough. */
  speed_mps: number | null;
  /** One standard deviation of it. */
  speed_error_mps: number | null;
  /** 0: as it was seen. Of the same fact (kind, camera, area, media time, track) the highest is the truth. */
  revision: number;
};
