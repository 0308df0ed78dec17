// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** How pictures of the smaller stream are placed among the frames of the main stream. */
export type SubMapping = {
  /** By what: `pictures` (those of both were compared), `sender_reports`, or `arrival`. */
  by: "pictures" | "sender_reports" | "arrival";
  /** How far that may be off, in milliseconds: boxes are so near their frame. */
  error_ms: number;
};
