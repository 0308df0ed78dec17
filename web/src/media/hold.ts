// How long playout is held so that the tracks of a frame are there before it is shown.

/** Never hold longer: the picture would feel late, and the jitter buffer is told in terms of this. */
export const HOLD_LIMIT_MS = 400;

/** What `max-hold` asks for, in milliseconds: 0 to 400; 400 if it is no number. */
export function holdLimit(said: string | null): number {
  const ms = said === null || said.trim() === "" ? Number.NaN : Number(said);
  return Number.isFinite(ms) ? Math.max(0, Math.min(HOLD_LIMIT_MS, ms)) : HOLD_LIMIT_MS;
}

/** Until something is measured: what the server waits for a detection at most. */
const FIRST_MS = 150;
/** On top of the measurement: about a frame. */
const MARGIN_MS = 30;
/** The target falls this fast, so that a slow quarter of an hour is not forgotten within a second. */
const FALL_MS_PER_S = 15;
/** What counts as lately, and what as before. */
const SHORT_MS = 2_000;
const LONG_MS = 20_000;
/** Samples kept at most: 20 s at 60 frames a second. */
const SAMPLES = 1_200;

interface Sample {
  atMs: number;
  neededMs: number;
}

/**
 * The hold controller of exact mode. A sample says how long after a frame's last packet its track message came:
 * a hold of that length would just have sufficed. The target is the larger of the 95th percentile of the last 2 s
 * and the 99th of the last 20 s, with a margin; it rises at once and falls slowly.
 */
export class HoldController {
  #samples: Sample[] = [];
  #targetMs: number;
  #updatedMs: number | null = null;
  #limitMs: number;

  /** `limitMs`: the longest hold. More lets slower detection stay exact and costs delay. */
  constructor(limitMs = HOLD_LIMIT_MS) {
    this.#limitMs = limitMs;
    this.#targetMs = Math.min(FIRST_MS, limitMs);
  }

  /** Another limit, at once. */
  set limitMs(ms: number) {
    this.#limitMs = ms;
    this.#targetMs = Math.min(this.#targetMs, ms);
  }

  /** The longest hold. */
  get limitMs(): number {
    return this.#limitMs;
  }

  /** Milliseconds to hold, as of the last `update`. */
  get targetMs(): number {
    return Math.round(this.#targetMs);
  }

  /**
   * A message came `neededMs` after the last packet of its frame (negative: before it). `inTime`: it was there when
   * the frame was presented. Then the hold sufficed, however long the page itself was too busy to look, so such a
   * sample keeps the hold where it is at most.
   */
  sample(neededMs: number, inTime: boolean, nowMs: number): void {
    if (!Number.isFinite(neededMs)) return;
    const most = inTime ? this.#targetMs - MARGIN_MS : Infinity;
    this.#samples.push({ atMs: nowMs, neededMs: Math.min(neededMs, most) });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /**
   * Follows the measurements up to `nowMs` and returns the new target. `wanted` false: there are no tracks to wait
   * for (detection is off, camera offline, live mode), so the hold falls towards nothing.
   */
  update(nowMs: number, wanted: boolean): number {
    const elapsedS = this.#updatedMs === null ? 0 : Math.max(0, nowMs - this.#updatedMs) / 1000;
    this.#updatedMs = nowMs;
    this.#samples = this.#samples.filter((sample) => nowMs - sample.atMs <= LONG_MS);
    const goal = wanted ? this.#goal(nowMs) : 0;
    if (goal === null) return this.targetMs;
    this.#targetMs = goal > this.#targetMs ? goal : Math.max(goal, this.#targetMs - FALL_MS_PER_S * elapsedS);
    return this.targetMs;
  }

  /** Where the target wants to be; null while nothing is measured. */
  #goal(nowMs: number): number | null {
    if (this.#samples.length === 0) return null;
    const all = this.#samples.map((sample) => sample.neededMs);
    const lately = this.#samples.filter((sample) => nowMs - sample.atMs <= SHORT_MS).map((sample) => sample.neededMs);
    const needed = Math.max(percentile(all, 0.99), lately.length > 0 ? percentile(lately, 0.95) : -Infinity);
    return Math.min(this.#limitMs, Math.max(0, needed + MARGIN_MS));
  }
}

/** The value that the share `p` of `values` does not exceed (nearest rank). `values` must not be empty. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? Number.NaN;
}
