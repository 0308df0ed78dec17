// Finds the footage of a moment.
import type { Footage } from "./footage";
import type { Gop } from "./gops";
import { HZ, later, type Moment } from "./moment";
import type { RecordingSource } from "./server";

/** Nothing recorded for longer than this is told as a hole. */
const HOLE_90K = 2 * HZ;

/** Where a moment is. */
export interface Place {
  gop: Gop;
  /** In media time; at the beginning of the GOP where nothing is recorded at the moment itself. */
  time: number;
}

/** The look for one moment. */
export class Search {
  readonly #server: RecordingSource;
  readonly #footage: Footage;
  readonly #onSkipped: (from: number, to: number) => void;
  readonly #abort = new AbortController();
  #to: Moment;
  #place: Place | null = null;
  #isLookingBack = false;
  #isNothing = false;

  /** Begins at once; `onSkipped`: nothing is recorded there, and the next footage is taken. */
  constructor(to: Moment, footage: Footage, server: RecordingSource, onSkipped: (from: number, to: number) => void) {
    this.#to = to;
    this.#footage = footage;
    this.#server = server;
    this.#onSkipped = onSkipped;
    const { gops } = footage;
    const gop = "time" in to ? gops.at(to.time) : gops.atUnix(to.unix);
    if (gop) this.#found(gop);
    else footage.readFrom(to);
  }

  /** Where it is; null while that is not known. Where nothing is recorded then or later, it is the last picture. */
  get place(): Place | null {
    const { begun, ended } = this.#footage;
    if (!this.#place && begun) this.#found(begun);
    if (!this.#place && ended && !this.#isLookingBack) void this.#lookBack();
    return this.#place;
  }

  /** Nothing is recorded then, nor before. */
  get isNothing(): boolean {
    return this.#isNothing && this.#place === null;
  }

  /** It is not wanted any more. */
  end(): void {
    this.#abort.abort();
  }

  #found(gop: Gop): void {
    const [first] = gop.samples;
    if (!first) return;
    const time = "time" in this.#to ? this.#to.time : first.time + Math.round((this.#to.unix - first.unix) * HZ);
    this.#place = { gop, time: Math.max(time, gop.from) };
    if (gop.from - time > HOLE_90K) this.#onSkipped(time, gop.from);
  }

  async #lookBack(): Promise<void> {
    this.#isLookingBack = true;
    const spans = await this.#server.spans({ unix: 0 }, later(this.#to, 1), this.#abort.signal);
    if (this.#abort.signal.aborted || this.#place) return;
    const until = spans.kind === "answer" ? spans.answer.at(-1)?.until : undefined;
    this.#isNothing = until === undefined;
    if (until === undefined) return;
    this.#to = { time: until - 1 };
    this.#footage.readFrom(this.#to);
  }
}
