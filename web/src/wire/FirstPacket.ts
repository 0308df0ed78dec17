// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** Microseconds that half, and 99 of 100, of the frames stay under. */
export type FirstPacket = {
  /** Half of them. */
  p50: number;
  /** 99 of 100. */
  p99: number;
};
