// The sentence and the bars of a preview.
import { expect, test } from "vitest";
import { peak, perHour, sumWords } from "./sums";

const NONE = { in: 0, out: 0, visits: 0, dwell_p50_s: null, most_at_once: 0 };

test.each([
  ["line", { ...NONE, in: 1412, out: 398 }, "1,412 in, 398 out in the last 24\u00a0h"],
  ["zone", { ...NONE, visits: 1, most_at_once: 1 }, "1 visit in the last 24\u00a0h, at most 1 at once"],
  ["zone", { ...NONE, visits: 1200, dwell_p50_s: 95, most_at_once: 7 }, "1,200 visits in the last 24\u00a0h, half of them longer than 1 min, at most 7 at once"],
  ["zone", { ...NONE, visits: 12, dwell_p50_s: 2.44, most_at_once: 2 }, "12 visits in the last 24\u00a0h, half of them longer than 2.4 s, at most 2 at once"],
  ["zone", NONE, "0 visits in the last 24\u00a0h"],
] as const)("%s %j", (kind, value, words) => {
  expect(sumWords(kind, value, "en")).toBe(words);
});

test("hours without anything are there as well", () => {
  const moment = (unix: number) => ({ unix, media_time: "0" });
  const hours = perHour({ from: moment(7_000), to: moment(14_500), hours: [{ at: 7_200, in: 2, out: 5, visits: 0 }] });
  expect(hours.map(({ at }) => at)).toEqual([3_600, 7_200, 10_800, 14_400]);
  expect(hours.map(peak)).toEqual([0, 5, 0, 0]);
});
