// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What a user or an API token may do. */
export type Role = "admin" | "viewer" | "live";
