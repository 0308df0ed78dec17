import { expect, test } from "vitest";
import { Gestures, type Act } from "./gestures";

type Step = ["down", number, number, boolean?] | ["move", number, number] | ["up", number, number, boolean?];

/** What comes of these movements: pointer, place, and on the playhead or taken by the browser. */
function made(...steps: Step[]): (Act | null)[] {
  const gestures = new Gestures();
  return steps.flatMap(([what, pointer, x, flag]) => {
    if (what === "move") return [gestures.move(pointer, x)];
    if (what === "up") return [gestures.up(pointer, x, flag)];
    gestures.down(pointer, x, flag ?? false);
    return [];
  });
}

test.each<[string, Step[], (Act | null)[]]>([
  ["a click goes there", [["down", 1, 100], ["up", 1, 100]], [{ do: "seek", x: 100 }]],
  ["a hand that trembles clicks all the same", [["down", 1, 100], ["move", 1, 103], ["up", 1, 103]], [null, { do: "seek", x: 103 }]],
  ["a drag moves the timeline and goes nowhere", [["down", 1, 100], ["move", 1, 110], ["move", 1, 105], ["up", 1, 105]], [{ do: "pan", byPx: 10 }, { do: "pan", byPx: -5 }, null]],
  ["the playhead is dragged", [["down", 1, 100, true], ["move", 1, 101], ["up", 1, 140]], [{ do: "scrub", x: 101, done: false }, { do: "scrub", x: 140, done: true }]],
  ["two fingers zoom about their middle", [["down", 1, 100], ["down", 2, 200], ["move", 2, 300]], [{ do: "zoom", factor: 0.5, fromX: 150, x: 200 }]],
  ["the finger that is left moves on, and taps nothing", [["down", 1, 100], ["down", 2, 200], ["up", 2, 200], ["move", 1, 101], ["up", 1, 101]], [null, { do: "pan", byPx: 1 }, null]],
  ["fingers on one place do not divide by nothing", [["down", 1, 100], ["down", 2, 100], ["move", 2, 148]], [{ do: "zoom", factor: 0.5, fromX: 100, x: 124 }]],
  ["what the browser takes for itself goes nowhere", [["down", 1, 100], ["up", 1, 100, true]], [null]],
  ["a pointer that only hovers means nothing", [["move", 1, 5], ["up", 1, 5]], [null, null]],
])("%s", (_, steps, acts) => {
  expect(made(...steps)).toEqual(acts);
});
