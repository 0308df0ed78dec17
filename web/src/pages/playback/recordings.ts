// What the server says of its recordings, and how it is asked.
import type { Recordings, Visits } from "../../wire";
import { ask, type Answer } from "../api";

export type { CameraRecordings, Moment, Reason, RecordedVisit as Visit, Recordings, TrackDensity as Density } from "../../wire";

const seconds = (t: number): string => t.toFixed(3);

/** What is kept between two moments; of all cameras where none are named. */
export function fetchRecordings(cameras: readonly number[], from: number, to: number, points: number): Promise<Answer<Recordings>> {
  const of = cameras.length > 0 ? `camera=${cameras.join(",")}&` : "";
  return ask<Recordings>(`api/recordings?${of}from=${seconds(from)}&to=${seconds(to)}&points=${points}`);
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
