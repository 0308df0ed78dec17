// What each key does on the playback page.
import type { KeyWords } from "../keysdialog";

/** Speeds on offer; negative ones run backwards. */
export const RATES = [-4, -2, -1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64] as const;

/** What a viewer can ask of the page. */
export type Command =
  | { do: "toggle" } | { do: "pause" } | { do: "faster"; direction: 1 | -1 } | { do: "frames"; count: number } | { do: "skip"; seconds: number }
  | { do: "page"; direction: 1 | -1 } | { do: "zoom"; factor: number } | { do: "oldest" } | { do: "live" } | { do: "mark"; end: "in" | "out" }
  | { do: "clear" } | { do: "download" } | { do: "export" } | { do: "lock" } | { do: "visit"; direction: 1 | -1 } | { do: "gap"; direction: 1 | -1 } | { do: "jump" } | { do: "fullscreen" };

/** For the dialog of `?`. */
export const KEYS: KeyWords = [
  ["Space  K", "play, pause"],
  ["J  L", "backwards, forwards; again: faster"],
  [",  .", "one frame back, forward"],
  ["left, right", "10 seconds"],
  ["Shift + arrows", "1 second"],
  ["PgUp  PgDn", "half of what the timeline shows"],
  ["[  ]", "the visit before, the next"],
  ["{  }", "the gap before, the next"],
  ["+  −", "zoom the timeline"],
  ["Home  End", "the oldest footage, live"],
  ["T", "go to a date and time"],
  ["I  O", "mark the beginning, the end"],
  ["X", "clear the marks"],
  ["D", "download what is marked"],
  ["E", "export: other cameras, boxes, blurring, tracks"],
  ["B", "lock what is marked"],
  ["F", "full screen"],
  ["?", "this list"],
];

const ZOOM = 0.6;
const COMMANDS: Record<string, Command> = {
  " ": { do: "toggle" }, k: { do: "toggle" }, j: { do: "faster", direction: -1 }, l: { do: "faster", direction: 1 },
  ",": { do: "frames", count: -1 }, ".": { do: "frames", count: 1 },
  "[": { do: "visit", direction: -1 }, "]": { do: "visit", direction: 1 }, "{": { do: "gap", direction: -1 }, "}": { do: "gap", direction: 1 },
  "+": { do: "zoom", factor: ZOOM }, "=": { do: "zoom", factor: ZOOM }, "-": { do: "zoom", factor: 1 / ZOOM }, "_": { do: "zoom", factor: 1 / ZOOM },
  Home: { do: "oldest" }, End: { do: "live" }, PageUp: { do: "page", direction: -1 }, PageDown: { do: "page", direction: 1 },
  i: { do: "mark", end: "in" }, o: { do: "mark", end: "out" }, x: { do: "clear" }, d: { do: "download" }, e: { do: "export" }, b: { do: "lock" }, t: { do: "jump" }, f: { do: "fullscreen" },
};

/** What of a key event counts. */
export type Pressed = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey">;

/**
 * What a key asks for; null: nothing, as with the browser's own shortcuts. `onTimeline`: the timeline has the focus, and is
 * a slider: there the arrows up and down are later and earlier too.
 */
export function commandOf({ key, shiftKey, ctrlKey, altKey, metaKey }: Pressed, onTimeline = false): Command | null {
  if (ctrlKey || altKey || metaKey) return null;
  const direction = key === "ArrowRight" || (onTimeline && key === "ArrowUp") ? 1 : key === "ArrowLeft" || (onTimeline && key === "ArrowDown") ? -1 : 0;
  if (direction !== 0) return { do: "skip", seconds: direction * (shiftKey ? 1 : 10) };
  return COMMANDS[key.length === 1 ? key.toLowerCase() : key] ?? null;
}

/** The speed after J or L: the direction first, from rest or from the other one, then ever faster. */
export function faster(rate: number, paused: boolean, direction: 1 | -1): number {
  if (paused || rate * direction < 0) return direction;
  const speeds = RATES.filter((one) => one * direction >= 1).sort((a, b) => Math.abs(a) - Math.abs(b));
  return speeds.find((one) => Math.abs(one) > Math.abs(rate)) ?? rate;
}

/** "2×", "½×", "1× back". */
export function rateWords(rate: number): string {
  const size = Math.abs(rate);
  const words = size === 0.25 ? "¼×" : size === 0.5 ? "½×" : `${size}×`;
  return rate < 0 ? `${words} back` : words;
}
