// <razz-player>: the custom element around the player. When it plays, and what it tells its page.
import type { Quality } from "../wire";
import { CONNECTION, configOf, holdLimitOf, modeOf, optionsOf, trackFilterOf } from "./attributes";
import { Captions } from "./captions";
import { connectionFigures, type Diagnostics, type Received } from "./diagnostics";
import { Dock } from "./dock";
import { make } from "./dom";
import { FloatingCanvas } from "./pip";
import { Player, type PlayerView } from "./player";
import type { DrawnFrame, PlayerMode } from "./presenter";
import { Recordable } from "./recordable";
import type { GapDetail, PlaybackDetail, Recorded, RecordedFrame } from "./recorded";
import type { PlayerState } from "./state";
import { STYLE } from "./style";
import { Visibility } from "./visibility";
import { qualityOf } from "./wanted";
import { viewCss } from "./zoom";

/** One for all players, and no `<style>`: pages whose Content-Security-Policy allows no inline styles show it all the same. */
const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);

/** What `razz-player` dispatches, beside the events of every element. */
export interface RazzPlayerEvents {
  /** After each drawn frame; of a recorded one its media time and wall time are told too. */
  "razz-frame": CustomEvent<DrawnFrame | RecordedFrame>;
  /** When the state has changed, about four times a second while playing. */
  "razz-state": CustomEvent<PlayerState>;
  /** Playing a recording: paused, going on, at another rate, seeking, at its end. */
  "razz-playback": CustomEvent<PlaybackDetail>;
  /** Playing a recording: a time of which there is nothing was skipped. */
  "razz-gap": CustomEvent<GapDetail>;
}

/**
 * `<razz-player camera="1" mode="exact|live" max-hold="400" token="…" src-base="https://razz.example">`. Plays while it is on a page;
 * with `when-visible`, while it can be seen. `no-labels`, `no-trails`, `no-boxes` and `no-indicator` leave something
 * out; `quality="auto|camera|540p|360p|180p|stills|saver"` says what may be sent; `classes="person, car"` (or `"!car"`: all but these) and `min-confidence="0.5"` choose tracks; `controls` adds buttons, keys and zoom.
 * `at="2026-11-28T14:03:00Z"` (or UNIX seconds, or `90k:` and a media time) plays the recording from there instead, at `rate`.
 * `object-fit` of its style counts as on a `<video>`.
 */
export class RazzPlayer extends Recordable {
  static readonly observedAttributes = [
    ...CONNECTION, "mode", "max-hold", "quality", "no-labels", "no-trails", "no-boxes", "classes", "min-confidence", "controls", "when-visible", "at", "rate",
  ];

  readonly #surface = make("div", { id: "surface" });
  // As attributes, not properties: that is what the browser's rules on autoplay and other people's code look at. Only
  // `muted` is both, since the attribute alone says how the video was meant to begin.
  readonly #video = make("video", { muted: true }, { muted: "", autoplay: "", playsinline: "" });
  readonly #canvas = make("canvas", { id: "overlay" });
  readonly #captions: Captions;
  readonly #floating: FloatingCanvas;
  readonly #visibility: Visibility;
  readonly #dock: Dock;
  #player: Player | Recorded | null = null;
  /** Ends the listeners of the time on the page. */
  #attached: AbortController | null = null;
  /** What the last diagnostics knew, for the bitrate of the next. */
  #received: Received | null = null;

  constructor() {
    super();
    this.#captions = new Captions((width, height) => {
      this.#player?.reserve(width, height);
    });
    this.#surface.append(this.#video, this.#canvas);
    const inside = this.attachShadow({ mode: "open" });
    inside.adoptedStyleSheets = [sheet];
    inside.append(this.#surface, ...this.#captions.elements);
    this.#floating = new FloatingCanvas(this.#canvas, (open) => {
      this.#player?.setOpaque(open);
      // The window may have been all that was seen of it.
      if (!open) this.#playOrNot();
      this.#dock.update();
    });
    this.#visibility = new Visibility(this, () => {
      this.#playOrNot();
    });
    this.#dock = new Dock({
      element: this,
      surface: this.#surface,
      floating: this.#floating,
      look: (view) => {
        this.#video.style.transform = viewCss(view);
        this.#player?.look(view);
      },
      classes: () => this.#player?.classes ?? [],
      renditions: () => this.#player?.renditions ?? [],
      state: () => this.state,
      diagnostics: () => this.diagnostics(),
    });
  }

  /** The last drawn frame; null before the first. */
  get frame(): DrawnFrame | null {
    return this.#player?.frame ?? null;
  }

  /** What the player is doing; null while it does not play, is on no page or names no camera. */
  get state(): PlayerState | null {
    return this.#player?.state ?? null;
  }

  /** How picture and boxes meet: the attribute `mode`, `exact` unless it says `live`. */
  get mode(): PlayerMode {
    return modeOf(this);
  }

  set mode(mode: PlayerMode) {
    this.setAttribute("mode", mode);
  }

  /** What the server is to send: the attribute `quality`, `auto` if it names none. */
  get quality(): Quality {
    return qualityOf(this.getAttribute("quality"));
  }

  set quality(quality: Quality) {
    this.setAttribute("quality", quality);
  }

  /** The browser's figures on the video connection; null without one. */
  stats(): Promise<RTCStatsReport> | null {
    return this.#player?.stats() ?? null;
  }

  /** Everything that a bug report should hold. */
  async diagnostics(): Promise<Diagnostics> {
    const [report, session] = await Promise.all([this.stats(), this.#player?.serverReport() ?? null]);
    const connection = report ? connectionFigures(report, this.#received) : null;
    this.#received = connection?.received ?? null;
    return {
      at: new Date().toISOString(),
      page: location.origin + location.pathname,
      browser: navigator.userAgent,
      camera: this.getAttribute("camera"),
      element: { width: this.clientWidth, height: this.clientHeight, pixelRatio: devicePixelRatio },
      player: this.state,
      connection: connection?.figures ?? null,
      session,
    };
  }

  /**
   * Draws the part `bbox` (left, top, right, bottom, in pixels of the track frame's size) of the picture on the screen,
   * without boxes, as large as it fits into `canvas`. False if there is no picture.
   */
  crop(bbox: readonly [number, number, number, number], canvas: HTMLCanvasElement): boolean {
    return this.#player?.crop(bbox, canvas) ?? false;
  }

  /** The element came onto a page. */
  connectedCallback(): void {
    if (this.#attached) return;
    this.#attached = new AbortController();
    const { signal } = this.#attached;
    // A page that goes into the back-forward cache must not keep a connection, and gets one when it comes back.
    const leave = (): void => {
      this.#stop(true);
    };
    const comeBack = (): void => {
      this.#playOrNot();
    };
    const wake = (): void => {
      if (!document.hidden) this.#player?.wake();
    };
    addEventListener("pagehide", leave, { signal });
    addEventListener("pageshow", comeBack, { signal });
    addEventListener("online", wake, { signal });
    document.addEventListener("visibilitychange", wake, { signal });
    this.#watchVisibility();
    this.#applyControls();
    this.#playOrNot();
  }

  /** The element left its page, or is only moved about on it: then everything goes on. */
  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (!this.isConnected) this.#detach();
    });
  }

  #detach(): void {
    this.#attached?.abort();
    this.#attached = null;
    this.#visibility.stop();
    this.#applyControls();
    this.#stop();
  }

  /** An attribute changed. */
  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.#attached) return;
    if (CONNECTION.includes(name)) {
      this.#restart(false);
    } else if (name === "at" || name === "rate") {
      if (this.recordingChanged(name, after)) this.#restart(after === null);
    } else if (name === "mode") {
      this.#player?.setMode(this.mode);
    } else if (name === "max-hold") {
      this.#player?.setHoldLimit(holdLimitOf(this));
    } else if (name === "quality") {
      this.#player?.setQuality(this.quality);
    } else if (name === "controls") {
      this.#applyControls();
    } else if (name === "when-visible") {
      this.#watchVisibility();
      this.#playOrNot();
    } else if (name === "classes" || name === "min-confidence") {
      this.#player?.setFilter(trackFilterOf(this));
    } else {
      this.#player?.setOptions(optionsOf(this));
    }
    this.#dock.update();
  }

  #restart(live: boolean): void {
    this.#stop();
    if (live) this.leaveRecording(live);
    this.#playOrNot();
  }

  #watchVisibility(): void {
    if (this.hasAttribute("when-visible")) this.#visibility.start();
    else this.#visibility.stop();
  }

  #applyControls(): void {
    this.#dock.show(this.#attached !== null && this.hasAttribute("controls"));
  }

  #playOrNot(): void {
    if (this.#attached && (this.#visibility.seen || this.#floating.open)) this.#start();
    else this.#stop();
  }

  #start(): void {
    if (this.#player || this.isLoading) return;
    const config = configOf(this);
    if (config === null) {
      this.#captions.replacePicture(["No camera.", "The attribute `camera` names none: it is a number from 1."]);
      return;
    }
    this.#video.setAttribute("aria-label", `Camera ${config.camera}`);
    this.#captions.replacePicture([]);
    const view: PlayerView = {
      video: this.#video,
      canvas: this.#canvas,
      onFrame: (frame) => {
        this.#floating.drawn();
        this.#dispatch("razz-frame", frame);
      },
      onState: (state) => {
        this.#captions.show(state);
        this.#dock.updatePanels();
        if (state.noPicture.length > 0) this.#floating.drawn();
        this.#dispatch("razz-state", state);
      },
    };
    const at = this.getAttribute("at");
    if (at === null) this.#begin(new Player(config, view));
    else void this.#load(at, view);
  }

  async #load(at: string, view: PlayerView): Promise<void> {
    try {
      const recorded = await this.loadRecorded(at, () => configOf(this), view, (type, detail) => { this.#dispatch(type, detail); });
      if (recorded) this.#begin(recorded);
    } catch {
      this.leaveRecording(false);
      this.#captions.replacePicture(["The player of recordings could not be loaded.", "Load the page anew; a proxy has to pass on /assets/ too."]);
    }
  }

  #begin(player: Player | Recorded): void {
    this.#player = player;
    player.look(this.#dock.lens);
    player.setOpaque(this.#floating.open);
    player.start();
  }

  /** `atOnce`: the page goes. */
  #stop(atOnce = false): void {
    if (!this.#attached) this.#floating.close();
    this.leaveRecording(false);
    this.#player?.stop(atOnce);
    this.#player = null;
    this.#received = null;
    this.#captions.clear();
  }

  #dispatch<Name extends keyof RazzPlayerEvents>(type: Name, detail: RazzPlayerEvents[Name]["detail"]): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}
