// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Which side of a line counts as in, seen on the way from its first point to its last. */
export type InSide = "left" | "right";
