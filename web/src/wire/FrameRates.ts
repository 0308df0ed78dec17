// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Frames per second over the last 5 s. */
export type FrameRates = {
  /** From the camera. */
  received: number;
  /** Decoded. */
  decoded: number;
  /** Detected on. */
  detected: number;
  /** That detection was asked for. */
  wanted: number;
  /** Wanted, and passed over for a newer one. */
  skipped: number;
  /** Answered by the detection before, since nothing had moved. */
  unchanged: number;
};
