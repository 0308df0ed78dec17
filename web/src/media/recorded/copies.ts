// Pictures that are kept: copied out of the decoder, which lends no more than a few.

/** A copy of `frame` in memory of its own. The caller closes both. */
export async function copyOf(frame: VideoFrame): Promise<VideoFrame> {
  const { format, timestamp, displayWidth, displayHeight, colorSpace, visibleRect } = frame;
  if (format !== null && visibleRect !== null) {
    try {
      const data = new Uint8Array(frame.allocationSize());
      const layout = await frame.copyTo(data);
      const [codedWidth, codedHeight] = [visibleRect.width, visibleRect.height];
      return new VideoFrame(data, { format, timestamp, layout, codedWidth, codedHeight, displayWidth, displayHeight, colorSpace: colorSpace.toJSON() });
    } catch {
      // Some formats can be drawn and not read.
    }
  }
  const bitmap = await createImageBitmap(frame);
  const copy = new VideoFrame(bitmap, { timestamp });
  bitmap.close();
  return copy;
}

/** Bytes of a kept picture, about: 4:2:0 in eight bits. */
export function bytesOf({ width, height }: { width: number; height: number }): number {
  return 1.5 * width * height;
}
