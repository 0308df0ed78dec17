// What the server says of its recordings, and how it is asked.
import type { CameraRecordings, Recordings, Visits } from "../../wire";
import { ask, type Answer } from "../api";

/** Frames lie on a mark's own millisecond: the end is exclusive, so it goes beyond. */
export const BEYOND = 0.001;

/** Visits that the server tells at once at most. */
export const VISITS_MOST = 500;

export type { CameraRecordings, Moment, Reason, RecordingLock, RecordedVisit as Visit, Recordings, TrackDensity as Density } from "../../wire";

/** A moment as the server's `from` and `to` take it. */
export const seconds = (t: number): string => t.toFixed(3);

/** What is kept between two moments; of all cameras where none are named. */
export function fetchRecordings(cameras: readonly number[], from: number, to: number, points: number): Promise<Answer<Recordings>> {
  const of = cameras.length > 0 ? `camera=${cameras.join(",")}&` : "";
  return ask<Recordings>(`api/recordings?${of}from=${seconds(from)}&to=${seconds(to)}&points=${points}`);
}

/** Bytes of the footage between two moments, about: of what reaches beyond them, as large a part as lies between. */
export function bytesIn({ spans }: Pick<CameraRecordings, "spans">, from: number, to: number): number {
  return spans.reduce((sum, span) => {
    const [begin, end] = [span.from.unix, span.to.unix];
    return sum + (span.bytes * Math.max(0, Math.min(end, to) - Math.max(begin, from))) / Math.max(end - begin, BEYOND);
  }, 0);
}

/** Who was seen between two moments; 404 where the server keeps no visits. */
export function fetchVisits(cameras: readonly number[], from: number, to: number, limit: number): Promise<Answer<Visits>> {
  return ask<Visits>(`api/visits?camera=${cameras.join(",")}&from=${seconds(from)}&to=${seconds(to)}&limit=${limit}`);
}

/** The footage between two moments as one file. */
export function videoHref(camera: number, from: number, to: number): string {
  return `api/recordings/${camera}/video.mp4?from=${seconds(from)}&to=${seconds(to)}`;
}

/** The picture at a moment. */
export function pictureHref(camera: number, at: number, width: number): string {
  return `api/recordings/${camera}/picture.jpg?at=${seconds(at)}&width=${width}`;
}
