// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Counts of a class. */
export type ClassFacts = {
  /** Its name. */
  class: string;
  /** Crossed to the side that counts as in. */
  in: number;
  /** And away from it. */
  out: number;
  /** Visits. */
  visits: number;
};
