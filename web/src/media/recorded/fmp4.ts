// The fragments of a recording as they come from the server (ISO/IEC 14496-12), taken apart into pictures.
import { boxes, find, View } from "./boxes";
import { codingOf, type Coding } from "./coding";

/** One coded picture. */
export interface Sample {
  /** When it is shown: its media time, the name of the frame. 90 kHz since 1970 is below 2^53, so numbers are exact. */
  time: number;
  /** For how long, in 90 kHz ticks; of the last one before a hole only what the file says. */
  duration: number;
  /** Decoded without any other. */
  key: boolean;
  /** Its wall time, UNIX seconds. */
  unix: number;
  data: Uint8Array;
}

/** A fragment: pictures in the order in which they are decoded. */
export interface Fragment {
  coding: Coding;
  samples: Sample[];
  /** Its `moof` and `mdat`, as Media Source takes them. */
  bytes: Uint8Array;
}

/** More than any fragment of a second holds: what says so is no recording. */
const MOST_BYTES = 256 * 1024 * 1024;
/** Seconds from the beginning of NTP's time to that of UNIX (RFC 5905); NTP's wraps in 2036. */
const NTP_TO_UNIX_S = 2_208_988_800;
/** In a sample's flags: it is no key picture (section 8.8.3.1). */
const NOT_SYNC = 0x1_0000;

/** Takes the bytes of an answer piece by piece, however they are cut. */
export class FragmentParser {
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #coding: Coding | null = null;
  #fileType = new Uint8Array();
  /** Wall time and media time of one moment. */
  #wall: { unix: number; time: number } | null = null;
  #moof: Uint8Array | null = null;

  /** The fragments that `piece` completes. Throws where it is no recording. */
  push(piece: Uint8Array): Fragment[] {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    const fragments: Fragment[] = [];
    for (let box = this.#take(); box !== null; box = this.#take()) {
      const fragment = this.#box(box);
      if (fragment) fragments.push(fragment);
    }
    return fragments;
  }

  /** The next box, header and all, once it is whole. */
  #take(): Uint8Array | null {
    if (this.#bytes < 8) return null;
    let [first] = this.#pieces;
    if (!first || first.length < 16) first = this.#pieces[0] = this.#joined(Math.min(16, this.#bytes));
    const view = new View(first);
    const short = view.u32(0);
    if (short === 1 && this.#bytes < 16) return null;
    const size = short === 1 ? view.u64(8) : short;
    if (size < 8 || size > MOST_BYTES) throw new Error(`a box of ${size} bytes`);
    if (this.#bytes < size) return null;
    const whole = this.#joined(size);
    this.#pieces[0] = whole.subarray(size);
    this.#bytes -= size;
    return whole.subarray(0, size);
  }

  /** Takes pieces off the list until they have `bytes`, as one. The caller puts back what is left of it. */
  #joined(bytes: number): Uint8Array {
    let count = 0;
    let length = 0;
    while (length < bytes) length += this.#pieces[count++]?.length ?? Infinity;
    const [only] = this.#pieces;
    if (count === 1 && only) return only;
    const joined = new Uint8Array(length);
    let at = 0;
    for (const piece of this.#pieces.splice(0, count, joined)) {
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }

  #box(box: Uint8Array): Fragment | null {
    const view = new View(box);
    switch (view.type(4)) {
      case "ftyp":
        this.#fileType = box.slice();
        break;
      case "moov":
        this.#coding = codingOf(this.#fileType, box);
        break;
      case "prft": {
        // Section 8.16.5: flags, track, NTP's seconds and their 2^-32 parts, media time.
        const seconds = (view.u32(16) - NTP_TO_UNIX_S + 2 ** 32) % 2 ** 32;
        this.#wall = { unix: seconds + view.u32(20) / 2 ** 32, time: view.full().version === 0 ? view.u32(24) : view.u64(24) };
        break;
      }
      case "moof":
        this.#moof = box;
        break;
      case "mdat":
        return this.#fragment(box);
    }
    return null;
  }

  #fragment(mdat: Uint8Array): Fragment | null {
    const [moof, coding] = [this.#moof, this.#coding];
    this.#moof = null;
    if (!moof || !coding) return null;
    const bytes = new Uint8Array(moof.length + mdat.length);
    bytes.set(moof);
    bytes.set(mdat, moof.length);
    const traf = find(bytes.subarray(0, moof.length), ["moof", "traf"]);
    if (!traf) throw new Error("a fragment without a track");
    const samples = samplesOf(traf, bytes, (time) => (this.#wall ? this.#wall.unix + (time - this.#wall.time) / 90_000 : time / 90_000));
    return samples.length > 0 ? { coding, samples, bytes } : null;
  }
}

/** What stands where in `tfhd` and `trun` depends on their flags (sections 8.8.7 and 8.8.8). */
function samplesOf(traf: Uint8Array, fragment: Uint8Array, unixOf: (time: number) => number): Sample[] {
  let [duration, size, flags] = [0, 0, 0];
  let decoded = 0;
  const samples: Sample[] = [];
  for (const { type, content } of boxes(traf)) {
    const view = new View(content, 4);
    const { version, flags: has } = new View(content).full(0);
    if (type === "tfhd") {
      view.skip(4 + (has & 0x1 ? 8 : 0) + (has & 0x2 ? 4 : 0));
      if (has & 0x8) duration = view.next32();
      if (has & 0x10) size = view.next32();
      if (has & 0x20) flags = view.next32();
    } else if (type === "tfdt") {
      decoded = version === 1 ? view.next64() : view.next32();
    } else if (type === "trun") {
      const count = view.next32();
      let offset = has & 0x1 ? view.next32() : 0;
      const first = has & 0x4 ? view.next32() : null;
      for (let n = 0; n < count; n++) {
        const lasts = has & 0x100 ? view.next32() : duration;
        const length = has & 0x200 ? view.next32() : size;
        const own = has & 0x400 ? view.next32() : n === 0 && first !== null ? first : flags;
        const later = has & 0x800 ? (version === 0 ? view.next32() : view.next32() | 0) : 0;
        if (offset + length > fragment.length) throw new Error("a picture beyond its fragment");
        const time = decoded + later;
        samples.push({ time, duration: lasts, key: (own & NOT_SYNC) === 0, unix: unixOf(time), data: fragment.subarray(offset, offset + length) });
        offset += length;
        decoded += lasts;
      }
    }
  }
  return samples;
}
