// Which part of the picture the viewer looks at: how far it is magnified, and where.
import type { Area } from "./geometry";

/** A point `p` of the element (0 to 1 across and down) is shown at `p * scale + offset`; `scale` 1 is the whole. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

/** The whole picture. */
export const WHOLE: View = { scale: 1, x: 0, y: 0 };
/** More would show nothing but pixels. */
const MOST = 16;

/** `view` magnified by `factor` more, with the point at `px`, `py` of the element (0 to 1) staying where it is. */
export function zoomAt(view: View, factor: number, px: number, py: number): View {
  const scale = Math.max(1, Math.min(MOST, view.scale * factor));
  const by = scale / view.scale;
  return bounded({ scale, x: px - (px - view.x) * by, y: py - (py - view.y) * by });
}

/** `view` moved by shares of the element: positive to the right and down. */
export function pan(view: View, dx: number, dy: number): View {
  return bounded({ scale: view.scale, x: view.x + dx, y: view.y + dy });
}

/** Where `area` of an element of `width` x `height` lies in this view. */
export function seenThrough(view: View, area: Area, width: number, height: number): Area {
  return {
    x: area.x * view.scale + view.x * width,
    y: area.y * view.scale + view.y * height,
    width: area.width * view.scale,
    height: area.height * view.scale,
  };
}

/** The same for the video element beneath the canvas, as CSS; its `transform-origin` is its top left corner. */
export function viewCss(view: View): string {
  return view.scale === 1 ? "" : `translate(${view.x * 100}%, ${view.y * 100}%) scale(${view.scale})`;
}

/** Nothing but the element's own area is shown: no edge comes inside it. */
function bounded({ scale, x, y }: View): View {
  const least = 1 - scale;
  return { scale, x: Math.max(least, Math.min(0, x)), y: Math.max(least, Math.min(0, y)) };
}
