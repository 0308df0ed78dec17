// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** How the server knows who is asking. */
export type KnownBy = "off" | "session" | "proxy" | "token" | "network";
