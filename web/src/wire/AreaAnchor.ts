// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** The point of a box that says where its object is. */
export type AreaAnchor = "foot" | "center" | "head";
