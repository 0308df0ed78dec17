import { expect, test } from "vitest";
import { columnsOf } from "./columns";
import type { Density } from "./recordings";

const view = { from: 1_000, to: 1_100 };
const density = (from: number, step: number, classes: Density["classes"]): Density => ({ from, step, classes });

test("a column for each bucket, where buckets are wide enough; kinds stand on one another", () => {
  const columns = columnsOf([density(1_000, 10, { person: [0, 3, 0], car: [0, 1, 2], truck: [0, 0, 2] })], view, 1_000);
  expect(columns.map(({ x, wide }) => [x, wide])).toEqual([[100, 99], [200, 99]]);
  expect(columns[0]?.counts).toEqual([["person", 0.75], ["vehicle", 0.25]]);
  expect(columns[1]?.counts).toEqual([["vehicle", 1]]);
});

test("one alone is no crowd, and a crowd does not make one invisible", () => {
  const high = (person: number[]): number => columnsOf([density(1_000, 10, { person })], view, 1_000)[0]?.counts[0]?.[1] ?? 0;
  expect(high([1])).toBe(0.5);
  expect(high([1, 100])).toBe(0.1);
});

test("narrow buckets are put together, by the fullest: one object is in several", () => {
  const columns = columnsOf([density(1_000, 1, { person: [1, 1, 1, 1, 2, 1, 1, 1] })], view, 100);
  expect(columns.map(({ x }) => x)).toEqual([0, 4]);
  expect(columns.map(({ counts }) => counts[0]?.[1])).toEqual([0.5, Math.sqrt(0.5)]);
});

test("columns stand still in time when the view moves", () => {
  const one = density(1_000, 1, { person: new Array<number>(100).fill(1) });
  const places = (from: number): number[] => columnsOf([one], { from, to: from + 100 }, 100).map(({ x }) => x + from);
  expect(places(1_001).slice(1, 5)).toEqual(places(1_000).slice(1, 5));
});

test("newer answers hide older ones where they overlap, and only there", () => {
  const older = density(1_000, 10, { person: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1] });
  const newer = density(1_020, 2, { car: [1, 0, 0, 0, 0, 0, 0, 0, 0, 1] });
  const kinds = columnsOf([older, newer], view, 500).sort((a, b) => a.x - b.x).map(({ x, counts }) => `${x} ${counts[0]?.[0] ?? ""}`);
  expect(kinds).toEqual(["0 person", "50 person", "100 vehicle", "190 vehicle", "200 person", "250 person", "300 person", "350 person", "400 person", "450 person"]);
});
