// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** A track that stays as it is where others are made unrecognisable. */
export type BlurException = {
  /** Its camera. */
  camera_id: number;
  /** As in every track message. */
  track_id: number;
};
