// <razz-player>: the custom element around the player.
import { cameraId, originOf } from "./origin";
import { Player } from "./player";
import type { DrawnFrame, PlayerMode } from "./presenter";
import type { PlayerState } from "./state";
import type { DrawOptions } from "./draw";

const STYLE = `
:host { display: block; position: relative; overflow: hidden; background: #000; aspect-ratio: 16 / 9; contain: content }
:host([hidden]) { display: none }
video, canvas { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; display: block }
canvas { pointer-events: none }
#words, #indicator { position: absolute; color: #fff; font: 14px/1.5 system-ui, sans-serif; pointer-events: none }
#words { inset: 0; display: grid; place-content: center; padding: 1em; text-align: center; background: rgb(0 0 0 / .65); text-shadow: 0 0 4px #000 }
#words:empty { display: none }
#words div:first-child { font-size: 1.15em; font-weight: 600 }
#indicator { right: .6em; bottom: .5em; padding: .1em .55em; font-size: 11px; border-radius: 1em; background: rgb(0 0 0 / .6);
  font-variant-numeric: tabular-nums }
#indicator:empty, :host([no-indicator]) #indicator { display: none }
`;

/** Attributes whose change needs another connection. */
const CONNECTION = new Set(["camera", "token", "src-base"]);

/** What `razz-player` dispatches, beside the events of every element. */
export interface RazzPlayerEvents {
  /** After each drawn frame. */
  "razz-frame": CustomEvent<DrawnFrame>;
  /** When the state has changed, about four times a second while playing. */
  "razz-state": CustomEvent<PlayerState>;
}

/**
 * `<razz-player camera="1" mode="exact|live" token="…" src-base="https://razz.example">`, with `no-labels`, `no-trails`,
 * `no-boxes` and `no-indicator`. Plays while it is on a page.
 */
export class RazzPlayer extends HTMLElement {
  static readonly observedAttributes = [...CONNECTION, "mode", "no-labels", "no-trails", "no-boxes"];

  readonly #video: HTMLVideoElement;
  readonly #canvas: HTMLCanvasElement;
  readonly #words: HTMLElement;
  readonly #indicator: HTMLElement;
  #player: Player | null = null;
  /** Ends the listeners of the time on the page. */
  #attached: AbortController | null = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    const style = document.createElement("style");
    style.textContent = STYLE;
    this.#video = document.createElement("video");
    this.#video.muted = true;
    this.#video.autoplay = true;
    this.#video.playsInline = true;
    // As attributes too: that is what the browser's rules on autoplay and other people's code look at.
    for (const name of ["muted", "autoplay", "playsinline"]) this.#video.setAttribute(name, "");
    this.#canvas = document.createElement("canvas");
    this.#canvas.id = "overlay";
    this.#words = document.createElement("div");
    this.#words.id = "words";
    this.#words.setAttribute("role", "status");
    this.#indicator = document.createElement("div");
    this.#indicator.id = "indicator";
    root.append(style, this.#video, this.#canvas, this.#words, this.#indicator);
  }

  /** The last drawn frame; null before the first. */
  get frame(): DrawnFrame | null {
    return this.#player?.frame ?? null;
  }

  /** What the player is doing; null while it is on no page or names no camera. */
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

  /** The element came onto a page. */
  connectedCallback(): void {
    this.#attached = new AbortController();
    const { signal } = this.#attached;
    // A page that goes into the back-forward cache must not keep a connection, and gets one when it comes back.
    const leave = (): void => {
      this.#stop();
    };
    const comeBack = (): void => {
      this.#start();
    };
    addEventListener("pagehide", leave, { signal });
    addEventListener("pageshow", comeBack, { signal });
    this.#start();
  }

  /** The element left its page. */
  disconnectedCallback(): void {
    this.#attached?.abort();
    this.#attached = null;
    this.#stop();
  }

  /** An attribute changed. */
  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after || !this.#attached) return;
    if (CONNECTION.has(name)) {
      this.#stop();
      this.#start();
    } else if (name === "mode") {
      this.#player?.setMode(this.mode);
    } else {
      this.#player?.setOptions(this.#options());
    }
  }

  #start(): void {
    if (this.#player) return;
    const camera = cameraId(this.getAttribute("camera"));
    if (camera === null) {
      this.#say(["No camera.", "The attribute `camera` names none: it is a number from 1."]);
      return;
    }
    this.#video.setAttribute("aria-label", `Camera ${camera}`);
    this.#say([]);
    const origin = originOf(this.getAttribute("src-base"), this.getAttribute("token"), document.baseURI);
    this.#player = new Player(
      { origin, camera, mode: this.mode, options: this.#options() },
      {
        video: this.#video,
        canvas: this.#canvas,
        onFrame: (frame) => {
          this.#dispatch("razz-frame", frame);
        },
        onState: (state) => {
          this.#say(state.noPicture);
          this.#indicator.textContent = state.noPicture.length > 0 ? "" : indicatorText(state);
          this.#dispatch("razz-state", state);
        },
      },
    );
    this.#player.start();
  }

  #stop(): void {
    this.#player?.stop();
    this.#player = null;
    this.#indicator.textContent = "";
  }

  #options(): DrawOptions {
    const off = (name: string): boolean => this.hasAttribute(`no-${name}`);
    return { boxes: !off("boxes"), labels: !off("labels"), trails: !off("trails") };
  }

  #say(lines: readonly string[]): void {
    const said = [...this.#words.children].map((child) => child.textContent);
    if (said.length === lines.length && lines.every((line, at) => said[at] === line)) return;
    this.#words.replaceChildren(
      ...lines.map((line) => Object.assign(document.createElement("div"), { textContent: line })),
    );
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
