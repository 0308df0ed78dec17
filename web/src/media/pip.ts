// Picture-in-picture with boxes: the canvas, which has both, as the stream of a video of its own.
import { now } from "./clock/now";
import { make } from "./dom";

/** `MediaStreamTrackGenerator` (Chromium): a video track of the frames that are written to it. */
type Generator = MediaStreamTrack & { readonly writable: WritableStream<VideoFrame> };
const Generators = (globalThis as { MediaStreamTrackGenerator?: new (init: { kind: "video" }) => Generator }).MediaStreamTrackGenerator;

/** A floating window that shows one canvas. */
export class FloatingCanvas {
  readonly #canvas: HTMLCanvasElement;
  readonly #onChange: (open: boolean) => void;
  #video: HTMLVideoElement | null = null;
  #writer: WritableStreamDefaultWriter<VideoFrame> | null = null;

  /** `onChange`: the window has opened or closed, by whomever. */
  constructor(canvas: HTMLCanvasElement, onChange: (open: boolean) => void) {
    this.#canvas = canvas;
    this.#onChange = onChange;
  }

  /** Whether this browser can. */
  static get possible(): boolean {
    return document.pictureInPictureEnabled && "captureStream" in HTMLCanvasElement.prototype;
  }

  /** Whether the window is open. */
  get open(): boolean {
    return this.#video !== null;
  }

  /** Opens the window; browsers allow it on a click or a key only, and else it is rejected. */
  async show(): Promise<void> {
    if (this.#video) return;
    const video = (this.#video = make("video", { muted: true, srcObject: this.#stream() }));
    video.addEventListener("leavepictureinpicture", () => {
      this.close();
    });
    this.drawn();
    this.#onChange(true);
    try {
      await video.play();
      await video.requestPictureInPicture();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The canvas has another picture: the window gets it. */
  drawn(): void {
    const { width, height } = this.#canvas;
    if (!this.#writer || width === 0 || height === 0) return;
    // Where the window is slow, it misses pictures.
    if ((this.#writer.desiredSize ?? 0) <= 0) return;
    const frame = new VideoFrame(this.#canvas, { timestamp: Math.round(now() * 1000) });
    this.#writer.write(frame).catch(() => {
      frame.close();
    });
  }

  /** Closes it, if it is open. */
  close(): void {
    const video = this.#video;
    if (!video) return;
    this.#video = null;
    this.#writer?.close().catch(() => undefined);
    this.#writer = null;
    if (document.pictureInPictureElement === video) document.exitPictureInPicture().catch(() => undefined);
    if (video.srcObject instanceof MediaStream) for (const track of video.srcObject.getTracks()) track.stop();
    video.srcObject = null;
    this.#onChange(false);
  }

  /** A captured canvas stands still while its page is hidden; what is written to a track goes on. */
  #stream(): MediaStream {
    if (!Generators) return this.#canvas.captureStream();
    const track = new Generators({ kind: "video" });
    this.#writer = track.writable.getWriter();
    return new MediaStream([track]);
  }
}
