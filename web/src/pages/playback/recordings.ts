// What the server says of its recordings, and how it is asked.
import { ask, type Answer } from "../api";

/** A moment by the clock and by the camera's own count, which drift from one another. */
export interface Moment {
  /** UNIX seconds. */
  unix: number;
  /** 90 kHz ticks in decimal. */
  media_time: string;
}

/** Why there is no footage. */
export type GapReason =
  | "camera_gone" | "no_key_picture" | "format" | "disk_slow" | "disk_full" | "disk_gone" | "off" | "quiet" | "not_running" | "crash" | "deleted";

/** Objects seen in each bucket of `step` seconds, by class. */
export interface Density {
  from: number;
  step: number;
  classes: Record<string, number[]>;
}

/** What is kept of one camera. */
export interface CameraRecordings {
  camera_id: number;
  state: "recording" | "waiting" | "stopped" | "off";
  reason: GapReason | null;
  error: string | null;
  oldest: Moment | null;
  newest: Moment | null;
  bytes: number;
  spans: { from: Moment; to: Moment; bytes: number }[];
  gaps: { from: Moment; to: Moment; reason: GapReason }[];
  /** Absent where nothing is detected. */
  density?: Density;
}

/** The answer of `api/recordings`. */
export interface Recordings {
  now: number;
  /** What the disk says where nothing can be recorded at all. */
  error?: string | null;
  room: { used: number; free: number; days: number | null };
  cameras: CameraRecordings[];
}

/** One object, from when it came until it went. */
export interface Visit {
  id: string;
  camera_id: number;
  track_id: number;
  class: string;
  from: Moment;
  to: Moment;
  /** When it was seen best: then `bbox` (left, top, right, bottom in pixels of `frame_size`) is around it. */
  best: Moment;
  confidence: number;
  bbox: [number, number, number, number];
  frame_size: [number, number];
}

const seconds = (t: number): string => t.toFixed(3);

/** What is kept between two moments; of all cameras where none are named. */
export function fetchRecordings(cameras: readonly number[], from: number, to: number, points: number): Promise<Answer<Recordings>> {
  const of = cameras.length > 0 ? `camera=${cameras.join(",")}&` : "";
  return ask<Recordings>(`api/recordings?${of}from=${seconds(from)}&to=${seconds(to)}&points=${points}`);
}

/** Who was seen between two moments; 404 where the server keeps no visits. */
export function fetchVisits(cameras: readonly number[], from: number, to: number, limit: number): Promise<Answer<{ visits: Visit[] }>> {
  return ask<{ visits: Visit[] }>(`api/visits?camera=${cameras.join(",")}&from=${seconds(from)}&to=${seconds(to)}&limit=${limit}`);
}

/** The footage between two moments as one file. */
export function videoHref(camera: number, from: number, to: number): string {
  return `api/recordings/${camera}/video.mp4?from=${seconds(from)}&to=${seconds(to)}`;
}

/** The picture at a moment. */
export function pictureHref(camera: number, at: number, width: number): string {
  return `api/recordings/${camera}/picture.jpg?at=${seconds(at)}&width=${width}`;
}
