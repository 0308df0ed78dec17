// Footage as something to be led along from picture to picture, either way: what is not here is fetched.
import type { Sample } from "./fmp4";
import type { Footage } from "./footage";
import { besides, isReordered, type Gop } from "./gops";

/** GOPs that are wanted before the position, going backwards. */
const BEHIND = 3;

/** The way along one footage. */
export class Reel {
  readonly footage: Footage;
  readonly #onChange: () => void;
  #isFetching = false;
  #isAtBeginning = false;
  #hasReordered = false;
  #turn = 0;

  /** `onChange`: what was fetched is here. */
  constructor(footage: Footage, onChange: () => void) {
    this.footage = footage;
    this.#onChange = onChange;
  }

  /** Nothing is recorded before what was asked for. */
  get isAtBeginning(): boolean {
    return this.#isAtBeginning;
  }

  /**
   * Whether pictures are decoded in another order than they are shown, by those around `time`: of such a stream browsers
   * hold back a key picture that stands alone, since others might be shown before it.
   */
  isReordered(time: number): boolean {
    const gop = this.footage.gops.at(time);
    if (gop) this.#hasReordered ||= isReordered(gop);
    return this.#hasReordered;
  }

  /** Another place: what was found of the beginning does not hold. */
  leave(): void {
    this.#turn++;
    this.#isFetching = this.#isAtBeginning = false;
  }

  /** The picture before or after `time`, which is in `gop` or at its edge; null while it is not here. */
  beside(gop: Gop, time: number, direction: 1 | -1, spanS: number): Sample | null {
    const found = besides(gop, time, direction);
    if (found) return found;
    const other = this.#next(gop, direction);
    if (other) return besides(other, time, direction);
    this.fetch(gop, direction, spanS);
    return null;
  }

  /** Has what comes after `gop`, or before it, on its way. */
  fetch(gop: Gop, direction: 1 | -1, spanS: number): void {
    if (this.#next(gop, direction)) return;
    if (direction > 0) {
      if (!this.footage.reads(gop)) this.footage.readFrom({ time: gop.next ?? gop.from });
      return;
    }
    if (this.#isFetching || this.#isAtBeginning) return;
    this.#isFetching = true;
    const turn = this.#turn;
    void this.footage.before(gop, spanS).then((before) => {
      if (turn !== this.#turn) return;
      this.#isFetching = false;
      this.#isAtBeginning = before === null;
      this.#onChange();
    });
  }

  /** `gop`, and what is here after it up to `until`, or before it. */
  along(gop: Gop, direction: 1 | -1, until: number): Gop[] {
    const all = [gop];
    for (let next = this.#next(gop, direction); next && (direction > 0 ? next.from < until : all.length < BEHIND); next = this.#next(next, direction)) all.push(next);
    return all;
  }

  #next({ next, previous }: Gop, direction: 1 | -1): Gop | undefined {
    const from = direction > 0 ? next : previous;
    return from === null ? undefined : this.footage.gops.get(from);
  }
}
