// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Which way a line was crossed. */
export type FactDirection = "in" | "out";
