// Picture-in-picture with boxes: the canvas, which has both, as the stream of a video of its own.

/** A floating window that shows one canvas. */
export class FloatingCanvas {
  readonly #canvas: HTMLCanvasElement;
  readonly #onChange: (open: boolean) => void;
  #video: HTMLVideoElement | null = null;

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
    const video = document.createElement("video");
    this.#video = video;
    video.muted = true;
    video.srcObject = this.#canvas.captureStream();
    video.addEventListener("leavepictureinpicture", () => {
      this.close();
    });
    this.#onChange(true);
    try {
      await video.play();
      await video.requestPictureInPicture();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Closes it, if it is open. */
  close(): void {
    const video = this.#video;
    if (!video) return;
    this.#video = null;
    if (document.pictureInPictureElement === video) document.exitPictureInPicture().catch(() => undefined);
    if (video.srcObject instanceof MediaStream) for (const track of video.srcObject.getTracks()) track.stop();
    video.srcObject = null;
    this.#onChange(false);
  }
}
