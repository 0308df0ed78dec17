// What of <razz-player> plays recordings: its attributes `at` and `rate`, and what pages can ask of a recording. The rest
// is loaded when there is one to play.
import type { PlayerConfig, PlayerView } from "./player";
import { Presenter } from "./presenter";
import type { Recorded, RecordedView, Wish } from "./recorded";

/** An element that plays a recording while it has the attribute `at`. */
export class Recordable extends HTMLElement {
  /** Plays it, once what does that is loaded. */
  #recorded: Recorded | null = null;
  /** What of it is to be played; null: the live video. */
  #wish: Wish | null = null;
  /** The load that is waited for. */
  #loading: object | null = null;

  /** Whether a recording stands still. */
  get paused(): boolean {
    return this.#wish?.paused ?? false;
  }

  /** How fast a recording is played: the attribute `rate`, 0.25 to 64, negative backwards. */
  get rate(): number {
    return this.#recorded?.rate ?? Number(this.getAttribute("rate") ?? 1);
  }

  set rate(rate: number) {
    this.setAttribute("rate", String(rate));
  }

  /** UNIX seconds of the recorded frame on the screen; null of live video. */
  get time(): number | null {
    return this.#recorded?.time ?? null;
  }

  /** Plays the recording from a moment, written as in `at`. */
  seek(to: number | string): void {
    if (this.#recorded) this.#recorded.seek(to);
    else this.setAttribute("at", String(to));
  }

  /** Pauses a recording and shows the frame so many further on, or back. */
  step(frames: number): void {
    this.#recorded?.step(frames);
  }

  /** A recording goes on. */
  play(): void {
    this.#pause(false);
  }

  /** A recording stands still. */
  pause(): void {
    this.#pause(true);
  }

  #pause(paused: boolean): void {
    if (this.#wish) this.#wish.paused = paused;
    this.#recorded?.pause(paused);
  }

  /** Whether a recording is to be played, but nothing plays it yet. */
  protected get isLoading(): boolean {
    return this.#loading !== null;
  }

  /** Takes in that `at` or `rate` changed; true if that leads from live video to a recording, or back. */
  protected recordingChanged(name: string, after: string | null): boolean {
    if (name === "rate") {
      if (this.#wish) this.#wish.rate = after;
      this.#recorded?.setRate(after);
      return false;
    }
    if (after === null) return true;
    if (this.#wish) this.#wish.at = after;
    this.#recorded?.seek(after);
    return this.#wish === null;
  }

  /** Loads what plays recordings, for a player of the recording `at`; null if it is not wanted any more. Who watches live does not pay for it. */
  protected async loadRecorded(at: string, configOf: () => PlayerConfig | null, view: PlayerView, dispatch: RecordedView["dispatch"]): Promise<Recorded | null> {
    const wish = (this.#wish ??= { at, rate: this.getAttribute("rate"), paused: false });
    const turn = (this.#loading = {});
    const { Recorded: Playing } = await import("./recorded");
    const config = turn === this.#loading ? configOf() : null;
    return config && (this.#recorded = new Playing(config, { ...view, element: this, dispatch }, wish, Presenter));
  }

  /** The player ends; one that comes after it goes on where this one was, unless it is to be `live`. */
  protected leaveRecording(live: boolean): void {
    if (this.#wish) this.#wish.at = this.#recorded?.position ?? this.#wish.at;
    if (live) this.#wish = null;
    this.#recorded = this.#loading = null;
  }
}
