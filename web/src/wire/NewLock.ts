// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Footage that never gives way: `POST /api/recordings/{camera}/locks`. */
export type NewLock = {
  /** From then on: UNIX seconds, or `90k:` and a media time. */
  from: string;
  /** Until then, written alike. */
  to: string;
  /** Why; absent: nothing is said. */
  note?: string;
};
