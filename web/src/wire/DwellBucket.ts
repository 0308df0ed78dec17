// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Visits of about the same length. */
export type DwellBucket = {
  /** From so many seconds. */
  from_s: number;
  /** To less than so many; null: any. */
  to_s: number | null;
  /** How many. */
  count: number;
};
