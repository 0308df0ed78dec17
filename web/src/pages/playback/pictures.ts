// Pictures of recorded moments, where the server gives any.
import { signal } from "@preact/signals";
import { pictureHref } from "./recordings";

/** Whether there are any: false until one has come. */
export const hasPictures = signal(false);

let asked = false;
const PROBE_PX = 64;

/** Asks for one picture, once for a page: of a camera, at a moment of which there is footage. */
export function learnPictures(camera: number, t: number): void {
  if (asked) return;
  asked = true;
  fetch(pictureHref(camera, t, PROBE_PX)).then(({ ok }) => (hasPictures.value = ok)).catch(() => {
    asked = false;
  });
}

/** Moments nearer than `apart` look alike: one picture for all of them. */
export function pictureAt(camera: number, t: number, apart: number, width: number): string {
  const step = Math.max(1, apart);
  return pictureHref(camera, Math.floor(t / step) * step + step / 2, width);
}
