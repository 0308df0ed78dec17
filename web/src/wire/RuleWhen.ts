// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What a rule looks for. */
export type RuleWhen = "crossing" | "enters" | "leaves" | "dwell" | "occupancy" | "appears" | "absence" | "speed" | "camera_offline" | "recording_stopped";
