// The gate that keeps fast-forwards and rewinds off the screen.
import { rtpAddMs, rtpDiff, rtpDiffMs } from "./clock/rtp";

/** However things stand, a viewer is not kept from frames that keep coming for longer. */
const DEADLINE_MS = 3_000;
/** After a pause like this another burst begins: a camera that is off, and its last GOP replayed once more. */
const PAUSE_MS = 1_500;
/** A frame counts as live when it is at most this far behind the newest known media time, beside the hold. */
const SLACK_MS = 250;
/** Frames must run at about real time for this long to count as live when nothing tells the newest media time. */
const PACE_MS = 200;
const PACE_MIN = 0.5;
const PACE_MAX = 1.6;

/** `waiting`: no frame yet; `catching`: frames come, but are not for the eye; `live`: what comes is shown. */
export type GateState = "waiting" | "catching" | "live";

interface Moment {
  rtp: number;
  atMs: number;
}

/**
 * Decides frame by frame whether the viewer may see it. On start the server sends the whole GOP at once with its
 * original timestamps, and after a loss it may replay it: then frames arrive faster than real time, or step back.
 * They stay hidden until media time has passed what is on the screen and has reached the live edge, or runs at
 * real time, or the deadline is over.
 */
export class CatchUpGate {
  #state: GateState = "waiting";
  /** What the viewer sees now: a snapshot or the last frame shown. */
  #shown: Moment | null = null;
  /** The newest media time heard of, and when. */
  #edge: Moment | null = null;
  /** When the catching began. */
  #sinceMs = 0;
  /** When a frame was presented last, shown or not. */
  #presentedMs: number | null = null;
  /** The frames of the last moments of catching. */
  #pace: Moment[] = [];

  /** What the gate is doing. */
  get state(): GateState {
    return this.#state;
  }

  /** A new WebRTC session began: media time may be another one, so nothing known before holds. */
  reset(): void {
    this.#state = "waiting";
    this.#shown = null;
    this.#edge = null;
    this.#presentedMs = null;
    this.#pace = [];
  }

  /** Something (a snapshot, a track message) says that media time was at least `rtp` at `nowMs`. */
  noteEdge(rtp: number, nowMs: number): void {
    if (!this.#edge || rtpDiff(rtp, this.#edgeAt(nowMs, this.#edge)) > 0) this.#edge = { rtp, atMs: nowMs };
  }

  /** The feed of track messages began anew: what it said before may be of another timeline. */
  forgetEdge(): void {
    this.#edge = null;
  }

  /** The snapshot with this timestamp is on the screen now. */
  notePoster(rtp: number, nowMs: number): void {
    this.#shown = { rtp, atMs: nowMs };
    this.noteEdge(rtp, nowMs);
  }

  /**
   * A frame was presented at `nowMs` while playout is held by `holdMs`. True: show it. `rtp` null (the browser
   * does not name its frames) is shown, since nothing can be known.
   */
  admit(rtp: number | null, nowMs: number, holdMs: number): boolean {
    if (rtp === null) {
      this.#state = "live";
      return true;
    }
    const steppedBack = this.#shown !== null && rtpDiff(rtp, this.#shown.rtp) < 0;
    const paused = this.#presentedMs !== null && nowMs - this.#presentedMs >= PAUSE_MS;
    this.#presentedMs = nowMs;
    if (this.#state === "live" && !steppedBack) return this.#show(rtp, nowMs);
    if (this.#state !== "catching" || paused) this.#begin(nowMs);
    const over = nowMs - this.#sinceMs >= DEADLINE_MS;
    // A frame that comes alone, as from a camera of one frame in two seconds, is no fast-forward.
    const live = paused || this.#atEdge(rtp, nowMs, holdMs) || this.#atPace(rtp, nowMs);
    if (over || (!steppedBack && live)) return this.#show(rtp, nowMs);
    return false;
  }

  #begin(nowMs: number): void {
    // A rewind: where the last frame shown would be by now is the edge, if nothing better is known.
    if (this.#state === "live" && this.#shown) this.noteEdge(this.#shown.rtp, this.#shown.atMs);
    this.#state = "catching";
    this.#sinceMs = nowMs;
    this.#pace = [];
  }

  #show(rtp: number, nowMs: number): boolean {
    this.#state = "live";
    this.#shown = { rtp, atMs: nowMs };
    return true;
  }

  #edgeAt(nowMs: number, edge: Moment): number {
    return rtpAddMs(edge.rtp, nowMs - edge.atMs);
  }

  #atEdge(rtp: number, nowMs: number, holdMs: number): boolean {
    return this.#edge !== null && rtpDiffMs(this.#edgeAt(nowMs, this.#edge), rtp) <= holdMs + SLACK_MS;
  }

  /** Whether the last frames advanced about as fast as the clock. */
  #atPace(rtp: number, nowMs: number): boolean {
    this.#pace = this.#pace.filter((moment) => nowMs - moment.atMs <= 2 * PACE_MS);
    this.#pace.push({ rtp, atMs: nowMs });
    const first = this.#pace[0];
    if (!first || this.#pace.length < 4) return false;
    const passedMs = nowMs - first.atMs;
    const rate = rtpDiffMs(rtp, first.rtp) / passedMs;
    return passedMs >= PACE_MS && rate >= PACE_MIN && rate <= PACE_MAX;
  }
}
