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

/** Moments come every second, and every five in a hidden tab: after more than this nothing was known in between. */
const GAP_S = 8;

/** What the player knows beside the server. */
export interface Seen {
  tracks: number | null;
  /** Since its session began. */
  packetsLost: number | null;
}

const NOTHING: Omit<Moment, "at"> = {
  received: null, decoded: null, detected: null, latencyP50: null, latencyP95: null, tracks: null, bitrateKbps: null, cameraLoss: null, viewerLoss: null,
};

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
    const last = this.#moments.at(-1);
    if (last && at - last.at > GAP_S) {
      // No line is drawn over a time of which nothing is known, and what was lost in it is of no one moment.
      this.#push({ ...NOTHING, at: last.at + 1 });
      this.#lost = null;
    }
    const before = this.#lost;
    // A count that fell began anew.
    const since = (now: number | null, then: number | null | undefined): number | null =>
      now === null || then === null || then === undefined ? null : Math.max(0, now - then);
    const latency = latencyOf(status);
    this.#push({
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
  }

  #push(moment: Moment): void {
    this.#moments.push(moment);
    if (this.#moments.length > this.#limit) this.#moments.shift();
  }

  /** One column of all moments, as charts want it. */
  column(key: keyof Moment): (number | null)[] {
    return this.#moments.map((moment) => moment[key]);
  }
}
