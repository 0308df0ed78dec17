// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What kind of file an export is. */
export type ExportFormat = "mp4" | "rendered" | "player" | "mot" | "coco" | "vtt" | "csv";
