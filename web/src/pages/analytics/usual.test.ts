// What is usual on a weekday.
import { expect, test } from "vitest";
import { midnight, shiftDays } from "./range";
import { countIn, usualIn } from "./usual";

const HOUR = 3600;
/** Five weeks of hours; a day's hours count what the week says, `gone` weeks were not watched. */
function weeks(perHour: readonly number[], gone: readonly number[] = []) {
  const today = midnight(new Date(2026, 11, 1, 12).getTime() / 1000);
  const at = Array.from({ length: 35 * 24 }, (_, hour) => shiftDays(today, Math.floor(hour / 24) - 35) + (hour % 24) * HOUR);
  const week = (t: number): number => Math.ceil((today - t) / (7 * 24 * HOUR));
  const counts = at.map((t) => perHour[week(t) - 1] ?? 0);
  return { today, series: { at, in: counts, out: counts, visits: counts, watched: at.map((t) => (gone.includes(week(t)) ? 0.5 : 1)) } };
}

test.each([
  { what: "four weeks", gone: [], usual: { low: 8, mid: 11, high: 20 } },
  { what: "one not watched", gone: [4], usual: { low: 8, mid: 10, high: 12 } },
  { what: "one known", gone: [1, 2, 4], usual: null },
])("$what", ({ gone, usual }) => {
  const { today, series } = weeks([10, 12, 8, 20, 99], gone);
  expect(usualIn(series, HOUR, "in", today + 10 * HOUR, today + 11 * HOUR)).toEqual(usual);
});

test("a quarter of an hour has a quarter of its count", () => {
  const { today, series } = weeks([10, 10, 10, 10, 10]);
  expect(usualIn(series, HOUR, "in", today + 10 * HOUR, today + 10.25 * HOUR)?.mid).toBe(2.5);
  expect(usualIn(series, HOUR, "in", today, today + 14.5 * HOUR)?.mid).toBe(145);
});

test("before the first count nothing is known", () => {
  const { today, series } = weeks([1, 1, 1, 1, 1]);
  expect(countIn(series, HOUR, "in", today - 40 * 24 * HOUR, today - 39 * 24 * HOUR)).toBeNull();
});
