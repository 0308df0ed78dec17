// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** A view token to make: `POST /api/view-tokens`. */
export type NewViewToken = {
  /** The cameras that it shows. */
  cameras: Array<number>;
  /** Seconds in which watching may begin, 1 to 86400; absent or null: 3600. */
  seconds?: number | null;
};
