// One camera's player: the video connection, the track feed and the canvas, joined. No custom element, no framework.
import type { Quality, RenditionInfo, ViewerSession } from "../wire";
import { now } from "./clock/now";
import type { DrawOptions } from "./draw";
import type { TrackFilter } from "./filter";
import { FrameLoop, type PresentedFrame } from "./frames";
import { LateFrames } from "./lateframes";
import { NO_WAIT } from "./latequeue";
import type { Origin } from "./origin";
import { Pacing } from "./pacing";
import { handle, type Effect, type Input, type Playback } from "./playback";
import { Presenter, skewMs, type DrawnFrame, type PlayerMode } from "./presenter";
import { Rolling } from "./rolling";
import { same } from "./same";
import { SessionReports } from "./sessionreports";
import { fetchSnapshot, fetchStats, fetchStatus, Poll } from "./server";
import type { PlayerState } from "./state";
import { TrackFeed } from "./tracks";
import { UnseenFrames } from "./unseen";
import { wantedSize } from "./wanted";
import { WhepConnection } from "./whep";
import { localTime, NO_FEED, noBoxesWords, noPictureWords, renditionWords, unplayableWords, whepStateWords, type StatusAnswer } from "./words";
import type { View } from "./zoom";

const TICK_MS = 250;
/** While there is no picture the camera's status is asked for this often. */
const STATUS_MS = 2_000;
/** While there are no boxes the server is asked this often how far its model is. */
const MODEL_MS = 3_000;
/** Messages with something detected whose delay is remembered: 20 s at 6 a second. */
const DELAYS = 120;
/** Different classes remembered at most, for those who choose among them. */
const CLASSES = 100;

/** What the player needs to know. */
export interface PlayerConfig {
  origin: Origin;
  camera: number;
  mode: PlayerMode;
  /** The longest that playout is held, 400 ms at most. */
  holdLimitMs: number;
  options: DrawOptions;
  filter: TrackFilter;
  quality: Quality;
}

/** What the player draws into, and whom it tells of frames and of its state. */
export interface PlayerView {
  video: HTMLVideoElement;
  canvas: HTMLCanvasElement;
  onFrame(frame: DrawnFrame): void;
  onState(state: PlayerState): void;
}

/**
 * Plays from `start` to `stop`, through every loss in between. Can be started again. What it does about a missing
 * picture, missing boxes and lost connections is decided in `playback.ts`; here are the hands that do it.
 */
export class Player {
  readonly #config: PlayerConfig;
  readonly #view: PlayerView;
  readonly #whep: WhepConnection;
  readonly #feed: TrackFeed;
  readonly #presenter: Presenter;
  readonly #frames: FrameLoop;
  readonly #unseen: UnseenFrames;
  readonly #late: LateFrames;
  readonly #pacing: Pacing;
  readonly #status: Poll<StatusAnswer>;
  readonly #model: Poll<Awaited<ReturnType<typeof fetchStats>>>;
  readonly #reports: SessionReports;
  readonly #detection = new Rolling(DELAYS);
  readonly #classes = new Set<string>();
  #playback: Playback = { kind: "stopped" };
  #mode: PlayerMode;
  #opaque = false;
  /** What of the camera's stream this browser cannot play; empty while that is not known. */
  #unplayable = "";
  #tick: ReturnType<typeof setInterval> | undefined;
  /** Ends the wait for the snapshot of a session, and for the page to be loaded. */
  #poster: AbortController | null = null;
  /** What `onState` last reported. */
  #lastState: PlayerState | null = null;

  constructor(config: PlayerConfig, view: PlayerView) {
    const { origin, camera, mode } = config;
    this.#config = config;
    this.#view = view;
    this.#mode = mode;
    this.#status = new Poll((signal) => fetchStatus(origin, camera, signal), STATUS_MS, (answer) => {
      const online = answer.kind === "status" && answer.status.state === "online" && answer.status.fps.received > 0;
      this.#handle({ kind: "status", online });
    });
    this.#model = new Poll((signal) => fetchStats(origin, signal), MODEL_MS);
    this.#whep = new WhepConnection(origin, camera, {
      onSession: (stream) => {
        this.#session(stream);
      },
      onState: (state) => {
        if (state.kind !== "playing") this.#reports.add(null);
        this.#handle({ kind: "video", state: state.kind });
        this.#tell();
      },
      onReport: (report) => {
        this.#reports.add(report);
      },
    });
    this.#whep.want({ quality: config.quality });
    this.#reports = new SessionReports(() => this.#whep.serverReport(), (report) => {
      this.#presenter.session = report;
      if (report?.why === "format" && this.#unplayable === "") void this.#nameUnplayable();
    });
    this.#feed = new TrackFeed(origin, camera, {
      onTrackFrame: ({ rtp, arrivedMs, tracks }) => {
        if (this.#classes.size < CLASSES) for (const track of tracks) this.#classes.add(track.class);
        const { stats } = this.#feed;
        // A message of predicted boxes says how long the prediction took.
        if (stats && tracks.some(({ state }) => state === "matched")) this.#detection.push(stats.latency_ms);
        if (stats && stats.fps > 0) this.#handle({ kind: "detected" }, arrivedMs);
        this.#presenter.gate.noteEdge(rtp, arrivedMs);
        this.#pacing.arrived(rtp, arrivedMs);
      },
      onState: (state) => {
        this.#handle({ kind: "feed", state });
      },
    });
    const { map } = this.#feed;
    this.#pacing = new Pacing(map, mode, config.holdLimitMs);
    this.#presenter = new Presenter(view.canvas, map, mode, config.options);
    this.#presenter.setFilter(config.filter);
    this.#frames = new FrameLoop(view.video, (frame) => {
      this.#present(frame);
    });
    const draw = (frame: PresentedFrame): void => {
      this.#draw(frame);
    };
    this.#late = new LateFrames((frame) => this.#pacing.awaitsTracks(frame), draw);
    this.#unseen = new UnseenFrames((frame) => {
      this.#handle({ kind: "presented" }, frame.presentedMs);
      draw(frame);
    });
  }

  /** The last drawn frame; null before the first. */
  get frame(): DrawnFrame | null {
    return this.#presenter.frame;
  }

  /** Begins, unless it has. */
  start(): void {
    if (this.#playback.kind !== "stopped") return;
    this.#handle({ kind: "start" });
    this.#tick = setInterval(() => {
      this.#everyTick();
    }, TICK_MS);
    this.#presenter.start();
    this.#frames.start();
    this.#pacing.mode = this.#mode;
    this.#hold();
    this.#wantSize();
    this.#whep.start();
    this.#feed.start();
  }

  /** Ends every loop and connection; `atOnce` if the page goes and nothing can be waited for. */
  stop(atOnce = false): void {
    this.#handle({ kind: "stop" });
    clearInterval(this.#tick);
    this.#poster?.abort();
    this.#frames.stop();
    this.#unseen.stop();
    this.#late.clear();
    this.#feed.stop();
    this.#whep.stop(atOnce);
    this.#presenter.stop();
    this.#view.video.srcObject = null;
  }

  /** Changes the mode without a new connection. */
  setMode(mode: PlayerMode): void {
    this.#mode = this.#pacing.mode = mode;
    this.#late.clear();
    this.#presenter.setMode(mode);
    this.#hold();
    this.#tell();
  }

  /** Changes the longest hold. */
  setHoldLimit(ms: number): void {
    this.#pacing.limitMs = ms;
  }

  /** Has the server send something else, without a new connection. */
  setQuality(quality: Quality): void {
    this.#whep.want({ quality });
  }

  /** The server needs to send no more pixels than are seen. */
  #wantSize(): void {
    this.#whep.want(wantedSize(this.#presenter.pictureArea));
  }

  async #nameUnplayable(): Promise<void> {
    this.#unplayable = "video";
    const { origin, camera } = this.#config;
    const answer = await fetchStatus(origin, camera, AbortSignal.timeout(STATUS_MS));
    if (answer.kind === "status") this.#unplayable = unplayableWords(answer.status);
  }

  /** Changes what is drawn at the boxes. */
  setOptions(options: DrawOptions): void {
    this.#presenter.setOptions(options);
  }

  /** Changes which tracks are drawn. */
  setFilter(filter: TrackFilter): void {
    this.#presenter.setFilter(filter);
  }

  /** Classes of the tracks seen so far. */
  get classes(): ReadonlySet<string> {
    return this.#classes;
  }

  /** Shows this part of the picture from now on. */
  look(view: View): void {
    this.#presenter.setView(view);
  }

  /** The canvas is shown without the video beneath (picture-in-picture): it has the picture in every mode. */
  setOpaque(opaque: boolean): void {
    this.#opaque = opaque;
    this.#presenter.setOpaque(opaque);
    this.#drawUnseen();
    this.#tell();
  }

  /** While the page is hidden and the canvas is seen all the same, frames are drawn that the browser does not present. */
  #drawUnseen(): void {
    const { srcObject } = this.#view.video;
    const track = srcObject instanceof MediaStream ? srcObject.getVideoTracks()[0] : undefined;
    if (track && document.hidden && this.#opaque && this.#playback.kind === "running") this.#unseen.start(track);
    else this.#unseen.stop();
  }

  /** Keeps labels out of so much of the bottom right corner, in CSS pixels. */
  reserve(width: number, height: number): void {
    this.#presenter.reserve(width, height);
  }

  /** Draws a part of the picture on the screen into `canvas`; see `Presenter.crop`. */
  crop(bbox: readonly [number, number, number, number], canvas: HTMLCanvasElement): boolean {
    return this.#presenter.crop(bbox, canvas);
  }

  /** The page is looked at again, or the network is back: whatever waits to try again does it now. */
  wake(): void {
    this.#drawUnseen();
    this.#whep.retryNow();
    this.#feed.checkNow();
  }

  /** The browser's figures on the video connection; null without one. */
  stats(): Promise<RTCStatsReport> | null {
    return this.#whep.stats();
  }

  /** How the session goes, as the server sees it; null without one. */
  serverReport(): Promise<ViewerSession | null> {
    return this.#reports.recent(now());
  }

  /** The encodings that there are for this viewer, as far as the server has said. */
  get renditions(): readonly RenditionInfo[] {
    return this.#reports.newest?.renditions ?? [];
  }

  /** What the player is doing. */
  get state(): PlayerState {
    const nowMs = now();
    const rendition = this.frame?.rendition ?? null;
    // A report of before a switch says nothing of what is shown after it.
    const { newest } = this.#reports;
    const report = newest?.rendition === rendition ? newest : null;
    return {
      mode: this.#mode,
      video: this.#whep.state.kind,
      videoWords: whepStateWords(this.#whep.state, nowMs),
      feed: this.#feed.state,
      frameSource: this.#presenter.source,
      doubtful: this.#frames.doubtful,
      gate: this.#presenter.gate.state,
      frameMode: this.frame?.mode ?? "none",
      skewMs: skewMs(this.frame),
      skewsMs: this.#presenter.skewsMs,
      boxCostMs: this.#presenter.costMs,
      detectionMs: this.#detection.percentiles,
      ...this.#pacing.state(nowMs),
      counts: { ...this.#presenter.counts },
      pictureSize: this.#presenter.pictureSize,
      rendition,
      renditionWhy: report?.why ?? null,
      renditionWords: renditionWords(rendition, report, this.#unplayable),
      stats: this.#feed.stats,
      clockOffsetMs: this.#feed.clockOffsetMs,
      pictureInPicture: this.#opaque,
      noBoxes: this.#noBoxes(),
      noPicture: this.#noPicture(nowMs),
    };
  }

  #noBoxes(): string[] {
    const playback = this.#playback;
    if (playback.kind === "stopped" || playback.picture.kind === "missing") return [];
    return playback.boxes === "no-feed" ? NO_FEED : noBoxesWords(this.#model.answer, this.#config.camera);
  }

  #noPicture(nowMs: number): string[] {
    const playback = this.#playback;
    if (playback.kind === "stopped" || playback.picture.kind === "expected") return [];
    return noPictureWords(this.#status.answer ?? { kind: "unknown" }, this.#whep.state, nowMs, localTime, playback.picture.waiting);
  }

  /** Takes in what happened, and does what follows from it. */
  #handle(input: Input, nowMs = now()): void {
    const [playback, effects] = handle(this.#playback, input, nowMs);
    this.#playback = playback;
    const running = playback.kind === "running" ? playback : null;
    this.#status.run(running?.picture.kind === "missing");
    this.#model.run(running?.boxes === "undetected");
    for (const effect of effects) this.#apply(effect);
  }

  #apply(effect: Effect): void {
    switch (effect.kind) {
      case "retry-now":
        this.#whep.retryNow();
        break;
      case "restart":
        this.#whep.restart({ kind: effect.why });
        break;
      case "ask":
        void this.#reports.ask(now()).then((session) => {
          this.#handle({ kind: "session", waiting: session?.waiting === true });
        });
        break;
      case "forget-edge":
        this.#presenter.gate.forgetEdge();
        break;
    }
  }

  #session(stream: MediaStream): void {
    const { video } = this.#view;
    this.#late.clear();
    this.#presenter.freeze();
    this.#presenter.gate.reset();
    this.#pacing.reset();
    this.#hold();
    const newest = this.#feed.map.newest;
    if (newest && this.#pacing.fresh(now())) this.#presenter.gate.noteEdge(newest.rtp, newest.arrivedMs);
    this.#poster?.abort();
    const poster = (this.#poster = new AbortController());
    whenLoaded(poster.signal, () => {
      video.srcObject = stream;
      // Muted video may always play; if the page is being left, nobody needs to know that it did not.
      video.play().catch(() => undefined);
    });
    void fetchSnapshot(this.#config.origin, this.#config.camera, poster.signal).then((snapshot) => {
      if (snapshot) this.#presenter.poster(snapshot.picture, snapshot.rtp, now());
    });
  }

  /** The browser presents a frame: it is drawn now, or when it was held for as long as its tracks need. */
  #present(frame: PresentedFrame): void {
    // Chromium presents 2x2 pixels of nothing, without a name, for a session that does not come about.
    if (frame.rtp === null && this.#whep.state.kind !== "playing") return;
    this.#handle({ kind: "presented" }, frame.presentedMs);
    const live = this.#presenter.gate.state === "live";
    if (live) this.#pacing.presented(frame);
    this.#late.add(frame, live ? this.#pacing.waitOf(frame) : NO_WAIT);
  }

  #draw(frame: PresentedFrame): void {
    const drawn = this.#presenter.present(frame, this.#pacing.targetMs);
    if (this.#presenter.gate.state === "live") this.#handle({ kind: "shown" }, frame.presentedMs);
    if (!drawn) return;
    this.#reports.shown(frame.width, frame.height, now());
    this.#view.onFrame(drawn);
  }

  #everyTick(): void {
    const nowMs = now();
    this.#drawUnseen();
    // Nothing repaints that would let go of them.
    if (document.hidden) this.#late.clear();
    const blind = document.hidden && !this.#unseen.running;
    if (!blind) {
      this.#pacing.update(nowMs);
      this.#hold();
      this.#wantSize();
      this.#reports.tick(this.frame?.rendition, nowMs);
    }
    this.#handle({ kind: "tick", blind }, nowMs);
    if (!blind) this.#tell();
  }

  /** Passes the hold on to the jitter buffer. */
  #hold(): void {
    this.#whep.hold(this.#pacing.targetMs);
  }

  /** Reports the state if it changed. */
  #tell(): void {
    if (this.#playback.kind === "stopped") return;
    const { state } = this;
    if (same(state, this.#lastState)) return;
    this.#lastState = state;
    // A floating window has the canvas, and nothing of the page around it.
    this.#presenter.write(this.#opaque ? state.noPicture : []);
    this.#view.onState(state);
  }
}

/**
 * Does `then` once the page is loaded, unless `signal` ends the wait. A video that has no picture yet holds up the page's
 * `load` event (HTML, "delaying the load event flag"): with a camera that is off the tab would spin for ever.
 */
function whenLoaded(signal: AbortSignal, then: () => void): void {
  if (document.readyState === "complete") then();
  else window.addEventListener("load", then, { once: true, signal });
}
