// Colours, columns and pictures: where values go.
import { expect, test } from "vitest";
import { offsetOf } from "../facts/shot";
import { bucketWords, placeOf, stayWords } from "./buckets";
import { heatColour, heatShare } from "./scale";
import { countWords, stepWords, type Step } from "./steps";

test("more heat is lighter, and none lets the picture through", () => {
  const light = ([r, g, b]: readonly number[]): number => 0.21 * (r ?? 0) + 0.72 * (g ?? 0) + 0.07 * (b ?? 0);
  const parts = Array.from({ length: 21 }, (_, i) => light(heatColour(i / 20)));
  expect(parts).toEqual([...parts].sort((a, b) => a - b));
  expect(heatColour(0)[3]).toBe(0);
  expect([heatShare(0, 0), heatShare(25, 100), heatShare(200, 100)]).toEqual([0, 0.5, 1]);
});

const BUCKETS = [{ from_s: 0, to_s: 10 }, { from_s: 10, to_s: 60 }, { from_s: 60, to_s: null }];

test.each([[0, 0], [5, 1 / 6], [35, 0.5], [600, 5 / 6]])("%d s stand at %d of the columns", (seconds, part) => {
  expect(placeOf(BUCKETS, seconds)).toBeCloseTo(part);
});

test("lengths have no parts that are nothing", () => {
  expect([0, 5, 60, 95, 3600].map(stayWords)).toEqual(["0 s", "5 s", "1 min", "1 min 35 s", "1 h"]);
  expect(BUCKETS.map(bucketWords)).toEqual(["0 s to 10 s", "10 s to 1 min", "over 1 min"]);
});

test.each([[0.5, -40], [0, 0], [1, -80]])("a place at %d moves the picture by %d percent", (place, offset) => {
  expect(offsetOf(place, 1.8)).toBeCloseTo(offset);
});

test("a step says what was counted and how much of it was watched", () => {
  const at = new Date(2026, 11, 1, 14).getTime() / 1000;
  const step: Step = { at, to: at + 3600, in: 34, out: 1031, visits: 1, watched: 0.5, usual: { in: { low: 28, mid: 30, high: 41 }, out: null, visits: null }, before: null };
  expect(countWords(step, "in", "en").replaceAll("\u00a0", " ")).toBe("34 in, 1,031 out; usually 28 to 41 in; watched 50 % of the time");
  expect(countWords({ ...step, watched: 1 }, "visits", "en")).toBe("1 visit");
  expect(stepWords(step, false, "en-GB")).toBe("14:00 to 15:00");
  expect(stepWords({ at, to: at + 86_400 }, true, "en-GB")).toMatch(/1 Dec/);
});
