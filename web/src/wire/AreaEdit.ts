// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AreaAnchor } from "./AreaAnchor";
import type { InSide } from "./InSide";

/** What an area is to be. */
export type AreaEdit = {
  /** What people call it, 1 to 60 characters. */
  name: string;
  /** A line's points, 2 to 64, in shares of the picture; or `zone` or `mask`. */
  line?: Array<[number, number]>;
  /** A zone's corners, 3 to 64. */
  zone?: Array<[number, number]>;
  /** A mask's corners, 3 to 64: nothing is detected in it. */
  mask?: Array<[number, number]>;
  /** Of a line: the side that counts as in; absent: the right one. */
  in?: InSide;
  /** The classes that count; absent or none: all. */
  classes?: Array<string>;
  /** Where an object is; absent: at its foot. */
  anchor?: AreaAnchor;
  /** What people called it before, where that was something else: it keeps its counts. */
  was?: string;
};
