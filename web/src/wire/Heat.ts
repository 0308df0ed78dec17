// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** `GET /api/heat`. */
export type Heat = {
  /** Cells across the picture. */
  columns: number;
  /** Cells down the picture. */
  rows: number;
  /** How long objects stood in each cell, in seconds; row by row from the upper left. */
  seconds: Array<number>;
  /** How many different tracks were in each. */
  tracks: Array<number>;
};
