// The picture on the canvas, kept so that it can be drawn again at another size.

/** A snapshot or a frame. Whoever makes one closes it. */
export class Picture {
  readonly image: VideoFrame | ImageBitmap | HTMLVideoElement;
  readonly width: number;
  readonly height: number;

  constructor(image: VideoFrame | ImageBitmap | HTMLVideoElement, width: number, height: number) {
    this.image = image;
    this.width = width;
    this.height = height;
  }

  /** Frees what it holds; it must not be drawn afterwards. */
  close(): void {
    if ("close" in this.image) this.image.close();
  }
}
