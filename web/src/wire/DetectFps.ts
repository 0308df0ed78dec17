// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Detections per second, or `"max"`. */
export type DetectFps = number | "max";
