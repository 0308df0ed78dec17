// Schedules as they are written and as they are shown.
import { expect, test } from "vitest";
import { DAYS, formatSchedule, parseSchedule } from "./schedule";

const on = (...names: string[]): boolean[] => DAYS.map((day) => names.includes(day));

test.each([
  ["", [], ""],
  ["Mo-Fr 08:00-18:00", [{ days: on("Mo", "Tu", "We", "Th", "Fr"), from: "08:00", to: "18:00" }], "Mo-Fr 08:00-18:00"],
  ["Mo-Fr 08:00-18:00, Sa 10:00-14:00", [{ days: on("Mo", "Tu", "We", "Th", "Fr"), from: "08:00", to: "18:00" }, { days: on("Sa"), from: "10:00", to: "14:00" }], "Mo-Fr 08:00-18:00, Sa 10:00-14:00"],
  ["Mo 08:00-12:00, We-Th 08:00-12:00", [{ days: on("Mo", "We", "Th"), from: "08:00", to: "12:00" }], "Mo 08:00-12:00, We-Th 08:00-12:00"],
  ["Sa-Mo 22:00-06:00", [{ days: on("Sa", "Su", "Mo"), from: "22:00", to: "06:00" }], "Mo 22:00-06:00, Sa-Su 22:00-06:00"],
  ["Su 00:00-24:00", [{ days: on("Su"), from: "00:00", to: "00:00" }], "Su 00:00-24:00"],
])("%j", (text, windows, again) => {
  expect(parseSchedule(text)).toEqual(windows);
  expect(formatSchedule(parseSchedule(text) ?? [])).toBe(again);
});

test.each(["Mo-Fr", "Xx 08:00-10:00", "Mo 8-10", "Mo 08:00-25:00", "Mo 08:61-10:00", "always"])("%j is nothing that can be shown", (text) => {
  expect(parseSchedule(text)).toBeNull();
});

test("windows without a day or a time are left out", () => {
  expect(formatSchedule([{ days: on(), from: "08:00", to: "09:00" }, { days: on("Mo"), from: "", to: "09:00" }])).toBe("");
});
