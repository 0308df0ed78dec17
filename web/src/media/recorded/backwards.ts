// The pictures of a recording from the last to the first: each GOP is decoded forwards, its pictures are kept and shown
// backwards.
import { bytesOf, copyOf } from "./copies";
import { Decoder, type Decoded } from "./decoder";
import type { Footage } from "./footage";
import { besides, type Gop } from "./gops";

/** Pictures that are kept, and their bytes: 60 of 1280x720, 40 of 1920x1080. */
const KEPT = 60;
const KEPT_BYTES = 128 * 1024 * 1024;
/** Footage fetched at a time. */
const FETCHED_S = 4;

/** Keeps the pictures around a position. */
export class Backwards {
  readonly #footage: Footage;
  readonly #decoder: Decoder;
  readonly #onChange: () => void;
  readonly #kept = new Map<number, Decoded>();
  /** Pictures that the job that runs is to keep; null while none runs. */
  #wanted: ReadonlySet<number> | null = null;
  /** Pictures that did not come out of the decoder: damaged. */
  readonly #lost = new Set<number>();
  /** How many pictures one job keeps. */
  #window = KEPT / 2;
  #copying = 0;
  #position = 0;
  /** The picture before which nothing is recorded, once it was met. */
  #first: number | null = null;
  #isFetching = false;
  #isFlushed = false;
  /** Fetches of before this number are not wanted any more. */
  #turn = 0;

  /** `onChange`: more pictures are there; `onBroken`: this browser's decoders fail. */
  constructor(footage: Footage, onChange: () => void, onBroken: () => void) {
    this.#footage = footage;
    this.#onChange = onChange;
    this.#decoder = new Decoder((picture) => void this.#came(picture), onBroken);
  }

  /** Whether nothing is recorded before the picture of `time`. */
  isFirst(time: number): boolean {
    return time === this.#first;
  }

  /** The picture before `time`; null while it is not there, and then it is fetched and decoded. */
  before(time: number): Decoded | null {
    this.#position = time;
    const found = this.#beside(time, -1);
    let earliest = found;
    let ahead = 0;
    while (earliest && ahead < this.#window / 2) {
      earliest = this.#beside(earliest.sample.time, -1);
      ahead++;
    }
    // The next ones are decoded while these are shown.
    if (!earliest && !this.#wanted) this.#prepare(ahead > 0 ? this.#earliest(time) : time);
    return found;
  }

  /** The picture after `time`, if it was kept. */
  after(time: number): Decoded | null {
    return this.#beside(time, 1);
  }

  /** Lets go of all pictures. */
  clear(): void {
    this.#turn++;
    this.#wanted = null;
    this.#isFetching = this.#isFlushed = false;
    this.#first = null;
    for (const { image } of this.#kept.values()) image.close();
    this.#kept.clear();
  }

  /** Ends. */
  stop(): void {
    this.clear();
    this.#decoder.close();
  }

  #beside(time: number, direction: 1 | -1): Decoded | null {
    for (let at = time; ;) {
      const gop = this.#gopBeside(at, direction);
      const sample = gop && besides(gop, at, direction);
      if (!sample) return null;
      if (!this.#lost.has(sample.time)) return this.#kept.get(sample.time) ?? null;
      at = sample.time;
    }
  }

  /** The GOP of the picture before or after `time`, if it is here. */
  #gopBeside(time: number, direction: 1 | -1): Gop | undefined {
    const { gops } = this.#footage;
    const gop = gops.at(time);
    if (!gop || besides(gop, time, direction)) return gop;
    const other = direction < 0 ? gop.previous : gop.next;
    return other === null ? undefined : gops.get(other);
  }

  /** The first of the kept pictures that lead up to `time` without a hole. */
  #earliest(time: number): number {
    let first = time;
    for (let before = this.#beside(first, -1); before; before = this.#beside(first, -1)) first = before.sample.time;
    return first;
  }

  /** Fetches and decodes the pictures before `time`. */
  #prepare(time: number): void {
    const gop = this.#gopBeside(time, -1);
    if (gop && besides(gop, time, -1)) {
      this.#decode(gop, time);
      return;
    }
    const first = this.#footage.gops.at(time);
    if (!first || this.#isFetching || time === this.#first) return;
    this.#isFetching = true;
    const turn = this.#turn;
    void this.#footage.before(first, FETCHED_S).then((previous) => {
      if (turn !== this.#turn) return;
      this.#isFetching = false;
      if (!previous) this.#first = time;
      this.#onChange();
    });
  }

  #decode(gop: Gop, time: number): void {
    this.#window = Math.max(4, Math.floor(Math.min(KEPT, KEPT_BYTES / bytesOf(gop.coding)) / 2));
    const times = gop.samples.map((sample) => sample.time).filter((at) => at < time && !this.#lost.has(at)).sort((a, b) => a - b);
    const wanted = (this.#wanted = new Set(times.slice(-this.#window)));
    this.#decoder.begin(gop.coding, gop.from);
    const last = gop.samples.findLastIndex((sample) => wanted.has(sample.time));
    for (const sample of gop.samples.slice(0, last + 1)) this.#decoder.decode(sample);
    void this.#decoder.flush().then(() => {
      if (wanted !== this.#wanted) return;
      this.#isFlushed = true;
      this.#finish();
    });
  }

  async #came({ sample, image }: Decoded): Promise<void> {
    const wanted = this.#wanted;
    if (!wanted?.has(sample.time) || this.#kept.has(sample.time)) {
      image.close();
      return;
    }
    this.#copying++;
    const copy = await copyOf(image).catch(() => null);
    image.close();
    this.#copying--;
    if (copy && wanted === this.#wanted) this.#kept.set(sample.time, { sample, image: copy });
    else copy?.close();
    this.#trim();
    this.#finish();
    this.#onChange();
  }

  /** The job is done when all it wanted was copied; what did not come then never will. */
  #finish(): void {
    if (!this.#wanted || !this.#isFlushed || this.#copying > 0) return;
    for (const time of this.#wanted) if (!this.#kept.has(time)) this.#lost.add(time);
    this.#wanted = null;
    this.#isFlushed = false;
    this.#onChange();
  }

  #trim(): void {
    const most = 2 * this.#window;
    while (this.#kept.size > most) {
      let farthest: Decoded | null = null;
      for (const kept of this.#kept.values()) {
        if (this.#wanted?.has(kept.sample.time)) continue;
        if (!farthest || Math.abs(kept.sample.time - this.#position) > Math.abs(farthest.sample.time - this.#position)) farthest = kept;
      }
      if (!farthest) return;
      farthest.image.close();
      this.#kept.delete(farthest.sample.time);
    }
  }
}
