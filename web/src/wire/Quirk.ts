// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Something that a camera does otherwise than the standards say. */
export type Quirk = {
  /** Its name among the `oddities` of a camera's status. */
  name: string;
  /** How often it came. */
  count: number;
  /** What it is, and what razz makes of it. */
  meaning: string;
};
