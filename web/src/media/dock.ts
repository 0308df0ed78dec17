// What the attribute `controls` adds to the player: buttons, the panels above them, keys and zoom.
import type { RenditionInfo } from "../wire";
import { modeOf, optionsOf, trackFilterOf } from "./attributes";
import { commandOf, ControlBar, type Command } from "./controls";
import type { Diagnostics } from "./diagnostics";
import { make } from "./dom";
import { watchGestures } from "./gestures";
import { FiguresPanel, FilterPanel, QualityPanel } from "./panels";
import { FloatingCanvas } from "./pip";
import type { PlayerState } from "./state";
import { qualityOf } from "./wanted";
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
  /** The encodings that there are for this viewer. */
  renditions(): readonly RenditionInfo[];
  state(): PlayerState | null;
  diagnostics(): Promise<Diagnostics>;
}

/** A panel, and the command that opens it. */
type PanelName = "figures" | "filter" | "quality";

/** Buttons, panels, keys and zoom of one player, while it wants them. */
export class Dock {
  readonly #player: DockHost;
  /** Holds the panels and the bar, from the bottom up. */
  readonly #dock = make("div", { id: "dock" });
  readonly #figures = new FiguresPanel();
  readonly #filter: FilterPanel;
  readonly #quality: QualityPanel;
  /** All of them; one is open at a time. */
  readonly #panels: readonly (readonly [PanelName, HTMLElement])[];
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
    this.#quality = new QualityPanel((quality) => {
      setOrRemove(element, "quality", quality === "auto" ? null : quality);
    });
    this.#panels = [["figures", this.#figures.element], ["filter", this.#filter.element], ["quality", this.#quality.element]];
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

  /** Shows on the buttons what is on, and in the panel what is chosen. */
  update(): void {
    const { element, floating } = this.#player;
    const opened = this.#opened;
    const fullscreen = document.fullscreenElement === element;
    const on = { ...optionsOf(element), mode: modeOf(element) === "live", float: floating.open, fullscreen, ...(opened && { [opened]: true }) };
    this.#bar?.update(on, opened !== undefined);
    this.updatePanels();
  }

  /** What a panel shows may be another: classes seen, encodings that there are, what is sent and why. */
  updatePanels(): void {
    const { element } = this.#player;
    if (this.#opened === "filter") this.#filter.show(this.#player.classes(), trackFilterOf(element));
    if (this.#opened === "quality") this.#quality.show(qualityOf(element.getAttribute("quality")), this.#player.renditions(), this.#player.state());
  }

  get #opened(): PanelName | undefined {
    return this.#panels.find(([, panel]) => !panel.hidden)?.[0];
  }

  #add(): void {
    const { element, surface } = this.#player;
    this.#shown = new AbortController();
    const { signal } = this.#shown;
    this.#bar = new ControlBar((command) => {
      this.#execute(command);
    }, [...(FloatingCanvas.possible ? [] : ["float" as const]), ...(document.fullscreenEnabled ? [] : ["fullscreen" as const])]);
    this.#dock.replaceChildren(...this.#panels.map(([, panel]) => panel), this.#bar.element);
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
    this.#open(null);
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
      case "quality":
      case "figures":
        this.#open(command === this.#opened ? null : command);
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
        const opened = this.#opened;
        if (!opened) return false;
        this.#open(null);
        this.#bar?.focus(opened);
        return true;
      }
    }
  }

  #look(view: View): void {
    this.#lens = view;
    this.#player.look(view);
  }

  /** Opens this panel and closes the others; null: closes all. */
  #open(which: PanelName | null): void {
    for (const [name, panel] of this.#panels) panel.hidden = name !== which;
    clearInterval(this.#figuresTimer);
    if (which === "figures") {
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
