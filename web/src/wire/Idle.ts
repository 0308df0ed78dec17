// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** How a camera is analysed while nothing moves. */
export type Idle = "all_frames" | "key_frames";
