import { expect, test } from "vitest";
import { leaderOf, strays, type Standing } from "./insync";

/** Camera, seconds from the common moment (null: no frame yet), footage there. */
const standing = (camera: number, off: number | null, covered = true): Standing => ({ camera, time: off === null ? null : 1_000 + off, covered });

test.each<[string, Standing[], number | null, number, number | null]>([
  ["who led goes on", [standing(1, 0), standing(2, 0.2)], 2, 1, 2],
  ["at first the nearest", [standing(1, 0.4), standing(2, 0.1)], null, 1, 2],
  ["who has no footage leads nobody", [standing(1, 0, false), standing(2, 0.2)], 1, 1, 2],
  ["who has leapt over a gap does not take the others along", [standing(1, 600), standing(2, 0.2)], 1, 1, 2],
  ["fast play may be farther off", [standing(1, 40), standing(2, -60)], 1, 16, 1],
  ["who shows nothing leads nobody", [standing(1, null), standing(2, 0.2)], 1, 1, 2],
  ["nobody", [standing(1, 0, false), standing(2, 900)], 1, 1, null],
])("%s", (_, all, before, rate, leader) => {
  expect(leaderOf(all, before, 1_000, rate)).toBe(leader);
});

test.each<[string, Standing[], number, number[]]>([
  ["a third of a second is too much", [standing(1, 0), standing(2, 0.31), standing(3, -0.29), standing(4, -0.31)], 1, [2, 4]],
  ["at 8 times the speed it is not", [standing(1, 0), standing(2, 2.3), standing(3, -2.5)], 8, [3]],
  ["slow motion is as strict as normal speed", [standing(1, 0), standing(2, 0.31)], 0.25, [2]],
  ["whoever has no footage there may be anywhere", [standing(1, 0), standing(2, 500, false)], 1, []],
  ["who shows nothing is led there", [standing(1, 0), standing(2, null)], 1, [2]],
])("%s", (_, all, rate, found) => {
  expect(strays(all, 1, 1_000, rate)).toEqual(found);
});
