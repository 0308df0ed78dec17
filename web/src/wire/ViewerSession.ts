// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Quality } from "./Quality";
import type { RenditionInfo } from "./RenditionInfo";

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
  /** What is sent: "camera", or the name of a rendition. */
  rendition: string;
  /** Why it is not the camera's own; null when it is. */
  why: "path" | "size" | "choice" | "setting" | "format" | null;
  /** What the viewer chose. */
  quality: Quality;
  /** kbit/s that the path carries by the browser's reports; null while not known. */
  estimate_kbps: number | null;
  /** Share of packets lost on the way over the last second, in percent; null while not known. */
  loss_percent: number | null;
  /** How often another encoding was sent than before. */
  switches: number;
  /** What there is for this viewer, from the most bits to the fewest. */
  renditions: Array<RenditionInfo>;
};
