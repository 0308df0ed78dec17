// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What never gives way from now on: `POST /api/recordings/{camera}/locks`. */
export type NewLock = {
  /** From then on: UNIX seconds, or `90k:` and a media time. */
  from: string;
  /** Until before then, likewise. */
  to: string;
  /** Why, in 500 characters at most; absent: nothing is said. */
  note?: string;
};
