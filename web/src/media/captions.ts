// What stands over the picture in words: why there is none, why there are no boxes, and how the boxes were found.
import { make } from "./dom";
import type { PlayerState } from "./state";

/** The four places for words inside the player. */
export class Captions {
  readonly #words = make("div", { id: "words" }, { "aria-hidden": "true" });
  /** The same words for those who hear them, without a countdown that would be read out every second. */
  readonly #spoken = make("div", { id: "spoken" }, { role: "status" });
  readonly #notice = make("div", { id: "notice" }, { role: "status" });
  readonly #indicator = make("div", { id: "indicator" });
  readonly #onIndicator: (width: number, height: number) => void;

  /** `onIndicator`: the indicator takes so much of the bottom right corner now, in CSS pixels. */
  constructor(onIndicator: (width: number, height: number) => void) {
    this.#onIndicator = onIndicator;
  }

  /** To be put over the picture, in this order. */
  get elements(): HTMLElement[] {
    return [this.#words, this.#spoken, this.#notice, this.#indicator];
  }

  /** Says what `state` says. */
  show(state: PlayerState): void {
    this.replacePicture(state.noPicture);
    write(this.#notice, state.noBoxes);
    const text = state.noPicture.length > 0 ? "" : indicatorText(state);
    if (text === this.#indicator.textContent) return;
    this.#indicator.textContent = text;
    const { offsetWidth, offsetHeight } = this.#indicator;
    this.#onIndicator(offsetWidth === 0 ? 0 : offsetWidth + 14, offsetHeight === 0 ? 0 : offsetHeight + 12);
  }

  /** Says `lines` in place of a picture; none of them: there is one. */
  replacePicture(lines: readonly string[]): void {
    write(this.#words, lines);
    write(this.#spoken, lines.map((line) => line.replace(/ in \d+ s\b/, "")));
  }

  /** The player has ended: nothing is said of its boxes any more. */
  clear(): void {
    this.#indicator.textContent = "";
    write(this.#notice, []);
  }
}

/** One line below the other; what stands there already is left alone, or it would be read out again. */
function write(where: HTMLElement, lines: readonly string[]): void {
  const written = [...where.children].map((child) => child.textContent);
  if (written.length === lines.length && lines.every((line, at) => written[at] === line)) return;
  where.replaceChildren(...lines.map((textContent) => make("div", { textContent })));
}

/**
 * "exact 0 ms": how the boxes were found, how far they are from the picture, and a word if the name is doubtful; before it
 * the encoding that is shown, if the path carries no better.
 */
export function indicatorText(state: Pick<PlayerState, "frameMode" | "skewMs" | "frameSource" | "gate" | "rendition" | "renditionWhy">): string {
  if (state.gate !== "live") return "";
  const skew = state.skewMs === null ? "" : ` ${Math.round(state.skewMs)} ms`;
  const how = state.frameMode === "none" ? "no tracks" : `${state.frameMode}${skew}`;
  const named = { videoframe: "", callback: " · by callback", walltime: " · by clock" }[state.frameSource];
  return (state.renditionWhy === "path" ? `${state.rendition} · ` : "") + how + named;
}
