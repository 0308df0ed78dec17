import { expect, test } from "vitest";
import { around, atPresent, clamped, following, panned, showsPresent, SPAN_MAX, SPAN_MIN, spanOf, tOf, xOf, zoomed } from "./timescale";

const NOW = 1_764_510_000;
const hour = { from: NOW - 3_600, to: NOW };

test.each([[0, NOW - 3_600], [500, NOW - 1_800], [1_000, NOW], [-100, NOW - 3_960]])("pixel %d of 1000", (x, t) => {
  expect(tOf(hour, 1_000, x)).toBe(t);
  expect(xOf(hour, 1_000, t)).toBe(x);
});

test("a timeline without a width breaks nothing", () => {
  expect(tOf(hour, 0, 17)).toBe(hour.from);
});

test.each([0.01, 0.5, 1, 2, 300])("zooming by %d leaves what is under the pointer where it is", (factor) => {
  for (const x of [0, 250, 1_000]) {
    const pivot = tOf(hour, 1_000, x);
    expect(xOf(zoomed(hour, factor, pivot), 1_000, pivot)).toBeCloseTo(x, 3);
  }
});

test("from 90 days to seconds, and no farther", () => {
  expect(spanOf(zoomed(hour, 1e9, NOW))).toBe(SPAN_MAX);
  expect(spanOf(zoomed(hour, 1e-9, NOW))).toBeCloseTo(SPAN_MIN, 6);
  expect(spanOf(around(NOW, 1))).toBe(SPAN_MIN);
});

test.each([
  ["the future is left", { from: NOW, to: NOW + 1_000 }, { from: NOW - 960, to: NOW + 40 }],
  ["the past has a beginning", { from: NOW - 90_000, to: NOW - 80_000 }, { from: NOW - 50_400, to: NOW - 40_400 }],
  ["what fits stays", { from: NOW - 20_000, to: NOW - 10_000 }, { from: NOW - 20_000, to: NOW - 10_000 }],
  ["more than there is ends with the present", { from: NOW - 500_000, to: NOW - 400_000 }, { from: NOW - 96_000, to: NOW + 4_000 }],
])("%s", (_, view, expected) => {
  const { from, to } = clamped(view, { oldest: NOW - 50_000, now: NOW });
  expect(from).toBeCloseTo(expected.from, 3);
  expect(to).toBeCloseTo(expected.to, 3);
});

test("the present is in sight at the right end", () => {
  const view = atPresent(hour, NOW);
  expect(spanOf(view)).toBeCloseTo(3_600, 6);
  expect(xOf(view, 100, NOW)).toBeCloseTo(96, 6);
  expect(showsPresent(view, NOW)).toBe(true);
  expect(showsPresent(panned(view, -200), NOW)).toBe(false);
});

test("the view follows what plays, and stands still until it has to", () => {
  expect(following(hour, NOW - 1_800)).toBe(hour);
  expect(xOf(following(hour, NOW - 10), 100, NOW - 10)).toBeCloseTo(10, 6);
  expect(xOf(following(hour, NOW - 3_599, true), 100, NOW - 3_599)).toBeCloseTo(90, 6);
});
