// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { CompatPort } from "./CompatPort";

/** A view token: `POST /api/view-tokens`. */
export type ViewToken = {
  /** For `<razz-player token="…">` and `?token=…`. */
  token: string;
  /** The cameras it shows. */
  cameras: Array<number>;
  /** Watching may begin before this, in UNIX seconds. */
  expires: number;
  /** Where the RTSPtoWebRTC endpoints are, which pages of any site may show; null: they are off. */
  compat: CompatPort | null;
};
