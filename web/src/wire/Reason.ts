// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Why nothing was recorded. */
export type Reason = "camera_gone" | "no_key_picture" | "format" | "disk_slow" | "disk_full" | "disk_gone" | "off" | "not_running" | "crash" | "deleted" | "quiet" | "unknown";
