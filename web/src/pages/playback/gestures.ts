// Fingers and the mouse on the timeline: what a movement means. A tap goes there, a drag moves the timeline, a drag of the
// playhead moves that, two fingers zoom.

/** What is to happen. Places are CSS pixels from the timeline's left edge. */
export type Act =
  | { do: "seek"; x: number }
  | { do: "scrub"; x: number; done: boolean }
  | { do: "pan"; byPx: number }
  /** What lay at `fromX` now lies at `x`, and `factor` times as much time is shown. */
  | { do: "zoom"; factor: number; fromX: number; x: number };

/** A press that moves less is a tap. */
const SLOP_PX = 5;
/** Two fingers nearer than this say nothing of how far to zoom. */
const APART_PX = 24;

/** The pointers that are down, from the first press until none is left. */
export class Gestures {
  readonly #places = new Map<number, number>();
  #startX = 0;
  #kind: "press" | "pan" | "scrub" | "pinch" | "spent" = "spent";

  /** Whether the playhead is being dragged. */
  get scrubbing(): boolean {
    return this.#kind === "scrub";
  }

  /** Whether a pointer is down. */
  get active(): boolean {
    return this.#places.size > 0;
  }

  /** A pointer went down, `onPlayhead` or elsewhere. */
  down(pointer: number, x: number, onPlayhead: boolean): void {
    this.#places.set(pointer, x);
    if (this.#places.size > 1) {
      this.#kind = "pinch";
      return;
    }
    this.#startX = x;
    this.#kind = onPlayhead ? "scrub" : "press";
  }

  /** A pointer moved; null: it means nothing. */
  move(pointer: number, x: number): Act | null {
    const was = this.#places.get(pointer);
    if (was === undefined) return null;
    const before = this.#pinch();
    this.#places.set(pointer, x);
    if (this.#kind === "scrub") return { do: "scrub", x, done: false };
    if (this.#kind === "pinch") {
      const after = this.#pinch();
      return { do: "zoom", factor: before.apart / after.apart, fromX: before.middle, x: after.middle };
    }
    if (this.#kind === "press" && Math.abs(x - this.#startX) >= SLOP_PX) this.#kind = "pan";
    return this.#kind === "pan" ? { do: "pan", byPx: x - was } : null;
  }

  /** A pointer went up, or (`lost`) the browser took it. */
  up(pointer: number, x: number, lost = false): Act | null {
    if (!this.#places.delete(pointer)) return null;
    const kind = this.#kind;
    // The finger that is left after a pinch goes on moving the timeline; it taps nothing.
    this.#kind = kind === "pinch" && this.#places.size > 0 ? "pan" : "spent";
    if (kind === "scrub") return { do: "scrub", x, done: true };
    return kind === "press" && !lost ? { do: "seek", x } : null;
  }

  #pinch(): { middle: number; apart: number } {
    const [one = 0, other = one] = this.#places.values();
    return { middle: (one + other) / 2, apart: Math.max(APART_PX, Math.abs(one - other)) };
  }
}
