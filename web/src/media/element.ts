// <razz-player>: the custom element around the player.
import { commandOf, ControlBar, type Command } from "./controls";
import { connectionFigures, type Diagnostics, type Received } from "./diagnostics";
import type { DrawOptions } from "./draw";
import { filterOf, type TrackFilter } from "./filter";
import { watchGestures } from "./gestures";
import { holdLimit } from "./hold";
import { cameraId, originOf } from "./origin";
import { FiguresPanel, FilterPanel } from "./panels";
import { FloatingCanvas } from "./pip";
import { Player } from "./player";
import type { DrawnFrame, PlayerMode } from "./presenter";
import type { PlayerState } from "./state";
import { STYLE } from "./style";
import { Visibility } from "./visibility";
import { pan, viewCss, WHOLE, zoomAt, type View } from "./zoom";

/** Attributes whose change needs another connection. */
const CONNECTION = new Set(["camera", "token", "src-base"]);
const FIGURES_MS = 1_000;
/** One key moves a magnified picture by this share of the element, and magnifies by this factor. */
const KEY_SHARE = 0.1;
const KEY_FACTOR = 1.25;

/** What `razz-player` dispatches, beside the events of every element. */
export interface RazzPlayerEvents {
  /** After each drawn frame. */
  "razz-frame": CustomEvent<DrawnFrame>;
  /** When the state has changed, about four times a second while playing. */
  "razz-state": CustomEvent<PlayerState>;
}

/**
 * `<razz-player camera="1" mode="exact|live" max-hold="400" token="…" src-base="https://razz.example">`. Plays while it is on a page;
 * with `when-visible`, while it can be seen. `no-labels`, `no-trails`, `no-boxes` and `no-indicator` leave something
 * out; `classes="person, car"` (or `"!car"`: all but these) and `min-confidence="0.5"` choose tracks; `controls` adds buttons, keys and zoom.
 * `object-fit` of its style counts as on a `<video>`.
 */
export class RazzPlayer extends HTMLElement {
  static readonly observedAttributes = [
    ...CONNECTION, "mode", "max-hold", "no-labels", "no-trails", "no-boxes", "classes", "min-confidence", "controls", "when-visible",
  ];

  readonly #surface = document.createElement("div");
  readonly #video = document.createElement("video");
  readonly #canvas = document.createElement("canvas");
  readonly #words = document.createElement("div");
  /** The same words for those who hear them, without a countdown that would be read out every second. */
  readonly #spoken = document.createElement("div");
  readonly #notice = document.createElement("div");
  readonly #indicator = document.createElement("div");
  /** What `controls` adds, from the bottom up. */
  readonly #dock = document.createElement("div");
  readonly #floating: FloatingCanvas;
  readonly #visibility: Visibility;
  readonly #figures = new FiguresPanel();
  readonly #filter: FilterPanel;
  #bar: ControlBar | null = null;
  #player: Player | null = null;
  #lens: View = WHOLE;
  /** Ends the listeners of the time on the page. */
  #attached: AbortController | null = null;
  /** Attributes that `controls` needs and the page did not give. */
  readonly #added: string[] = [];
  /** Ends the listeners of the time with `controls`. */
  #controlled: AbortController | null = null;
  #figuresTimer: ReturnType<typeof setInterval> | undefined;
  #received: Received | null = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = STYLE;
    this.#video.muted = true;
    this.#video.autoplay = true;
    this.#video.playsInline = true;
    // As attributes too: that is what the browser's rules on autoplay and other people's code look at.
    for (const name of ["muted", "autoplay", "playsinline"]) this.#video.setAttribute(name, "");
    for (const [element, id] of [[this.#surface, "surface"], [this.#canvas, "overlay"], [this.#words, "words"], [this.#spoken, "spoken"], [this.#notice, "notice"], [this.#indicator, "indicator"], [this.#dock, "dock"]] as const) {
      element.id = id;
    }
    this.#words.setAttribute("aria-hidden", "true");
    for (const told of [this.#spoken, this.#notice]) told.setAttribute("role", "status");
    this.#surface.append(this.#video, this.#canvas);
    root.append(style, this.#surface, this.#words, this.#spoken, this.#notice, this.#indicator);
    this.#floating = new FloatingCanvas(this.#canvas, (open) => {
      this.#player?.setSolid(open);
      // The window may have been all that was seen of it.
      if (!open) this.#playOrNot();
      this.#updateBar();
    });
    this.#visibility = new Visibility(this, () => {
      this.#playOrNot();
    });
    this.#filter = new FilterPanel(({ classes, minConfidence }) => {
      this.#write("classes", classes);
      this.#write("min-confidence", minConfidence > 0 ? String(minConfidence) : null);
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
    return this.getAttribute("mode") === "live" ? "live" : "exact";
  }

  set mode(mode: PlayerMode) {
    this.setAttribute("mode", mode);
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
    document.addEventListener("fullscreenchange", () => { this.#updateBar(); }, { signal });
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
    if (CONNECTION.has(name)) {
      this.#stop();
      this.#playOrNot();
    } else if (name === "mode") {
      this.#player?.setMode(this.mode);
    } else if (name === "max-hold") {
      this.#player?.setHoldLimit(holdLimit(after));
    } else if (name === "controls") {
      this.#applyControls();
    } else if (name === "when-visible") {
      this.#watchVisibility();
      this.#playOrNot();
    } else if (name === "classes" || name === "min-confidence") {
      this.#player?.setFilter(this.#trackFilter());
    } else {
      this.#player?.setOptions(this.#options());
    }
    this.#updateBar();
  }

  #watchVisibility(): void {
    if (this.hasAttribute("when-visible")) this.#visibility.start();
    else this.#visibility.stop();
  }

  #playOrNot(): void {
    if (this.#attached && (this.#visibility.seen || this.#floating.open)) this.#start();
    else this.#stop();
  }

  #start(): void {
    if (this.#player) return;
    const camera = cameraId(this.getAttribute("camera"));
    if (camera === null) {
      this.#sayInstead(["No camera.", "The attribute `camera` names none: it is a number from 1."]);
      return;
    }
    this.#video.setAttribute("aria-label", `Camera ${camera}`);
    this.#sayInstead([]);
    const origin = originOf(this.getAttribute("src-base"), this.getAttribute("token"), document.baseURI);
    this.#player = new Player(
      { origin, camera, mode: this.mode, holdLimitMs: holdLimit(this.getAttribute("max-hold")), options: this.#options(), filter: this.#trackFilter() },
      {
        video: this.#video,
        canvas: this.#canvas,
        onFrame: (frame) => {
          this.#floating.drawn();
          this.#dispatch("razz-frame", frame);
        },
        onState: (state) => {
          this.#showState(state);
          if (state.noPicture.length > 0) this.#floating.drawn();
          this.#dispatch("razz-state", state);
        },
      },
    );
    this.#player.look(this.#lens);
    this.#player.setSolid(this.#floating.open);
    this.#player.start();
  }

  /** `atOnce`: the page goes. */
  #stop(atOnce = false): void {
    if (!this.#attached) this.#floating.close();
    this.#player?.stop(atOnce);
    this.#player = null;
    this.#received = null;
    this.#indicator.textContent = "";
    this.#say(this.#notice, []);
  }

  #showState(state: PlayerState): void {
    this.#sayInstead(state.noPicture);
    this.#say(this.#notice, state.noBoxes);
    this.#showFilter();
    const text = state.noPicture.length > 0 ? "" : indicatorText(state);
    if (text === this.#indicator.textContent) return;
    this.#indicator.textContent = text;
    const { offsetWidth, offsetHeight } = this.#indicator;
    this.#player?.reserve(offsetWidth === 0 ? 0 : offsetWidth + 14, offsetHeight === 0 ? 0 : offsetHeight + 12);
  }

  #options(): DrawOptions {
    const off = (name: string): boolean => this.hasAttribute(`no-${name}`);
    return { boxes: !off("boxes"), labels: !off("labels"), trails: !off("trails") };
  }

  #trackFilter(): TrackFilter {
    return filterOf(this.getAttribute("classes"), this.getAttribute("min-confidence"));
  }

  /** Buttons, keys and zoom while the element is on a page and has `controls`. */
  #applyControls(): void {
    const wanted = this.#attached !== null && this.hasAttribute("controls");
    if (wanted === (this.#controlled !== null)) return;
    if (!wanted) {
      this.#controlled?.abort();
      this.#controlled = null;
      this.#open("figures", false);
      this.#look(WHOLE);
      for (const name of this.#added.splice(0)) this.removeAttribute(name);
      this.#dock.remove();
      this.#bar = null;
      return;
    }
    this.#controlled = new AbortController();
    const { signal } = this.#controlled;
    this.#bar = new ControlBar((command) => {
      this.#obey(command);
    }, [...(FloatingCanvas.possible ? [] : ["float" as const]), ...(document.fullscreenEnabled ? [] : ["fullscreen" as const])]);
    this.#dock.replaceChildren(this.#figures.element, this.#filter.element, this.#bar.element);
    this.shadowRoot?.append(this.#dock);
    for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", "Camera player"]] as const) {
      if (this.hasAttribute(name)) continue;
      this.setAttribute(name, value);
      this.#added.push(name);
    }
    const lens = { get: () => this.#lens, set: (view: View): void => { this.#look(view); } };
    watchGestures(this.#surface, lens, () => this.matches(":focus-within, :fullscreen"), signal);
    this.addEventListener("keydown", (event) => {
      const command = commandOf(event);
      if (command && this.#obey(command)) event.preventDefault();
    }, { signal });
    this.#updateBar();
  }

  /** Does what was asked; false if it means nothing now. */
  #obey(command: Command): boolean {
    const moved = { left: [1, 0], right: [-1, 0], up: [0, 1], down: [0, -1] } as const;
    switch (command) {
      case "mode":
        this.mode = this.mode === "live" ? "exact" : "live";
        return true;
      case "boxes":
      case "labels":
      case "trails":
        this.toggleAttribute(`no-${command}`);
        return true;
      case "filter":
      case "figures":
        this.#open(command, (command === "filter" ? this.#filter : this.#figures).element.matches("[hidden]"));
        return true;
      case "float":
        if (this.#floating.open) this.#floating.close();
        // Refused where the page may not: then nothing happens, as with the browser's own button.
        else this.#floating.show().catch(() => undefined);
        return true;
      case "fullscreen":
        if (!document.fullscreenEnabled) return false;
        if (document.fullscreenElement === this) void document.exitFullscreen();
        else this.requestFullscreen().catch(() => undefined);
        return true;
      case "closer":
      case "farther":
        this.#look(zoomAt(this.#lens, command === "closer" ? KEY_FACTOR : 1 / KEY_FACTOR, 0.5, 0.5));
        return true;
      case "whole":
        this.#look(WHOLE);
        return true;
      case "left":
      case "right":
      case "up":
      case "down": {
        if (this.#lens.scale === 1) return false;
        const [dx, dy] = moved[command];
        this.#look(pan(this.#lens, dx * KEY_SHARE, dy * KEY_SHARE));
        return true;
      }
      case "close": {
        const open = this.#figures.element.hidden ? (this.#filter.element.hidden ? null : "filter") : "figures";
        if (open === null) return false;
        this.#open(open, false);
        this.#bar?.focus(open);
        return true;
      }
    }
  }

  #look(view: View): void {
    this.#lens = view;
    this.#video.style.transform = viewCss(view);
    this.#player?.look(view);
  }

  /** Opens or closes one of the two panels; one at a time. */
  #open(which: "filter" | "figures", open: boolean): void {
    this.#filter.element.hidden = !(open && which === "filter");
    this.#figures.element.hidden = !(open && which === "figures");
    clearInterval(this.#figuresTimer);
    if (open && which === "filter") {
      this.#showFilter();
    } else if (open) {
      const refresh = async (): Promise<void> => {
        this.#figures.show(await this.diagnostics());
      };
      this.#figuresTimer = setInterval(() => void refresh(), FIGURES_MS);
      void refresh();
    }
    this.#updateBar();
  }

  #showFilter(): void {
    if (!this.#filter.element.hidden) this.#filter.show(this.#player?.classes ?? [], this.#trackFilter());
  }

  #updateBar(): void {
    const options = this.#options();
    const [filter, figures] = [!this.#filter.element.hidden, !this.#figures.element.hidden];
    const on = { ...options, mode: this.mode === "live", filter, figures, float: this.#floating.open, fullscreen: document.fullscreenElement === this };
    this.#bar?.update(on, filter || figures);
  }

  #write(name: string, value: string | null): void {
    if (value === null) this.removeAttribute(name);
    else this.setAttribute(name, value);
  }

  /** In place of a picture. */
  #sayInstead(lines: readonly string[]): void {
    this.#say(this.#words, lines);
    this.#say(this.#spoken, lines.map((line) => line.replace(/ in \d+ s\b/, "")));
  }

  #say(where: HTMLElement, lines: readonly string[]): void {
    const said = [...where.children].map((child) => child.textContent);
    if (said.length === lines.length && lines.every((line, at) => said[at] === line)) return;
    where.replaceChildren(...lines.map((line) => Object.assign(document.createElement("div"), { textContent: line })));
  }

  #dispatch<Name extends keyof RazzPlayerEvents>(type: Name, detail: RazzPlayerEvents[Name]["detail"]): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

/** "exact 0 ms": how the boxes were found, how far they are from the picture, and a word if the name is doubtful. */
export function indicatorText(state: Pick<PlayerState, "frameMode" | "skewMs" | "frameSource" | "gate">): string {
  if (state.gate !== "live") return "";
  const skew = state.skewMs === null ? "" : ` ${Math.round(state.skewMs)} ms`;
  const how = state.frameMode === "none" ? "no tracks" : `${state.frameMode}${skew}`;
  const named = { videoframe: "", callback: " · by callback", walltime: " · by clock" }[state.frameSource];
  return how + named;
}
