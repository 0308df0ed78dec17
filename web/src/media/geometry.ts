// Where the picture lies inside the element, in device pixels.

/** Left, top, width and height in device pixels. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** CSS `object-fit`; the picture is always in the middle. */
export type Fit = "contain" | "cover" | "fill" | "none" | "scale-down";

/** The largest area with the picture's shape inside `width` x `height`, centred; whole pixels. */
export function letterbox(picture: { width: number; height: number }, width: number, height: number): Area {
  return fitted(picture, width, height, "contain", 1);
}

/** Where a picture lies in `width` x `height` device pixels, `ratio` of them to a CSS pixel; whole pixels. */
export function fitted(
  picture: { width: number; height: number },
  width: number,
  height: number,
  fit: Fit,
  ratio: number,
): Area {
  if (!(picture.width > 0 && picture.height > 0 && width > 0 && height > 0)) return { x: 0, y: 0, width: 0, height: 0 };
  const across = width / picture.width;
  const down = height / picture.height;
  const inside = Math.min(across, down);
  // CSS Images, section 5.5: `none` keeps one picture pixel one CSS pixel, `scale-down` is that or `contain`.
  const scale = { contain: inside, cover: Math.max(across, down), fill: 1, none: ratio, "scale-down": Math.min(ratio, inside) }[fit];
  const w = fit === "fill" ? width : Math.max(1, Math.round(picture.width * scale));
  const h = fit === "fill" ? height : Math.max(1, Math.round(picture.height * scale));
  return { x: Math.round((width - w) / 2), y: Math.round((height - h) / 2), width: w, height: h };
}

/**
 * The size at which a picture of `width` x `height` shows things in their true proportions: the camera's own, which stores
 * `stored` of pixels that are `aspect` wide and high, whether this is its picture, a smaller encoding of it that is rounded
 * to whole pixels, or one that the browser stretched already. So all of them lie at one place. A picture of another shape
 * is left alone.
 */
export function inProportion(
  width: number,
  height: number,
  stored: readonly [number, number] | null,
  aspect: readonly [number, number] | null,
): readonly [number, number] {
  if (!stored) return [width, height];
  const wider = aspect && aspect[0] > 0 && aspect[1] > 0 ? aspect[0] / aspect[1] : 1;
  const size: readonly [number, number] = wider > 1 ? [Math.round(stored[0] * wider), stored[1]] : [stored[0], Math.round(stored[1] / wider)];
  return [stored, size].some(([w, h]) => Math.abs((width * h) / (height * w) - 1) < 0.02) ? size : [width, height];
}

/** What both areas hold; of no size if that is nothing. */
export function common(a: Area, b: Area): Area {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  return {
    x,
    y,
    width: Math.max(0, Math.min(a.x + a.width, b.x + b.width) - x),
    height: Math.max(0, Math.min(a.y + a.height, b.y + b.height) - y),
  };
}

/** A point in pixels of `size` to device pixels within `area`. */
export function project(x: number, y: number, size: readonly [number, number], area: Area): [number, number] {
  return [area.x + (x / size[0]) * area.width, area.y + (y / size[1]) * area.height];
}
