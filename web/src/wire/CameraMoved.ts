// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** A camera that somebody has moved. */
export type CameraMoved = {
  /** Which. */
  camera_id: number;
  /** Since when, in UNIX seconds. */
  since: number;
  /** How far the picture's corner went that went farthest, in shares of the picture's width. */
  by: number;
  /**
   * Where a point of an area is now: a11, a12, tx, a21, a22, ty of x' = a11 x + a12 y + tx, y' = a21 x + a22 y + ty, in
   * shares of the picture's width and height.
   */
  motion: [number, number, number, number, number, number];
};
