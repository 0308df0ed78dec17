// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Why a visit is over. */
export type FactEnd = "left" | "lost" | "closed";
