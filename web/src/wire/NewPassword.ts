// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** One's own password, changed: `PUT /api/me/password`. */
export type NewPassword = {
  /** The password so far. */
  current: string;
  /** The one to come. */
  new: string;
};
