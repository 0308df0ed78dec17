// Marks on the axis, in places where clocks are changed and where they are odd.
import { expect, test } from "vitest";
import { clock, day, offsetAt, stepFor, stretches, ticksOf } from "./ticks";

const BERLIN = "Europe/Berlin";
const at = (iso: string): number => Date.parse(iso) / 1000;
/** Labels of the marks from one moment to another, 100 pixels each. */
const labels = (from: string, to: string, width: number, zone: string): string[] => ticksOf({ from: at(from), to: at(to) }, width, 84, zone).map(({ label }) => label);

test.each([
  ["Europe/Berlin", "2026-07-01T00:00:00Z", 7_200],
  ["Europe/Berlin", "2026-01-01T00:00:00Z", 3_600],
  ["Asia/Kathmandu", "2026-01-01T00:00:00Z", 20_700],
  ["America/St_Johns", "2026-01-01T00:00:00Z", -12_600],
  ["UTC", "2026-01-01T00:00:00Z", 0],
])("%s at %s", (zone, iso, seconds) => {
  expect(offsetAt(at(iso) + 0.75, zone)).toBe(seconds);
});

test("the second at which clocks change is found", () => {
  expect(stretches({ from: at("2026-10-01T00:00:00Z"), to: at("2026-11-01T00:00:00Z") }, BERLIN)).toEqual([
    { from: at("2026-10-01T00:00:00Z"), to: at("2026-10-25T01:00:00Z"), offset: 7_200 },
    { from: at("2026-10-25T01:00:00Z"), to: at("2026-11-01T00:00:00Z"), offset: 3_600 },
  ]);
});

test.each([
  [4, 1_000, 1], [60, 1_000, 10], [3_600, 1_000, 600], [7_200, 1_200, 600], [86_400, 1_000, 10_800], [7 * 86_400, 1_000, 86_400], [90 * 86_400, 1_000, 14 * 86_400],
  [90 * 86_400, 200, null], [3_600, 300, 1_800],
])("%d s on %d px: a mark every %s s", (span, width, step) => {
  expect(stepFor({ from: 0, to: span }, width, 84)).toBe(step);
});

test("hours that the clocks leave out or tell twice", () => {
  expect(labels("2026-03-28T23:00:00Z", "2026-03-29T04:00:00Z", 500, BERLIN)).toEqual(["Sun 29 Mar", "01:00", "03:00", "04:00", "05:00"]);
  expect(labels("2026-10-24T22:00:00Z", "2026-10-25T04:00:00Z", 600, BERLIN)).toEqual(["Sun 25 Oct", "01:00", "02:00", "02:00", "03:00", "04:00"]);
  expect(labels("2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", 800, BERLIN), "no hour is without its marks").toEqual([
    "02:00", "02:15", "02:30", "02:45", "02:00", "02:15", "02:30", "02:45",
  ]);
});

test("days are as long as they are", () => {
  const marks = ticksOf({ from: at("2026-10-23T22:00:00Z"), to: at("2026-10-27T00:00:00Z") }, 400, 84, BERLIN);
  expect(marks.map(({ label }) => label)).toEqual(["24 Oct", "25 Oct", "26 Oct", "27 Oct"]);
  expect(marks.map(({ at: t }) => new Date(t * 1000).toISOString().slice(11, 13))).toEqual(["22", "22", "23", "23"]);
});

test.each([
  ["Asia/Kathmandu", ["06:00", "07:00", "08:00", "09:00"]],
  ["Australia/Lord_Howe", ["12:00", "13:00", "14:00"]],
  ["UTC", ["01:00", "02:00", "03:00", "04:00"]],
])("round hours in %s", (zone, expected) => {
  expect(labels("2026-01-01T00:10:00Z", "2026-01-01T04:10:00Z", 400, zone).slice(0, expected.length)).toEqual(expected);
});

test("weeks begin on Mondays, months on their first, years with their number", () => {
  expect(labels("2026-06-01T00:00:00Z", "2026-06-30T00:00:00Z", 420, "UTC")).toEqual(["1 Jun", "8 Jun", "15 Jun", "22 Jun", "29 Jun"]);
  expect(labels("2026-11-15T00:00:00Z", "2027-02-10T00:00:00Z", 300, BERLIN)).toEqual(["Dec", "2027", "Feb"]);
});

test("marks never crowd, whatever is shown", () => {
  for (let span = 4; span < 90 * 86_400; span *= 1.7) {
    const view = { from: at("2026-10-20T10:11:12Z"), to: at("2026-10-20T10:11:12Z") + span };
    const marks = ticksOf(view, 1_000, 84, BERLIN);
    expect(marks.length, `${span} s`).toBeGreaterThan(0);
    expect(marks.length, `${span} s`).toBeLessThan(16);
    expect(marks.map(({ at: t }) => t)).toEqual([...marks].map(({ at: t }) => t).sort((a, b) => a - b));
  }
});

test("the time in words; with the zone's name where the clocks change", () => {
  const t = at("2026-10-25T00:30:05.678Z");
  const near = { from: t - 3_600, to: t + 3_600 };
  expect(clock(t, { zone: BERLIN })).toBe("02:30:05");
  expect(clock(t, { fine: true, zone: BERLIN })).toBe("02:30:05.67");
  expect(clock(t, { near, zone: BERLIN })).toMatch(/^02:30:05 (CEST|GMT\+2)$/);
  expect(clock(t + 3_600, { near, zone: BERLIN })).toMatch(/^02:30:05 (CET|GMT\+1)$/);
  expect(day(t, BERLIN)).toBe("Sun 25 Oct 2026");
});
