// Numbers and times as they are read.
import { expect, test } from "vitest";
import { counted, dayOf, decimal, whenOf, whole } from "./numbers";

test.each([
  [0, "en", "0"],
  [999, "en", "999"],
  [1234, "en", "1,234"],
  [1234, "es", "1.234"],
  [1_234_567, "de", "1.234.567"],
])("%d in %s", (value, locale, words) => {
  expect(whole(value, locale)).toBe(words);
});

test.each([
  [null, "–"],
  [0, "0"],
  [0.04, "0"],
  [3.44, "3.4"],
  [12.6, "13"],
  [1234.5, "1,235"],
])("%s as a decimal", (value, words) => {
  expect(decimal(value, "en")).toBe(words);
});

test.each([
  [1, "visit", "1 visit"],
  [0, "visit", "0 visits"],
  [1200, "visit", "1,200 visits"],
])("%d of %s", (count, one, words) => {
  expect(counted(count, one, `${one}s`, "en")).toBe(words);
});

test("a moment of another day has its day", () => {
  const noon = new Date(2026, 10, 28, 12, 0, 0).getTime() / 1000;
  expect(whenOf(noon, noon + 60, "en-GB")).toBe("12:00:00");
  expect(whenOf(noon, noon + 86_400, "en-GB")).toBe(`${dayOf(noon, "en-GB")}, 12:00:00`);
});
