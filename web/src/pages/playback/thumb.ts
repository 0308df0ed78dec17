// Which part of a recorded picture shows a visit's object.

/** Left, top, right and bottom in pixels. */
export type Box = readonly [number, number, number, number];

/** Where a picture lies, in pixels, behind a window of `size` that shows the part of it. */
export interface Placed {
  width: number;
  left: number;
  top: number;
}

/** So much of what is around the object is shown with it. */
const AROUND = 1.5;

/**
 * The part of a picture of `frame` pixels around `box`, in a square window. Of a small object no less is shown than
 * `least` of the picture's height: enlarged farther, it would be mud.
 */
export function placed(box: Box, [across, down]: readonly [number, number], size: number, least = 0.2): Placed {
  const [left, top, right, bottom] = box;
  const side = Math.min(across, down, Math.max(down * least, Math.max(right - left, bottom - top) * AROUND));
  const scale = size / side;
  const begin = (middle: number, length: number): number => Math.max(0, Math.min(length - side, middle - side / 2));
  return { width: across * scale, left: -begin((left + right) / 2, across) * scale, top: -begin((top + bottom) / 2, down) * scale };
}
