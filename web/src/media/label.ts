// What stands at a box, and where it stands.
import type { TrackEntry } from "../wire";
import type { Area } from "./geometry";

/** Ids of one epoch: each start of the server takes the next, so that no id is given twice. */
const IDS_PER_EPOCH = 1_000_000;

/** The number of a track that people are shown: its id within the epoch. */
export function shortId(trackId: number): number {
  return trackId % IDS_PER_EPOCH;
}

/** "person #12 0.93"; where room is dear, without the score. */
export function labelText(track: Pick<TrackEntry, "class" | "track_id" | "confidence">, short = false): string {
  const name = `${track.class} #${shortId(track.track_id)}`;
  return short ? name : `${name} ${Math.min(1, Math.max(0, track.confidence)).toFixed(2)}`;
}

/**
 * The place for a label of `width` x `height` at `box` (left, top, right, bottom): above the box, inside it, below it or
 * beside it; the first of these that lies in the visible picture and on no label of `taken`. Null if there is none: a box
 * without a label says more than two labels on top of each other.
 */
export function placeLabel(
  box: readonly [number, number, number, number],
  width: number,
  height: number,
  picture: Area,
  taken: readonly Area[],
): Area | null {
  if (width > picture.width || height > picture.height) return null;
  const [left, top, right, bottom] = box;
  const places: [number, number][] = [
    [left, top - height],
    [left, top],
    [left, bottom],
    [left, bottom - height],
    [right - width, top - height],
    [right, top],
    [left - width, top],
    [right - width, bottom],
    [left, top - 2 * height],
  ];
  for (const [x, y] of places) {
    const place = {
      x: Math.max(picture.x, Math.min(x, picture.x + picture.width - width)),
      y: Math.max(picture.y, Math.min(y, picture.y + picture.height - height)),
      width,
      height,
    };
    if (!taken.some((other) => overlap(place, other))) return place;
  }
  return null;
}

function overlap(a: Area, b: Area): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

/**
 * Whether an object was missed by the detector, and lives by prediction alone. Between two detections every box is
 * predicted: dashing those would make all boxes blink at the rate of detection.
 */
export function isMissed(track: Pick<TrackEntry, "state" | "age_ms">, dashAfterMs: number): boolean {
  return track.state === "predicted" && track.age_ms > dashAfterMs;
}
