// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Quality } from "./Quality";
import type { RenditionInfo } from "./RenditionInfo";
import type { Why } from "./Why";

/** `GET /whep/{camera}/{session}`. */
export type ViewerSession = {
  /**
   * Nothing is sent until the camera's next key frame comes: the path lost too much, or the viewer
   * was too far behind.
   */
  waiting: boolean;
  /** How often that was so. */
  waits: number;
  /** GOPs sent again, the first included. */
  replays: number;
  /** Key frames that the viewer asked for. */
  keyframe_requests: number;
  /** What is sent: `camera`, or what razz encodes, by the name that it has in `renditions`. */
  rendition: string;
  /** Why that is not what the camera sends; null where it is. */
  why: Why | null;
  /** What the viewer chose. */
  quality: Quality;
  /** What the path carries by the browser's reports, in kbit/s; null while that is not known. */
  estimate_kbps: number | null;
  /** Share of packets lost over the last second, in percent; null while that is not known. */
  loss_percent: number | null;
  /** How often something else was sent than before. */
  switches: number;
  /** What there is for this viewer, from the most bits to the fewest. */
  renditions: Array<RenditionInfo>;
};
