// The pictures of a recording in their order, decoded a little ahead of when they are shown.
import { now } from "../clock/now";
import { sameCoding } from "./coding";
import { Decoder, type Decoded } from "./decoder";
import type { Footage } from "./footage";
import { besides, type Gop } from "./gops";

/** Pictures decoded ahead: more costs memory, and some decoders lend no more than eight. */
const AHEAD = 6;
/** Coded pictures inside the decoder; for one that holds pictures back by so many more at a time, up to the most. */
const INSIDE = 6;
const INSIDE_MOST = 48;
/** A decoder that has taken all it was given and gives nothing for this long holds pictures back. */
const HOLDS_BACK_MS = 120;
/** After so many failures of decoders in a row, without a picture between them, there is no use in trying. */
const FAILURES = 3;

/** Where the next coded picture is. */
interface Cursor {
  gop: Gop;
  index: number;
}

/** Decodes from a position on. */
export class Forwards {
  readonly #footage: Footage;
  readonly #decoder: Decoder;
  readonly #onKey: (picture: Decoded) => void;
  readonly #onBroken: () => void;
  #ready: Decoded[] = [];
  #cursor: Cursor | null = null;
  /** The first picture wanted is the one that is shown at this media time. */
  #target = 0;
  /** Pictures up to this one have been given out. */
  #given = -1;
  #inside = INSIDE;
  #movedMs = 0;
  /** Since the last flush there was no key picture. */
  #needsKey = false;
  #isFlushing = false;
  #failures = 0;
  /** Nothing was decoded since it began. */
  #isNew = false;
  /** A flush of before this number is of no interest any more. */
  #turn = 0;

  /** `onKey`: a key picture on the way to the one that is wanted, closed when that returns; `onBroken`: this browser's decoders fail. */
  constructor(footage: Footage, onKey: (picture: Decoded) => void, onBroken: () => void) {
    this.#footage = footage;
    this.#onKey = onKey;
    this.#onBroken = onBroken;
    this.#decoder = new Decoder((picture) => { this.#came(picture); }, () => { this.#failed(); });
  }

  /** Whether it has been told where to begin. */
  get begun(): boolean {
    return this.#cursor !== null;
  }

  /** Begins at the picture that is shown at `target`, in `gop`; or behind it. */
  begin(gop: Gop, target: number, isBehind = false): void {
    this.#drop();
    this.#target = target;
    this.#isNew = true;
    this.#given = isBehind ? target : -1;
    this.#from(gop);
  }

  /** The next picture, left where it is; null while it is not there. */
  get next(): Decoded | null {
    const [first, second] = this.#ready;
    if (!first) return null;
    if (second || first.sample.time > this.#target) return first;
    // Perhaps the next one is the one that is shown at the target.
    const following = this.#following(first);
    return (following === null ? this.#footage.ended : following > this.#target) ? first : null;
  }

  /** The next picture but one, left where it is. */
  get second(): Decoded | null {
    return this.#ready[1] ?? null;
  }

  /** Hands the next picture over. */
  take(): Decoded | null {
    const next = this.next;
    if (!next) return null;
    this.#ready.shift();
    this.#given = this.#target = next.sample.time;
    return next;
  }

  /** Whether all that is recorded has been given out. */
  get isAtEnd(): boolean {
    const { ended } = this.#footage;
    return ended && this.#ready.length === 0 && this.#cursor !== null && this.#peek() === null && this.#decoder.inside === 0;
  }

  /** Puts coded pictures in while there is room for what comes out. */
  pump(nowMs: number): void {
    while (this.#cursor && !this.#isFlushing && this.#ready.length < AHEAD && this.#hasRoom(nowMs)) {
      const at = this.#peek();
      if (!at) break;
      if (at.gop !== this.#cursor.gop && !sameCoding(at.gop.coding, this.#cursor.gop.coding)) {
        void this.#flush(() => { this.#from(at.gop); });
        return;
      }
      const sample = at.gop.samples[at.index];
      if (!sample) break;
      if (this.#needsKey && !sample.key) {
        this.#from(at.gop);
        continue;
      }
      this.#needsKey = false;
      this.#cursor = { gop: at.gop, index: at.index + 1 };
      this.#movedMs = nowMs;
      this.#decoder.decode(sample);
    }
    const isWaiting = this.#cursor !== null && this.#peek() === null && this.#footage.ended;
    if (isWaiting && this.#decoder.inside > 0 && !this.#isFlushing && !this.#needsKey) void this.#flush(() => undefined);
  }

  /** Lets go of all pictures, until it is told where to begin. */
  clear(): void {
    this.#drop();
    this.#turn++;
    this.#cursor = null;
  }

  /** Ends. */
  stop(): void {
    this.clear();
    this.#decoder.close();
  }

  #hasRoom(nowMs: number): boolean {
    if (this.#decoder.inside < this.#inside - (this.#ready.length > 1 ? this.#ready.length : 0)) return true;
    if (this.#ready.length > 0 || this.#decoder.waiting > 0 || nowMs - this.#movedMs < HOLDS_BACK_MS) return false;
    if (this.#inside < INSIDE_MOST) {
      this.#inside += INSIDE;
      return true;
    }
    void this.#flush(() => undefined);
    return false;
  }

  /** Where the next coded picture is; null while it has not come. */
  #peek(): Cursor | null {
    if (!this.#cursor) return null;
    const { gop, index } = this.#cursor;
    if (index < gop.samples.length) return this.#cursor;
    const next = gop.next === null ? undefined : this.#footage.gops.get(gop.next);
    if (next) return { gop: next, index: 0 };
    // What follows had to make room, or was never read.
    if (!this.#footage.reads(gop)) this.#footage.readFrom({ time: gop.next ?? gop.from });
    return null;
  }

  #from(gop: Gop): void {
    this.#cursor = { gop, index: 0 };
    this.#needsKey = false;
    this.#isFlushing = false;
    this.#turn++;
    this.#decoder.begin(gop.coding, gop.from);
  }

  #came(picture: Decoded): void {
    const { time } = picture.sample;
    this.#failures = 0;
    // After a flush the GOP is decoded from its beginning once more.
    if (!this.#cursor || time <= (this.#ready.at(-1)?.sample.time ?? this.#given)) picture.image.close();
    else this.#keep(picture);
    // The decoder works on, however seldom the screen is repainted.
    this.pump(now());
  }

  #keep(picture: Decoded): void {
    const isOnTheWay = picture.sample.time <= this.#target;
    if (isOnTheWay) this.#drop();
    this.#ready.push(picture);
    if (!isOnTheWay || !picture.sample.key || !this.#isNew || this.next !== null) return;
    // Of pictures that are all key pictures the first is enough.
    this.#isNew = false;
    this.#onKey(picture);
  }

  #following({ sample }: Decoded): number | null {
    const gop = this.#footage.gops.at(sample.time);
    return gop ? (besides(gop, sample.time, 1)?.time ?? gop.next) : null;
  }

  async #flush(then: () => void): Promise<void> {
    const turn = this.#turn;
    this.#isFlushing = true;
    this.#needsKey = true;
    await this.#decoder.flush();
    if (turn !== this.#turn) return;
    this.#isFlushing = false;
    then();
  }

  /** Another decoder tries from the key picture on. */
  #failed(): void {
    this.#isFlushing = false;
    this.#turn++;
    if (++this.#failures >= FAILURES) this.#onBroken();
    else if (this.#cursor) this.#from(this.#cursor.gop);
  }

  #drop(): void {
    for (const { image } of this.#ready.splice(0)) image.close();
  }
}
