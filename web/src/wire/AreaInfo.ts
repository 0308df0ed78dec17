// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AreaAnchor } from "./AreaAnchor";
import type { InSide } from "./InSide";
import type { Moment } from "./Moment";

/** A line, zone or mask of a camera. */
export type AreaInfo = {
  /** Whose picture. */
  camera_id: number;
  /** What people call it; another for each area of a camera. */
  name: string;
  /** A line's points, in shares of the picture from its upper left corner; absent for others. */
  line?: Array<[number, number]>;
  /** A zone's corners; absent for others. */
  zone?: Array<[number, number]>;
  /** A mask's corners: nothing is detected in it. Absent for others. */
  mask?: Array<[number, number]>;
  /** Of a line: the side that counts as in. */
  in: InSide;
  /** The classes that count, or that a mask drops; none: all. */
  classes: Array<string>;
  /** Where an object is. */
  anchor: AreaAnchor;
  /** Which drawing of it, from 1; 0 until counting has begun. */
  version: number;
  /** Since when this drawing counts; null: as long as there have been pictures. */
  since: Moment | null;
};
