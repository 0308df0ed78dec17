// Pictures of moments, the newest of which are not on the disk yet.
import { expect, test } from "vitest";
import { againMs, offsetOf } from "./shot";

test.each([
  [0, 1, 2_000],
  [1, 5, 4_000],
  [2, 12, 8_000],
  [3, 20, null],
  [0, 61, null],
])("try %d of what was %d s ago", (tries, ago_s, ms) => {
  expect(againMs(tries, ago_s)).toBe(ms);
});

test.each([
  [0.5, -40],
  [0, 0],
  [1, -80],
])("a place at %d", (place, left) => {
  expect(offsetOf(place, 1.8)).toBeCloseTo(left);
});
