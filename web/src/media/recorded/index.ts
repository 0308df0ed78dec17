// The player of recordings, which the element loads when it is to play one: drawn like live video, from other pictures.
import type { RenditionInfo, ViewerSession } from "../../wire";
import { now } from "../clock/now";
import type { DrawOptions } from "../draw";
import type { TrackFilter } from "../filter";
import type { PlayerConfig, PlayerView } from "../player";
import type { DrawnFrame, Presenter } from "../presenter";
import { same } from "../same";
import type { PlayerState } from "../state";
import type { View } from "../zoom";
import { rateOf } from "./clock";
import { CodecsEngine } from "./engine";
import type { Sample } from "./fmp4";
import { watchKeys, type Playable } from "./keys";
import { HZ, momentOf, rtpOf } from "./moment";
import { MseEngine } from "./mse";
import type { Engine, EngineHost } from "./playing";
import { recordedState } from "./recordedstate";
import { RecordedTracks } from "./recordedtracks";
import { RecordingServer } from "./server";
import { troubleWords } from "./words";

/** What pages are told of a recorded frame, beside what they are of every one. */
export interface RecordedFrame extends DrawnFrame {
  /** The whole media time, in 90 kHz ticks. */
  mediaTime: string;
  /** The wall time of the frame, UNIX seconds. */
  unix: number;
}

/** The detail of `razz-playback`, which comes when something of it but the time has changed. */
export interface PlaybackDetail {
  paused: boolean;
  rate: number;
  /** Of the frame on the screen; null before the first. */
  unix: number | null;
  /** A moment is being looked for. */
  seeking: boolean;
  /** Nothing more is recorded in the direction of play, for now. */
  ended: boolean;
}

/** The detail of `razz-gap`: where nothing is recorded, in UNIX seconds. */
export interface GapDetail {
  from: number;
  to: number;
}

/** What the element wants to be played; the element keeps it while the player is being loaded. */
export interface Wish {
  at: string;
  rate: string | null;
  paused: boolean;
}

/** What the player of recordings needs beside what every player does. */
export interface RecordedView extends PlayerView {
  element: HTMLElement;
  dispatch(type: "razz-playback" | "razz-gap", detail: PlaybackDetail | GapDetail): void;
}

const TICK_MS = 250;
/** Pictures wait for their tracks so long at most; if that was in vain, none waits for some time. */
const PATIENCE_MS = 1_000;
const IMPATIENT_MS = 5_000;
/** Tracks are asked for so far ahead, in seconds of watching. */
const TRACKS_AHEAD_S = 8;
/** Frames whose rate is told: those of the last second. */
const FPS_MS = 1_000;

/** Plays one camera's recording from `start` to `stop`. Has what the element asks of every player. */
export class Recorded implements Playable {
  readonly #view: RecordedView;
  readonly #wish: Wish;
  readonly #presenter: Presenter;
  readonly #server: RecordingServer;
  readonly #tracks: RecordedTracks;
  readonly #classes = new Set<string>();
  readonly #abort = new AbortController();
  #engine: Engine;
  #frame: RecordedFrame | null = null;
  /** The picture on the screen, for when its tracks come later. */
  #last: { image: VideoFrame | null; sample: Sample } | null = null;
  #drawnMs: number[] = [];
  #unplayable: string | null = null;
  #waitingMs: number | null = null;
  #impatientUntilMs = 0;
  #isOpaque = false;
  #lastState: PlayerState | null = null;
  #lastDetail: PlaybackDetail | null = null;
  #animation = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `Presenting` is the class of the player that is here already: both draw alike. */
  constructor(config: PlayerConfig, view: RecordedView, wish: Wish, Presenting: typeof Presenter) {
    this.#view = view;
    this.#wish = wish;
    this.#server = new RecordingServer(config.origin, config.camera);
    this.#tracks = new RecordedTracks(this.#server, () => { this.#tracksCame(); }, (name) => this.#classes.add(name));
    // Whatever the mode of live video: nothing has to be waited for that makes it exact.
    this.#presenter = new Presenting(view.canvas, this.#tracks, "exact", config.options);
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
    this.#tracks.stop();
    this.#presenter.stop();
    this.#last?.image?.close();
    this.#last = null;
  }

  /** The last drawn frame; null before the first. */
  get frame(): RecordedFrame | null {
    return this.#frame;
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
    this.#redraw();
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
    return this.#classes;
  }

  get renditions(): readonly RenditionInfo[] {
    return [];
  }

  get state(): PlayerState {
    const { trouble, shown } = this.#engine;
    const isMissing = this.#unplayable !== null || shown === null;
    return recordedState({
      presenter: this.#presenter,
      frame: this.#frame,
      fps: this.#drawnMs.filter((at) => now() - at < FPS_MS).length,
      noPicture: isMissing ? troubleWords(trouble, this.#unplayable) : [],
      words: this.paused ? "a recording, paused" : `a recording at ${this.rate}x`,
      isPlaying: shown !== null,
      isOpaque: this.#isOpaque,
    });
  }

  #host(): EngineHost {
    return {
      draw: (image, sample, width, height) => { this.#draw(image, sample, width, height); },
      isReady: (time) => this.#isReady(time),
      changed: () => { this.#changed(); },
      skipped: (from, to) => { this.#skipped(from, to); },
      broken: (name) => { this.#broken(name); },
    };
  }

  #begin(): void {
    this.#engine.pause(this.#wish.paused);
    this.#engine.seek(momentOf(this.position ?? this.#wish.at) ?? { unix: 0 });
  }

  /** WebCodecs are not there, or refuse: the browser's own player of video may do it. There is nothing after that. */
  #broken(name: string): void {
    const wasCodecs = this.#engine instanceof CodecsEngine;
    this.#engine.stop();
    if (wasCodecs && MseEngine.isPossible) {
      this.#engine = new MseEngine(this.#server, this.rate, this.#view.video, this.#host());
      this.#begin();
    } else {
      this.#unplayable = name;
    }
    this.#tell();
  }

  /** Whether the tracks for the picture of `time` are there; where they do not come, pictures wait no more. */
  #isReady(time: number): boolean {
    const nowMs = now();
    if (this.#tracks.knows(time, TRACKS_AHEAD_S * HZ * this.rate)) {
      this.#waitingMs = null;
      return true;
    }
    if (nowMs < this.#impatientUntilMs) return true;
    this.#waitingMs ??= nowMs;
    if (nowMs - this.#waitingMs < PATIENCE_MS) return false;
    this.#waitingMs = null;
    this.#impatientUntilMs = nowMs + IMPATIENT_MS;
    return true;
  }

  #draw(image: VideoFrame | HTMLVideoElement, sample: Sample, width: number, height: number): void {
    const before = this.#last?.image;
    this.#last = { image: "clone" in image ? image.clone() : null, sample };
    before?.close();
    this.#present(image, sample, width, height);
  }

  #present(image: VideoFrame | HTMLVideoElement, sample: Sample, width: number, height: number): void {
    const nowMs = now();
    const rtp = rtpOf(sample.time);
    this.#tracks.near = sample.time;
    // Live video is kept from the eye while it catches up; here every picture is the one that was asked for.
    this.#presenter.gate.reset();
    this.#presenter.gate.noteEdge(rtp, nowMs);
    const drawn = this.#presenter.present({ image, width, height, rtp, source: "videoframe", doubtful: false, receivedMs: null, presentedMs: nowMs }, 0);
    if (!drawn) return;
    this.#drawnMs = [...this.#drawnMs.filter((at) => nowMs - at < FPS_MS), nowMs];
    this.#frame = { ...drawn, mediaTime: String(sample.time), unix: sample.unix };
    const isFirst = this.#lastState === null || this.#lastState.noPicture.length > 0;
    this.#view.onFrame(this.#frame);
    if (isFirst) this.#tell();
  }

  /** Draws the picture on the screen once more. */
  #redraw(): void {
    if (!this.#last?.image) return;
    const { image, sample } = this.#last;
    this.#present(image, sample, image.displayWidth, image.displayHeight);
  }

  #tracksCame(): void {
    this.#engine.tick(now());
    if (this.#frame?.mode === "none") this.#redraw();
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
