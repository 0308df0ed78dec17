// The last minutes of a camera's figures, for charts.
import type { CameraStatus } from "../wire";
import { latencyOf } from "./figures";

/** One moment. Null where nothing was known. */
export interface Moment {
  /** UNIX seconds. */
  at: number;
  received: number | null;
  decoded: number | null;
  detected: number | null;
  latencyP50: number | null;
  latencyP95: number | null;
  tracks: number | null;
  bitrateKbps: number | null;
  /** Packets lost since the moment before, on the way from the camera. */
  cameraLoss: number | null;
  /** The same on the way to this browser. */
  viewerLoss: number | null;
}

/** What the player knows beside the server. */
export interface Seen {
  tracks: number | null;
  /** Since its session began. */
  packetsLost: number | null;
}

/** Keeps the last `limit` moments, oldest first. */
export class History {
  #moments: Moment[] = [];
  #lost: { camera: number; viewer: number | null } | null = null;
  readonly #limit: number;

  /** `limit`: 300 moments of a second are five minutes. */
  constructor(limit = 300) {
    this.#limit = limit;
  }

  /** All that are kept. */
  get moments(): readonly Moment[] {
    return this.#moments;
  }

  /** Takes what is known at `at`, in UNIX seconds. */
  add(at: number, status: CameraStatus, seen: Seen): void {
    const before = this.#lost;
    // A count that fell began anew.
    const since = (now: number | null, then: number | null | undefined): number | null =>
      now === null || then === null || then === undefined ? null : Math.max(0, now - then);
    const latency = latencyOf(status);
    this.#moments.push({
      at,
      received: status.fps.received,
      decoded: status.fps.decoded,
      detected: status.fps.detected,
      latencyP50: latency?.p50 ?? null,
      latencyP95: latency?.p95 ?? null,
      tracks: seen.tracks,
      bitrateKbps: status.bitrate_kbps,
      cameraLoss: since(status.lost_packets, before?.camera),
      viewerLoss: since(seen.packetsLost, before?.viewer),
    });
    this.#lost = { camera: status.lost_packets, viewer: seen.packetsLost };
    if (this.#moments.length > this.#limit) this.#moments.shift();
  }

  /** One column of all moments, as charts want it. */
  column(key: keyof Moment): (number | null)[] {
    return this.#moments.map((moment) => moment[key]);
  }
}
