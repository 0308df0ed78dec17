// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** How full the folder of recordings is. */
export type RecordingRoom = {
  /** What recordings take, in bytes. */
  used: number;
  /** What is free on the disk, in bytes. */
  free: number;
  /** For how many days there is room at the rate of the last one; null where that is not known. */
  days: number | null;
};
