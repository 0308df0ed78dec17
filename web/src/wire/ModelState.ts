// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** How far the model is. */
export type ModelState = "off" | "loading" | "ready" | "failed";
