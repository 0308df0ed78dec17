// What the attribute `controls` adds to the player: buttons, the two panels above them, keys and zoom.
import { modeOf, optionsOf, trackFilterOf } from "./attributes";
import { commandOf, ControlBar, type Command } from "./controls";
import type { Diagnostics } from "./diagnostics";
import { make } from "./dom";
import { watchGestures } from "./gestures";
import { FiguresPanel, FilterPanel } from "./panels";
import { FloatingCanvas } from "./pip";
import { pan, WHOLE, zoomAt, type View } from "./zoom";

const FIGURES_MS = 1_000;
/** One key moves a magnified picture by this share of the element, and magnifies by this factor. */
const KEY_SHARE = 0.1;
const KEY_FACTOR = 1.25;

/** The player as its controls see it. */
export interface DockHost {
  /** The custom element: its attributes are what the controls change. */
  readonly element: HTMLElement;
  /** The part of it on which gestures are made. */
  readonly surface: HTMLElement;
  readonly floating: FloatingCanvas;
  /** Shows another part of the picture. */
  look(view: View): void;
  /** Classes of the tracks seen so far. */
  classes(): Iterable<string>;
  diagnostics(): Promise<Diagnostics>;
}

/** Buttons, panels, keys and zoom of one player, while it wants them. */
export class Dock {
  readonly #player: DockHost;
  /** Holds the panels and the bar, from the bottom up. */
  readonly #dock = make("div", { id: "dock" });
  readonly #figures = new FiguresPanel();
  readonly #filter: FilterPanel;
  #bar: ControlBar | null = null;
  #lens: View = WHOLE;
  /** Attributes that the controls need and the page did not give. */
  readonly #added: string[] = [];
  /** Ends the listeners. */
  #shown: AbortController | null = null;
  #figuresTimer: ReturnType<typeof setInterval> | undefined;

  constructor(player: DockHost) {
    this.#player = player;
    const { element } = player;
    this.#filter = new FilterPanel(({ classes, minConfidence }) => {
      setOrRemove(element, "classes", classes);
      setOrRemove(element, "min-confidence", minConfidence > 0 ? String(minConfidence) : null);
    });
  }

  /** Which part of the picture is shown. */
  get lens(): View {
    return this.#lens;
  }

  /** Adds everything, or takes it away again: then the whole picture is seen, since nothing is left to go back with. */
  show(wanted: boolean): void {
    if (wanted === (this.#shown !== null)) return;
    if (wanted) this.#add();
    else this.#remove();
  }

  /** Shows on the buttons what is on. */
  update(): void {
    const { element, floating } = this.#player;
    const [filter, figures] = [!this.#filter.element.hidden, !this.#figures.element.hidden];
    const fullscreen = document.fullscreenElement === element;
    const on = { ...optionsOf(element), mode: modeOf(element) === "live", filter, figures, float: floating.open, fullscreen };
    this.#bar?.update(on, filter || figures);
  }

  /** Classes may have been seen that the filter does not offer yet. */
  updateFilter(): void {
    if (!this.#filter.element.hidden) this.#filter.show(this.#player.classes(), trackFilterOf(this.#player.element));
  }

  #add(): void {
    const { element, surface } = this.#player;
    this.#shown = new AbortController();
    const { signal } = this.#shown;
    this.#bar = new ControlBar((command) => {
      this.#execute(command);
    }, [...(FloatingCanvas.possible ? [] : ["float" as const]), ...(document.fullscreenEnabled ? [] : ["fullscreen" as const])]);
    this.#dock.replaceChildren(this.#figures.element, this.#filter.element, this.#bar.element);
    element.shadowRoot?.append(this.#dock);
    for (const [name, value] of [["tabindex", "0"], ["role", "group"], ["aria-label", "Camera player"]] as const) {
      if (element.hasAttribute(name)) continue;
      element.setAttribute(name, value);
      this.#added.push(name);
    }
    const lens = { get: () => this.#lens, set: (view: View): void => { this.#look(view); } };
    watchGestures(surface, lens, () => element.matches(":focus-within, :fullscreen"), signal);
    element.addEventListener("keydown", (event) => {
      const command = commandOf(event);
      if (command && this.#execute(command)) event.preventDefault();
    }, { signal });
    document.addEventListener("fullscreenchange", () => { this.update(); }, { signal });
    this.update();
  }

  #remove(): void {
    this.#shown?.abort();
    this.#shown = null;
    this.#open("figures", false);
    this.#look(WHOLE);
    for (const name of this.#added.splice(0)) this.#player.element.removeAttribute(name);
    this.#dock.remove();
    this.#bar = null;
  }

  /** Carries a command out; false if it means nothing now. */
  #execute(command: Command): boolean {
    const { element, floating } = this.#player;
    const moved = { left: [1, 0], right: [-1, 0], up: [0, 1], down: [0, -1] } as const;
    switch (command) {
      case "mode":
        element.setAttribute(command, modeOf(element) === "live" ? "exact" : "live");
        return true;
      case "boxes":
      case "labels":
      case "trails":
        element.toggleAttribute(`no-${command}`);
        return true;
      case "filter":
      case "figures":
        this.#open(command, (command === "filter" ? this.#filter : this.#figures).element.matches("[hidden]"));
        return true;
      case "float":
        if (floating.open) floating.close();
        // Refused where the page may not: then nothing happens, as with the browser's own button.
        else floating.show().catch(() => undefined);
        return true;
      case "fullscreen":
        if (!document.fullscreenEnabled) return false;
        if (document.fullscreenElement === element) void document.exitFullscreen();
        else element.requestFullscreen().catch(() => undefined);
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
    this.#player.look(view);
  }

  /** Opens or closes one of the two panels; one at a time. */
  #open(which: "filter" | "figures", open: boolean): void {
    this.#filter.element.hidden = !(open && which === "filter");
    this.#figures.element.hidden = !(open && which === "figures");
    clearInterval(this.#figuresTimer);
    if (open && which === "filter") {
      this.updateFilter();
    } else if (open) {
      const refresh = async (): Promise<void> => {
        this.#figures.show(await this.#player.diagnostics());
      };
      this.#figuresTimer = setInterval(() => void refresh(), FIGURES_MS);
      void refresh();
    }
    this.update();
  }
}

function setOrRemove(element: Element, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}
