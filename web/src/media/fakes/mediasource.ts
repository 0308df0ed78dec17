// Media Source for tests: what is appended is buffered a moment later.
import { vi } from "vitest";
import { FragmentParser } from "../recorded/fmp4";

/** In place of `SourceBuffer`. */
export class FakeSourceBuffer {
  updating = false;
  timestampOffset = 0;
  /** What was done, oldest first. */
  readonly done: string[] = [];
  /** The next append finds it full. */
  isFull = false;
  /** From and to, in media time. */
  ranges: [number, number][] = [];
  #header = new Uint8Array();

  appendBuffer(bytes: Uint8Array): void {
    if (this.updating) throw new DOMException("busy", "InvalidStateError");
    if (this.isFull) {
      this.isFull = false;
      throw new DOMException("full", "QuotaExceededError");
    }
    this.#busy();
    if (String.fromCharCode(...bytes.subarray(4, 8)) === "ftyp") {
      this.#header = bytes.slice();
      this.done.push("header");
      return;
    }
    const parser = new FragmentParser();
    parser.push(this.#header);
    for (const { samples } of parser.push(bytes)) {
      const [from, until] = [samples[0]?.time ?? 0, (samples.at(-1)?.time ?? 0) + (samples.at(-1)?.duration ?? 0)];
      this.done.push(`${from}`);
      this.#add(from, until);
    }
  }

  remove(from: number, until: number): void {
    this.#busy();
    this.done.push("remove");
    const [first, last] = [(from - this.timestampOffset) * 90_000, (until - this.timestampOffset) * 90_000];
    this.ranges = this.ranges.flatMap(([begin, end]): [number, number][] =>
      ([[begin, Math.min(end, first)], [Math.max(begin, last), end]] as [number, number][]).filter(([a, b]) => a < b));
  }

  changeType(type: string): void {
    this.done.push(type);
  }

  abort(): void {
    this.done.push("abort");
  }

  /** As `HTMLMediaElement.buffered`. */
  get buffered(): TimeRanges {
    const seconds = (time: number | undefined): number => (time ?? 0) / 90_000 + this.timestampOffset;
    return { length: this.ranges.length, start: (n) => seconds(this.ranges[n]?.[0]), end: (n) => seconds(this.ranges[n]?.[1]) };
  }

  #add(from: number, until: number): void {
    const touching = this.ranges.filter(([begin, end]) => begin <= until && from <= end);
    this.ranges = [...this.ranges.filter((range) => !touching.includes(range)),
      [Math.min(from, ...touching.map(([begin]) => begin)), Math.max(until, ...touching.map(([, end]) => end))] as [number, number]].sort((a, b) => a[0] - b[0]);
  }

  #busy(): void {
    this.updating = true;
    void Promise.resolve().then(() => { this.updating = false; });
  }
}

/** In place of `MediaSource`. */
export class FakeMediaSource extends EventTarget {
  static readonly all: FakeMediaSource[] = [];
  static knows = (type: string): boolean => type.includes("avc1");
  duration = Number.NaN;
  buffer: FakeSourceBuffer | null = null;

  constructor() {
    super();
    FakeMediaSource.all.push(this);
    void Promise.resolve().then(() => this.dispatchEvent(new Event("sourceopen")));
  }

  static isTypeSupported(type: string): boolean {
    return FakeMediaSource.knows(type);
  }

  addSourceBuffer(): FakeSourceBuffer {
    return (this.buffer = new FakeSourceBuffer());
  }
}

/** The browser has Media Source until `vi.unstubAllGlobals`; `video` shows what is buffered. */
export function fakeMediaSource(video: HTMLVideoElement): void {
  FakeMediaSource.all.length = 0;
  vi.stubGlobal("MediaSource", FakeMediaSource);
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:fake");
  vi.spyOn(URL, "revokeObjectURL").mockReturnValue();
  vi.spyOn(video, "load").mockReturnValue();
  Object.defineProperty(video, "buffered", { configurable: true, get: () => FakeMediaSource.all.at(-1)?.buffer?.buffered ?? { length: 0 } });
}
