// Pictures of recorded moments, where the server gives any.
import { signal } from "@preact/signals";
import { pictureHref } from "./recordings";

/** After so many refusals and no picture, the server has none to give. */
const REFUSALS = 3;

/** Whether it is worth asking. */
export const hasPictures = signal(true);
let refused = 0;
let came = false;

/** A picture came. */
export function pictureCame(): void {
  came = true;
}

/** None came; a moment without footage has none, and says nothing of the others. */
export function pictureRefused(): void {
  if (!came && ++refused >= REFUSALS) hasPictures.value = false;
}

/** Moments nearer than this look alike: one picture for all of them. */
export function pictureAt(camera: number, t: number, apart: number, width: number): string {
  const step = Math.max(1, apart);
  return pictureHref(camera, Math.floor(t / step) * step + step / 2, width);
}
