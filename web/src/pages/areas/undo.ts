// What was before, for undo and redo.

/** States that follow each other; the newest `limit` of them. */
export class Undo<T> {
  #before: T[] = [];
  #after: T[] = [];
  #tag: string | null = null;
  readonly #limit: number;

  constructor(limit = 200) {
    this.#limit = limit;
  }

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  get canRedo(): boolean {
    return this.#after.length > 0;
  }

  /**
   * `before` is about to be changed. Changes in a row with the same `tag` are one step: a drag, or a point that is moved
   * by the arrow keys.
   */
  note(before: T, tag: string | null = null): void {
    this.#after = [];
    if (tag !== null && tag === this.#tag) return;
    this.#tag = tag;
    this.#before.push(before);
    if (this.#before.length > this.#limit) this.#before.shift();
  }

  /** What comes next is a step of its own, whatever its tag. */
  settle(): void {
    this.#tag = null;
  }

  /** The state before `now`; null if there is none. */
  undo(now: T): T | null {
    return this.#step(this.#before, this.#after, now);
  }

  /** The state that was undone. */
  redo(now: T): T | null {
    return this.#step(this.#after, this.#before, now);
  }

  /** Nothing was before: it is another camera's drawing, or it was saved. */
  clear(): void {
    this.#before = [];
    this.#after = [];
    this.#tag = null;
  }

  #step(from: T[], to: T[], now: T): T | null {
    this.#tag = null;
    const [state] = from.splice(-1);
    if (state === undefined) return null;
    to.push(now);
    return state;
  }
}
