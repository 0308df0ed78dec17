// What the jitter buffer is told so that playout is really held for as long as wanted.
import { percentile } from "./hold";

/** Chromium lets its playout delay change by 100 ms in a second; asking for more would only run ahead of it. */
const RISE_MS_PER_S = 100;
/** Falling is no hurry: too long a hold costs a little delay, too short a one a frame without its tracks. */
const FALL_MS_PER_S = 60;
/** So much too short, or too long, is close enough. */
const SHORT_MS = 12;
const LONG_MS = 30;
/** Frames of this long count. */
const WINDOW_MS = 500;

/**
 * A jitter buffer that gets a whole GOP at once, faster than real time, misjudges the relation of media time to its
 * clock, and for some seconds holds frames shorter than it was told. So what it is told follows what it does: a
 * session begins with the longest hold (the first frames are not for the eye anyway), and then the target is moved
 * until the time from a frame's last packet to its presentation is the one wanted.
 */
export class PlayoutControl {
  #limitMs: number;
  #toldMs: number;
  #frames: { atMs: number; playoutMs: number }[] = [];
  #updatedMs: number | null = null;

  /** `limitMs`: the longest hold. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.#toldMs = limitMs;
  }

  /** Another limit, at once. */
  set limitMs(ms: number) {
    this.#limitMs = ms;
    this.#toldMs = Math.min(this.#toldMs, ms);
  }

  /** What the jitter buffer is to be told now, 0 to the limit. */
  get toldMs(): number {
    return Math.round(this.#toldMs);
  }

  /** A new session begins: whatever was learned was another jitter buffer's. */
  reset(): void {
    this.#toldMs = this.#limitMs;
    this.#frames = [];
    this.#updatedMs = null;
  }

  /** A frame was presented at `nowMs`, `playoutMs` after its last packet. */
  sample(playoutMs: number, nowMs: number): void {
    this.#frames.push({ atMs: nowMs, playoutMs });
    if (this.#frames.length > 120) this.#frames.shift();
  }

  /** Moves what is told so that all but the quickest tenth of the frames are held for `wantedMs` at least. */
  update(wantedMs: number, nowMs: number): number {
    const elapsedS = this.#updatedMs === null ? 0 : Math.max(0, nowMs - this.#updatedMs) / 1000;
    this.#updatedMs = nowMs;
    this.#frames = this.#frames.filter((frame) => nowMs - frame.atMs <= WINDOW_MS);
    if (this.#frames.length < 5) return this.toldMs;
    const missing = wantedMs - percentile(this.#frames.map((frame) => frame.playoutMs), 0.1);
    const seconds = Math.min(1, elapsedS);
    if (missing > SHORT_MS) this.#toldMs += Math.min(missing, RISE_MS_PER_S * seconds);
    if (missing < -LONG_MS) this.#toldMs += Math.max(missing, -FALL_MS_PER_S * seconds);
    this.#toldMs = Math.max(0, Math.min(this.#limitMs, this.#toldMs));
    return this.toldMs;
  }
}
