// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { AreaEdit } from "./AreaEdit";

/** `POST /api/areas/preview`. */
export type AreaPreviewRequest = {
  /** Whose picture. */
  camera_id: number;
  /** What is drawn. */
  area: AreaEdit;
  /** From when: UNIX seconds, or `90k:` and a media time. */
  from: string;
  /** Until when. */
  to: string;
};
