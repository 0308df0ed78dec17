// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Why a viewer is not sent what the camera sends. */
export type Why = "path" | "size" | "choice" | "setting" | "format";
