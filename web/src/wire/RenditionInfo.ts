// Written from the structs in crates/api/src/wire; what is changed here is overwritten.

/** One encoding of a camera. */
export type RenditionInfo = {
  /** "camera", or the name of a rendition. */
  name: string;
  /** In pixels. */
  width: number;
  /** In pixels. */
  height: number;
  /** What it takes, in kbit/s. */
  kbps: number;
};
