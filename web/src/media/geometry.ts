// Where the picture lies inside the element: object-fit: contain, in device pixels.

/** Left, top, width and height in device pixels. */
export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The largest area with the picture's shape inside `width` x `height`, centred; whole pixels. */
export function letterbox(picture: { width: number; height: number }, width: number, height: number): Area {
  if (!(picture.width > 0 && picture.height > 0 && width > 0 && height > 0)) return { x: 0, y: 0, width: 0, height: 0 };
  const scale = Math.min(width / picture.width, height / picture.height);
  const w = Math.max(1, Math.round(picture.width * scale));
  const h = Math.max(1, Math.round(picture.height * scale));
  return { x: Math.round((width - w) / 2), y: Math.round((height - h) / 2), width: w, height: h };
}

/** A point in pixels of `size` to device pixels within `area`. */
export function project(x: number, y: number, size: readonly [number, number], area: Area): [number, number] {
  return [area.x + (x / size[0]) * area.width, area.y + (y / size[1]) * area.height];
}
