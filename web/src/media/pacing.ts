// How long playout is held, what the jitter buffer is told to that end, and the measurements that both rest on.
import { rtpDiffMs } from "./clock/rtp";
import { DetectionDelay } from "./delay";
import type { PresentedFrame } from "./frames";
import { HoldController, percentile } from "./hold";
import { canKeep, missingMs, NO_WAIT, patienceMs, type Wait } from "./latequeue";
import { PlayoutControl } from "./playout";
import type { PlayerMode } from "./presenter";
import type { PlayerState } from "./state";
import type { TrackMap } from "./trackmap";

/** The jitter buffer is told in steps of this, so that it is not bothered with every millisecond. */
const HOLD_STEP_MS = 10;
/** Tracks older than this are not waited for. */
const FRESH_MS = 3_000;
/** Frames of the last second that are remembered at most. */
const SHOWN = 120;


/** Measures one player's frames against its track messages. */
export class Pacing {
  readonly #map: TrackMap;
  readonly #hold: HoldController;
  readonly #playout: PlayoutControl;
  readonly #delay = new DetectionDelay();
  #mode: PlayerMode;
  #targetMs = 0;
  #shown: { atMs: number; playoutMs: number | null }[] = [];

  /** `limitMs`: the longest hold, which more lets slower detection stay exact and costs delay. */
  constructor(map: TrackMap, mode: PlayerMode, limitMs: number) {
    this.#map = map;
    this.#mode = mode;
    this.#hold = new HoldController(limitMs);
    this.#playout = new PlayoutControl(limitMs);
  }

  /** What the jitter buffer is to be told, in milliseconds, as of the last change of mode, reset or update. */
  get targetMs(): number {
    return this.#targetMs;
  }

  /** Another longest hold, at once. */
  set limitMs(ms: number) {
    this.#hold.limitMs = this.#playout.limitMs = ms;
  }

  /** Another mode, at once: `live` holds nothing. */
  set mode(mode: PlayerMode) {
    this.#mode = mode;
    this.#retarget();
  }

  /** A new session begins: what was learned was another jitter buffer's. */
  reset(): void {
    this.#delay.clear();
    this.#playout.reset();
    this.#retarget();
  }

  /** The message of the frame `rtp` came. */
  arrived(rtp: number, nowMs: number): void {
    const neededMs = this.#delay.arrived(rtp, nowMs);
    if (neededMs !== null) this.#hold.sample(neededMs, false, nowMs);
  }

  /** A frame was presented that is for the eye: what it says about the delay of detection and of playout. */
  presented({ rtp, receivedMs, presentedMs }: PresentedFrame): void {
    const playoutMs = receivedMs === null ? null : presentedMs - receivedMs;
    this.#shown.push({ atMs: presentedMs, playoutMs });
    if (this.#shown.length > SHOWN) this.#shown.shift();
    if (playoutMs !== null) this.#playout.sample(playoutMs, presentedMs);
    if (rtp === null) return;
    // Where the browser does not say when the packets came: about one hold ago.
    const cameMs = receivedMs ?? presentedMs - this.#targetMs;
    const message = this.#map.exact(rtp);
    if (message) this.#hold.sample(message.arrivedMs - cameMs, true, presentedMs);
    else this.#delay.await(rtp, cameMs);
  }

  /** How long a frame for the eye still has to be kept. */
  waitOf(frame: PresentedFrame): Wait {
    if (this.#mode === "live" || !this.fresh(frame.presentedMs) || !canKeep(frame)) return NO_WAIT;
    const heldMs = frame.receivedMs === null ? null : frame.presentedMs - frame.receivedMs;
    const missing = missingMs(this.#hold.targetMs, heldMs);
    const patience = patienceMs(heldMs === null ? null : heldMs + missing, this.#hold.limitMs);
    return { missingMs: missing, patienceMs: patience };
  }

  /** Whether the tracks of `frame` are not there and may still come. */
  awaitsTracks({ rtp }: PresentedFrame): boolean {
    const { newest } = this.#map;
    return rtp !== null && newest !== null && rtpDiffMs(rtp, newest.rtp) > 0;
  }

  /** Whether messages come. */
  fresh(nowMs: number): boolean {
    const { newest } = this.#map;
    return newest !== null && nowMs - newest.arrivedMs < FRESH_MS;
  }

  /** Follows the measurements, some times a second. */
  update(nowMs: number): void {
    this.#shown = this.#shown.filter((frame) => nowMs - frame.atMs <= 1000);
    const wantedMs = this.#hold.update(nowMs, this.fresh(nowMs));
    if (this.#mode === "exact") this.#playout.update(wantedMs, nowMs);
    this.#retarget();
  }

  /** The part of the player's state that this knows. */
  state(nowMs: number): Pick<PlayerState, "holdMs" | "holdLimitMs" | "jitterBufferTargetMs" | "playoutMs" | "fps"> {
    const playout = this.#shown.flatMap((frame) => (frame.playoutMs === null ? [] : [frame.playoutMs]));
    return {
      holdMs: this.#mode === "live" ? 0 : this.#hold.targetMs,
      holdLimitMs: this.#hold.limitMs,
      jitterBufferTargetMs: this.#targetMs,
      playoutMs: playout.length > 0 ? Math.round(percentile(playout, 0.5)) : null,
      fps: this.#shown.filter((frame) => nowMs - frame.atMs <= 1000).length,
    };
  }

  #retarget(): void {
    const ms = this.#mode === "live" ? 0 : this.#playout.toldMs;
    this.#targetMs = Math.ceil(ms / HOLD_STEP_MS) * HOLD_STEP_MS;
  }
}
