// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What a camera is doing. */
export type CameraState = "connecting" | "online" | "stalled" | "offline" | "unsupported";
