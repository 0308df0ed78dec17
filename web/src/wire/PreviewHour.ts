// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Counts of an hour. */
export type PreviewHour = {
  /** When it begins, in UNIX seconds. */
  at: number;
  /** Crossed to the side that counts as in. */
  in: number;
  /** And away from it. */
  out: number;
  /** Visits. */
  visits: number;
};
