// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { RenditionStatus } from "./RenditionStatus";

/** The encodings of one camera that are made now. */
export type RenditionsStatus = {
  /** Decoding for them, beside that for detection, in percent of one core. */
  decode_cpu_percent: number;
  /** Each of them, from the most bits to the fewest. */
  made: Array<RenditionStatus>;
};
