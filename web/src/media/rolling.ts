// The last so many values of something, and their percentiles.
import { percentile } from "./hold";

/** Keeps the last `limit` values. */
export class Rolling {
  readonly #values: number[] = [];
  #next = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes one more; the oldest goes. */
  push(value: number): void {
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#limit;
  }

  /** The value that the share `p` of them does not exceed; null of none. */
  at(p: number): number | null {
    return this.#values.length > 0 ? percentile(this.#values, p) : null;
  }

  /** What half of them, and 95 %, stay under; null of none. */
  get percentiles(): { p50: number; p95: number } | null {
    const [p50, p95] = [this.at(0.5), this.at(0.95)];
    return p50 === null || p95 === null ? null : { p50, p95 };
  }
}
