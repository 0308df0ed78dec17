// The loop over presented frames: one `VideoFrame` per callback, with the RTP timestamp that names it.
import { now } from "./clock/now";

/**
 * Where a frame's RTP timestamp comes from: the `VideoFrame` itself (picture and name cannot part), the callback's
 * metadata (the picture may already be the next one), or nowhere.
 */
export type FrameSource = "videoframe" | "callback" | "walltime";

/** One presented frame. `image` is closed after the handler returns: clone what is to stay. */
export interface PresentedFrame {
  /** What to draw: the `VideoFrame`, or the video element where there is none. */
  image: VideoFrame | HTMLVideoElement;
  width: number;
  height: number;
  /** Null with `walltime`. */
  rtp: number | null;
  source: FrameSource;
  /** The callback ran late and the name is not the picture's own: it may be the next frame's picture. */
  doubtful: boolean;
  /** When the frame's last packet came, on the page's monotonic clock; null where the browser does not say. */
  receivedMs: number | null;
  /** When the handler runs, on the same clock. */
  presentedMs: number;
}

/** The parts of `VideoFrameCallbackMetadata` that razz reads and not every browser has. */
interface CallbackMetadata {
  width: number;
  height: number;
  expectedDisplayTime: number;
  rtpTimestamp?: number;
  receiveTime?: number;
}

/** `VideoFrame.metadata()` is newer than the type library. */
export type NamedFrame = VideoFrame & { metadata?: () => { rtpTimestamp?: number } };

/** Whether the browser tells when it presents a frame. */
const NAMES_FRAMES = "requestVideoFrameCallback" in HTMLVideoElement.prototype;

/** A browser that could name frames may fail to for the first few; after this many it counts as one that cannot. */
const UNNAMED = 5;

/** Calls its handler for every presented frame of one video element, from `start` to `stop`. */
export class FrameLoop {
  readonly #video: HTMLVideoElement;
  readonly #onFrame: (frame: PresentedFrame) => void;
  #callback: number | null = null;
  #seenAt = -1;
  #doubtful = 0;
  /** Callbacks that found no picture, or one without its name. */
  #failed = 0;
  /** Whether frames of this element carry their own name. */
  #named = false;

  constructor(video: HTMLVideoElement, onFrame: (frame: PresentedFrame) => void) {
    this.#video = video;
    this.#onFrame = onFrame;
  }

  /** How many frames may have carried another frame's name. */
  get doubtful(): number {
    return this.#doubtful;
  }

  /** Begins, unless it runs. */
  start(): void {
    if (this.#callback === null) this.#next();
  }

  /** Ends the loop. */
  stop(): void {
    if (this.#callback !== null) {
      if (NAMES_FRAMES) this.#video.cancelVideoFrameCallback(this.#callback);
      else cancelAnimationFrame(this.#callback);
    }
    this.#callback = null;
  }

  #next(): void {
    if (NAMES_FRAMES) {
      this.#callback = this.#video.requestVideoFrameCallback((_now, metadata) => {
        this.#next();
        this.#present(metadata);
      });
      return;
    }
    // Without the callback every repaint that finds the video further on counts as a frame without a name.
    this.#callback = requestAnimationFrame((nowMs) => {
      this.#next();
      const { currentTime, videoWidth: width, videoHeight: height } = this.#video;
      if (width === 0 || currentTime === this.#seenAt) return;
      this.#seenAt = currentTime;
      this.#present({ width, height, expectedDisplayTime: nowMs });
    });
  }

  #present(metadata: CallbackMetadata): void {
    const presentedMs = now();
    const frame = this.#take();
    if (frame === "nothing") return;
    try {
      const named = this.#name(frame, metadata, presentedMs);
      if (named) this.#onFrame(named);
    } finally {
      frame?.close();
    }
  }

  /** The frame with its name; null for one that lost the name which its like have. */
  #name(frame: NamedFrame | null, metadata: CallbackMetadata, presentedMs: number): PresentedFrame | null {
    const own = frame?.metadata?.().rtpTimestamp;
    if (own !== undefined) this.#named = true;
    else if (this.#named || (frame?.metadata !== undefined && this.#failed < UNNAMED)) {
      this.#failed++;
      return null;
    }
    const rtp = own ?? metadata.rtpTimestamp ?? null;
    const source: FrameSource = own !== undefined ? "videoframe" : rtp !== null ? "callback" : "walltime";
    const doubtful = source === "callback" && metadata.expectedDisplayTime < presentedMs;
    if (doubtful) this.#doubtful++;
    // The receive time belongs to the frame of the callback: with the next one's picture it says nothing.
    const sameFrame = own === undefined || metadata.rtpTimestamp === undefined || own === metadata.rtpTimestamp;
    return {
      image: frame ?? this.#video,
      width: frame?.displayWidth ?? this.#video.videoWidth,
      height: frame?.displayHeight ?? this.#video.videoHeight,
      rtp,
      source,
      doubtful,
      receivedMs: (sameFrame ? metadata.receiveTime : undefined) ?? null,
      presentedMs,
    };
  }

  /** The picture that the element shows now; null where there is no `VideoFrame`, "nothing" if none is shown yet. */
  #take(): NamedFrame | null | "nothing" {
    if (typeof VideoFrame === "undefined") return null;
    try {
      return new VideoFrame(this.#video);
    } catch {
      this.#failed++;
      return "nothing";
    }
  }
}
