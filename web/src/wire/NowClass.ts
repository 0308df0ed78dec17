// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** How many of a class are there. */
export type NowClass = {
  /** Its name. */
  class: string;
  /** How many. */
  count: number;
};
