// What stands at a box, and where it stands.
import type { TrackEntry } from "../wire";
import type { Area } from "./geometry";

/** "person #12 0.93". */
export function labelText(track: Pick<TrackEntry, "class" | "track_id" | "confidence">): string {
  const score = Math.min(1, Math.max(0, track.confidence)).toFixed(2);
  return `${track.class} #${track.track_id} ${score}`;
}

/**
 * The place for a label of `width` x `height` at `box` (left, top, right, bottom): above the box, else inside at its
 * top, else below it; the first place that lies in the picture and on no label of `taken`. If all are taken it
 * stands above, within the picture.
 */
export function placeLabel(
  box: readonly [number, number, number, number],
  width: number,
  height: number,
  picture: Area,
  taken: readonly Area[],
): Area {
  const right = picture.x + picture.width;
  const bottom = picture.y + picture.height;
  const x = Math.max(picture.x, Math.min(box[0], right - width));
  const within = (y: number): number => Math.max(picture.y, Math.min(y, bottom - height));
  const places = [box[1] - height, box[1], box[3], box[3] - height, box[1] + height].map((y) => ({
    x,
    y: within(y),
    width,
    height,
  }));
  const free = places.find((place) => !taken.some((other) => overlap(place, other)));
  return free ?? { x, y: within(box[1] - height), width, height };
}

function overlap(a: Area, b: Area): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
