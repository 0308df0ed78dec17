// Which time is meant, and which it is compared with. Tests run in whatever zone the machine has.
import { expect, test } from "vitest";
import { customOf, DAY, formatAddress, midnight, parseAddress, periodOf, previousOf, shiftDays, type RangeName } from "./range";

const local = (...parts: [number, number, number, number?, number?]): number => new Date(parts[0], parts[1] - 1, parts[2], parts[3] ?? 0, parts[4] ?? 0).getTime() / 1000;
/** A Tuesday. */
const NOW = local(2026, 12, 1, 14, 7);

test.each<[RangeName, number, number, number, string]>([
  ["5m", local(2026, 12, 1, 14, 3), local(2026, 12, 1, 14, 8), 60, "step"],
  ["1h", local(2026, 12, 1, 13, 10), local(2026, 12, 1, 14, 10), 300, "step"],
  ["today", local(2026, 12, 1), local(2026, 12, 2), 3600, "step"],
  ["24h", local(2026, 11, 30, 15), local(2026, 12, 1, 15), 3600, "step"],
  ["7d", local(2026, 11, 25), local(2026, 12, 2), 3600, "step"],
  ["30d", local(2026, 11, 2), local(2026, 12, 2), 3600, "day"],
  ["year", local(2025, 12, 3), local(2026, 12, 2), DAY, "week"],
])("%s", (range, from, until, step, unit) => {
  expect(periodOf({ range, custom: null }, NOW)).toEqual({ range, from, to: NOW, until, step, unit });
});

test.each([
  [10 * 60, 60, "step"],
  [2 * 3600, 300, "step"],
  [8 * 3600, 900, "step"],
  [3 * DAY, 3600, "step"],
  [40 * DAY, 3600, "day"],
  [100 * DAY, DAY, "day"],
  [200 * DAY, DAY, "week"],
])("a custom range of %d seconds has steps of %d", (length, step, unit) => {
  const period = periodOf({ range: "custom", custom: { from: NOW - length, to: NOW } }, NOW);
  expect([period.step, period.unit, period.until]).toEqual([step, unit, NOW]);
});

test.each<[RangeName, number, number]>([
  ["today", local(2026, 11, 30), local(2026, 11, 30, 14, 7)],
  ["7d", local(2026, 11, 18), local(2026, 11, 24, 14, 7)],
  ["30d", local(2026, 9, 28), local(2026, 10, 27, 14, 7)],
  ["1h", local(2026, 12, 1, 12, 10), local(2026, 12, 1, 13, 7)],
])("before %s", (range, from, to) => {
  expect(previousOf(periodOf({ range, custom: null }, NOW))).toEqual({ from, to });
});

test("a day later is the same time of day, whatever the clocks do", () => {
  for (let days = 0; days < 400; days++) expect(new Date(shiftDays(local(2026, 1, 1, 12), days) * 1000).getHours()).toBe(12);
  expect(midnight(NOW, -1)).toBe(local(2026, 11, 30));
});

test.each([
  ["", "today", null, null, true],
  ["?range=7d&camera=2&area=Front+door", "7d", 2, "Front door", true],
  ["?range=custom&from=100&to=200&compare=0", "custom", null, null, false],
  ["?range=custom&from=200&to=100", "today", null, null, true],
  ["?range=century&camera=x", "today", null, null, true],
])("address %j", (search, range, camera, area, compare) => {
  const wanted = parseAddress(search);
  expect([wanted.range, wanted.camera, wanted.area, wanted.compare]).toEqual([range, camera, area, compare]);
  expect(parseAddress(formatAddress(wanted))).toEqual(wanted);
});

test("fields that name no time are no range", () => {
  expect(customOf("", "2026-12-01T10:00")).toBeNull();
  expect(customOf("2026-12-01T10:00", "2026-12-01T10:00")).toBeNull();
  expect(customOf("2026-12-01T10:00", "2026-12-01T11:00")).toEqual({ from: local(2026, 12, 1, 10), to: local(2026, 12, 1, 11) });
});
