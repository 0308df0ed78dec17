// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Somebody who stays to be seen where others are blurred. */
export type BlurException = {
  /** The camera's number. */
  camera_id: number;
  /** As in every track message. */
  track_id: number;
};
