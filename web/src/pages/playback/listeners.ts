// Keys, clicks and what was said, wherever on the page.
import { effect } from "@preact/signals";
import { run } from "./actions";
import { commandOf, type Command } from "./playbackkeys";
import { said } from "./state";

const SAID_MS = 10_000;

/** Listens for as long as the page lives; once it `isReady`, `act` does what keys ask for. */
export function listen(isReady: () => boolean, act: (command: Command) => void = run): void {
  addEventListener("keydown", (event) => {
    const [target] = event.composedPath();
    if (event.defaultPrevented || document.querySelector("dialog[open]") !== null) return;
    if (target instanceof Element && target.closest("input, select, textarea") !== null) return;
    // Space and Enter press the button that has the focus.
    if (event.key === " " && target instanceof Element && target.closest("button, a, summary") !== null) return;
    const command = commandOf(event);
    if (!command || !isReady()) return;
    event.preventDefault();
    act(command);
  });
  // A button that is clicked does not take the focus: space goes on to play and pause. By Tab they are all reached.
  addEventListener("mousedown", (event) => {
    if (event.target instanceof Element && event.target.closest(".playback button, .playback summary")) event.preventDefault();
  });
  // A menu closes when the viewer goes on elsewhere.
  addEventListener("pointerdown", ({ target }) => {
    const menu = document.querySelector<HTMLDetailsElement>("details.choice[open]");
    if (menu && target instanceof Node && !menu.contains(target)) menu.open = false;
  });
  // What was said is of its moment.
  effect(() => {
    if (said.value === "") return undefined;
    const timer = setTimeout(() => (said.value = ""), SAID_MS);
    return () => {
      clearTimeout(timer);
    };
  });
}
