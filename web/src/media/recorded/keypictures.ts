// Key pictures alone, for going fast either way: each is fetched and decoded by itself.
import { Decoder, type Decoded } from "./decoder";
import type { Footage } from "./footage";
import { endOf, type Gop } from "./gops";
import { HZ } from "./moment";

/** Footage fetched at a time going backwards, in seconds of watching. */
const FETCHED_S = 4;
/** A pause between key pictures that is longer than this, and three times as long as the one before, is a hole. */
const HOLE_90K = 20 * HZ;

/** What there is at a position. */
export interface Found {
  picture?: Decoded;
  /** The position goes no further. */
  hold?: number;
  isEnd?: boolean;
  hole?: { from: number; to: number };
}

/** Finds the key picture that is due, and decodes one at a time. */
export class KeyPictures {
  readonly #footage: Footage;
  readonly #decoder: Decoder;
  readonly #onChange: () => void;
  /** Where it is in the footage. */
  #gop: Gop | null = null;
  #picture: Decoded | null = null;
  /** The key picture that is being decoded. */
  #decoding: number | null = null;
  /** Footage is read from where this began. */
  #isBegun = false;
  #isFetching = false;
  #isAtBeginning = false;
  #turn = 0;

  constructor(footage: Footage, onChange: () => void, onBroken: () => void) {
    this.#footage = footage;
    this.#onChange = onChange;
    this.#decoder = new Decoder((picture) => { this.#came(picture); }, onBroken);
  }

  /** The picture due at `position` while that of `shown` is on the screen, if it is another and there by now. */
  at(position: number, shown: number, rate: number): Found {
    const gop = (this.#gop ??= this.#footage.gops.at(position) ?? (this.#isBegun ? this.#footage.begun : null));
    if (!gop) {
      if (!this.#isBegun) this.#footage.readFrom({ time: shown });
      this.#isBegun = true;
      return { hold: position, isEnd: this.#footage.ended };
    }
    return rate > 0 ? this.#ahead(gop, position, shown) : this.#behind(gop, position, shown, rate);
  }

  /** The picture that was found is drawn, and closed by who has it. */
  take(): void {
    this.#picture = null;
  }

  /** Begins anew, wherever the position is then. */
  clear(): void {
    this.#turn++;
    this.#picture?.image.close();
    this.#picture = this.#decoding = this.#gop = null;
    this.#isBegun = this.#isFetching = this.#isAtBeginning = false;
  }

  /** Ends. */
  stop(): void {
    this.clear();
    this.#decoder.close();
  }

  #ahead(from: Gop, position: number, shown: number): Found {
    let gop = from;
    for (let next = this.#next(gop); next && next.from <= position; next = this.#next(gop)) gop = next;
    this.#gop = gop;
    const next = this.#next(gop);
    const found = this.#found(gop, shown);
    if (next) {
      const length = next.from - gop.from;
      const usual = gop.previous === null ? 0 : gop.from - gop.previous;
      const isHole = length > HOLE_90K && length > 3 * usual && gop.from === shown && position > endOf(gop);
      return isHole ? { hole: { from: endOf(gop), to: next.from } } : found;
    }
    if (!this.#footage.reads(gop)) this.#footage.readFrom({ time: gop.from });
    return { ...found, hold: Math.max(gop.from, shown), isEnd: this.#footage.ended };
  }

  #behind(from: Gop, position: number, shown: number, rate: number): Found {
    let gop = from;
    while (gop.from > position) {
      const previous = gop.previous === null ? undefined : this.#footage.gops.get(gop.previous);
      if (!previous) {
        this.#fetch(gop, rate);
        this.#gop = gop;
        return { ...this.#found(gop, shown), hold: gop.from, isEnd: this.#isAtBeginning };
      }
      if (gop.from - previous.from > HOLE_90K && gop.next !== null && gop.from - previous.from > 3 * (gop.next - gop.from) && position > previous.from) {
        this.#gop = previous;
        return { hole: { from: gop.from, to: previous.from } };
      }
      gop = previous;
    }
    this.#gop = gop;
    // So that what comes next is here when it is due.
    if (gop.previous === null) this.#fetch(gop, rate);
    return this.#found(gop, shown);
  }

  #next(gop: Gop): Gop | undefined {
    return gop.next === null ? undefined : this.#footage.gops.get(gop.next);
  }

  #fetch(gop: Gop, rate: number): void {
    if (this.#isFetching || this.#isAtBeginning) return;
    this.#isFetching = true;
    const turn = this.#turn;
    void this.#footage.before(gop, FETCHED_S * Math.abs(rate)).then((previous) => {
      if (turn !== this.#turn) return;
      this.#isFetching = false;
      this.#isAtBeginning = previous === null;
      this.#onChange();
    });
  }

  /** The picture of `gop`, which is decoded if it is not on the screen. */
  #found(gop: Gop, shown: number): Found {
    if (this.#picture && this.#picture.sample.time !== shown) return { picture: this.#picture };
    if (gop.from !== shown && this.#decoding === null) this.#decode(gop);
    return {};
  }

  #decode(gop: Gop): void {
    const [key] = gop.samples;
    if (!key) return;
    this.#decoding = key.time;
    const turn = this.#turn;
    this.#decoder.begin(gop.coding, gop.from);
    this.#decoder.decode(key);
    void this.#decoder.flush().then(() => {
      if (turn !== this.#turn) return;
      this.#decoding = null;
      this.#onChange();
    });
  }

  #came(picture: Decoded): void {
    if (picture.sample.time !== this.#decoding) {
      picture.image.close();
      return;
    }
    this.#picture?.image.close();
    this.#picture = picture;
  }
}
