// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What becomes of a request on `/ws/playback`. */
export type PlaybackState = "begin" | "end" | "nothing" | "failed";
