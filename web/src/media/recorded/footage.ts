// Coded footage of one camera: fetched ahead of the position and behind it, and kept while it is near.
import { FragmentParser } from "./fmp4";
import { endOf, Gops, type Gop } from "./gops";
import { HZ, later, type Moment } from "./moment";
import { SourceError, type Failure, type RecordingSource } from "./server";

/** Coded pictures kept in memory. */
const KEPT_BYTES = 64 * 1024 * 1024;
/** One answer covers so much at most: the server plans it as a whole. */
const WINDOW_S = 600;
/** At the end of what is recorded the server is asked this often for more. */
const POLL_MS = 1_000;
/** Where nothing more comes, every so many polls, whether there is a hole and footage beyond it. */
const POLLS_PER_LOOK = 5;
/** How far that is looked for, and how far back: a hundred years. */
const LOOK_S = 3e9;

/** What came of one answer. */
interface Read {
  first: Gop | null;
  last: Gop | null;
  /** Something that was not here before. */
  isNews: boolean;
  failure: Failure | null;
}

/** Footage as the server has it; `keysOnly`: its key pictures alone. */
export class Footage {
  /** What is here. */
  readonly gops = new Gops(KEPT_BYTES);
  readonly #server: RecordingSource;
  readonly #keysOnly: boolean;
  readonly #onChange: () => void;
  #reading: AbortController | null = null;
  #behind: AbortController | null = null;
  #begun: Gop | null = null;
  /** The newest one since then. */
  #head: Gop | null = null;
  #ended = false;
  #failure: Failure | null = null;
  #until = 0;
  #position = 0;
  /** Lets the answer that is read go on; null while none waits. */
  #wake: (() => void) | null = null;

  /** `onChange`: more has come, or there is no more. */
  constructor(server: RecordingSource, keysOnly: boolean, onChange: () => void) {
    this.#server = server;
    this.#keysOnly = keysOnly;
    this.#onChange = onChange;
  }

  /** The first GOP since `readFrom`; null before it came. */
  get begun(): Gop | null {
    return this.#begun;
  }

  /** Nothing more is recorded, for now. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Why nothing comes; null while all is well. It is tried again all the same. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** Whether what follows `gop` is on its way. */
  reads(gop: Gop): boolean {
    if (this.#reading === null) return false;
    return this.#begun === null || (gop.from >= this.#begun.from && (this.#head?.from ?? 0) <= gop.from);
  }

  /** Reads on from here, no further than `readUntil` says. */
  readFrom(from: Moment): void {
    this.#abort();
    this.#begun = this.#head = null;
    this.#ended = false;
    this.#failure = null;
    this.#reading = new AbortController();
    void this.#read(from, this.#reading.signal);
  }

  /** Reads ahead up to this media time, and lets go of what is far from `position`. */
  readUntil(time: number, position: number): void {
    this.#until = time;
    this.#position = position;
    this.gops.trim(position);
    if (!this.#isEnough) this.#wake?.();
  }

  /** Ends all requests. */
  stop(): void {
    this.#abort();
    this.#behind?.abort();
    this.#behind = null;
  }

  #abort(): void {
    this.#reading?.abort();
    this.#reading = null;
    this.#wake?.();
  }

  /** The GOP before `gop`, with `spanS` seconds more if it has to be fetched; null where nothing is recorded before it, or the server does not say. */
  async before(gop: Gop, spanS: number): Promise<Gop | null> {
    const known = gop.previous === null ? undefined : this.gops.get(gop.previous);
    if (known) return known;
    this.#behind?.abort();
    const { signal } = (this.#behind = new AbortController());
    const end: Moment = { time: gop.from };
    let { last } = await this.#answer(later(end, -spanS), end, null, signal, false);
    if (!last && !isOver(signal)) {
      const spans = await this.#server.spans(later(end, -LOOK_S), end, signal);
      const until = spans.kind === "answer" ? spans.answer.findLast(({ from }) => from < gop.from)?.until : undefined;
      const to: Moment = { time: Math.min(gop.from, until ?? 0) };
      if (until !== undefined) ({ last } = await this.#answer(later(to, -spanS), to, null, signal, false));
    }
    if (!last || last.from >= gop.from) return null;
    this.gops.link(last, gop);
    return last;
  }

  async #read(begin: Moment, signal: AbortSignal): Promise<void> {
    let from = begin;
    let last: Gop | null = null;
    for (let polls = 0; !isOver(signal);) {
      const to = later(from, WINDOW_S);
      const read: Read = await this.#answer(from, to, last && "time" in from && from.time > last.from ? last : null, signal, true);
      if (isOver(signal)) return;
      last = read.last ?? last;
      if (last) from = { time: last.from };
      // Of a window that is full there is more to come at once.
      if (read.isNews && last && "time" in to && endOf(last) > to.time - (WINDOW_S * HZ) / 10) continue;
      const isEnd = !read.isNews && read.failure === null;
      if (isEnd && polls++ % POLLS_PER_LOOK === 0) {
        const beyond = await this.#beyond(last ? { time: endOf(last) } : begin, signal);
        if (beyond) {
          from = beyond;
          continue;
        }
      }
      if (isOver(signal)) return;
      this.#say(isEnd, read.failure);
      await sleep(POLL_MS, signal);
    }
  }

  /** Where footage goes on behind a hole. */
  async #beyond(end: Moment, signal: AbortSignal): Promise<{ time: number } | null> {
    const spans = await this.#server.spans(end, later(end, LOOK_S), signal);
    if (spans.kind !== "answer") return null;
    const next = spans.answer.find(({ from }) => !("time" in end) || from > end.time);
    return next ? { time: next.from } : null;
  }

  /** Reads one answer; `open` is the GOP that it follows. Paced, it waits where enough is here. */
  async #answer(from: Moment, to: Moment, open: Gop | null, signal: AbortSignal, isPaced: boolean): Promise<Read> {
    const read: Read = { first: null, last: null, isNews: false, failure: null };
    const answer = await this.#server.fragments(from, to, this.#keysOnly, signal);
    if (answer.kind === "failed") read.failure = answer.failure;
    if (answer.kind !== "answer") return read;
    const parser = new FragmentParser();
    const reader = answer.answer.getReader();
    // A recording that cannot be taken apart is told like a server that does not answer: there is no other.
    try {
      for (let piece = await reader.read(); !piece.done && !isOver(signal); piece = await reader.read()) {
        for (const fragment of parser.push(piece.value)) {
          const before = this.gops.bytes;
          open = this.gops.add(fragment, open);
          read.first ??= open;
          read.last = open ?? read.last;
          read.isNews ||= this.gops.bytes > before;
        }
        if (isPaced) {
          const isFirst = this.#begun === null && read.first !== null;
          this.#begun ??= read.first;
          this.#head = read.last ?? this.#head;
          if (isFirst || read.isNews) this.#say(false, null);
          while (this.#isEnough && !isOver(signal)) await this.#wait();
        }
      }
    } catch (error) {
      read.failure = error instanceof SourceError ? error.failure : { kind: "network" };
    } finally {
      reader.cancel().catch(() => undefined);
    }
    return read;
  }

  #say(ended: boolean, failure: Failure | null): void {
    this.#ended = ended;
    this.#failure = failure;
    this.#onChange();
  }

  /** Whether so much is here that the rest can wait. */
  get #isEnough(): boolean {
    if (this.#head === null) return false;
    return endOf(this.#head) > this.#until || this.gops.bytesBetween(this.#position, this.#head.from) > KEPT_BYTES / 2;
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
  }
}

/** Asked through a function, since it changes while others are waited for. */
function isOver({ aborted }: AbortSignal): boolean {
  return aborted;
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
