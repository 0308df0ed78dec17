// Written from the structs in crates/server/src/wire; what is changed here is overwritten.

/** How the server knows who is asking. */
export type Way = "off" | "session" | "proxy" | "token" | "network";
