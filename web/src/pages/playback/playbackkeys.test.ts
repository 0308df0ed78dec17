import { expect, test } from "vitest";
import { commandOf, faster, RATES, rateWords, type Pressed } from "./playbackkeys";

const key = (name: string, more: Partial<Pressed> = {}): Pressed => ({ key: name, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...more });

test.each([
  [key(" "), { do: "toggle" }],
  [key("k"), { do: "toggle" }],
  [key("K", { shiftKey: true }), { do: "toggle" }],
  [key("j"), { do: "faster", direction: -1 }],
  [key("l"), { do: "faster", direction: 1 }],
  [key(","), { do: "frames", count: -1 }],
  [key("."), { do: "frames", count: 1 }],
  [key("ArrowLeft"), { do: "skip", seconds: -10 }],
  [key("ArrowRight", { shiftKey: true }), { do: "skip", seconds: 1 }],
  [key("PageUp"), { do: "page", direction: -1 }],
  [key("["), { do: "visit", direction: -1 }],
  [key("}", { shiftKey: true }), { do: "gap", direction: 1 }],
  [key("Home"), { do: "oldest" }],
  [key("End"), { do: "live" }],
  [key("i"), { do: "mark", end: "in" }],
  [key("O"), { do: "mark", end: "out" }],
  [key("d"), { do: "download" }],
  [key("e"), { do: "export" }],
  [key("b"), { do: "lock" }],
  [key("t"), { do: "jump" }],
  // The dialog of keys is the shell's, the rest the browser's.
  [key("?", { shiftKey: true }), null],
  [key("d", { ctrlKey: true }), null],
  [key("ArrowLeft", { altKey: true }), null],
  [key("l", { metaKey: true }), null],
  [key("Tab"), null],
  [key("q"), null],
])("%o", (pressed, command) => {
  expect(commandOf(pressed)).toEqual(command);
});

test("up and down are later and earlier on the timeline only: elsewhere they scroll", () => {
  expect([commandOf(key("ArrowUp")), commandOf(key("ArrowDown"))]).toEqual([null, null]);
  expect([commandOf(key("ArrowUp"), true), commandOf(key("ArrowDown", { shiftKey: true }), true)]).toEqual([{ do: "skip", seconds: 10 }, { do: "skip", seconds: -1 }]);
});

test("zooming in by a key and out again leads back", () => {
  const [closer, farther] = [commandOf(key("+")), commandOf(key("-"))];
  expect(closer?.do === "zoom" && farther?.do === "zoom" && closer.factor * farther.factor).toBeCloseTo(1, 9);
  expect(closer).toEqual(commandOf(key("=")));
});

test.each([
  ["from rest", 4, true, 1, 1], ["from rest, backwards", 1, true, -1, -1], ["on", 1, false, 1, 2], ["from slow motion", 0.25, false, 1, 1],
  ["back from forwards", 8, false, -1, -1], ["back", -1, false, -1, -2], ["no faster back", -4, false, -1, -4], ["no faster", 64, false, 1, 64], ["forwards from back", -4, false, 1, 1],
] as const)("J and L %s", (_, rate, paused, direction, next) => {
  expect(faster(rate, paused, direction)).toBe(next);
});

test("speeds in words", () => {
  expect(RATES.map(rateWords).join(" ")).toBe("4× back 2× back 1× back ¼× ½× 1× 2× 4× 8× 16× 32× 64×");
});
