// Rows as they come in.
import { expect, test } from "vitest";
import type { FactRow } from "../../wire";
import { inScope, merged } from "./merge";
import { moreWords, rowWords } from "./rowwords";

const row = (unix: number, more: Partial<FactRow> = {}): FactRow => ({
  kind: "crossing", camera_id: 1, area: "Door", at: { unix, media_time: String(unix * 90_000) }, to: null, direction: "in", class: "person", track_id: 7, place: null, dwell_s: null, end: null,
  entered: null, bridged: false, speed_mps: null, speed_error_mps: null, revision: 0, ...more,
});

test("the newest is first, and the oldest gives way", () => {
  const rows = [row(30), row(10)];
  expect(merged(rows, row(20), false, 3).map(({ at }) => at.unix)).toEqual([30, 20, 10]);
  expect(merged(rows, row(40), false, 2).map(({ at }) => at.unix)).toEqual([40, 30]);
  expect(merged(rows, row(5), false, 3).map(({ at }) => at.unix)).toEqual([30, 10, 5]);
});

test("a later revision replaces an earlier one, not the other way round, and a retracted row goes", () => {
  const rows = [row(10, { revision: 1, class: "dog" })];
  expect(merged(rows, row(10, { revision: 2, class: "cat" }), false, 9).map(({ class: name }) => name)).toEqual(["cat"]);
  expect(merged(rows, row(10, { revision: 0 }), false, 9).map(({ class: name }) => name)).toEqual(["dog"]);
  expect(merged(rows, row(10, { revision: 2 }), true, 9)).toEqual([]);
});

test.each([
  [{ camera: null, area: null, class: null }, true],
  [{ camera: 1, area: "Door", class: "person" }, true],
  [{ camera: 2, area: null, class: null }, false],
  [{ camera: null, area: "Gate", class: null }, false],
  [{ camera: null, area: null, class: "car" }, false],
])("%j", (scope, is) => {
  expect(inScope(row(1), scope)).toBe(is);
});

test.each<[Partial<FactRow>, string, string]>([
  [{}, "person in", ""],
  [{ direction: null, speed_mps: 1.44, speed_error_mps: 0.2 }, "person", "1.4 m/s ± 0.2"],
  [{ kind: "visit", direction: null, dwell_s: 125, end: "lost", bridged: true }, "person, 2 min 05 s", "lost from sight, out of sight in between"],
  [{ kind: "visit", direction: null, entered: false }, "person, still there", "was there when it began"],
])("%j in words", (more, words, others) => {
  expect([rowWords(row(1, more)), moreWords(row(1, more), "en")]).toEqual([words, others]);
});
