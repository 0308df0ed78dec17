// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** How video travels from a camera. */
export type Transport = "tcp" | "udp" | "http";
