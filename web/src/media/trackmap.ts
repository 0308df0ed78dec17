// The track frames of one camera by RTP timestamp, and the boxes for any frame between or after them.
import type { TrackEntry, TrackMessage } from "../wire";
import { rtpAddMs, rtpDiffMs } from "./clock/rtp";
import { inProportion } from "./geometry";

/** How the boxes of a drawn frame were found; `near`: its own, by detection on the camera's smaller stream. */
export type FrameMode = "exact" | "near" | "interpolated" | "extrapolated" | "none";

/** One track frame as it arrived. */
export interface TrackFrame {
  rtp: number;
  /** Wall time of the frame, UNIX seconds. */
  timestamp: number;
  tracks: readonly TrackEntry[];
  /** Width and height that boxes refer to; null when the message did not say. */
  size: readonly [number, number] | null;
  /** Time between two detections at this camera. */
  detectionMs: number;
  /** When the message came, on the page's monotonic clock. */
  arrivedMs: number;
  /** From the frame's last packet in at the server to the message out. */
  latencyMs: number;
  /** How near the frame the tracks are, where they are not exact. */
  nearMs?: number | undefined;
}

/** The boxes for one presented frame. */
export interface Lookup {
  mode: FrameMode;
  /** The track frame that the boxes come from: the frame's own, else the nearer neighbour. */
  from: TrackFrame | null;
  tracks: readonly TrackEntry[];
}

const NOTHING: Lookup = { mode: "none", from: null, tracks: [] };

/** Neighbours further apart than this are not joined by a line: the object may have been anywhere. */
const INTERPOLATE_MAX_MS = 600;
/** A box is carried on by its velocity for this long at most; after that it would be a phantom. */
const EXTRAPOLATE_MAX_MS = 1000;
/** Before the first detections are counted, and without any, a detection is expected this often a second. */
const MIN_DETECTION_FPS = 0.5;
/** A track frame this far from the newest is another timeline: the server's clock began anew. */
const SAME_TIMELINE_MS = 60_000;

/** Where boxes are found: by RTP timestamp, the name of a frame. */
export interface TrackSource {
  /** The newest track frame. */
  readonly newest: TrackFrame | null;
  /** Width and height of the camera's own pictures, which boxes refer to; null before a message says it. */
  readonly stored: readonly [number, number] | null;
  /**
   * The size at which a picture of `width` x `height` shows things in their true proportions; while no message has said
   * the camera's, that of the picture `before`, if it is of one shape.
   */
  proportions(width: number, height: number, before: readonly [number, number] | null): readonly [number, number];
  /** The boxes for the frame `rtp`. */
  lookup(rtp: number): Lookup;
  /** The boxes for a picture of about the media time `rtp`. */
  lookupAbout(rtp: number): Lookup;
  /** Where each object's feet were during `spanMs` up to `rtp`. */
  trails(rtp: number, spanMs: number): Map<number, [number, number][]>;
}

/** A bounded, ordered map of track frames; the oldest go first. */
export class TrackMap implements TrackSource {
  /** In order of RTP timestamp, oldest first. */
  #frames: TrackFrame[] = [];
  readonly #limit: number;
  /** Of the camera's pictures, by the newest message that says it: their size, and the shape of their pixels unless it is square. */
  #stored: readonly [number, number] | null = null;
  #aspect: readonly [number, number] | null = null;

  /** `limit`: frames kept; 10 s at 60 per second unless told. More gives longer trails and costs memory. */
  constructor(limit = 600) {
    this.#limit = limit;
  }

  /** How many track frames are held. */
  get size(): number {
    return this.#frames.length;
  }

  /** The newest track frame. */
  get newest(): TrackFrame | null {
    return this.#frames.at(-1) ?? null;
  }

  /** Width and height of the camera's own pictures, which boxes refer to; null before a message says it. */
  get stored(): readonly [number, number] | null {
    return this.#stored;
  }

  /**
   * The size at which a picture of `width` x `height` shows things in their true proportions; while no message has said
   * the camera's, that of the picture `before`, if it is of one shape.
   */
  proportions(width: number, height: number, before: readonly [number, number] | null): readonly [number, number] {
    return inProportion(width, height, this.#stored ?? before, this.#aspect);
  }

  /** Forgets everything. */
  clear(): void {
    this.#frames = [];
  }

  /**
   * Takes a message that came at `arrivedMs`. Messages come in media-time order; one from another timeline
   * (far away in either direction) clears the map first. Returns the frame, or null if the message names none.
   */
  add(message: TrackMessage, arrivedMs: number): TrackFrame | null {
    if (message.frame_size) [this.#stored, this.#aspect] = [message.frame_size, message.pixel_aspect ?? null];
    const frame = frameOf(message, arrivedMs);
    if (!frame) return null;
    const newest = this.newest;
    if (newest && Math.abs(rtpDiffMs(frame.rtp, newest.rtp)) > SAME_TIMELINE_MS) this.clear();
    const at = this.#firstNotBefore(frame.rtp);
    const same = this.#frames[at]?.rtp === frame.rtp;
    this.#frames.splice(at, same ? 1 : 0, frame);
    if (this.#frames.length > this.#limit) this.#frames.shift();
    return frame;
  }

  /** The track frame of exactly this timestamp. */
  exact(rtp: number): TrackFrame | null {
    const frame = this.#frames[this.#firstNotBefore(rtp)];
    return frame?.rtp === rtp ? frame : null;
  }

  /** The boxes for the frame `rtp`: its own, else between its neighbours, else carried on by velocity. */
  lookup(rtp: number): Lookup {
    const at = this.#firstNotBefore(rtp);
    const after = this.#frames[at];
    if (after?.rtp === rtp) return { mode: after.nearMs === undefined ? "exact" : "near", from: after, tracks: after.tracks };
    const before = this.#frames[at - 1];
    if (!before) return NOTHING;
    const sinceMs = rtpDiffMs(rtp, before.rtp);
    if (after && sameSize(before, after) && rtpDiffMs(after.rtp, before.rtp) <= INTERPOLATE_MAX_MS) {
      const share = sinceMs / rtpDiffMs(after.rtp, before.rtp);
      return {
        mode: "interpolated",
        from: share <= 0.5 ? before : after,
        tracks: interpolate(before, after, share, sinceMs),
      };
    }
    if (sinceMs > EXTRAPOLATE_MAX_MS) return NOTHING;
    return { mode: "extrapolated", from: before, tracks: before.tracks.map((track) => extrapolate(track, sinceMs)) };
  }

  /**
   * The boxes for a picture of about the media time `rtp`: for browsers that do not name the frame they show. Never
   * `exact`, because the time is only an estimate.
   */
  lookupAbout(rtp: number): Lookup {
    const found = this.lookup(rtp);
    return found.from?.rtp === rtp ? { ...found, mode: "interpolated" } : found;
  }

  /**
   * Where each object's feet were (middle of the box's lower edge) during `spanMs` up to `rtp`, oldest first and in
   * pixels of the last frame's size, by track id. A trail begins anew where its object was out of sight, or was found again
   * somewhere else: no one walked the line between. So do all where the camera changed its size.
   */
  trails(rtp: number, spanMs: number): Map<number, [number, number][]> {
    return trailsOf(this.#frames, this.#firstNotBefore(rtpAddMs(rtp, -spanMs)), rtp);
  }

  /** Index of the first frame that is not before `rtp`. Binary search: the span is far below a wrap. */
  #firstNotBefore(rtp: number): number {
    let low = 0;
    let high = this.#frames.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const frame = this.#frames[middle];
      if (frame && rtpDiffMs(frame.rtp, rtp) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The trails of `frames`, in order of their time, from the one at `first` up to `rtp`; see `TrackMap.trails`. */
export function trailsOf(frames: readonly TrackFrame[], first: number, rtp: number): Map<number, [number, number][]> {
  const trails = new Map<number, [number, number][]>();
  const seenAt = new Map<number, number>();
  let before: TrackFrame | undefined;
  for (let at = first; at < frames.length; at++) {
    const frame = frames[at];
    if (!frame || rtpDiffMs(frame.rtp, rtp) > 0) break;
    if (before && !sameSize(before, frame)) trails.clear();
    before = frame;
    for (const { track_id, bbox } of frame.tracks) {
      const point: [number, number] = [(bbox[0] + bbox[2]) / 2, bbox[3]];
      const trail = trails.get(track_id);
      const last = trail?.at(-1);
      const stride = last ? Math.hypot(point[0] - last[0], point[1] - last[1]) : Infinity;
      const joined = seenAt.get(track_id) === at - 1 && stride < (bbox[2] - bbox[0] + bbox[3] - bbox[1]) / 2;
      if (trail && joined) trail.push(point);
      else trails.set(track_id, [point]);
      seenAt.set(track_id, at);
    }
  }
  return trails;
}

/** The track frame of a message, which came at `arrivedMs`; null if it names no frame. */
export function frameOf(message: TrackMessage, arrivedMs: number): TrackFrame | null {
  if (message.rtp_timestamp === null) return null;
  return {
    rtp: message.rtp_timestamp,
    timestamp: message.timestamp,
    tracks: message.tracks,
    size: message.frame_size,
    detectionMs: 1000 / Math.max(message.stats.fps, MIN_DETECTION_FPS),
    arrivedMs,
    latencyMs: message.stats.latency_ms,
    nearMs: message.near_ms,
  };
}

/** Whether the boxes of both are in the same pixels: a camera may change its size. */
export function sameSize(a: TrackFrame, b: TrackFrame): boolean {
  return a.size?.[0] === b.size?.[0] && a.size?.[1] === b.size?.[1];
}

/** `track` moved on by its velocity for `ms`: a prediction, whatever it was before. */
function extrapolate(track: TrackEntry, ms: number): TrackEntry {
  const at = (edge: 0 | 1 | 2 | 3): number => track.bbox[edge] + (track.velocity[edge] * ms) / 1000;
  return moved(track, [at(0), at(1), at(2), at(3)], track.age_ms + ms);
}

/** The tracks of `before`, led towards where `after` has them; those that ended in between are carried on. */
function interpolate(before: TrackFrame, after: TrackFrame, share: number, sinceMs: number): TrackEntry[] {
  const later = new Map(after.tracks.map((track) => [track.track_id, track]));
  return before.tracks.map((track) => {
    const next = later.get(track.track_id);
    if (!next) return extrapolate(track, sinceMs);
    const at = (edge: 0 | 1 | 2 | 3): number => track.bbox[edge] + (next.bbox[edge] - track.bbox[edge]) * share;
    return moved(track, [at(0), at(1), at(2), at(3)], track.age_ms + sinceMs);
  });
}

function moved(track: TrackEntry, bbox: TrackEntry["bbox"], ageMs: number): TrackEntry {
  const center: [number, number] = [(bbox[0] + bbox[2]) / 2, (bbox[1] + bbox[3]) / 2];
  return { ...track, bbox, center, state: "predicted", age_ms: ageMs };
}
