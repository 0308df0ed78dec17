// The video connection of one player: one WHEP session after another, for as long as it runs.
import { backoffMs } from "./backoff";
import type { ViewerSession } from "../wire";
import { now } from "./clock/now";
import type { Origin } from "./origin";
import type { Wanted } from "./wanted";
import { WhepSession } from "./whepsession";
import { whepFailureWords, type WhepFailure, type WhepState } from "./words";

const WAITS = { firstMs: 500, longestMs: 8_000 };
/** A session that lived this long was a good one: the next failure is the first again. */
const GOOD_MS = 5_000;

/** What the connection tells its owner. */
export interface WhepEvents {
  /** A new session begins: its media will arrive in this stream. */
  onSession(stream: MediaStream): void;
  /** The state changed. */
  onState(state: WhepState): void;
  /** The server says how the session goes, unasked. */
  onReport(report: ViewerSession): void;
}

/** Keeps one camera's video coming, from `start` to `stop`. */
export class WhepConnection {
  readonly #origin: Origin;
  readonly #camera: number;
  readonly #events: WhepEvents;
  #session: WhepSession | null = null;
  #iceServers: RTCIceServer[] = [];
  #state: WhepState = { kind: "idle" };
  #retry: ReturnType<typeof setTimeout> | undefined;
  #good: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #holdMs = 0;
  #wanted: Wanted = { quality: "auto" };

  constructor(origin: Origin, camera: number, events: WhepEvents) {
    this.#origin = origin;
    this.#camera = camera;
    this.#events = events;
  }

  /** What the connection is doing. */
  get state(): WhepState {
    return this.#state;
  }

  /** Begins, unless it has. */
  start(): void {
    if (this.#state.kind !== "idle") return;
    this.#attempt = 0;
    this.#open();
  }

  /** Ends everything, here and on the server; see `WhepSession.close`. */
  stop(atOnce = false): void {
    this.#clear(atOnce);
    this.#set({ kind: "idle" });
  }

  /** Gives this session up for a new one at once, and says why. */
  restart(failure: WhepFailure): void {
    if (this.#state.kind === "idle") return;
    this.#clear();
    this.#again(failure);
  }

  /** A retry that is being waited for happens now: something says that the server is back. */
  retryNow(): void {
    if (this.#state.kind !== "retrying") return;
    clearTimeout(this.#retry);
    this.#open();
  }

  /** Holds playout for `ms`, now and in later sessions. */
  hold(ms: number): void {
    if (ms === this.#holdMs) return;
    this.#holdMs = ms;
    this.#session?.hold(ms);
  }

  /** Has the server send this, now and in later sessions; what is not named stays as it was. */
  want(change: Partial<Wanted>): void {
    this.#wanted = { ...this.#wanted, ...change };
    this.#session?.want(this.#wanted);
  }

  /** The browser's figures on the connection; null without one. */
  stats(): Promise<RTCStatsReport> | null {
    return this.#session?.stats() ?? null;
  }

  /** How the session goes, as the server sees it; null without one. */
  async serverReport(): Promise<ViewerSession | null> {
    return (await this.#session?.serverReport()) ?? null;
  }

  #open(): void {
    this.#clear();
    this.#set({ kind: "connecting" });
    try {
      this.#session = new WhepSession(this.#origin, this.#camera, this.#iceServers, this.#wanted, {
        onStream: (stream) => {
          this.#events.onSession(stream);
        },
        onConnected: () => {
          this.#set({ kind: "playing" });
          clearTimeout(this.#good);
          this.#good = setTimeout(() => {
            this.#attempt = 0;
          }, GOOD_MS);
        },
        onReport: (report) => {
          this.#events.onReport(report);
        },
        onEnd: (failure) => {
          this.#iceServers = this.#session?.iceServers ?? this.#iceServers;
          this.#clear();
          this.#again(failure);
        },
      });
      this.#session.hold(this.#holdMs);
    } catch {
      this.#again({ kind: "browser" });
    }
  }

  #again(failure: WhepFailure): void {
    const waitMs = backoffMs(this.#attempt++, Math.random(), WAITS);
    this.#set({ kind: "retrying", atMs: now() + waitMs, why: whepFailureWords(failure) });
    this.#retry = setTimeout(() => {
      this.#open();
    }, waitMs);
  }

  #clear(atOnce = false): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#good);
    this.#session?.close(atOnce);
    this.#session = null;
  }

  #set(state: WhepState): void {
    this.#state = state;
    this.#events.onState(state);
  }
}
