// The player of recordings, which the element loads when it is to play one: drawn like live video, from other pictures.
import type { RenditionInfo, ViewerSession } from "../../wire";
import { now } from "../clock/now";
import type { DrawOptions } from "../draw";
import type { TrackFilter } from "../filter";
import type { PlayerConfig } from "../player";
import type { Presenter } from "../presenter";
import { same } from "../same";
import type { PlayerState } from "../state";
import type { View } from "../zoom";
import { rateOf } from "./clock";
import type { GapDetail, PlaybackDetail, RecordedFrame, RecordedView, Wish } from "./details";
import { CodecsEngine } from "./engine";
import { watchKeys, type Playable } from "./keys";
import { HZ, momentOf } from "./moment";
import { MseEngine } from "./mse";
import type { Engine, EngineHost } from "./playing";
import { recordedState } from "./recordedstate";
import { Screen } from "./screen";
import type { RecordingSource } from "./server";
import { sourceOf } from "./source";
import { troubleWords } from "./words";

const TICK_MS = 250;

export type { GapDetail, PlaybackDetail, RecordedFrame, RecordedView, Wish };

/** Plays one camera's recording from `start` to `stop`. Has what the element asks of every player. */
export class Recorded implements Playable {
  readonly #view: RecordedView;
  readonly #wish: Wish;
  readonly #server: RecordingSource;
  readonly #screen: Screen;
  readonly #abort = new AbortController();
  #engine: Engine;
  #unplayable: string | null = null;
  #isOpaque = false;
  #lastState: PlayerState | null = null;
  #lastDetail: PlaybackDetail | null = null;
  #animation = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `Presenting` is the class of the player that is here already: both draw alike. */
  constructor(config: PlayerConfig, view: RecordedView, wish: Wish, Presenting: typeof Presenter) {
    this.#view = view;
    this.#wish = wish;
    this.#server = sourceOf(config);
    this.#screen = new Screen(this.#server, view.canvas, config.options, Presenting, {
      onFrame: (frame) => { this.#drawn(frame); },
      onTracks: () => { this.#engine.tick(now()); },
    });
    this.#presenter.setFilter(config.filter);
    this.#engine = new CodecsEngine(this.#server, this.rate, this.#host());
  }

  /** Begins. */
  start(): void {
    this.#presenter.start();
    watchKeys(this.#view.element, this, this.#abort.signal);
    this.#begin();
    const look = (): void => {
      this.#animation = requestAnimationFrame(look);
      this.#engine.tick(now());
    };
    look();
    this.#timer = setInterval(() => {
      if (document.hidden) this.#engine.tick(now());
      this.#tell();
    }, TICK_MS);
  }

  /** Ends everything. */
  stop(): void {
    this.#abort.abort();
    cancelAnimationFrame(this.#animation);
    clearInterval(this.#timer);
    this.#engine.stop();
    this.#screen.stop();
    this.#server.close?.();
  }

  /** The last drawn frame; null before the first. */
  get frame(): RecordedFrame | null {
    return this.#screen.frame;
  }

  /** UNIX seconds of the frame on the screen; null before the first. */
  get time(): number | null {
    return this.#engine.shown?.unix ?? null;
  }

  /** Where it is, as the attribute `at` would say it; null before the first frame. */
  get position(): string | null {
    return this.#engine.shown && `90k:${this.#engine.shown.time}`;
  }

  get paused(): boolean {
    return this.#wish.paused;
  }

  get rate(): number {
    return rateOf(this.#wish.rate);
  }

  /** Goes to this moment; what cannot be read as one is left alone. */
  seek(at: string | number): void {
    const moment = momentOf(at);
    if (moment) this.#engine.seek(moment);
  }

  skip(seconds: number): void {
    const { shown } = this.#engine;
    if (shown) this.#engine.seek({ time: Math.max(0, shown.time + seconds * HZ) });
  }

  step(pictures: number): void {
    this.#wish.paused = true;
    this.#engine.step(pictures);
  }

  pause(paused: boolean): void {
    this.#wish.paused = paused;
    this.#engine.pause(paused);
  }

  play(rate: number): void {
    this.#view.element.setAttribute("rate", String(rate));
    this.pause(false);
  }

  /** The attribute `rate` says another one. */
  setRate(rate: string | null): void {
    this.#wish.rate = rate;
    this.#engine.setRate(this.rate);
    this.#changed();
  }

  setMode(): void {
    // A recording is exact in every mode.
  }

  setHoldLimit(): void {
    // Nothing is held.
  }

  setQuality(): void {
    // There is one recording.
  }

  setOptions(options: DrawOptions): void {
    this.#presenter.setOptions(options);
  }

  setFilter(filter: TrackFilter): void {
    this.#presenter.setFilter(filter);
    this.#screen.redraw();
  }

  setOpaque(opaque: boolean): void {
    this.#isOpaque = opaque;
    this.#tell();
  }

  look(view: View): void {
    this.#presenter.setView(view);
  }

  reserve(width: number, height: number): void {
    this.#presenter.reserve(width, height);
  }

  crop(bbox: readonly [number, number, number, number], canvas: HTMLCanvasElement): boolean {
    return this.#presenter.crop(bbox, canvas);
  }

  wake(): void {
    this.#engine.tick(now());
  }

  stats(): null {
    return null;
  }

  serverReport(): Promise<ViewerSession | null> {
    return Promise.resolve(null);
  }

  get classes(): ReadonlySet<string> {
    return this.#screen.classes;
  }

  get renditions(): readonly RenditionInfo[] {
    return [];
  }

  get state(): PlayerState {
    const { trouble, shown } = this.#engine;
    // A picture that stands because the server does not answer says so, like live video.
    const isStuck = trouble !== null && !this.paused && this.#screen.fps === 0;
    const isMissing = this.#unplayable !== null || shown === null || isStuck;
    return recordedState({
      presenter: this.#presenter,
      frame: this.frame,
      fps: this.#screen.fps,
      noPicture: isMissing ? troubleWords(trouble, this.#unplayable) : [],
      words: this.paused ? "a recording, paused" : `a recording at ${this.rate}x`,
      isPlaying: shown !== null,
      isOpaque: this.#isOpaque,
    });
  }

  get #presenter(): Presenter {
    return this.#screen.presenter;
  }

  #host(): EngineHost {
    return {
      draw: (image, sample, width, height) => { this.#screen.draw(image, sample, width, height); },
      isReady: (time) => this.#screen.isReady(time, this.rate),
      changed: () => { this.#changed(); },
      skipped: (from, to) => { this.#skipped(from, to); },
      broken: (name) => { this.#broken(name); },
    };
  }

  #begin(): void {
    this.#engine.seek(momentOf(this.#wish.at) ?? { unix: 0 });
    this.#engine.pause(this.#wish.paused);
  }

  /** WebCodecs are not there, or refuse: the browser's own player of video may do it. There is nothing after that. */
  #broken(name: string): void {
    const wasCodecs = this.#engine instanceof CodecsEngine;
    this.#wish.at = this.position ?? this.#wish.at;
    this.#engine.stop();
    if (wasCodecs && MseEngine.isPossible) {
      this.#engine = new MseEngine(this.#server, this.rate, this.#view.video, this.#host());
      this.#begin();
    } else {
      this.#unplayable = name;
    }
    this.#tell();
  }

  #drawn(frame: RecordedFrame): void {
    const isFirst = this.#lastState === null || this.#lastState.noPicture.length > 0;
    this.#view.onFrame(frame);
    if (isFirst) this.#tell();
  }

  #skipped(from: number, to: number): void {
    const { shown } = this.#engine;
    const unixOf = (time: number): number => (shown ? shown.unix + (time - shown.time) / HZ : time / HZ);
    this.#view.dispatch("razz-gap", { from: unixOf(from), to: unixOf(to) });
  }

  #changed(): void {
    const { isSeeking, isEnded } = this.#engine;
    const detail = { paused: this.paused, rate: this.rate, unix: this.time, seeking: isSeeking, ended: isEnded };
    if (same({ ...detail, unix: null }, this.#lastDetail && { ...this.#lastDetail, unix: null })) return;
    this.#lastDetail = detail;
    this.#view.dispatch("razz-playback", detail);
    this.#tell();
  }

  /** Reports the state if it changed. */
  #tell(): void {
    const { state } = this;
    if (same(state, this.#lastState) || this.#abort.signal.aborted) return;
    this.#lastState = state;
    this.#presenter.write(this.#isOpaque ? state.noPicture : []);
    this.#view.onState(state);
  }
}
