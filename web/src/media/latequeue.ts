// Frames that the browser presents before their tracks can be there, kept for the time that is missing.
import type { PresentedFrame } from "./frames";

/** A frame is kept for this long at most. */
const MOST_MS = 250;
/** So little is not worth keeping a frame for. */
const LEAST_MS = 12;
/** Frames kept at most: each holds its pixels. */
const MOST_FRAMES = 12;

/** How long a frame still has to be kept, of which the browser held back `heldMs` of the `wantedMs`. */
export function missingMs(wantedMs: number, heldMs: number | null): number {
  if (heldMs === null) return 0;
  const missing = Math.min(MOST_MS, wantedMs - heldMs);
  return missing < LEAST_MS ? 0 : missing;
}

interface Kept {
  frame: PresentedFrame;
  dueMs: number;
}

/**
 * After a burst (the start of a session, a camera that comes back) the jitter buffer does for some seconds not hold
 * frames for as long as it was told. What is missing is made up for here: frames go on in their order, each when it is
 * due, so that the delay as a whole stays the same and motion stays even.
 */
export class LateQueue {
  #kept: Kept[] = [];

  /** How many frames are kept. */
  get size(): number {
    return this.#kept.length;
  }

  /** Keeps a frame until `dueMs`, after those before it. The frame's image is cloned. */
  add(frame: PresentedFrame, dueMs: number): void {
    const image = "clone" in frame.image ? frame.image.clone() : frame.image;
    const last = this.#kept.at(-1)?.dueMs ?? 0;
    this.#kept.push({ frame: { ...frame, image }, dueMs: Math.max(dueMs, last) });
  }

  /** Hands every frame that is due at `nowMs`, or too many, to `draw`, which does not keep its image. */
  drain(nowMs: number, draw: (frame: PresentedFrame) => void): void {
    for (let next = this.#kept[0]; next; next = this.#kept[0]) {
      if (next.dueMs > nowMs && this.#kept.length <= MOST_FRAMES) return;
      this.#kept.shift();
      try {
        draw({ ...next.frame, presentedMs: nowMs });
      } finally {
        close(next.frame);
      }
    }
  }

  /** Forgets all frames. */
  clear(): void {
    for (const { frame } of this.#kept) close(frame);
    this.#kept = [];
  }
}

function close({ image }: PresentedFrame): void {
  if ("close" in image) image.close();
}
