// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** How the box was obtained: by a detection of this very frame, or by the motion model. */
export type TrackState = "matched" | "predicted";
