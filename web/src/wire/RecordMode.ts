// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What of a camera is recorded, where anything is. */
export type RecordMode = "always" | "visits" | "off";
