// Where playback is at any time: pure, since time is an argument.
import { HZ } from "./moment";

/** A position on the media timeline that runs at a rate, or stands. */
export class PlaybackClock {
  /** Media time at `#sinceMs`. */
  #time: number;
  #sinceMs = 0;
  #rate: number;
  #running = false;

  constructor(time: number, rate: number) {
    this.#time = time;
    this.#rate = rate;
  }

  /** Media seconds per second; negative is backwards. */
  get rate(): number {
    return this.#rate;
  }

  /** Whether the position moves. */
  get running(): boolean {
    return this.#running;
  }

  /** The media time at `nowMs`, in ticks and parts of them. */
  at(nowMs: number): number {
    return this.#running ? this.#time + ((nowMs - this.#sinceMs) * this.#rate * HZ) / 1000 : this.#time;
  }

  /** The position is `time` from `nowMs` on. */
  set(time: number, nowMs: number): void {
    this.#time = time;
    this.#sinceMs = nowMs;
  }

  /** Moves on from where it is, or stands there. */
  run(running: boolean, nowMs: number): void {
    this.set(this.at(nowMs), nowMs);
    this.#running = running;
  }

  /** Goes on from where it is at another rate. */
  setRate(rate: number, nowMs: number): void {
    this.set(this.at(nowMs), nowMs);
    this.#rate = rate;
  }

  /** Goes no further than `limit`, whichever way it goes: what comes after that is not there yet. */
  hold(limit: number, nowMs: number): void {
    const time = this.at(nowMs);
    if (this.#rate >= 0 ? time > limit : time < limit) this.set(limit, nowMs);
  }
}

/** The slowest and the fastest that a recording is played. */
const SLOWEST = 0.25;
const FASTEST = 64;
/** Up to here all frames are decoded; faster, key pictures alone. */
export const ALL_FRAMES = 4;
/** The rates that keys lead through, forwards. */
const STEPS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64];

/** The rate that an attribute says; 1 if it says none. */
export function rateOf(text: string | number | null): number {
  const rate = Number(text ?? 1);
  if (!Number.isFinite(rate) || rate === 0) return 1;
  return Math.sign(rate) * Math.min(FASTEST, Math.max(SLOWEST, Math.abs(rate)));
}

/** The next rate up, or down, of those that keys lead through: …, -2, -1, 0.25, 0.5, 1, 2, … */
export function nextRate(rate: number, up: boolean): number {
  const all = [...STEPS.filter((step) => step >= 1).map((step) => -step).reverse(), ...STEPS];
  return (up ? all.find((step) => step > rate) : all.findLast((step) => step < rate)) ?? rate;
}
