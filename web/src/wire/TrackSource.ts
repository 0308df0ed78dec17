// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** How a track is kept alive: by motion and overlap, or by re-identification. */
export type TrackSource = "bytetrack" | "deepsort";
