// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** `GET /whep/{camera}/{session}`. */
export type ViewerSession = {
  /**
   * Nothing is sent until the camera's next key frame comes: the path lost too much, or the viewer
   * was too far behind.
   */
  waiting: boolean;
  /** How often that was so. */
  waits: number;
  /** GOPs sent again, the first included. */
  replays: number;
  /** Key frames that the viewer asked for. */
  keyframe_requests: number;
};
