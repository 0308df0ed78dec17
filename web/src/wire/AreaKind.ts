// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** A line or a zone. */
export type AreaKind = "line" | "zone";
