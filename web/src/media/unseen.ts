// Frames while the page is hidden, for a floating window that is not: browsers present nothing to a hidden page, so they
// are read from the media track itself.
import { now } from "./clock/now";
import type { NamedFrame, PresentedFrame } from "./frames";

/** `MediaStreamTrackProcessor` (W3C mediacapture-transform); Chromium has it on pages, others in workers at most. */
interface Processor {
  readonly readable: ReadableStream<NamedFrame>;
}
type Processors = new (init: { track: MediaStreamTrack; maxBufferSize?: number }) => Processor;

const ENDED = { done: true, value: undefined } as const;

/** Reads a track's frames from `start` to `stop`; where the browser has no way to, there are none. */
export class UnseenFrames {
  readonly #onFrame: (frame: PresentedFrame) => void;
  #reader: ReadableStreamDefaultReader<NamedFrame> | null = null;

  /** As `FrameLoop` calls its handler: the image is closed when that returns. */
  constructor(onFrame: (frame: PresentedFrame) => void) {
    this.#onFrame = onFrame;
  }

  /** Whether it reads, and whoever waits for frames gets them. */
  get running(): boolean {
    return this.#reader !== null;
  }

  /** Begins, unless it reads already. */
  start(track: MediaStreamTrack): void {
    const { MediaStreamTrackProcessor: Reader } = globalThis as { MediaStreamTrackProcessor?: Processors };
    if (this.#reader || !Reader) return;
    // The newest is enough.
    const reader = (this.#reader = new Reader({ track, maxBufferSize: 1 }).readable.getReader());
    void this.#read(reader);
  }

  /** Ends. */
  stop(): void {
    this.#reader?.cancel().catch(() => undefined);
    this.#reader = null;
  }

  async #read(reader: ReadableStreamDefaultReader<NamedFrame>): Promise<void> {
    for (;;) {
      const { done, value: frame } = await reader.read().catch(() => ENDED);
      if (done) break;
      const presentedMs = now();
      const rtp = frame.metadata?.().rtpTimestamp ?? null;
      try {
        // A frame without its name says nothing of the browser: the page is looked at again soon enough.
        if (rtp !== null && reader === this.#reader) {
          const { displayWidth: width, displayHeight: height } = frame;
          this.#onFrame({ image: frame, width, height, rtp, source: "videoframe", doubtful: false, receivedMs: null, presentedMs });
        }
      } finally {
        frame.close();
      }
    }
    // The track has ended, unless it was this who ended it.
    if (reader === this.#reader) this.#reader = null;
  }
}
