// Written from the structs in crates/api/src/wire; what is changed here is overwritten.
import type { Quality } from "./Quality";

/**
 * `PATCH /whep/{camera}/{session}` as `application/merge-patch+json`: what the viewer wants from now on.
 * Absent keys stay as they are.
 */
export type ViewerEdit = {
  /** What it chooses; null is `auto`. */
  quality?: Quality | null;
  /** Pixels of the screen that the picture has across; null: not known. */
  width?: number | null;
  /** The same down. Both or none. */
  height?: number | null;
};
