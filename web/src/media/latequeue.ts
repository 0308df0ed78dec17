// Frames that the browser presents before their tracks are there, kept for the time that is missing.
import type { PresentedFrame } from "./frames";

/** A frame is kept for this long at most. */
const MOST_MS = 250;
/** So little is not worth keeping a frame for. */
const LEAST_MS = 12;
/** Frames kept at most: each holds its pixels. */
const MOST_FRAMES = 12;
/** A frame that is due waits this much longer for tracks that may still come: the picture is late by a frame or two at most. */
const PATIENCE_MS = 50;

/** How long a frame still has to be kept, of which the browser held back `heldMs` of the `wantedMs`. */
export function missingMs(wantedMs: number, heldMs: number | null): number {
  if (heldMs === null) return 0;
  const missing = Math.min(MOST_MS, wantedMs - heldMs);
  return missing < LEAST_MS ? 0 : missing;
}

/** How much longer a frame may wait for its tracks that has been held for `heldMs` of `limitMs` once it is due. */
export function patienceMs(heldMs: number | null, limitMs: number): number {
  return Math.max(0, Math.min(PATIENCE_MS, limitMs - (heldMs ?? 0)));
}

/** Whether a frame can be kept at all: a video element shows the next one by then. */
export function canKeep({ image }: PresentedFrame): boolean {
  return "clone" in image;
}

/** How much longer a frame is kept than the browser kept it, and how much more while its tracks may still come. */
export interface Wait {
  missingMs: number;
  patienceMs: number;
}

/** The frame is drawn as it comes. */
export const NO_WAIT: Wait = { missingMs: 0, patienceMs: 0 };

interface Kept {
  frame: PresentedFrame;
  /** Not before this. */
  dueMs: number;
  /** From then on, unless its tracks may still come; not after this. */
  lastMs: number;
}

/**
 * A hold that mostly suffices is now and then too short by a little: then a frame waits for its tracks. And after a burst
 * (the start of a session, a camera that comes back) the jitter buffer does for some seconds not hold frames for as long
 * as it was told. What is missing is made up for here: frames go on in their order, each when it is due, so that the
 * delay as a whole stays the same and motion stays even.
 */
export class LateQueue {
  #kept: Kept[] = [];

  /** How many frames are kept. */
  get size(): number {
    return this.#kept.length;
  }

  /**
   * Keeps a frame until `dueMs`, after those before it, and for `patienceMs` more while its tracks may come. The frame's
   * image is cloned.
   */
  add(frame: PresentedFrame, dueMs: number, patienceMs: number): void {
    const image = "clone" in frame.image ? frame.image.clone() : frame.image;
    const due = Math.max(dueMs, this.#kept.at(-1)?.dueMs ?? 0);
    this.#kept.push({ frame: { ...frame, image }, dueMs: due, lastMs: due + patienceMs });
  }

  /**
   * Hands every frame that is due at `nowMs` and does not wait for its tracks (`waits`), or too many, to `draw`, which
   * does not keep its image.
   */
  drain(nowMs: number, waits: (frame: PresentedFrame) => boolean, draw: (frame: PresentedFrame) => void): void {
    for (let next = this.#kept[0]; next; next = this.#kept[0]) {
      const early = nowMs < next.dueMs || (nowMs < next.lastMs && waits(next.frame));
      if (early && this.#kept.length <= MOST_FRAMES) return;
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
