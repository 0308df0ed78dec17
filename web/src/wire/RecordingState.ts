// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What becomes of a camera's footage now. */
export type RecordingState = "recording" | "waiting" | "stopped" | "off";
