// The keys of a player that plays a recording.
import { nextRate } from "./clock";

/** What keys do to a recording. */
export interface Playable {
  readonly paused: boolean;
  readonly rate: number;
  pause(paused: boolean): void;
  step(pictures: number): void;
  /** Moves by so many seconds. */
  skip(seconds: number): void;
  /** Plays at this rate; the attribute says it then. */
  play(rate: number): void;
}

/** Far and near steps of the arrows. */
const FAR_S = 10;
const NEAR_S = 1;

/** Carries out what a key means to a recording; false if it means nothing. */
export function executeKey({ key, shiftKey }: Pick<KeyboardEvent, "key" | "shiftKey">, player: Playable): boolean {
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case " ":
    case "k":
      player.pause(!player.paused);
      return true;
    case "j":
      player.play(nextRate(player.rate, false));
      return true;
    case "l":
      player.play(nextRate(player.rate, true));
      return true;
    case ",":
      player.step(-1);
      return true;
    case ".":
      player.step(1);
      return true;
    case "ArrowLeft":
      player.skip(shiftKey ? -NEAR_S : -FAR_S);
      return true;
    case "ArrowRight":
      player.skip(shiftKey ? NEAR_S : FAR_S);
      return true;
    default:
      return false;
  }
}

/** Listens for keys on `element` while it has the attribute `controls`, before its own do, until `signal` ends it. */
export function watchKeys(element: HTMLElement, player: Playable, signal: AbortSignal): void {
  element.addEventListener(
    "keydown",
    (event) => {
      const [target] = event.composedPath();
      if (!element.hasAttribute("controls") || event.ctrlKey || event.metaKey || event.altKey) return;
      if (target instanceof HTMLSelectElement || target instanceof HTMLInputElement) return;
      // A space presses the button that has the focus.
      if (event.key === " " && target instanceof HTMLButtonElement) return;
      if (!executeKey(event, player)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true, signal },
  );
}
