// Draws presented frames in their order, each when its wait is over.
import { LateQueue, type Wait } from "./latequeue";
import type { PresentedFrame } from "./frames";

/** A queue of frames that wait for their tracks, drained as often as the browser repaints. */
export class LateFrames {
  readonly #queue = new LateQueue();
  readonly #awaitsTracks: (frame: PresentedFrame) => boolean;
  readonly #draw: (frame: PresentedFrame) => void;
  #callback: number | null = null;

  /** `awaitsTracks`: the tracks of a frame may still come. `draw` does not keep the frame's image. */
  constructor(awaitsTracks: (frame: PresentedFrame) => boolean, draw: (frame: PresentedFrame) => void) {
    this.#awaitsTracks = awaitsTracks;
    this.#draw = draw;
  }

  /** Draws a presented frame now, or after its wait and the frames before it. */
  add(frame: PresentedFrame, { missingMs, patienceMs }: Wait): void {
    const waits = missingMs > 0 || (patienceMs > 0 && this.#awaitsTracks(frame));
    if (!waits && this.#queue.size === 0) {
      this.#draw(frame);
      return;
    }
    this.#queue.add(frame, frame.presentedMs + missingMs, patienceMs);
    this.#drain(frame.presentedMs);
  }

  /** Forgets the frames that wait. */
  clear(): void {
    this.#queue.clear();
    if (this.#callback !== null) cancelAnimationFrame(this.#callback);
    this.#callback = null;
  }

  #drain(nowMs: number): void {
    this.#queue.drain(nowMs, this.#awaitsTracks, this.#draw);
    if (this.#queue.size === 0 || this.#callback !== null) return;
    this.#callback = requestAnimationFrame((atMs) => {
      this.#callback = null;
      this.#drain(atMs);
    });
  }
}
