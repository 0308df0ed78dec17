// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** How far an export has come. */
export type ExportState = "waiting" | "running" | "done" | "failed";
