// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What kind of fact. */
export type FactKind = "crossing" | "visit";
