import { expect, test } from "vitest";
import { fieldValue, formatAddress, formatMoment, ofField, parseAddress, parseMoment } from "./moment";

test.each([
  ["1764510000.5", { unix: 1_764_510_000.5, mediaTime: null }],
  ["1764510000", { unix: 1_764_510_000, mediaTime: null }],
  [" 1764510000 ", { unix: 1_764_510_000, mediaTime: null }],
  ["2025-11-30T13:40:00Z", { unix: 1_764_510_000, mediaTime: null }],
  ["2025-11-30T14:40:00.25+01:00", { unix: 1_764_510_000.25, mediaTime: null }],
  ["90k:158805900000000", { unix: 1_764_510_000, mediaTime: "158805900000000" }],
  // What is no moment is none, and not the beginning of time.
  ["", null], [null, null], ["now", null], ["-5", null], ["1e5", null], ["NaN", null], ["may", null], ["2025-13-01T00:00:00Z", null],
  ["90k:", null], ["90k:-1", null], ["90k:1.5", null], ["90k:12345678901234567", null], ["1764510000000", null],
])("%s", (text, moment) => {
  expect(parseMoment(text)).toEqual(moment);
});

test("what is written is read again: a frame by its name, a time to the millisecond", () => {
  for (const moment of [{ unix: 1_764_510_000.123, mediaTime: null }, { unix: 1_764_510_000, mediaTime: "158805900000000" }]) {
    expect(parseMoment(formatMoment(moment))).toEqual(moment);
  }
  expect(formatMoment({ unix: 1_764_510_000.0004, mediaTime: null })).toBe("2025-11-30T13:40:00.000Z");
});

test.each([
  ["", { at: null, cameras: null, span: null }],
  ["?at=1764510000&cameras=1,2&span=3600", { at: { unix: 1_764_510_000, mediaTime: null }, cameras: [1, 2], span: 3_600 }],
  ["?at=90k:90000&camera=3", { at: { unix: 1, mediaTime: "90000" }, cameras: [3], span: null }],
  ["?cameras=2,2,x,0,-1,1.5,7", { at: null, cameras: [2, 7], span: null }],
  ["?cameras=1,2,3,4,5,6,7,8,9,10,11", { at: null, cameras: [1, 2, 3, 4, 5, 6, 7, 8, 9], span: null }],
  ["?span=-5", { at: null, cameras: null, span: null }],
  ["?span=1e999", { at: null, cameras: null, span: null }],
])("the address %s", (search, address) => {
  expect(parseAddress(search)).toEqual(address);
});

test("an address is read as it was written", () => {
  const address = { at: { unix: 1_764_510_000.5, mediaTime: null }, cameras: [1, 4], span: 7_200 };
  expect(formatAddress(address)).toBe("?at=2025-11-30T13:40:00.500Z&cameras=1,4&span=7200");
  expect(parseAddress(formatAddress(address))).toEqual(address);
  expect(formatAddress({ at: null, cameras: null, span: null })).toBe("");
});

test("a field of date and time says the time of the place", () => {
  expect(ofField(fieldValue(1_764_510_000))).toBe(1_764_510_000);
  expect(fieldValue(1_764_510_000)).toMatch(/^2025-1[12]-\d\dT\d\d:\d\d:00$/);
  expect([ofField(""), ofField("soon")]).toEqual([null, null]);
});
