// Fills a <video> with the footage around a position, by Media Source.
import { JPEG, sameCoding, type Coding } from "./coding";
import type { Gop } from "./gops";
import { HZ } from "./moment";

/** Safari on telephones has this one alone. */
const { ManagedMediaSource } = globalThis as { ManagedMediaSource?: typeof MediaSource };
/** Time 0 of the video lies so long before the first footage: there is room to go back, and seconds stay exact. */
const BEFORE_90K = 30 * 24 * 3600 * HZ;
/** Browsers hold 100 MB and more; what is beyond this is taken out again. */
const MOST_BYTES = 48 * 1024 * 1024;
/** How far around the position footage is kept then. */
const KEPT_S = 30;

/** Feeds one video element. */
export class MediaFeed {
  readonly #video: HTMLVideoElement;
  readonly #onRefused: (coding: Coding) => void;
  #source: MediaSource | null = null;
  #buffer: SourceBuffer | null = null;
  #url = "";
  /** The media time of the video's time 0. */
  #base = 0;
  #coding: Coding | null = null;
  /** How many fragments of each GOP are in, by its key picture. */
  #fed = new Map<number, { count: number; bytes: number }>();
  /** The GOP that the last fragment was of: one that was left half fed has to be fed from its beginning. */
  #last: Gop | null = null;
  /** What is in it is of before, and does not count: it is to be taken out, or is being. */
  #stale: "to-be-removed" | "being-removed" | null = null;

  /** `onRefused`: this browser does not play what is coded so. */
  constructor(video: HTMLVideoElement, onRefused: (coding: Coding) => void) {
    this.#video = video;
    this.#onRefused = onRefused;
  }

  /** Whether this browser can be fed, and names the frames that it shows. */
  static get isPossible(): boolean {
    return Boolean(ManagedMediaSource ?? (globalThis as { MediaSource?: unknown }).MediaSource) && "requestVideoFrameCallback" in HTMLVideoElement.prototype;
  }

  /** The video's time, in seconds, of a media time. */
  secondsOf(time: number): number {
    return (time - this.#base) / HZ;
  }

  /** The media time of a time of the video. */
  timeOf(seconds: number): number {
    return this.#base + Math.round(seconds * HZ);
  }

  /** Whether the video can show `time`. */
  holds(time: number): boolean {
    return this.#stale === null && this.rangeAt(this.secondsOf(time)) !== null;
  }

  /** The end of what is there in one piece from `seconds` on, and where it goes on after that; null if nothing is there. */
  rangeAt(seconds: number): { end: number; next: number | null } | null {
    const { buffered } = this.#video;
    for (let n = 0; n < buffered.length; n++) {
      // A picture may begin some microseconds late, by rounding.
      if (buffered.start(n) - 0.001 <= seconds && seconds < buffered.end(n)) return { end: buffered.end(n), next: n + 1 < buffered.length ? buffered.start(n + 1) : null };
    }
    return null;
  }

  /** Everything in it goes: other footage follows. */
  clear(): void {
    this.#fed.clear();
    this.#last = null;
    if (this.#buffer) this.#stale = "to-be-removed";
  }

  /** Feeds what is missing of these, the most urgent first. `position`: in media time. */
  feed(wanted: readonly Gop[], position: number): void {
    const [first] = wanted;
    if (!first) return;
    if (!this.#source) this.#open(first);
    const buffer = this.#buffer;
    if (!buffer || buffer.updating) return;
    try {
      if (this.#stale === "to-be-removed") {
        this.#stale = "being-removed";
        buffer.abort();
        buffer.remove(0, Infinity);
      } else {
        this.#stale = null;
        this.#append(buffer, wanted, position);
      }
    } catch (error) {
      // It is full sooner than thought.
      if (error instanceof DOMException && error.name === "QuotaExceededError") this.#makeRoom(buffer, position);
      else this.#onRefused(first.coding);
    }
  }

  /** The video is empty again. */
  stop(): void {
    this.#buffer = this.#source = null;
    this.#video.removeAttribute("src");
    this.#video.load();
    URL.revokeObjectURL(this.#url);
  }

  #open({ coding, from }: Gop): void {
    const type = typeOf(coding);
    const Source = ManagedMediaSource ?? MediaSource;
    const source = (this.#source = new Source());
    if (coding.codec === JPEG || !Source.isTypeSupported(type)) {
      this.#onRefused(coding);
      return;
    }
    this.#base = from - BEFORE_90K;
    source.addEventListener("sourceopen", () => {
      if (source !== this.#source || this.#buffer) return;
      this.#buffer = source.addSourceBuffer(type);
      this.#buffer.timestampOffset = -this.#base / HZ;
      source.duration = Infinity;
    });
    // Where it is a managed one, Safari asks for this.
    this.#video.disableRemotePlayback = true;
    this.#url = URL.createObjectURL(source);
    this.#video.src = this.#url;
  }

  #append(buffer: SourceBuffer, wanted: readonly Gop[], position: number): void {
    if ([...this.#fed.values()].reduce((sum, { bytes }) => sum + bytes, 0) > MOST_BYTES && this.#makeRoom(buffer, position)) return;
    for (const gop of wanted) {
      const fed = this.#fed.get(gop.from) ?? { count: 0, bytes: 0 };
      const isHalf = fed.count < gop.fragments.length && gop !== this.#last;
      // The browser may have made room by itself.
      const count = fed.count > 0 && (isHalf || !this.holds(gop.from + 1)) ? 0 : fed.count;
      const fragment = gop.fragments[count];
      if (!fragment) continue;
      if (!this.#coding || !sameCoding(gop.coding, this.#coding)) {
        if (this.#coding) buffer.changeType(typeOf(gop.coding));
        this.#coding = gop.coding;
        buffer.appendBuffer(gop.coding.header as Uint8Array<ArrayBuffer>);
        return;
      }
      this.#fed.set(gop.from, { count: count + 1, bytes: gop.bytes });
      this.#last = gop;
      buffer.appendBuffer(fragment as Uint8Array<ArrayBuffer>);
      return;
    }
  }

  /** Takes out what is far from `position`; false if that is nothing. */
  #makeRoom(buffer: SourceBuffer, position: number): boolean {
    const [from, until] = [position - KEPT_S * HZ, position + KEPT_S * HZ];
    const far = [...this.#fed.keys()].filter((time) => time < from || time > until);
    if (far.length === 0) return false;
    for (const time of far) this.#fed.delete(time);
    if (far.some((time) => time < from)) buffer.remove(0, this.secondsOf(from));
    else buffer.remove(this.secondsOf(until), Infinity);
    return true;
  }
}

function typeOf({ codec }: Coding): string {
  return `video/mp4; codecs="${codec}"`;
}
