// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What a viewer chooses. */
export type Quality = "auto" | "camera" | "540p" | "360p" | "180p" | "stills" | "saver";
