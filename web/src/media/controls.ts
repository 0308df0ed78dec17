// The player's own buttons, and the keys that do the same.
import { make } from "./dom";

/** What a viewer can ask of a player. */
export type Command =
  | "mode" | "boxes" | "labels" | "trails" | "filter" | "quality" | "figures" | "float" | "fullscreen"
  | "closer" | "farther" | "whole" | "left" | "right" | "up" | "down" | "close";

const KEYS: Record<string, Command> = {
  m: "mode", b: "boxes", l: "labels", t: "trails", c: "filter", q: "quality", d: "figures", p: "float", f: "fullscreen",
  "+": "closer", "=": "closer", "-": "farther", "0": "whole",
  ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Escape: "close",
};

/** What a key means to the player; null: nothing, as with a modifier held or while a field is being filled in. */
export function commandOf(event: KeyboardEvent): Command | null {
  const [target] = event.composedPath();
  const field = target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && (target.type === "range" || event.key === " "));
  if (event.ctrlKey || event.metaKey || event.altKey || (field && event.key !== "Escape")) return null;
  return KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null;
}

/** How a button says whether it is on: a switch, a panel that opens, or neither. */
type Kind = "pressed" | "expanded" | "plain";

const BUTTONS: readonly (readonly [Command, Kind, string, string])[] = [
  ["mode", "pressed", "live", "live: no hold, boxes carried on by their speed; otherwise exact: every box on its own frame (M)"],
  ["boxes", "pressed", "boxes", "show boxes (B)"],
  ["labels", "pressed", "labels", "show labels (L)"],
  ["trails", "pressed", "trails", "show where objects came from (T)"],
  ["filter", "expanded", "filter", "choose by class and confidence (C)"],
  ["quality", "expanded", "quality", "what is sent, and why (Q)"],
  ["figures", "expanded", "figures", "figures for a bug report (D)"],
  ["float", "pressed", "float", "picture-in-picture, with boxes (P)"],
  ["fullscreen", "pressed", "full", "full screen (F)"],
];

/** The row of buttons. */
export class ControlBar {
  /** To be put into the player. */
  readonly element = make("div", { id: "bar" }, { role: "toolbar", "aria-label": "Player" });
  readonly #buttons = new Map<Command, { button: HTMLButtonElement; kind: Kind }>();

  /** `without`: buttons that this browser has no use for. */
  constructor(onCommand: (command: Command) => void, without: readonly Command[]) {
    // A finger on a row that is not seen yet only shows it: who taps the picture has not chosen a button.
    let unseen = false;
    this.element.addEventListener("pointerdown", ({ pointerType }) => {
      unseen = pointerType === "touch" && getComputedStyle(this.element).opacity === "0";
    });
    this.element.addEventListener("click", (event) => {
      if (unseen) event.stopPropagation();
      unseen = false;
    }, { capture: true });
    for (const [command, kind, name, title] of BUTTONS) {
      if (without.includes(command)) continue;
      const button = make("button", { type: "button", textContent: name, title });
      button.addEventListener("click", () => {
        onCommand(command);
      });
      this.#buttons.set(command, { button, kind });
      this.element.append(button);
    }
  }

  /** Shows which are on. `held`: the row stays while a panel is open. */
  update(on: Partial<Record<Command, boolean>>, held: boolean): void {
    for (const [command, { button, kind }] of this.#buttons) {
      if (kind !== "plain") button.setAttribute(`aria-${kind}`, String(on[command] ?? false));
    }
    this.element.classList.toggle("held", held);
  }

  /** Puts the focus on the button of `command`. */
  focus(command: Command): void {
    this.#buttons.get(command)?.button.focus();
  }
}
