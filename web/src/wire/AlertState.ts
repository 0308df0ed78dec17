// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Where an alert stands. */
export type AlertState = "pending" | "firing" | "resolved";
