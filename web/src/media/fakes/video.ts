// A video element's frames for tests. To be imported before `frames.ts`, which looks once at what the browser can do.

/** What the browser says of a presented frame. */
export interface Metadata {
  width: number;
  height: number;
  expectedDisplayTime: number;
  rtpTimestamp?: number;
  receiveTime?: number;
}
type Callback = (now: number, metadata: Metadata) => void;

const callbacks = new Map<number, { video: HTMLVideoElement; callback: Callback }>();
let handles = 0;

Object.assign(HTMLVideoElement.prototype, {
  requestVideoFrameCallback(this: HTMLVideoElement, callback: Callback): number {
    callbacks.set(++handles, { video: this, callback });
    return handles;
  },
  cancelVideoFrameCallback(handle: number): void {
    callbacks.delete(handle);
  },
});

/** Whether somebody waits for the next frame of `video`. */
export function isWatched(video: HTMLVideoElement): boolean {
  return [...callbacks.values()].some((waiting) => waiting.video === video);
}

/** The browser presents a frame of `video`. */
export function present(video: HTMLVideoElement, metadata: Partial<Metadata> = {}): void {
  const due = [...callbacks].filter(([, waiting]) => waiting.video === video);
  for (const [handle, { callback }] of due) {
    callbacks.delete(handle);
    callback(performance.now(), { width: 1280, height: 720, expectedDisplayTime: performance.now() + 10, ...metadata });
  }
}

/** In place of `VideoFrame`. */
export class FakeVideoFrame {
  /** Those that were made and cloned, and are not closed. */
  static readonly open = new Set<FakeVideoFrame>();
  /** The RTP timestamp of the picture that a video shows now; undefined: the browser does not name it. */
  static rtp: number | undefined;
  /** Width and height of that picture. */
  static size: readonly [number, number] = [1280, 720];
  /** Whether a video shows a picture at all. */
  static shows = true;
  readonly displayWidth: number;
  readonly displayHeight: number;
  readonly rtp: number | undefined;

  constructor(_source: unknown, rtp = FakeVideoFrame.rtp) {
    if (!FakeVideoFrame.shows) throw new DOMException("no picture", "InvalidStateError");
    this.rtp = rtp;
    [this.displayWidth, this.displayHeight] = FakeVideoFrame.size;
    FakeVideoFrame.open.add(this);
  }

  metadata(): { rtpTimestamp?: number } {
    return this.rtp === undefined ? {} : { rtpTimestamp: this.rtp };
  }

  clone(): FakeVideoFrame {
    return new FakeVideoFrame(null, this.rtp);
  }

  close(): void {
    FakeVideoFrame.open.delete(this);
  }

  /** As at the start of a page. */
  static reset(): void {
    FakeVideoFrame.open.clear();
    FakeVideoFrame.rtp = undefined;
    FakeVideoFrame.size = [1280, 720];
    FakeVideoFrame.shows = true;
  }
}
