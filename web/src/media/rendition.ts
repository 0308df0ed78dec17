// Which encoding of the camera a frame is, by the frame itself.
import type { ViewerSession } from "../wire";

/** `camera`: its own stream, untouched; the others are encoded by razz, `full` at the camera's size, `stills` twice a second. */
export type Rendition = "camera" | "full" | "540p" | "360p" | "180p" | "stills";

/** Named by their lines. */
const BY_LINES: readonly string[] = ["540p", "360p", "180p"];

/**
 * The rendition of a frame of `width` x `height`: the one of that size among those that the server has for this viewer,
 * and where two have it, the one that it says it sends. Where it does not say, a frame of the camera's size (`stored`) is
 * the camera's, and another goes by its lines.
 */
export function renditionOf(
  width: number,
  height: number,
  stored: readonly [number, number] | null,
  session: ViewerSession | null,
): Rendition {
  const { renditions, rendition = "" }: Partial<ViewerSession> = session ?? {};
  const alike = renditions?.filter((one) => one.width === width && one.height === height).map(({ name }) => name) ?? [];
  const lines = `${height}p`;
  // A server that answers without them has none.
  const isCamera = (session !== null && renditions === undefined) || (stored?.[0] === width && stored[1] === height) || !BY_LINES.includes(lines);
  const name = alike.includes(rendition) ? rendition : (alike[0] ?? (isCamera ? "camera" : lines));
  return name as Rendition;
}
