// One camera's player: the video connection, the track feed and the canvas, joined. No custom element, no framework.
import type { ViewerSession } from "../wire";
import { rtpDiffMs } from "./clock/rtp";
import type { DrawOptions } from "./draw";
import { DetectionDelay } from "./delay";
import type { TrackFilter } from "./filter";
import { FrameLoop, type PresentedFrame } from "./frames";
import { HoldController, percentile } from "./hold";
import { canKeep, LateQueue, missingMs, patienceMs } from "./latequeue";
import type { Origin } from "./origin";
import { Presenter, skewMs, type DrawnFrame, type PlayerMode } from "./presenter";
import { PlayoutControl } from "./playout";
import { Rolling } from "./rolling";
import { fetchSnapshot, ModelPoll, StatusPoll } from "./server";
import type { PlayerState } from "./state";
import { TrackFeed } from "./tracks";
import { UnseenFrames } from "./unseen";
import { WhepConnection } from "./whep";
import { localTime, NO_FEED, noBoxesWords, noPictureWords, whepStateWords } from "./words";
import { WHOLE, type View } from "./zoom";

const TICK_MS = 250;
/** Without a frame for this long there is no picture, and words say why. */
const NO_PICTURE_MS = 2_000;
/** Connected, camera online, and yet no frame for this long: the session is broken in a way nobody noticed. */
const SILENT_MS = 6_000;
/** While there is no picture the server is asked this often how the session goes. */
const TOLD_MS = 1_000;
/** The feed came back and no frame comes for this long: the server was restarted, and the video went with it. */
const SERVER_BACK_MS = 1_000;
/** So long after the feed came back it is clear that the video went on. */
const SERVER_SAME_MS = 3_000;
/** Tracks older than this are not waited for. */
const FEED_FRESH_MS = 3_000;
/** A picture without a single detection for this long: something says why there are no boxes. */
const NO_BOXES_MS = 2_000;
/** A feed that has not been open for this long is told of. */
const NO_FEED_MS = 3_000;
/** Messages with something detected whose delay is remembered: 20 s at 6 a second. */
const DELAYS = 120;
/** Different classes remembered at most, for those who choose among them. */
const CLASSES = 100;
/** The jitter buffer is told in steps of this, so that it is not bothered with every millisecond. */
const HOLD_STEP_MS = 10;

/** What the player needs to know. */
export interface PlayerConfig {
  origin: Origin;
  camera: number;
  mode: PlayerMode;
  /** The longest that playout is held, 400 ms at most. */
  holdLimitMs: number;
  options: DrawOptions;
  filter: TrackFilter;
}

/** What the player draws into and tells. */
export interface PlayerView {
  video: HTMLVideoElement;
  canvas: HTMLCanvasElement;
  onFrame(frame: DrawnFrame): void;
  onState(state: PlayerState): void;
}

/** Plays from `start` to `stop`, through every loss in between. Can be started again. */
export class Player {
  readonly #config: PlayerConfig;
  readonly #view: PlayerView;
  readonly #whep: WhepConnection;
  readonly #feed: TrackFeed;
  readonly #presenter: Presenter;
  readonly #frames: FrameLoop;
  readonly #unseen: UnseenFrames;
  readonly #status: StatusPoll;
  readonly #model: ModelPoll;
  readonly #detection = new Rolling(DELAYS);
  readonly #classes = new Set<string>();
  readonly #hold: HoldController;
  readonly #playout: PlayoutControl;
  readonly #delay = new DetectionDelay();
  #mode: PlayerMode;
  /** What the jitter buffer was told. */
  #toldMs = 0;
  #tick: ReturnType<typeof setInterval> | undefined;
  #poster: AbortController | null = null;
  readonly #late = new LateQueue();
  #lateCallback: number | null = null;
  /** When the last frame was presented, shown or not; while the page is hidden, when it was. */
  #lastFrameMs = 0;
  /** When the last frame was shown, likewise. */
  #lastShownMs = 0;
  #playingSinceMs = 0;
  /** What the server said of the session, while there is no picture; and when it was asked. */
  #told: ViewerSession | null = null;
  #askedMs = 0;
  /** When the feed was last open. */
  #feedOpenMs = 0;
  /** When a message last spoke of detections. */
  #detectedMs = 0;
  #lens: View = WHOLE;
  #solid = false;
  #feedLost = false;
  /** When the feed came back after a loss, while it is open whether the video did too. */
  #feedBackMs: number | null = null;
  #shown: { atMs: number; playoutMs: number | null }[] = [];
  #said = "";

  constructor(config: PlayerConfig, view: PlayerView) {
    const { origin, camera } = config;
    this.#config = config;
    this.#view = view;
    this.#mode = config.mode;
    this.#hold = new HoldController(config.holdLimitMs);
    this.#playout = new PlayoutControl(config.holdLimitMs);
    this.#status = new StatusPoll(origin, camera);
    this.#model = new ModelPoll(origin);
    this.#whep = new WhepConnection(origin, camera, {
      onSession: (stream) => {
        this.#session(stream);
      },
      onState: (state) => {
        if (state.kind === "playing") this.#playingSinceMs = performance.now();
        this.#tell();
      },
    });
    this.#feed = new TrackFeed(origin, camera, {
      onTrackFrame: ({ rtp, arrivedMs, tracks }) => {
        if (this.#classes.size < CLASSES) for (const track of tracks) this.#classes.add(track.class);
        const { stats } = this.#feed;
        // A message of predicted boxes says how long the prediction took.
        if (stats && tracks.some(({ state }) => state === "matched")) this.#detection.push(stats.latency_ms);
        if (stats && stats.fps > 0) this.#detectedMs = arrivedMs;
        this.#presenter.gate.noteEdge(rtp, arrivedMs);
        const neededMs = this.#delay.arrived(rtp, arrivedMs);
        if (neededMs !== null) this.#hold.sample(neededMs, false, arrivedMs);
      },
      onState: (state) => {
        if (state === "waiting") this.#feedLost = true;
        if (state === "open") this.#feedOpened();
      },
    });
    this.#presenter = new Presenter(view.canvas, this.#feed.map, config.mode, config.options);
    this.#presenter.setFilter(config.filter);
    this.#frames = new FrameLoop(view.video, (frame) => {
      this.#present(frame);
    });
    this.#unseen = new UnseenFrames((frame) => {
      this.#lastFrameMs = frame.presentedMs;
      this.#draw(frame);
    });
  }

  /** The last drawn frame; null before the first. */
  get frame(): DrawnFrame | null {
    return this.#presenter.frame;
  }

  /** Begins, unless it has. */
  start(): void {
    if (this.#tick !== undefined) return;
    this.#lastFrameMs = this.#lastShownMs = this.#detectedMs = this.#feedOpenMs = performance.now();
    this.#tick = setInterval(() => {
      this.#everyTick();
    }, TICK_MS);
    this.#presenter.start();
    this.#frames.start();
    this.#applyHold();
    this.#whep.start();
    this.#feed.start();
  }

  /** Ends every loop and connection; `atOnce` if the page goes and nothing can be waited for. */
  stop(atOnce = false): void {
    clearInterval(this.#tick);
    this.#tick = undefined;
    this.#poster?.abort();
    this.#status.stop();
    this.#model.stop();
    this.#frames.stop();
    this.#unseen.stop();
    this.#dropLate();
    this.#feed.stop();
    this.#whep.stop(atOnce);
    this.#presenter.stop();
    this.#delay.clear();
    this.#view.video.srcObject = null;
  }

  /** Changes the mode without a new connection. */
  setMode(mode: PlayerMode): void {
    this.#mode = mode;
    this.#dropLate();
    this.#presenter.setMode(mode);
    this.#applyHold();
    this.#tell();
  }

  /** Changes the longest hold. */
  setHoldLimit(ms: number): void {
    this.#hold.limitMs = this.#playout.limitMs = ms;
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

  /** Which part of the picture is shown. */
  get lens(): View {
    return this.#lens;
  }

  set lens(view: View) {
    this.#lens = view;
    this.#presenter.setView(view);
  }

  /** The canvas is shown without the video beneath (picture-in-picture): it has the picture in every mode. */
  setSolid(solid: boolean): void {
    this.#solid = solid;
    this.#presenter.setSolid(solid);
    this.#drawUnseen();
    this.#tell();
  }

  /** While the page is hidden and the canvas is seen all the same, frames are drawn that the browser does not present. */
  #drawUnseen(): void {
    const { srcObject } = this.#view.video;
    const track = srcObject instanceof MediaStream ? srcObject.getVideoTracks()[0] : undefined;
    if (track && document.hidden && this.#solid && this.#tick !== undefined) this.#unseen.start(track);
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
    this.#whep.hurry();
    this.#feed.hurry();
  }

  /** The browser's figures on the video connection; null without one. */
  stats(): Promise<RTCStatsReport> | null {
    return this.#whep.stats();
  }

  /** How the session goes, as the server sees it; null without one. */
  told(): Promise<ViewerSession | null> {
    return this.#whep.told();
  }

  /** What the player is doing. */
  get state(): PlayerState {
    const nowMs = performance.now();
    const playout = this.#shown.flatMap((frame) => (frame.playoutMs === null ? [] : [frame.playoutMs]));
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
      holdMs: this.#mode === "live" ? 0 : this.#hold.targetMs,
      holdLimitMs: this.#hold.limitMs,
      jitterBufferTargetMs: this.#toldMs,
      playoutMs: playout.length > 0 ? Math.round(percentile(playout, 0.5)) : null,
      fps: this.#shown.filter((frame) => nowMs - frame.atMs <= 1000).length,
      counts: { ...this.#presenter.counts },
      pictureSize: this.#presenter.pictureSize,
      stats: this.#feed.stats,
      clockOffsetMs: this.#feed.clockOffsetMs,
      pictureInPicture: this.#solid,
      noBoxes: this.#hasPicture(nowMs) ? this.#noBoxes(nowMs) : [],
      noPicture: this.#hasPicture(nowMs)
        ? []
        : noPictureWords(this.#status.answer, this.#whep.state, nowMs, localTime, this.#told?.waiting),
    };
  }

  #session(stream: MediaStream): void {
    const { video } = this.#view;
    const nowMs = performance.now();
    this.#dropLate();
    this.#presenter.freeze();
    this.#presenter.gate.reset();
    this.#delay.clear();
    this.#playout.reset();
    this.#applyHold();
    const newest = this.#feed.map.newest;
    if (newest && this.#feedFresh(nowMs)) this.#presenter.gate.noteEdge(newest.rtp, newest.arrivedMs);
    this.#poster?.abort();
    const poster = (this.#poster = new AbortController());
    whenLoaded(poster.signal, () => {
      video.srcObject = stream;
      // Muted video may always play; if the page is being left, nobody needs to know that it did not.
      video.play().catch(() => undefined);
    });
    void fetchSnapshot(this.#config.origin, this.#config.camera, poster.signal).then((snapshot) => {
      if (snapshot) this.#presenter.poster(snapshot.picture, snapshot.rtp, performance.now());
    });
  }

  /** The browser presents a frame: it is drawn now, or when it was held for as long as its tracks need. */
  #present(frame: PresentedFrame): void {
    this.#lastFrameMs = frame.presentedMs;
    const live = this.#presenter.gate.state === "live";
    if (live) this.#measure(frame);
    const heldMs = frame.receivedMs === null ? null : frame.presentedMs - frame.receivedMs;
    const exact = live && this.#mode === "exact" && this.#feedFresh(frame.presentedMs) && canKeep(frame);
    const missing = exact ? missingMs(this.#hold.targetMs, heldMs) : 0;
    const patience = exact ? patienceMs(heldMs === null ? null : heldMs + missing, this.#hold.limitMs) : 0;
    const waits = missing > 0 || (patience > 0 && this.#awaitsTracks(frame));
    if (!waits && this.#late.size === 0) {
      this.#draw(frame);
      return;
    }
    this.#late.add(frame, frame.presentedMs + missing, patience);
    this.#drainLate(frame.presentedMs);
  }

  /** Whether the tracks of `frame` are not there and may still come. */
  #awaitsTracks({ rtp }: PresentedFrame): boolean {
    const { newest } = this.#feed.map;
    return rtp !== null && newest !== null && rtpDiffMs(rtp, newest.rtp) > 0;
  }

  #drainLate(nowMs: number): void {
    this.#late.drain(
      nowMs,
      (frame) => this.#awaitsTracks(frame),
      (frame) => {
        this.#draw(frame);
      },
    );
    if (this.#late.size === 0 || this.#lateCallback !== null) return;
    this.#lateCallback = requestAnimationFrame((atMs) => {
      this.#lateCallback = null;
      this.#drainLate(atMs);
    });
  }

  #dropLate(): void {
    this.#late.clear();
    if (this.#lateCallback !== null) cancelAnimationFrame(this.#lateCallback);
    this.#lateCallback = null;
  }

  #draw(frame: PresentedFrame): void {
    const drawn = this.#presenter.present(frame, this.#toldMs);
    if (this.#presenter.gate.state === "live") this.#lastShownMs = frame.presentedMs;
    if (drawn) this.#view.onFrame(drawn);
  }

  /** What this frame says about the delay of detection and of playout. */
  #measure({ rtp, receivedMs, presentedMs }: PresentedFrame): void {
    const playoutMs = receivedMs === null ? null : presentedMs - receivedMs;
    this.#shown.push({ atMs: presentedMs, playoutMs });
    if (this.#shown.length > 120) this.#shown.shift();
    if (playoutMs !== null) this.#playout.sample(playoutMs, presentedMs);
    if (rtp === null) return;
    // Where the browser does not say when the packets came: about one hold ago.
    const cameMs = receivedMs ?? presentedMs - this.#toldMs;
    const message = this.#feed.map.exact(rtp);
    if (message) this.#hold.sample(message.arrivedMs - cameMs, true, presentedMs);
    else this.#delay.await(rtp, cameMs);
  }

  #everyTick(): void {
    const nowMs = performance.now();
    this.#drawUnseen();
    if (document.hidden) {
      // Nothing repaints that would let go of them.
      this.#dropLate();
      if (!this.#unseen.running) {
        // Nothing is presented while hidden: that is no sign of anything.
        this.#lastFrameMs = this.#lastShownMs = nowMs;
        this.#playingSinceMs = nowMs;
        return;
      }
    }
    this.#shown = this.#shown.filter((frame) => nowMs - frame.atMs <= 1000);
    const wantedMs = this.#hold.update(nowMs, this.#feedFresh(nowMs));
    if (this.#mode === "exact") this.#playout.update(wantedMs, nowMs);
    this.#applyHold();
    if (this.#hasPicture(nowMs)) this.#status.stop();
    else this.#status.start();
    this.#askSession(nowMs);
    if (this.#feed.state === "open") this.#feedOpenMs = nowMs;
    const boxless = this.#hasPicture(nowMs) && this.#feed.state === "open" && nowMs - this.#detectedMs > NO_BOXES_MS;
    if (boxless) this.#model.start();
    else this.#model.stop();
    this.#checkServerBack(nowMs);
    const { onlineSinceMs } = this.#status;
    const quietSinceMs = Math.max(this.#lastFrameMs, this.#playingSinceMs, onlineSinceMs ?? Infinity);
    if (this.#whep.state.kind === "playing" && nowMs - quietSinceMs > SILENT_MS) this.#whep.restart({ kind: "silent" });
    this.#tell();
  }

  /** Without a picture: does the server hold it back until a key frame comes? */
  #askSession(nowMs: number): void {
    if (this.#hasPicture(nowMs) || this.#whep.state.kind !== "playing") {
      this.#told = null;
      return;
    }
    if (nowMs - this.#askedMs < TOLD_MS) return;
    this.#askedMs = nowMs;
    void this.#whep.told().then((told) => {
      this.#told = told;
    });
  }

  #feedOpened(): void {
    if (!this.#feedLost) return;
    this.#feedLost = false;
    this.#feedBackMs = performance.now();
    this.#presenter.gate.forgetEdge();
    this.#checkServerBack(this.#feedBackMs);
  }

  /** After the feed came back: if the video did not go on, there is another server, and a new session is needed. */
  #checkServerBack(nowMs: number): void {
    if (this.#feedBackMs === null) return;
    if (this.#whep.state.kind === "retrying") this.#whep.hurry();
    else if (nowMs - this.#lastFrameMs > SERVER_BACK_MS) this.#whep.restart({ kind: "lost" });
    else if (nowMs - this.#feedBackMs < SERVER_SAME_MS) return;
    this.#feedBackMs = null;
  }

  #applyHold(): void {
    const ms = this.#mode === "live" ? 0 : this.#playout.toldMs;
    this.#toldMs = Math.ceil(ms / HOLD_STEP_MS) * HOLD_STEP_MS;
    this.#whep.hold(this.#toldMs);
  }

  #noBoxes(nowMs: number): string[] {
    if (nowMs - this.#feedOpenMs > NO_FEED_MS) return NO_FEED;
    return noBoxesWords(this.#model.stats, this.#config.camera);
  }

  #hasPicture(nowMs: number): boolean {
    return nowMs - this.#lastShownMs < NO_PICTURE_MS;
  }

  #feedFresh(nowMs: number): boolean {
    const newest = this.#feed.map.newest;
    return newest !== null && nowMs - newest.arrivedMs < FEED_FRESH_MS;
  }

  /** Tells the state if it changed. */
  #tell(): void {
    if (this.#tick === undefined) return;
    const state = this.state;
    const text = JSON.stringify(state);
    if (text === this.#said) return;
    this.#said = text;
    // A floating window has the canvas, and nothing of the page around it.
    this.#presenter.write(this.#solid ? state.noPicture : []);
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
