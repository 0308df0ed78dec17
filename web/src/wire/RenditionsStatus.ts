// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { RenditionStatus } from "./RenditionStatus";

/** The encodings of one camera that are made now. */
export type RenditionsStatus = {
  /** Decoding for them alone, in percent of one core; 0 while the pictures are decoded anyway. */
  decode_cpu_percent: number;
  /** Each of them, from the most bits to the fewest. */
  made: Array<RenditionStatus>;
};
