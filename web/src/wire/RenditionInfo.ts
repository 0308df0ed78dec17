// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** What a viewer can be sent. */
export type RenditionInfo = {
  /**
   * `camera`: what it sends itself; `full`: the same pictures encoded anew, `540p`, `360p`, `180p`:
   * of so many lines, `stills`: two pictures a second.
   */
  name: string;
  /** Pixels across, square ones. */
  width: number;
  /** Pixels down. */
  height: number;
  /** Bits that it takes, in kbit/s; 0 while that is not known. */
  kbps: number;
};
