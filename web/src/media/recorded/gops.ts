// Coded footage in memory, by GOP: a key picture and all that leans on it.
import { sameCoding, type Coding } from "./coding";
import type { Fragment, Sample } from "./fmp4";

/** One GOP, or as much of it as has come. */
export interface Gop {
  coding: Coding;
  /** The media time of its key picture. */
  from: number;
  /** In the order in which they are decoded. */
  samples: Sample[];
  /** Its fragments as they came, for Media Source. */
  fragments: Uint8Array[];
  /** The key picture that follows: then nothing of this GOP is missing. Null while that is not known. */
  next: number | null;
  /** The key picture before it; null while that is not known. */
  previous: number | null;
  bytes: number;
}

/** Behind the last picture of `gop` that has come. */
export function endOf(gop: Gop): number {
  let end = gop.from;
  for (const { time, duration } of gop.samples) end = Math.max(end, time + duration);
  return end;
}

/** The picture of `gop` that is shown at `time`: the newest that is not after it. */
export function shownAt(gop: Gop, time: number): Sample | null {
  let shown: Sample | null = null;
  for (const sample of gop.samples) if (sample.time <= time && (!shown || sample.time > shown.time)) shown = sample;
  return shown;
}

/** The picture shown after, or before, `time`, as far as it has come. */
export function besides(gop: Gop, time: number, direction: 1 | -1): Sample | null {
  let nearest: Sample | null = null;
  for (const sample of gop.samples) {
    if ((sample.time - time) * direction > 0 && (!nearest || (nearest.time - sample.time) * direction > 0)) nearest = sample;
  }
  return nearest;
}

/** Whether pictures of `gop` are decoded in another order than they are shown. */
export function isReordered({ samples }: Gop): boolean {
  return samples.some(({ time }, at) => time < (samples[at - 1]?.time ?? 0));
}

/** The GOPs around the position, up to so many bytes. */
export class Gops {
  readonly #gops = new Map<number, Gop>();
  readonly #limit: number;
  #bytes = 0;
  #coding: Coding | null = null;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the GOPs that begin behind `from`, up to `until`. */
  bytesBetween(from: number, until: number): number {
    let bytes = 0;
    for (const gop of this.#gops.values()) if (gop.from > from && gop.from <= until) bytes += gop.bytes;
    return bytes;
  }

  /** The GOP of this key picture. */
  get(from: number): Gop | undefined {
    return this.#gops.get(from);
  }

  /** The GOP in which `time` lies, if it is here: also the last one before a hole. */
  at(time: number): Gop | undefined {
    let found: Gop | undefined;
    for (const gop of this.#gops.values()) if (gop.from <= time && (!found || gop.from > found.from)) found = gop;
    return found && (time < (found.next ?? endOf(found))) ? found : undefined;
  }

  /** The picture nearest to a time that was rounded on its way. */
  nearest(time: number): Sample | null {
    const gop = this.at(time) ?? this.at(time + 2) ?? this.at(time - 2);
    let found: Sample | null = null;
    for (const sample of gop?.samples ?? []) if (!found || Math.abs(sample.time - time) < Math.abs(found.time - time)) found = sample;
    return found;
  }

  /** The one in which a wall time lies, if it is here. */
  atUnix(unix: number): Gop | undefined {
    return [...this.#gops.values()].find(({ samples }) => {
      const [first, last] = [samples[0], samples.at(-1)];
      return first && last && first.unix <= unix && unix < last.unix + last.duration / 90_000;
    });
  }

  /** The last GOP before which nothing is missing from `gop` on. */
  lastFrom(gop: Gop): Gop {
    let last = gop;
    for (let next = this.#following(last); next; next = this.#following(last)) last = next;
    return last;
  }

  #following({ next }: Gop): Gop | undefined {
    return next === null ? undefined : this.#gops.get(next);
  }

  /**
   * Takes a fragment. `open` is the GOP that the pictures before it in the answer went into. Returns the one that it went
   * into, or null where its pictures lean on a key picture that did not come.
   */
  add(fragment: Fragment, open: Gop | null): Gop | null {
    const [first] = fragment.samples;
    if (!first) return open;
    // A header that comes again with each answer is the same coding: decoders need not begin anew.
    const coding = this.#coding && sameCoding(this.#coding, fragment.coding) ? this.#coding : fragment.coding;
    this.#coding = coding;
    if (!first.key) return this.#append(fragment, open);
    const before = open;
    const gop = this.#gops.get(first.time) ?? { coding, from: first.time, samples: [], fragments: [], next: null, previous: null, bytes: 0 };
    this.#gops.set(gop.from, gop);
    if (before && before !== gop) this.link(before, gop);
    return this.#append(fragment, gop);
  }

  /** Nothing is recorded between these two that does not belong to the first. */
  link(before: Gop, after: Gop): void {
    before.next = after.from;
    after.previous = before.from;
  }

  #append(fragment: Fragment, gop: Gop | null): Gop | null {
    // One that had to make room takes nothing in any more.
    if (!gop || this.#gops.get(gop.from) !== gop) return gop;
    // Answers overlap: what is here already is not taken twice.
    const known = new Set(gop.samples.map(({ time }) => time));
    const news = fragment.samples.filter(({ time }) => !known.has(time));
    if (news.length === 0) return gop;
    gop.samples.push(...news);
    gop.fragments.push(fragment.bytes);
    gop.bytes += fragment.bytes.length;
    this.#bytes += fragment.bytes.length;
    return gop;
  }

  /** Lets go of what is farthest from `time` while there is too much. */
  trim(time: number): void {
    if (this.#bytes <= this.#limit) return;
    const byDistance = [...this.#gops.values()].sort((a, b) => Math.abs(b.from - time) - Math.abs(a.from - time));
    const kept = this.at(time);
    for (const gop of byDistance) {
      if (this.#bytes <= this.#limit) return;
      if (gop === kept) continue;
      this.#gops.delete(gop.from);
      this.#bytes -= gop.bytes;
    }
  }
}
