// Which part of a recorded picture shows a visit's object.

/** Left, top, right and bottom in pixels. */
export type Box = readonly [number, number, number, number];

/** Where a picture lies, in pixels, behind a window that shows the part of it. */
export interface Placed {
  width: number;
  left: number;
  top: number;
}

/**
 * So much of what is around the object is shown with it: the picture is the key picture before the one it was seen best
 * on, and by then it may have been a step away.
 */
const AROUND = 2.2;
/** Of a small object no less is shown than this share of the picture's height: enlarged farther, it would be mud. */
const LEAST = 0.35;

/** The part of a picture of `frame` pixels around `box`, in a `window` of pixels; both as width and height. */
export function placed(box: Box, [across, down]: readonly [number, number], [wide, high]: readonly [number, number]): Placed {
  const [left, top, right, bottom] = box;
  const wanted = Math.max(down * LEAST, (bottom - top) * AROUND, ((right - left) * AROUND * high) / wide);
  const tall = Math.min(down, (across * high) / wide, wanted);
  const scale = high / tall;
  const begin = (middle: number, part: number, length: number): number => Math.max(0, Math.min(length - part, middle - part / 2));
  return { width: across * scale, left: -begin((left + right) / 2, wide / scale, across) * scale, top: -begin((top + bottom) / 2, tall, down) * scale };
}
