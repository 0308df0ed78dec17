// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** One encoding. */
export type RenditionStatus = {
  /** `full`, `540p`, `360p`, `180p` or `stills`. */
  name: string;
  /** Pixels across; 0 before the first picture. */
  width: number;
  /** Pixels down. */
  height: number;
  /** Viewers that are sent it or wait for it. */
  viewers: number;
  /** Pictures a second. */
  fps: number;
  /** Over the last seconds. */
  bitrate_kbps: number;
  /** Scaling and encoding, in percent of one core. */
  cpu_percent: number;
  /** Memory of its encoder, about, by the size of its pictures. */
  memory_bytes: number;
};
