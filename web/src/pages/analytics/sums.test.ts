// Counts put together.
import { expect, test } from "vitest";
import type { AreaFacts } from "../../wire";
import { midnight } from "./range";
import { byDay, byWeek, classesOf, coverageOf, hoursLike, longestMedian, mainCount, matrixOf, seriesOf, slowest, totalsOf } from "./sums";

const area = (name: string, kind: "line" | "zone", more: Partial<AreaFacts> = {}): AreaFacts => ({
  camera_id: 1, area: name, kind, in: 0, out: 0, visits: 0, dwell: null, occupancy: null, classes: [], series: { at: [], in: [], out: [], visits: [], mean: [], most: [], watched: [] }, ...more,
});
const series = (at: number[], counts: number[], watched: number[]) => ({ at, in: counts, out: counts.map(() => 1), visits: counts.map(() => 0), mean: at.map(() => null), most: at.map(() => null), watched });
const stay = (p50: number, p90: number) => ({ count: 3, mean_s: p50, p50_s: p50, p90_s: p90, histogram: [] });

test("areas are added by their steps, and are watched as much as the one that is watched least", () => {
  const sum = seriesOf([area("a", "line", { series: series([0, 60, 120], [1, 2, 3], [1, 0.5, 0.5]) }), area("b", "line", { series: series([60, 120], [10, 20], [1, 0.5]) })], 60, 150);
  expect(sum.at).toEqual([0, 60, 120]);
  expect(sum.in).toEqual([1, 12, 23]);
  expect(sum.out).toEqual([1, 2, 2]);
  // Half of the last step is over, and all of that was watched.
  expect(sum.watched).toEqual([1, 0.5, 1]);
});

test("hours become days of the calendar", () => {
  const day = midnight(1_796_000_000);
  const at = Array.from({ length: 30 }, (_, hour) => day + hour * 3600);
  const days = byDay({ at, in: at.map(() => 1), out: at.map(() => 2), visits: at.map(() => 0), watched: at.map((_, hour) => (hour < 24 ? 1 : 0.5)) });
  expect(days.at).toEqual([day, midnight(day + 25 * 3600)]);
  expect([days.in, days.out, days.watched]).toEqual([[24, 6], [48, 12], [1, 0.5]]);
  const weeks = byWeek({ at: at.slice(0, 9), in: at.slice(0, 9).map(() => 1), out: [], visits: [], watched: at.map(() => 1) });
  expect([weeks.at, weeks.in]).toEqual([[at[0], at[7]], [7, 2]]);
});

test("a weekday's hour has the mean of its weeks, and none where it was not watched", () => {
  const at = [0, 7, 14].map((days) => new Date(2026, 10, 3 + days, 9).getTime() / 1000);
  const sum = { at, in: [10, 20, 90], out: [0, 0, 0], visits: [0, 0, 0], watched: [1, 1, 0.2] };
  const matrix = matrixOf(sum, "in");
  expect(matrix[1]?.[9]).toBe(15);
  expect(matrix[1]?.[10]).toBeNull();
  expect(hoursLike(sum, 1, 9)).toEqual([...at].reverse());
  expect(coverageOf(sum)).toBeCloseTo(0.733);
});

test("what is counted first, and of what", () => {
  const line = area("door", "line", { in: 3, out: 2, classes: [{ class: "car", in: 1, out: 0, visits: 0 }, { class: "person", in: 2, out: 2, visits: 0 }] });
  const [quick, slow] = [area("quick", "zone", { visits: 4, dwell: stay(60, 70) }), area("slow", "zone", { visits: 1, dwell: stay(50, 400), classes: [{ class: "person", in: 0, out: 0, visits: 1 }] })];
  expect([mainCount([line, slow]), mainCount([slow]), mainCount([])]).toEqual(["in", "visits", "in"]);
  expect(totalsOf([line, quick, slow])).toEqual({ in: 3, out: 2, visits: 5 });
  expect(classesOf([line, slow], "in")).toEqual([{ class: "person", count: 4 }, { class: "car", count: 1 }]);
  expect(classesOf([line, slow], "visits")).toEqual([{ class: "person", count: 1 }]);
  expect(slowest([quick, line, slow]).map(({ area: name }) => name)).toEqual(["slow", "quick"]);
  expect(longestMedian([line, quick, slow])?.area).toBe("quick");
  expect(longestMedian([line])).toBeNull();
});
