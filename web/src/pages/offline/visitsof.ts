// Who was there, from the track frames of an export: as the server tells it, but for the pictures.
import type { RecordedVisit, TrackDensity, TrackMessage } from "../../wire";

/** Buckets of the columns on the timeline, and how short one is at least, in seconds. */
const BUCKETS = 400;
const LEAST_S = 1;

interface Seen {
  visit: RecordedVisit;
  /** Frames of each class that it was taken for. */
  classes: Map<string, number>;
}

/** The visits of one camera, as its frames come. */
export class VisitsOf {
  readonly #camera: number;
  readonly #seen = new Map<number, Seen>();

  constructor(camera: number) {
    this.#camera = camera;
  }

  /** Takes in frames, in the order of time. */
  add(frames: readonly TrackMessage[]): void {
    for (const { timestamp, media_time, frame_size, tracks } of frames) {
      if (media_time === null || frame_size === null) continue;
      const moment = { unix: timestamp, media_time };
      for (const { track_id, class: name, confidence, bbox } of tracks) {
        const best = { best: moment, bbox, frame_size, confidence };
        let seen = this.#seen.get(track_id);
        if (!seen) {
          const id = `${this.#camera}-${media_time}-${track_id}`;
          seen = { visit: { id, camera_id: this.#camera, track_id, class: name, from: moment, to: moment, locked: false, ...best }, classes: new Map() };
          this.#seen.set(track_id, seen);
        }
        seen.visit.to = moment;
        if (confidence > seen.visit.confidence) Object.assign(seen.visit, best);
        const count = (seen.classes.get(name) ?? 0) + 1;
        seen.classes.set(name, count);
        if (count > (seen.classes.get(seen.visit.class) ?? 0)) seen.visit.class = name;
      }
    }
  }

  /** Them all, by their beginnings. */
  get all(): RecordedVisit[] {
    return [...this.#seen.values()].map(({ visit }) => ({ ...visit })).sort((a, b) => a.from.unix - b.from.unix);
  }
}

/** How many of each class there were when, between two moments. */
export function densityOf(visits: readonly RecordedVisit[], from: number, to: number): TrackDensity {
  const step = Math.max(LEAST_S, (to - from) / BUCKETS);
  const bucketOf = (t: number): number => Math.min(Math.ceil((to - from) / step) - 1, Math.max(0, Math.floor((t - from) / step)));
  const classes: TrackDensity["classes"] = {};
  for (const visit of visits) {
    const counts = (classes[visit.class] ??= Array.from({ length: Math.max(1, Math.ceil((to - from) / step)) }, () => 0));
    for (let bucket = bucketOf(visit.from.unix); bucket <= bucketOf(visit.to.unix); bucket++) counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  return { from, step, classes };
}
