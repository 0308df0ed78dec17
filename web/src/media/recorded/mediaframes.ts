// The frames that a <video> shows of a recording, each with its time in the video: that is its name.

/** The next frame is no further away than this: what says so is no time. Firefox 153 has whole seconds where microseconds belong. */
const NEAR_S = 1;

/** Tells of every frame, from its making to `stop`. */
export class MediaFrames {
  readonly #video: HTMLVideoElement;
  readonly #onFrame: (seconds: number, frame: VideoFrame | null) => void;
  #callback = 0;

  /** `onFrame` gets the frame itself, closed when that returns, or null where the browser makes none of a video. */
  constructor(video: HTMLVideoElement, onFrame: (seconds: number, frame: VideoFrame | null) => void) {
    this.#video = video;
    this.#onFrame = onFrame;
    this.#next();
  }

  /** Ends. */
  stop(): void {
    this.#video.cancelVideoFrameCallback(this.#callback);
  }

  #next(): void {
    this.#callback = this.#video.requestVideoFrameCallback((_now, { mediaTime }) => {
      this.#next();
      const frame = this.#taken();
      try {
        // A callback that runs late finds the next frame on the video: then that frame's own time is the right one.
        const own = frame ? frame.timestamp / 1e6 : mediaTime;
        this.#onFrame(Math.abs(own - mediaTime) < NEAR_S ? own : mediaTime, frame);
      } finally {
        frame?.close();
      }
    });
  }

  #taken(): VideoFrame | null {
    if (typeof VideoFrame === "undefined") return null;
    try {
      return new VideoFrame(this.#video);
    } catch {
      return null;
    }
  }
}
