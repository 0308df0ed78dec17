// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Which of a camera's streams is detected on. */
export type DetectFrom = "main" | "sub";
